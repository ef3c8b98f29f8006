//! Test programs of Rust's own harness, which run their tests in an order of their own.

use crate::cli::kit::{Project, case, verdicts};
use crate::command::kit::{fixture, outcomes};
use std::process::Command;

/// A project with a fixture suite, built; nothing where there is no compiler.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn built(name: &str) -> Option<Project> {
    let project = Project::new();
    let rustc = Command::new("rustc")
        .args(["--edition", "2021", "--test", "-o"])
        .arg(project.path("suite"))
        .arg(fixture(&format!("libtest/{name}.rs")))
        .output();
    match rustc {
        Ok(run) => assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr)),
        Err(error) => {
            eprintln!("skipped: no rustc: {error}");
            return None;
        }
    }
    Some(project)
}

fn run(project: &Project, more: &[&str]) {
    let arguments = [&["run", "--suite", "command:libtest", "--seed", "1"], more, &["--", "./suite"]].concat();
    project.run(&arguments).exits(1);
}

#[test]
fn a_victim_within_the_process_is_found_and_what_ends_the_process_hides_nothing() {
    let Some(project) = built("orders") else { return };
    run(&project, &[]);
    let report = project.report();
    let victim = case(&report, "a_victim");
    assert_eq!(victim["verdict"], "order_dependent");
    assert_eq!(victim["polluters"], serde_json::json!([["a_polluter"]]));
    // Where the next test would have to be run in another process, that is what hides it, and no test.
    assert_eq!(victim.get("cleaners").cloned().unwrap_or_default().as_array().map_or(0, Vec::len), 0, "{victim}");
    assert_eq!(case(&report, "broken")["verdict"], "broken");
    assert!(case(&report, "broken")["message"].as_str().unwrap_or_default().contains("numbers"));
    assert_eq!(case(&report, "noise::left_out")["verdict"], "skipped");
    for id in ["noise::plain", "noise::half_a_line_on_standard_output", "a_polluter"] {
        assert_eq!(case(&report, id)["verdict"], "stable", "{id}");
    }
    project.assert_nothing_left();
}

#[test]
fn a_test_that_ends_the_process_is_crashed_and_no_other_is() {
    let Some(project) = built("crashes") else { return };
    run(&project, &["--rounds", "3"]);
    for (id, verdict) in verdicts(&project.report()) {
        let expected = if id == "b_aborts" || id == "c_exits_as_if_all_were_well" { "broken" } else { "stable" };
        assert_eq!(verdict, expected, "{id}");
    }
    project.assert_nothing_left();
}

#[test]
fn a_test_that_hangs_meets_its_deadline() {
    let Some(project) = built("hangs") else { return };
    run(&project, &["--rounds", "1", "--case-timeout", "3s", "--max-time", "20s"]);
    assert_eq!(outcomes(&project, 1), ["timed_out"]);
    assert_eq!((outcomes(&project, 0), outcomes(&project, 2)), (vec!["passed".into()], vec!["passed".into()]));
    let message = case(&project.report(), "b_hangs")["message"].as_str().unwrap_or_default().to_owned();
    assert!(message.contains("did not end within 3 s"), "{message}");
    project.assert_nothing_left();
}
