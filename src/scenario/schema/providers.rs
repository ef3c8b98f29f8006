//! The schema of `providers`.

use super::parts::{any_of, closed, count, defined, described, list, mapping, template, template_key, typed, words};
use crate::scenario::read::{
    ANSWER_KEYS, FAIL_KEYS, FAILURES, FAULT_KEYS, FINISHES, MALFORMED, WHEN_KEYS, behaviour_keys,
};
use serde_json::{Map, Value, json};

/// Adds what a provider does.
pub(super) fn add(defs: &mut Map<String, Value>) {
    defs.insert("behaviour".into(), behaviour(&[]));
    let rule = behaviour(&[("when", closed(WHEN_KEYS.iter().map(|key| (*key, when(key))), &[]))]);
    defs.insert("rules".into(), closed([("rules", list(&rule))], &["rules"]));
    let tape = described(json!({"type": "string"}), "a tape, named from the project's folder");
    defs.insert("wrong_key".into(), closed([("wrong_key", typed("boolean"))], &["wrong_key"]));
    defs.insert("tape".into(), closed([("replay", tape), ("speed", speed())], &["replay"]));
    defs.insert(
        "script".into(),
        any_of([
            defined("behaviour"),
            defined("rules"),
            defined("tape"),
            defined("wrong_key"),
            described(list(&defined("behaviour")), "attempt by attempt"),
        ]),
    );
    let fail = FAIL_KEYS.iter().map(|key| (*key, property(key)));
    defs.insert("then".into(), closed(fail, &["fail"]));
}

/// The schema of how fast a tape is played.
pub(super) fn speed() -> Value {
    described(
        any_of([json!({"const": "instant"}), json!({"type": "number", "exclusiveMinimum": 0})]),
        "1 is as recorded, 10 ten times as fast",
    )
}

/// The schema of `providers`.
pub(super) fn providers() -> Value {
    described(mapping(&defined("script")), "by provider; `any` stands for all")
}

fn when(key: &str) -> Value {
    if key == "stream" { typed("boolean") } else { json!({"type": "string"}) }
}

fn behaviour(more: &[(&'static str, Value)]) -> Value {
    let properties = behaviour_keys().into_iter().map(|key| (key, property(key)));
    let mut schema = closed(properties.chain(more.iter().cloned()), &[]);
    let given = ANSWER_KEYS.iter().chain(FAULT_KEYS).map(|key| json!({"required": [key]}));
    schema["anyOf"] = given.chain([template_key()]).collect();
    schema
}

fn property(key: &str) -> Value {
    match key {
        "reply" | "message" | "model" | "language" | "content_type" => json!({"type": "string"}),
        "fixture" => described(json!({"type": "string"}), "a file, named from the project's folder"),
        "stream" => json!({"type": "array", "items": {"type": "string"}, "minItems": 1}),
        "fail" => words(FAILURES.iter().map(|(word, _)| *word)),
        "hang" => json!({"const": true}),
        "malformed" => any_of([
            words(MALFORMED.iter().map(|(word, _)| *word)),
            json!({"type": "null", "description": "the word null"}),
        ]),
        "reset" | "truncate" => any_of([
            words(["start", "headers", "middle"]),
            described(json!({"type": "integer", "minimum": 0}), "after so many bytes of the body"),
        ]),
        "wrong_length" => typed("integer"),
        "after" | "every" | "trickle" | "retry_after" => defined("duration"),
        "hold_until" => closed([("calls", count(1))], &["calls"]),
        "usage" => any_of([
            json!({"const": "none"}),
            closed([("input", count(0)), ("output", count(0))], &["input", "output"]),
            closed([("audio_seconds", count(0))], &["audio_seconds"]),
            template(),
        ]),
        "finish" => words(FINISHES.iter().map(|(word, _)| *word)),
        "then" => defined("then"),
        "status" => defined("status"),
        "headers" => defined("headers"),
        "times" => count(1),
        _ => json!(true),
    }
}
