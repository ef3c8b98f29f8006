//! A rate that is learned on the way.

use crate::model::statistics::Tally;
use serde::{Deserialize, Serialize};
use statrs::distribution::{Beta, ContinuousCDF};

/// What is believed about a rate after some trials: the beta distribution that follows from a flat prior (Bayes and
/// Laplace), `Beta(1 + failures, 1 + passes)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LearnedRate(Tally);

impl LearnedRate {
    /// The belief after these trials.
    pub fn after(tally: Tally) -> Self {
        Self(tally)
    }

    /// The expected rate.
    pub fn mean(self) -> f64 {
        (f64::from(self.0.failures()) + 1.0) / (f64::from(self.0.trials()) + 2.0)
    }

    /// The rate below which the truth lies with probability `share`, which is brought into [0, 1].
    pub fn quantile(self, share: f64) -> f64 {
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 };
        let (a, b) = (f64::from(self.0.failures()) + 1.0, f64::from(self.0.passes()) + 1.0);
        Beta::new(a, b).expect("both shapes are at least 1").inverse_cdf(share)
    }

    /// `count` rates that are equally likely: the middles of as many equal slices of the belief.
    pub fn grid(self, count: usize) -> Vec<f64> {
        (0..count).map(|slice| self.quantile((slice as f64 + 0.5) / count as f64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_belief_starts_flat_and_follows_the_trials() {
        assert!((LearnedRate::default().quantile(0.3) - 0.3).abs() < 1e-9);
        let learned = LearnedRate::after(Tally::new(5, 10));
        assert!((learned.mean() - 0.5).abs() < 1e-9);
        assert!((learned.quantile(0.5) - 0.5).abs() < 1e-6);
        let grid = learned.grid(8);
        assert!(grid.windows(2).all(|pair| pair[0] < pair[1]), "{grid:?}");
    }
}
