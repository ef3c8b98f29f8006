//! What is to be minimised.

use crate::model::CaseIndex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A suspect, the order in which it was seen to behave differently than alone, and what is known beforehand.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Problem {
    /// The suspect, by its case index.
    pub suspect: CaseIndex,
    /// The cases that ran before it, in their order: for a victim in an order in which it failed, for a brittle case
    /// in one in which it passed.
    pub before: Vec<CaseIndex>,
    /// The cases that ran after it or in other rounds: they may be cleaners.
    #[serde(default)]
    pub others: Vec<CaseIndex>,
    /// How likely each case is to be a cause, in any unit; 1 for a case that is not named. Priors come from what a
    /// case was seen to change, from its file and name, from earlier findings.
    #[serde(default)]
    pub weights: BTreeMap<CaseIndex, f64>,
    /// What a probe costs.
    #[serde(default)]
    pub costs: Costs,
    /// Sequences that were found for other suspects, likeliest first: they are tried before anything else.
    #[serde(default)]
    pub hypotheses: Vec<Vec<CaseIndex>>,
    /// Orders up to the suspect in which it passed all the same: what stands in them after the polluters may
    /// be a cleaner.
    #[serde(default)]
    pub passed: Vec<Vec<CaseIndex>>,
    /// Cases before the suspect that left the state of the process other than they found it, in order.
    #[serde(default)]
    pub leads: Vec<CaseIndex>,
    /// Those of the cases before it which the recorded rounds leave as a single cause, in order.
    #[serde(default)]
    pub accused: Vec<CaseIndex>,
    /// Whether it was recorded how the suspect ended in this order: then one run that agrees begins the search.
    #[serde(default)]
    pub is_recorded: bool,
    /// From how many cases on an order is walked, if the oracle can walk.
    #[serde(default)]
    pub walks_from: Option<usize>,
}

/// What probes are expected to cost, so that cheap ones can be preferred.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Costs {
    /// What each probe costs, however short its order.
    pub overhead: Duration,
    /// What running a case adds; nothing for a case that is not named.
    #[serde(default)]
    pub cases: BTreeMap<CaseIndex, Duration>,
}

impl Problem {
    /// A problem of which nothing is known but the suspect and the cases before it. Repeated cases count once, where
    /// they first stand.
    pub fn new(suspect: CaseIndex, before: impl IntoIterator<Item = CaseIndex>) -> Self {
        let mut seen = BTreeSet::from([suspect]);
        let before = before.into_iter().filter(|case| seen.insert(*case)).collect();
        Self { suspect, before, ..Self::default() }
    }

    /// How likely a case is to be a cause; always above 0.
    pub(super) fn weight(&self, case: CaseIndex) -> f64 {
        let weight = self.weights.get(&case).copied().unwrap_or(1.0);
        if weight.is_finite() { weight.max(1e-6) } else { 1.0 }
    }
}

impl Costs {
    /// What running a case adds to a probe, in seconds.
    pub(super) fn seconds(&self, case: CaseIndex) -> f64 {
        self.cases.get(&case).map_or(0.0, Duration::as_secs_f64)
    }

    /// What each probe costs, in seconds. Never nothing, so that costs can be divided by.
    pub(super) fn overhead_seconds(&self) -> f64 {
        self.overhead.as_secs_f64().max(1e-3)
    }
}
