//! What schemas are made of.

use crate::scenario::audio::{AUDIO_FORMATS, AUDIO_KEYS};
use crate::scenario::kinds::ValueKind;
use serde_json::{Map, Value, json};

/// A mapping with these keys and no others, but for keys that become one of them once a name is filled in.
pub(super) fn closed(properties: impl IntoIterator<Item = (&'static str, Value)>, required: &[&str]) -> Value {
    let properties: Map<String, Value> = properties.into_iter().map(|(key, schema)| (key.to_owned(), schema)).collect();
    let mut schema = json!({
        "type": "object",
        "properties": properties,
        "patternProperties": {TEMPLATE: true},
        "additionalProperties": false,
    });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

/// Exactly one of these keys, or one that becomes one of them.
pub(super) fn one_key<'k>(keys: impl IntoIterator<Item = &'k str>) -> Value {
    keys.into_iter().map(|key| json!({"required": [key]})).chain([template_key()]).collect()
}

/// A mapping with a key that becomes another once a name is filled in.
pub(super) fn template_key() -> Value {
    json!({"not": {"propertyNames": {"not": {"pattern": TEMPLATE}}}})
}

/// What a text with a name to be filled in looks like.
const TEMPLATE: &str = r"\$\{";

/// A mapping from any key.
pub(super) fn mapping(values: &Value) -> Value {
    json!({"type": "object", "additionalProperties": values})
}

/// The schema of a list.
pub(super) fn list(items: &Value) -> Value {
    json!({"type": "array", "items": items})
}

/// Any of these.
pub(super) fn any_of(schemas: impl IntoIterator<Item = Value>) -> Value {
    json!({"anyOf": schemas.into_iter().collect::<Vec<_>>()})
}

/// One of these words, or a template that becomes one.
pub(super) fn words<'w>(words: impl IntoIterator<Item = &'w str>) -> Value {
    any_of([json!({"enum": words.into_iter().collect::<Vec<_>>()}), template()])
}

/// A definition by its name.
pub(super) fn defined(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

/// A text with a name to be filled in, which can become anything.
pub(super) fn template() -> Value {
    defined("template")
}

/// A value of a type, or a template that becomes one.
pub(super) fn typed(name: &str) -> Value {
    any_of([json!({"type": name}), template()])
}

/// A whole number from `least` up.
pub(super) fn count(least: u32) -> Value {
    any_of([json!({"type": "integer", "minimum": least}), template()])
}

/// The same with what an editor shows beside it.
pub(super) fn described(mut schema: Value, description: &str) -> Value {
    schema["description"] = json!(description);
    schema
}

/// A value of a kind.
pub(super) fn of_kind(kind: ValueKind) -> Value {
    match kind {
        ValueKind::Text | ValueKind::Provider => json!({"type": "string"}),
        ValueKind::Boolean => typed("boolean"),
        ValueKind::Integer => typed("integer"),
        ValueKind::Number => typed("number"),
        ValueKind::Money => defined("money"),
        ValueKind::List => typed("array"),
        ValueKind::Mapping => typed("object"),
        ValueKind::Word(_, known) => words(known.iter().copied()),
        ValueKind::Duration => defined("duration"),
        ValueKind::Audio => audio(),
        ValueKind::Any => json!(true),
    }
}

/// A recording that the scenario makes.
fn audio() -> Value {
    let property = |key: &&'static str| {
        let schema = match *key {
            "text" => json!({"type": "string"}),
            "silence" | "noise" => json!({"const": true}),
            "format" => words(AUDIO_FORMATS.iter().copied()),
            _ => any_of([json!({"type": "number", "minimum": 0}), template()]),
        };
        (*key, schema)
    };
    any_of([closed(AUDIO_KEYS.iter().map(property), &[]), template()])
}

/// The definitions that every schema shares.
pub(super) fn shared() -> Map<String, Value> {
    let mut shared = Map::new();
    let mut add = |name: &str, schema: Value| shared.insert(name.to_owned(), schema);
    add("template", json!({"type": "string", "pattern": TEMPLATE, "description": "${name}: filled in"}));
    add(
        "duration",
        any_of([
            json!({"type": "string", "pattern": r"^[0-9]+(\.[0-9]{1,9})?(us|µs|ms|s|m|h)$", "examples": ["20ms", "1.5s"]}),
            template(),
        ]),
    );
    add(
        "money",
        any_of([
            json!({"type": "number", "description": "US dollars"}),
            json!({"type": "string", "pattern": r"^[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?$"}),
            template(),
        ]),
    );
    add("status", any_of([json!({"type": "integer", "minimum": 100, "maximum": 599}), template()]));
    add("headers", mapping(&json!({"type": ["string", "number"]})));
    shared
}
