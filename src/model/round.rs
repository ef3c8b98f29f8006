//! What names a round and a trial.

use crate::model::Position;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of a round within its run, from 0 in the plan's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoundId(pub u32);

impl RoundId {
    /// The number by which people know it: the first round is round 1.
    pub fn ordinal(self) -> u32 {
        self.0.saturating_add(1)
    }
}

impl fmt::Display for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Why a round has the order that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundKind {
    /// The order in which the cases were loaded.
    Declared,
    /// The declared order from its end.
    Reverse,
    /// Sorted by a keyed hash of the round's seed and the case's id.
    Shuffle,
    /// One row of a row-complete square: part of a set that covers every adjacent ordered pair.
    Pairs,
    /// One of all orders of a few cases.
    Permutation,
    /// Every case twice in a row.
    Twice,
    /// Only the cases that a change touches, shuffled.
    Changed,
    /// One case alone, from a fresh start.
    Alone,
    /// The cases that leave marks one after another, then each other case by itself in the state that they left.
    Aftermath,
    /// An order that the user gave.
    Given,
    /// A question of the diagnosis: some cases, then the suspect.
    Probe,
    /// Every case once with everything that it leaves entered in a ledger: who may leak.
    Survey,
    /// Cases that may leak, several times over, with the ledger: whether what they leave grows.
    Repeated,
    /// A question of the diagnosis: after how many cases of an order the suspect begins to fail. It is tried in forks,
    /// and the cases after the answer are not run.
    Walk,
}

impl RoundKind {
    /// The word used in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::Reverse => "reverse",
            Self::Shuffle => "shuffle",
            Self::Pairs => "pairs",
            Self::Permutation => "permutation",
            Self::Twice => "twice",
            Self::Changed => "changed",
            Self::Alone => "alone",
            Self::Aftermath => "aftermath",
            Self::Given => "given",
            Self::Probe => "probe",
            Self::Survey => "survey",
            Self::Repeated => "repeated",
            Self::Walk => "walk",
        }
    }
}

impl RoundKind {
    /// Whether rounds of this kind are part of the plan, and no question of the diagnosis.
    pub fn is_planned(self) -> bool {
        match self {
            Self::Declared
            | Self::Reverse
            | Self::Shuffle
            | Self::Pairs
            | Self::Permutation
            | Self::Twice
            | Self::Changed
            | Self::Alone
            | Self::Aftermath
            | Self::Given => true,
            Self::Probe | Self::Walk | Self::Survey | Self::Repeated => false,
        }
    }

    /// Whether everything that a trial leaves is entered in a ledger.
    pub fn keeps_a_ledger(self) -> bool {
        matches!(self, Self::Survey | Self::Repeated)
    }
}

impl fmt::Display for RoundKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How long an event loop lives, where the subject lets the harness choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventLoop {
    /// A new one for each case: where loop-bound singletons break.
    #[default]
    Case,
    /// One for the whole round, as in production.
    Round,
}

/// One case in one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrialKey {
    /// The round that it was seen in.
    pub round: RoundId,
    /// The place in the round's order, from 0.
    pub position: Position,
}

impl fmt::Display for TrialKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.round, self.position)
    }
}
