//! The schema of a system file.

use super::parts::{any_of, closed, count, defined, described, list, mapping, one_key, shared};
use crate::provider::Wire;
use crate::scenario::read::{HTTP_METHODS, PRICE_KEYS};
use crate::scenario::system_file::{BINDING_KEYS, PROCESS_KEYS, PROVIDER_KEYS, SYSTEM_KEYS};
use crate::scenario::{Capability, REFUSAL_FIELDS, Verb};
use serde_json::{Value, json};

/// The JSON Schema (draft 2020-12) of a system file.
pub fn system_schema() -> Value {
    let mut defs = shared();
    defs.insert("request".into(), request(&[]));
    let mut schema = closed(SYSTEM_KEYS.iter().map(|key| (*key, property(key))), &["system"]);
    schema["$schema"] = json!("https://json-schema.org/draft/2020-12/schema");
    schema["title"] = json!("steadfast system");
    schema["$defs"] = Value::Object(defs);
    schema
}

fn text() -> Value {
    json!({"type": "string"})
}

fn property(key: &str) -> Value {
    match key {
        "system" => described(text(), "the name that reports show"),
        "extends" => described(text(), "a shipped system, or a file beside this one"),
        "kind" => json!({"enum": ["embedded", "process", "url"]}),
        "url" => json!({"type": "string", "pattern": "^https?://"}),
        "process" => closed(PROCESS_KEYS.iter().map(|key| (*key, process(key))), &[]),
        "providers" => {
            let provider = closed(PROVIDER_KEYS.iter().map(|key| (*key, provider(key))), &["wire"]);
            mapping(&any_of([provider, json!({"type": "null"})]))
        }
        "can" => list(&json!({"enum": Capability::ALL.map(Capability::as_str)})),
        "reset" => {
            let sql = closed([("file", text()), ("statements", list(&text()))], &["file", "statements"]);
            any_of([
                json!({"enum": ["restart", "fresh_learner", "none"]}),
                defined("request"),
                closed([("sql", sql)], &["sql"]),
            ])
        }
        "auth" => {
            let header = || closed([("header", text()), ("value", text())], &["header", "value"]);
            closed([("learner", header()), ("admin", header())], &[])
        }
        "refusal" => answer(REFUSAL_FIELDS),
        "verbs" => closed(Verb::ALL.iter().map(|verb| (verb.as_str(), verb_binding(*verb))), &[]),
        "names" => mapping(&mapping(&text())),
        "untrusted" => list(&text()),
        "carries" => mapping(&json!({"type": "string", "format": "regex"})),
        "statuses" => mapping(&any_of([status(), list(&status())])),
        "prepare" => {
            let requests = || list(&defined("request"));
            closed([("run", requests()), ("learner", requests())], &[])
        }
        "call_language" | "call_message" => json!({"type": "string", "format": "regex"}),
        _ => json!(true),
    }
}

fn status() -> Value {
    json!({"type": "integer", "minimum": 100, "maximum": 599})
}

fn process(key: &str) -> Value {
    match key {
        "asgi" => json!({"type": "string", "pattern": "^[^:]+:[^:]+$"}),
        "python" => text(),
        "command" => json!({"type": "array", "items": {"type": ["string", "number"]}, "minItems": 1}),
        "env" => defined("headers"),
        "ready_within" | "stop_within" => defined("duration"),
        _ => text(),
    }
}

fn provider(key: &str) -> Value {
    match key {
        "wire" => json!({"enum": Wire::ALL.map(Wire::as_str)}),
        "hosts" => list(&text()),
        "replay" => described(text(), "a tape that plays it, named from the project's folder"),
        "speed" => super::providers::speed(),
        "prices" => {
            let amount = || described(json!({"type": ["number", "string"]}), "dollars");
            let price = closed(
                PRICE_KEYS.iter().map(|key| (*key, if *key == "most_output" { count(1) } else { amount() })),
                &[],
            );
            described(mapping(&price), "by model: 1K tokens in and out, a minute of audio, the model's longest answer")
        }
        "env" | "key_env" => any_of([text(), defined("headers")]),
        _ => text(),
    }
}

fn verb_binding(verb: Verb) -> Value {
    let fields: Vec<&str> = verb.fields().iter().chain(REFUSAL_FIELDS).copied().collect();
    let one = request(&fields);
    let nothing = json!({"type": "null"});
    if verb == Verb::Settings {
        return any_of([nothing, one.clone(), closed([("read", one.clone()), ("change", one)], &[])]);
    }
    any_of([nothing, one])
}

fn request(fields: &[&str]) -> Value {
    let methods = HTTP_METHODS.iter().map(|method| (*method, text()));
    let rest = BINDING_KEYS.iter().map(|key| {
        let schema = match *key {
            "headers" => defined("headers"),
            "form" => json!({"type": "object"}),
            "auth" => json!({"enum": ["learner", "admin", "none"]}),
            "answer" => answer(fields),
            "stream" => {
                let delta = closed([("event", text()), ("text", text())], &["event", "text"]);
                closed([("delta", delta), ("restart", text()), ("done", text()), ("error", text())], &["delta", "done"])
            }
            _ => json!(true),
        };
        (*key, schema)
    });
    let mut request = closed(methods.chain(rest), &[]);
    request["oneOf"] = one_key(HTTP_METHODS.iter().copied());
    request
}

/// Where fields are.
fn answer(fields: &[&str]) -> Value {
    let path = json!({"type": "string", "pattern": r"^(\$|header\.)"});
    let paths = any_of([path.clone(), list(&path)]);
    let path = any_of([paths.clone(), closed([("path", paths), ("default", json!(true))], &[])]);
    let pattern = format!(r"^({})(\..+)?$", fields.join("|"));
    any_of([
        json!({"type": "array", "items": {"enum": fields}}),
        json!({"type": "object", "patternProperties": {pattern: path}, "additionalProperties": false}),
    ])
}
