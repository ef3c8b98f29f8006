//! What was said of a case.

use crate::adapter::command::profile::Word;
use crate::model::{Place, StateMark};

/// What was said of a case.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::adapter::command) struct Told {
    pub id: String,
    pub word: Word,
    pub message: String,
    pub details: String,
    pub place: Option<Place>,
    pub micros: Option<u64>,
    /// What it left changed, where that was looked at.
    pub marks: Vec<StateMark>,
}

impl Told {
    pub(in crate::adapter::command) fn plain(id: impl Into<String>, word: Word) -> Self {
        Self {
            id: id.into(),
            word,
            message: String::new(),
            details: String::new(),
            place: None,
            micros: None,
            marks: Vec::new(),
        }
    }
}

/// The first line that says something.
pub(in crate::adapter::command) fn first_line(text: &str) -> String {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}
