//! Two failure rates: are they different, or can they not be told apart?

use crate::model::statistics::{Tally, fisher_one_sided};
use serde::{Deserialize, Serialize};

/// At how many trials per side a comparison is looked at, and how much error each look may spend.
///
/// Looking often at growing counts inflates the error of a test; here the looks share 5 % between them (the union
/// bound), most of it kept for the last, as O'Brien and Fleming (Biometrics 1979) suggest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Looks(Vec<Look>);

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Look {
    trials: u32,
    error: f64,
}

impl Default for Looks {
    /// 5, 10, 15, 20, 30, 45, 60 and 80 trials per side. 5 of 5 against 0 of 5 is enough at the first look (p =
    /// 0.004); a rate of 0.2 against none is seen in 998 of 1,000 tries by the last.
    fn default() -> Self {
        let look = |trials, error| Look { trials, error };
        Self(vec![
            look(5, 0.004),
            look(10, 0.004),
            look(15, 0.005),
            look(20, 0.007),
            look(30, 0.009),
            look(45, 0.007),
            look(60, 0.007),
            look(80, 0.007),
        ])
    }
}

/// Whether the first of two sides fails more often than the second, decided with growing counts.
///
/// A sequential test that answers soon for what is deterministic, and takes its time where it has to: at a rate of
/// 0.2 against 0, five trials each see nothing, and even thirty miss it one time in four.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TwoRates {
    /// The side that is suspected to fail more often.
    pub first: Tally,
    /// The other side.
    pub second: Tally,
    looks: Looks,
}

/// What a comparison of two rates knows so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// The first side fails more often.
    Different,
    /// All the trials that were to be made have been made, and the rates can't be told apart.
    Alike,
    /// More trials are wanted.
    Undecided {
        /// How many the first side needs for the next look.
        first: u32,
        /// How many the second side needs for the next look.
        second: u32,
    },
}

impl TwoRates {
    /// A comparison at looks of the caller's choice.
    pub fn new(looks: Looks) -> Self {
        Self { looks, ..Self::default() }
    }

    /// The same comparison with trials that were already made.
    pub fn with(mut self, first: Tally, second: Tally) -> Self {
        self.first += first;
        self.second += second;
        self
    }

    /// What is known by now. Meant to be asked when the counts that [`Comparison::Undecided`] names have been
    /// reached; asked after every trial, equal rates are still called different in less than 5 %.
    pub fn decision(&self) -> Comparison {
        let reached = self.first.trials().min(self.second.trials());
        let last = self.looks.0.iter().rfind(|look| look.trials <= reached);
        if let Some(look) = last
            && fisher_one_sided(self.first, self.second) <= look.error
        {
            return Comparison::Different;
        }
        match self.looks.0.iter().find(|look| look.trials > reached) {
            Some(next) if !self.is_hopeless(reached) => Comparison::Undecided {
                first: next.trials.saturating_sub(self.first.trials()),
                second: next.trials.saturating_sub(self.second.trials()),
            },
            _ => Comparison::Alike,
        }
    }

    /// After ten trials each, a second side that has failed at least as often as the first is not going to be told
    /// from it: the search ends early, in favour of "no difference".
    fn is_hopeless(&self, reached: u32) -> bool {
        reached >= 10 && self.second.failures() > 0 && self.second.rate() >= self.first.rate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Seed;

    fn decide(first: (u32, u32), second: (u32, u32)) -> Comparison {
        TwoRates::default().with(Tally::new(first.0, first.1), Tally::new(second.0, second.1)).decision()
    }

    #[test]
    fn what_always_fails_is_told_from_what_never_fails_by_five_trials_each() {
        assert_eq!(decide((5, 5), (0, 5)), Comparison::Different);
        assert_eq!(decide((4, 5), (0, 5)), Comparison::Undecided { first: 5, second: 5 });
        assert_eq!(decide((2, 2), (0, 4)), Comparison::Undecided { first: 3, second: 1 });
    }

    #[test]
    fn the_last_look_ends_it_either_way() {
        assert_eq!(decide((7, 80), (0, 80)), Comparison::Different);
        assert_eq!(decide((6, 80), (0, 80)), Comparison::Alike);
        assert_eq!(decide((6, 30), (0, 30)), Comparison::Undecided { first: 15, second: 15 });
    }

    #[test]
    fn a_second_side_that_fails_as_often_ends_it_early() {
        assert_eq!(decide((3, 10), (3, 10)), Comparison::Alike);
        assert_eq!(decide((0, 10), (0, 10)), Comparison::Undecided { first: 5, second: 5 });
    }

    #[test]
    fn equal_rates_are_called_different_in_less_than_5_percent_and_unequal_ones_found_as_stated() {
        assert!(share_called_different(0.2, 0.2) <= 0.05);
        assert!(share_called_different(0.5, 0.5) <= 0.05);
        assert!(share_called_different(0.2, 0.0) >= 0.99);
        assert!(share_called_different(0.5, 0.0) >= 0.99);
    }

    fn share_called_different(first: f64, second: f64) -> f64 {
        let runs = 1_000;
        let different = (0..runs).filter(|run| {
            let seed = Seed::new(*run);
            let mut test = TwoRates::default();
            let mut draws = 0_u32;
            let mut fails = |rate: f64| {
                draws += 1;
                ((seed.hash(&draws.to_le_bytes()) >> 11) as f64 / (1_u64 << 53) as f64) < rate
            };
            while matches!(test.decision(), Comparison::Undecided { .. }) {
                let one = |failed| Tally::new(u32::from(failed), 1);
                test = test.with(one(fails(first)), one(fails(second)));
            }
            test.decision() == Comparison::Different
        });
        different.count() as f64 / runs as f64
    }
}
