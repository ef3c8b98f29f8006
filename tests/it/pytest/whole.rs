//! Options that change how a suite is run, and what is said of it.

use crate::cli::kit::case;
use crate::pytest::kit::{Suite, notes, sequences};
use serde_json::Value;

const PAIR: &str = "state = []\ndef test_victim(): assert not state\ndef test_polluter(): state.append(1)\n";

#[test]
fn fresh_processes_find_the_same() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_pair.py", PAIR);
    suite.command("run", &["--fresh-process", "--rounds", "2"]).exits(1);
    assert_eq!(case(&suite.project.report(), "test_pair.py::test_victim")["verdict"], "order_dependent");
    suite.project.assert_nothing_left();
}

#[test]
fn arguments_after_two_dashes_go_to_pytest_and_a_filter_chooses_among_what_it_collects() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_pair.py", PAIR).with("test_other.py", "def test_a(): pass\ndef test_b(): pass\n");
    let listed = |more: &[&str]| suite.command("list", more).exits(0).out;
    assert_eq!(listed(&["--", "-k", "test_a or test_victim"]), "test_other.py::test_a\ntest_pair.py::test_victim\n");
    assert_eq!(listed(&["--filter", "test_other.py::*", "--", "-x"]), "test_other.py::test_a\ntest_other.py::test_b\n");
    suite
        .command("run", &["--rounds", "2", "--", "test_other.py", "-x"])
        .exits(0)
        .says(&["-x and --maxfail do not count"]);
}

#[test]
fn the_hash_seeds_of_rounds_vary_and_stand_in_the_journal() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_one.py", "def test_a(): pass\ndef test_b(): pass\n");
    suite.command("run", &["--seed", "1", "--rounds", "3"]).exits(0);
    let journal = suite.project.journal();
    let seeds = journal.iter().filter_map(|entry| entry["event"].get("round_started")?["hash_seed"].as_u64());
    let distinct: std::collections::BTreeSet<u64> = seeds.collect();
    assert_eq!(distinct.len(), 3, "{distinct:?}");
}

#[test]
fn tests_whose_ids_differ_from_one_collection_to_the_next_are_told_apart() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import os, time, uuid, pytest\n\
                @pytest.mark.parametrize('zone', {'utc', 'cet', 'est', 'pst', 'jst', 'ist'})\n\
                def test_from_a_set(zone): assert 'SHOP' not in os.environ or zone != 'jst'\n\
                @pytest.mark.parametrize('code', [uuid.uuid4().hex for _ in range(3)])\n\
                def test_by_chance(code): pass\n\
                def test_polluter(): os.environ['SHOP'] = 'open'\n\
                @pytest.mark.parametrize('now', [str(time.time_ns()), 'at ' + str(time.time_ns())])\n\
                def test_by_the_clock(now): assert 'SHOP' not in os.environ or 'at ' not in now\n";
    let suite = suite.with("test_drift.py", text);
    suite.command("run", &["--seed", "1"]).exits(1).says(&["plain pytest agrees 12 of 12"]);
    let report = suite.project.report();
    let found: Vec<&Value> =
        report["cases"].as_array().expect("cases").iter().filter(|case| case["verdict"] != "stable").collect();
    let names: Vec<&str> = found.iter().map(|case| case["id"].as_str().unwrap_or_default()).collect();
    assert_eq!(found.len(), 2, "{names:?}");
    assert_eq!(names[0], "test_drift.py::test_from_a_set[jst]");
    assert!(names[1].starts_with("test_drift.py::test_by_the_clock[at "), "{names:?}");
    for case in found {
        assert_eq!(sequences(case, "polluters"), [["test_polluter"]]);
        let repro = case["repro"].as_str().expect("a repro");
        suite.again(&["repro", &format!("reports/latest/{repro}")]).exits(1).says(&["shows (5 of 5)"]);
    }
    let noted = notes(&suite.project);
    for function in ["test_by_chance", "test_by_the_clock"] {
        let told = format!("test_drift.py::{function}: its parameters have other ids each time");
        assert!(noted.iter().any(|note| note.starts_with(&told)), "{noted:#?}");
    }
    assert!(!noted.iter().any(|note| note.contains("test_from_a_set")), "{noted:#?}");
}

#[test]
fn tests_that_are_not_collected_each_time_are_skipped_where_they_are_missing() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import pytest\n\
                @pytest.mark.parametrize('number', [n for n in range(40) if n % 2 or hash(str(n)) % 2])\n\
                def test_of_some(number): pass\n\
                def test_of_all(): pass\n";
    let suite = suite.with("test_some.py", text);
    suite.command("run", &["--seed", "1"]).exits(0).says(&["PASSED"]);
    let noted = notes(&suite.project);
    let told = "test_some.py::test_of_some: pytest does not collect all of its tests each time";
    assert!(noted.iter().any(|note| note.starts_with(told)), "{noted:#?}");
    let journal = suite.project.read("reports/latest/events.jsonl");
    assert!(journal.contains("pytest did not collect it this time"));
}

#[test]
fn streams_that_a_suite_holds_are_the_ones_that_its_tests_have() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import logging, sys, pytest\n\
                HANDLER = logging.StreamHandler()\n\
                @pytest.mark.parametrize('name,stream', [('stdout', sys.stdout), ('stderr', sys.stderr)])\n\
                def test_same(name, stream):\n    \
                assert stream is getattr(sys, name)\n    print('hello', file=stream)\n    \
                stream.flush()\n\
                def test_captured(capfd):\n    print('one')\n    sys.stderr.write('two')\n    \
                assert capfd.readouterr() == ('one\\n', 'two')\n\
                def test_logs():\n    assert HANDLER.stream is sys.stderr and not HANDLER.stream.closed\n\
                def test_fails_once():\n    print('what it said')\n    assert not sys.stdout\n";
    let suite = suite.with("test_streams.py", text);
    for capture in ["fd", "sys"] {
        let arguments = ["--seed", "1", "--rounds", "3", "--", "-p", "no:randomly", &format!("--capture={capture}")];
        suite.command("run", &arguments).exits(1).says(&["plain pytest agrees 5 of 5", "1 finding in 1 of 5 cases"]);
        let journal = suite.project.read("reports/latest/events.jsonl");
        assert!(journal.contains("Captured stdout call") && journal.contains("what it said"), "--capture={capture}");
    }
}

#[test]
fn what_a_test_replaces_and_never_puts_back_is_not_what_the_harness_uses() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import json, os, select, time\n\
                def test_healthy(): pass\n\
                def test_leaves_mocks():\n    def mock(*_, **__): raise RuntimeError('a mock')\n    \
                time.perf_counter = time.monotonic = time.sleep = json.dumps = json.loads = mock\n    \
                os.getpid = os.read = os.write = os._exit = select.select = mock\n\
                def test_another(): pass\n\
                def test_victim(): assert time.sleep(0) is None\n";
    let suite = suite.with("test_mocks.py", text);
    let mut many = String::new();
    (0..40).for_each(|number| many.push_str(&format!("def test_{number:02}(): pass\n")));
    let suite = suite.with("test_more.py", &many);
    suite.command("run", &["--seed", "1", "--no-leaks"]).exits(1).says(&["1 finding in 1 of 44 cases"]);
    let victim = case(&suite.project.report(), "test_mocks.py::test_victim").clone();
    assert_eq!(sequences(&victim, "polluters"), [["test_leaves_mocks"]], "{victim:#}");
    suite.project.assert_nothing_left();
}

#[test]
fn the_temporary_folder_leaves_room_for_the_path_of_a_socket() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import socket\n\
                def test_server_unix_socket(tmp_path):\n    server = socket.socket(socket.AF_UNIX)\n    \
                server.bind(str(tmp_path / 's.sock'))\n    server.close()\n";
    let suite = suite.with("test_socket.py", text);
    suite.command("run", &["--seed", "1"]).exits(0).says(&["plain pytest agrees 1 of 1"]);
}
