//! A model's answer, as scripted.

use crate::provider::script::failing::Failing;
use serde::{Deserialize, Serialize};

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
    /// The language that a transcript tells, if it is not the one asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
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
    /// The field as it was scripted.
    Given {
        /// Tokens of the prompt.
        input: u64,
        /// Tokens of the answer.
        output: u64,
    },
    /// Seconds of audio as scripted; tokens counted from the texts.
    AudioSeconds(u64),
    /// The field is left out.
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
    /// It, or a filter around it, refused to go on: what was asked or answered is not safe.
    Refusal,
    /// No finish reason at all: the answer is truncated.
    Absent,
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
            language: None,
            then: None,
        }
    }
}
