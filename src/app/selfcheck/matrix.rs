//! What a self-check came to.

use crate::app::selfcheck::Expectation;
use crate::model::Seed;
use crate::tutor::Defect;
use std::path::PathBuf;
use std::time::Duration;

/// What a self-check came to.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The root of all randomness.
    pub seed: Seed,
    /// The tutor without defects.
    pub healthy: Healthy,
    /// Defect by defect, in the order of [`Defect::ALL`].
    pub rows: Vec<Row>,
    /// How long all of it took.
    pub took: Duration,
    /// Where its runs are.
    pub folder: PathBuf,
    /// Whether it was stopped before its end.
    pub interrupted: bool,
}

/// The tutor without defects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Healthy {
    /// The cases that were run.
    pub cases: usize,
    /// Trials that were reported.
    pub trials: usize,
    /// Rounds that ran to their end.
    pub rounds: usize,
    /// Cases that something was found of, or why less was run than was meant.
    pub accused: Vec<String>,
    /// How long it took.
    pub took: Duration,
}

/// What came of one defect.
#[derive(Debug, Clone)]
pub struct Row {
    /// The defect that was switched on.
    pub defect: Defect,
    /// What must be seen.
    pub expectation: Expectation,
    /// Whether it was.
    pub sentence: Sentence,
    /// Rounds begun until the finding first showed.
    pub rounds: usize,
    /// Trials until the verdict, those of the diagnosis included.
    pub trials: usize,
    /// The time until the verdict.
    pub took: Duration,
}

/// Whether a defect was found for what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sentence {
    /// Found, for the right cause.
    Found {
        /// The first case that shows it.
        case: String,
        /// What its failure says.
        message: String,
        /// Its polluter, if the order matters.
        polluter: Option<String>,
    },
    /// Nothing was found.
    Missed,
    /// Something was found, and what is said of it is not so.
    WrongCause {
        /// What is not so.
        why: String,
    },
    /// The run did not come to its end.
    NotRun {
        /// Why it was not found.
        why: String,
    },
}

impl Sentence {
    /// Its word in the matrix.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Found { .. } => "found",
            Self::Missed => "missed",
            Self::WrongCause { .. } => "wrong cause",
            Self::NotRun { .. } => "not run",
        }
    }
}

impl Row {
    /// Whether the defect was found for what it is.
    pub fn is_found(&self) -> bool {
        matches!(self.sentence, Sentence::Found { .. })
    }
}

impl Matrix {
    /// How many defects were found for what they are.
    pub fn found(&self) -> usize {
        self.rows.iter().filter(|row| row.is_found()).count()
    }

    /// Whether every defect was found for what it is, and the healthy tutor accused of nothing.
    pub fn holds(&self) -> bool {
        self.found() == self.rows.len() && self.healthy.accused.is_empty()
    }
}
