//! What a search found out.

use crate::minimise::{Limit, Probes};
use crate::model::CaseIndex;
use crate::model::statistics::Tally;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The end of a search: what was concluded, from which runs, at which cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Minimised {
    /// The suspect, by its case index.
    pub suspect: CaseIndex,
    /// How often it failed in the whole order, while reproducing.
    pub in_order: Tally,
    /// How often it failed alone.
    pub alone: Tally,
    /// What follows from the probes.
    pub conclusion: Conclusion,
    /// How many probes each step took.
    pub probes: Probes,
    /// How many probes could not tell how the suspect ended, even when repeated.
    pub unsure: u32,
    /// How long the probes took together.
    pub took: Duration,
}

/// What a search concludes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Conclusion {
    /// Its failing depends on what ran before, and here is on what.
    Confirmed {
        /// What it is.
        role: Role,
        /// Minimal sequences, at least one: polluters of a victim, state-setters of a brittle case.
        sequences: Vec<Sequence>,
        /// Whether these are all the sequences that the order has.
        complete: bool,
        /// Cases that hide it when they run between the polluters and the victim.
        cleaners: Vec<CaseIndex>,
    },
    /// It behaved alike in the order and alone, and not as was seen before: it neither failed here nor there.
    DoesNotReproduce,
    /// It fails sometimes, and its rates in the order and alone can't be told apart.
    Intermittent,
    /// It failed each time, in the order and alone.
    FailsAlways,
    /// The rates differ, and no sequence of cases was confirmed to make the difference.
    Unexplained {
        /// What it seems to be.
        role: Role,
        /// The shortest sequence with which it was seen.
        best: Vec<CaseIndex>,
    },
    /// A limit was reached first.
    Exhausted {
        /// The limit that ended the search.
        by: Limit,
        /// The shortest sequence with which it was seen, if it was.
        best: Option<Vec<CaseIndex>>,
    },
    /// How it ends alone or in the order can't be told, so that nothing can be compared.
    Untold {
        /// Where, and why.
        why: String,
    },
}

/// How a case's failing depends on what ran before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Passes alone, fails after polluters.
    Victim,
    /// Fails alone, passes after state-setters.
    Brittle,
}

/// A minimal sequence: with all members it shows, without any one of them it does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// The cases to run before the suspect, in this order.
    pub members: Vec<CaseIndex>,
    /// How often the suspect failed after all members.
    pub with_all: Tally,
    /// How often it failed when the member in the same place was left out.
    pub without: Vec<Tally>,
}

impl Minimised {
    /// Says whether these are all the sequences.
    pub fn set_complete(&mut self, is_complete: bool) {
        if let Conclusion::Confirmed { complete, .. } = &mut self.conclusion {
            *complete = is_complete;
        }
    }

    /// Adds what another search of the same suspect found, in another order.
    pub fn add(&mut self, other: Self) {
        let (
            Conclusion::Confirmed { role, sequences, cleaners, .. },
            Conclusion::Confirmed { role: of, sequences: more, cleaners: hide, .. },
        ) = (&mut self.conclusion, other.conclusion)
        else {
            return;
        };
        if *role != of {
            return;
        }
        for sequence in more {
            if !sequences.iter().any(|known| known.members == sequence.members) {
                sequences.push(sequence);
            }
        }
        cleaners.extend(hide);
        cleaners.sort_unstable();
        cleaners.dedup();
        self.took += other.took;
    }

    /// The minimal sequences, where there are any.
    pub fn sequences(&self) -> &[Sequence] {
        match &self.conclusion {
            Conclusion::Confirmed { sequences, .. } => sequences,
            Conclusion::DoesNotReproduce
            | Conclusion::Intermittent
            | Conclusion::FailsAlways
            | Conclusion::Unexplained { .. }
            | Conclusion::Exhausted { .. }
            | Conclusion::Untold { .. } => &[],
        }
    }
}
