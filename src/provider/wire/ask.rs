//! Requests as they arrive, and what they ask.

use crate::provider::mark::Mark;
use http::HeaderMap;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::time::Duration;

/// A request as it arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sent<'a> {
    /// What stands behind the path, without the question mark.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

impl<'a> Sent<'a> {
    /// A header's value, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&'a str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.into_iter().find(|(key, _)| *key == name)?;
        Some(percent_decode_str(value).decode_utf8_lossy())
    }

    /// The token of `Authorization: Bearer …`.
    pub(crate) fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }
}

/// A message of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `user`, `assistant`, `tool` and so on, as sent.
    pub role: String,
    /// Its text; parts that are no text are left out.
    pub text: String,
}

/// What the request's key was worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// This provider asks for none.
    NotNeeded,
    /// It was accepted.
    Accepted,
    /// None was sent.
    Missing,
    /// Another key is expected.
    Wrong,
}

/// What a request is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be answered by a model, or by what the provider knows.
    #[default]
    Answer,
    /// To load a model: there is nothing to answer.
    Load,
    /// To unload a model.
    Unload,
    /// To install a model.
    Install,
}

/// What a request asks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) purpose: Purpose,
    pub(crate) model: String,
    pub(crate) stream: bool,
    pub(crate) system: String,
    pub(crate) messages: Vec<Message>,
    /// The form of the answer that is asked for, in a word of the format's own; empty for the usual one.
    pub(crate) form: &'static str,
    /// How long the recording plays that is sent along.
    pub(crate) audio: Option<Duration>,
    /// The language that the request names in a field of its own.
    pub(crate) language: Option<String>,
    /// The most tokens that an answer may have, if the request says so.
    pub(crate) most_output: Option<u64>,
    /// How many answers are asked for, if the request says so.
    pub(crate) answers: u64,
}

impl Ask {
    /// Whether there is nothing that a model could answer.
    pub(crate) fn only_loads(&self) -> bool {
        matches!(self.purpose, Purpose::Load | Purpose::Unload)
    }

    /// Characters of all texts, without marks.
    pub(crate) fn characters(&self) -> usize {
        let count = |text: &str| Mark::strip(text).0.chars().count();
        count(&self.system) + self.messages.iter().map(|message| count(&message.text)).sum::<usize>()
    }

    /// Adds to the system prompt.
    pub(crate) fn add_system(&mut self, text: &str) {
        if !self.system.is_empty() {
            self.system.push('\n');
        }
        self.system.push_str(text);
    }

    /// Reads a conversation in the shape that most formats share: model, system prompt, messages of roles.
    pub(crate) fn conversation(fields: &Map<String, Value>) -> Self {
        let mut ask = Self {
            model: text(fields, "model"),
            stream: fields.get("stream").and_then(Value::as_bool).unwrap_or_default(),
            system: text(fields, "system"),
            most_output: ["max_tokens", "max_completion_tokens"].iter().find_map(|name| fields.get(*name)?.as_u64()),
            answers: fields.get("n").and_then(Value::as_u64).unwrap_or(1),
            ..Self::default()
        };
        for message in fields.get("messages").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default() {
            let role = message.get("role").and_then(Value::as_str).unwrap_or_default();
            let text = message.get("content").map(text_of).unwrap_or_default();
            if matches!(role, "system" | "developer") {
                ask.add_system(&text);
            } else {
                ask.messages.push(Message { role: role.to_owned(), text });
            }
        }
        ask
    }
}

/// What most formats ask of a conversation.
pub(crate) struct Given {
    /// A model is named.
    pub(crate) model: bool,
    /// Whether there are messages; `None` if the field is missing.
    pub(crate) messages: Option<bool>,
}

impl Given {
    /// What a body gives.
    pub(crate) fn of(fields: &Map<String, Value>) -> Self {
        Self {
            model: fields.get("model").and_then(Value::as_str).is_some_and(|model| !model.is_empty()),
            messages: fields.get("messages").and_then(Value::as_array).map(|messages| !messages.is_empty()),
        }
    }
}

/// The text of a field; empty if it is missing.
pub(crate) fn text(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).map(text_of).unwrap_or_default()
}

/// The text of a content: a string, or a list of parts of which some are text.
pub(crate) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part.get("text").or_else(|| part.get("content")).map(text_of));
            texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}
