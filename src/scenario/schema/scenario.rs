//! The schema of a scenario file.

use super::expect::Answers;
use super::parts::{any_of, closed, count, defined, described, list, mapping, of_kind, shared, words};
use super::{expect, providers, step};
use crate::scenario::read::{ANSWERS_KEYS, BUDGET_KEYS, GIVEN_KEYS, LEAK_KEYS, SCENARIO_KEYS, settings_keys};
use crate::scenario::{Capability, kinds};
use serde_json::{Value, json};

/// The JSON Schema (draft 2020-12) of a scenario file.
pub fn schema() -> Value {
    let mut defs = shared();
    expect::add_matchers(&mut defs);
    expect::add_received(&mut defs);
    providers::add(&mut defs);
    step::add(&mut defs);
    defs.insert("expect".into(), expect::expect(Answers::One));
    defs.insert("expect_of_all".into(), expect::expect(Answers::Several));
    let mut schema = closed(SCENARIO_KEYS.iter().map(|key| (*key, property(key))), &["scenario"]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("steadfast scenario");
    schema["anyOf"] = json!([{"required": ["steps"]}, {"required": ["skip"]}]);
    schema["$defs"] = Value::Object(defs);
    schema
}

fn property(key: &str) -> Value {
    let text = json!({"type": "string"});
    match key {
        "scenario" => described(text, "what must hold, in a sentence"),
        "tags" => list(&text),
        "needs" => list(&words(Capability::ALL.iter().map(|known| known.as_str()))),
        "live" => described(list(&text), "providers that must be real: the case runs with `--live` only"),
        "answers" => described(
            closed(ANSWERS_KEYS.iter().map(|key| (*key, count(1))), ANSWERS_KEYS),
            "how often a real provider is asked, and how many answers must be as expected",
        ),
        "skip" => described(text, "why it does not run"),
        "matrix" => described(
            json!({"type": "object", "additionalProperties": {"type": "array", "minItems": 1}, "minProperties": 1}),
            "variables with their values: every combination is a case",
        ),
        "examples" => described(
            json!({"type": "array", "items": {"type": "object"}, "minItems": 1}),
            "rows of variables; a list in a row multiplies",
        ),
        "exclude" => described(
            json!({"type": "array", "items": {"type": "object", "minProperties": 1}}),
            "partial cells that are left out",
        ),
        "given" => closed(GIVEN_KEYS.iter().map(|key| (*key, given(key))), &[]),
        "providers" => providers::providers(),
        "steps" => defined("steps"),
        "calls" => described(expect::calls(true), "logical calls that each provider must have received"),
        "attempts" => described(expect::calls(false), "requests that each provider must have received"),
        "timeout" => defined("duration"),
        "leaks" => list(&closed(LEAK_KEYS.iter().map(|key| (*key, leak(key))), &["kind", "reason"])),
        _ => json!(true),
    }
}

fn leak(key: &str) -> Value {
    match key {
        "count" => count(1),
        "kind" => json!({"enum": crate::model::LEAK_KINDS}),
        _ => json!({"type": "string"}),
    }
}

fn given(key: &str) -> Value {
    let text = json!({"type": "string"});
    let settings = || settings_keys().map(|key| (key, of_kind(kinds::argument(key))));
    let nothing = json!({"type": "null"});
    match key {
        "budget" => closed(BUDGET_KEYS.iter().map(|key| (*key, defined("money"))), &[]),
        "models" => any_of([
            list(&any_of([text.clone(), closed([("name", text)], &["name"])])),
            json!({"type": "object", "additionalProperties": {"type": ["object", "null"], "maxProperties": 0}}),
            super::parts::template(),
        ]),
        "voices" => any_of([list(&text), super::parts::template()]),
        "now" => described(text, "an instant, RFC 3339"),
        "provider_timeout" => defined("duration"),
        "learner" => any_of([nothing, closed(settings().chain([("name", text)]), &[])]),
        "learners" => mapping(&any_of([nothing, closed(settings(), &[])])),
        "health" => mapping(&words(["up", "down"])),
        _ => json!(true),
    }
}
