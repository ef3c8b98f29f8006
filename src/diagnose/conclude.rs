//! What is concluded of a suspect, and what is told beside it.

use super::examine::Examiner;
use crate::adapter::{Explain, OwnLine, RunnerAlone};
use crate::diagnose::DiagnoseError;
use crate::diagnose::repro::{Expected, ReproFile};
use crate::diagnose::suspects::Suspect;
use crate::engine::Stopped;
use crate::event::{Conclusion, Diagnosis, Event, HashSeeds, Identity, RunnerLine, StateCause};
use crate::minimise::{self, Minimised, Role};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, Failure, MarkKind, OutcomeKind, Position, StateMark};

/// How many members of a sequence are watched for what they change.
const WATCHED: usize = 3;

/// How many sequences are watched where nobody asks for all.
const SEQUENCES_WATCHED: usize = 3;

/// What is told of a finding in a suite of tests.
#[derive(Debug, Clone, Default)]
pub(super) struct OfTheSuite {
    /// The state that decides.
    pub causes: Vec<StateCause>,
    pub remarks: Vec<String>,
    /// The line with which its own runner shows it.
    pub runner_line: Option<RunnerLine>,
    /// Where two runs of it part.
    difference: Option<String>,
}

/// For so many milliseconds the paths of a case are followed by default, and where somebody asks for it.
const FOLLOWED_MS: (u32, u32) = (1_000, 60_000);

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

/// So many parts of the state are told where none is known to decide.
const MARKS_TOLD: usize = 20;

impl OfTheSuite {
    /// Learns what a polluter or a state-setter leaves. Where a part of it decides, the rest is of no interest.
    fn learn(&mut self, case: CaseIndex, name: &str, marks: Vec<StateMark>) {
        // What is bound to a closed loop and could not be put back is told by the words of the failure.
        // A variable that could not be put back is the cause where the suspect reads it, or nothing else is left.
        let is_alone = marks.iter().filter(|mark| mark.only_seen).count() == 1;
        let decides = |mark: &StateMark| mark.decides == Some(true) || mark.kind == MarkKind::LoopBound;
        let is_tried = marks.iter().any(decides);
        let is_seen = |mark: &StateMark| !is_tried && mark.only_seen && (is_alone || mark.read_at.is_some());
        let is_cause = |mark: &StateMark| decides(mark) || is_seen(mark);
        let (deciding, others): (Vec<_>, Vec<_>) = marks.into_iter().partition(is_cause);
        if !deciding.is_empty() {
            self.causes.extend(deciding.into_iter().map(|mark| StateCause { case, mark }));
            return;
        }
        if others.is_empty() {
            self.remarks.push(format!(
                "no change of state was seen in {name}: what C extensions, other processes and servers keep is not looked at"
            ));
        }
        let were_tried = others.iter().any(|mark| mark.decides == Some(false));
        self.remarks.extend(others.iter().take(MARKS_TOLD).map(|mark| format!("{name} leaves {mark}")));
        if were_tried {
            self.remarks.push(format!(
                "none of what {name} leaves decides by itself: with all of it put back the next case ends the same"
            ));
        }
    }
}

impl Examiner<'_> {
    /// What can be told of a suite's test besides: what its polluter changes, which part of that decides, and the line
    /// for plain pytest.
    pub(super) fn of_the_suite(
        &mut self,
        suspect: &Suspect,
        conclusion: &Conclusion,
        order: &[CaseIndex],
    ) -> Result<OfTheSuite, DiagnoseError> {
        let (sequences, most) = match (conclusion, self.setting.subject.explains()) {
            (Conclusion::Victim { polluters, .. }, Some(Explain::Repro)) => (first(polluters), WATCHED),
            (Conclusion::Victim { polluters, .. }, Some(Explain::All)) => (polluters.as_slice(), usize::MAX),
            (Conclusion::Brittle { state_setters, .. }, Some(Explain::Repro)) => (first(state_setters), WATCHED),
            (Conclusion::Brittle { state_setters, .. }, Some(Explain::All)) => (state_setters.as_slice(), usize::MAX),
            (Conclusion::NonIdempotent { repeated }, Some(_)) if *repeated == [suspect.case] => {
                (std::slice::from_ref(repeated), WATCHED)
            }
            _ => (&[][..], 0),
        };
        let mut told = self.states(suspect.case, sequences, most)?;
        if told.difference.is_none() {
            told.difference = self.first_difference(conclusion, order)?;
        }
        if let Some(difference) = told.difference.take() {
            told.remarks.insert(0, difference);
        }
        if !matches!(
            conclusion,
            Conclusion::DoesNotReproduce | Conclusion::NotMinimised { .. } | Conclusion::Undiagnosed { .. }
        ) {
            let by_chance = matches!(conclusion, Conclusion::Intermittent | Conclusion::EnvironmentDependent { .. });
            match self.own_line(suspect, order, by_chance) {
                Some(RunnerAlone::Shows(line)) => told.runner_line = Some(line),
                Some(RunnerAlone::Otherwise(text)) => told.remarks.push(text),
                None => {}
            }
        }
        Ok(told)
    }

    fn followed_ms(&self) -> u32 {
        if self.setting.subject.follows_on_request() { FOLLOWED_MS.1 } else { FOLLOWED_MS.0 }
    }

    /// Where the paths of a suspect part: after what makes it end otherwise and alone, or where it passes and where it
    /// fails in one order.
    fn first_difference(
        &mut self,
        conclusion: &Conclusion,
        order: &[CaseIndex],
    ) -> Result<Option<String>, DiagnoseError> {
        if self.setting.subject.explains().is_none() || !self.setting.subject.follows_lines() {
            return Ok(None);
        }
        let order = match conclusion {
            Conclusion::Victim { .. } | Conclusion::Intermittent => order.to_vec(),
            Conclusion::Brittle { state_setters, .. } => {
                state_setters.first().into_iter().flatten().chain(order).copied().collect()
            }
            _ => return Ok(None),
        };
        let limit = self.followed_ms();
        self.prober.difference(&order, limit)
    }

    /// What the first `most` cases of each sequence leave before the suspect.
    fn states(
        &mut self,
        suspect: CaseIndex,
        sequences: &[Vec<CaseIndex>],
        most: usize,
    ) -> Result<OfTheSuite, DiagnoseError> {
        if let Some((case, known, told)) = &self.chart.states
            && *case == suspect
            && known == sequences
        {
            return Ok(told.clone());
        }
        let mut told = OfTheSuite::default();
        for sequence in sequences {
            let order: Vec<CaseIndex> = sequence.iter().copied().chain([suspect]).collect();
            for (place, culprit) in Position::all().zip(sequence).take(most) {
                let (marks, difference) = self.prober.marks(&order, place, self.followed_ms())?;
                told.difference = told.difference.or(difference);
                let name = self.record.case(*culprit).map_or("", |info| info.id.as_str());
                told.learn(*culprit, name, marks);
            }
        }
        self.chart.states = Some((suspect, sequences.to_vec(), told.clone()));
        Ok(told)
    }

    /// The line for the suite's own runner, which is tried once.
    fn own_line(&mut self, suspect: &Suspect, order: &[CaseIndex], by_chance: bool) -> Option<RunnerAlone> {
        if let Some((known, line)) = &self.chart.own_line
            && known == order
        {
            return line.clone();
        }
        let line = self.setting.subject.own_line(&OwnLine {
            record: self.record,
            order,
            fingerprint: &suspect.fingerprint,
            hash_seed: suspect.hash_seed,
            case_deadline: self.setting.case_timeout,
            by_chance,
        });
        self.chart.own_line = Some((order.to_vec(), line.clone()));
        line
    }

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
        let of_the_suite = self.of_the_suite(suspect, &conclusion, &order)?;
        told.extend(of_the_suite.remarks);
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: Some(leader),
            conclusion,
            alone: suspect.alone,
            in_order,
            probes: self.prober.probes,
            repro: Some(repro),
            causes: of_the_suite.causes,
            remarks: under_stress(suspect).into_iter().chain(told).collect(),
            runner_line: of_the_suite.runner_line,
            hash_seeds: None,
        })
    }

    /// Asks the suite what it can tell of an ending, and tells of both. `order` shows the failure.
    pub(super) fn tell(&mut self, suspect: &Suspect, order: &[CaseIndex], ending: Ending) -> Result<(), DiagnoseError> {
        let of_the_suite = self.of_the_suite(suspect, &ending.conclusion, order)?;
        self.emit(Diagnosis {
            case: suspect.case,
            cluster: None,
            conclusion: ending.conclusion,
            alone: ending.alone,
            in_order: ending.in_order,
            probes: self.prober.probes,
            repro: Some(ending.repro),
            causes: of_the_suite.causes,
            remarks: ending.remarks.into_iter().chain(of_the_suite.remarks).collect(),
            runner_line: of_the_suite.runner_line,
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
                    sequences.iter().map(|sequence| sequence.members.clone()).collect();
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
                let state_setters = sequences.iter().map(|sequence| sequence.members.clone()).collect();
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
                remarks.extend(self.may_be_on_disk());
                (Conclusion::DoesNotReproduce, suspect.order())
            }
            minimise::Conclusion::Unexplained { best, .. } => {
                remarks.push("no smaller order was confirmed: several causes may hide each other".to_owned());
                let order = ending_with(best);
                (Conclusion::NotMinimised { order: order.clone() }, order)
            }
            minimise::Conclusion::Exhausted { by, best } => {
                let order = best.as_ref().map_or_else(|| suspect.order(), |best| ending_with(best));
                let known = match best.as_ref().map(Vec::len) {
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

/// The sequences that are watched where nobody asks for all.
fn first(sequences: &[Vec<CaseIndex>]) -> &[Vec<CaseIndex>] {
    sequences.get(..sequences.len().min(SEQUENCES_WATCHED)).unwrap_or_default()
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
