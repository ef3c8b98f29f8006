//! Something that a reader should know and that is no finding.

use crate::model::CaseIndex;
use serde::{Deserialize, Serialize};

/// Something that a reader should know and that is no finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// The case it speaks of, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseIndex>,
    /// What a reader should know.
    pub text: String,
    /// What it is about. Its text may come from a suite or its runner, and says nothing of that.
    #[serde(default, skip_serializing_if = "Topic::is_other")]
    pub topic: Topic,
}

/// What a note is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// What kept the run's programs from other machines. Reports show it before other notes.
    Fence,
    /// The suite's own runner fails though no case does. Such a run proves nothing.
    Whole,
    /// Anything else that a reader should know.
    #[default]
    Other,
}

impl Topic {
    fn is_other(&self) -> bool {
        *self == Self::Other
    }
}

impl Note {
    /// Of the whole run.
    pub fn of_run(text: impl Into<String>) -> Self {
        Self { case: None, text: text.into(), topic: Topic::Other }
    }

    /// Of a case.
    pub fn of_case(case: CaseIndex, text: impl Into<String>) -> Self {
        Self { case: Some(case), ..Self::of_run(text) }
    }

    /// What kept the run's programs from other machines.
    pub fn of_fence(fence: impl std::fmt::Display) -> Self {
        Self { topic: Topic::Fence, ..Self::of_run(format!("fence: {fence}")) }
    }

    /// The suite's own runner fails though no case does, and how.
    pub fn of_whole(failure: impl Into<String>) -> Self {
        Self { topic: Topic::Whole, ..Self::of_run(failure) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_note_is_about_is_kept_and_no_text_says_it() {
        for note in [Note::of_fence("the kernel's"), Note::of_whole("jest ends with exit code 1")] {
            let written = serde_json::to_string(&note).expect("JSON");
            assert_eq!(serde_json::from_str::<Note>(&written).expect("a note"), note);
        }
        let written = serde_json::to_string(&Note::of_run("fence: none")).expect("JSON");
        assert_eq!(written, r#"{"text":"fence: none"}"#);
        let read: Note = serde_json::from_str(&written).expect("a note");
        assert_eq!(read.topic, Topic::Other);
    }
}
