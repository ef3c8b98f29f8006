//! How a trial ended, and why.

use crate::model::ContentHash;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in a file that a user wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The file, relative to the project's folder, with `/` between its parts.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Lines of a source file around a place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excerpt {
    /// The number of the first line, from 1.
    pub first: u32,
    /// The lines as they were when the trial failed.
    pub lines: Vec<String>,
}

/// Why a trial did not pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What is wrong, in one or more lines: what was expected, what was there.
    pub message: String,
    /// The expectation or step that failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// More to read: the calls of the trial, the system's output.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub details: String,
    /// Names the way in which it failed: equal for failures that are alike, whatever numbers, marks and ports they carry.
    pub fingerprint: String,
}

impl Failure {
    /// A failure whose fingerprint follows from its message and place.
    pub fn new(message: impl Into<String>, place: Option<Place>) -> Self {
        let message = message.into();
        let fingerprint = fingerprint(&message);
        Self { message, place, details: String::new(), fingerprint }
    }

    /// The same failure with more to read.
    pub fn with_details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }
}

/// The way a message fails: digits, hex runs and what stands in brackets as a mark don't count.
fn fingerprint(message: &str) -> String {
    let mut shape = String::with_capacity(message.len());
    for word in message.split(|c: char| !c.is_alphanumeric() && c != '_') {
        if word.is_empty() || word.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        shape.push_str(word);
        shape.push(' ');
    }
    ContentHash::of([shape]).short().to_owned()
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// Every expectation held.
    Passed,
    /// An expectation did not hold.
    Failed(Failure),
    /// The case could not be carried through: a step could not be made, a set-up failed.
    Errored(Failure),
    /// A deadline passed.
    TimedOut(Failure),
    /// The subject died under the case, or the case was begun and never reported.
    Crashed(Failure),
    /// The case did not run.
    Skipped {
        /// Why it was skipped.
        reason: String,
    },
}

/// Why a test is skipped that the runner had when the run began and does not have in this process: what it collects
/// depends on chance. That is told and no finding, since the test did not fail and nothing skipped it.
pub const NOT_COLLECTED: &str = "pytest did not collect it this time";

/// The kind of an outcome, without its cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is described at Outcome")]
pub enum OutcomeKind {
    Passed,
    Failed,
    Errored,
    TimedOut,
    Crashed,
    Skipped,
}

impl OutcomeKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::TimedOut => "timed out",
            Self::Crashed => "crashed",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for OutcomeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Outcome {
    /// The outcome's kind.
    pub fn kind(&self) -> OutcomeKind {
        match self {
            Self::Passed => OutcomeKind::Passed,
            Self::Failed(_) => OutcomeKind::Failed,
            Self::Errored(_) => OutcomeKind::Errored,
            Self::TimedOut(_) => OutcomeKind::TimedOut,
            Self::Crashed(_) => OutcomeKind::Crashed,
            Self::Skipped { .. } => OutcomeKind::Skipped,
        }
    }

    /// The failure, where there is one.
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) | Self::Errored(failure) | Self::TimedOut(failure) | Self::Crashed(failure) => {
                Some(failure)
            }
            Self::Passed | Self::Skipped { .. } => None,
        }
    }

    /// Whether the case ran and did not pass.
    pub fn is_failure(&self) -> bool {
        self.failure().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_marks_do_not_change_a_fingerprint() {
        let print = |message: &str| Failure::new(message, None).fingerprint;
        assert_eq!(print("cost: expected 0, was 0.25"), print("cost: expected 1, was 0.5"));
        assert_eq!(print("port 40231 refused"), print("port 1 refused"));
        assert_ne!(print("expected claude, was ollama"), print("expected ollama, was claude"));
    }
}
