//! Orders, and the rounds that run them: what a run will do, derived from one root seed.
//!
//! A [`Plan`] is made from a [`PlanRequest`] and the cases in declared order. It is the same on every machine for the
//! same seed, and it is small: a round holds its seed and how its cases are arranged, and [`Plan::order`] computes
//! the order when it is needed. So a plan of 1,000 rounds of 100,000 cases is kilobytes.
//!
//! What each kind of round can find, and why the default plan has the rounds that it has, is
//! told in `docs/verdicts.md`.

mod additions;
mod aftermath;
mod build;
mod case;
mod coverage;
mod error;
mod group;
mod header;
mod permutation;
mod planned;
mod request;
mod round;
mod share;
mod shuffle;
mod square;
mod strategy;

pub use additions::{Addition, Additions};
pub use aftermath::{AftermathOrder, MarkingOrders, MarksLeft};
pub use build::MOST_ROUNDS;
pub use case::{PlannedCase, ResolvedOrder, resolve_order};
pub use coverage::{Coverage, CoverageMethod, PairCoverage};
pub use error::{GivenOrFixed, PlanError};
pub use group::{Grouping, GroupingError};
pub use header::{PlanHeader, RoundCount};
pub use permutation::MOST_PERMUTED;
pub use planned::Plan;
pub use request::{Alone, Orders, PlanRequest, Twice};
pub use round::{Arrangement, PlannedRound};
pub use share::{Shard, ShardError};
pub use square::orders_for_pairs;
pub use strategy::{Strategy, StrategyError};
