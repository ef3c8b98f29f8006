//! Secrets: what scenarios take from the environment, and what looks like a key, stands nowhere.

use crate::cli::fake::{chat, project, system};
use crate::cli::kit::{Project, Running, case};

const SECRET: &str = "correct-horse-battery";
const KEY: &str = "sk-ant-api03-AbCdEfGh0123456789";
const OF_THE_SYSTEM: &str = "kept \"by\" the system";

#[track_caller]
fn assert_nowhere(project: &Project, texts: &[&str]) {
    for file in project.files("reports") {
        let bytes = std::fs::read(&file).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        for secret in [SECRET, KEY, OF_THE_SYSTEM, "kept \\\"by\\\" the system"] {
            assert!(!text.contains(secret), "`{secret}` stands in {}", file.display());
        }
    }
    for text in texts {
        for secret in [SECRET, KEY, OF_THE_SYSTEM] {
            assert!(!text.contains(secret), "`{secret}` was written:\n{text}");
        }
    }
}

#[test]
fn secrets_stand_in_no_file_and_on_no_terminal_even_when_a_system_echoes_them() {
    let env = [("SECRET_OF_THE_SYSTEM", "${env.SYSTEM_SECRET}")];
    let scenario = chat("an echo", "{ claude: { reply: Bonjour } }", "echoes ${env.MY_SECRET}", "{ status: 200 }", "");
    let project = Project::new().with("fake.yaml", system(&env, "")).with("scenarios/echo.yaml", scenario);
    let with_secrets = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("MY_SECRET", SECRET).env("SYSTEM_SECRET", OF_THE_SYSTEM).env("ANTHROPIC_API_KEY", KEY);
        Running::of(command).wait()
    };
    let run = [
        "run",
        "--system",
        "fake.yaml",
        "--orders",
        "declared",
        "--rounds",
        "1",
        "--no-alone",
        "--annotations",
        "github",
    ];
    let ended = with_secrets(&run).exits(1);
    let report = project.report();
    let found = case(&report, "echo");
    assert!(found["message"].as_str().is_some_and(|message| message.contains("[secret] was refused")), "{found:#}");
    assert_nowhere(&project, &[&ended.out, &ended.err]);
    let repro = format!("reports/latest/{}", found["repro"].as_str().expect("a repro"));
    let shown = with_secrets(&["repro", &repro, "--times", "1"]).exits(1).says(&["shows (1 of 1)"]);
    let rendered = project.run(&["report", "--format", "markdown"]).exits(0);
    assert_nowhere(&project, &[&shown.out, &shown.err, &rendered.out]);
    project.assert_nothing_left();
}

#[test]
fn a_secret_that_is_not_set_is_named() {
    let scenario = chat("a secret", "{ claude: { reply: Bonjour } }", "honest ${env.MY_SECRET}", "{ status: 200 }", "");
    let project = project(&[]).with("scenarios/secret.yaml", scenario);
    let run = ["run", "--system", "fake.yaml", "--orders", "declared", "--rounds", "1", "--no-alone"];
    project.run(&run).exits(1).says(&["the environment variable `MY_SECRET` is not set"]);
}

#[test]
fn the_rest_of_the_environment_spoils_no_journal() {
    let project = Project::that_passes();
    project.run(&["run", "--rounds", "1", "--no-alone"]).exits(0);
    let journal = project.read("reports/latest/events.jsonl");
    assert!(!journal.contains("[secret]"), "{journal:.600}");
}
