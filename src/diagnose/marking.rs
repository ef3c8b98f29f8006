//! Further polluters of a victim, among the cases that leave marks.

use crate::diagnose::DiagnoseError;
use crate::diagnose::examine::Examiner;
use crate::diagnose::suspects::Suspect;
use crate::minimise::{Answer, Conclusion, Minimised, Role};
use crate::model::CaseIndex;
use crate::record::Record;
use std::collections::BTreeSet;

/// So many cases that leave marks are tried before a victim.
const TRIED: usize = 12;

/// How often the victim must fail after one, besides the first time.
const AGAIN: usize = 4;

impl Examiner<'_> {
    /// Cases that leave marks and after each of which the victim fails, besides what was found. A search ends with what
    /// explains the order in which it began; another polluter can be hidden in other orders.
    pub(super) fn marking_polluters(
        &mut self,
        suspect: &Suspect,
        found: &Minimised,
    ) -> Result<Vec<Vec<CaseIndex>>, DiagnoseError> {
        let Conclusion::Confirmed { role: Role::Victim, sequences, .. } = &found.conclusion else {
            return Ok(Vec::new());
        };
        let known: BTreeSet<CaseIndex> =
            sequences.iter().flat_map(|sequence| sequence.members.iter().copied()).collect();
        let is_new = |case: &CaseIndex| *case != suspect.case && !known.contains(case);
        let cases: Vec<CaseIndex> = marking_cases(self.record).into_iter().filter(is_new).take(TRIED).collect();
        let after = |case: CaseIndex| vec![case, suspect.case];
        let replies = self.prober.ask(&cases.iter().map(|case| after(*case)).collect::<Vec<_>>())?;
        let failing = cases.into_iter().zip(replies).filter(|(_, reply)| reply.answer == Answer::Fails);
        let mut polluters = Vec::new();
        for (case, _) in failing.collect::<Vec<_>>() {
            let replies = self.prober.ask(&vec![after(case); AGAIN])?;
            if replies.iter().all(|reply| reply.answer == Answer::Fails) {
                polluters.push(vec![case]);
            }
        }
        Ok(polluters)
    }
}

/// Of some cases those that were seen to change something as they ran, in whatever round, if these are few.
pub(super) fn changing_of(cases: &[CaseIndex], record: &Record) -> Vec<CaseIndex> {
    let mut changing = BTreeSet::new();
    for round in &record.rounds {
        let changes = round.dirt.iter().filter(|(_, dirt)| dirt.made.iter().any(|part| !part.is_load()));
        let places = changes.map(|(position, _)| position.index());
        changing.extend(places.filter_map(|place| round.slots.get(place)).map(|slot| slot.case));
    }
    let changing: Vec<CaseIndex> = cases.iter().copied().filter(|case| changing.contains(case)).collect();
    if changing.len() * 4 > cases.len() { Vec::new() } else { changing }
}

/// The cases that left something changed which is likely to change what others see, when they ran alone.
fn marking_cases(record: &Record) -> BTreeSet<CaseIndex> {
    let rounds = record.rounds.iter().filter(|round| round.is_planned() && round.slots.len() == 1);
    let marking = rounds.filter(|round| round.marks.values().flatten().any(|mark| mark.kind.is_strong()));
    marking.flat_map(|round| round.order().collect::<Vec<CaseIndex>>()).collect()
}
