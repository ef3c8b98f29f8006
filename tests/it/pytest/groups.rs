//! Which findings an order can show that finishes one file before the next.

use crate::cli::kit::case;
use crate::pytest::kit::Suite;
use serde_json::Value;

/// One victim that any runner shows, and one that needs the tests of two files to take turns: `test_first` of its own file,
/// then `test_second` of another one.
fn suite() -> Option<Suite> {
    let suite = Suite::empty()?
        .with("state.py", "steps = []\nprices = {}\n")
        .with(
            "test_a.py",
            "import state\n\n\ndef test_first():\n    state.steps[:] = ['first']\n\n\ndef test_between():\n    assert \
             state.steps != ['first', 'second']\n",
        )
        .with("test_b.py", "import state\n\n\ndef test_second():\n    state.steps.append('second')\n")
        .with("test_c.py", "import state\n\n\ndef test_sets_prices():\n    state.prices['tea'] = 3\n")
        .with("test_d.py", "import state\n\n\ndef test_has_no_prices():\n    assert not state.prices\n");
    Some(suite)
}

fn remarks(report: &Value, id: &str) -> String {
    case(report, id)["remarks"].to_string()
}

#[test]
fn what_keeps_files_together_comes_first_and_what_does_not_is_left_out_by_groups() {
    let Some(suite) = suite() else { return };
    suite.command("run", &["--seed", "1", "--no-leaks"]).exits(1);
    let report = suite.project.report();
    let (any, turns) = ("test_d.py::test_has_no_prices", "test_a.py::test_between");
    assert!(
        remarks(&report, any).contains("it shows in an order that finishes one file before the next"),
        "{report:#}"
    );
    assert!(remarks(&report, turns).contains("it fails only where tests of several files take turns"), "{report:#}");
    let first: Vec<&str> =
        report["causes"].as_array().into_iter().flatten().filter_map(|cause| cause["cases"][0].as_str()).collect();
    assert_eq!(first, [any, turns]);

    suite.command("run", &["--seed", "1", "--no-leaks", "--no-alone", "--group", "file"]).exits(1);
    let report = suite.project.report();
    assert_eq!(case(&report, any)["verdict"], "order_dependent");
    assert_eq!(case(&report, turns)["verdict"], "stable");
}
