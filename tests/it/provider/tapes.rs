//! What is recorded is played again: byte by byte, chunk by chunk, and without a key.

use super::kit::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use steadfast::model::Seed;
use steadfast::provider::*;

const KEY: &str = "sk-right";

/// Providers that record into a folder.
fn recording(script: Script, folder: &Path) -> Kit {
    let recorder = Recorder::new(folder, BTreeSet::from(["the-users-own-secret".to_owned()])).expect("a folder");
    Kit::with(script, ProvidersOptions { recorder: Some(Arc::new(recorder)), ..ProvidersOptions::default() })
}

fn tape(folder: &Path, wire: Wire, pace: Pace) -> Tape {
    let name = format!("{}.jsonl", wire.as_str());
    let bytes = std::fs::read(folder.join(&name)).expect("a tape");
    Tape::read(&name, &bytes, Some(wire), pace).expect("it was recorded")
}

fn playing(folder: &Path, wires: &[Wire], pace: Pace) -> Script {
    let tapes = wires.iter().map(|wire| (name(wire.as_str()), ProviderScript::Replay(tape(folder, *wire, pace))));
    Script { providers: tapes.collect(), ..Script::default() }
}

/// What must be the same whenever it is played: everything but when it happened.
fn timeless(tape: &Tape) -> Vec<Exchange> {
    let timeless = tape.exchanges().cloned().map(|mut exchange| {
        if let Some(answer) = &mut exchange.answer {
            answer.at_us = 0;
            answer.chunks.iter_mut().for_each(|chunk| chunk.at_us = 0);
        }
        exchange
    });
    timeless.collect()
}

/// The first exchanges that differ.
fn differing(before: &Tape, after: &Tape) -> String {
    let (before, after) = (timeless(before), timeless(after));
    let pair = before.iter().zip(&after).find(|(one, other)| one != other);
    let lines = pair.map(|(one, other)| [one, other].map(|it| serde_json::to_string(it).expect("json")));
    lines.map_or_else(|| format!("{} and {} exchanges", before.len(), after.len()), |lines| lines.join("\n"))
}

/// All that is asked in a recording: plain, as a stream, and both failing.
fn ask_everything(kit: &Kit, wire: Wire) {
    for stream in [false, true] {
        let mut body = hello(wire, stream);
        body["metadata"] = json!({"note": "the-users-own-secret", "api_key": "nobody-knows-this-one"});
        _ = kit.send(kit.request(wire, &body));
    }
    // A key in the wrong place: in the query.
    let target = format!("{}{}?key=sk-in-the-query-12345", kit.url(wire), path(wire));
    _ = kit.send(kit.client.post(target).header("anthropic-version", "1").body(hello(wire, false).to_string()));
    _ = kit
        .send(kit.client.get(kit.url(wire) + "/v1/models?key=sk-in-the-query-12345").bearer_auth("sk-another-12345"));
}

#[test]
fn what_is_recorded_and_played_and_recorded_again_is_the_same() {
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let mut reply = reply("One two three four, and no more.");
    reply.every = Duration::from_millis(2);
    let kit = recording(always(reply), first.path());
    Wire::ALL.into_iter().for_each(|wire| ask_everything(&kit, wire));
    kit.providers.shutdown();
    let kit = recording(playing(first.path(), &Wire::ALL, Pace::Instant), second.path());
    Wire::ALL.into_iter().for_each(|wire| ask_everything(&kit, wire));
    kit.providers.shutdown();
    for wire in Wire::ALL {
        let (before, after) = (tape(first.path(), wire, Pace::RECORDED), tape(second.path(), wire, Pace::RECORDED));
        assert_eq!(timeless(&before).len(), 4, "{wire:?}");
        assert!(timeless(&before) == timeless(&after), "{}", differing(&before, &after));
        let chunks: Vec<usize> = before.exchanges().filter_map(|it| Some(it.answer.as_ref()?.chunks.len())).collect();
        assert!(wire == Wire::Piper || chunks.iter().any(|chunks| *chunks > 3), "{wire:?}: {chunks:?}");
    }
}

#[test]
fn no_key_is_in_any_tape() {
    let folder = tempfile::tempdir().expect("a folder");
    let kit = recording(always(reply("I will not tell the-users-own-secret nor sk-right.")), folder.path());
    Wire::ALL.into_iter().for_each(|wire| ask_everything(&kit, wire));
    kit.providers.shutdown();
    for wire in Wire::ALL {
        let text = std::fs::read_to_string(folder.path().join(format!("{}.jsonl", wire.as_str()))).expect("a tape");
        for secret in
            [KEY, "the-users-own-secret", "nobody-knows-this-one", "sk-in-the-query-12345", "sk-another-12345"]
        {
            assert!(!text.contains(secret), "{wire:?} tells {secret}: {text}");
        }
        assert!(text.contains("[removed]"), "{wire:?}: the names of what was removed are kept");
    }
}

#[test]
fn faults_are_played_where_they_were_recorded() {
    let (first, second) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let faulty = |fault| Behaviour { fault: Some(fault), ..reply("One two three four five six.") };
    let faults = vec![
        faulty(Fault::Reset(ResetAt::Start)),
        faulty(Fault::Reset(ResetAt::Headers)),
        faulty(Fault::Reset(ResetAt::Middle)),
        faulty(Fault::Truncate(ResetAt::Start)),
        faulty(Fault::Truncate(ResetAt::Byte(70))),
        faulty(Fault::WrongLength(20)),
        fail(FailureKind::Overloaded),
    ];
    let ask = |kit: &Kit| {
        for number in 0..7 {
            let mut body = hello(Wire::Anthropic, number % 2 == 0);
            body["metadata"] = json!({"number": number});
            _ = exchange(kit, Wire::Anthropic, &raw_request(Wire::Anthropic, &body));
        }
    };
    let kit = recording(sequence("anthropic", faults), first.path());
    ask(&kit);
    kit.providers.shutdown();
    let kit = recording(playing(first.path(), &[Wire::Anthropic], Pace::Instant), second.path());
    ask(&kit);
    kit.providers.shutdown();
    let (before, after) =
        (tape(first.path(), Wire::Anthropic, Pace::RECORDED), tape(second.path(), Wire::Anthropic, Pace::RECORDED));
    assert!(timeless(&before) == timeless(&after), "{}", differing(&before, &after));
    let ends: Vec<End> = before.exchanges().map(|exchange| exchange.ended).collect();
    let expected = [End::Reset, End::Reset, End::Reset, End::Cut, End::Cut, End::Cut, End::Completed];
    assert_eq!(ends, expected);
}

/// A tape whose pauses are known.
fn slow_tape() -> Tape {
    let chunk = |at_us: u64, text: &str| json!({"at_us": at_us, "text": text});
    let line = json!({
        "version": 1, "provider": "ollama", "wire": "ollama", "ended": "completed",
        "request": {
            "method": "POST", "target": "/api/chat", "headers": [["content-type", "application/json"]],
            "body": {"text": hello(Wire::Ollama, true).to_string()},
        },
        "answer": {
            "status": 200, "headers": [["content-type", "application/x-ndjson"]], "at_us": 50_000,
            "chunks": [chunk(100_000, "{\"a\":1}\n"), chunk(300_000, "{\"b\":2}\n")],
        },
    });
    Tape::read("slow", line.to_string().as_bytes(), None, Pace::RECORDED).expect("a tape")
}

#[test]
fn a_tape_keeps_its_time_or_a_share_of_it() {
    let took = |pace: Pace| {
        let line = slow_tape().exchanges().map(|line| serde_json::to_string(line).expect("json")).collect::<String>();
        let tape = Tape::read("slow", line.as_bytes(), None, pace).expect("a tape");
        let script =
            Script { providers: BTreeMap::from([(name("ollama"), ProviderScript::Replay(tape))]), ..Script::default() };
        let kit = Kit::new(script);
        let seen = kit.ask(Wire::Ollama, &hello(Wire::Ollama, true));
        assert_eq!(seen.text, "{\"a\":1}\n{\"b\":2}\n");
        let call = kit.only_call();
        assert_eq!(call.matched, Matched::Replayed(1));
        call.answered.expect("it ended") - call.arrived
    };
    // Never earlier than recorded; how much later is the machine's affair.
    assert!(took(Pace::RECORDED) >= Duration::from_millis(300));
    assert!(took(Pace::Thousandths(3000)) >= Duration::from_millis(100));
}

#[test]
fn a_request_that_the_tape_does_not_know_is_told_the_nearest() {
    let script = Script {
        providers: BTreeMap::from([(name("ollama"), ProviderScript::Replay(slow_tape()))]),
        ..Script::default()
    };
    let kit = Kit::new(script);
    let mut body = hello(Wire::Ollama, true);
    body["messages"][0]["content"] = json!("Good evening");
    let seen = kit.ask(Wire::Ollama, &body);
    assert_eq!(seen.status, 501);
    let told = "the tape slow does not know this request; the nearest is its exchange 1: \
                $.messages[0].content: asked \"Good evening\", recorded \"Hello\"";
    assert_eq!(seen.json()["error"], json!(format!("steadfast: {told}")));
    assert_eq!(kit.only_call().remark.as_deref(), Some(told));
    assert_eq!(kit.providers.end().unscripted.len(), 1);
}

#[test]
fn an_answer_that_was_given_twice_is_given_twice_and_the_last_one_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let kit = recording(sequence("mistral", vec![fail(FailureKind::RateLimited), reply("Salut")]), folder.path());
    let body = hello(Wire::Mistral, false);
    let statuses =
        |kit: &Kit, times: usize| (0..times).map(|_| kit.ask(Wire::Mistral, &body).status).collect::<Vec<_>>();
    assert_eq!(statuses(&kit, 2), [429, 200]);
    kit.providers.shutdown();
    let kit = Kit::new(playing(folder.path(), &[Wire::Mistral], Pace::Instant));
    assert_eq!(statuses(&kit, 3), [429, 200, 200]);
    kit.providers.end();
    // The next trial begins anew.
    kit.providers.begin(trial(1), Seed::new(2), playing(folder.path(), &[Wire::Mistral], Pace::Instant));
    kit.providers.sent("Hello");
    assert_eq!(statuses(&kit, 1), [429]);
}

#[test]
fn a_line_that_is_none_is_refused_with_its_number() {
    let line = slow_tape().exchanges().map(|line| serde_json::to_string(line).expect("json")).collect::<String>();
    let wrong = |text: &str, wire: Option<Wire>| match Tape::read("t", text.as_bytes(), wire, Pace::RECORDED) {
        Ok(_) => panic!("it was read"),
        Err(error) => error.to_string(),
    };
    assert_eq!(wrong("", None), "it holds no exchange");
    assert!(wrong(&format!("{line}\n{{}}"), None).starts_with("line 2: missing field `version`"));
    let newer = line.replace("\"version\":1", "\"version\":2");
    assert_eq!(wrong(&newer, None), "line 1: its version is 2, and this program plays version 1");
    assert_eq!(wrong(&line, Some(Wire::Openai)), "line 1: it speaks ollama, and the provider speaks openai");
}

#[test]
fn every_line_fits_the_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let kit = recording(always(reply("Hello")), folder.path());
    Wire::ALL.into_iter().for_each(|wire| ask_everything(&kit, wire));
    kit.providers.shutdown();
    let schema = jsonschema::validator_for(&tape_schema()).expect("a schema");
    for wire in Wire::ALL {
        for exchange in tape(folder.path(), wire, Pace::RECORDED).exchanges() {
            let line: Value = serde_json::to_value(exchange).expect("json");
            assert!(schema.is_valid(&line), "{wire:?}: {line}");
        }
    }
}
