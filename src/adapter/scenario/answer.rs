//! What came back from a step, in the domain's words.

use crate::adapter::scenario::stream::StreamEvent;
use crate::adapter::shared::template::plain;
use crate::provider::{Mark, Wav};
use crate::scenario::{Binding, StreamBinding, StreamSubject, Subject, System};
use http::HeaderMap;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// What came back from a step.
#[derive(Debug, Clone, Default)]
pub(in crate::adapter) struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// Of an answer that is audio: the file.
    pub audio: Option<Vec<u8>>,
    pub json: Option<Value>,
    /// The answer's fields in the domain's words, marks still in them.
    pub fields: BTreeMap<String, Value>,
    /// Of a stream.
    pub stream: Option<StreamSeen>,
}

/// A stream as the learner saw it.
#[derive(Debug, Clone, Default)]
pub(in crate::adapter) struct StreamSeen {
    pub events: Vec<StreamEvent>,
    /// The events' names in the domain's words, runs of `delta` as one.
    pub names: Vec<String>,
    /// What came after the last restart.
    pub text: String,
    pub chunks: u64,
}

impl StreamSeen {
    /// Reads events as the binding says.
    pub fn read(events: Vec<StreamEvent>, binding: &StreamBinding) -> Self {
        let mut seen = Self::default();
        for event in &events {
            let name = domain_name(&event.name, binding);
            if name == "delta" {
                if let Some(text) = binding.delta.1.query(&event.data).first() {
                    seen.text.push_str(&plain(text));
                }
                seen.chunks += 1;
            } else if name == "restart" {
                seen.text.clear();
            }
            if !(name == "delta" && seen.names.last().is_some_and(|last| last == "delta")) {
                seen.names.push(name.to_owned());
            }
        }
        seen.events = events;
        seen
    }

    fn first(&self) -> Option<Duration> {
        self.events.first().map(|event| event.at)
    }

    fn max_gap(&self) -> Option<Duration> {
        self.events.windows(2).map(|pair| pair[1].at.saturating_sub(pair[0].at)).max()
    }

    fn value(&self, subject: StreamSubject) -> Option<Value> {
        let millis = |time: Duration| Value::from(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        match subject {
            StreamSubject::Events => Some(Value::from(self.names.clone())),
            StreamSubject::Text => Some(Value::from(Mark::strip(&self.text).0)),
            StreamSubject::Chunks => Some(Value::from(self.chunks)),
            StreamSubject::FirstWithin => self.first().map(millis),
            StreamSubject::MaxGap => self.max_gap().map(millis),
        }
    }
}

fn domain_name<'a>(name: &'a str, binding: &StreamBinding) -> &'a str {
    if name == binding.delta.0 {
        "delta"
    } else if binding.restart.as_deref() == Some(name) {
        "restart"
    } else if name == binding.done {
        "done"
    } else if binding.error.as_deref() == Some(name) {
        "error"
    } else {
        name
    }
}

impl Answer {
    /// Finds the answer's fields where the binding says they are, in the domain's words. Of a stream they are in the
    /// event that ended it.
    pub fn bind(&mut self, binding: &Binding, system: &System) {
        let end = self.stream.as_ref().and_then(|stream| {
            let binding = binding.stream.as_ref()?;
            stream.events.iter().rev().find(|event| matches!(domain_name(&event.name, binding), "done" | "error"))
        });
        let mut fields = self.fields_of_audio();
        for (name, header) in &binding.answer_headers {
            if let Some(text) = self.headers.get(header).and_then(|value| value.to_str().ok()) {
                // A number in a header is a number.
                let value = text.parse::<f64>().map_or_else(|_| Value::from(text), Value::from);
                fields.insert(name.clone(), system.translate(name, &value));
            }
        }
        let Some(body) = end.map(|event| &event.data).or(self.json.as_ref()) else {
            self.fields = fields;
            return;
        };
        for (name, path) in &binding.answer {
            if let Some(value) = path.find(body) {
                fields.insert(name.clone(), system.translate(name, &value));
            }
        }
        self.fields = fields;
    }

    /// What the samples of an audio answer tell: their rate, and of how many pieces of a mock's speech they are made.
    fn fields_of_audio(&self) -> BTreeMap<String, Value> {
        let wav = self.audio.as_deref().and_then(Wav::read);
        wav.map_or_else(BTreeMap::new, |wav| {
            let fields = [("sample_rate", Value::from(wav.rate)), ("pieces", Value::from(wav.marks().len()))];
            fields.map(|(name, value)| (name.to_owned(), value)).into()
        })
    }

    /// The marks in the samples of an audio answer, in sequence.
    pub fn heard(&self) -> Vec<Mark> {
        self.audio.as_deref().and_then(Wav::read).map(|wav| wav.marks()).unwrap_or_default()
    }

    /// The value that a subject speaks of.
    pub fn value(&self, subject: &Subject) -> Option<Value> {
        match subject {
            Subject::Status => Some(Value::from(self.status)),
            Subject::Field(name) => self.field(name).map(without_marks),
            Subject::Path(_, path) => {
                let found = path.query(self.json.as_ref()?).all();
                match found.as_slice() {
                    [] => None,
                    [one] => Some(without_marks((*one).clone())),
                    many => Some(without_marks(Value::Array(many.iter().map(|value| (*value).clone()).collect()))),
                }
            }
            Subject::Header(name) => Some(Value::from(self.headers.get(name)?.to_str().ok()?)),
            Subject::Body => Some(Value::from(Mark::strip(&self.text).0)),
            Subject::Stream(subject) => self.stream.as_ref()?.value(*subject),
            Subject::Log | Subject::Tally(_) => None,
        }
    }

    /// A field in the domain's words; a dot leads into a mapping.
    pub fn field(&self, name: &str) -> Option<Value> {
        if let Some(value) = self.fields.get(name) {
            return Some(value.clone());
        }
        let (head, rest) = name.split_once('.')?;
        let mut value = self.fields.get(head)?;
        for key in rest.split('.') {
            value = match value {
                Value::Array(values) => values.get(key.parse::<usize>().ok()?)?,
                other => other.get(key)?,
            };
        }
        Some(value.clone())
    }

    /// The text that the learner has before them.
    pub fn said(&self) -> Option<String> {
        match &self.stream {
            Some(stream) => Some(stream.text.clone()),
            None => self.field("text").map(|text| plain(&text)),
        }
    }
}

/// A value without the marks that tell mock answers apart: scenarios compare what they scripted.
fn without_marks(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(Mark::strip(&text).0),
        Value::Array(values) => Value::Array(values.into_iter().map(without_marks).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, without_marks(value))).collect())
        }
        other => other,
    }
}

impl System {
    /// A value in the domain's words. What stands in a list or is a mapping's key is a word as well.
    fn translate(&self, field: &str, value: &Value) -> Value {
        let last = field.rsplit('.').next().unwrap_or(field);
        // The keys of `providers` and the words of `warning.requested_provider` are providers' names.
        let singular = last.strip_prefix("requested_").unwrap_or(last).trim_end_matches('s');
        if let Some(names) = [field, last, singular].iter().find_map(|name| self.names.get(*name)) {
            return in_words(names, value);
        }
        match value {
            Value::Array(values) => Value::Array(values.iter().map(|value| self.translate(field, value)).collect()),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(key, value)| (key.clone(), self.translate(key, value))).collect())
            }
            other => other.clone(),
        }
    }

    /// An argument in the system's own words.
    pub(in crate::adapter) fn own_word(&self, argument: &str, value: Value) -> Value {
        match (self.names.get(argument), value) {
            (Some(names), Value::String(word)) => {
                let own = names.iter().find(|(_, meaning)| **meaning == word).map(|(own, _)| own.clone());
                Value::String(own.unwrap_or(word))
            }
            (_, value) => value,
        }
    }

    /// The statuses of the contract that a status of the system's can mean: itself, where the system file says nothing.
    pub(in crate::adapter) fn statuses_of(&self, status: u16) -> Vec<u16> {
        let meant = self.statuses.iter().filter(|(_, own)| own.contains(&status)).map(|(contract, _)| *contract);
        let meant: Vec<u16> = meant.collect();
        if meant.is_empty() { vec![status] } else { meant }
    }
}

fn in_words(names: &BTreeMap<String, String>, value: &Value) -> Value {
    let word = |text: &String| names.get(text).unwrap_or(text).clone();
    match value {
        Value::String(text) => Value::String(word(text)),
        Value::Array(values) => Value::Array(values.iter().map(|value| in_words(names, value)).collect()),
        Value::Object(fields) => Value::Object(fields.iter().map(|(key, value)| (word(key), value.clone())).collect()),
        other => other.clone(),
    }
}
