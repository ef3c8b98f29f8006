//! The JSON Schema of `steadfast.toml`, for editors.

use crate::cli::config::settable::{Settable, Takes, arguments_of};
use clap::Command;
use serde_json::{Map, Value, json};

/// The schema, made from the arguments of `run`.
pub(in crate::cli) fn schema(program: &Command) -> Value {
    let of_run = arguments_of(program, "run");
    let keys: Map<String, Value> =
        of_run.iter().filter(|settable| settable.is_for_files()).map(|it| (it.key.clone(), property(it))).collect();
    let mut top = keys.clone();
    top.insert(
        "profile".into(),
        json!({
            "description": "Profiles by name: what one says holds with `--profile NAME`, over what stands outside of it",
            "type": "object",
            "additionalProperties": { "$ref": "#/$defs/profile" }
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "steadfast.toml",
        "type": "object",
        "properties": top,
        "additionalProperties": false,
        "$defs": { "profile": { "type": "object", "properties": keys, "additionalProperties": false } }
    })
}

fn property(settable: &Settable) -> Value {
    let one = match settable.possible.is_empty() {
        true => json!({ "type": ["string", "number"] }),
        false => json!({ "enum": settable.possible }),
    };
    let mut property = match settable.takes {
        Takes::Nothing => json!({ "type": "boolean" }),
        Takes::One => one,
        Takes::Many => json!({ "anyOf": [{ "type": "array", "items": one.clone() }, one] }),
    };
    if let Some(property) = property.as_object_mut() {
        property.insert("description".into(), settable.help.clone().into());
    }
    property
}
