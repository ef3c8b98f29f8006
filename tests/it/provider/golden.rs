//! Every answer of every wire format, byte by byte, as it was when the format was written down.

use super::kit::*;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use steadfast::model::{Clock, Seed};
use steadfast::provider::*;

/// A clock that stands still, so that times in answers are the same in every run.
#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        "2026-03-01T12:00:00Z".parse().expect("a time")
    }
}

/// The providers, and what they have answered so far.
struct Recorder {
    kit: Kit,
    wire: Wire,
    trials: u32,
    text: String,
}

impl Recorder {
    fn new(wire: Wire) -> Self {
        let options = ProvidersOptions { clock: Arc::new(Stopped), ..ProvidersOptions::default() };
        Self { kit: Kit::with(Script::default(), options), wire, trials: 0, text: String::new() }
    }

    /// A trial of its own for each answer, so that every mark is the first of its trial.
    fn begin(&mut self, behaviour: Behaviour) {
        let models = ["mistral:7b", "m", "phi3:3.8b-mini"].map(|name| LocalModel { name: name.to_owned() });
        self.trials += 1;
        let script = Script { models: models.to_vec(), ..always(behaviour) };
        self.kit.providers.begin(trial(self.trials), Seed::new(1), script);
        self.kit.providers.sent("Hello");
    }

    fn write(&mut self, title: &str, request: &[u8]) {
        let (came, ended) = exchange(&self.kit, self.wire, request);
        let came = String::from_utf8_lossy(&came);
        _ = writeln!(self.text, "### {title}");
        for line in came.split_inclusive('\n').filter(|line| !line.starts_with("date: ")) {
            self.text.push_str(&line.replace('\r', ""));
        }
        _ = writeln!(self.text, "{}", if ended.is_ok() { "" } else { "\n(reset)" });
    }

    /// Asks for a model's answer, whole and streamed.
    fn both(&mut self, title: &str, behaviour: &Behaviour) {
        for stream in [false, true] {
            self.one(&format!("{title}{}", if stream { ", streamed" } else { "" }), behaviour, stream);
        }
    }

    fn one(&mut self, title: &str, behaviour: &Behaviour, stream: bool) {
        self.begin(behaviour.clone());
        let request = closing(raw_request(self.wire, &hello(self.wire, stream)));
        self.write(title, &request);
    }

    fn sent(&mut self, title: &str, method: &str, path: &str, headers: &str, body: &str) {
        self.begin(reply("Bonjour !"));
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
        self.write(title, &closing(request.into_bytes()));
    }
}

/// The same request, with a connection that ends with its answer.
fn closing(request: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8(request).expect("a text");
    text.replacen("host: x\r\n", "host: x\r\nconnection: close\r\n", 1).into_bytes()
}

fn answer(reply: Reply) -> Behaviour {
    Behaviour::plain(Answer::Reply(reply))
}

fn replies(recorder: &mut Recorder) {
    let text = || Reply::text("Bonjour et bienvenue !");
    recorder.both("a reply", &answer(text()));
    recorder.both("a reply without a text", &answer(Reply::text("")));
    let chunks = vec!["Bon".to_owned(), "jour".to_owned()];
    recorder.both("chunks as given", &answer(Reply { chunks, as_given: true, ..text() }));
    recorder.both("usage as given", &answer(Reply { usage: Usage::Given { input: 1000, output: 7 }, ..text() }));
    recorder.both("no usage", &answer(Reply { usage: Usage::Absent, ..text() }));
    recorder.both("out of tokens", &answer(Reply { finish: Finish::Length, ..text() }));
    recorder.both("no finish reason", &answer(Reply { finish: Finish::Absent, ..text() }));
    recorder.both("another model", &answer(Reply { model: Some("other".into()), ..text() }));
    let waits = Behaviour { after: Duration::from_millis(450), ..reply("Late") };
    recorder.both("a reply that takes its time", &waits);
}

/// Answers that end because what was asked or answered is not safe. They stand last: each trial has marks of its own.
fn safety_stops(recorder: &mut Recorder) {
    if recorder.wire.can_end(Finish::Refusal) {
        let refused = |text: &str| answer(Reply { finish: Finish::Refusal, ..Reply::text(text) });
        recorder.both("refused", &refused("Bonjour et bienvenue !"));
        recorder.both("refused without a text", &refused(""));
    }
}

fn failures(recorder: &mut Recorder) {
    for kind in FailureKind::ALL {
        recorder.one(&format!("fail: {}", kind.as_str()), &fail(kind), false);
        let then = answer(Reply { then: Some(Failing::new(kind)), ..Reply::text("One two") });
        recorder.one(&format!("fail: {}, inside a stream", kind.as_str()), &then, true);
    }
    let own = Failing {
        status: Some(418),
        message: Some("own words".into()),
        retry_after: Some(Duration::from_millis(2500)),
        ..Failing::new(FailureKind::RateLimited)
    };
    recorder.one("a failure in words of the script", &Behaviour::plain(Answer::Fail(own)), false);
    for kind in Malformed::ALL {
        recorder.one(&format!("malformed: {}", kind.as_str()), &Behaviour::plain(Answer::Malformed(kind)), false);
    }
}

const KEY: &str = "authorization: Bearer sk-right\r\nanthropic-version: 1\r\n";

/// What is answered without the script: refusals, and what every such provider tells.
fn refusals(recorder: &mut Recorder) {
    let wire = recorder.wire;
    let (path, hello) = (path(wire), hello(wire, false).to_string());
    recorder.sent("no key", "POST", path, "anthropic-version: 1\r\n", &hello);
    recorder.sent("a wrong key", "POST", path, "authorization: Bearer sk-wrong\r\nanthropic-version: 1\r\n", &hello);
    recorder.sent("no version", "POST", path, "authorization: Bearer sk-right\r\n", &hello);
    for body in ["", "{", "[]", "{}"] {
        recorder.sent(&format!("the body `{body}`"), "POST", path, KEY, body);
    }
    let messages = json!([{"role": "user", "content": "Hello"}]);
    let strange = json!([{"role": "system", "content": "Hello"}]);
    let bodies: Vec<Value> = vec![
        json!({"model": "m", "max_tokens": 1}),
        json!({"model": "m", "max_tokens": 1, "messages": []}),
        json!({"max_tokens": 1, "messages": messages}),
        json!({"model": "m", "messages": messages}),
        json!({"model": "m", "max_tokens": 0, "messages": messages}),
        json!({"model": "m", "max_tokens": 1, "messages": strange}),
        json!({"model": "m", "max_tokens": 1, "messages": messages, "stream_options": {}}),
        json!({"model": "none", "max_tokens": 1, "messages": messages}),
        json!({"model": "m", "max_tokens": 1, "stream": true, "messages": messages, "stream_options": {"include_usage": true}}),
    ];
    for body in bodies {
        let body = body.to_string();
        recorder.sent(&format!("the body `{body}`"), "POST", path, KEY, &body);
    }
}

fn builtins(recorder: &mut Recorder) {
    let paths = ["/", "/v1/models", "/models", "/api/version", "/api/tags", "/api/ps", "/v1/embeddings"];
    for path in paths {
        recorder.sent(&format!("GET {path}"), "GET", path, KEY, "");
    }
    recorder.sent("GET /v1/models without a key", "GET", "/v1/models", "", "");
    recorder.sent("HEAD /", "HEAD", "/", KEY, "");
    let bodies = [
        ("/api/show", r#"{"model": "m"}"#),
        ("/api/show", r#"{"model": "none"}"#),
        ("/api/show", "{}"),
        ("/api/pull", r#"{"model": "qwen2.5:7b"}"#),
        ("/api/pull", r#"{"name": "qwen2.5:7b", "stream": false}"#),
        ("/api/pull", "{}"),
        ("/api/generate", r#"{"model": "m"}"#),
        ("/api/generate", r#"{"model": "none"}"#),
        ("/api/generate", "{}"),
        ("/api/generate", r#"{"model": "m", "prompt": "Hello"}"#),
        ("/api/generate", r#"{"model": "m", "prompt": "Hello", "stream": false}"#),
        ("/api/chat", r#"{"model": "m", "keep_alive": 0}"#),
    ];
    for (path, body) in bodies {
        recorder.sent(&format!("POST {path} {body}"), "POST", path, KEY, body);
    }
}

#[test]
fn every_answer_of_every_format_is_as_it_was_written_down() {
    for wire in chats() {
        let mut recorder = Recorder::new(wire);
        replies(&mut recorder);
        failures(&mut recorder);
        refusals(&mut recorder);
        builtins(&mut recorder);
        safety_stops(&mut recorder);
        insta::with_settings!({omit_expression => true}, {
            insta::assert_snapshot!(wire.as_str(), recorder.text);
        });
    }
}

#[test]
fn a_program_is_told_of_the_providers_by_the_variables_that_its_clients_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let enclosure = Enclosure::start(&all(), Script::default(), folder.path(), None).expect("it starts");
    let names_one = |name: &str| ["_URL", "_HOST", "_API_KEY"].iter().any(|end| name.ends_with(end));
    let port = regex::Regex::new(r"127\.0\.0\.1:\d+").expect("an expression");
    let mut text = String::new();
    for (name, value) in enclosure.environment(None).iter().filter(|(name, _)| names_one(name)) {
        _ = writeln!(text, "{name}={}", port.replace(value, "127.0.0.1:PORT"));
    }
    enclosure.shutdown();
    insta::with_settings!({omit_expression => true}, {
        insta::assert_snapshot!("environment", text);
    });
}
