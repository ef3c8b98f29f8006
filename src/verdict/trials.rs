//! The trials of a case, counted by the rounds they were in.

use crate::model::statistics::Tally;
use crate::model::{OutcomeKind, RoundKind};
use crate::record::{Record, is_failure};

/// The trials of a case, counted.
#[derive(Debug, Clone, Default)]
pub(super) struct Trials {
    /// In planned rounds.
    pub planned: Tally,
    /// In shuffled rounds.
    pub shuffled: Tally,
    /// In rounds and probes of its own.
    pub alone: Tally,
    /// In planned rounds and in everything that the diagnosis asked.
    pub everywhere: Tally,
    /// Reported as skipped.
    pub skipped: u32,
    /// Begun in a planned round and never reported.
    pub missing: u32,
}

/// Counts the trials of each case.
pub(super) fn count(record: &Record) -> Vec<Trials> {
    let mut tallies = vec![Trials::default(); record.header.cases.len()];
    for round in record.rounds.iter().filter(|round| !round.kind.keeps_a_ledger()) {
        let (is_planned, is_alone) = (round.is_planned(), round.slots.len() == 1);
        for slot in &round.slots {
            let Some(tally) = tallies.get_mut(slot.case.index()) else { continue };
            let failed = match slot.outcome {
                None => {
                    // What was added while there was time is missing nowhere.
                    tally.missing += u32::from(is_planned && !round.added);
                    continue;
                }
                Some(OutcomeKind::Skipped) => {
                    tally.skipped += u32::from(is_planned);
                    continue;
                }
                Some(outcome) => is_failure(outcome),
            };
            tally.everywhere.count(failed);
            if is_alone {
                tally.alone.count(failed);
            }
            if is_planned {
                tally.planned.count(failed);
            }
            if round.kind == RoundKind::Shuffle {
                tally.shuffled.count(failed);
            }
        }
    }
    tallies
}
