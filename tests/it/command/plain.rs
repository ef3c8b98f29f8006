//! The runner alone is asked whether it comes to the same as the first round.

use crate::cli::kit::Project;
use crate::command::kit::{FORMS, command, project};
use crate::pytest::kit::notes;

/// A project whose runner alone, so to speak, writes this.
fn with_plain(text: &str) -> Option<Project> {
    let form = FORMS.iter().find(|(name, _)| *name == "tap").map(|(_, form)| *form).expect("a form");
    let project = project("healthy", &format!("{form}plain: {{ command: [cat, plain.tap] }}\n"))?;
    project.write("plain.tap", text);
    Some(project)
}

fn told(project: &Project) -> Vec<String> {
    notes(project).into_iter().filter(|note| note.contains("in plain") || note.starts_with("plain")).collect()
}

fn ids(project: &Project) -> Vec<String> {
    let report = project.report();
    report["cases"]
        .as_array()
        .expect("cases")
        .iter()
        .map(|case| case["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[test]
fn what_it_says_otherwise_is_told_case_by_case() {
    let Some(project) = with_plain("") else { return };
    command(&project, "run", &["--orders", "declared", "--rounds", "1"]);
    let note = told(&project).join("; ");
    assert!(note.contains("could not be compared: it told of no case how it ended (exit code 0)"), "{note}");
    let ids = ids(&project);
    let lines: String = ids.iter().map(|id| format!("ok {id}\n")).collect();
    project.write("plain.tap", &lines);
    command(&project, "run", &["--orders", "declared", "--rounds", "1"]);
    assert_eq!(told(&project), [format!("plain suite.yaml agrees {0} of {0}", ids.len())]);
    project.write("plain.tap", lines.replacen("ok ", "not ok ", 1));
    command(&project, "run", &["--orders", "declared", "--rounds", "1"]);
    let said = told(&project);
    assert_eq!(said[0], format!("plain suite.yaml agrees {} of {}", ids.len() - 1, ids.len()));
    assert!(said[1].starts_with(&format!("{}: failed in plain suite.yaml, passed here: unless", ids[0])), "{said:?}");
}
