//! How many trials there were, and how many of them failed.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Failures counted in trials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Tally {
    failures: u32,
    trials: u32,
}

impl Tally {
    /// A tally of `failures` in `trials`; no more failures are counted than there were trials.
    pub fn new(failures: u32, trials: u32) -> Self {
        Self { failures: failures.min(trials), trials }
    }

    /// The trials that failed.
    pub fn failures(self) -> u32 {
        self.failures
    }

    /// The trials that passed.
    pub fn passes(self) -> u32 {
        self.trials - self.failures
    }

    /// All trials.
    pub fn trials(self) -> u32 {
        self.trials
    }

    /// Counts a trial that failed.
    pub fn failed(&mut self) {
        self.failures += 1;
        self.trials += 1;
    }

    /// Counts a trial that passed.
    pub fn passed(&mut self) {
        self.trials += 1;
    }

    /// The share that failed; 0 of 0 is 0.
    pub fn rate(self) -> f64 {
        if self.trials == 0 { 0.0 } else { f64::from(self.failures) / f64::from(self.trials) }
    }

    /// Whether there were trials and all of them failed.
    pub fn all_failed(self) -> bool {
        self.trials > 0 && self.failures == self.trials
    }
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { failures: self.failures + other.failures, trials: self.trials + other.trials }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.failures, self.trials)
    }
}
