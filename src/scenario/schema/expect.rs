//! Matchers, expectations, and expectations on calls.

use super::parts::{any_of, closed, count, defined, list, mapping, of_kind, template, typed, words};
use crate::provider::Wire;
use crate::scenario::kinds::{self, ValueKind};
use crate::scenario::read::{CALL_KEYS, EXPECT_KEYS, OPERATORS, STREAM_KEYS, TYPES};
use crate::scenario::{REFUSAL_FIELDS, Verb};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Operators, and what is expected of values of each kind.
pub(super) fn add_matchers(defs: &mut Map<String, Value>) {
    let operator = |key: &&'static str| {
        let schema = match *key {
            "matches" => json!({"type": "string", "format": "regex"}),
            "at_least" | "at_most" => typed("number"),
            "one_of" => json!({"type": "array", "minItems": 1}),
            "length" => defined("counted"),
            "is" => any_of([words(TYPES.iter().copied()), json!({"type": "null"})]),
            "present" | "absent" => typed("boolean"),
            "not" => json!({}),
            _ => json!(true),
        };
        (*key, schema)
    };
    let mut operators = closed(OPERATORS.iter().map(operator), &[]);
    operators["minProperties"] = json!(1);
    defs.insert("operators".into(), operators);
    let counted = any_of([count(0), defined("operators")]);
    defs.insert("counted".into(), counted);
    defs.insert("tally".into(), json!({"type": "object", "additionalProperties": defined("counted")}));
}

/// Of how many answers an expectation speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    One,
    /// Those of lanes: how often each value came can be expected as well.
    Several,
}

/// The schema of `expect`.
pub(super) fn expect(answers: Answers) -> Value {
    let expected = |values: &[Value]| expected(values, answers);
    let mut properties = Map::new();
    for key in EXPECT_KEYS {
        let schema = match *key {
            "status" => expected(&[defined("status")]),
            "stream" => stream(),
            _ => expected(&[json!({"type": "string"})]),
        };
        properties.insert((*key).to_owned(), schema);
    }
    for field in fields() {
        // `models` is a list or a mapping, depending on the verb.
        let mut kinds: Vec<ValueKind> = Verb::ALL
            .iter()
            .filter(|verb| verb.fields().contains(&field))
            .map(|verb| kinds::field(Some(*verb), field))
            .chain([kinds::field(None, field)])
            .collect();
        kinds.dedup();
        let schemas: Vec<Value> = kinds.into_iter().map(of_kind).collect();
        properties.insert(field.to_owned(), expected(&schemas));
    }
    json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {
            r"^\$": true,
            r"^header\..": expected(&[json!({"type": "string"})]),
            format!(r"^({})\..", fields().into_iter().collect::<Vec<_>>().join("|")): true,
        },
        "additionalProperties": false,
    })
}

/// Every field of every verb.
fn fields() -> BTreeSet<&'static str> {
    Verb::ALL.iter().flat_map(|verb| verb.fields()).chain(REFUSAL_FIELDS).copied().collect()
}

/// A value, nothing, operators, or how often each value came.
fn expected(values: &[Value], answers: Answers) -> Value {
    let others = [json!({"type": "null"}), template(), defined("operators")];
    let tally = (answers == Answers::Several).then(|| defined("tally"));
    any_of(values.iter().cloned().chain(others).chain(tally))
}

fn stream() -> Value {
    let property = |key: &&'static str| {
        let schema = match *key {
            "events" => any_of([list(&json!({"type": "string"})), template(), defined("operators")]),
            "text" => any_of([json!({"type": "string"}), defined("operators")]),
            "chunks" => defined("counted"),
            _ => defined("duration"),
        };
        (*key, schema)
    };
    closed(STREAM_KEYS.iter().map(property), &[])
}

/// `calls` or `attempts`.
pub(super) fn calls(has_order: bool) -> Value {
    let mut properties = Map::new();
    if has_order {
        properties.insert("order".into(), list(&json!({"type": "string"})));
    }
    json!({"type": "object", "properties": properties, "additionalProperties": defined("received")})
}

/// What one provider receives.
pub(super) fn add_received(defs: &mut Map<String, Value>) {
    let property = |key: &&'static str| {
        let schema = match *key {
            "count" => defined("counted"),
            "stream" => any_of([typed("boolean"), defined("operators")]),
            _ => any_of([json!({"type": ["string", "null"]}), defined("operators")]),
        };
        (*key, schema)
    };
    let one = closed(CALL_KEYS.iter().filter(|key| **key != "count").map(property), &[]);
    let endpoints: BTreeSet<&'static str> = Wire::ALL.into_iter().flat_map(Wire::endpoints).collect();
    let endpoints = endpoints.into_iter().map(|endpoint| (endpoint, defined("counted")));
    let all = closed(CALL_KEYS.iter().map(property).chain(endpoints), &[]);
    defs.insert("received".into(), any_of([defined("counted"), all, list(&one)]));
}

/// The schema of `capture`.
pub(super) fn capture() -> Value {
    mapping(&json!({"type": "string", "description": "a field, header.NAME, or a JSONPath"}))
}
