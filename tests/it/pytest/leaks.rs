//! What a suite's tests leave behind: each leak of the fixture by kind and owner, and nothing that only looks like one.

use crate::cli::kit::case;
use crate::pytest::kit::Suite;
use serde_json::Value;

/// Test, kind of the leak, what its owner's name has, what its place has.
const LEAKS: [(&str, &str, &str, &str); 11] = [
    ("test_a_thread", "thread", "poller-*", "service.py:18 in start_poller, kept by service.KEPT"),
    ("test_a_child_process", "process", "python", "in start_helper, kept by service.KEPT"),
    ("test_a_file_left_open", "descriptor", "$TMPDIR/p/", "in open_log, kept by service.KEPT"),
    ("test_a_connection", "connection", "to ", "service.py:31 in connect, kept by service.KEPT"),
    ("test_a_listener", "listener", "a listening socket", "service.py:35 in listen, kept by service.KEPT"),
    ("test_a_temporary_file", "temporary_file", "upload-", "upload-"),
    ("test_memory", "memory", "the process of the suite", "kept by service.KEPT, which holds"),
    ("test_an_event_loop", "descriptor", "an event loop", "service.py:51 in open_loop, kept by service.KEPT"),
    ("test_a_task", "task", "poll", "service.py:65, kept by service.KEPT"),
    ("test_a_coroutine", "task", "coroutine poll, which nobody awaited", "service.py:65"),
    ("test_a_lost_task", "task", "poll, pending when its event loop was closed", "service.py:65"),
];

/// The leaks of a case, by kind.
fn leaks(case: &Value) -> Vec<(String, String, String)> {
    let text = |leak: &Value, key: &str| leak[key].as_str().unwrap_or_default().to_owned();
    let leaks = case["leaks"].as_array().into_iter().flatten();
    leaks.map(|leak| (text(leak, "kind"), text(leak, "owner"), text(leak, "where"))).collect()
}

#[test]
fn what_grows_with_each_trial_is_told_with_its_place_and_nothing_else_is() {
    let Some(suite) = Suite::of_fixture("leaks") else { return };
    suite.command("run", &["--seed", "1", "--rounds", "1", "--no-alone", "--fail-on", "leak"]).exits(1);
    let report = suite.project.report();
    for (name, kind, owner, place) in LEAKS {
        let leaky = case(&report, &format!("test_leaks.py::{name}"));
        let found = leaks(leaky);
        assert_eq!((&leaky["verdict"], found.len()), (&"leaky".into(), 1), "{name}: {leaky:#}");
        let (found_kind, found_owner, found_place) = &found[0];
        assert_eq!(found_kind, kind, "{name}: {found:?}");
        assert!(found_owner.contains(owner) && found_place.contains(place), "{name}: {found:?}");
    }
    let cases = report["cases"].as_array().expect("cases");
    let healthy = cases.iter().filter(|case| case["id"].as_str().is_some_and(|id| id.starts_with("test_healthy.py")));
    for case in healthy {
        assert_eq!(case["verdict"], "stable", "{case:#}");
    }
    suite.project.assert_nothing_left();
}

#[test]
fn leaks_are_found_by_processes_that_are_started_anew_and_those_that_are_allowed_pass() {
    let Some(suite) = Suite::of_fixture("leaks") else { return };
    let allowed = ["--allow-leak", "thread: the poller is meant to stay"];
    let fresh = ["--seed", "1", "--rounds", "1", "--no-alone", "--fresh-process", "--fail-on", "leak"];
    let chosen = ["--filter", "*_a_thread, *_nothing"];
    suite.command("run", &[&fresh[..], &chosen].concat()).exits(1).says(&["poller-*", "service.py:18"]);
    suite.command("run", &[&fresh[..], &chosen, &allowed].concat()).exits(0);
    assert!(suite.project.read("reports/latest/report.json").contains("the poller is meant to stay"));
    suite.command("run", &[&fresh[..], &chosen, &["--no-leaks"]].concat()).exits(0);
}
