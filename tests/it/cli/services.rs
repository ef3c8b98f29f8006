//! A Python service with real SDKs, whose providers' addresses are written into its code: `fixtures/services`.

use crate::cli::kit::{Ended, Project, Running, case};
use std::io::Write;
use std::path::Path;

/// Scenarios about these keep to what the fixture can do; where they don't, they are skipped with the reason.
const COVERED: [&str; 3] = ["providers", "fallback", "languages"];

fn python() -> Option<String> {
    let python = std::env::var("STEADFAST_SDK_PYTHON").ok();
    if python.is_none() {
        let text = "skipped: STEADFAST_SDK_PYTHON names no python with the packages of tests/sdk/requirements.txt\n";
        std::io::stderr().write_all(text.as_bytes()).expect("stderr is there");
    }
    python
}

/// A project with the shipped scenarios and the fixture.
fn project() -> Project {
    let project = Project::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in COVERED
        .map(|module| format!("scenarios/{module}"))
        .iter()
        .map(String::as_str)
        .chain(["scenarios/budget", "fixtures/services/fastapi_tutor"])
    {
        for entry in std::fs::read_dir(root.join(folder)).expect("it is there").flatten() {
            if entry.path().is_file() {
                let name = entry.file_name().to_string_lossy().into_owned();
                project.write(&format!("{folder}/{name}"), std::fs::read(entry.path()).expect("a file"));
            }
        }
    }
    project
}

fn run(project: &Project, python: &str, defect: &str, more: &[&str]) -> Ended {
    let mut arguments = vec!["run", "--system", "fixtures/services/fastapi_tutor/system.yaml"];
    arguments.extend(["--orders", "declared", "--case-timeout", "60s"]);
    arguments.extend(more);
    let mut command = project.command(&arguments);
    command.env("STEADFAST_SDK_PYTHON", python).env("FASTAPI_TUTOR_DEFECT", defect);
    Running::of(command).wait()
}

#[test]
fn the_shipped_scenarios_run_against_a_service_with_real_sdks() {
    let Some(python) = python() else { return };
    let project = project();
    let folders = COVERED.map(|module| format!("scenarios/{module}"));
    // What the service leaves behind is looked at case by case, below: here it would take twice the time.
    let arguments = [folders.each_ref().map(String::as_str).as_slice(), &["--no-leaks"]].concat();
    run(&project, &python, "", &arguments).exits(0);
    let report = project.report();
    let cases = report["cases"].as_array().expect("cases");
    let stable = cases.iter().filter(|case| case["verdict"] == "stable").count();
    let skipped = cases.iter().filter(|case| case["verdict"] == "skipped").count();
    assert_eq!(stable + skipped, cases.len());
    assert!(stable > 10 * skipped && stable > 300, "{stable} stable, {skipped} skipped");
    project.assert_nothing_left();
}

/// One defect, and a scenario that must find it.
fn check(defect: &str, path: &str, id: &str, message: &str) {
    let Some(python) = python() else { return };
    let project = project();
    run(&project, &python, defect, &[path, "--filter", id, "--max-time", "90s", "--no-leaks"]).exits(1);
    let found = case(&project.report(), id).clone();
    assert_ne!(found["verdict"], "stable", "{found:#}");
    assert!(found["message"].as_str().expect("a message").contains(message), "{found:#}");
    run(&project, &python, "", &[path, "--filter", id]).exits(0);
    project.assert_nothing_left();
}

#[test]
fn an_answer_labelled_with_the_provider_that_was_asked_for_is_found() {
    let id = "fallback/only-a-429-is-a-rate-limit[provider=mistral,failure=overloaded,reason=api_unavailable]";
    check("label", "scenarios/fallback", id, "provider: expected \"ollama\", was \"mistral\"");
}

#[test]
fn a_canned_text_with_status_200_is_found() {
    let id = "fallback/ollama-is-down-as-well[provider=claude,failure=server_error]";
    check("canned", "scenarios/fallback", id, "expected 503, was 200");
}

#[test]
fn usage_that_is_never_recorded_is_found() {
    let id = "budget/an-answer-is-charged-what-it-used[provider=deepseek,input=123,output=457,cost=0.0001037]";
    check("unrecorded", "scenarios/budget", id, "used_budget");
}
