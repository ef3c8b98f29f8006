//! Suites that leave files behind, and what a repro keeps of a process.

use crate::cli::kit::{Running, case, verdicts};
use crate::pytest::kit::{PATIENCE, Suite, names_of_causes, notes, sequences};
use std::process::Command;

#[test]
fn a_suite_that_leaves_files_beside_itself_gets_the_same_verdicts_in_run_after_run() {
    let Some(suite) = Suite::of_fixture("dirty") else { return };
    let before = suite.files();
    let mut seen = Vec::new();
    for seed in ["1", "2"] {
        suite.command("run", &["--sandbox", "full", "--seed", seed]).exits(1).says(&["plain pytest agrees 6 of 6"]);
        let report = suite.project.report();
        for (victim, polluter) in [
            ("test_victim_of_a_file", "test_polluter_by_a_file"),
            ("test_victim_of_a_change", "test_polluter_by_a_change"),
        ] {
            let found = case(&report, &format!("test_dirty.py::{victim}"));
            assert_eq!(sequences(found, "polluters"), [[polluter]], "{found:#}");
        }
        seen.push(verdicts(&report));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].iter().filter(|(_, verdict)| verdict == "stable").count(), 4, "{:?}", seen[0]);
    assert_eq!(suite.files(), before, "something was written into the suite");
    suite.project.assert_nothing_left();
}

#[test]
fn files_that_appear_beside_the_tests_are_told_and_those_of_a_clean_suite_are_not() {
    let Some(suite) = Suite::of_fixture("dirty") else { return };
    suite.command("run", &["--orders", "declared", "--seed", "1"]);
    let told = "tests leave files in the project's folder (suite/prices.txt, suite/state.txt, suite/test_made.py): from now on";
    assert!(notes(&suite.project).iter().any(|note| note.starts_with(told)), "{:#?}", notes(&suite.project));
    let Some(clean) = Suite::of_fixture("orders") else { return };
    clean.command("run", &["--orders", "declared", "--seed", "1"]);
    let notes = notes(&clean.project);
    assert!(!notes.iter().any(|note| note.contains("leave files")), "{notes:#?}");
}

/// The run's own output, led to a file beside the tests, is no test's doing: what tests leave is still told.
#[test]
fn the_log_of_the_run_itself_is_not_what_tests_leave() {
    for (fixture, told) in [("orders", None), ("dirty", Some("prices.txt, suite/state.txt, suite/test_made.py)"))] {
        let Some(suite) = Suite::of_fixture(fixture) else { return };
        let arguments =
            ["run", "--suite", "pytest:suite", "--python", suite.python(), "--orders", "declared", "--seed", "1"];
        let program = suite.project.command(&arguments);
        let mut command = Command::new("sh");
        command
            .args(["-c", "exec \"$0\" \"$@\" >suite/run.log 2>&1"])
            .arg(program.get_program())
            .args(program.get_args());
        command.current_dir(suite.project.path("")).env_clear();
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Running::of(command).wait_within(PATIENCE);
        assert!(suite.project.read("suite/run.log").contains("reports"), "{}", suite.project.read("suite/run.log"));
        let notes = notes(&suite.project);
        assert!(!notes.iter().any(|note| note.contains("run.log")), "{notes:#?}");
        assert_eq!(notes.iter().find(|note| note.contains("leave files")).is_some(), told.is_some(), "{notes:#?}");
        assert!(told.is_none_or(|told| notes.iter().any(|note| note.contains(told))), "{notes:#?}");
    }
}

/// Without being asked: from the second round on each has a fresh tree. What one test leaves makes a victim of another, and
/// nobody "broken, alone from a fresh start"; plain pytest is asked in a fresh tree as well.
#[test]
fn what_a_test_leaves_in_the_tree_ends_with_its_round() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import pathlib\nLEFT = pathlib.Path(__file__).with_name('left.txt')\n\
                def test_leaves(): LEFT.write_text('x')\ndef test_victim(): assert not LEFT.exists()\n\
                def test_healthy(): pathlib.Path(__file__).with_name('other.txt').write_text('y')\n";
    let suite = suite.with("test_left.py", text);
    suite.command("run", &["--seed", "1"]).exits(1).says(&["plain pytest agrees 3 of 3"]);
    let report = suite.project.report();
    let found = case(&report, "test_left.py::test_victim");
    assert_eq!(found["verdict"], "order_dependent", "{found:#}");
    assert_eq!(sequences(found, "polluters"), [["test_leaves"]], "{found:#}");
    for name in ["leaves", "healthy"] {
        assert_eq!(case(&report, &format!("test_left.py::test_{name}"))["verdict"], "stable");
    }
    suite.project.assert_nothing_left();
}

/// A copy that is not as good as the folder is given up: nobody is accused of what only the copy lacks.
#[test]
fn a_copy_in_which_tests_fail_that_pass_in_the_folder_is_not_used() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import pathlib\nHERE = pathlib.Path(__file__).parent\n\
                def test_leaves(): (HERE / 'left.txt').write_text('x')\n\
                def test_needs_what_is_not_copied(): assert (HERE / '.git/HEAD').exists()\n";
    let suite = suite.with("test_git.py", text).with(".git/HEAD", "ref: refs/heads/main\n");
    suite.command("run", &["--seed", "1"]).exits(0);
    let told = notes(&suite.project);
    assert!(told.iter().any(|note| note.contains("in a copy tests fail that pass in the folder itself")), "{told:#?}");
    assert_eq!(case(&suite.project.report(), "test_git.py::test_needs_what_is_not_copied")["verdict"], "stable");
}

#[test]
fn a_repro_of_files_shows_again_in_a_fresh_copy() {
    let Some(suite) = Suite::of_fixture("dirty") else { return };
    suite.command("run", &["--sandbox", "full", "--seed", "1"]).exits(1);
    let report = suite.project.report();
    let repro = case(&report, "test_dirty.py::test_victim_of_a_file")["repro"].as_str().expect("a repro").to_owned();
    suite.again(&["repro", &format!("reports/latest/{repro}")]).exits(1).says(&["shows (5 of 5)"]);
}

#[test]
fn a_time_zone_that_decides_is_named_and_part_of_the_repro() {
    let Some(suite) = Suite::empty() else { return };
    if !std::path::Path::new("/usr/share/zoneinfo/Pacific/Chatham").exists() {
        return;
    }
    let text =
        "import time\ndef test_zone(): assert time.timezone % 3600 == 0\ndef test_healthy(): assert time.time() > 0\n";
    let suite = suite.with("test_zone.py", text);
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    let found = case(&report, "test_zone.py::test_zone");
    assert_eq!(found["verdict"], "environment_dependent");
    let told = found.to_string();
    assert!(told.contains("the time zone decides: it fails with TZ=Pacific/Chatham"), "{found:#}");
    assert!(told.contains("TZ=Pacific/Chatham PYTHONHASHSEED="), "{found:#}");
    assert_eq!(case(&report, "test_zone.py::test_healthy")["verdict"], "stable");
    let repro = found["repro"].as_str().expect("a repro").to_owned();
    suite.again(&["repro", &format!("reports/latest/{repro}")]).exits(1).says(&["shows (5 of 5)"]);
}

#[test]
fn the_changes_told_of_a_polluter_are_its_own_and_no_noise() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import asyncio, os\nasync def nothing(): pass\ndef test_victim(): assert 'RATE' not in os.environ\n\
                def test_polluter():\n    asyncio.run(nothing())\n    asyncio.get_event_loop_policy()\n    \
                os.environ['RATE'] = '2'\n";
    let suite = suite.with("test_pair.py", text);
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    let found = case(&report, "test_pair.py::test_victim");
    assert_eq!(names_of_causes(found), ["os.environ[\"RATE\"]"], "{found:#}");
    assert_eq!(found["causes"][0]["left_by"], "test_pair.py::test_polluter", "{found:#}");
    assert!(!found["remarks"].to_string().contains(" leaves "), "{found:#}");
}

#[test]
fn a_state_setter_is_explained() {
    let Some(suite) = Suite::empty() else { return };
    let text =
        "import os\ndef test_setter(): os.environ['READY'] = '1'\ndef test_brittle(): assert 'READY' in os.environ\n";
    let suite = suite.with("test_all.py", text);
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    let found = case(&report, "test_all.py::test_brittle");
    assert_eq!(names_of_causes(found), ["os.environ[\"READY\"]"], "{found:#}");
    let told = suite.project.read("reports/latest/summary.md");
    assert!(told.contains("test_brittle needs what test_setter leaves: os.environ"), "{told}");
}

#[test]
fn each_polluter_of_a_finding_is_explained() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import os\ndef test_victim(): assert not {'A', 'B'} & set(os.environ)\ndef test_a(): os.environ['A'] = '1'\n\
                def test_b(): os.environ['B'] = '1'\n";
    let suite = suite.with("test_all.py", text);
    suite.command("run", &["--seed", "1", "--orders", "reverse"]).exits(1);
    let mut named = names_of_causes(case(&suite.project.report(), "test_all.py::test_victim"));
    named.sort();
    assert_eq!(named, ["os.environ[\"A\"]", "os.environ[\"B\"]"]);
}

#[test]
fn a_stopped_run_of_a_suite_is_resumed_and_a_finding_is_minimised_again() {
    let Some(suite) = Suite::of_fixture("orders") else { return };
    suite.command("run", &["--seed", "1", "--max-time", "1ms"]).exits(3);
    let run = suite.project.journal()[0]["event"]["run_started"]["run"].as_str().expect("a run").to_owned();
    suite.command("run", &["--resume", &run]).exits(1);
    let victim = "test_orders.py::test_victim_of_the_environment";
    let polluters = |report: &serde_json::Value| sequences(case(report, victim), "polluters");
    assert_eq!(polluters(&suite.project.report()), [["test_polluter_of_the_environment"]]);
    suite.again(&["minimise", &run, victim]).exits(1);
    assert_eq!(polluters(&suite.project.report()), [["test_polluter_of_the_environment"]]);
}
