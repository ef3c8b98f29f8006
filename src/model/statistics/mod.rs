//! Statistics of failures counted in trials: exact intervals, tests that stop as soon as they know, and the number of
//! trials that a claim needs. Pure functions, no I/O.
//!
//! `docs/verdicts.md` says what is claimed with them, and cites the sources.

mod compare;
mod fisher;
mod interval;
mod learned;
mod pace;
mod pairs;
mod rate;
mod sprt;
mod tally;

pub use compare::{Comparison, Looks, TwoRates};
pub use fisher::fisher_one_sided;
pub use interval::{Interval, each_of, interval, lower_bound, trials_to_exclude, upper_bound};
pub use learned::LearnedRate;
pub use pace::{LAME, Pace, paces};
pub use pairs::Pairs;
pub use rate::{Confidence, Rate, RateError};
pub use sprt::{Sprt, SprtDecision};
pub use tally::Tally;
