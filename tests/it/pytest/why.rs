//! `why`: one case that failed somewhere. What made it fail?

use crate::cli::kit::{Ended, case};
use crate::pytest::kit::{Suite, sequences};
use serde_json::Value;

/// A JUnit file as pytest writes it, with tests of `test_basket.py` in this order; the last one failed.
fn junit(tests: &[&str]) -> String {
    let (last, before) = tests.split_last().expect("at least one test");
    let passed = |name: &&str| format!("<testcase classname=\"test_basket\" name=\"{name}\" time=\"0.001\"/>");
    let passed: Vec<String> = before.iter().map(passed).collect();
    format!(
        "<?xml version=\"1.0\"?><testsuites><testsuite name=\"pytest\">{}<testcase classname=\"test_basket\" \
         name=\"{last}\"><failure message=\"AssertionError: as it was in CI\">x</failure></testcase></testsuite></testsuites>",
        passed.concat()
    )
}

/// What was printed has these texts, wherever a line was broken.
#[track_caller]
fn check_says(ended: &Ended, texts: &[&str]) {
    let told: Vec<&str> = ended.out.split_whitespace().collect();
    let told = told.join(" ");
    for text in texts {
        assert!(told.contains(text), "{text}\n{told}");
    }
}

fn why(suite: &Suite, arguments: &[&str]) -> (Ended, Value) {
    let ended = suite.command("why", &[arguments, &["--seed", "5"]].concat());
    let report = suite.project.report();
    (ended, report)
}

/// The case in question, and nothing found of any other.
fn the_case<'r>(report: &'r Value, name: &str) -> &'r Value {
    let asked = format!("test_basket.py::{name}");
    assert_eq!(report["question"]["case"], asked.as_str());
    for other in report["cases"].as_array().into_iter().flatten().filter(|other| other["id"] != asked.as_str()) {
        assert_eq!((&other["verdict"], &other["findings"]), (&"skipped".into(), &Value::Array(Vec::new())), "{other}");
    }
    case(report, &asked)
}

#[test]
fn the_polluter_is_found_in_the_order_of_ci_and_without_it() {
    let Some(suite) = Suite::of_fixture("why") else { return };
    suite.project.write("ci.xml", junit(&["test_adds_nothing", "test_fills", "test_chooses", "test_counts"]));
    let (ended, report) = why(&suite, &["test_counts", "--junit-in", "ci.xml"]);
    let ended = ended.exits(1);
    check_says(
        &ended,
        &[
            "fails after test_basket.py::test_fills",
            "pytest test_basket.py::test_fills test_basket.py::test_counts",
            "the order of ci.xml explains it",
            "in ci.xml its failure reads: AssertionError: as it was in CI",
        ],
    );
    assert_eq!(sequences(the_case(&report, "test_counts"), "polluters"), [["test_fills"]]);
    assert_eq!(report["question"]["recorded_in"], "ci.xml");
    assert!(!suite.project.read("reports/latest/events.jsonl").contains(r#""kind":"aftermath""#), "it was not needed");

    suite.project.write("ran.txt", "# the order of a machine\ntest_fills\ntest_basket.py::test_counts\n");
    let (ended, report) = why(&suite, &["test_basket::test_counts", "--order", "ran.txt"]);
    ended.exits(1);
    assert_eq!(sequences(the_case(&report, "test_counts"), "polluters"), [["test_fills"]]);

    let (ended, report) = why(&suite, &["test_counts"]);
    ended.exits(1);
    assert_eq!(sequences(the_case(&report, "test_counts"), "polluters"), [["test_fills"]]);
    suite.project.assert_nothing_left();
}

#[test]
fn an_order_that_does_not_explain_the_failure_is_told() {
    let Some(suite) = Suite::of_fixture("why") else { return };
    suite.project.write("ci.xml", junit(&["test_adds_nothing", "test_chooses", "test_counts"]));
    let (ended, report) = why(&suite, &["test_counts", "--junit-in", "ci.xml"]);
    let ended = ended.exits(1);
    check_says(
        &ended,
        &[
            "the order of ci.xml does not explain it: nothing of what it fails after ran before it there",
            "in the order of ci.xml it passed here",
        ],
    );
    assert_eq!(sequences(the_case(&report, "test_counts"), "polluters"), [["test_fills"]]);
}

#[test]
fn what_needs_another_case_is_told_from_what_is_broken_and_from_chance() {
    let Some(suite) = Suite::of_fixture("why") else { return };
    let (ended, report) = why(&suite, &["test_pays"]);
    ended.exits(1);
    assert_eq!(sequences(the_case(&report, "test_pays"), "state_setters"), [["test_chooses"]]);
    let (ended, report) = why(&suite, &["test_broken"]);
    ended.exits(1);
    assert_eq!(the_case(&report, "test_broken")["verdict"], "broken");
    let (ended, report) = why(&suite, &["test_by_chance"]);
    ended.exits(1);
    assert_eq!(the_case(&report, "test_by_chance")["verdict"], "intermittent");
}

#[test]
fn a_healthy_case_is_accused_of_nothing() {
    let Some(suite) = Suite::of_fixture("why") else { return };
    suite.project.write("ci.xml", junit(&["test_fills", "test_adds_nothing"]));
    let (ended, report) = why(&suite, &["adds_nothing", "--junit-in", "ci.xml", "--effort", "1"]);
    let ended = ended.exits(3);
    check_says(
        &ended,
        &[
            "the case did not fail in",
            "so it fails in less than",
            "1 in the recorded order",
            "why test_basket.py::test_adds_nothing",
        ],
    );
    let judged = the_case(&report, "test_adds_nothing");
    assert_eq!((judged["verdict"].as_str(), &report["gate"]), (Some("stable"), &"unproven".into()));
    let (tries, upper) = (&report["question"]["tries"], &report["question"]["rate_upper"]);
    let (tries, upper) = (tries.as_f64().expect("a number"), upper.as_f64().expect("a rate"));
    assert!(tries >= 20.0 && (upper - (1.0 - 0.05_f64.powf(1.0 / tries))).abs() < 1e-4, "{tries} {upper}");
    // Another format is made from the journal alone, and says the same.
    suite.project.run(&["report", "latest", "--format", "markdown"]).exits(0).says(&["so it fails in less than"]);
    // The history knows the one case.
    suite.project.run(&["history"]).exits(0);
    suite.project.run(&["run", "--resume", "latest"]).exits(2).says(&["asked about one case"]);
}

#[test]
fn a_name_that_means_no_case_or_several_is_an_error_that_names_the_nearest() {
    let Some(suite) = Suite::of_fixture("why") else { return };
    suite.command("why", &["test_count"]).exits(1);
    suite
        .command("why", &["test_fill_all"])
        .exits(2)
        .says(&["there is no case `test_fill_all`", "`test_basket.py::test_fills`"]);
    suite.command("why", &["test_clear"]).exits(2).says(&[
        "2 cases",
        "`test_basket.py::test_clears`",
        "test_clears_too",
    ]);
    suite.project.write("other.xml", "<testsuite name=\"x\"><testcase classname=\"y\" name=\"z\"/></testsuite>");
    suite
        .command("why", &["test_counts", "--junit-in", "other.xml"])
        .exits(2)
        .says(&["names none of the suite's cases"]);
    suite.project.write("page.xml", "<html/>");
    suite
        .command("why", &["test_counts", "--junit-in", "page.xml"])
        .exits(2)
        .says(&["page.xml: is XML, but not of JUnit"]);
}
