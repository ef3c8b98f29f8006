//! Why there is no such plan.

use crate::model::{CaseId, CaseIndex};
use crate::plan::{MOST_PERMUTED, Strategy};

/// Why there is no such plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// There is nothing to run.
    #[error("there are no cases to plan for: write a scenario, or select more")]
    NoCases,
    /// More cases than a plan can number.
    #[error("{0} cases are more than a plan can number: select fewer")]
    TooManyCases(usize),
    /// Two cases have one id, so that neither history nor a shuffle could tell them apart.
    #[error("two cases have the id `{0}`: rename one")]
    DuplicateId(CaseId),
    /// A round count of zero.
    #[error("0 rounds prove nothing: ask for at least one")]
    NoRounds,
    /// More rounds than a plan can number.
    #[error("a plan of {0} rounds is more than a run can number: ask for a higher rate or fewer cases alone")]
    TooManyRounds(u64),
    /// Too many cases for all their orders.
    #[error(
        "{cases} cases have too many orders to run all of them ({MOST_PERMUTED} cases have 720): select fewer cases \
         with --filter, or cover every adjacent pair with --orders pairs ({rounds_for_pairs} rounds)"
    )]
    TooManyToPermute {
        /// How many cases there are.
        cases: usize,
        /// What `pairs` would cost.
        rounds_for_pairs: usize,
    },
    /// Rounds of one order are no trials of the rate at which rounds fail by chance.
    #[error("--max-flake-rate needs shuffled rounds, and {0} has none: use --orders mixed or shuffle")]
    RateNeedsShuffles(GivenOrFixed),
    /// A given order without cases.
    #[error("the given order is empty: name a case per line")]
    EmptyOrder,
    /// A given order with a number that no case has.
    #[error("the given order names case {case}, and there are {cases} cases, numbered from 0")]
    NoSuchCase {
        /// The index that was asked for.
        case: CaseIndex,
        /// How many cases there are.
        cases: usize,
    },
}

/// An order that is the same in every round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GivenOrFixed {
    /// One of the strategies with a single order.
    #[error("--orders {0}")]
    Fixed(Strategy),
    /// An order that the user gave.
    #[error("--order")]
    Given,
}
