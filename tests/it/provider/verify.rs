//! What is recorded of a provider is compared with its mock: a healthy one differs in nothing, and each defect is told.

use super::kit::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use steadfast::provider::*;

/// A tape of one wire format: whole answers, streams, refusals, errors, and what needs no script.
fn recorded(wire: Wire) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let recorder = Recorder::new(folder.path(), BTreeSet::new()).expect("a folder");
    let options = ProvidersOptions { recorder: Some(Arc::new(recorder)), ..ProvidersOptions::default() };
    let limited = fail(FailureKind::RateLimited);
    let broken = fail(FailureKind::ServerError);
    let failing = if wire.documents(FailureKind::RateLimited) { limited } else { broken };
    let script = sequence(wire.as_str(), vec![reply("One two three."), reply("One two three."), failing]);
    let kit = Kit::with(script, options);
    for stream in [false, true, false] {
        kit.ask(wire, &hello(wire, stream));
    }
    kit.ask(wire, &json!({"nothing": true}));
    let list = match wire {
        Wire::Ollama => "/api/version",
        Wire::Piper => "/voices",
        Wire::Gemini => "/v1beta/models",
        Wire::Anthropic | Wire::Mistral | Wire::Deepseek | Wire::Openai => "/v1/models",
    };
    let request = kit.client.get(kit.url(wire) + list).header("anthropic-version", "2023-06-01");
    let request = match wire {
        Wire::Anthropic => request.header("x-api-key", "sk-right"),
        Wire::Gemini => request.header("x-goog-api-key", "sk-right"),
        _ => request.bearer_auth("sk-right"),
    };
    kit.send(request).expect("an answer");
    // And one with a key that is refused.
    if wire.endpoints().next() != Some("synthesize") && wire != Wire::Ollama {
        let request = kit.client.post(kit.url(wire) + path(wire)).header("anthropic-version", "2023-06-01");
        let request = request.bearer_auth("wrong").body(hello(wire, false).to_string());
        kit.send(request).expect("an answer");
    }
    kit.providers.shutdown();
    let text = std::fs::read_to_string(folder.path().join(format!("{}.jsonl", wire.as_str()))).expect("a tape");
    text.lines().map(|line| serde_json::from_str(line).expect("a line")).collect()
}

/// What `verify` tells: `request: what: real, mock`.
fn told(lines: &[Value]) -> Vec<String> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let tape = Tape::read("tape", text.as_bytes(), None, Pace::Instant).expect("a tape");
    let scratch = tempfile::tempdir().expect("a folder");
    let compared = verify(&tape, scratch.path()).expect("it compares");
    assert_eq!(compared.exchanges, lines.len());
    let tell = |(request, difference): &(String, Difference)| {
        format!("{request}: {}: {}, {}", difference.what, difference.real, difference.mock)
    };
    compared.differences.keys().map(tell).collect()
}

#[test]
fn a_mock_is_like_itself() {
    for wire in Wire::ALL {
        assert_eq!(told(&recorded(wire)), Vec::<String>::new(), "{wire:?}");
    }
}

/// A recording of Anthropic's form in which something is other than the mock has it.
#[track_caller]
fn check(change: impl FnOnce(&mut Vec<Value>), expected: &[&str]) {
    let mut lines = recorded(Wire::Anthropic);
    change(&mut lines);
    assert_eq!(told(&lines), expected);
}

/// Changes the text of an answer's body.
fn body(line: &mut Value, change: impl FnOnce(String) -> String) {
    let chunks = line["answer"]["chunks"].as_array().expect("chunks");
    let text: String = chunks.iter().map(|chunk| chunk["text"].as_str().expect("text")).collect();
    let text = change(text);
    if line["answer"]["content_length"].is_u64() {
        line["answer"]["content_length"] = json!(text.len());
    }
    line["answer"]["chunks"] = json!([{"at_us": 0, "text": text}]);
}

const PLAIN: &str = "anthropic POST /v1/messages (200)";

#[test]
fn every_defect_of_a_mock_is_told_with_both_sides() {
    check(|lines| lines[0]["answer"]["status"] = json!(201), &["anthropic POST /v1/messages (201): status: 201, 200"]);
    check(
        |lines| lines[0]["answer"]["headers"] = json!([["content-type", "text/plain"]]),
        &[
            &format!("{PLAIN}: content-type: text/plain, application/json"),
            &format!("{PLAIN}: header request-id: not there, there"),
        ],
    );
    check(
        |lines| body(&mut lines[0], |text| text.replace("\"stop_sequence\":null", "\"container\":{\"id\":1}")),
        &[&format!("{PLAIN}: $.container: an object, nothing"), &format!("{PLAIN}: $.stop_sequence: nothing, null")],
    );
    check(
        |lines| body(&mut lines[0], |text| text.replace("\"end_turn\"", "7")),
        &[&format!("{PLAIN}: $.stop_reason: a number, a text")],
    );
    check(
        |lines| {
            body(&mut lines[1], |text| {
                let stop = "event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n";
                assert!(text.contains(stop), "{text}");
                text.replace(stop, "")
            });
        },
        &[&format!(
            "{PLAIN}: order of the stream: message_start, content_block_start, content_block_delta, message_delta, \
             message_stop, message_start, content_block_start, content_block_delta, content_block_stop, \
             message_delta, message_stop"
        )],
    );
    check(
        |lines| {
            body(&mut lines[2], |text| text.replace("\"type\":\"rate_limit_error\"", "\"kind\":\"rate_limit_error\""))
        },
        &[
            "anthropic POST /v1/messages (429): $.error.kind: a text, nothing",
            "anthropic POST /v1/messages (429): $.error.type: nothing, a text",
        ],
    );
}

#[test]
fn what_a_mock_takes_and_the_real_one_refuses_is_told() {
    check(
        |lines| lines[3]["request"] = lines[0]["request"].clone(),
        &["anthropic POST /v1/messages (400): status: 400, 200"],
    );
}
