//! One scripted answer: what is answered, and how it goes out.

use crate::provider::script::failing::Failing;
use crate::provider::script::reply::Reply;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// One scripted answer: what, and how it goes over the wire.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Behaviour {
    /// What is answered.
    pub answer: Answer,
    /// The pause before the first byte of the answer.
    pub after: Duration,
    /// The pause between two chunks of a stream.
    pub every: Duration,
    /// Hold the answer until so much has happened.
    pub hold_until: Option<Barrier>,
    /// How many attempts this answers, in a sequence or a rule (1 in a sequence by default; `None` in a rule: for ever).
    pub times: Option<u32>,
    /// What happens to the connection while the answer is sent.
    pub fault: Option<Fault>,
    /// More headers for the answer.
    pub headers: BTreeMap<String, String>,
    /// Where in the scenario this stands: `(line, column)`, for notes about answers never asked for.
    pub line: u32,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// A model's answer.
    Reply(Reply),
    /// A provider's error, in its own words and status.
    Fail(Failing),
    /// Nothing, until the case ends or the client gives up.
    Hang,
    /// A status and a body that are not what the wire format says.
    Malformed(Malformed),
    /// A body as it stands in a fixture file, with a status.
    Raw {
        /// The HTTP status of the answer.
        status: u16,
        /// The content type.
        content_type: String,
        /// The bytes of the answer's body.
        body: Vec<u8>,
    },
}

/// A body that breaks the wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// JSON that ends in the middle.
    Json,
    /// A body of no bytes.
    Empty,
    /// A page of HTML.
    Html,
    /// JSON of another shape.
    Shape,
    /// Bytes that are no UTF-8.
    Utf8,
    /// JSON in which the text is null.
    Null,
}

/// A fault of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The connection is reset (RST).
    Reset(ResetAt),
    /// The connection is closed in good order after so many bytes of the body, short of what was promised.
    Truncate(ResetAt),
    /// The body goes out byte by byte with a pause between.
    Trickle(Duration),
    /// Content-Length says so many bytes more (or fewer) than there are.
    WrongLength(i64),
}

/// Where in an answer a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetAt {
    /// Before the status line.
    Start,
    /// After the headers.
    Headers,
    /// After so many bytes of the body.
    Byte(u64),
    /// In the middle of the body.
    Middle,
}

/// A condition on what has arrived in the case so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Barrier {
    /// That many model calls have arrived, at whatever provider.
    pub calls: u32,
}

impl Malformed {
    /// Every way to be malformed.
    pub const ALL: [Self; 6] = [Self::Json, Self::Empty, Self::Html, Self::Shape, Self::Utf8, Self::Null];

    /// The word used in scenarios.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Empty => "empty",
            Self::Html => "html",
            Self::Shape => "shape",
            Self::Utf8 => "utf8",
            Self::Null => "null",
        }
    }
}

impl Behaviour {
    /// An answer without pauses, faults or limits.
    pub fn plain(answer: Answer) -> Self {
        Self {
            answer,
            after: Duration::ZERO,
            every: Duration::ZERO,
            hold_until: None,
            times: None,
            fault: None,
            headers: BTreeMap::new(),
            line: 0,
        }
    }
}
