use serde::{Deserialize, Serialize};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// Failures counted in trials: never more failures than trials, whatever a file says, and 2³² − 1 at most of either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Counts")]
pub struct Tally {
    failures: u32,
    trials: u32,
}

/// A tally as files have it.
#[derive(Deserialize)]
struct Counts {
    failures: u32,
    trials: u32,
}

impl From<Counts> for Tally {
    fn from(counts: Counts) -> Self {
        Self::new(counts.failures, counts.trials)
    }
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

    /// The number of all trials.
    pub fn trials(self) -> u32 {
        self.trials
    }

    /// Counts a trial.
    pub fn count(&mut self, failed: bool) {
        *self += Self::new(u32::from(failed), 1);
    }

    /// Counts a trial that failed.
    pub fn failed(&mut self) {
        self.count(true);
    }

    /// Counts a trial that passed.
    pub fn passed(&mut self) {
        self.count(false);
    }

    /// The share that failed; 0 of 0 is 0.
    pub fn rate(self) -> f64 {
        if self.trials == 0 { 0.0 } else { f64::from(self.failures) / f64::from(self.trials) }
    }

    /// Whether there were trials and all of them failed.
    pub fn all_failed(self) -> bool {
        self.trials > 0 && self.failures == self.trials
    }

    /// What is left without a part of it.
    #[must_use]
    pub fn without(self, part: Self) -> Self {
        Self::new(self.failures.saturating_sub(part.failures), self.trials.saturating_sub(part.trials))
    }
}

impl Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            failures: self.failures.saturating_add(other.failures),
            trials: self.trials.saturating_add(other.trials),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Tally {
    fn sum<I: Iterator<Item = Self>>(tallies: I) -> Self {
        tallies.fold(Self::default(), Add::add)
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.failures, self.trials)
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn counts_stay_in_bounds_whatever_a_file_says() {
        let read = |text| serde_json::from_str::<Tally>(text).expect("a tally");
        let odd = read(r#"{"failures": 9, "trials": 4}"#);
        assert_eq!((odd.failures(), odd.passes()), (4, 0));
        let most = read(r#"{"failures": 1, "trials": 4294967295}"#);
        assert_eq!((most + odd).trials(), u32::MAX);
        assert_eq!(odd.without(most), Tally::new(3, 0));
        assert_eq!(serde_json::to_string(&odd).expect("JSON"), r#"{"failures":4,"trials":4}"#);
    }
}
