//! The runner alone is asked whether it comes to the same as the first round.

use crate::cli::kit::Project;
use crate::command::kit::{FORMS, command, project};
use crate::pytest::kit::notes;
use std::collections::BTreeMap;

/// A project whose runner alone, so to speak, writes this.
fn with_plain(text: &str) -> Option<Project> {
    with_plain_command("[cat, plain.tap]", text)
}

/// The same with the command of that runner, which may read what it writes from `plain.tap`.
fn with_plain_command(command: &str, text: &str) -> Option<Project> {
    let form = FORMS.iter().find(|(name, _)| *name == "tap").map(|(_, form)| *form).expect("a form");
    let project = project("healthy", &format!("{form}plain: {{ command: {command} }}\n"))?;
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
    assert!(
        said[1].starts_with(&format!("{}: failed in plain suite.yaml, passed here: tried again", ids[0])),
        "{said:?}"
    );
    assert!(said[1].contains("the same (3 of 3)"), "{said:?}");
}

/// A teardown around all tests that fails, a goroutine that is left: the runner fails, and no case of it does. A run that
/// says "passed" would be wrong, and one that accuses a case as well.
#[test]
fn a_runner_that_fails_though_no_case_does_proves_nothing() {
    let plain = "[sh, -c, 'cat plain.tap; echo one goroutine is left >&2; exit $(cat code)']";
    let Some(project) = with_plain_command(plain, "ok others") else { return };
    project.write("code", "1");
    let arguments = ["--orders", "declared", "--rounds", "1"];
    let ended = command(&project, "run", &arguments);
    ended
        .exits(3)
        .says(&["plain suite.yaml fails though none of its cases does (exit code 1; it last wrote:", "goroutine"]);
    assert!(verdicts(&project).values().all(|(verdict, _)| verdict == "stable"), "{:?}", verdicts(&project));
    for (code, told) in [("0", "ok others"), ("1", "not ok others")] {
        project.write("code", code);
        project.write("plain.tap", told);
        command(&project, "run", &arguments).exits(0);
    }
}

/// A server that a test left open keeps some runners for ever. What they told of all cases counts.
#[test]
fn a_runner_that_told_of_all_cases_and_never_ends_is_ended() {
    let plain = "[sh, -c, 'cat plain.tap; exec $(cat then)']";
    let Some(project) = with_plain_command(plain, "ok others") else { return };
    project.write("then", "true");
    let arguments = ["--orders", "declared", "--rounds", "1"];
    command(&project, "run", &arguments).exits(0);
    let ids = ids(&project);
    project.write("plain.tap", ids.iter().map(|id| format!("ok {id}\n")).collect::<String>());
    project.write("then", "sleep 3000");
    command(&project, "run", &arguments).exits(0);
    assert_eq!(told(&project), [format!("plain suite.yaml agrees {0} of {0}", ids.len())]);
    project.assert_nothing_left();
}

/// The verdict and the reason of each case, by id.
fn verdicts(project: &Project) -> BTreeMap<String, (String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let report = project.report();
    let cases = report["cases"].as_array().expect("cases").iter();
    cases.map(|case| (text(&case["id"]), (text(&case["verdict"]), text(&case["reason"])))).collect()
}

/// What passes in every round here and fails in the runner alone is a disagreement: nobody is accused, and nothing is proven.
#[test]
fn a_case_about_which_the_runner_alone_disagrees_is_accused_of_nothing() {
    let Some(project) = with_plain("") else { return };
    command(&project, "run", &["--orders", "declared", "--rounds", "1"]);
    let ids = ids(&project);
    let lines: String = ids.iter().map(|id| format!("ok {id}\n")).collect();
    project.write("plain.tap", lines.replacen("ok ", "not ok ", 1));
    command(&project, "run", &[]).exits(3);
    for (id, (verdict, reason)) in verdicts(&project) {
        let differs = id == ids[0];
        assert_eq!(verdict, if differs { "disagrees" } else { "stable" }, "{id}");
        assert_eq!(reason.contains("plain suite.yaml says failed, 3 of 3 times"), differs, "{id}: {reason}");
    }
}

/// What the order decides is no disagreement with a runner that may have another order: the victim stays one.
#[test]
fn a_victim_stays_one_where_the_runner_alone_has_another_order() {
    let form = FORMS.iter().find(|(name, _)| *name == "tap").map(|(_, form)| *form).expect("a form");
    let plain = "plain: { command: [cat, plain.tap] }\n";
    let Some(project) = project("orders", &format!("{form}{plain}")) else { return };
    project.write("plain.tap", "");
    command(&project, "run", &["--seed", "1"]).exits(1);
    let before = verdicts(&project);
    assert!(before.values().any(|(verdict, _)| verdict == "order_dependent"), "{before:?}");
    // The runner alone says that everything passes.
    project.write("plain.tap", before.keys().map(|id| format!("ok {id}\n")).collect::<String>());
    command(&project, "run", &["--seed", "1"]).exits(1);
    let after = verdicts(&project);
    for (id, (verdict, _)) in before.iter().filter(|(_, (verdict, _))| verdict == "order_dependent") {
        assert_eq!(&after[id].0, verdict, "{id}: {after:?}");
    }
}
