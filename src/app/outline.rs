//! `run --dry-run`: what would be run.

use crate::adapter::load_subject;
use crate::app::plans::Plans;
use crate::app::run::subject_spec;
use crate::app::{AppError, RunOptions, ToolInfo};
use std::collections::BTreeMap;

/// What would be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// In a few words: `pytest suite`.
    pub subject: String,
    /// How many cases there are.
    pub cases: usize,
    /// The planned rounds, by the word for their kind.
    pub rounds: BTreeMap<String, u32>,
    /// The trials of all of them.
    pub trials: usize,
    /// What a reader should know besides.
    pub notes: Vec<String>,
}

/// Loads and plans, and runs nothing.
///
/// # Errors
/// If the input is wrong.
pub fn outline(options: &RunOptions, tool: &ToolInfo) -> Result<Outline, AppError> {
    let subject = load_subject(subject_spec(options, tool)?)?;
    let plans = Plans::make(options, subject.as_ref())?;
    Ok(Outline {
        subject: subject.name(),
        cases: subject.cases().len(),
        rounds: plans.counts(),
        trials: plans.forecast(subject.as_ref(), options).trials,
        notes: subject.notes().iter().chain(&plans.notes).cloned().collect(),
    })
}
