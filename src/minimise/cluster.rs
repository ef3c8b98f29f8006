//! Suspects that fail alike: one is minimised, the others are verified.

use crate::minimise::frame::{Frame, Sign};
use crate::minimise::rates::Rates;
use crate::minimise::session::count;
use crate::minimise::{Answer, Conclusion, Minimised, Phase, Question, Role};
use crate::model::CaseIndex;
use crate::model::statistics::Tally;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Suspects whose failures have one fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// The fingerprint that all members share.
    pub fingerprint: String,
    /// The suspects, at least one; the first is the one to minimise.
    pub suspects: Vec<CaseIndex>,
}

/// Groups suspects by how they fail, in the order in which the groups' first suspects come.
pub fn clusters(suspects: impl IntoIterator<Item = (CaseIndex, String)>) -> Vec<Cluster> {
    let mut clusters: Vec<Cluster> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for (suspect, fingerprint) in suspects {
        let place = *known.entry(fingerprint.clone()).or_insert_with(|| {
            clusters.push(Cluster { fingerprint, suspects: Vec::new() });
            clusters.len() - 1
        });
        clusters[place].suspects.push(suspect);
    }
    clusters
}

/// Checks whether what was found for one suspect holds for another: one probe where it always shows, as many as it
/// takes where it shows sometimes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// The other suspect.
    pub suspect: CaseIndex,
    /// The sequence that is tried on it.
    pub members: Vec<CaseIndex>,
    role: Role,
    runs: u32,
    failures: Tally,
    shown: bool,
}

/// What a verification says so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verified {
    /// It shows: the same sequence does it. With the suspect's failures.
    Shows(Tally),
    /// It did not show: this suspect needs a search of its own.
    NotShown(Tally),
    /// The question is not answered yet.
    Open,
}

impl Verification {
    /// Tries what was found for one suspect on another. Nothing, if nothing was confirmed, or if the other suspect is
    /// itself a member of the sequence.
    pub fn new(found: &Minimised, suspect: CaseIndex) -> Option<Self> {
        let Conclusion::Confirmed { role, sequences, .. } = &found.conclusion else {
            return None;
        };
        let sequence = sequences.iter().find(|sequence| !sequence.members.contains(&suspect))?;
        let sign = Frame::plain(*role).sign;
        let present = sign.showings(sequence.with_all + found.in_order);
        let rates = Rates { present, absent: sign.showings(found.alone) };
        Some(Self {
            suspect,
            members: sequence.members.clone(),
            role: *role,
            runs: rates.runs_to_miss(),
            failures: Tally::default(),
            shown: false,
        })
    }

    /// The next probe, if one is wanted.
    pub fn question(&self) -> Option<Question> {
        (self.verdict() == Verified::Open).then(|| {
            let order = self.members.iter().copied().chain([self.suspect]).collect();
            Question { order, phase: Phase::Verify, chance: self.sign().turned(0.8), walk: None }
        })
    }

    /// Takes the answer to [`Verification::question`]. One that is not sure takes a run, and tells nothing.
    pub fn learn(&mut self, answer: &Answer) {
        let sign = self.sign();
        match sign.read(answer) {
            Ok(shown) => {
                count(&mut self.failures, sign, shown);
                self.shown |= shown.shows();
            }
            Err(_) => self.runs = self.runs.saturating_sub(1),
        }
    }

    /// What is known by now.
    pub fn verdict(&self) -> Verified {
        if self.shown {
            Verified::Shows(self.failures)
        } else if self.failures.trials() >= self.runs {
            Verified::NotShown(self.failures)
        } else {
            Verified::Open
        }
    }

    fn sign(&self) -> Sign {
        Frame::plain(self.role).sign
    }
}
