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

#[test]
fn a_victim_that_is_listed_before_its_polluter_is_found_and_its_line_fails() {
    let Some(project) = built("listed_before") else { return };
    run(&project, &["--effort", "quick"]);
    let report = project.report();
    let victim = case(&report, "a_victim");
    assert_eq!(victim["verdict"], "order_dependent", "{victim}");
    assert_eq!(victim["polluters"], serde_json::json!([["z_polluter"]]));
    let shown = &victim["brief"]["repeat"];
    let line = shown.as_str().unwrap_or_else(|| panic!("{victim}"));
    assert!(!line.starts_with("cd "), "{line}");
    assert!(line.contains("--exact z_polluter a_victim") && line.contains("--shuffle-seed="), "{line}");
    let typed = Command::new("sh")
        .args(["-c", line])
        .current_dir(project.path(""))
        .env_remove("RUSTC_BOOTSTRAP")
        .output()
        .expect("a shell");
    let wrote = String::from_utf8_lossy(&typed.stdout);
    assert!(!typed.status.success() && wrote.contains("the price has another tax"), "{wrote}");
    let accused: Vec<String> =
        verdicts(&report).into_iter().filter(|(_, verdict)| verdict == "order_dependent").map(|(id, _)| id).collect();
    assert_eq!(accused, ["a_victim"]);
    // Each round is one process where no case comes twice.
    let begun: usize =
        project.journal().iter().filter(|entry| entry["event"]["trial_finished"]["fresh"] == true).count();
    assert!(begun <= 1, "{begun} processes more than rounds");
    project.assert_nothing_left();
}

#[test]
fn an_order_that_a_program_did_not_play_as_asked_is_nobodys() {
    for (otherwise, how) in
        [("reverses", "in another order"), ("listed", "in another order"), ("refuses", "Unrecognized option")]
    {
        let project =
            Project::new().with("suite", std::fs::read(fixture("libtest/otherwise.sh")).expect("the fixture"));
        let mut run = project.command(&["run", "--suite", "command:libtest", "--seed", "1", "--effort", "quick"]);
        run.args(["--", "sh", "suite"]).env("OTHERWISE", otherwise);
        let ended = run.output().expect("the program runs");
        let report = project.report();
        assert!(ended.status.success(), "{otherwise}: {report}");
        assert!(verdicts(&report).iter().all(|(_, verdict)| verdict == "stable"), "{otherwise}: {report}");
        let notes = report["notes"].to_string();
        assert!(notes.contains("was not looked for") && notes.contains(how), "{otherwise}: {notes}");
        let before = report["pair_coverage"]["before"].as_f64().expect("a share");
        assert!(before <= 0.5, "{otherwise}: {before} of pairs");
    }
}
