//! A round of a plan: what it costs nothing to keep.

use crate::model::{CaseIndex, RoundId, RoundKind, Seed};
use serde::{Deserialize, Serialize};

/// A round, without its order: [`crate::plan::Plan::order`] computes that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRound {
    /// Its number in the plan.
    pub id: RoundId,
    /// The seed of everything random in the round.
    pub seed: Seed,
    /// How the cases are arranged.
    pub arrangement: Arrangement,
}

/// How a round arranges the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Arrangement {
    /// As they were loaded.
    Declared,
    /// As they were loaded, from the end.
    Reverse,
    /// Sorted by a hash that is keyed with the round's seed.
    Shuffle,
    /// By one row of a row-complete square.
    Pairs {
        /// The row, from 0.
        row: u32,
    },
    /// By one of all permutations.
    Permutation {
        /// Its number in lexicographic order, from 0.
        number: u32,
    },
    /// Shuffled, every case twice in a row. A shuffle shows what a cleaner or a missing helper hides in declared order.
    Twice,
    /// As they were loaded, from the first to the last and then once more: what [`Self::Twice`] is where a case that runs
    /// again takes another process.
    Passes,
    /// The cases that get more rounds than others, shuffled.
    Closer,
    /// One case alone.
    Alone {
        /// The case's number in declared order.
        case: CaseIndex,
    },
    /// The cases that leave marks one after another, then each other case in a fork of what they left. Its order is known
    /// once each case has run alone: [`crate::plan::Plan::marking_orders`].
    Aftermath {
        /// Which of the orders of the marking cases, from 0.
        number: u32,
    },
    /// As the user said.
    Given,
}

impl PlannedRound {
    /// Why the round has its order.
    pub fn kind(&self) -> RoundKind {
        self.arrangement.kind()
    }

    /// Whether the round is a trial of the rate at which rounds fail by chance: only shuffles are, since each has an
    /// order of its own. The others find things and prove no rate.
    pub fn counts_as_trial(&self) -> bool {
        self.arrangement == Arrangement::Shuffle
    }
}

impl Arrangement {
    /// The kind of round that is arranged so.
    pub fn kind(self) -> RoundKind {
        match self {
            Self::Declared => RoundKind::Declared,
            Self::Reverse => RoundKind::Reverse,
            Self::Shuffle => RoundKind::Shuffle,
            Self::Pairs { .. } => RoundKind::Pairs,
            Self::Permutation { .. } => RoundKind::Permutation,
            Self::Twice | Self::Passes => RoundKind::Twice,
            Self::Closer => RoundKind::Changed,
            Self::Alone { .. } => RoundKind::Alone,
            Self::Aftermath { .. } => RoundKind::Aftermath,
            Self::Given => RoundKind::Given,
        }
    }
}
