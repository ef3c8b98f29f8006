//! What must hold of an answer, and of the calls that providers received.

use crate::model::{Money, Place};
use crate::provider::ProviderName;
use regex::Regex;
use serde_json::Value;
use serde_json_path::JsonPath;
use std::collections::BTreeMap;
use std::time::Duration;

/// One expectation of a step.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// Where it stands.
    pub place: Place,
    /// Of what it speaks.
    pub subject: Subject,
    /// What must hold.
    pub matcher: Matcher,
}

/// Of what an expectation speaks, or from what a capture takes.
#[derive(Debug, Clone)]
pub enum Subject {
    /// The HTTP status.
    Status,
    /// A field of the verb's answer in the domain's words: `provider`, `used_budget`, `warning.limit`.
    Field(String),
    /// A JSONPath (RFC 9535) into the body, as written and as parsed.
    Path(String, Box<JsonPath>),
    /// A header of the answer, in lower case.
    Header(String),
    /// The body as text.
    Body,
    /// A property of the stream.
    Stream(StreamSubject),
    /// What the system has written since the case began.
    Log,
    /// Over the answers of `concurrently`: how often each value of a field came.
    Tally(Box<Subject>),
}

/// A property of a stream of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StreamSubject {
    /// The names of the events in order; runs of `delta` count as one.
    Events,
    /// The text that a learner has before them at the end: what came after the last restart.
    Text,
    /// How many pieces of text came.
    Chunks,
    /// The time to the first event: compared with [`Matcher::AtMost`] in milliseconds.
    FirstWithin,
    /// The longest pause between two events, likewise.
    MaxGap,
}

/// What must hold of a value.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// Equal; numbers by value, whatever their text.
    Equals(Value),
    /// Equal as money, read from the number's text.
    Money(Money),
    /// A text that holds another, or a list that holds a value.
    Contains(Value),
    /// A text that a regular expression matches.
    Matches(Regex),
    /// At least so much; money and numbers alike.
    AtLeast(Value),
    /// At most so much.
    AtMost(Value),
    /// One of these.
    OneOf(Vec<Value>),
    /// As many entries (of a list or mapping) or characters as that.
    Length(Box<Matcher>),
    /// Of a JSON type: `string`, `number`, `integer`, `boolean`, `list`, `mapping`, `null`.
    Type(String),
    /// There is something (true), or nothing (false), there.
    Present(bool),
    /// Matches what the inner one does not.
    Not(Box<Matcher>),
    /// All of these.
    All(Vec<Matcher>),
    /// How often each value came, nothing else having come: `{ claude: 3, ollama: 5 }`.
    Tally(BTreeMap<String, Matcher>),
}

/// What the providers must have received.
#[derive(Debug, Clone, Default)]
pub struct CallExpectations {
    /// Logical calls: an SDK's retries of one request are one.
    pub calls: Vec<CallExpectation>,
    /// What is expected of each request.
    pub attempts: Vec<CallExpectation>,
    /// The providers of all logical calls, in the order in which they arrived.
    pub order: Option<(Place, Vec<ProviderName>)>,
}

/// What one provider must have received.
#[derive(Debug, Clone)]
pub struct CallExpectation {
    /// Where it stands.
    pub place: Place,
    /// The provider; `None` is all of them together (`any`).
    pub provider: Option<ProviderName>,
    /// Which requests count; model calls where it does not say.
    pub endpoint: Option<String>,
    /// How many calls there must be.
    pub count: Option<Matcher>,
    /// What each of them, or the n-th of them, was like.
    pub each: Vec<CallProperty>,
}

/// A property that calls must have.
#[derive(Debug, Clone)]
pub struct CallProperty {
    /// Where it stands.
    pub place: Place,
    /// The n-th call only, from 0; all of them where it does not say.
    pub index: Option<usize>,
    /// What of the call.
    pub what: CallField,
    /// What must hold.
    pub matcher: Matcher,
}

/// What of a call is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum CallField {
    /// The model asked for.
    Model,
    /// The language in which an answer is asked for, as the system file says to find it in the request's text.
    Language,
    /// The last user message.
    Message,
    /// All text of the request.
    Text,
    /// Whether a stream is asked for.
    Stream,
}

/// How long an expectation on a log may take to come true.
pub const LOG_PATIENCE: Duration = Duration::from_secs(2);
