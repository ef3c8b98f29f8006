//! Files that have no end, and names that lead to what is none.

use crate::cli::kit::{BROKEN, Project};
use std::process::Command;

/// What opens and never ends.
#[derive(Clone, Copy)]
enum Endless {
    Pipe,
    Device,
}

impl Endless {
    fn put(self, project: &Project, path: &str) {
        let path = project.path(path);
        let _ = std::fs::remove_file(&path);
        match self {
            Self::Pipe => assert!(Command::new("mkfifo").arg(&path).status().is_ok_and(|status| status.success())),
            Self::Device => std::os::unix::fs::symlink("/dev/zero", &path).expect("linked"),
        }
    }
}

/// Each file of a project in turn is replaced by one that never ends; the command ends all the same, and says so.
#[test]
fn a_file_without_end_is_refused_by_name_wherever_it_stands() {
    let run = &["run", "--rounds", "1", "--no-alone"][..];
    for (path, arguments) in [
        ("steadfast.toml", &["check"][..]),
        ("steadfast.toml", run),
        ("quarantine.toml", run),
        ("order", &["run", "--order", "order"]),
        ("system.yaml", &["check", "--system", "system.yaml"]),
        ("scenarios/one.yaml", &["check", "scenarios/one.yaml"]),
        ("suite.yaml", &["list", "--suite", "command:suite.yaml"]),
        ("repro.json", &["repro", "repro.json"]),
        ("reports/runs/mine/events.jsonl", &["report", "reports/runs/mine"]),
        ("out.json", &["run", "--rounds", "1", "--no-alone", "--order", "out.json"]),
    ] {
        for endless in [Endless::Pipe, Endless::Device] {
            let project = Project::new().with("scenarios/wrong.yaml", BROKEN).with("reports/runs/mine/lock", "");
            endless.put(&project, path);
            let ended = project.run(arguments);
            assert_eq!(ended.code, Some(2), "{path}: {}{}", ended.out, ended.err);
        }
    }
}

#[test]
fn a_folder_without_junit_files_is_told_as_that() {
    let project = Project::that_passes().with("ci/notes.txt", "");
    let id = project.run(&["list"]).exits(0).out.lines().next().expect("a case").to_owned();
    for arguments in [&["history", "import", "ci"][..], &["why", &id, "--junit-in", "ci"]] {
        let ended = project.run(arguments).exits(2);
        assert!(ended.err.contains("ci: no file in it ends in `.xml`"), "{}", ended.err);
    }
}

#[test]
fn a_configuration_that_leads_nowhere_is_not_taken_for_absent() {
    let project = Project::that_passes();
    std::os::unix::fs::symlink("/nowhere/steadfast.toml", project.path("steadfast.toml")).expect("linked");
    project.run(&["check"]).exits(2).says(&["steadfast.toml"]);
    let project = Project::that_passes();
    std::fs::create_dir(project.path("steadfast.toml")).expect("a folder");
    project.run(&["check"]).exits(2).says(&["steadfast.toml", "not a regular file"]);
}

/// What a runner or a driver of a profile leads to, and what only a look at the project reads.
#[test]
fn a_listing_a_driver_and_what_shows_a_suite_may_be_files_without_end() {
    let list = "list: { command: [sh, suite.sh], from: cases }\nrun: { command: [sh, suite.sh, '${case}'] }\nresults: { exit_code: {} }\n";
    let driver = format!("drivers: [mine.js]\n{}", list.replace(", from: cases", ""));
    for endless in [Endless::Pipe, Endless::Device] {
        let project = Project::new().with("suite.yaml", list).with("suite.sh", "echo a");
        endless.put(&project, "cases");
        project.run(&["list", "--suite", "command:suite.yaml"]).exits(2).says(&["cases", "not a regular file"]);
        let project = Project::new().with("suite.yaml", &driver).with("suite.sh", "echo a");
        endless.put(&project, "mine.js");
        project.run(&["list", "--suite", "command:suite.yaml"]).exits(2).says(&["mine.js", "not a regular file"]);
        let project = Project::new();
        endless.put(&project, "package.json");
        endless.put(&project, "pyproject.toml");
        endless.put(&project, "Cargo.toml");
        endless.put(&project, "go.mod");
        project.run(&["init", "--ci", "github"]).exits(0);
        project.run(&["list", "--suite", "auto"]).exits(2);
    }
}
