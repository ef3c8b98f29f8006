//! What new users type, and the one line that helps.

use crate::cli::kit::{GREETING, Project, Running};
use crate::pytest::kit::python;
use std::os::unix::fs::PermissionsExt;

const PASSING: &str = "def test_one():\n    assert True\n\n\ndef test_two():\n    assert True\n";

#[test]
fn an_empty_folder_is_told_what_can_be_done_there() {
    for arguments in [&["run"][..], &[]] {
        let ended = Project::new().run(arguments).exits(2);
        ended.says(&["nothing to run here", "steadfast demo", "steadfast init", "--suite pytest:DIR"]);
    }
}

#[test]
fn a_test_file_is_run_with_its_suite() {
    let Some(python) = python() else { return };
    let python = python.display().to_string();
    let project = Project::new().with("tests/test_a.py", PASSING).with("tests/test_b.py", PASSING);
    let run = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("STEADFAST_PYTHON", &python);
        Running::of(command).wait()
    };
    run(&["run", "tests/test_a.py", "--dry-run"]).exits(0).says(&["2 cases", "nothing was run"]);
    run(&["run", "--suite", "pytest", "--dry-run"]).exits(0).says(&["4 cases"]);
    run(&["run", "tests", "-k", "test_b and not two", "--dry-run"]).exits(0).says(&["1 case,"]);
    let ended = run(&["run", "tests/test_a.py::test_one", "--rounds", "3", "--quiet"]).exits(0).says(&["PASSED"]);
    assert!(ended.out.starts_with("PASSED") && ended.err.is_empty(), "{}\n{}", ended.out, ended.err);
}

#[test]
fn scenarios_of_another_folder_are_that_folders_project() {
    let (here, there) = (Project::new().with("steadfast.toml", "rounds = 4\n"), Project::new());
    let there = there.with("deep/steadfast.toml", "rounds = 2\n").with("deep/scenarios/greeting.yaml", GREETING);
    let folder = there.path("deep/scenarios").display().to_string();
    let ended = here.run(&["run", &folder, "--no-alone", "--no-leaks", "--orders", "declared"]).exits(0);
    ended.says(&["PASSED", "2 rounds", &format!("the project is {}", there.path("deep").display())]);
    assert!(there.path("deep/reports").exists() && !here.path("reports").exists());
    here.run(&["check", &format!("{folder}/greeting.yaml")]).exits(0).says(&["1 scenarios"]);
}

#[test]
fn a_test_of_another_runner_is_told_how_to_be_run() {
    let project = Project::new()
        .with("package.json", r#"{"devDependencies": {"jest": "30"}}"#)
        .with("cart.test.js", "test('a', () => {});\n");
    project.run(&["run", "cart.test.js"]).exits(2).says(&["steadfast run --suite command:jest -- cart.test.js"]);
}

#[test]
fn init_configures_the_suite_that_is_there() {
    let project = Project::new()
        .with("package.json", r#"{"devDependencies": {"jest": "30"}}"#)
        .with("package-lock.json", "{}")
        .with("cart.test.js", "test('a', () => {});\n");
    project.run(&["init", "--ci", "github,gitlab"]).exits(0).says(&["the suite is command:jest"]);
    assert!(!project.path("scenarios").exists());
    project.run(&["run", "--show-config"]).exits(0).says(&["suite = \"command:jest\""]);
    let workflow = project.read(".github/workflows/steadfast.yml");
    assert!(workflow.contains("actions/setup-node") && workflow.contains("npm ci"), "{workflow}");
    assert!(project.read(".gitlab/steadfast.yml").contains("image: node:lts"));
    assert!(project.read("reports/.gitignore").contains("/runs/"));
}

#[test]
fn an_interpreter_that_is_none_or_has_no_pytest_is_named() {
    let project = Project::new().with("test_a.py", PASSING);
    project.run(&["run", "--suite", "pytest", "--python", "/nowhere/python"]).exits(2).says(&["/nowhere/python"]);
    let bare = project.path("bare");
    project.write("bare", "#!/bin/sh\nexec python3 -S -E \"$@\"\n");
    std::fs::set_permissions(&bare, std::fs::Permissions::from_mode(0o755)).expect("an executable");
    let ended = project.run(&["run", "--suite", "pytest", "--python", &bare.display().to_string()]);
    let told = ended.out.clone() + &ended.err;
    assert!(ended.code == Some(2) && told.contains("pytest") && told.contains("--python"), "{told}");
}

#[test]
fn slips_in_names_that_nothing_reads_are_told() {
    let project = Project::that_passes().with("stedfast.toml", "rounds = 2\n");
    let mut command = project.command(&["run", "--dry-run"]);
    command.env("STEADFAST_JOSB", "2");
    let ended = Running::of(command).wait().exits(0);
    ended.says(&["stedfast.toml is not read", "STEADFAST_JOSB is not read", "did you mean STEADFAST_JOBS?"]);
}

#[test]
fn progress_goes_to_standard_error_and_the_result_to_standard_output() {
    let project = Project::new().with("scenarios/one.yaml", GREETING);
    let ended = project.run(&["run", "--rounds", "3", "--no-leaks"]).exits(0);
    assert!(ended.out.starts_with("PASSED"), "{}", ended.out);
    assert!(ended.err.contains("4 cases, ") && ended.err.contains(" of 8: reverse, "), "{}", ended.err);
    let verbose = project.run(&["run", "--rounds", "3", "--no-leaks", "--verbose"]).exits(0);
    assert!(verbose.err.contains(": alone, "), "{}", verbose.err);
    let quiet = project.run(&["run", "--rounds", "3", "--no-leaks", "-q"]).exits(0);
    assert!(quiet.err.is_empty() && quiet.out.starts_with("PASSED"), "{}", quiet.err);
    project.run(&["run", "-q", "-v"]).exits(2);
}

#[test]
fn colours_come_when_they_are_asked_for_and_lines_fit_a_narrow_terminal() {
    let project = Project::new().with("scenarios/one.yaml", GREETING);
    let run = |color: &str| {
        let mut command = project.command(&["run", "--rounds", "2", "--no-leaks", "--no-alone", "--color", color]);
        command.env("COLUMNS", "60");
        Running::of(command).wait().exits(0).out
    };
    assert!(run("always").contains("\u{1b}["));
    let plain = run("never");
    assert!(!plain.contains('\u{1b}'), "{plain}");
    // A path can't be broken; everything else is.
    let too_long = |line: &&str| line.chars().count() > 60 && !line.contains('/');
    assert_eq!(plain.lines().find(too_long), None, "{plain}");
}

#[test]
fn the_demo_finds_what_it_promises_and_leaves_full_folders_alone() {
    let Some(python) = python() else { return };
    let python = python.display().to_string();
    let project = Project::new();
    let ended = project.run(&["demo", "here", "--python", &python]).exits(0);
    ended.says(&[
        "$ steadfast run --quiet --suite pytest:. --seed 5eed",
        "FAILED",
        "test_cart.py::test_two_apples_cost_six",
        "after test_sale.py::test_a_sale_makes_apples_cheaper",
        "What that says",
        "$ steadfast run --quiet --seed 5eed scenarios",
        "PASSED",
    ]);
    project.run(&["demo", "here"]).exits(2).says(&["is not empty"]);
}
