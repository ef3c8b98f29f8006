//! Something that a reader should know and that is no finding.
//!
//! A journal has a note as a text. What it is about is known by how the text begins, and this file alone knows how.

use crate::model::CaseIndex;
use serde::{Deserialize, Serialize};

/// How the text of a note about the fence begins.
const FENCE: &str = "fence: ";

/// How the text of a note begins that says of the suite's own runner that it fails, though no case does.
const WHOLE: &str = "as a whole: ";

/// Something that a reader should know and that is no finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Note {
    /// The case it speaks of, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseIndex>,
    /// What a reader should know.
    pub text: String,
}

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// What kept the run's programs from other machines. Reports show it before other notes.
    Fence,
    /// The suite's own runner fails though no case does. Such a run proves nothing.
    Whole,
    /// Anything else that a reader should know.
    Other,
}

impl Note {
    /// What kept the run's programs from other machines.
    pub fn of_fence(fence: impl std::fmt::Display) -> Self {
        Self { case: None, text: format!("{FENCE}{fence}") }
    }

    /// The suite's own runner fails though no case does, and how.
    pub fn of_whole(failure: impl std::fmt::Display) -> Self {
        Self { case: None, text: format!("{WHOLE}{failure}") }
    }

    /// What it is about.
    pub fn topic(&self) -> Topic {
        match &self.text {
            text if text.starts_with(FENCE) => Topic::Fence,
            text if text.starts_with(WHOLE) => Topic::Whole,
            _ => Topic::Other,
        }
    }

    /// Its text without what says only what it is about.
    pub fn told(&self) -> &str {
        self.text.strip_prefix(WHOLE).unwrap_or(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_about_the_fence_is_known_as_one_when_it_is_read_again() {
        let written = serde_json::to_string(&Note::of_fence("the kernel's")).expect("JSON");
        assert_eq!(written, r#"{"text":"fence: the kernel's"}"#);
        let read: Note = serde_json::from_str(&written).expect("a note");
        assert_eq!(read.topic(), Topic::Fence);
        assert_eq!(Note { case: None, text: "a fence stands".to_owned() }.topic(), Topic::Other);
        let whole = Note::of_whole("jest ends with exit code 1");
        assert_eq!((whole.topic(), whole.told()), (Topic::Whole, "jest ends with exit code 1"));
    }
}
