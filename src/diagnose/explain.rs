//! What was found for another suspect, tried as the explanation of the next one: that spares a search.

use super::conclude::role;
use super::examine::Examiner;
use crate::diagnose::DiagnoseError;
use crate::diagnose::suspects::Suspect;
use crate::engine::Stopped;
use crate::minimise::{Answer, Minimised, Role, Verification, Verified, coincidence};
use crate::model::CaseIndex;
use crate::model::statistics::Tally;

/// How many cases that were minimised are tried as the explanation of the next suspect.
const EXPLANATIONS: usize = 5;

/// How likely it may be, at most, that a case which fails by chance agrees so far with what was found for another one
/// that fails alike.
const ALIKE: f64 = 1e-5;

/// The same for another one that fails otherwise.
const COINCIDENCE: f64 = 1e-6;

/// Whether an answer is the one that is looked for.
fn shows(role: Role, answer: &Answer) -> bool {
    match role {
        Role::Victim => *answer == Answer::Fails,
        Role::Brittle => *answer == Answer::Passes,
    }
}

impl Examiner<'_> {
    /// Tries what was found last on this suspect, first of all what was found for one that fails alike: a probe of a few
    /// cases each. Only a case that passes alone can be a victim of what makes others one.
    pub(super) fn is_explained(&mut self, suspect: &Suspect, alike: Option<CaseIndex>) -> Result<bool, DiagnoseError> {
        let mut candidates: Vec<(CaseIndex, Minimised)> = self.chart.found.iter().rev().cloned().collect();
        candidates.sort_by_key(|(leader, _)| Some(*leader) != alike);
        candidates.truncate(EXPLANATIONS);
        for (leader, found) in candidates {
            let Some(role) = role(&found) else { continue };
            if role == Role::Victim && !self.passes_alone(suspect)? {
                continue;
            }
            let Some((members, failures)) = self.verified(&found, suspect.case)? else { continue };
            let Some(members) = self.smallest(role, members, suspect.case)? else { continue };
            let sure = if Some(leader) == alike { ALIKE } else { COINCIDENCE };
            if !self.holds(role, &members, suspect, failures, sure)? {
                continue;
            }
            self.conclude_follower(suspect, leader, role, &members, failures)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// What is needed of a sequence that was found for another case: one probe without each member. Nothing where the
    /// case fails without any of them.
    fn smallest(
        &mut self,
        role: Role,
        mut members: Vec<CaseIndex>,
        case: CaseIndex,
    ) -> Result<Option<Vec<CaseIndex>>, DiagnoseError> {
        let mut place = 0;
        while members.len() > 1 && place < members.len() {
            let mut rest = members.clone();
            rest.remove(place);
            let order: Vec<CaseIndex> = rest.iter().copied().chain([case]).collect();
            let replies = self.prober.ask(&[order])?;
            let shows = replies.iter().all(|reply| shows(role, &reply.answer));
            if shows {
                members = rest;
                place = 0;
            } else {
                place += 1;
            }
            if self.prober.stopped != Stopped::Not {
                return Ok(None);
            }
        }
        Ok(Some(members))
    }

    /// Whether what was found for another case holds for this one, beyond what chance would give. The rounds of the run
    /// count where all of them agree; else fresh runs alone do.
    fn holds(
        &mut self,
        role: Role,
        members: &[CaseIndex],
        suspect: &Suspect,
        failures: Tally,
        sure: f64,
    ) -> Result<bool, DiagnoseError> {
        let (shown, vanished) = suspect.agreeing(self.record, role, members).unwrap_or_default();
        let fresh = if role == Role::Victim { failures.failures() } else { failures.passes() };
        let (mut shown, mut vanished) = (shown + fresh, vanished);
        let after: Vec<CaseIndex> = members.iter().copied().chain([suspect.case]).collect();
        while coincidence(shown, vanished) > sure {
            let (order, expected) = if shown <= vanished { (after.clone(), true) } else { (vec![suspect.case], false) };
            let replies = self.prober.ask(&[order])?;
            let agrees = replies
                .iter()
                .all(|reply| !matches!(reply.answer, Answer::Unsure(_)) && shows(role, &reply.answer) == expected);
            if !agrees || self.prober.stopped != Stopped::Not {
                return Ok(false);
            }
            if expected { shown += 1 } else { vanished += 1 }
        }
        Ok(true)
    }

    /// Whether it passes alone, as the plan saw it or as a probe shows.
    fn passes_alone(&mut self, suspect: &Suspect) -> Result<bool, DiagnoseError> {
        if suspect.alone.trials() > 0 {
            return Ok(suspect.alone.failures() == 0);
        }
        let replies = self.prober.ask(&[vec![suspect.case]])?;
        Ok(replies.iter().all(|reply| reply.answer == Answer::Passes))
    }

    /// Whether what was found for another case shows with this one: the sequence, and its failures then.
    fn verified(
        &mut self,
        found: &Minimised,
        case: CaseIndex,
    ) -> Result<Option<(Vec<CaseIndex>, Tally)>, DiagnoseError> {
        let Some(mut verification) = Verification::new(found, case) else { return Ok(None) };
        while let Some(question) = verification.question() {
            for reply in self.prober.ask(&[question.order])? {
                verification.learn(&reply.answer);
            }
            if self.prober.stopped != Stopped::Not {
                return Ok(None);
            }
        }
        match verification.verdict() {
            Verified::Shows(failures) => Ok(Some((verification.members, failures))),
            Verified::NotShown(_) | Verified::Open => Ok(None),
        }
    }
}
