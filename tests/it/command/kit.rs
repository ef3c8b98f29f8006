//! The runner of the fixtures in a project of its own, under a profile of each form.

use crate::cli::kit::{Ended, Project};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// After this a test gives up waiting.
const PATIENCE: Duration = Duration::from_secs(600);

/// How the fixture's runner is run and read: the end of its profile.
pub const FORMS: &[(&str, &str)] = &[
    ("tap", "run: { command: [python3, runner.py, tap, '${cases}'] }\nresults: { tap: {} }\n"),
    (
        "json lines",
        "run: { command: [python3, runner.py, json, --file, '${cases_file}'] }\nresults: { json_lines: {} }\n",
    ),
    (
        "junit",
        "run: { command: [python3, runner.py, 'junit:${scratch}/out.xml', '${cases}'] }\n\
         results: { junit: { files: ['${scratch}/*.xml'], id: '${name}' } }\n",
    ),
];

/// The form in which each case has a process of its own.
pub const EXIT: &str =
    "run: { command: [python3, runner.py, exit, '${case}'] }\nresults: { exit_code: { skipped: [77] } }\n";

/// Whether there is a Python to run the fixture with. Where there is none, says so.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
pub fn has_python() -> bool {
    let has = Command::new("python3").arg("--version").output().is_ok_and(|run| run.status.success());
    if !has {
        eprintln!("skipped: there is no python3");
    }
    has
}

/// The folder with the packages of `tests/node/package.json`. Where there is none, says so.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
pub fn node_modules() -> Option<PathBuf> {
    let modules = std::env::var_os("STEADFAST_NODE_MODULES").map(PathBuf::from);
    if modules.is_none() {
        eprintln!("skipped: STEADFAST_NODE_MODULES names no node_modules with the packages of tests/node/package.json");
    }
    modules
}

pub fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/suites").join(path)
}

/// A project with the fixture's runner, told to list one of its suites; nothing where there is no Python.
pub fn project(suite: &str, form: &str) -> Option<Project> {
    if !has_python() {
        return None;
    }
    let runner = std::fs::read(fixture("command/runner.py")).expect("the fixture is there");
    let profile = format!("list: {{ command: [python3, runner.py, list, {suite}] }}\n{form}");
    Some(Project::new().with("runner.py", runner).with("suite.yaml", profile))
}

/// A command on the project's suite, `run` say, with more arguments.
pub fn command(project: &Project, command: &str, more: &[&str]) -> Ended {
    let quick: &[&str] = if command == "run" { &["--effort", "quick"] } else { &[] };
    project.start(&[&[command, "--suite", "command:suite.yaml"], quick, more].concat()).wait_within(PATIENCE)
}

/// How a case, by its place in the listing, ended in the trials of the latest run.
pub fn outcomes(project: &Project, case: u64) -> Vec<String> {
    let journal = project.journal();
    let trials = journal.iter().filter_map(|entry| entry["event"].get("trial_finished"));
    let kinds = trials.filter(|trial| trial["case"] == case).map(|trial| trial["outcome"]["kind"].as_str());
    kinds.flatten().map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect()
}
