//! `steadfast history import`: a month of JUnit files of other runners, and which tests are flaky by them.

use crate::cli::kit::Project;
use crate::pytest::kit::Suite;
use std::process::Command;

/// A run as pytest tells it.
fn pytest(day: u32, outcome: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="0" failures="0" skipped="0" tests="2" time="0.1" timestamp="2026-10-{day:02}T08:00:00.123456+00:00" hostname="h"><testcase classname="tests.test_a" name="test_flips" time="0.010">{outcome}</testcase><testcase classname="tests.test_a.TestB" name="test_holds" time="0.001" /></testsuite></testsuites>"#
    )
}

const FAILED: &str = r#"<failure message="assert 1 == 2">assert 1 == 2</failure>"#;

/// Two runs on a commit, the test failing in the first one, in the words of each runner.
const DIALECTS: [(&str, &str, &str, &str); 4] = [
    (
        "jest",
        r#"<testsuites name="jest tests" tests="1" failures="1" errors="0" time="1.2"><testsuite name="cart" errors="0" failures="1" skipped="0" timestamp="2026-10-01T08:00:00" time="0.6" tests="1"><testcase classname="cart totals" name="cart totals" time="0.004"><failure>Error: expect(received).toBe(expected)</failure></testcase></testsuite></testsuites>"#,
        r#"<testsuites name="jest tests" tests="1" failures="0" errors="0" time="1.2"><testsuite name="cart" errors="0" failures="0" skipped="0" timestamp="2026-10-01T09:00:00" time="0.6" tests="1"><testcase classname="cart totals" name="cart totals" time="0.004"></testcase></testsuite></testsuites>"#,
        "cart totals: failed 1 of 2 times",
    ),
    (
        "surefire",
        r#"<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" version="3.0" name="shop.CartTest" time="0.05" tests="1" errors="1" skipped="0" failures="0"><properties><property name="java.version" value="21"/></properties><testcase name="totals" classname="shop.CartTest" time="1,234.5"><error message="boom" type="java.lang.IllegalStateException"><![CDATA[at shop.Cart <init>]]></error></testcase></testsuite>"#,
        r#"<testsuite name="shop.CartTest" time="0.06" tests="1" errors="0" skipped="0" failures="0"><testcase name="totals" classname="shop.CartTest" time="0.021"/></testsuite>"#,
        "shop.CartTest::totals: failed 1 of 2 times",
    ),
    (
        "go",
        r#"<testsuites tests="2" failures="1" errors="0" time="0.3"><testsuite tests="2" failures="1" time="0.1" name="example.org/shop" timestamp="2026-10-01T08:00:00Z"><properties><property name="go.version" value="go1.24 linux/amd64"></property></properties><testcase classname="example.org/shop" name="TestCart/of_two" time="0.000"><failure message="Failed" type="">cart_test.go:9: no</failure></testcase></testsuite></testsuites>"#,
        r#"<testsuites tests="2" failures="0" errors="0" time="0.3"><testsuite tests="2" failures="0" time="0.1" name="example.org/shop" timestamp="2026-10-01T09:00:00Z"><testcase classname="example.org/shop" name="TestCart/of_two" time="0.000"></testcase></testsuite></testsuites>"#,
        "example.org/shop::TestCart/of_two: failed 1 of 2 times",
    ),
    (
        "nextest",
        r#"<testsuites name="nextest-run" tests="1" failures="0" errors="0" uuid="45c50042-482e-477e-88b2-60cfcc3eaf95" timestamp="2026-10-01T08:00:00.250+00:00" time="0.3"><testsuite name="shop::cart" tests="1" disabled="0" errors="0" failures="0"><testcase name="totals" classname="shop::cart" timestamp="2026-10-01T08:00:00.260+00:00" time="0.1"><flakyFailure timestamp="2026-10-01T08:00:00.250+00:00" time="0.1" message="assertion failed" type="test failure">panicked</flakyFailure></testcase></testsuite></testsuites>"#,
        r#"<testsuites name="nextest-run" tests="0" failures="0" errors="0" timestamp="2026-10-02T08:00:00.250+00:00" time="0.3"></testsuites>"#,
        "shop::cart::totals: failed 1 of 2 times",
    ),
];

#[test]
fn a_month_of_files_tells_which_tests_are_flaky() {
    let project = Project::new();
    for day in 1..=28 {
        // Two runs on each commit. One flips on two commits; on a third the change itself is wrong.
        let commit = format!("{:07x}aa", 0x0abcde0 + day / 2);
        let outcome = if [4, 9].contains(&day) || [20, 21].contains(&day) { FAILED } else { "" };
        project.write(&format!("ci/{commit}/run-{day}/junit.xml"), pytest(day, outcome));
    }
    project.write("ci/other.xml", "<html/>");
    let expected = [
        "passed over: ci/other.xml: is XML, but not of JUnit",
        "28 runs imported",
        "imported pytest: 28 imported runs, 2026-10-01 to 2026-10-28; 13 commits ran more than once",
        "1 flaky: failed and passed on one commit",
        "tests/test_a.py::test_flips: failed 4 of 28 times, both ways on 2 of its commits, last on 2026-10-09",
    ];
    project.run(&["history", "import", "ci"]).exits(0).says(&expected);
    let again = project.run(&["history", "import", "ci"]).exits(0).says(&expected);
    assert!(!again.out.contains("56"), "the same file is the same run");
    project.run(&["history", "flaky"]).exits(0).says(&expected[2..]);
    project.run(&["history", "tests/test_a.py::test_flips"]).exits(0).says(&["imported pytest"]);
    project.run(&["history", "prune", "--keep-days", "36500"]).exits(0).says(&["0 runs forgotten"]);
    project.run(&["history", "prune", "--keep-days", "1"]).exits(0).says(&["28 runs forgotten"]);
    project.run(&["history", "flaky"]).exits(0).says(&["nothing was imported"]);
}

#[test]
fn every_dialect_is_read() {
    let project = Project::new();
    for (name, failed, passed, told) in DIALECTS {
        project.write(&format!("{name}-1.xml"), failed);
        project.write(&format!("{name}-2.xml"), passed);
        let files = [format!("{name}-1.xml"), format!("{name}-2.xml")];
        let arguments = ["history", "import", &files[0], &files[1], "--commit", "0a1b2c3", "--suite", name];
        project.run(&arguments).exits(0).says(&[told, "both ways on 1 of its commits"]);
    }
    project.write("none.xml", "no XML < at all");
    project.run(&["history", "import", "none.xml"]).exits(2).says(&["passed over: none.xml"]);
}

/// The names of a JUnit file's test cases: class and name.
fn names(xml: &str) -> Vec<(String, String)> {
    let attribute = |text: &str, name: &str| {
        text.split(&format!(" {name}=\"")).nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default().to_owned()
    };
    let cases = xml.split("<testcase").skip(1);
    let mut names: Vec<_> = cases.map(|case| (attribute(case, "classname"), attribute(case, "name"))).collect();
    names.sort();
    names
}

#[test]
fn our_junit_and_pytests_own_join_and_its_files_are_imported_under_our_ids() {
    let Some(suite) = Suite::empty() else { return };
    let text = "import pytest\nclass TestA:\n    @pytest.mark.parametrize('x', ['a/b', 'c::d'])\n    def test_in(self, x): pass\n\
                def test_out(): assert open('flag').read() == 'good'\n";
    let suite = suite.with("tests/unit/test_shop.py", text).with("flag", "bad");
    let python = suite.python().to_owned();
    for (number, flag) in ["bad", "good"].into_iter().enumerate() {
        suite.project.write("suite/flag", flag);
        let file = format!("--junitxml=own-{number}.xml");
        let mut plain = Command::new(&python);
        plain.args(["-m", "pytest", "-q", "-p", "no:cacheprovider", &file]).current_dir(suite.project.path("suite"));
        plain.output().expect("pytest runs");
    }
    suite.command("run", &["--rounds", "1"]).exits(0);
    let ours = names(&suite.project.read("reports/latest/junit.xml"));
    assert_eq!(ours, names(&suite.project.read("suite/own-1.xml")));
    assert_eq!(ours.len(), 3);
    let arguments = ["history", "import", "suite/own-0.xml", "suite/own-1.xml", "--commit", "0a1b2c3"];
    suite.project.run(&arguments).exits(0).says(&["tests/unit/test_shop.py::test_out: failed 1 of 2 times"]);
}
