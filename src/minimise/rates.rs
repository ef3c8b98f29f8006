//! How often it shows when what it takes is there, and when it is not.

use crate::model::statistics::{LearnedRate, Sprt, Tally};

/// Tallies of showing, a "failure" of a tally being that it showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Rates {
    pub present: Tally,
    pub absent: Tally,
}

impl Rates {
    /// Whether each run so far agreed: then one answer is taken for the truth, until a confirmation says otherwise.
    pub fn are_certain(&self) -> bool {
        self.present.all_failed() && self.absent.failures() == 0
    }

    /// The expected rate where what it takes is there.
    pub fn present_rate(&self) -> f64 {
        if self.are_certain() { 1.0 } else { LearnedRate::after(self.present).mean() }
    }

    /// The rate where it is not there. Runs that never showed it are no proof that it never does; one in a
    /// thousand leaves room for doubt and hardly slows a search.
    pub fn absent_rate(&self) -> f64 {
        if self.absent.failures() == 0 {
            0.001
        } else {
            (f64::from(self.absent.failures()) + 0.5) / (f64::from(self.absent.trials()) + 1.0)
        }
    }

    /// Equally likely values of the rate where what it takes is there; always above the other rate.
    pub fn grid(&self) -> Vec<f64> {
        const VALUES: usize = 8;
        let floor = self.absent_rate() + 0.01;
        LearnedRate::after(self.present)
            .grid(VALUES)
            .into_iter()
            .map(|rate| rate.clamp(floor.min(0.99), 0.995))
            .collect()
    }

    /// After how many runs without it "it does not show" is wrong in at most 1 %.
    pub fn runs_to_miss(&self) -> u32 {
        if self.are_certain() {
            return 1;
        }
        let rate = LearnedRate::after(self.present).quantile(0.2).clamp(0.05, 0.99);
        (0.01_f64.ln() / (-rate).ln_1p()).ceil() as u32
    }

    /// A test whether some order shows it about as often as the whole order does, or hardly ever.
    pub fn test(&self) -> Sprt {
        let present = self.present_rate();
        if self.are_certain() {
            return Sprt::usual();
        }
        let low = self.absent_rate().max((present / 10.0).min(0.05));
        Sprt::new(low, (present * 0.6).max(low + (present - low) * 0.5), 0.05)
    }
}
