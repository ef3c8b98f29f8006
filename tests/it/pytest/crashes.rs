//! Tests that bring their process down: each is told, and the others are run all the same.

use crate::cli::kit::{case, verdicts};
use crate::pytest::kit::{Suite, notes, sequences};
use serde_json::Value;

/// The truth about `fixtures/suites/crashes`: the tests that are broken, and what is said of them. All others pass.
const BROKEN: &[(&str, &str)] = &[
    ("test_does_not_import.py", "No module named 'a_module_that_nobody_has'"),
    ("test_crashes.py::test_exits", "ended with exit code 3"),
    ("test_crashes.py::test_killed", "killed by SIGKILL"),
    ("test_crashes.py::test_segfault", "killed by SIGSEGV"),
    ("test_crashes.py::test_ends_pytest", "brought pytest down: Exit: enough"),
    ("test_crashes.py::test_raises_system_exit", "SystemExit: 5"),
];

#[test]
fn a_process_that_dies_costs_one_test_its_verdict_and_no_other() {
    let Some(suite) = Suite::of_fixture("crashes") else { return };
    let before = suite.files();
    suite.command("run", &["--seed", "1", "--rounds", "2", "--no-alone"]).exits(1);
    assert_eq!(suite.files(), before, "something was written into the suite");
    let report = suite.project.report();
    for (id, verdict) in verdicts(&report) {
        match BROKEN.iter().find(|(broken, _)| *broken == id) {
            None if id == "test_crashes.py::test_spawns_children" => {
                assert_eq!((verdict.as_str(), &case(&report, &id)["leaks"][0]["owner"]), ("leaky", &"sleep".into()));
            }
            None => assert_eq!(verdict, "stable", "{id}"),
            Some((_, told)) => {
                assert_eq!(verdict, "broken", "{id}");
                let message = case(&report, &id)["message"].as_str().unwrap_or_default().to_owned();
                assert!(message.contains(told), "{id}: {message}");
            }
        }
    }
    assert!(notes(&suite.project).iter().any(|note| note.starts_with("plain pytest agrees 2 of 2")));
    suite.project.assert_nothing_left();
}

#[test]
fn a_test_that_hangs_is_ended_at_its_deadline_and_its_stack_is_told() {
    let Some(suite) = Suite::of_fixture("hangs") else { return };
    suite.command("run", &["--rounds", "1", "--no-alone", "--case-timeout", "3s"]).exits(1);
    let report = suite.project.report();
    let hangs = case(&report, "test_hangs.py::test_hangs");
    assert_eq!(hangs["verdict"], "broken");
    assert!(hangs["message"].as_str().unwrap_or_default().contains("did not end within 3 s"), "{hangs}");
    assert_eq!(case(&report, "test_hangs.py::test_after")["verdict"], "stable");
    let journal = suite.project.read("reports/latest/events.jsonl");
    assert!(journal.contains("most recent call first") && journal.contains("in test_hangs"), "no stack is told");
    suite.project.assert_nothing_left();
}

#[test]
fn a_suite_that_can_not_be_collected_is_an_error_of_the_input() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("helpers.py", "");
    suite.command("run", &[]).exits(2).says(&["pytest found no tests", "help: is this the project's folder?"]);
    let suite = suite.with("conftest.py", "import nothing_of_this_name\n");
    suite.command("run", &[]).exits(2).says(&["nothing_of_this_name"]);
}

#[test]
fn threads_that_live_forbid_forking() {
    let Some(suite) = Suite::of_fixture("threads") else { return };
    suite.command("run", &["--rounds", "2"]).exits(0).says(&["threads are alive after collection (importer)"]);
    let report: Value = suite.project.report();
    assert_eq!(report["gate"], "passed");
    suite.project.assert_nothing_left();
}

#[test]
fn what_hangs_is_looked_into_last() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import time\nstate = set()\ndef test_hangs():\n    while 'stuck' in state: time.sleep(0.01)\n\
                def test_victim(): assert 'dirt' not in state\n\
                def test_polluter():\n    state.add('dirt')\n    state.add('stuck')\n";
    let suite = suite.with("test_stuck.py", text);
    // There is no time to look into what hangs.
    let hurried = ["--orders", "reverse", "--no-alone", "--no-leaks", "--case-timeout", "10s", "--max-time", "30s"];
    suite.command("run", &hurried).exits(1);
    let report = suite.project.report();
    assert_eq!(sequences(case(&report, "test_stuck.py::test_victim"), "polluters"), [["test_polluter"]], "{report:#}");
    assert_ne!(case(&report, "test_stuck.py::test_hangs")["verdict"], "stable");
}

#[test]
fn plain_pytest_is_not_run_when_there_is_no_time_for_it() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_hangs.py", "import time\ndef test_hangs(): time.sleep(60)\n");
    let hurried = ["--orders", "declared", "--no-alone", "--no-leaks", "--case-timeout", "8s", "--max-time", "24s"];
    suite.command("run", &hurried).exits(1);
    let noted = notes(&suite.project);
    assert!(noted.iter().any(|note| note.starts_with("time was up before plain pytest")), "{noted:#?}");
}

#[test]
fn a_test_that_runs_when_time_is_up_is_not_accused() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_slow.py", "import time\ndef test_slow(): time.sleep(60)\n");
    suite.command("run", &["--max-time", "3s", "--no-leaks"]).exits(3);
    assert_eq!(case(&suite.project.report(), "test_slow.py::test_slow")["verdict"], "unproven");
    suite.project.assert_nothing_left();
}
