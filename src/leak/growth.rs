//! Growth, not presence: a pool, a cache, a helper that starts when it is first needed appear once and stay.

use serde::{Deserialize, Serialize};

/// How often a case that may leak is repeated before it is decided. With two trials of warm-up, what is left decides:
/// something that appears in one trial of two by chance shows in 8 of 10 with a probability of 5 %, and has to be
/// there still at the end of the round.
pub const REPEATS: usize = 12;

/// How often a case whose memory grows is repeated before that is believed. A heap goes on growing for some dozen trials
/// until it has the size that it needs: arenas come whole, and what hangs together in rings is collected now and then.
pub const REPEATS_OF_MEMORY: usize = 3 * REPEATS;

/// Trials in which a subject may still get warm; of a long row, its first half.
const WARM_UP: usize = 2;

/// The fewest trials after the warm-up from which anything is concluded.
const FEWEST: usize = 6;

/// The share of trials after the warm-up that must each have left something.
const SHARE: f64 = 0.8;

/// How fast something grows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Growth {
    /// What a trial leaves, on average after the warm-up.
    pub per_trial: f64,
    /// Over so many trials after the warm-up.
    pub trials: u32,
}

/// Whether what the trials of one case left grows with each of them. `left` has, trial by trial in the order in which
/// they ran, how many of the things that appeared during it were still there at the end of the round. A count that
/// levels off leaves nothing in later trials.
pub fn growth(left: &[u64]) -> Option<Growth> {
    let warm_up = if left.len() > REPEATS { left.len() / 2 } else { WARM_UP };
    let later = left.get(warm_up..).filter(|later| later.len() >= FEWEST)?;
    let growing = later.iter().filter(|count| **count > 0).count();
    if (growing as f64) < SHARE * later.len() as f64 {
        return None;
    }
    let total: u64 = later.iter().sum();
    Some(Growth {
        per_trial: total as f64 / later.len() as f64,
        trials: u32::try_from(later.len()).unwrap_or(u32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::growth;

    #[test]
    fn one_more_with_each_trial_is_growth() {
        let found = growth(&[1; 12]).expect("grows");
        assert_eq!((found.per_trial, found.trials), (1.0, 10));
    }

    #[test]
    fn what_levels_off_is_warm_up() {
        assert_eq!(growth(&[8, 3, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn a_long_row_has_a_long_warm_up() {
        let row = |growing: usize| -> Vec<u64> { (0..36).map(|trial| u64::from(trial < growing)).collect() };
        assert_eq!(growth(&row(30)), None);
        assert!(growth(&row(36)).is_some_and(|found| found.trials == 18));
    }

    #[test]
    fn now_and_then_is_not_each_time() {
        assert_eq!(growth(&[1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 1, 0]), None);
    }

    #[test]
    fn a_few_trials_decide_nothing() {
        assert_eq!(growth(&[1; 7]), None);
    }
}
