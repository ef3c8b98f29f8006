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

#[test]
fn an_argument_that_looks_like_a_key_is_kept_nowhere_and_resume_says_what_to_do() {
    let scenario = chat("an echo", "{ claude: { reply: Bonjour } }", "honest", "{ status: 299 }", "");
    let project = project(&[]).with("scenarios/echo.yaml", scenario);
    let filter = format!("echo, {KEY}");
    let run = ["run", "--system", "fake.yaml", "--filter", &filter, "--rounds", "1", "--no-alone"];
    let ended = project.run(&run).exits(1);
    assert_nowhere(&project, &[&ended.out, &ended.err]);
    let report = project.report();
    let found = case(&report, "echo");
    let repro = format!("reports/latest/{}", found["repro"].as_str().expect("a repro"));
    project.run(&["repro", &repro, "--times", "1"]).exits(1).says(&["shows (1 of 1)"]);
    project.run(&["run", "--resume", "reports/latest"]).exits(2).says(&["no file keeps those", "start a new run"]);
}

/// Keys that are planted where a user's keys turn up, each unlike the others so that a leak names its source.
const PLANTED: [(&str, &str); 5] = [
    ("a provider's error body", "sk-ant-api03-InTheProvidersBody01"),
    ("a provider's header", "sk-ant-api03-InTheProvidersHead02"),
    ("a request's header", "sk-ant-api03-InTheRequestsHeader03"),
    ("a failing assertion", "sk-ant-api03-InTheAssertion000004"),
    ("a body that is echoed", "sk-ant-api03-InAnEchoedBody000005"),
];

/// No special shape: known by the name of its variable only.
const OF_A_PROVIDER: &str = "Wq7zPlainKeyOfMistral";

#[test]
fn a_planted_key_stands_in_no_file_of_the_run_nor_on_the_terminal() {
    let [body, head, request, assertion, echo] = PLANTED.map(|(_, key)| key);
    let failing = format!(
        "scenario: planted keys\nproviders:\n  claude: {{ fail: bad_request, message: \"the key\\n{body}\\tis wrong\", headers: \
         {{ x-key: {head} }} }}\n  ollama: {{ reply: \"{echo} it was\" }}\nsteps:\n  - chat: {{ language: en, provider: claude, \
         message: \"Is {echo} a key?\" }}\n    expect: {{ status: 299, text: \"{assertion}\", provider: deepseek }}\n"
    );
    let raw = format!(
        "scenario: a planted header\nsteps:\n  - http: {{ post: /chat, headers: {{ authorization: \"Bearer {request}\", x-key: \
         \"${{env.MY_SECRET}}\" }}, text: \"{echo} {OF_A_PROVIDER}\" }}\n    expect: {{ status: 299, \"$.error.message\": \
         \"{assertion} {OF_A_PROVIDER} ${{env.MY_SECRET}}\", header.x-key: \"{head}\" }}\n"
    );
    let project = Project::new().with("scenarios/failing.yaml", failing).with("scenarios/raw.yaml", raw);
    let with_secrets = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.env("MY_SECRET", SECRET).env("MISTRAL_API_KEY", OF_A_PROVIDER);
        Running::of(command).wait()
    };
    let run = ["run", "--rounds", "2", "--annotations", "github", "--junit-detail", "trial"];
    let ended = with_secrets(&run).exits(1);
    assert!(ended.out.contains("[secret]"), "something was removed:\n{}", ended.out);
    let mut texts = vec![("stdout".to_owned(), ended.out), ("stderr".to_owned(), ended.err)];
    for format in ["terminal", "junit", "html", "markdown", "json"] {
        let rendered = with_secrets(&["report", "--format", format]).exits(0);
        texts.push((format.to_owned(), rendered.out));
    }
    let repros: Vec<_> =
        project.files("reports").into_iter().filter(|file| file.to_string_lossy().contains("repros")).collect();
    assert_eq!(repros.len(), 2, "each of the cases has a repro");
    for repro in repros {
        let shown = with_secrets(&["repro", &repro.display().to_string(), "--times", "1"]).exits(1);
        texts.push((repro.display().to_string(), shown.out + &shown.err));
    }
    for file in project.files("reports") {
        let bytes = std::fs::read(&file).expect("a file");
        texts.push((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    for (name, text) in texts {
        for (what, secret) in PLANTED.into_iter().chain([("a key's variable", OF_A_PROVIDER), ("a secret", SECRET)]) {
            // Without its beginning too: half a key is no less a key.
            let half = secret.get(secret.len() - 12..).unwrap_or(secret);
            assert!(!text.contains(half), "what stood in {what} stands in {name}");
        }
    }
}
