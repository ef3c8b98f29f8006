//! The sequential probability ratio test (Wald, Annals of Mathematical Statistics 1945).

use crate::model::statistics::Tally;
use serde::{Deserialize, Serialize};

/// Decides between a low and a high failure rate, with as few trials as possible.
///
/// With both errors at 5 %, the rates 0.05 and 0.5 are told apart by five clean trials or by two failures.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sprt {
    low: f64,
    high: f64,
    error: f64,
    tally: Tally,
}

/// What a sequential test knows so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SprtDecision {
    /// The trials fit the low rate.
    Low,
    /// The trials fit the high rate.
    High,
    /// More trials are wanted.
    Undecided,
}

impl Sprt {
    /// A test between the rates `low` and `high`, each decided wrongly with at most `error`. All three are brought
    /// into (0, 1), and `low` below `high`.
    pub fn new(low: f64, high: f64, error: f64) -> Self {
        let (low, high) = (low.min(high), low.max(high));
        let low = within(low, 1e-6, 1.0 - 3e-6);
        let high = within(high, low + 1e-6, 1.0 - 1e-6);
        Self { low, high, error: within(error, 1e-9, 0.499), tally: Tally::default() }
    }

    /// 0.05 against 0.5, each error 5 %: does it fail at all, or not?
    pub fn usual() -> Self {
        Self::new(0.05, 0.5, 0.05)
    }

    /// The same test with trials that were already made.
    pub fn with(mut self, tally: Tally) -> Self {
        self.tally += tally;
        self
    }

    /// Counts a trial that failed.
    pub fn failed(&mut self) {
        self.tally.failed();
    }

    /// Counts a trial that passed.
    pub fn passed(&mut self) {
        self.tally.passed();
    }

    /// The trials counted so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// What is known by now.
    pub fn decision(&self) -> SprtDecision {
        let per_failure = (self.high / self.low).ln();
        let per_pass = ((1.0 - self.high) / (1.0 - self.low)).ln();
        let ratio = f64::from(self.tally.failures()) * per_failure + f64::from(self.tally.passes()) * per_pass;
        let edge = ((1.0 - self.error) / self.error).ln();
        if ratio >= edge {
            SprtDecision::High
        } else if ratio <= -edge {
            SprtDecision::Low
        } else {
            SprtDecision::Undecided
        }
    }
}

/// Like `clamp`, but what is no number becomes the lower end.
fn within(value: f64, lowest: f64, highest: f64) -> f64 {
    if value.is_nan() { lowest } else { value.clamp(lowest, highest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_clean_trials_or_two_failures_decide() {
        let decide = |failures, trials| Sprt::usual().with(Tally::new(failures, trials)).decision();
        assert_eq!(decide(0, 4), SprtDecision::Undecided);
        assert_eq!(decide(0, 5), SprtDecision::Low);
        assert_eq!(decide(1, 1), SprtDecision::Undecided);
        assert_eq!(decide(2, 2), SprtDecision::High);
        assert_eq!(decide(1, 5), SprtDecision::Undecided);
    }

    #[test]
    fn senseless_rates_are_brought_into_range() {
        for (low, high, error) in [(0.5, 0.05, 0.05), (0.0, 1.0, 0.0)] {
            let decision = Sprt::new(low, high, error).with(Tally::new(50, 50)).decision();
            assert_eq!(decision, SprtDecision::High, "{low} {high} {error}");
        }
        let unknown = Sprt::new(f64::NAN, f64::NAN, f64::NAN);
        assert_eq!(unknown.decision(), SprtDecision::Undecided);
    }
}
