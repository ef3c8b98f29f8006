//! The schema of `steps`.

use super::expect::capture;
use super::parts::{any_of, closed, count, defined, described, of_kind, one_key};
use crate::scenario::Verb;
use crate::scenario::kinds::{self, ValueKind};
use crate::scenario::read::{HTTP_KEYS, HTTP_METHODS, MODIFIERS, OTHER_ACTIONS, action_keys};
use serde_json::{Map, Value, json};

/// Adds steps and lanes.
pub(super) fn add(defs: &mut Map<String, Value>) {
    defs.insert("steps".into(), json!({"type": "array", "items": defined("step"), "minItems": 1}));
    defs.insert("step".into(), step());
    let lane = closed([("steps", defined("steps")), ("times", count(1))], &["steps"]);
    defs.insert("lane".into(), any_of([defined("step"), defined("steps"), lane]));
}

fn step() -> Value {
    let verbs = Verb::ALL.iter().map(|verb| (verb.as_str(), arguments(*verb)));
    let others = OTHER_ACTIONS.iter().chain(MODIFIERS).map(|key| (*key, other(key)));
    let mut step = closed(verbs.chain(others), &[]);
    step["if"] = json!({"required": ["concurrently"]});
    step["then"] = json!({"properties": {"expect": defined("expect_of_all")}});
    step["else"] = json!({"properties": {"expect": defined("expect")}});
    step["oneOf"] = one_key(action_keys());
    step
}

fn arguments(verb: Verb) -> Value {
    let properties = verb.arguments().iter().map(|name| (*name, of_kind(kinds::argument(name))));
    let arguments = closed(properties, verb.required());
    if verb.required().is_empty() { any_of([json!({"type": "null"}), arguments]) } else { arguments }
}

fn other(key: &str) -> Value {
    match key {
        "http" => http(),
        "restart" | "look" => json!({"enum": [null, true]}),
        "concurrently" => {
            described(json!({"type": "array", "items": defined("lane"), "minItems": 1}), "lanes side by side")
        }
        "eventually" => described(defined("steps"), "tried again until all hold"),
        "for_each" => described(
            json!({"type": "object", "additionalProperties": {"type": "array"}}),
            "variables of a loop over `steps`",
        ),
        "as" => described(json!({"type": "string"}), "a learner"),
        "capture" => capture(),
        "within" | "every" => defined("duration"),
        "steps" => defined("steps"),
        "times" => count(1),
        _ => json!(true),
    }
}

fn http() -> Value {
    let methods = HTTP_METHODS.iter().map(|method| (*method, json!({"type": "string"})));
    let rest = HTTP_KEYS.iter().map(|key| {
        let schema = match *key {
            "headers" => defined("headers"),
            "text" => of_kind(ValueKind::Text),
            "auth" => described(json!({"type": "string"}), "learner, admin, none, or a token"),
            _ => json!(true),
        };
        (*key, schema)
    });
    let mut http = closed(methods.chain(rest), &[]);
    http["oneOf"] = one_key(HTTP_METHODS.iter().copied());
    http["not"] = json!({"required": ["json", "text"]});
    http
}
