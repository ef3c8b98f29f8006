//! The state that decides how a test ends: named with both values, its writer and its reader, and tried.

use crate::cli::kit::case;
use crate::pytest::kit::{Suite, names_of_causes, sequences};

/// Victim, polluter, the part, the value that it leaves, the line that reads it.
const FOUND: [(&str, &str, &str, &str, &str); 7] = [
    ("test_price", "test_sets_currency", "shop.CONFIG[\"currency\"]", "\"EUR\"", "shop.py:19"),
    ("test_first_order", "test_orders", "shop.ORDERS", "[5]", "test_state.py:16"),
    ("test_takes_time", "test_sleeps", "time.sleep", "<MagicMock name='sleep'", "shop.py:29"),
    ("test_rate", "test_sets_rate", "os.environ[\"SHOP_RATE\"]", "\"7\"", "shop.py:33"),
    ("test_greets", "test_signs_in", "shop.USER.get()", "\"ana\"", "shop.py:37"),
    ("test_warns", "test_upgrades", "logging.getLogger(\"shop.orders\").disabled", "True", "test_state.py:32"),
    ("test_limit", "test_raises_limit", "shop.Cart.limit", "99", "test_state.py:37"),
];

#[test]
fn what_decides_is_named_with_its_writer_and_its_reader_and_heals_when_it_is_put_back() {
    let Some(suite) = Suite::of_fixture("state") else { return };
    let told = suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    for (victim, polluter, name, after, read_at) in FOUND {
        let found = case(&report, &format!("test_state.py::{victim}"));
        assert_eq!(found["verdict"], "order_dependent", "{found:#}");
        assert_eq!(sequences(found, "polluters"), [[polluter]], "{found:#}");
        let cause = &found["causes"][0];
        assert_eq!(cause["name"], name, "{found:#}");
        assert_eq!(found["causes"].as_array().map(Vec::len), Some(1), "{found:#}");
        assert!(cause["after"].as_str().is_some_and(|text| text.starts_with(after)), "{found:#}");
        assert_eq!(cause["read_at"], read_at, "{found:#}");
        assert!(!cause["fix"].as_str().unwrap_or_default().is_empty(), "{found:#}");
    }
    for healthy in ["test_puts_back_currency", "test_puts_back_rate", "test_stops_its_patch"] {
        let healthy = case(&report, &format!("test_state.py::{healthy}"));
        assert_eq!(healthy["verdict"], "stable", "{healthy:#}");
    }
    let headline = "test_sets_currency leaves shop.CONFIG[\"currency\"] = \"EUR\" (was \"USD\"); test_price reads it at shop.py:19";
    let tried = "(putting it back was tried: test_price passes)";
    for file in ["junit.xml", "summary.md", "report.html"] {
        let text = suite.project.read(&format!("reports/latest/{file}"));
        let text = text.replace("&quot;", "\"").replace("&#34;", "\"").replace("&#x27;", "'");
        assert!(text.contains(headline) && text.contains(tried), "{file}: {text}");
    }
    told.says(&["test_sets_currency leaves shop.CONFIG"]);
    only_polluters_leave_marks(&suite);
}

/// What each test leaves when it runs alone is in the journal, and nothing of those that put it back.
fn only_polluters_leave_marks(suite: &Suite) {
    let journal = suite.project.journal();
    let cases: Vec<String> = journal[0]["event"]["run_started"]["cases"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|case| case["id"].as_str().unwrap_or_default().replace("test_state.py::", ""))
        .collect();
    let mut left: Vec<(String, String)> = Vec::new();
    for entry in &journal {
        let Some(trial) = entry["event"].get("trial_finished") else { continue };
        let case = cases[usize::try_from(trial["case"].as_u64().expect("a case")).expect("a small number")].clone();
        for mark in trial["marks"].as_array().into_iter().flatten() {
            if mark.get("decides").is_none() && mark["kind"] != "load" {
                left.push((case.clone(), mark["name"].as_str().unwrap_or_default().to_owned()));
            }
        }
    }
    left.sort();
    left.dedup();
    for (_, polluter, name, ..) in FOUND {
        assert!(left.contains(&(polluter.to_owned(), name.to_owned())), "{polluter} leaves {name}: {left:#?}");
    }
    let polluters = FOUND.map(|(_, polluter, ..)| polluter);
    let others: Vec<_> = left.iter().filter(|(case, _)| !polluters.contains(&case.as_str())).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn a_polluter_that_no_failing_order_needed_is_found_by_what_it_leaves() {
    let Some(suite) = Suite::empty() else { return };
    let shop = "import logging\nlog = logging.getLogger('shop.orders')\ndef order(n):\n    log.warning('negative')\n";
    let tests = "import logging, logging.config\nimport shop\n\
                 def test_upgrades(): logging.config.dictConfig({'version': 1})\n\
                 def test_warns(caplog):\n    shop.order(-1)\n    assert 'negative' in caplog.text\n\
                 def test_silences(): logging.disable(logging.CRITICAL)\n\
                 def test_other(): assert shop\n";
    let suite = suite.with("shop.py", shop).with("test_shop.py", tests);
    suite.command("run", &["--seed", "1", "--no-leaks"]).exits(1);
    let report = suite.project.report();
    let found = case(&report, "test_shop.py::test_warns");
    let mut polluters = sequences(found, "polluters");
    polluters.sort();
    assert_eq!(polluters, [["test_silences"], ["test_upgrades"]], "{found:#}");
    let mut named = names_of_causes(found);
    named.sort();
    assert_eq!(named, ["logging.getLogger(\"shop.orders\").disabled", "logging.root.manager.disable"], "{found:#}");
}

#[test]
fn patches_put_back_what_polluters_leave_and_change_nothing_until_they_are_applied() {
    let Some(suite) = Suite::of_fixture("state") else { return };
    let before: Vec<Vec<u8>> = suite.files().iter().map(|file| std::fs::read(file).expect("a file")).collect();
    let told = suite.command("run", &["--seed", "1", "--no-leaks", "--patch", "patches"]).exits(1);
    told.says(&["patch -p1 < "]);
    let after: Vec<Vec<u8>> = suite.files().iter().map(|file| std::fs::read(file).expect("a file")).collect();
    assert!(before == after, "nothing is applied by itself");
    let patches = suite.project.files("patches");
    assert_eq!(patches.len(), 1, "one for each file of tests: {patches:?}");
    let applied = std::process::Command::new("git")
        .args(["apply", "--verbose"])
        .args(&patches)
        .current_dir(suite.project.path(""))
        .output()
        .expect("git");
    let patch = String::from_utf8_lossy(&std::fs::read(&patches[0]).expect("a patch")).into_owned();
    assert!(applied.status.success(), "{}: {patch}", String::from_utf8_lossy(&applied.stderr));
    suite.command("run", &["--seed", "1", "--no-leaks"]).exits(0);
}
