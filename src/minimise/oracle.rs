//! What the search asks, and what it is told.

use crate::minimise::Phase;
use crate::model::CaseIndex;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A request to run some cases, in this order, from a fresh start, and to tell how the last one ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The cases by number; the last is the suspect.
    pub order: Vec<CaseIndex>,
    /// What the search is doing.
    pub phase: Phase,
    /// How likely the search thinks it is that the suspect fails.
    pub chance: f64,
    /// Asked of an oracle that can walk: after how many of so many first cases of the order, run in this order, does
    /// what follows them begin to fail?
    #[serde(default)]
    pub walk: Option<usize>,
}

/// How the suspect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It failed, in the way that is being looked for.
    Fails,
    /// The suspect passes in this order.
    Passes,
    /// It can't be told, and why: the subject did not start, the suspect was skipped or failed in another way.
    Unsure(String),
}

/// An answer, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// What the suspect did in this order.
    pub answer: Answer,
    /// How long the probe took.
    pub took: Duration,
    /// Of a walk: after how many cases the answer was found; after one less it passed.
    #[serde(default)]
    pub after: Option<usize>,
}

impl Reply {
    /// A reply to an order.
    pub fn new(answer: Answer, took: Duration) -> Self {
        Self { answer, took, after: None }
    }
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
