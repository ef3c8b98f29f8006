//! Exact intervals for a rate (Clopper and Pearson, Biometrika 1934), and the trials that a bound needs.

use crate::model::statistics::{Confidence, Rate, Tally};
use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

/// Two bounds of a rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The rate is at least this.
    pub lower: f64,
    /// The rate is at most this.
    pub upper: f64,
}

impl Interval {
    /// Whether the interval holds a rate.
    pub fn contains(&self, rate: f64) -> bool {
        self.lower <= rate && rate <= self.upper
    }
}

/// The exact two-sided interval: each side is wrong in at most half of what `confidence` leaves to chance. Without
/// trials it is everything, 0 to 1.
pub fn interval(tally: Tally, confidence: Confidence) -> Interval {
    let tail = confidence.risk() / 2.0;
    Interval { lower: lower_at(tally, tail), upper: upper_at(tally, tail) }
}

/// The exact one-sided upper bound. For 0 failures in `n` trials it is `1 − (1 − c)^(1/n)`.
pub fn upper_bound(tally: Tally, confidence: Confidence) -> f64 {
    upper_at(tally, confidence.risk())
}

/// The exact one-sided lower bound.
pub fn lower_bound(tally: Tally, confidence: Confidence) -> f64 {
    lower_at(tally, confidence.risk())
}

/// How many trials without a failure exclude every rate above `rate`: the smallest `n` with `(1 − rate)^n ≤
/// 1 − confidence`.
pub fn trials_to_exclude(rate: Rate, confidence: Confidence) -> u32 {
    let exact = confidence.risk().ln() / (-rate.share()).ln_1p();
    // A quotient that is a whole number but for rounding must not cost one trial more.
    let trials = (exact - 1e-9).ceil().max(1.0);
    if trials < f64::from(u32::MAX) { trials as u32 } else { u32::MAX }
}

/// The confidence that each of `count` statements needs, so that all of them hold together with `confidence`
/// (Bonferroni: what is left to chance is shared out evenly).
pub fn each_of(count: usize, confidence: Confidence) -> Confidence {
    let share = 1.0 - confidence.risk() / count.max(1) as f64;
    // For astronomically many statements the share rounds to 1; the nearest number below it is meant then.
    Confidence::new(share).or_else(|_| Confidence::new(1.0 - f64::EPSILON)).unwrap_or(confidence)
}

fn upper_at(tally: Tally, tail: f64) -> f64 {
    let (failures, passes) = (f64::from(tally.failures()), f64::from(tally.passes()));
    if tally.passes() == 0 {
        1.0
    } else if tally.failures() == 0 {
        -(tail.ln() / passes).exp_m1()
    } else {
        beta_quantile(failures + 1.0, passes, 1.0 - tail)
    }
}

fn lower_at(tally: Tally, tail: f64) -> f64 {
    let (failures, passes) = (f64::from(tally.failures()), f64::from(tally.passes()));
    if tally.failures() == 0 {
        0.0
    } else if tally.passes() == 0 {
        (tail.ln() / failures).exp()
    } else {
        beta_quantile(failures, passes + 1.0, tail)
    }
}

fn beta_quantile(a: f64, b: f64, share: f64) -> f64 {
    Beta::new(a, b).expect("both shapes are at least 1").inverse_cdf(share)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Seed;

    fn usual() -> Confidence {
        Confidence::USUAL
    }

    fn check(failures: u32, trials: u32, lower: f64, upper: f64) {
        let found = interval(Tally::new(failures, trials), usual());
        assert!((found.lower - lower).abs() < 5e-5, "{failures} of {trials}: {found:?}");
        assert!((found.upper - upper).abs() < 5e-5, "{failures} of {trials}: {found:?}");
    }

    #[test]
    fn intervals_are_those_of_the_published_tables() {
        check(0, 10, 0.0, 0.3085);
        check(1, 10, 0.0025, 0.4450);
        check(5, 10, 0.1871, 0.8129);
        check(10, 10, 0.6915, 1.0);
        check(3, 100, 0.0062, 0.0852);
        check(0, 0, 0.0, 1.0);
    }

    #[test]
    fn clean_trials_exclude_rates_as_published() {
        let needed = |rate: f64| trials_to_exclude(Rate::new(rate).expect("in range"), usual());
        assert_eq!([needed(0.05), needed(0.01), needed(0.001)], [59, 299, 2995]);
        assert!(upper_bound(Tally::new(0, 299), usual()) <= 0.01);
        assert!(upper_bound(Tally::new(0, 298), usual()) > 0.01);
    }

    #[test]
    fn a_bound_for_each_of_400_cases_costs_895_trials() {
        let rate = Rate::new(0.01).expect("in range");
        assert_eq!(trials_to_exclude(rate, each_of(400, usual())), 895);
        assert_eq!(each_of(1, usual()), usual());
    }

    #[test]
    fn five_clean_rounds_exclude_what_fails_in_more_than_45_percent() {
        let upper = upper_bound(Tally::new(0, 5), usual());
        assert!((upper - 0.4507).abs() < 1e-4, "{upper}");
    }

    /// The coverage of an exact interval is at least its confidence; the noise of 2,000 runs is allowed for.
    #[test]
    fn stated_intervals_hold_the_truth_in_at_least_93_5_percent_of_2000_runs() {
        let rates = [0.005, 0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.8];
        let sizes = [5, 10, 30, 59, 100];
        let mut held = 0;
        for run in 0..2_000_u32 {
            let rate = rates[run as usize % rates.len()];
            let trials = sizes[run as usize / rates.len() % sizes.len()];
            let seed = Seed::new(u64::from(run));
            let failures = (0..trials).filter(|trial: &u32| uniform(seed, *trial) < rate).count();
            let stated = interval(Tally::new(failures as u32, trials), usual());
            held += u32::from(stated.contains(rate));
        }
        assert!(held >= 1_870, "{held} of 2000");
    }

    fn uniform(seed: Seed, trial: u32) -> f64 {
        (seed.hash(&trial.to_le_bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
