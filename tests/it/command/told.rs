//! What a run tells of its runner.

use crate::cli::kit::verdicts;
use crate::command::kit::{EXIT, FORMS, command, project};
use crate::pytest::kit::notes;

#[test]
fn an_id_of_any_character_is_run_by_its_name() {
    for (form, profile) in FORMS.iter().chain(&[("exit code", EXIT)]) {
        let Some(project) = project("odd", profile) else { return };
        command(&project, "run", &["--seed", "1", "--rounds", "3"]).exits(0);
        let verdicts = verdicts(&project.report());
        assert_eq!(verdicts.len(), 8, "{form}: {verdicts:?}");
        assert!(verdicts.iter().all(|(_, verdict)| verdict == "stable"), "{form}: {verdicts:?}");
    }
}

#[test]
fn ids_that_are_listed_twice_are_told_and_run_once() {
    let Some(project) = project("twice", FORMS[1].1) else { return };
    command(&project, "run", &["--rounds", "2"]).exits(0).says(&["can't be told apart: plain"]);
    assert_eq!(verdicts(&project.report()).len(), 2);
}

#[test]
fn a_runner_that_keeps_to_no_order_is_told() {
    let form = "run: { command: [python3, runner.py, sorted-json, '${cases}'] }\nresults: { json_lines: {} }\n";
    let Some(project) = project("orders", form) else { return };
    command(&project, "run", &["--rounds", "2"]);
    let told = |project| notes(project).iter().any(|note| note.contains("does not run cases in the order"));
    assert!(told(&project));
    let Some(healthy) = crate::command::kit::project("orders", FORMS[1].1) else { return };
    command(&healthy, "run", &["--rounds", "2"]);
    assert!(!told(&healthy));
}

#[test]
fn a_profile_that_is_wrong_is_an_error_of_the_input() {
    let Some(project) = project("orders", "run: { comand: [x] }\n") else { return };
    command(&project, "run", &[]).exits(2).says(&["suite.yaml", "comand"]);
    project.run(&["run", "--suite", "command:nothing.yaml"]).exits(2).says(&["nothing.yaml", "libtest"]);
    project.run(&["run", "--suite", "command:libtest"]).exits(2).says(&["stands after `--`"]);
}
