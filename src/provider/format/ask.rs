//! Reads requests, and refuses what the real providers refuse.

use crate::provider::format::{Page, Stamp, failure, plain_error};
use crate::provider::{Auth, Endpoint, Failing, FailureKind, Message, Wire};
use http::HeaderMap;
use serde_json::{Map, Value, json};

/// What a request asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) system: String,
    pub(crate) messages: Vec<Message>,
    /// `stream_options.include_usage`.
    pub(crate) include_usage: bool,
    /// Ollama's way to load (or, with `keep_alive: 0`, to unload) a model: a request without a message.
    pub(crate) unload: bool,
}

impl Ask {
    /// Whether there is nothing to answer: Ollama then loads the model.
    pub(crate) fn only_loads(&self, wire: Wire) -> bool {
        wire == Wire::Ollama && self.messages.is_empty()
    }

    /// Characters of all texts, without marks.
    pub(crate) fn characters(&self) -> usize {
        let count = |text: &str| crate::provider::Mark::strip(text).0.chars().count();
        count(&self.system) + self.messages.iter().map(|message| count(&message.text)).sum::<usize>()
    }
}

/// A request that the provider itself refuses.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) Page);

/// What a request's key is worth, and the refusal where it is worth nothing.
pub(crate) fn check_key(wire: Wire, key: Option<&str>, headers: &HeaderMap) -> Auth {
    if wire == Wire::Ollama {
        return Auth::NotNeeded;
    }
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization")
        .and_then(|value| value.split_once(' '))
        .and_then(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer").then_some(token));
    let api_key = if wire == Wire::Anthropic { text("x-api-key") } else { None };
    match api_key.or(bearer).map(str::trim).filter(|sent| !sent.is_empty()) {
        None => Auth::Missing,
        Some(sent) if key.is_none_or(|key| key == sent) => Auth::Accepted,
        Some(_) => Auth::Wrong,
    }
}

/// Reads the body of a model call. What could be read is there even if the request is refused.
pub(crate) fn read(
    wire: Wire,
    endpoint: &Endpoint,
    headers: &HeaderMap,
    body: &[u8],
    stamp: &Stamp,
) -> (Ask, Option<Refusal>) {
    let refused = |message: &str| Some(Refusal(plain_error(wire, 400, message, stamp)));
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(error) => return (Ask::default(), refused(&unreadable(wire, body, &error))),
    };
    let Value::Object(fields) = value else {
        return (Ask::default(), refused("the request body must be a JSON object"));
    };
    let ask = understand(wire, endpoint, &fields);
    let refusal = refuse(wire, endpoint, headers, &fields, stamp);
    (ask, refusal)
}

fn unreadable(wire: Wire, body: &[u8], error: &serde_json::Error) -> String {
    match wire {
        Wire::Ollama if body.is_empty() => "missing request body".into(),
        Wire::Anthropic => format!("The request body is not valid JSON: {error}"),
        Wire::Deepseek => format!("Failed to parse the request body as JSON: {error}"),
        Wire::Openai => {
            "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library correctly. \
             The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
                .into()
        }
        Wire::Mistral | Wire::Ollama => format!("invalid JSON: {error}"),
    }
}

fn understand(wire: Wire, endpoint: &Endpoint, fields: &Map<String, Value>) -> Ask {
    let text = |name: &str| fields.get(name).map(text_of).unwrap_or_default();
    let named = if fields.contains_key("model") { "model" } else { "name" };
    let mut ask = Ask {
        model: text(if wire == Wire::Ollama { named } else { "model" }),
        stream: fields.get("stream").and_then(Value::as_bool).unwrap_or(wire == Wire::Ollama),
        system: text("system"),
        include_usage: fields.get("stream_options").and_then(|o| o.get("include_usage")) == Some(&Value::Bool(true)),
        unload: fields.get("keep_alive").is_some_and(|value| value == &json!(0) || value == &json!("0")),
        messages: Vec::new(),
    };
    if *endpoint == Endpoint::Generate {
        let prompt = text("prompt");
        if !prompt.is_empty() {
            ask.messages.push(Message { role: "user".into(), text: prompt });
        }
        return ask;
    }
    for message in fields.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
        let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
        let text = message.get("content").map(text_of).unwrap_or_default();
        if matches!(role, "system" | "developer") {
            if !ask.system.is_empty() {
                ask.system.push('\n');
            }
            ask.system.push_str(&text);
        } else {
            ask.messages.push(Message { role: role.to_owned(), text });
        }
    }
    ask
}

/// The text of a content: a string, or a list of parts of which some are text.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text").or_else(|| part.get("content")).map(text_of));
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

fn refuse(
    wire: Wire,
    endpoint: &Endpoint,
    headers: &HeaderMap,
    fields: &Map<String, Value>,
    stamp: &Stamp,
) -> Option<Refusal> {
    let error = |status, message: &str| Some(Refusal(plain_error(wire, status, message, stamp)));
    let model = fields.get("model").and_then(Value::as_str).is_some_and(|model| !model.is_empty());
    let messages = fields.get("messages").and_then(Value::as_array).map(|messages| !messages.is_empty());
    match wire {
        Wire::Anthropic => {
            let tokens = fields.get("max_tokens").and_then(Value::as_i64);
            let roles = fields.get("messages").and_then(Value::as_array).into_iter().flatten();
            let strange = roles
                .filter_map(|m| m.get("role").and_then(Value::as_str))
                .find(|r| !matches!(*r, "user" | "assistant"));
            match () {
                () if !headers.contains_key("anthropic-version") => error(400, "anthropic-version: header is required"),
                () if !model => error(400, "model: Field required"),
                () if tokens.is_none() => error(400, "max_tokens: Field required"),
                () if tokens < Some(1) => error(400, "max_tokens: must be greater than or equal to 1"),
                () if messages.is_none() => error(400, "messages: Field required"),
                () if messages == Some(false) => error(400, "messages: at least one message is required"),
                () => strange.and_then(|role| {
                    error(
                        400,
                        &format!("messages: Unexpected role \"{role}\". Allowed roles are \"user\" or \"assistant\"."),
                    )
                }),
            }
        }
        Wire::Mistral => {
            let missing = |field: &str| Some(Refusal(unprocessable("missing", field, "Field required", stamp)));
            match () {
                () if !model => missing("model"),
                () if messages.is_none() => missing("messages"),
                () if messages == Some(false) => error(400, "Conversation must have at least one message"),
                () if fields.contains_key("stream_options") => {
                    let message = "Extra inputs are not permitted";
                    Some(Refusal(unprocessable("extra_forbidden", "stream_options", message, stamp)))
                }
                () => None,
            }
        }
        Wire::Deepseek => {
            let missing = |field: &str| {
                let kind = FailureKind::Unprocessable;
                let message =
                    format!("Failed to deserialize the JSON body into the target type: missing field `{field}`");
                let failing = Failing { kind, status: None, message: Some(message), retry_after: None };
                Some(Refusal(failure(wire, &failing, stamp)))
            };
            match () {
                () if !model => missing("model"),
                () if messages.is_none() => missing("messages"),
                () if messages == Some(false) => error(400, "Empty input messages"),
                () => None,
            }
        }
        Wire::Openai => match () {
            () if !model => error(400, "you must provide a model parameter"),
            () if messages.is_none() => error(400, "Missing required parameter: 'messages'."),
            () if messages == Some(false) => error(
                400,
                "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            ),
            () => None,
        },
        Wire::Ollama if !endpoint.is_model_call() => None,
        Wire::Ollama if !model => match endpoint {
            Endpoint::Generate => Some(Refusal(plain_error(wire, 404, "model '' not found", stamp))),
            _ => error(400, "model is required"),
        },
        Wire::Ollama => None,
    }
}

/// Mistral's answer to a body of the wrong shape.
fn unprocessable(kind: &str, field: &str, message: &str, stamp: &Stamp) -> Page {
    let detail = json!({"detail": [{"type": kind, "loc": ["body", field], "msg": message, "input": null}]});
    Page::json(422, &detail).with("mistral-correlation-id", stamp.id(""))
}
