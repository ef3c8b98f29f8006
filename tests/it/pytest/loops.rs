//! What outlives its event loop, seen in the suite without any reordering.

use crate::cli::kit::case;
use crate::pytest::kit::{Suite, python};
use std::process::Command;

/// The fixture; nothing where Python has no aiohttp.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn loops() -> Option<Suite> {
    let has_aiohttp = Command::new(python()?).args(["-c", "import aiohttp"]).output();
    if !has_aiohttp.is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: STEADFAST_PYTEST_PYTHON has no aiohttp");
        return None;
    }
    Suite::of_fixture("loops")
}

#[test]
fn a_session_that_outlives_its_loop_is_named_after_its_first_passing_test() {
    let Some(suite) = loops() else { return };
    suite.command("run", &["--seed", "1", "--orders", "declared", "--rounds", "1", "--no-alone"]).exits(1);
    let report = suite.project.report();
    let keeps = case(&report, "test_loops.py::test_opens_and_keeps");
    assert_eq!((&keeps["verdict"], &keeps["failures"]), (&"leaky".into(), &0.into()), "{keeps:#}");
    assert_eq!(keeps["findings"], serde_json::json!(["loop_bound"]), "{keeps:#}");
    let leak = &keeps["leaks"][0];
    assert_eq!(leak["owner"], "client: CLIENT -> Client._session", "{keeps:#}");
    assert!(leak["where"].as_str().is_some_and(|place| place.contains("client.py:12 in session")), "{keeps:#}");
    for healthy in ["test_opens_and_closes", "test_keeps_on_a_loop_that_lives"] {
        let healthy = case(&report, &format!("test_loops.py::{healthy}"));
        assert_eq!(healthy["verdict"], "stable", "{healthy:#}");
    }
    suite.project.assert_nothing_left();
}

#[test]
fn the_finding_is_told_where_people_read() {
    let Some(suite) = loops() else { return };
    let told = suite.command("run", &["--seed", "1", "--rounds", "2"]).exits(1);
    told.says(&["loop_bound", "client.py:12"]);
    for file in ["summary.md", "report.html", "junit.xml"] {
        let text = suite.project.read(&format!("reports/latest/{file}"));
        assert!(text.contains("aiohttp.client.ClientSession"), "{file}: {text}");
    }
}

#[test]
fn a_coroutine_that_nobody_awaits_and_a_task_that_its_loop_left_behind_are_notes_of_their_tests() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import asyncio\nKEPT = []\nasync def work():\n    await asyncio.sleep(60)\n\
                def test_drops():\n    work()\n\
                def test_leaves():\n    loop = asyncio.new_event_loop()\n    KEPT.append(loop.create_task(work()))\n    \
                loop.run_until_complete(asyncio.sleep(0))\n    loop.close()\n\
                def test_awaits():\n    asyncio.run(asyncio.sleep(0))\n";
    let suite = suite.with("test_coroutines.py", text);
    suite
        .command("run", &["--seed", "1", "--orders", "declared", "--rounds", "1", "--no-alone", "--no-leaks"])
        .exits(0);
    let noted = suite.project.journal().into_iter().filter_map(|entry| {
        let trial = entry["event"].get("trial_finished")?.clone();
        Some((trial["case"].as_u64()?, trial["notes"].as_array().cloned().unwrap_or_default()))
    });
    let noted: Vec<(u64, String)> = noted.map(|(case, notes)| (case, format!("{notes:?}"))).collect();
    assert!(noted[0].1.contains("coroutine work") && noted[0].1.contains("was never awaited"), "{noted:?}");
    assert!(noted[1].1.contains("(work) was pending when its event loop was closed"), "{noted:?}");
    assert_eq!(noted[2], (2, "[]".to_owned()), "{noted:?}");
}

/// A lock, an actor and a pool of a module, each used on a loop of each test's own.
const SHOP: &str = "\
import asyncio

LOCK = asyncio.Lock()

async def twice(lock):
    async def use():
        async with lock:
            await asyncio.sleep(0)
    await asyncio.gather(use(), use())

class Pool:
    loop = None

    async def use(self):
        if self.loop is not asyncio.get_running_loop():
            self.loop, self.lock = asyncio.get_running_loop(), asyncio.Lock()
        await twice(self.lock)

POOL = Pool()
";

const USERS: &str = "\
import asyncio
import shop

def test_shared_lock(): asyncio.run(shop.twice(shop.LOCK))
def test_pool_that_is_made_anew(): asyncio.run(shop.POOL.use())
def test_pool_again(): asyncio.run(shop.POOL.use())
def test_lock_of_its_own():
    async def use(): await shop.twice(asyncio.Lock())
    asyncio.run(use())
";

#[test]
fn whatever_a_module_keeps_is_bound_to_a_dead_loop_only_if_its_next_user_fails() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("shop.py", SHOP).with("test_users.py", USERS);
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    let shared = case(&report, "test_users.py::test_shared_lock");
    let findings = shared["findings"].to_string();
    assert!(findings.contains("loop_bound"), "{shared:#}");
    let leak = &shared["leaks"][0];
    assert_eq!(leak["owner"], "shop.LOCK._loop -> closed loop", "{shared:#}");
    assert!(leak["where"].as_str().is_some_and(|place| place.contains("shop.py:3")), "{shared:#}");
    for healthy in ["test_pool_that_is_made_anew", "test_pool_again", "test_lock_of_its_own"] {
        let healthy = case(&report, &format!("test_users.py::{healthy}"));
        assert_eq!(healthy["verdict"], "stable", "{healthy:#}");
    }
}
