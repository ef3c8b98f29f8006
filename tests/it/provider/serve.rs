//! The providers standing alone, and real SDKs against them.

use super::kit::*;
use std::io::Write;
use std::process::Command;
use std::sync::{Arc, Mutex};
use steadfast::provider::*;

/// A log that the test can read.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics with it").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("nobody panics with it").clone()).expect("text")
    }
}

fn say(text: &str) {
    std::io::stderr().write_all(text.as_bytes()).expect("stderr is there");
}

fn named() -> Vec<ProviderDecl> {
    [
        ("claude", Wire::Anthropic),
        ("mistral", Wire::Mistral),
        ("deepseek", Wire::Deepseek),
        ("openai", Wire::Openai),
        ("gemini", Wire::Gemini),
        ("ollama", Wire::Ollama),
    ]
    .map(|(name, wire)| decl(name, wire))
    .to_vec()
}

#[test]
fn each_answered_request_is_a_line_of_the_log() {
    let log = Log::default();
    let decls = named();
    let script = ServeProviders::default_script(&decls);
    let serving =
        ServeProviders::start(&decls, script, ProvidersOptions::default(), Box::new(log.clone())).expect("they start");
    let (_, url) = serving.urls().into_iter().find(|(name, _)| name.as_str() == "ollama").expect("it is declared");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let client = steadfast::platform::http_client().no_proxy().build().expect("a client");
    for (message, status) in [("Hi", 200), ("fail: overloaded", 503)] {
        let body = format!(r#"{{"model": "mistral:7b", "prompt": "{message}", "stream": false}}"#);
        let answer = runtime.block_on(client.post(format!("{url}/api/generate")).body(body).send()).expect("an answer");
        assert_eq!(answer.status().as_u16(), status);
    }
    eventually("both are in the log", || log.text().lines().count() == 2);
    let text = log.text();
    assert!(text.contains("ollama generate model=mistral:7b 200 completed"), "{text}");
    assert!(text.contains("ollama generate model=mistral:7b 503 completed"), "{text}");
    drop(client);
    assert!(serving.shutdown().threads_ended);
}

#[test]
fn real_sdks_work_unchanged() {
    let Some(python) = std::env::var_os("STEADFAST_SDK_PYTHON") else {
        return say("skipped: STEADFAST_SDK_PYTHON names no python with the packages of tests/sdk/requirements.txt\n");
    };
    let decls = named();
    let mut script = ServeProviders::default_script(&decls);
    for rules in script.providers.values_mut() {
        let ProviderScript::Rules(rules) = rules else { panic!("the default script has rules") };
        for (_, behaviour) in rules {
            if let Answer::Fail(failing) = &mut behaviour.answer {
                failing.retry_after = Some(std::time::Duration::from_millis(20));
            }
        }
    }
    let log = Log::default();
    let serving =
        ServeProviders::start(&decls, script, ProvidersOptions::default(), Box::new(log.clone())).expect("they start");
    let mut command = Command::new(python);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/check.py")).args(["--key", "sk-right"]);
    for (name, url) in serving.urls() {
        command.arg(format!("--{name}")).arg(url);
    }
    let output = command.output().expect("python starts");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    say(&told);
    assert!(output.status.success(), "{told}\n{}", log.text());
    assert!(serving.shutdown().threads_ended);
}
