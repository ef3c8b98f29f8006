//! How often it shows when what it takes is there, and when it is not.

use crate::minimise::frame::Frame;
use crate::minimise::session::Session;
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

    /// The rate where it is not there. Runs that never showed it are no proof that it never does; one in a thousand
    /// leaves room for doubt and hardly slows a search.
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

    /// A test whether some order shows it about as often as the whole order does, or hardly ever. Where answers are a
    /// matter of chance, the rate to be found is taken from the cautious end of what is believed, since a
    /// reproduction that succeeded was a lucky one more often than not.
    pub fn test(&self) -> Sprt {
        if self.are_certain() {
            return Sprt::usual();
        }
        let absent = self.absent_rate();
        let halfway = absent + (self.present_rate() - absent) / 2.0;
        let high = LearnedRate::after(self.present).quantile(0.1).max(if absent > 0.01 { halfway } else { 0.02 });
        Sprt::new(absent.max(high / 10.0), high, 0.01)
    }

    /// The same with all the runs of the suspect alone that there are by now.
    pub fn as_seen_by(mut self, session: &Session<'_>, frame: &Frame) -> Self {
        if frame.head.is_empty() {
            self.absent = frame.sign.showings(session.alone);
        }
        self
    }

    /// The same with more runs in which what it takes was there.
    pub fn with_present(mut self, more: Tally) -> Self {
        self.present += more;
        self
    }
}
