//! Scenarios and system files in an editor: the YAML language server that VS Code, Neovim and others start, where it is:
//! the package of `tests/node/package.json` in `STEADFAST_NODE_MODULES`.

use crate::cli::kit::Project;
use crate::command::kit::node_modules;
use crate::scenario::schemas::shipped;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// A language server that was started, spoken to by the frames of the Language Server Protocol.
struct LanguageServer {
    child: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    /// What an editor has in its settings below `yaml`.
    settings: Value,
}

impl LanguageServer {
    /// Starts the server for an editor that maps these schemas to files; nothing where its package is not installed.
    fn start(schemas: &Value) -> Option<LanguageServer> {
        let program = node_modules()?.join("yaml-language-server/bin/yaml-language-server");
        let mut child = Command::new("node")
            .arg(program)
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("node starts");
        let input = child.stdin.take().expect("a pipe");
        let output = child.stdout.take().expect("a pipe");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = frame(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let settings =
            json!({"validate": true, "completion": true, "schemaStore": {"enable": false}, "schemas": schemas});
        let mut server = LanguageServer { child, input, messages, settings };
        server.send(&json!({"id": 1, "method": "initialize", "params":
            {"processId": std::process::id(), "rootUri": null, "capabilities": {}}}));
        server.wait_for(|message| message["id"] == 1 && message.get("result").is_some());
        server.send(&json!({"method": "initialized", "params": {}}));
        Some(server)
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = json!("2.0");
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
        self.input.flush().expect("the server reads");
    }

    /// The next message that is wanted. The server's questions about settings are answered.
    fn wait_for(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(Duration::from_secs(120)).expect("the server says something");
            if wanted(&message) {
                return message;
            }
            if message.get("method").is_some() && message.get("id").is_some() {
                let asked = message["params"]["items"].as_array().cloned().unwrap_or_default();
                let settings = |item: &Value| (item["section"] == "yaml").then(|| self.settings.clone());
                let answer: Vec<Option<Value>> = asked.iter().map(settings).collect();
                self.send(&json!({"id": message["id"], "result": answer}));
            }
        }
    }

    fn open(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "yaml", "version": 1, "text": text});
        self.send(&json!({"method": "textDocument/didOpen", "params": {"textDocument": document}}));
    }

    /// What is marked in a text that is opened: the line, from 0, and the words.
    fn marks(&mut self, uri: &str, text: &str) -> Vec<(u64, String)> {
        self.open(uri, text);
        let told = self.wait_for(|message| is_about(message, uri));
        marks_in(&told)
    }

    /// What may be typed at a place of a text that is open.
    fn completions(&mut self, uri: &str, line: u64, character: u64) -> Vec<String> {
        let place = json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
        self.send(&json!({"id": 2, "method": "textDocument/completion", "params": place}));
        let answer = self.wait_for(|message| message["id"] == 2 && message.get("result").is_some());
        let items = answer["result"]["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| item["label"].as_str().map(str::to_owned)).collect()
    }
}

impl Drop for LanguageServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn is_about(message: &Value, uri: &str) -> bool {
    message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri
}

fn marks_in(message: &Value) -> Vec<(u64, String)> {
    let marks = message["params"]["diagnostics"].as_array().expect("a list");
    marks
        .iter()
        .map(|mark| {
            let line = mark["range"]["start"]["line"].as_u64().expect("a line");
            (line, mark["message"].as_str().unwrap_or_default().to_owned())
        })
        .collect()
}

/// One message of the protocol: headers, an empty line, and as many bytes of JSON as the headers say.
fn frame(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(bytes) = header.strip_prefix("Content-Length: ") {
                    length = bytes.parse().ok()?;
                }
            }
        }
    }
    let mut body = vec![0; length];
    output.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// The schema as the program prints it, written where an editor may read it.
fn schema(project: &Project, of: &str) -> PathBuf {
    let printed = project.run(&["schema", of]).exits(0);
    let path = project.path(&format!("{of}.schema.json"));
    std::fs::write(&path, printed.out.as_bytes()).expect("written");
    path
}

#[test]
fn every_shipped_scenario_is_free_of_marks_and_a_slip_is_marked_and_keys_are_offered() {
    let project = Project::new();
    let schema = schema(&project, "scenario");
    let first = format!("# yaml-language-server: $schema={}\n", schema.display());
    let Some(mut server) = LanguageServer::start(&json!({})) else { return };
    let files = shipped();
    assert!(files.len() > 200, "{} scenarios", files.len());
    for file in &files {
        let text = std::fs::read_to_string(file).expect("a scenario");
        server.open(&format!("file://{}", file.display()), &format!("{first}{text}"));
    }
    let mut told = BTreeMap::new();
    while told.len() < files.len() {
        let message = server.wait_for(|message| message["method"] == "textDocument/publishDiagnostics");
        let uri = message["params"]["uri"].as_str().expect("a file").to_owned();
        told.insert(uri, marks_in(&message));
    }
    told.retain(|_, marks| !marks.is_empty());
    assert_eq!(told, BTreeMap::new());

    let slip = "file:///slip.yaml";
    let text = "scenario: a slip\ngiven:\n  budget: { limti: 30.00 }\nsteps:\n  - chat: { language: en, message: Hello }\n    \
                expect: { status: 200 }\n";
    let marks = server.marks(slip, &format!("{first}{text}"));
    assert_eq!(marks, [(3, "Property limti is not allowed.".to_owned())]);

    let begun = "file:///begun.yaml";
    server.open(begun, &format!("{first}scenario: begun\n\n"));
    server.wait_for(|message| is_about(message, begun));
    let offered = server.completions(begun, 2, 0);
    for key in ["given", "providers", "steps", "calls"] {
        assert!(offered.contains(&key.to_owned()), "{key} is not among {offered:?}");
    }
}

#[test]
fn system_files_get_their_schema_by_the_settings_of_the_editor() {
    let project = Project::new();
    let schema = schema(&project, "system");
    let settings = json!({(format!("file://{}", schema.display())): "*.system.yaml"});
    let Some(mut server) = LanguageServer::start(&settings) else { return };
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/scenario/systems/process.yaml");
    let text = std::fs::read_to_string(shipped).expect("a system file");
    assert_eq!(server.marks("file:///shop/process.system.yaml", &text), []);
    let marks = server.marks("file:///shop/slip.system.yaml", &format!("{text}\nhealht: nothing\n"));
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert!(marks[0].1.contains("healht is not allowed"), "{marks:?}");
}
