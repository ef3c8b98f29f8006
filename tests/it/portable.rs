//! Runs and repro files in another checkout, and the refusal to test another one than they speak of.

use crate::cli::kit::{BROKEN, Project, case, until};
use std::path::Path;
use std::process::Command;

fn git(folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=ana", "-c", "user.email=ana@example.org"]).args(arguments).current_dir(folder);
    let output = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().expect("git starts");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The project's tree, committed.
fn committed(project: &Project) {
    project.write(".gitignore", "reports/\n");
    git(&project.path(""), &["init", "-q"]);
    git(&project.path(""), &["add", "-A"]);
    git(&project.path(""), &["commit", "-q", "-m", "all"]);
}

#[test]
fn a_repro_shows_in_another_checkout_and_says_which_it_tested() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    committed(&project);
    project.run(&["run", "--rounds", "1", "--seed", "1", "--no-alone"]).exits(1);
    let repro = case(&project.report(), "wrong")["repro"].as_str().expect("a repro").to_owned();
    let text = project.read(&format!("reports/latest/{repro}"));
    let here = project.path("").display().to_string();
    let here = here.trim_end_matches('/');
    assert!(!text.contains(here), "{text}");
    assert!(!project.read("reports/latest/events.jsonl").contains(here));
    // A colleague's checkout, in which the cause is mended.
    let other = Project::that_passes().with("scenarios/wrong.yaml", BROKEN).with("found.json", &text);
    other.run(&["repro", "found.json", "--times", "1"]).exits(1).says(&[
        "shows (1 of 1)",
        "tested",
        "the run had commit",
    ]);
    other.write("scenarios/wrong.yaml", BROKEN.replace("provider: mistral }", "provider: claude }"));
    other.run(&["repro", "found.json", "--times", "1"]).exits(0).says(&["gone (0 of 1)"]);
    // The other tree is tested only if somebody says so.
    other
        .run(&["repro", "found.json", "--times", "1", "--root", here])
        .exits(1)
        .says(&["as in the run", "shows (1 of 1)"]);
    let reports = project.path("reports/latest").display().to_string();
    other.run(&["report", &reports]).exits(0).says(&["wrong"]);
}

#[test]
fn a_run_does_not_go_on_with_another_commit() {
    let project = Project::that_passes().with("shop/cart.py", "price = 1\n");
    committed(&project);
    let slow = ["run", "--rounds", "400", "--seed", "3", "--jobs", "1", "--no-history"];
    let running = project.start(&slow);
    let begun = || {
        project.path("reports/latest/events.jsonl").exists()
            && project.read("reports/latest/events.jsonl").lines().count() > 20
    };
    until("rounds are run", begun);
    running.signal(rustix::process::Signal::INT);
    running.wait().exits(130);
    project.write("shop/cart.py", "price = 2\n");
    let resume = ["run", "--resume", "latest", "--no-history", "--max-time", "20s"];
    project.run(&resume).exits(2).says(&["the code under test: commit", "with changes", "then", "now"]);
    git(&project.path(""), &["commit", "-qam", "another price"]);
    project.run(&resume).exits(2).says(&["the code under test: commit"]);
    git(&project.path(""), &["checkout", "-q", "HEAD~1"]);
    let again = project.run(&resume);
    assert_ne!(again.code, Some(2), "{}", again.err);
}

#[test]
fn a_suite_is_remembered_in_another_checkout_and_after_an_upgrade() {
    let Some(python) = crate::pytest::kit::python() else { return };
    let python = python.display().to_string();
    let run = |project: &Project, more: &[&str]| {
        let arguments = ["run", "--suite", "pytest:suite", "--python", &python, "--effort", "quick", "--rounds", "2"];
        project.start(&[&arguments[..], more].concat()).wait_within(std::time::Duration::from_secs(600)).exits(1);
        project.report()["history"]["runs"].as_u64()
    };
    let failing = || Project::new().with("suite/test_shop.py", "def test_wrong():\n    assert False\n");
    let (project, other) = (failing(), failing());
    let history = project.path("h.sqlite").display().to_string();
    assert_eq!(run(&project, &["--history", &history]), Some(0));
    assert_eq!(run(&other, &["--history", &history]), Some(1));
    // As an older program named it: with versions and with the whole path.
    let folder = other.path("suite").canonicalize().expect("it is there");
    let database = rusqlite::Connection::open(&history).expect("a history");
    let older = format!("pytest 7.0.0 on Python 3.8.1 in {}", folder.display());
    database.execute("UPDATE runs SET suite = ?1", [&older]).expect("it is renamed");
    drop(database);
    assert_eq!(run(&other, &["--history", &history]), Some(2));
    assert_eq!(run(&project, &["--history", &history, "--suite-name", "shop"]), Some(0));
    assert_eq!(run(&other, &["--history", &history, "--suite-name", "shop"]), Some(1));
}
