//! What one document of an answer says, in the words that all formats share.

use serde_json::Value;

/// What one document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// A piece of the text.
    pub(crate) text: Option<String>,
    /// Tokens of the prompt, as told so far.
    pub(crate) input: Option<u64>,
    /// Tokens of the answer, as told so far.
    pub(crate) output: Option<u64>,
    /// Seconds of audio in the request.
    pub(crate) audio_seconds: Option<u64>,
    /// The word for the end of the answer.
    pub(crate) finish: Option<String>,
}

/// A text at a JSON pointer.
pub(super) fn text_at(document: &Value, pointer: &str) -> Option<String> {
    document.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

/// A number at a JSON pointer.
pub(super) fn number_at(document: &Value, pointer: &str) -> Option<u64> {
    document.pointer(pointer).and_then(Value::as_u64)
}
