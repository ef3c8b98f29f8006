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

/// Faults of the second tutor of `examples`, and for each a shipped scenario of few cases that finds it.
/// `checks/second_tutor` plants all ten, and runs the healthy tutor for twenty rounds.
const FAULTS: [(&str, &str); 4] = [
    ("wrong_month", "budget/last-month-is-another-month"),
    ("double_charge", "budget/an-answer-is-charged-once-however-often-it-was-asked-for"),
    ("shared_cache", "conversations/the-cache-is-each-learners-own"),
    ("bound_session", "budget/an-answer-is-charged-once-however-often-it-was-asked-for"),
];

#[test]
fn faults_of_a_strangers_tutor_are_found_by_shipped_scenarios_and_the_healthy_one_passes_them() {
    let Some(python) = python() else { return };
    let project = Project::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = FAULTS.map(|(_, scenario)| format!("scenarios/{scenario}.yaml"));
    for file in
        files.iter().map(String::as_str).chain(["examples/second_tutor/app.py", "examples/second_tutor/system.yaml"])
    {
        project.write(file, std::fs::read(root.join(file)).expect("a file"));
    }
    let environment = Path::new(&python).parent().and_then(Path::parent).expect("a virtual environment").to_owned();
    let run = |paths: &[&str], fault: &str| {
        let system = ["run", "--system", "examples/second_tutor/system.yaml", "--orders", "declared", "--no-leaks"];
        let arguments = [system.as_slice(), &["--max-time", "60s", "--case-timeout", "60s"], paths].concat();
        let mut command = project.command(&arguments);
        command.env("VIRTUAL_ENV", &environment).env("SECOND_TUTOR_FAULT", fault);
        Running::of(command).wait()
    };
    for (fault, scenario) in FAULTS {
        run(&[&format!("scenarios/{scenario}.yaml")], fault).exits(1);
        let report = project.report();
        let cases = report["cases"].as_array().expect("cases");
        let is_found =
            |case: &serde_json::Value| !matches!(case["verdict"].as_str(), Some("stable" | "skipped" | "unproven"));
        assert!(cases.iter().any(is_found), "{fault}: {report:#}");
    }
    run(&["scenarios"], "").exits(0);
    project.assert_nothing_left();
}

/// What the second tutor can't be asked, what it does by its own design, and a race that it is slow to run.
const HARD: [&str; 4] = [
    "providers/an-unknown-name-is-refused-with-the-known-ones",
    "faults/after-the-cloud-ollama-is-tried-once",
    "faults/where-the-cloud-and-ollama-fail-nobody-else-is-asked",
    "budget/calls-that-race-share-what-is-left",
];

#[test]
fn a_strangers_tutor_is_not_accused_of_what_it_can_not_be_asked_nor_of_being_slow() {
    let Some(python) = python() else { return };
    let project = Project::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = HARD.map(|scenario| format!("scenarios/{scenario}.yaml"));
    let system = ["examples/second_tutor/app.py", "examples/second_tutor/system.yaml"];
    for file in files.iter().map(String::as_str).chain(system) {
        project.write(file, std::fs::read(root.join(file)).expect("a file"));
    }
    let environment = Path::new(&python).parent().and_then(Path::parent).expect("a virtual environment").to_owned();
    // Of the races one is enough: eight lessons that begin 0.4 s after one another.
    let filter = "providers/*, faults/*, budget/*limit=0.0004125*";
    let arguments = ["run", "--system", system[1], "--orders", "declared", "--no-leaks", "--filter", filter];
    let mut command = project.command(&arguments);
    command.env("VIRTUAL_ENV", &environment).env("SECOND_TUTOR_PACE", "0.4");
    Running::of(command).wait().exits(0);
    let report = project.report();
    let cases = report["cases"].as_array().expect("cases");
    let why = |id: &str| {
        let case = cases.iter().find(|case| case["id"].as_str().is_some_and(|found| found.starts_with(id)));
        let case = case.unwrap_or_else(|| panic!("no {id} in {report:#}"));
        (case["verdict"].as_str().unwrap_or_default(), case["reason"].as_str().unwrap_or_default())
    };
    let (verdict, reason) = why("providers/an-unknown-name-is-refused-with-the-known-ones[name=Claude]");
    assert!(verdict == "skipped" && reason.contains("chat.provider \"Claude\" (the request joins it"), "{reason}");
    assert_eq!(why("providers/an-unknown-name-is-refused-with-the-known-ones[name=gpt]").0, "stable");
    let (verdict, reason) = why("faults/after-the-cloud-ollama-is-tried-once");
    assert!(verdict == "skipped" && reason.contains("can't do: single_attempts"), "{reason}");
    assert_eq!(why("faults/where-the-cloud-and-ollama-fail").0, "stable");
    assert_eq!(why("budget/calls-that-race").0, "stable");
}

#[test]
fn a_system_is_tried_verb_by_verb_and_begun_from_a_document() {
    let project = Project::that_passes();
    let tried = project.run(&["system", "check", "embedded"]).exits(0);
    tried.says(&["reset", "POST /admin/reset", "chat", "provider \"mistral\"", "conversation", "cases can run"]);
    let broken = "system: broken\nextends: embedded\nverbs: { budget: { get: /nowhere, answer: [used_budget] } }\n";
    project.write("broken.yaml", broken);
    project.run(&["system", "check", "broken.yaml"]).exits(1).says(&["GET /nowhere", "404", "FAILED"]);
    let own_words = "system: own\nextends: embedded\nverbs: { estimate: { post: /estimate, body: { language: \"${language}\" }, answer: { provider: $.reason } } }\n";
    project.write("own.yaml", own_words);
    let named = project.run(&["system", "check", "own.yaml"]).exits(1);
    named.says(&["NO PROVIDER: \"", "names: { provider: { "]);
    let other_status = "scenario: a stranger is not there\nsteps:\n  - http: { get: /budget, auth: none }\n    expect: { status: 404 }\n";
    project.write("scenarios/other.yaml", other_status);
    let other = ["run", "scenarios/other.yaml", "--system", "process", "--orders", "declared", "--no-leaks"];
    project.run(&other).exits(1).says(&["`statuses: { 404: [404, 401] }`"]);
    project.write("openapi.json", r#"{"info": {"title": "T"}, "paths": {"/chat": {"post": {}}}}"#);
    let begun = project.run(&["system", "init", "openapi.json"]).exits(0);
    begun.says(&[
        "system: \"T\"",
        "post: \"/chat\"",
        "# ? answer: { text: $.…, provider: $.…",
        "Not found in the document, and skipped: register",
    ]);
    project.run(&["system", "init", "broken.yaml"]).exits(2).says(&["no JSON document"]);
}

/// A system that can do next to nothing, and tells nothing but a text.
const MINIMAL: &str = "
system: minimal
extends: embedded
reset: { post: /admin/reset, auth: admin }
refusal: {}
call_language: 'Reply in language: (\\S+?)\\.(?:\\s|$)'
can: [reset, journal]
verbs:
  register: { post: /auth/register, body: { name: \"${name}\", password: \"${password}\" }, answer: [token] }
  chat: { post: /chat, body: { message: \"${message}\", language: \"${language}${\\\"-\\\"+provider?}\" }, answer: [text] }
  login:
  estimate:
  settings:
  budget:
  models:
  languages:
  health:
  conversation:
  history:
  transcribe:
  synthesize:
  voices:
  speech_status:
";

#[test]
fn on_a_minimal_system_all_scenarios_pass_or_are_skipped_with_the_binding_that_is_missing() {
    let project = Project::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    for module in std::fs::read_dir(&root).expect("it is there").flatten() {
        for file in std::fs::read_dir(module.path()).expect("a folder").flatten() {
            let name = format!("scenarios/{}/{}", module.file_name().display(), file.file_name().display());
            project.write(&name, std::fs::read(file.path()).expect("a file"));
        }
    }
    project.write("minimal.yaml", MINIMAL);
    project.run(&["run", "--system", "minimal.yaml", "--orders", "declared", "--no-leaks"]).exits(0);
    let report = project.report();
    let cases = report["cases"].as_array().expect("cases");
    let of = |verdict: &str| cases.iter().filter(|case| case["verdict"] == verdict).collect::<Vec<_>>();
    assert!(of("stable").len() > 80, "{} stable of {}", of("stable").len(), cases.len());
    assert_eq!(of("stable").len() + of("skipped").len(), cases.len());
    for case in of("skipped") {
        let message = case["reason"].as_str().unwrap_or_default();
        assert!(message.contains("can't do: ") || message.contains("tells nothing of"), "{case:#}");
    }
    // What is asked by the reference tutor's own paths is asked of nobody else.
    let listed = project.run(&["list", "--system", "minimal.yaml"]).exits(0).out;
    assert!(
        listed.contains("contract/readiness-needs-no-token  # skipped: the system `minimal` can't do: "),
        "{listed}"
    );
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
