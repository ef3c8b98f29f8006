//! Something that a reader should know and that is no finding.
//!
//! A journal has a note as a text. What it is about is known by how the text begins, and this file alone knows how.

use crate::model::CaseIndex;
use serde::{Deserialize, Serialize};

/// How the text of a note about the fence begins.
const FENCE: &str = "fence: ";

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
    /// Anything else that a reader should know.
    Other,
}

impl Note {
    /// What kept the run's programs from other machines.
    pub fn of_fence(fence: impl std::fmt::Display) -> Self {
        Self { case: None, text: format!("{FENCE}{fence}") }
    }

    /// What it is about.
    pub fn topic(&self) -> Topic {
        if self.text.starts_with(FENCE) { Topic::Fence } else { Topic::Other }
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
    }
}
