//! Files that come from a branch or an artefact, and ask for what only whoever runs may give.

use crate::cli::kit::{BROKEN, Project, case};
use serde_json::{Value, json};

const EVIL: &str = "#!/bin/sh\ntouch pwned\necho 'a: test'\n";

/// A project with a run that has a repro, and the repro's path.
fn with_repro() -> (Project, String) {
    let project = Project::new().with("scenarios/wrong.yaml", BROKEN).with("evil.sh", EVIL);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(project.path("evil.sh"), mode).expect("made a program");
    project.run(&["run", "--rounds", "1", "--no-alone", "--seed", "1"]).exits(1);
    let repro = case(&project.report(), "wrong")["repro"].as_str().expect("a repro").to_owned();
    (project, format!("reports/latest/{repro}"))
}

/// Changes what a repro file says of its subject.
fn change(project: &Project, repro: &str, change: impl FnOnce(&mut Value)) {
    let mut file: Value = serde_json::from_str(&project.read(repro)).expect("JSON");
    change(&mut file["subject"]["spec"]);
    project.write(repro, file.to_string());
}

/// The same of the journal of the latest run.
fn change_journal(project: &Project, change: impl FnOnce(&mut Value)) {
    let journal = project.read("reports/latest/events.jsonl");
    let (header, rest) = journal.split_once('\n').expect("lines");
    let mut header: Value = serde_json::from_str(header).expect("JSON");
    change(&mut header["event"]["run_started"]["subject"]["spec"]);
    let path = project.path("reports/latest/events.jsonl");
    std::fs::write(path, format!("{header}\n{rest}")).expect("written");
}

fn command(project: &Project) -> Value {
    let root = project.path("").canonicalize().expect("it is there");
    json!({ "kind": "command", "root": root, "profile": "libtest", "arguments": ["./evil.sh"] })
}

#[test]
fn a_repro_file_opens_no_network() {
    let (project, repro) = with_repro();
    project.run(&["repro", &repro, "--times", "1"]).exits(1).says(&["shows (1 of 1)"]);
    change(&project, &repro, |spec| spec["reach"] = json!("network"));
    project.run(&["repro", &repro, "--times", "1"]).exits(2).says(&["requests to other machines", "--trust"]);
    project.run(&["repro", &repro, "--times", "1", "--allow-network"]).exits(1).says(&["shows (1 of 1)"]);
    project.run(&["repro", &repro, "--times", "1", "--trust"]).exits(1).says(&["shows (1 of 1)"]);
}

#[test]
fn a_repro_file_starts_no_program_and_brings_no_defect() {
    let (project, repro) = with_repro();
    let spec = command(&project);
    change(&project, &repro, |found| *found = spec);
    project.run(&["repro", &repro, "--times", "1"]).exits(2).says(&["a command: -- ./evil.sh"]);
    assert!(!project.path("pwned").exists(), "it was started");
    project.run(&["repro", &repro, "--times", "1", "--", "./other.sh"]).exits(2).says(&["a command: -- ./evil.sh"]);
    assert!(!project.path("pwned").exists(), "it was started");
    project.run(&["repro", &repro, "--times", "1", "--", "./evil.sh"]).exits(2).says(&["no longer exists"]);
    assert!(project.path("pwned").exists(), "whoever runs asked for it");
    let (project, repro) = with_repro();
    change(&project, &repro, |spec| spec["defects"] = json!(["stale-health"]));
    project.run(&["repro", &repro, "--times", "1"]).exits(2).says(&["defects of the tutor"]);
}

#[test]
fn an_interpreter_of_a_repro_file_is_not_started() {
    let (project, repro) = with_repro();
    let folder = project.path("").canonicalize().expect("it is there");
    let python = folder.join("evil.sh");
    let spec = json!({ "kind": "suite", "folder": folder, "python": python, "python_from": "--python" });
    change(&project, &repro, |found| *found = spec);
    project.run(&["repro", &repro, "--times", "1"]).exits(2).says(&["the interpreter", "--python"]);
    assert!(!project.path("pwned").exists(), "it was started");
}

#[test]
fn a_journal_gives_no_leave_either() {
    let (project, _) = with_repro();
    change_journal(&project, |spec| spec["reach"] = json!("network"));
    project.run(&["run", "--resume", "latest"]).exits(2).says(&["requests to other machines"]);
    project.run(&["minimise", "latest"]).exits(2).says(&["requests to other machines"]);
    project.run(&["run", "--resume", "latest", "--allow-network"]).exits(1);
    let spec = command(&project);
    change_journal(&project, |found| *found = spec);
    for arguments in [&["run", "--resume", "latest"][..], &["minimise", "latest"]] {
        project.run(arguments).exits(2).says(&["a command: -- ./evil.sh"]);
    }
    assert!(!project.path("pwned").exists(), "it was started");
}

#[test]
fn no_file_gives_leave_for_everything() {
    let (project, repro) = with_repro();
    change(&project, &repro, |spec| spec["reach"] = json!("network"));
    project.write("steadfast.toml", "trust = true\n");
    project.run(&["repro", &repro, "--times", "1"]).exits(2);
    project.write("steadfast.toml", "");
    let mut command = project.command(&["repro", &repro, "--times", "1"]);
    command.env("STEADFAST_TRUST", "true");
    crate::cli::kit::Running::of(command).wait().exits(2);
}
