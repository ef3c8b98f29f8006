//! What the search asks, and what it is told.

use crate::minimise::Phase;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A request to run some cases, in this order, from a fresh start, and to tell how the last one ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The cases by number; the last is the suspect.
    pub order: Vec<u32>,
    /// What the search is doing.
    pub phase: Phase,
    /// How likely the search thinks it is that the suspect fails.
    pub chance: f64,
}

/// How the suspect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It failed, in the way that is being looked for.
    Fails,
    /// It passed.
    Passes,
    /// It can't be told, and why: the subject did not start, the suspect was skipped or failed in another way.
    Unsure(String),
}

/// An answer, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The answer.
    pub answer: Answer,
    /// How long the probe took.
    pub took: Duration,
}

/// Whoever can run an order. Each probe starts from the same state, whatever ran before.
pub trait Oracle {
    /// Runs the order of a question.
    fn probe(&mut self, question: &Question) -> Reply;
}

impl<F: FnMut(&Question) -> Reply> Oracle for F {
    fn probe(&mut self, question: &Question) -> Reply {
        self(question)
    }
}
