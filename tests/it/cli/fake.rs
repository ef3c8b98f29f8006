//! A tutoring system that lies, crashes, hangs and floods as it is told by the first word of a message. It is this test
//! program, started again with one test chosen: so it needs no second language and no second program.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it is a program, and its output is what is tested")]

use crate::cli::kit::Project;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

/// The system file of the fake. `env` decides how it starts and whom it brings along.
pub fn system(env: &[(&str, &str)], more: &str) -> String {
    let program = std::env::current_exe().expect("this program has a path");
    let mut text = format!(
        "system: fake\nextends: embedded\nprocess:\n  command: [{:?}, \"cli::fake::serves\", --exact, --ignored, --nocapture]\n  \
         ready: /ready\n  ready_within: 30s\n  stop_within: 1s\n{more}  env:\n    FAKE_PORT: \"${{port}}\"\n",
        program.display().to_string()
    );
    for (name, value) in env {
        text.push_str(&format!("    {name}: {value:?}\n"));
    }
    text
}

/// A project with the fake as its system, `fake.yaml`.
pub fn project(env: &[(&str, &str)]) -> Project {
    Project::new().with("fake.yaml", system(env, ""))
}

/// A scenario of one chat.
pub fn chat(title: &str, providers: &str, message: &str, expect: &str, more: &str) -> String {
    format!(
        "scenario: {title}\ngiven: {{ models: [mistral:7b] }}\nproviders: {providers}\nsteps:\n  - chat: {{ language: en, \
         message: {message:?} }}\n    expect: {expect}\n{more}"
    )
}

/// What the fake remembers, from case to case: as a faulty system does.
#[derive(Default)]
struct Memory {
    texts: BTreeMap<String, String>,
    remembered: Option<String>,
    late: Vec<(Value, u32)>,
}

type Shared = Arc<Mutex<Memory>>;

#[test]
#[ignore = "the fake system itself: started by tests of the command line"]
fn serves() {
    let Some(port) = std::env::var("FAKE_PORT").ok().and_then(|port| port.parse().ok()) else { return };
    let mut pids = format!("{}\n", std::process::id());
    for child in std::env::var("FAKE_CHILDREN").unwrap_or_default().split_whitespace() {
        let mut command = match child {
            "stubborn" => shell("trap '' TERM; exec sleep 600"),
            "detached" => shell("exec setsid sleep 600"),
            "hidden" => shell("exec env -i setsid sleep 600"),
            "vanished" => {
                pids.push_str(&vanish());
                continue;
            }
            other => panic!("no such child: {other}"),
        };
        pids.push_str(&format!("{}\n", command.spawn().expect("a child").id()));
    }
    if let Ok(path) = std::env::var("FAKE_PIDS") {
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("the file of pids");
        file.write_all(pids.as_bytes()).expect("the pids are written");
    }
    match std::env::var("FAKE_START").as_deref() {
        Ok("exits") => {
            eprintln!("fatal: no database, and none to be had");
            std::process::exit(3);
        }
        Ok("never") => loop {
            std::thread::park();
        },
        Ok("robbed") => robbed(port),
        _ => {}
    }
    if std::env::var("FAKE_STOP").is_ok_and(|how| how == "stays") {
        ignore_sigterm();
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    let memory = Shared::default();
    for stream in listener.incoming().flatten() {
        let memory = Arc::clone(&memory);
        std::thread::spawn(move || {
            let _ = answer(stream, &memory);
        });
    }
}

/// Two processes whose parents are gone, in sessions of their own, without a word of the environment in which they came
/// to be: nothing that they have leads back to this one. Gives their ids.
fn vanish() -> String {
    let script = "for i in 1 2; do setsid sh -c '(setsid sleep 600 >/dev/null 2>&1 & echo $!) &'; done";
    let output = shell(script).env_clear().env("PATH", base("PATH")).output().expect("a shell runs it");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The first time, somebody else has the port that was promised, and keeps it.
fn robbed(port: u16) {
    let marker = std::env::var("FAKE_MARKER").expect("the test names a file");
    if std::fs::exists(&marker).unwrap_or_default() {
        return;
    }
    std::fs::write(&marker, port.to_string()).expect("the marker is written");
    let program = std::env::current_exe().expect("this program has a path");
    let arguments = ["cli::fake::robs", "--exact", "--ignored", "--nocapture"];
    let mut robber = Command::new(program).args(arguments).stdout(Stdio::piped()).spawn().expect("a robber");
    let said = BufReader::new(robber.stdout.take().expect("it is piped"));
    assert!(said.lines().map_while(Result::ok).any(|line| line.ends_with("mine")), "the robber has the port");
    let error = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect_err("the port is taken");
    eprintln!("fatal: {error}");
    std::process::exit(3);
}

#[test]
#[ignore = "takes a port from a fake system: started by it"]
fn robs() {
    let Some(port) = std::env::var("FAKE_PORT").ok().and_then(|port| port.parse::<u16>().ok()) else { return };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    println!("\nmine");
    // Who connects is hung up on.
    listener.incoming().for_each(drop);
}

/// Hears the wish that it end, and does nothing about it.
fn ignore_sigterm() {
    use tokio::signal::unix::{SignalKind, signal};
    std::thread::spawn(|| {
        let event_loop = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
        event_loop.block_on(async {
            let mut asked = signal(SignalKind::terminate()).expect("signals");
            while asked.recv().await.is_some() {}
        });
    });
}

fn shell(script: &str) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdin(Stdio::null());
    command
}

fn answer(stream: TcpStream, memory: &Shared) -> std::io::Result<()> {
    let mut input = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    match head.split_whitespace().nth(1).unwrap_or_default() {
        "/auth/register" => register(stream, &body),
        "/chat" => Chat { stream, memory, message: body["message"].as_str().unwrap_or_default().to_owned() }.answer(),
        _ => reply(stream, 200, &json!({})),
    }
}

/// A learner whose name is `nasty` gets an answer that no report may break on.
fn register(stream: TcpStream, body: &Value) -> std::io::Result<()> {
    if body["name"] == "nasty" {
        let nasty = "<a>&]]>\u{0}\u{1b}[31m\u{fffe}\u{85}\u{2028}\"'\n".repeat(40_000);
        return send(stream, "HTTP/1.1 500 Oh", "text/plain", nasty.as_bytes());
    }
    reply(stream, 200, &json!({ "token": "a-token" }))
}

fn reply(stream: TcpStream, status: u16, body: &Value) -> std::io::Result<()> {
    send(stream, &format!("HTTP/1.1 {status} Status"), "application/json", body.to_string().as_bytes())
}

fn send(mut stream: TcpStream, status: &str, kind: &str, body: &[u8]) -> std::io::Result<()> {
    let length = body.len();
    write!(stream, "{status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
    stream.write_all(body)
}

/// One message, and how it is answered.
struct Chat<'m> {
    stream: TcpStream,
    memory: &'m Shared,
    message: String,
}

impl Chat<'_> {
    fn answer(self) -> std::io::Result<()> {
        let late = std::mem::take(&mut self.memory.lock().expect("no panic holds it").late);
        for (body, retry) in late {
            let _ = claude_body(&body, Some(retry));
        }
        let message = self.message.clone();
        match message.split_whitespace().next().unwrap_or_default() {
            "honest" => self.says(claude(&message, None), "claude"),
            "mislabel" => self.says(ollama(&message), "claude"),
            "canned" => {
                let text = claude(&message, None).unwrap_or_else(|| "I am doing fine, thank you.".into());
                self.says(Some(text), "claude")
            }
            "remember" => {
                let text = claude(&message, None);
                self.memory.lock().expect("no panic holds it").remembered.clone_from(&text);
                self.says(text, "claude")
            }
            "replay" => self.replays(false),
            "stale" => self.replays(true),
            "falsely-cached" => {
                let text = claude(&message, None).unwrap_or_default();
                self.writes(&json!({ "text": text, "provider": "claude", "cached": true }))
            }
            "cached" => self.caches(),
            "fallback" => match claude(&message, None) {
                Some(text) => self.says(Some(text), "claude"),
                None => self.says(ollama(&message), "ollama"),
            },
            "retries" => {
                let text = (0..3).find_map(|retry| claude(&message, Some(retry)));
                self.says(text, "claude")
            }
            "looks-around" => {
                for path in ["/api/tags", "/api/version", "/"] {
                    let _ = get(&format!("{}{path}", base("OLLAMA_BASE_URL")));
                }
                self.says(claude(&message, None), "claude")
            }
            "late" => {
                let body = claude_request(&message);
                let first = claude_body(&body, Some(0));
                self.memory.lock().expect("no panic holds it").late.push((body, 1));
                self.says(first, "claude")
            }
            "unasked" => {
                let _ = mistral(&message);
                self.says(claude(&message, None), "claude")
            }
            "exits" => {
                println!("fatal: out of memory, or so it says");
                std::process::exit(7)
            }
            "hangs" => loop {
                std::thread::park();
            },
            "floods" => {
                let line = "all work and no play makes a dull log".repeat(100);
                for _ in 0..20_000 {
                    println!("{line}");
                }
                self.says(claude(&message, None), "claude")
            }
            "endless" => self.never_ends(),
            "huge" => self.answers_two_gigabytes(),
            "headers" => self.never_ends_its_headers(),
            "skewed" => {
                let text = claude(&message, None).unwrap_or_default();
                let status = "HTTP/1.1 200 OK\r\nDate: Fri, 01 Jan 1971 00:00:00 GMT\r\nAge: -1\r\nExpires: never";
                let body = json!({ "text": text, "provider": "claude", "cached": false }).to_string();
                send(self.stream, status, "application/json", body.as_bytes())
            }
            "chatters" => {
                let line = "and another thing".repeat(50);
                std::thread::spawn(move || {
                    loop {
                        println!("{line}");
                    }
                });
                self.says(claude(&message, None), "claude")
            }
            "utf8" => send(self.stream, "HTTP/1.1 200 OK", "application/json", b"{\"text\": \"\xff\xfe\xc3\"}"),
            "short" => self.promises(1_000),
            "long" => self.promises(5),
            "echoes" => {
                println!("asked: {message}; my key is sk-ant-api03-AbCdEfGh0123456789");
                eprintln!("environment: {:?}", std::env::var("SECRET_OF_THE_SYSTEM"));
                let said = format!("{message} was refused; sk-ant-api03-AbCdEfGh0123456789 is no key");
                reply(self.stream, 500, &json!({ "error": { "message": said, "type": said } }))
            }
            other => panic!("the fake can't {other:?}"),
        }
    }

    fn writes(self, body: &Value) -> std::io::Result<()> {
        reply(self.stream, 200, body)
    }

    fn says(self, text: Option<String>, provider: &str) -> std::io::Result<()> {
        match text {
            Some(text) => self.writes(&json!({ "text": text, "provider": provider, "cached": false })),
            None => reply(self.stream, 503, &json!({ "error": { "type": "unavailable" } })),
        }
    }

    /// Says what was said to somebody else.
    fn replays(self, cached: bool) -> std::io::Result<()> {
        let remembered = self.memory.lock().expect("no panic holds it").remembered.clone();
        match remembered {
            Some(text) => self.writes(&json!({ "text": text, "provider": "claude", "cached": cached })),
            None => {
                let text = claude(&self.message, None);
                self.says(text, "claude")
            }
        }
    }

    /// Answers the same message from memory, and says so.
    fn caches(self) -> std::io::Result<()> {
        let kept = self.memory.lock().expect("no panic holds it").texts.get(&self.message).cloned();
        if let Some(text) = kept {
            return self.writes(&json!({ "text": text, "provider": "claude", "cached": true }));
        }
        let text = claude(&self.message, None);
        if let Some(text) = text.clone() {
            self.memory.lock().expect("no panic holds it").texts.insert(self.message.clone(), text);
        }
        self.says(text, "claude")
    }

    fn never_ends(mut self) -> std::io::Result<()> {
        write!(self.stream, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")?;
        let chunk = "x".repeat(0x10000);
        loop {
            write!(self.stream, "10000\r\n{chunk}\r\n")?;
        }
    }

    fn answers_two_gigabytes(mut self) -> std::io::Result<()> {
        write!(
            self.stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            2_u64 << 30
        )?;
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..2 << 10 {
            self.stream.write_all(&piece)?;
        }
        Ok(())
    }

    fn never_ends_its_headers(mut self) -> std::io::Result<()> {
        write!(self.stream, "HTTP/1.1 200 OK\r\n")?;
        let header = format!("X-More: {}\r\n", "x".repeat(1_000));
        loop {
            self.stream.write_all(header.as_bytes())?;
        }
    }

    /// Promises so many bytes and sends others.
    fn promises(mut self, length: usize) -> std::io::Result<()> {
        let text = claude(&self.message, None).unwrap_or_default();
        let body = json!({ "text": text, "provider": "claude" });
        write!(
            self.stream,
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    }
}

fn base(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn claude_request(message: &str) -> Value {
    json!({
        "model": "claude-3-haiku-20240307",
        "max_tokens": 100,
        "messages": [{ "role": "user", "content": message }],
    })
}

fn claude(message: &str, retry: Option<u32>) -> Option<String> {
    claude_body(&claude_request(message), retry)
}

fn claude_body(body: &Value, retry: Option<u32>) -> Option<String> {
    let request = steadfast::platform::http_client()
        .build()
        .expect("a client")
        .post(format!("{}/v1/messages", base("CLAUDE_BASE_URL")))
        .json(body);
    let mut request = request.header("x-api-key", base("CLAUDE_API_KEY")).header("anthropic-version", "2023-06-01");
    if let Some(retry) = retry {
        request = request.header("x-stainless-retry-count", retry.to_string());
    }
    fetch(request)?.pointer("/content/0/text")?.as_str().map(str::to_owned)
}

fn mistral(message: &str) -> Option<String> {
    let body = json!({ "model": "mistral-small-latest", "messages": [{ "role": "user", "content": message }] });
    let url = format!("{}/v1/chat/completions", base("MISTRAL_BASE_URL"));
    let request = steadfast::platform::http_client()
        .build()
        .expect("a client")
        .post(url)
        .json(&body)
        .bearer_auth(base("MISTRAL_API_KEY"));
    fetch(request)?.pointer("/choices/0/message/content")?.as_str().map(str::to_owned)
}

fn ollama(message: &str) -> Option<String> {
    let messages = json!([{ "role": "user", "content": message }]);
    let body = json!({ "model": "mistral:7b", "stream": false, "messages": messages });
    let request = steadfast::platform::http_client()
        .build()
        .expect("a client")
        .post(format!("{}/api/chat", base("OLLAMA_BASE_URL")))
        .json(&body);
    fetch(request)?.pointer("/message/content")?.as_str().map(str::to_owned)
}

fn get(url: &str) -> Option<Value> {
    fetch(steadfast::platform::http_client().build().expect("a client").get(url))
}

/// The JSON of an answer with status 200.
fn fetch(request: reqwest::RequestBuilder) -> Option<Value> {
    let event_loop = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    event_loop.block_on(async {
        let response = request.send().await.ok()?;
        if response.status() != 200 {
            return None;
        }
        response.json().await.ok()
    })
}
