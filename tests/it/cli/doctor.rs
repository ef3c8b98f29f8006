//! `steadfast providers doctor`. The program that is examined is this test program, with one test chosen.

#![allow(clippy::print_stdout, reason = "it is a program, and its output is what is tested")]

use crate::cli::kit::{Ended, Project, Running};

/// Asks the addresses of its environment, as a program with addresses in its code does.
#[test]
#[ignore = "the program that is examined: started by tests of the doctor"]
fn asks() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = steadfast::platform::http_client().build().expect("a client");
    for url in std::env::var("DOCTOR_ASKS").unwrap_or_default().split_whitespace() {
        let body = r#"{"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}"#;
        let request = client.post(url).bearer_auth("any").header("anthropic-version", "2023-06-01").body(body);
        let status = runtime.block_on(request.send()).expect("an answer").status();
        println!("{url}: {status}");
    }
}

const ANTHROPIC: &str = "http://api.anthropic.com/v1/messages";
const DEEPSEEK: &str = "http://api.deepseek.com/chat/completions";

fn examine(project: &Project, arguments: &[&str], urls: &str) -> Ended {
    let program = std::env::current_exe().expect("this program has a path").display().to_string();
    let mut all = vec!["providers", "doctor"];
    all.extend(arguments);
    all.extend(["--", &program, "cli::doctor::asks", "--exact", "--ignored", "--nocapture"]);
    let mut command = project.command(&all);
    command.env("DOCTOR_ASKS", urls);
    Running::of(command).wait()
}

#[test]
fn a_provider_that_is_reached_is_told_with_what_was_asked() {
    let project = Project::new();
    let told = examine(&project, &[], &format!("{ANTHROPIC} {ANTHROPIC} {DEEPSEEK}"));
    told.exits(0).says(&["claude    reached: 2 messages", "deepseek  reached: 1 completions", "mistral   never\n"]);
    project.assert_nothing_left();
}

#[test]
fn a_provider_that_is_scripted_and_never_called_is_found() {
    let file = "providers:\n  claude: { reply: Hello }\n  deepseek: { reply: Hello }\n";
    let project = Project::new().with("providers.yaml", file);
    let told = examine(&project, &["--providers", "providers.yaml"], ANTHROPIC);
    told.exits(1).says(&["never: the deepseek client was never called: could it be built?", "claude    reached"]);
    let told = examine(&project, &["--providers", "providers.yaml"], &format!("{ANTHROPIC} {DEEPSEEK}"));
    told.exits(0);
}

#[test]
fn a_host_that_is_no_providers_is_refused_by_name() {
    let project = Project::new();
    let told = examine(&project, &[], &format!("{ANTHROPIC} http://telemetry.example.com/x"));
    told.exits(1).says(&["telemetry.example.com/x: 403", "refused: telemetry.example.com:80 is no provider's"]);
}

#[test]
fn a_call_that_the_file_does_not_cover_is_told() {
    let project = Project::new().with("providers.yaml", "providers:\n  claude: { reply: Hello }\n");
    let told = examine(&project, &["--providers", "providers.yaml"], &format!("{ANTHROPIC} {DEEPSEEK}"));
    told.exits(1).says(&["unscripted: deepseek completions model m"]);
}

#[test]
fn a_program_that_reaches_nobody_is_told_what_to_look_for() {
    let told = examine(&Project::new(), &[], "");
    told.exits(1).says(&["no provider was reached at all"]);
}

#[test]
fn a_file_that_is_wrong_starts_nothing() {
    let project = Project::new().with("providers.yaml", "providers:\n  claud: { reply: Hello }\nmodel: [x]\n");
    let told = examine(&project, &["--providers", "providers.yaml"], "");
    told.exits(2).says(&["unknown provider `claud`", "unknown key `model`", "providers.yaml"]);
}

#[test]
fn a_program_that_can_not_be_started_is_the_subjects_failure() {
    let project = Project::new();
    project.run(&["providers", "doctor", "--", "/no/such/program"]).exits(4).says(&["can't start `/no/such/program`"]);
    project.run(&["providers", "doctor"]).exits(2);
    project.assert_nothing_left();
}
