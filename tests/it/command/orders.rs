//! What depends on the order is found whatever the form in which outcomes are told.

use crate::cli::kit::{case, verdicts};
use crate::command::kit::{EXIT, FORMS, command, project};

/// The truth about the suite `orders`, where one process runs a whole order.
const TOGETHER: &[(&str, &str)] = &[
    ("plain", "stable"),
    ("polluter", "stable"),
    ("between", "stable"),
    ("victim", "order_dependent"),
    ("broken", "broken"),
    ("left out", "skipped"),
];

fn check(form: &str, more: &[&str], expected: &[(&str, &str)]) {
    let Some(project) = project("orders", form) else { return };
    command(&project, "run", &[&["--seed", "1"], more].concat()).exits(1);
    let report = project.report();
    let expected: Vec<(String, String)> =
        expected.iter().map(|(id, verdict)| ((*id).into(), (*verdict).into())).collect();
    let mut found: Vec<(String, String)> = verdicts(&report).into_iter().collect();
    found.sort_by_key(|(id, _)| expected.iter().position(|(expected, _)| expected == id));
    assert_eq!(found, expected, "{form}");
    assert!(case(&report, "broken")["message"].as_str().unwrap_or_default().contains("never right"), "{form}");
    if expected.iter().any(|(_, verdict)| verdict == "order_dependent") {
        let victim = case(&report, "victim");
        assert_eq!(victim["polluters"], serde_json::json!([["polluter"]]), "{form}");
        let repro = victim["repro"].as_str().expect("a repro").to_owned();
        project.run(&["repro", &format!("reports/latest/{repro}")]).exits(1).says(&["the state is dirty"]);
    }
    project.assert_nothing_left();
}

#[test]
fn tap_tells_of_orders() {
    check(FORMS[0].1, &[], TOGETHER);
}

#[test]
fn json_lines_tell_of_orders() {
    check(FORMS[1].1, &[], TOGETHER);
}

#[test]
fn junit_files_tell_of_orders() {
    check(FORMS[2].1, &[], TOGETHER);
}

#[test]
fn cases_with_a_process_each_share_no_memory() {
    let mut expected = TOGETHER.to_vec();
    expected[3].1 = "stable";
    check(EXIT, &["--rounds", "3"], &expected);
}
