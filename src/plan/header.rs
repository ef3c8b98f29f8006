//! What a journal's header says of a plan.

use crate::model::statistics::{Confidence, Rate};
use crate::model::{ContentHash, RoundKind, Seed};
use crate::plan::Grouping;
use serde::{Deserialize, Serialize};

/// A plan in short: enough to tell whether a run that goes on has the plan that it began with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanHeader {
    /// `mixed`, `pairs` and so on, or `given`.
    pub orders: String,
    /// The root seed.
    pub seed: Seed,
    /// Which cases stay together.
    pub grouping: Grouping,
    /// How many cases there are.
    pub cases: u32,
    /// How many rounds of each kind, in the order in which they run.
    pub rounds: Vec<RoundCount>,
    /// The rate that the shuffled rounds are to exclude.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_flake_rate: Option<Rate>,
    /// How sure that exclusion is to be.
    pub confidence: Confidence,
    /// Names the whole plan: cases, groups, and each round's seed and arrangement.
    pub hash: ContentHash,
}

/// How many rounds of a kind there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundCount {
    /// The kind of round.
    pub kind: RoundKind,
    /// How many rounds of that kind there are.
    pub count: u32,
}
