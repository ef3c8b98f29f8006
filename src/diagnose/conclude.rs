//! What is concluded of a suspect.

use super::examine::Examiner;
use crate::diagnose::DiagnoseError;
use crate::diagnose::repro::{Expected, ReproFile};
use crate::diagnose::suspects::Suspect;
use crate::engine::Stopped;
use crate::event::{Conclusion, Diagnosis, Event, HashSeeds, Identity};
use crate::minimise::{self, Minimised, Role};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, Failure, OutcomeKind, RoundKind};

/// How the examination of a suspect ended.
#[derive(Debug)]
pub(super) struct Ending {
    pub conclusion: Conclusion,
    /// How it ended alone.
    pub alone: Tally,
    /// How it ended in the order that shows it.
    pub in_order: Tally,
    /// The repro, which is written.
    pub repro: String,
    /// What is told before what the suite says.
    pub remarks: Vec<String>,
    /// The hash seeds that decide, where they do.
    pub hash_seeds: Option<HashSeeds>,
}

impl Examiner<'_> {
    /// Concludes that what was found for another case explains this one.
    pub(super) fn conclude_follower(
        &mut self,
        suspect: &Suspect,
        leader: CaseIndex,
        role: Role,
        members: &[CaseIndex],
        in_order: Tally,
    ) -> Result<(), DiagnoseError> {
        let members = members.to_vec();
        let (conclusion, order) = match role {
            Role::Brittle => {
                (Conclusion::Brittle { state_setters: vec![members], complete: false }, vec![suspect.case])
            }
            Role::Victim => {
                let order = members.iter().copied().chain([suspect.case]).collect();
                (Conclusion::Victim { polluters: vec![members], cleaners: Vec::new(), complete: false }, order)
            }
        };
        let repro = self.write_repro(suspect, &order, in_order)?;
        let mut told = self.other_failures(suspect);
        let details = self.suite_details(suspect, &conclusion, &order)?;
        told.extend(details.remarks);
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: Some(leader),
            conclusion,
            alone: suspect.alone,
            in_order,
            probes: self.prober.probes,
            repro: Some(repro),
            causes: details.causes,
            remarks: under_stress(suspect).into_iter().chain(told).collect(),
            runner_line: details.runner_line,
            hash_seeds: None,
        })
    }

    /// Asks the suite what it can tell of an ending, and tells of both. `order` shows the failure.
    pub(super) fn tell(&mut self, suspect: &Suspect, order: &[CaseIndex], ending: Ending) -> Result<(), DiagnoseError> {
        let details = self.suite_details(suspect, &ending.conclusion, order)?;
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: None,
            conclusion: ending.conclusion,
            alone: ending.alone,
            in_order: ending.in_order,
            probes: self.prober.probes,
            repro: Some(ending.repro),
            causes: details.causes,
            remarks: ending.remarks.into_iter().chain(details.remarks).collect(),
            runner_line: details.runner_line,
            hash_seeds: ending.hash_seeds,
        })
    }

    /// What is told where probes failed otherwise than the run did.
    pub(super) fn other_failures(&self, suspect: &Suspect) -> Vec<String> {
        let other = |(_, failure): &&(OutcomeKind, Failure)| failure.fingerprint != suspect.fingerprint;
        let mut others = self.prober.failures.values().filter(other);
        let told = others.next().map(|(_, failure)| {
            let message = failure.message.lines().next().unwrap_or_default();
            let more = others.count();
            let more = if more > 0 { format!(", and in {more} more orders") } else { String::new() };
            format!("it also failed in another way: {message}{more}")
        });
        told.into_iter().collect()
    }

    /// The cleaners that are run in one process with what they hide: else the new process may be what hides it.
    fn real_cleaners(&self, polluters: &[Vec<CaseIndex>], cleaners: &[CaseIndex], case: CaseIndex) -> Vec<CaseIndex> {
        let first = polluters.first().map_or(&[][..], Vec::as_slice);
        let order = |cleaner: CaseIndex| first.iter().copied().chain([cleaner, case]).collect::<Vec<CaseIndex>>();
        cleaners.iter().copied().filter(|cleaner| self.setting.subject.runs_through(&order(*cleaner))).collect()
    }

    /// The order that was played where this one was asked for.
    fn as_played(&self, order: Vec<CaseIndex>) -> Vec<CaseIndex> {
        self.setting.subject.played_for(&order, RoundKind::Probe).unwrap_or(order)
    }

    /// The same of what comes before a case.
    fn before_as_played(&self, members: &[CaseIndex], case: CaseIndex) -> Vec<CaseIndex> {
        let mut order = self.as_played(members.iter().copied().chain([case]).collect());
        order.pop();
        order
    }

    /// `others` are polluters that were found besides.
    pub(super) fn conclude(
        &mut self,
        suspect: &Suspect,
        found: &Minimised,
        others: &[Vec<CaseIndex>],
    ) -> Result<(), DiagnoseError> {
        let case = suspect.case;
        let mut in_order = found.in_order;
        let mut remarks = Vec::new();
        let ending_with = |before: &[CaseIndex]| -> Vec<CaseIndex> { before.iter().copied().chain([case]).collect() };
        let (conclusion, order) = match &found.conclusion {
            minimise::Conclusion::Confirmed { role: Role::Victim, sequences, complete, cleaners } => {
                let mut polluters: Vec<Vec<CaseIndex>> =
                    sequences.iter().map(|sequence| self.before_as_played(&sequence.members, case)).collect();
                polluters.extend(others.iter().cloned());
                in_order = sequences.first().map_or(in_order, |sequence| sequence.with_all);
                let order = ending_with(polluters.first().map_or(&[], Vec::as_slice));
                remarks.extend(self.polluters_that_fail(&polluters));
                match self.who_brought_it_down(&polluters) {
                    Some(of) => (Conclusion::Collateral { of }, order),
                    None => {
                        let cleaners = self.real_cleaners(&polluters, cleaners, case);
                        (Conclusion::Victim { polluters, cleaners, complete: *complete }, order)
                    }
                }
            }
            minimise::Conclusion::Confirmed { role: Role::Brittle, sequences, complete, .. } => {
                let state_setters =
                    sequences.iter().map(|sequence| self.before_as_played(&sequence.members, case)).collect();
                in_order = sequences.first().map_or(in_order, |sequence| sequence.with_all);
                (Conclusion::Brittle { state_setters, complete: *complete }, vec![case])
            }
            minimise::Conclusion::FailsAlways => (self.fails_always(suspect, found), vec![case]),
            minimise::Conclusion::Intermittent => (Conclusion::Intermittent, suspect.order()),
            minimise::Conclusion::DoesNotReproduce if self.fails_where_cases_run_twice(suspect)? => return Ok(()),
            minimise::Conclusion::DoesNotReproduce
                if suspect.seen.failures() > 1 && suspect.changed_once(self.record).is_some() =>
            {
                let missing = format!(
                    "it failed in the first rounds of the run, whatever their order, and in none of {} later runs of one of \
                     these orders: something outside its process may have changed",
                    found.in_order.trials()
                );
                (Conclusion::Undiagnosed { missing, order: suspect.order() }, suspect.order())
            }
            minimise::Conclusion::DoesNotReproduce => {
                remarks.push(format!(
                    "it failed in {} trials of the run, and in none of {} more of that order",
                    suspect.seen,
                    found.in_order.trials()
                ));
                remarks.extend(self.is_played_otherwise(suspect));
                remarks.extend(self.may_be_on_disk());
                (Conclusion::DoesNotReproduce, suspect.order())
            }
            minimise::Conclusion::Unexplained { best, .. } => {
                remarks.push("no smaller order was confirmed: several causes may hide each other".to_owned());
                let order = self.as_played(ending_with(best));
                (Conclusion::NotMinimised { order: order.clone() }, order)
            }
            minimise::Conclusion::Exhausted { by, best } => {
                let order = self.as_played(best.as_ref().map_or_else(|| suspect.order(), |best| ending_with(best)));
                let known = match best.as_ref().map(Vec::len) {
                    Some(1) => ", with one case before it in the smallest order that showed it".to_owned(),
                    Some(before) => format!(", with {before} cases before it in the smallest order that showed it"),
                    None => String::new(),
                };
                let missing = format!("the search ended at {by} before its end{known}");
                (Conclusion::Undiagnosed { missing, order: order.clone() }, order)
            }
            minimise::Conclusion::Untold { why } => {
                let missing = format!("it can't be told whether the order makes it fail: {why}");
                (Conclusion::Undiagnosed { missing, order: suspect.order() }, suspect.order())
            }
        };
        let order = self.as_played(order);
        remarks.extend(self.other_failures(suspect));
        // What is brittle shows alone: the order that it is compared with is the one that heals it.
        let shows = if role(found) == Some(Role::Brittle) { found.alone } else { in_order };
        let repro = self.write_repro(suspect, &order, shows)?;
        let remarks = under_stress(suspect).into_iter().chain(remarks).collect();
        self.tell(
            suspect,
            &order,
            Ending { conclusion, alone: found.alone, in_order, repro, remarks, hash_seeds: None },
        )
    }

    /// What a case is that fails in every order that was tried, alone as well. One that never passed is broken, unless time
    /// was up before it ran after those that never ran before it: one of them may be what it needs.
    fn fails_always(&self, suspect: &Suspect, found: &Minimised) -> Conclusion {
        if self.record.passed.contains(&suspect.case) {
            return self.now_fails_always(suspect, found);
        }
        let untried = if self.prober.stopped == Stopped::Not { 0 } else { suspect.never_before(self.record).len() };
        if untried == 0 {
            return Conclusion::Broken;
        }
        let missing = format!("time was up before it was run after the {untried} cases that never ran before it");
        Conclusion::Undiagnosed { missing, order: vec![suspect.case] }
    }

    /// What a case is that fails in every order now, alone as well, and passed before: nothing in its process can
    /// be the cause.
    fn now_fails_always(&self, suspect: &Suspect, found: &Minimised) -> Conclusion {
        let now = found.in_order + found.alone;
        match suspect.changed_once(self.record) {
            Some(before) => Conclusion::EnvironmentDependent {
                what: format!(
                    "it passed in the first {before} rounds and has failed since, in every order and alone ({now} times): \
                     something outside its process was left behind"
                ),
            },
            None => Conclusion::Undiagnosed {
                missing: format!(
                    "it passed earlier in this run, and fails in every order now, alone as well ({now} times): what \
                     changed outside its process is not known"
                ),
                order: vec![suspect.case],
            },
        }
    }

    /// Where a part of a round can't be played again as it was, since its runner has orders of its own.
    fn is_played_otherwise(&self, suspect: &Suspect) -> Option<String> {
        let played = self.setting.subject.played_for(&suspect.order(), RoundKind::Probe);
        let text = "its runner can't play the beginning of that order by itself: what was run again is the nearest order, in \
                    which another case may hide the failure";
        played.map(|_| text.to_owned())
    }

    /// What may bring a failure back that does not reproduce: a started system can leave state outside its process.
    fn may_be_on_disk(&self) -> Option<String> {
        let text =
            "state may be left on disk: --sandbox full gives each round a fresh HOME and a fresh copy of the project";
        self.setting.subject.may_leave_files().then(|| text.to_owned())
    }

    /// Polluters that fail themselves: mending these may mend all.
    fn polluters_that_fail(&self, polluters: &[Vec<CaseIndex>]) -> Vec<String> {
        let failing = polluters.iter().flatten().filter(|case| self.record.failures.contains_key(case));
        let told = failing
            .filter_map(|case| self.record.case(*case))
            .map(|info| format!("its polluter {} fails itself", info.id));
        told.collect()
    }

    /// The polluter that crashed or hung in the last probe, which no later case is to blame for.
    fn who_brought_it_down(&self, polluters: &[Vec<CaseIndex>]) -> Option<CaseIndex> {
        let brought_down = |outcome: &OutcomeKind| matches!(outcome, OutcomeKind::Crashed | OutcomeKind::TimedOut);
        let first = polluters.first()?;
        first.iter().copied().find(|case| self.prober.last_seen.get(case).is_some_and(brought_down))
    }

    pub(super) fn emit(&mut self, diagnosis: Diagnosis) -> Result<(), DiagnoseError> {
        self.prober.log.fact(Event::Diagnosed(diagnosis)).map_err(DiagnoseError::io(self.setting.folder))
    }

    pub(super) fn write_repro(
        &mut self,
        suspect: &Suspect,
        order: &[CaseIndex],
        rate: Tally,
    ) -> Result<String, DiagnoseError> {
        let ids = order.iter().filter_map(|case| self.record.case(*case)).map(|info| info.id.clone()).collect();
        // The order may show another failure than the one that was seen first.
        let (kind, failure) = match self.prober.failures.get(order) {
            Some((kind, failure)) => (*kind, Some(failure)),
            None => (suspect.failure.outcome.kind(), suspect.failure.outcome.failure()),
        };
        let fingerprint = failure.map_or_else(|| suspect.fingerprint.clone(), |failure| failure.fingerprint.clone());
        let message = failure.map(|failure| failure.message.clone()).unwrap_or_default();
        let file = ReproFile {
            version: ReproFile::VERSION,
            run: self.setting.header.run.clone(),
            // As the journal has it: without secrets.
            subject: self.record.header.subject.clone(),
            identity: self.record.header.identity.as_ref().map(Identity::in_short),
            seed: self.setting.header.seed,
            event_loop: suspect.event_loop,
            hash_seed: suspect.hash_seed,
            order: ids,
            expected: Expected { outcome: kind, fingerprint, message },
            rate,
            case_deadline_ms: u64::try_from(self.setting.case_timeout.as_millis()).unwrap_or(u64::MAX),
        };
        self.prober.log.keep(self.setting.folder, &file)
    }
}

/// What a reader should know of a finding that was made under stress.
fn under_stress(suspect: &Suspect) -> Option<String> {
    let stress = suspect.stress?;
    Some(format!("seen under --stress {stress}; the counts alone and in the order are without"))
}

pub(super) fn role(found: &Minimised) -> Option<Role> {
    match &found.conclusion {
        minimise::Conclusion::Confirmed { role, .. } => Some(*role),
        _ => None,
    }
}
