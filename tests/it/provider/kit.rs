//! Providers under test, and clients that speak to them.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use steadfast::model::{Position, RoundId, Seed, TrialKey};
use steadfast::provider::*;

/// A deadline that only a broken test reaches.
pub const SOON: Duration = Duration::from_secs(10);

pub fn name(text: &str) -> ProviderName {
    ProviderName::new(text)
}

pub fn decl(text: &str, wire: Wire) -> ProviderDecl {
    ProviderDecl {
        name: name(text),
        wire,
        hosts: vec![],
        key: Some("sk-right".into()),
        replay: None,
        prices: BTreeMap::new(),
    }
}

/// One provider per wire format, called as the format is.
pub fn all() -> Vec<ProviderDecl> {
    Wire::ALL.into_iter().map(|wire| decl(wire.as_str(), wire)).collect()
}

/// The wire formats in which a model is talked to.
pub fn chats() -> impl Iterator<Item = Wire> {
    Wire::ALL.into_iter().filter(|wire| *wire != Wire::Piper)
}

pub fn trial(position: u32) -> TrialKey {
    TrialKey { round: RoundId(3), position: Position(position) }
}

pub fn reply(text: &str) -> Behaviour {
    Behaviour::plain(Answer::Reply(Reply::text(text)))
}

pub fn fail(kind: FailureKind) -> Behaviour {
    Behaviour::plain(Answer::Fail(Failing::new(kind)))
}

/// The same behaviour for whoever asks.
pub fn always(behaviour: Behaviour) -> Script {
    Script { any: Some(ProviderScript::Always(behaviour)), ..Script::default() }
}

pub fn sequence(provider: &str, behaviours: Vec<Behaviour>) -> Script {
    let providers = BTreeMap::from([(name(provider), ProviderScript::Sequence(behaviours))]);
    Script { providers, ..Script::default() }
}

/// Providers with a trial under way that has acted.
pub struct Kit {
    pub providers: Providers,
    pub runtime: tokio::runtime::Runtime,
    pub client: reqwest::Client,
}

/// An answer as a client sees it.
#[derive(Debug)]
pub struct Seen {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("headers are text"))
    }
}

impl Kit {
    pub fn new(script: Script) -> Self {
        Self::with(script, ProvidersOptions::default())
    }

    pub fn with(script: Script, options: ProvidersOptions) -> Self {
        let providers = Providers::start(&all(), options).expect("they start");
        providers.begin(trial(0), Seed::new(1), script);
        providers.sent("Hello");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { providers, runtime, client: steadfast::platform::http_client().no_proxy().build().expect("a client") }
    }

    pub fn url(&self, wire: Wire) -> String {
        self.providers.url(&name(wire.as_str())).expect("it is declared")
    }

    pub fn request(&self, wire: Wire, body: &Value) -> reqwest::RequestBuilder {
        let request = self.client.post(self.url(wire) + path_of(wire, body)).body(body.to_string());
        match wire {
            Wire::Anthropic => request.header("x-api-key", "sk-right").header("anthropic-version", "2023-06-01"),
            Wire::Mistral | Wire::Deepseek | Wire::Openai => request.header("authorization", "Bearer sk-right"),
            Wire::Gemini => request.header("x-goog-api-key", "sk-right"),
            Wire::Ollama | Wire::Piper => request,
        }
    }

    pub fn send(&self, request: reqwest::RequestBuilder) -> Result<Seen, reqwest::Error> {
        self.runtime.block_on(async {
            let answer = request.timeout(SOON).send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let bytes = answer.bytes().await?;
            Ok(Seen { status, headers, text: String::from_utf8_lossy(&bytes).into_owned() })
        })
    }

    pub fn ask(&self, wire: Wire, body: &Value) -> Seen {
        self.send(self.request(wire, body)).expect("an answer")
    }

    /// The one call of the trial.
    pub fn only_call(&self) -> Call {
        let mut calls = self.providers.calls_since(Seq(0));
        assert_eq!(calls.len(), 1, "{calls:?}");
        calls.remove(0)
    }
}

pub fn path(wire: Wire) -> &'static str {
    match wire {
        Wire::Anthropic => "/v1/messages",
        Wire::Mistral | Wire::Openai => "/v1/chat/completions",
        Wire::Deepseek => "/chat/completions",
        Wire::Gemini => "/v1beta/models/m:generateContent",
        Wire::Ollama => "/api/chat",
        Wire::Piper => "/synthesize",
    }
}

/// Where a request goes: Gemini says in the path whether it wants a stream.
pub fn path_of(wire: Wire, body: &Value) -> &'static str {
    match wire {
        Wire::Gemini if body["stream"] == true => "/v1beta/models/m:streamGenerateContent?alt=sse",
        _ => path(wire),
    }
}

/// A request that every provider accepts.
pub fn hello(wire: Wire, stream: bool) -> Value {
    if wire == Wire::Piper {
        return json!({"text": "Hello"});
    }
    if wire == Wire::Gemini {
        return json!({"stream": stream, "contents": [{"role": "user", "parts": [{"text": "Hello"}]}]});
    }
    let mut body = json!({
        "model": "m", "stream": stream, "messages": [{"role": "user", "content": "Hello"}],
    });
    if wire == Wire::Anthropic {
        body["max_tokens"] = json!(100);
    }
    body
}

/// The text of a plain answer.
pub fn text_of(wire: Wire, answer: &Value) -> String {
    let text = match wire {
        Wire::Anthropic => &answer["content"][0]["text"],
        Wire::Mistral | Wire::Deepseek | Wire::Openai => &answer["choices"][0]["message"]["content"],
        Wire::Gemini => &answer["candidates"][0]["content"]["parts"][0]["text"],
        Wire::Ollama => &answer["message"]["content"],
        Wire::Piper => panic!("audio has no text"),
    };
    text.as_str().unwrap_or_else(|| panic!("no text in {answer}")).to_owned()
}

/// The documents of a stream, without its end mark.
pub fn documents(wire: Wire, stream: &str) -> Vec<Value> {
    let lines = stream.lines().filter_map(|line| match wire {
        Wire::Ollama => Some(line),
        _ => line.strip_prefix("data: "),
    });
    lines
        .filter(|line| !line.is_empty() && *line != "[DONE]")
        .map(|line| serde_json::from_str(line).expect("a document"))
        .collect()
}

/// The text of a stream.
pub fn text_of_stream(wire: Wire, stream: &str) -> String {
    let text = |document: &Value| match wire {
        Wire::Anthropic => document["delta"]["text"].as_str().map(str::to_owned),
        Wire::Mistral | Wire::Deepseek | Wire::Openai => {
            document["choices"][0]["delta"]["content"].as_str().map(str::to_owned)
        }
        Wire::Gemini => document["candidates"][0]["content"]["parts"][0]["text"].as_str().map(str::to_owned),
        Wire::Ollama => document["message"]["content"].as_str().map(str::to_owned),
        Wire::Piper => panic!("audio has no text"),
    };
    documents(wire, stream).iter().filter_map(text).collect()
}

/// A request as bytes, for clients that misbehave.
pub fn raw_request(wire: Wire, body: &Value) -> Vec<u8> {
    let path = path_of(wire, body);
    let body = body.to_string();
    format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer sk-right\r\nanthropic-version: 1\r\ncontent-length: {}\r\n\r\n{body}",
        path,
        body.len()
    )
    .into_bytes()
}

/// Sends bytes, and reads until the other side ends: what came, and how it ended.
pub fn exchange(kit: &Kit, wire: Wire, bytes: &[u8]) -> (Vec<u8>, std::io::Result<()>) {
    let mut stream = connect(kit, wire);
    stream.write_all(bytes).expect("it takes the request");
    let mut came = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return (came, Ok(())),
            Ok(read) => came.extend_from_slice(&buffer[..read]),
            Err(error) => return (came, Err(error)),
        }
    }
}

pub fn connect(kit: &Kit, wire: Wire) -> TcpStream {
    let port = kit.providers.port(&name(wire.as_str())).expect("it is declared");
    let stream = TcpStream::connect(("127.0.0.1", port)).expect("it listens");
    stream.set_read_timeout(Some(SOON)).expect("a timeout");
    stream
}

/// Waits until something holds, for as long as it can be hoped for.
pub fn eventually(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + SOON;
    while !holds() {
        assert!(Instant::now() < until, "never came true: {what}");
        std::thread::yield_now();
    }
}
