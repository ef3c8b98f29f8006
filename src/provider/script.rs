//! What one case wants the mock providers to do, as meant: the scenario loader makes these from what was typed.

use crate::provider::ProviderName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// The providers of one case. A provider that is not named here has nothing to say: a call to it is unscripted.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// By provider.
    pub providers: BTreeMap<ProviderName, ProviderScript>,
    /// For every provider that is not named.
    pub any: Option<ProviderScript>,
    /// What Ollama has installed.
    pub models: Vec<LocalModel>,
    /// Providers that are down: every request to them, health and tags too, is answered by a reset connection.
    pub down: Vec<ProviderName>,
}

/// How one provider answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(clippy::large_enum_variant, reason = "there is one per provider and case, most often the large one")]
pub enum ProviderScript {
    /// The same behaviour for every attempt.
    Always(Behaviour),
    /// Attempt by attempt within the case, then nothing: one attempt more is unscripted.
    Sequence(Vec<Behaviour>),
    /// The first rule that matches the request answers, each as often as its behaviour's `times` says (for ever without);
    /// a request that no rule matches is unscripted.
    Rules(Vec<(Match, Behaviour)>),
}

/// What a request must be like for a rule. All that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Match {
    /// A part of the request's last user message.
    pub message: Option<String>,
    /// The model asked for.
    pub model: Option<String>,
    /// A part of any text of the request: system prompt and earlier messages too.
    pub text: Option<String>,
    /// Whether a stream is asked for.
    pub stream: Option<bool>,
}

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
        /// The status.
        status: u16,
        /// The content type.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
}

/// A model's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The text, in chunks. A reply given as one text is one chunk; for a streamed request it is cut at words.
    pub chunks: Vec<String>,
    /// Whether the chunks were given as such, so that a stream sends just these.
    pub as_given: bool,
    /// Token numbers: `None` follows from the text (a token per four characters, at least one).
    pub usage: Usage,
    /// How the answer ends.
    pub finish: Finish,
    /// The model named in the answer, if it is not the one asked for.
    pub model: Option<String>,
    /// A failure after the chunks, inside the stream that had begun.
    pub then: Option<Failing>,
}

/// The usage numbers of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Usage {
    /// Counted from the texts.
    #[default]
    Counted,
    /// As scripted.
    Given {
        /// Tokens of the prompt.
        input: u64,
        /// Tokens of the answer.
        output: u64,
    },
    /// Left out.
    Absent,
}

/// Why a model stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was done.
    #[default]
    Stop,
    /// It ran out of tokens.
    Length,
    /// No finish reason at all: the answer is truncated.
    Absent,
}

/// A provider's error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failing {
    /// Which.
    pub kind: FailureKind,
    /// The status, if it is not the kind's own.
    pub status: Option<u16>,
    /// The message, if it is not the kind's own.
    pub message: Option<String>,
    /// `retry-after`, where it is not the provider's default.
    pub retry_after: Option<Duration>,
}

/// The documented errors; each provider has its own status and body for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it; docs/providers.md has statuses and bodies")]
pub enum FailureKind {
    BadRequest,
    Unauthorized,
    OutOfCredit,
    Forbidden,
    NotFound,
    TooLarge,
    Unprocessable,
    RateLimited,
    SpendLimit,
    ServerError,
    BadGateway,
    Unavailable,
    Timeout,
    Overloaded,
}

/// A body that breaks the wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Malformed {
    /// JSON that ends in the middle.
    Json,
    /// No body.
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

/// A model that Ollama has installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalModel {
    /// Its name, with its tag: `mistral:7b`.
    pub name: String,
}

impl FailureKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::BadRequest,
        Self::Unauthorized,
        Self::OutOfCredit,
        Self::Forbidden,
        Self::NotFound,
        Self::TooLarge,
        Self::Unprocessable,
        Self::RateLimited,
        Self::SpendLimit,
        Self::ServerError,
        Self::BadGateway,
        Self::Unavailable,
        Self::Timeout,
        Self::Overloaded,
    ];

    /// The word used in scenarios.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Unauthorized => "unauthorized",
            Self::OutOfCredit => "out_of_credit",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::TooLarge => "too_large",
            Self::Unprocessable => "unprocessable",
            Self::RateLimited => "rate_limited",
            Self::SpendLimit => "spend_limit",
            Self::ServerError => "server_error",
            Self::BadGateway => "bad_gateway",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Overloaded => "overloaded",
        }
    }
}

impl Malformed {
    /// Every way.
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

impl Reply {
    /// A complete answer of one text.
    pub fn text(text: &str) -> Self {
        Self {
            chunks: vec![text.to_owned()],
            as_given: false,
            usage: Usage::Counted,
            finish: Finish::Stop,
            model: None,
            then: None,
        }
    }
}

impl Failing {
    /// A failure as the provider documents it.
    pub fn new(kind: FailureKind) -> Self {
        Self { kind, status: None, message: None, retry_after: None }
    }
}
