//! What a reader is advised to do, apart from the line that does it: that one is there to be copied, so no format breaks it.

use serde::Serialize;

/// What to do, and the line that does it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Advice {
    /// What to do, in a sentence without a full stop; a colon at its end where a line follows.
    pub(super) text: String,
    /// The line, if there is one.
    pub(super) line: Option<String>,
}

impl Advice {
    pub(super) fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), line: None }
    }

    pub(super) fn line(text: impl Into<String>, line: impl Into<String>) -> Self {
        Self { text: text.into(), line: Some(line.into()) }
    }
}
