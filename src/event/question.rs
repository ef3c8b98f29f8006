//! What a run is asked of one case, where it is asked of one only: why does it fail?

use crate::model::CaseIndex;
use serde::{Deserialize, Serialize};

/// A question about one case. The run tries that case in many ways and judges no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The case, by its place in the header.
    pub case: CaseIndex,
    /// An order in which it ran elsewhere, if one was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<RecordedOrder>,
}

/// An order that was recorded elsewhere, as in continuous integration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedOrder {
    /// The file that tells it, as reports name it.
    pub file: String,
    /// The arguments that name it on the command line.
    pub arguments: Vec<String>,
    /// The cases that ran before the case in question, in order.
    pub before: Vec<CaseIndex>,
    /// How the case ended there.
    pub ended: RecordedEnd,
    /// What its failure said there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// How a case ended elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordedEnd {
    /// It failed there.
    Failed,
    /// It passed there.
    Passed,
    /// It was skipped.
    Skipped,
    /// The file names the case and does not say how it ended, as a list of ids does not.
    Untold,
    /// The file does not name the case.
    Absent,
}

impl RecordedEnd {
    /// The word of the journal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Passed => "passed",
            Self::Skipped => "skipped",
            Self::Untold => "untold",
            Self::Absent => "absent",
        }
    }
}
