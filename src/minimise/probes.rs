//! What the probes of a search were for.

use serde::{Deserialize, Serialize};

/// A step of the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Does it show in the order at all, and more often than alone?
    Reproduce,
    /// Which cases does it take?
    Search,
    /// Does it show with all of them, and vanish without each?
    Confirm,
    /// What else does it?
    Alternatives,
    /// What hides it?
    Cleaners,
    /// Does what was found for one suspect hold for another that fails alike?
    Verify,
}

/// How many probes each step took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Probes {
    /// To reproduce the failure.
    pub reproduce: u32,
    /// To find the first sequence.
    pub search: u32,
    /// To confirm sequences.
    pub confirm: u32,
    /// To look for further sequences.
    pub alternatives: u32,
    /// To look for cleaners.
    pub cleaners: u32,
}

impl Probes {
    /// The number of all probes.
    pub fn total(&self) -> u32 {
        self.reproduce + self.search + self.confirm + self.alternatives + self.cleaners
    }

    pub(super) fn count(&mut self, phase: Phase) {
        match phase {
            Phase::Reproduce => self.reproduce += 1,
            Phase::Search => self.search += 1,
            Phase::Confirm | Phase::Verify => self.confirm += 1,
            Phase::Alternatives => self.alternatives += 1,
            Phase::Cleaners => self.cleaners += 1,
        }
    }
}
