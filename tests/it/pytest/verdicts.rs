//! Verdicts that are easily wrong: what fails with another value each time, what belongs to a fixture, what fails only
//! the second time, and what was not examined to the end.

use crate::cli::kit::case;
use crate::pytest::kit::{Suite, sequences};
use serde_json::Value;

fn of<'r>(report: &'r Value, id: &str) -> &'r Value {
    case(report, id)
}

#[test]
fn a_failure_with_another_value_each_time_is_the_same_failure() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import time, unittest\nBASKET = []\nclass Baskets(unittest.TestCase):\n    def test_is_empty(self):\n        \
                self.assertEqual(BASKET, [])\ndef test_fills(): BASKET.append(time.monotonic())\n\
                def test_empties(): BASKET.clear()\ndef test_empties_too(): BASKET.clear()\n";
    let suite = suite.with("test_baskets.py", text);
    suite.command("run", &["--seed", "2"]).exits(1);
    let report = suite.project.report();
    let victim = of(&report, "test_baskets.py::Baskets::test_is_empty");
    assert_eq!(sequences(victim, "polluters"), [["test_fills"]], "{victim:#}");
    assert_eq!(victim["place"], "test_baskets.py:5:1", "the place is in the test: {victim:#}");
}

#[test]
fn two_tests_that_fail_in_the_same_line_of_unittest_are_two_findings() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import unittest\nclass Tea(unittest.TestCase):\n    def test_price(self):\n        self.assertEqual(3, 4)\n\
                class Coffee(unittest.TestCase):\n    def test_name(self):\n        self.assertEqual('mocha', 'latte')\n";
    let suite = suite.with("test_shop.py", text);
    suite.command("run", &["--seed", "1"]).exits(1).says(&["2 findings in 2 of 2 cases"]);
    let report = suite.project.report();
    assert_eq!(of(&report, "test_shop.py::Tea::test_price")["place"], "test_shop.py:4:1");
    assert_eq!(of(&report, "test_shop.py::Coffee::test_name")["place"], "test_shop.py:7:1");
    assert_eq!(of(&report, "test_shop.py::Coffee::test_name")["verdict"], "broken");
}

#[test]
fn what_explains_one_victim_is_minimised_for_another() {
    let Some(suite) = Suite::empty() else { return };
    let text = "DONE = set()\ndef test_needs_both(): assert DONE != {'ordered', 'paid'}\n\
                def test_needs_one(): assert 'ordered' not in DONE\ndef test_pays():\n    \
                if 'ordered' in DONE: DONE.add('paid')\ndef test_orders(): DONE.add('ordered')\n";
    let suite = suite.with("test_orders.py", text);
    suite.command("run", &["--seed", "3"]).exits(1);
    let report = suite.project.report();
    assert_eq!(
        sequences(of(&report, "test_orders.py::test_needs_both"), "polluters"),
        [["test_orders", "test_pays"]],
        "{report:#}"
    );
    assert_eq!(sequences(of(&report, "test_orders.py::test_needs_one"), "polluters"), [["test_orders"]]);
}

#[test]
fn a_fixture_of_the_session_that_fails_at_its_end_is_named_and_not_whichever_test_came_last() {
    let Some(suite) = Suite::empty() else { return };
    let fixture = "import pytest\n@pytest.fixture(scope='session')\ndef till():\n    coins = [1]\n    yield coins\n    \
                   assert not coins, f'{len(coins)} coins left'\n";
    let text = "def test_has_coins(till): assert till\ndef test_counts(till): assert len(till) == 1\n\
                def test_uses_no_till(): assert True\n";
    let suite = suite.with("conftest.py", fixture).with("test_till.py", text);
    suite.command("run", &["--seed", "1"]).exits(1).says(&["1 finding in 2 of 3 cases", "session fixture `till`"]);
    let report = suite.project.report();
    for (name, verdict) in [("test_has_coins", "broken"), ("test_counts", "broken"), ("test_uses_no_till", "stable")] {
        assert_eq!(of(&report, &format!("test_till.py::{name}"))["verdict"], verdict, "{report:#}");
    }
}

#[test]
fn who_only_uses_a_fixture_that_another_test_breaks_is_its_victim_wherever_it_stands() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import pytest\n@pytest.fixture(scope='session')\ndef till():\n    coins = []\n    yield coins\n    \
                assert not coins\ndef test_looks(till): pass\ndef test_leaves(till): till.append(1)\ndef test_apart(): pass\n";
    let suite = suite.with("test_till.py", text);
    suite.command("run", &["--seed", "1", "--no-leaks"]).exits(1);
    let report = suite.project.report();
    assert_eq!(of(&report, "test_till.py::test_leaves")["verdict"], "broken", "{report:#}");
    assert_eq!(sequences(of(&report, "test_till.py::test_looks"), "polluters"), [["test_leaves"]], "{report:#}");
    assert_eq!(of(&report, "test_till.py::test_apart")["verdict"], "stable", "{report:#}");
}

#[test]
fn a_doctest_can_run_twice_and_nobody_is_a_victim_of_itself() {
    let Some(suite) = Suite::empty() else { return };
    let text = "RATE = {'de': 19}\n\ndef rate():\n    '''\n    >>> rate()\n    19\n    '''\n    return RATE['de']\n\n\
                def lower():\n    '''\n    >>> lower()\n    7\n    '''\n    RATE['de'] = 7\n    return RATE['de']\n";
    let suite = suite.with("prices.py", text).with("pytest.ini", "[pytest]\naddopts = --doctest-modules\n");
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    assert_eq!(sequences(of(&report, "prices.py::prices.rate"), "polluters"), [["prices.lower"]], "{report:#}");
    assert_eq!(of(&report, "prices.py::prices.lower")["verdict"], "stable", "{report:#}");
}

#[test]
fn what_fails_only_where_others_run_twice_warns() {
    let Some(suite) = Suite::empty() else { return };
    let text = "NAMES = []\ndef test_registers():\n    NAMES.append('tea')\n\
                def test_names_are_unique(): assert len(set(NAMES)) == len(NAMES)\n";
    let suite = suite.with("test_names.py", text);
    suite.command("run", &["--seed", "1"]).exits(0);
    let report = suite.project.report();
    for case in report["cases"].as_array().into_iter().flatten() {
        assert!(["stable", "non_idempotent"].contains(&case["verdict"].as_str().unwrap_or_default()), "{case:#}");
    }
}

#[test]
fn when_time_is_up_nobody_is_called_what_was_not_proven() {
    let Some(suite) = Suite::empty() else { return };
    let mut text = "import time\nSTATE = set()\n".to_owned();
    for name in ["tea", "milk", "bread"] {
        text.push_str(&format!("def test_no_{name}():\n    time.sleep(0.5)\n    assert '{name}' not in STATE\n"));
    }
    for name in ["tea", "milk", "bread"] {
        text.push_str(&format!("def test_buys_{name}(): STATE.add('{name}')\n"));
    }
    let suite = suite.with("test_time.py", &text);
    suite.command("run", &["--seed", "1", "--max-time", "8s"]);
    let report = suite.project.report();
    for case in report["cases"].as_array().into_iter().flatten() {
        let verdict = case["verdict"].as_str().unwrap_or_default();
        assert!(["stable", "unproven", "undiagnosed", "order_dependent"].contains(&verdict), "{case:#}");
        if verdict == "undiagnosed" {
            assert!(case["command"].as_str().is_some_and(|line| line.contains("minimise")), "{case:#}");
        }
    }
}

#[test]
fn the_first_attempt_counts_whatever_plugin_tries_again() {
    let Some(suite) = Suite::empty() else { return };
    let plugin = "import pytest\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n    \
                  result = yield\n    report = result.get_result()\n    if call.when == 'call' and report.failed:\n        \
                  item.runtest()\n        report.outcome, report.longrepr = 'passed', None\n";
    let text = "TRIES = []\ndef test_second_try():\n    TRIES.append(1)\n    assert len(TRIES) % 2 == 0\n\
                def test_steady(): assert True\n";
    let suite = suite.with("conftest.py", plugin).with("test_tries.py", text);
    suite.command("run", &["--seed", "1"]).exits(1);
    let report = suite.project.report();
    assert_eq!(of(&report, "test_tries.py::test_second_try")["verdict"], "broken", "{report:#}");
    assert_eq!(of(&report, "test_tries.py::test_steady")["verdict"], "stable");
    assert!(report["notes"].to_string().contains("its first attempt counts"), "{report:#}");
}
