//! Whether the suite's own runner, started without us, comes to the same results as the round in declared order.
//!
//! A case about which it disagrees, time after time, is accused of nothing: what differs may be our surroundings. What
//! fails by chance is no disagreement, and what changed on this machine meanwhile is none either, so each difference is
//! tried again, there and here, before anything is said of it.

use crate::adapter::{AskedOfRunner, Plain, SuiteProblem};
use crate::diagnose::{Deadlines, DiagnoseError, RunLog, Setting};
use crate::engine::{Children, Ran, RoundUnit, Rounds, Stopped, collect};
use crate::event::{Conclusion, Diagnosis, Event, Note};
use crate::model::{CaseIndex, Failure, Outcome, OutcomeKind, RoundId, RoundKind};
use crate::record::{Record, RoundRecord, is_failure};
use crate::verdict::judge;
use std::collections::BTreeMap;
use std::time::Duration;

/// How often the own runner is asked again where it disagrees.
const AGAIN: usize = 2;

/// How many differences are told one by one.
const TOLD: usize = 20;

/// What systems say of a path that is too long for them: ours can be longer than the machine's own.
const TOO_LONG: [&str; 3] = ["path too long", "File name too long", "ENAMETOOLONG"];

/// Asks the subject's own runner, compares, and tells what came of it. It takes about as long as the round in declared
/// order: where so much is not left, that is told.
///
/// # Errors
/// If rounds can't be run, or a fact can't be kept.
pub fn compare_with_own_runner(
    rounds: &mut dyn Rounds,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    log: &mut dyn RunLog,
) -> Result<Stopped, DiagnoseError> {
    let record = log.record();
    let declared = record.rounds.iter().find(|round| round.kind == RoundKind::Declared && round.is_complete());
    let Some(declared) = declared else { return Ok(Stopped::Not) };
    let Some(runner) = setting.subject.own_runner() else { return Ok(Stopped::Not) };
    Comparison { rounds, setting, deadlines, log, record: &record, declared, runner }.run()
}

struct Comparison<'a> {
    rounds: &'a mut dyn Rounds,
    setting: &'a Setting<'a>,
    deadlines: Deadlines,
    log: &'a mut dyn RunLog,
    record: &'a Record,
    declared: &'a RoundRecord,
    /// What the own runner is called.
    runner: String,
}

/// A case that ended in one way here and in another one in the subject's own runner.
struct Difference {
    case: CaseIndex,
    id: String,
    ours: OutcomeKind,
    /// How it ended there, try by try.
    theirs: Vec<Outcome>,
}

impl Difference {
    fn there(&self) -> OutcomeKind {
        self.theirs.first().map_or(OutcomeKind::Passed, Outcome::kind)
    }

    /// How often it ended there as it did first.
    fn agreeing(&self) -> usize {
        self.theirs.iter().filter(|outcome| outcome.kind() == self.there()).count()
    }
}

impl Comparison<'_> {
    fn run(mut self) -> Result<Stopped, DiagnoseError> {
        self.excuse_long_paths()?;
        if !self.is_time_for(1) {
            self.note(format!("time was up before {} could be compared with the declared round", self.runner))?;
            return Ok(Stopped::Not);
        }
        let plain = match self.ask() {
            Err(error) => {
                self.note(format!("{} could not be compared: {error}", self.runner))?;
                return Ok(Stopped::Not);
            }
            Ok(plain) => plain,
        };
        let mut differences = self.differences(&plain)?;
        if let Some(how) = &plain.failed_whole {
            self.fails_as_a_whole(how)?;
        }
        if differences.is_empty() {
            return Ok(Stopped::Not);
        }
        let is_tried_again = self.is_time_for(AGAIN as u32 + 1);
        let mut here = BTreeMap::new();
        if is_tried_again {
            for _ in 0..AGAIN {
                let Ok(plain) = self.ask() else { continue };
                for difference in &mut differences {
                    difference.theirs.extend(plain.outcomes.get(&difference.case).cloned());
                }
            }
            let stopped = self.play_again(&mut here)?;
            if stopped != Stopped::Not {
                return Ok(stopped);
            }
        }
        // Only the first ones are told, and all are judged.
        for (number, difference) in differences.iter().enumerate() {
            let here = here.get(&difference.case).filter(|_| is_tried_again);
            let text = match self.excuse(difference, here, plain.is_like_ours) {
                Some(excuse) => excuse,
                None => self.conclude(difference, here)?,
            };
            if number < TOLD {
                self.note(format!(
                    "{}: {} in {}, {} here: {text}",
                    difference.id,
                    difference.there(),
                    self.runner,
                    difference.ours
                ))?;
            }
        }
        Ok(Stopped::Not)
    }

    /// Tells that the own runner fails though no case does: whoever starts it sees a failure that no case here shows.
    fn fails_as_a_whole(&mut self, how: &str) -> Result<(), DiagnoseError> {
        let runner = &self.runner;
        self.tell(Event::Noted(Note::of_whole(format!("{runner} fails though none of its cases does ({how})"))))
    }

    /// Tells how far both agree, and returns where they don't.
    fn differences(&mut self, plain: &Plain) -> Result<Vec<Difference>, DiagnoseError> {
        let mut agree = 0;
        let mut differences = Vec::new();
        for slot in &self.declared.slots {
            let (Some(ours), Some(theirs)) = (slot.outcome, plain.outcomes.get(&slot.case)) else { continue };
            if ours == theirs.kind() || !plain.is_like_ours && is_failure(ours) && theirs.is_failure() {
                agree += 1;
            } else if let Some(info) = self.record.case(slot.case) {
                let id = info.id.to_string();
                differences.push(Difference { case: slot.case, id, ours, theirs: vec![theirs.clone()] });
            }
        }
        let compared = agree + differences.len();
        let agrees = format!("{} agrees {agree} of {compared}", self.runner);
        self.note(match (&plain.cut_short, self.declared.slots.len() - compared) {
            (None, 0) => agrees,
            (None, others) => format!("{agrees}; it told nothing of the other {others}"),
            (Some(how), others) => format!("{agrees}; it did not come to the other {others}, since {how}"),
        })?;
        Ok(differences)
    }

    /// What makes a difference one that says nothing of either runner, as a clause. `here` is how the case ended when its
    /// round was played again.
    fn excuse(&self, difference: &Difference, here: Option<&Outcome>, is_like_ours: bool) -> Option<String> {
        let conclusion = self.record.diagnoses.get(&difference.case).map(|diagnosis| &diagnosis.conclusion);
        match conclusion {
            Some(Conclusion::Intermittent | Conclusion::DoesNotReproduce | Conclusion::EnvironmentDependent { .. }) => {
                return Some("it does not end alike each time here either".to_owned());
            }
            Some(
                Conclusion::Victim { .. }
                | Conclusion::Brittle { .. }
                | Conclusion::NotMinimised { .. }
                | Conclusion::Collateral { .. },
            ) if !is_like_ours => {
                return Some("the order decides, and that runner may have another one".to_owned());
            }
            _ => {}
        }
        let Some(here) = here else { return Some("there was no time to try it again".to_owned()) };
        let (agreeing, tries) = (difference.agreeing(), difference.theirs.len());
        if agreeing < tries {
            let runner = &self.runner;
            return Some(format!("it fails by chance in {runner}, which came to that {agreeing} of {tries} times"));
        }
        let alike = here.kind() == difference.ours || !is_like_ours && here.is_failure() && is_failure(difference.ours);
        (!alike).then(|| {
            "run here once more it ends otherwise as well: it fails by chance, or something outside the process has changed"
                .to_owned()
        })
    }

    /// What a difference comes to that stands whenever it is tried, as a clause: a finding of its own, in place of
    /// whatever the case would be accused of.
    fn conclude(&mut self, difference: &Difference, here: Option<&Outcome>) -> Result<String, DiagnoseError> {
        let diagnosis = self.record.diagnoses.get(&difference.case);
        let one_fails = is_failure(difference.ours) != is_failure(difference.there());
        let is_shown = diagnosis.is_some_and(|diagnosis| diagnosis.runner_line.is_some());
        if one_fails && !is_shown {
            let output = difference.theirs.iter().filter_map(Outcome::failure).next();
            let ours = here.and_then(Outcome::failure);
            let plain = self.in_words(difference, output.map(first_line), ours.map(first_line));
            self.accuse_nobody(difference, diagnosis.cloned(), plain)?;
        }
        let tries = difference.theirs.len();
        Ok(format!(
            "tried again it is the same ({tries} of {tries}). If nothing of the test's own explains it, such as how the \
             runner is started, this is a fault of steadfast; please report it"
        ))
    }

    fn accuse_nobody(
        &mut self,
        difference: &Difference,
        diagnosis: Option<Diagnosis>,
        plain: String,
    ) -> Result<(), DiagnoseError> {
        let conclusion = Conclusion::Disagrees { plain };
        let diagnosis = match diagnosis {
            Some(diagnosis) => Diagnosis { conclusion, cluster: None, causes: Vec::new(), ..diagnosis },
            None => Diagnosis::without_probes(difference.case, conclusion),
        };
        self.tell(Event::Diagnosed(diagnosis))
    }

    /// Of what fails because a path is too long: where it passes with the machine's own temporary folder, ours
    /// is to blame.
    fn excuse_long_paths(&mut self) -> Result<(), DiagnoseError> {
        let judgement = judge(self.record);
        for judged in judgement.cases.iter().filter(|judged| judged.verdict.is_finding()) {
            let failure = judged.failure.as_ref().and_then(|seen| seen.outcome.failure());
            let is_too_long =
                failure.is_some_and(|failure| TOO_LONG.iter().any(|words| failure.message.contains(words)));
            let Some(info) = self.record.case(judged.case).filter(|_| is_too_long) else { continue };
            if !self.setting.subject.passes_in_own_folder(info, self.declared.hash_seed, self.setting.case_timeout) {
                continue;
            }
            let plain = format!(
                "it passes in {} with this machine's own temporary folder: only the longer path of the folder that \
                     a round has makes it fail, which is not the test's fault",
                self.runner
            );
            let difference = Difference {
                case: judged.case,
                id: info.id.to_string(),
                ours: OutcomeKind::Failed,
                theirs: Vec::new(),
            };
            self.accuse_nobody(&difference, self.record.diagnoses.get(&judged.case).cloned(), plain)?;
        }
        Ok(())
    }

    fn ask(&self) -> Result<Plain, SuiteProblem> {
        let children = Children::now();
        let plain = self.setting.subject.plain(&AskedOfRunner {
            record: self.record,
            declared: self.declared,
            case_deadline: self.setting.case_timeout,
            until: self.deadlines.all,
        });
        // What it left is this process's now, and nobody's once this one is killed.
        children.end_later_ones();
        plain
    }

    /// Plays the same round here once more, with all its cases.
    fn play_again(&mut self, here: &mut BTreeMap<CaseIndex, Outcome>) -> Result<Stopped, DiagnoseError> {
        let number = self.log.record().next_round();
        let seed = self.record.header.seed.derive(&format!("probe {number}"));
        let order = self.declared.order().collect();
        let unit = RoundUnit::new(RoundId(number), RoundKind::Probe, seed, order, self.setting.case_timeout);
        let unit = RoundUnit { event_loop: self.declared.event_loop, hash_seed: self.declared.hash_seed, ..unit };
        let Ran { results, stopped } = collect(self.rounds, vec![unit], self.deadlines.all, self.log)?;
        for result in results.into_values() {
            let ended = result.unit.order.iter().zip(result.outcomes);
            here.extend(ended.filter_map(|(case, outcome)| Some((*case, outcome?))));
        }
        Ok(stopped)
    }

    /// Whether so many rounds in declared order fit in what is left.
    fn is_time_for(&self, rounds: u32) -> bool {
        let left = self.deadlines.all.map(|until| until.saturating_duration_since(self.log.now()));
        left.is_none_or(|left| left >= Duration::from_millis(self.declared.millis) * rounds)
    }

    /// Both results, as a clause.
    fn in_words(&self, difference: &Difference, theirs: Option<&str>, ours: Option<&str>) -> String {
        let of = |kind: OutcomeKind, output: Option<&str>| match output {
            Some(output) if is_failure(kind) && !output.is_empty() => format!("{kind} ({output})"),
            _ => kind.to_string(),
        };
        let (runner, tries) = (&self.runner, difference.theirs.len());
        let (there, here) = (of(difference.there(), theirs), of(difference.ours, ours));
        format!("{runner} says {there}, {tries} of {tries} times, and here it is {here}")
    }

    fn note(&mut self, text: String) -> Result<(), DiagnoseError> {
        self.tell(Event::Noted(Note::of_run(text)))
    }

    fn tell(&mut self, event: Event) -> Result<(), DiagnoseError> {
        self.log.fact(event).map_err(DiagnoseError::io(self.setting.folder))
    }
}

fn first_line(failure: &Failure) -> &str {
    failure.message.lines().next().unwrap_or_default()
}
