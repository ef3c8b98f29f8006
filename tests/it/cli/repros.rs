//! Repro files: they show what was found, say when it is gone, and serve `git bisect run`.

use crate::cli::kit::{BROKEN, Project, case};

/// A project with a finding, and the path of its repro.
fn with_finding() -> (Project, String) {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    project.run(&["run", "--rounds", "1", "--seed", "1", "--no-alone"]).exits(1);
    let report = project.report();
    let repro = case(&report, "wrong")["repro"].as_str().expect("a repro").to_owned();
    (project, format!("reports/latest/{repro}"))
}

#[test]
fn a_repro_shows_and_is_gone_once_the_cause_is_mended() {
    let (project, repro) = with_finding();
    project.run(&["repro", &repro]).exits(1).says(&["shows (5 of 5)", "expected \"mistral\", was \"claude\""]);
    project.run(&["repro", &repro, "--times", "2", "--jobs", "2"]).exits(1).says(&["shows (2 of 2)"]);
    project.write("scenarios/wrong.yaml", BROKEN.replace("provider: mistral }", "provider: claude }"));
    project.run(&["repro", &repro, "--times", "2"]).exits(0).says(&["gone (0 of 2)"]);
    project.assert_nothing_left();
}

#[test]
fn the_command_of_a_report_is_the_one_that_shows_it() {
    let (project, _) = with_finding();
    let report = project.report();
    let command = case(&report, "wrong")["command"].as_str().expect("a command").to_owned();
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    project.run(&arguments).exits(1).says(&["shows"]);
}

#[test]
fn a_repro_of_a_case_that_is_gone_can_not_tell() {
    let (project, repro) = with_finding();
    std::fs::remove_file(project.path("scenarios/wrong.yaml")).expect("it was there");
    project.run(&["repro", &repro]).exits(2).says(&["no longer exists"]);
    project.run(&["repro", &repro, "--bisect"]).exits(125).says(&["no longer exists"]);
    project.write("scenarios/greeting.yaml", "scenario: [broken");
    project.run(&["repro", &repro, "--bisect"]).exits(125);
    project.assert_nothing_left();
}

#[test]
fn cases_that_are_missing_before_the_last_are_told() {
    let (project, repro) = with_finding();
    let text = project.read(&repro);
    let mut file: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    file["order"] = serde_json::json!(["vanished", "wrong"]);
    project.write("mine.json", file.to_string());
    project
        .run(&["repro", "mine.json", "--times", "1"])
        .exits(1)
        .says(&["vanished no longer exists", "shows (1 of 1)"]);
    file["version"] = 9.into();
    project.write("newer.json", file.to_string());
    project.run(&["repro", "newer.json"]).exits(2).says(&["version 9"]);
    project.write("broken.json", "{");
    project.run(&["repro", "broken.json"]).exits(2).says(&["not a repro file"]);
}
