//! How polluters are found among many tests: by what they left behind, or by a walk over the order.

use crate::cli::kit::case;
use crate::pytest::kit::{Suite, sequences};
use serde_json::Value;

const TESTS: usize = 120;
const VICTIM: &str = "test_many.py::test_060";

/// Many tests, of which some have bodies of their own.
fn suite(bodies: &[(usize, &str)]) -> Option<Suite> {
    let mut text = "import os, sys\nimport pytest\nstate = {}\n".to_owned();
    for number in 0..TESTS {
        let body = bodies.iter().find(|(of, _)| *of == number).map_or("pass", |(_, body)| *body);
        text.push_str(&format!("def test_{number:03}(): {body}\n"));
    }
    Some(Suite::empty()?.with("test_many.py", &text))
}

/// Runs the reverse order, and returns the polluters of the victim.
fn polluters(suite: &Suite) -> Vec<Vec<String>> {
    suite.command("run", &["--orders", "reverse", "--seed", "1"]).exits(1);
    let report = suite.project.report();
    let found = case(&report, VICTIM);
    assert_eq!(found["verdict"], "order_dependent", "{found:#}");
    sequences(found, "polluters")
}

/// What happened before the victim was diagnosed first: kinds and lengths of the rounds.
fn asked(suite: &Suite) -> Vec<(String, usize)> {
    let mut asked = Vec::new();
    for entry in suite.project.journal() {
        let event = &entry["event"];
        if event.get("diagnosed").is_some() {
            return asked;
        }
        if let Some(round) = event.get("round_started") {
            let kind = round["kind"].as_str().unwrap_or_default().to_owned();
            asked.push((kind, round["order"].as_array().map_or(0, Vec::len)));
        }
    }
    panic!("nothing was diagnosed");
}

fn walks(asked: &[(String, usize)]) -> usize {
    asked.iter().filter(|(kind, _)| kind == "walk").count()
}

/// Probes that run a good part of the suite.
fn long_probes(asked: &[(String, usize)]) -> usize {
    asked.iter().filter(|(kind, length)| kind == "probe" && *length > TESTS / 10).count()
}

#[test]
fn a_polluter_that_leaves_no_trace_is_named_by_one_walk() {
    let bodies = [(60, "assert 'rate' not in state"), (100, "state['rate'] = 2")];
    let Some(suite) = suite(&bodies) else { return };
    assert_eq!(polluters(&suite), [["test_100"]]);
    let asked = asked(&suite);
    assert_eq!((walks(&asked), long_probes(&asked)), (1, 0), "{asked:?}");
    let after =
        suite.project.journal().into_iter().find_map(|entry| entry["event"].get("trial_finished")?["after"].as_u64());
    // The reverse order begins with test_119.
    assert_eq!(after, Some(20));
    suite.project.assert_nothing_left();
}

#[test]
fn a_polluter_of_the_environment_is_asked_about_before_any_walk() {
    let bodies = [(60, "assert 'RATE' not in os.environ"), (100, "os.environ['RATE'] = '2'")];
    let Some(suite) = suite(&bodies) else { return };
    assert_eq!(polluters(&suite), [["test_100"]]);
    let asked = asked(&suite);
    assert_eq!((walks(&asked), long_probes(&asked)), (0, 0), "{asked:?}");
    let dirt: Vec<Value> = suite
        .project
        .journal()
        .into_iter()
        .filter_map(|entry| entry["event"].get("trial_finished")?.get("dirt").cloned())
        .collect();
    assert_eq!(dirt[0]["made"], serde_json::json!(["environment variable RATE"]));
}

#[test]
fn what_was_put_back_and_who_only_loads_modules_is_not_asked_about() {
    let bodies = [
        (60, "assert 'rate' not in state and 'colorsys' in sys.modules"),
        (100, "state['rate'] = 2"),
        (101, "os.environ['RATE'] = '2'"),
        (99, "os.environ.pop('RATE', None)"),
        (110, "import colorsys"),
    ];
    let Some(suite) = suite(&bodies) else { return };
    suite.command("run", &["--orders", "reverse", "--seed", "1"]).exits(1);
    // It fails alone too, since nobody loaded the module: brittle, and a victim besides.
    assert_eq!(case(&suite.project.report(), VICTIM)["verdict"], "broken");
}

#[test]
fn cooperating_polluters_are_found_by_a_walk_for_each() {
    let bodies = [(60, "assert len(state) < 2"), (80, "state['a'] = 1"), (110, "state['b'] = 1")];
    let Some(suite) = suite(&bodies) else { return };
    assert_eq!(polluters(&suite), [["test_110", "test_080"]]);
    let asked = asked(&suite);
    assert_eq!((walks(&asked), long_probes(&asked)), (2, 0), "{asked:?}");
}

#[test]
fn a_polluter_that_is_healed_later_in_the_order_and_comes_back_is_found() {
    let heals = "state.clear()";
    let bodies =
        [(60, "assert 'rate' not in state"), (100, "state['rate'] = 2"), (90, heals), (70, "state['rate'] = 2")];
    let Some(suite) = suite(&bodies) else { return };
    let mut found = polluters(&suite);
    found.sort();
    assert_eq!(found, [["test_070"], ["test_100"]]);
}

#[test]
fn tests_on_the_way_that_die_or_skip_do_not_lead_the_walk_astray() {
    let bodies = [
        (60, "assert 'rate' not in state"),
        (75, "state['rate'] = 2"),
        (90, "pytest.skip('not today')"),
        (100, "assert False, 'on the way'"),
    ];
    let Some(suite) = suite(&bodies) else { return };
    assert_eq!(polluters(&suite), [["test_075"]]);
    assert_eq!(case(&suite.project.report(), "test_many.py::test_100")["verdict"], "broken");
}

#[test]
fn a_suite_without_a_polluter_is_not_walked() {
    let bodies = [(100, "os.environ['RATE'] = '2'"), (101, "state['rate'] = 2")];
    let Some(suite) = suite(&bodies) else { return };
    suite.command("run", &["--orders", "reverse", "--seed", "1"]).exits(0);
    let journal = suite.project.journal();
    let kinds = journal.iter().filter_map(|entry| entry["event"].get("round_started")?["kind"].as_str());
    // A case under which memory grew is run again: that is about leaks.
    let kinds: Vec<&str> = kinds.filter(|kind| *kind != "repeated").collect();
    assert_eq!(kinds, ["reverse", "survey"]);
}

#[test]
fn shared_fixtures_are_torn_down_before_the_suspect_is_tried_on_the_way() {
    let mut text = "import pytest\nstate = []\n@pytest.fixture(scope='class')\ndef held():\n    state.append('held')\n    yield\n    \
                    state.remove('held')\n"
        .to_owned();
    text.push_str("def test_victim(): assert not state\n@pytest.mark.usefixtures('held')\nclass TestMany:\n");
    for number in 0..60 {
        let body = if number == 20 { "state.append('left')" } else { "assert 'held' in state" };
        text.push_str(&format!("    def test_{number:03}(self): {body}\n"));
    }
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("test_many.py", &text);
    suite.command("run", &["--orders", "reverse", "--seed", "1"]).exits(1);
    let report = suite.project.report();
    assert_eq!(sequences(case(&report, "test_many.py::test_victim"), "polluters"), [["test_020"]]);
}
