//! Whether the suite's own runner, started without us, comes to the same results as the round in declared order.
//!
//! A case about which it disagrees, time after time, is accused of nothing: what differs may be our surroundings. What
//! fails by chance is no disagreement, and what changed on this machine meanwhile is none either, so each difference is
//! tried again, there and here, before anything is said of it.

use crate::adapter::Plain;
use crate::diagnose::{Deadlines, DiagnoseError, RunLog, Setting};
use crate::engine::{Ran, RoundUnit, Rounds, Stopped, collect};
use crate::event::{Conclusion, Diagnosis, Event, Note};
use crate::model::statistics::Tally;
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
    Comparison { rounds, setting, deadlines, log, record: &record, declared }.run()
}

struct Comparison<'a> {
    rounds: &'a mut dyn Rounds,
    setting: &'a Setting<'a>,
    deadlines: Deadlines,
    log: &'a mut dyn RunLog,
    record: &'a Record,
    declared: &'a RoundRecord,
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
        let told = self.setting.subject.agreement(self.record, self.setting.case_timeout, self.deadlines.all);
        for text in told {
            self.note(text)?;
        }
        // What tells nothing of its cases' state has no runner that can be asked of each.
        if self.setting.subject.explains().is_none() {
            return Ok(Stopped::Not);
        }
        self.excuse_long_paths()?;
        if !self.is_time_for(1) {
            self.note("time was up before plain pytest could be compared with the declared round".to_owned())?;
            return Ok(Stopped::Not);
        }
        let plain = match self.ask() {
            None => return Ok(Stopped::Not),
            Some(Err(error)) => {
                self.note(format!("plain pytest could not be compared: {error}"))?;
                return Ok(Stopped::Not);
            }
            Some(Ok(plain)) => plain,
        };
        let mut differences = self.differences(&plain)?;
        if differences.is_empty() {
            return Ok(Stopped::Not);
        }
        let is_tried_again = self.is_time_for(AGAIN as u32 + 1);
        let mut here = BTreeMap::new();
        if is_tried_again {
            for _ in 0..AGAIN {
                let Some(Ok(plain)) = self.ask() else { continue };
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
            let text = self.conclude(difference, here.get(&difference.case), is_tried_again)?;
            if number < TOLD {
                self.note(format!(
                    "{}: {} in plain pytest, {} here: {text}",
                    difference.id,
                    difference.there(),
                    difference.ours
                ))?;
            }
        }
        Ok(Stopped::Not)
    }

    /// Tells how far both agree, and returns where they don't.
    fn differences(&mut self, plain: &Plain) -> Result<Vec<Difference>, DiagnoseError> {
        let mut agree = 0;
        let mut differences = Vec::new();
        for slot in &self.declared.slots {
            let (Some(ours), Some(theirs)) = (slot.outcome, plain.outcomes.get(&slot.case)) else { continue };
            if ours == theirs.kind() {
                agree += 1;
            } else if let Some(info) = self.record.case(slot.case) {
                let id = info.id.to_string();
                differences.push(Difference { case: slot.case, id, ours, theirs: vec![theirs.clone()] });
            }
        }
        let compared = agree + differences.len();
        self.note(match &plain.cut_short {
            None => format!("plain pytest agrees {agree} of {compared}"),
            Some(how) => format!(
                "plain pytest agrees {agree} of {compared}; it did not come to the other {}, since {how}",
                self.declared.slots.len() - compared
            ),
        })?;
        Ok(differences)
    }

    /// What a difference comes to, as a clause. One that stands whenever it is tried is a finding of its own, in place of
    /// whatever the case would be accused of.
    fn conclude(
        &mut self,
        difference: &Difference,
        here: Option<&Outcome>,
        is_tried_again: bool,
    ) -> Result<String, DiagnoseError> {
        let diagnosis = self.record.diagnoses.get(&difference.case);
        let is_of_chance = matches!(
            diagnosis.map(|diagnosis| &diagnosis.conclusion),
            Some(Conclusion::Intermittent | Conclusion::DoesNotReproduce | Conclusion::EnvironmentDependent { .. })
        );
        if is_of_chance {
            return Ok("it does not end alike each time here either".to_owned());
        }
        if !is_tried_again {
            return Ok("there was no time to try it again".to_owned());
        }
        let (agreeing, tries) = (difference.agreeing(), difference.theirs.len());
        if agreeing < tries {
            return Ok(format!("it fails by chance in plain pytest, which came to that {agreeing} of {tries} times"));
        }
        if here.is_some_and(|here| here.kind() != difference.ours) {
            return Ok(
                "run here once more it ends otherwise as well: it fails by chance, or something outside the process \
                       has changed"
                    .to_owned(),
            );
        }
        let one_fails = is_failure(difference.ours) != is_failure(difference.there());
        let is_shown = diagnosis
            .is_some_and(|diagnosis| diagnosis.remarks.iter().any(|remark| remark.contains(Diagnosis::ALONE_SHOWS)));
        if one_fails && !is_shown {
            let output = difference.theirs.iter().filter_map(Outcome::failure).next();
            let ours = here.and_then(Outcome::failure);
            let plain = in_words(difference, output.map(first_line), ours.map(first_line));
            self.accuse_nobody(difference, diagnosis.cloned(), plain)?;
        }
        Ok(format!(
            "tried again it is the same ({tries} of {tries}). If nothing of the test's own explains it, such as how pytest is \
             started, this is a fault of steadfast; please report it"
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
            None => Diagnosis {
                case: difference.case,
                cluster: None,
                conclusion,
                alone: Tally::default(),
                in_order: Tally::default(),
                probes: 0,
                repro: None,
                causes: Vec::new(),
                remarks: Vec::new(),
            },
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
            let plain =
                "it passes in plain pytest with this machine's own temporary folder: only the longer path of the \
                         folder that a round has makes it fail, which is not the test's fault"
                    .to_owned();
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

    fn ask(&self) -> Option<Result<Plain, String>> {
        self.setting.subject.plain(self.record, self.declared.hash_seed, self.setting.case_timeout)
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

    fn note(&mut self, text: String) -> Result<(), DiagnoseError> {
        self.tell(Event::Noted(Note { case: None, text }))
    }

    fn tell(&mut self, event: Event) -> Result<(), DiagnoseError> {
        self.log.fact(event).map_err(DiagnoseError::io(self.setting.folder))
    }
}

fn first_line(failure: &Failure) -> &str {
    failure.message.lines().next().unwrap_or_default()
}

/// Both results, as a clause.
fn in_words(difference: &Difference, theirs: Option<&str>, ours: Option<&str>) -> String {
    let of = |kind: OutcomeKind, output: Option<&str>| match output {
        Some(output) if is_failure(kind) => format!("{kind} ({output})"),
        _ => kind.to_string(),
    };
    let tries = difference.theirs.len();
    format!(
        "plain pytest says {}, {tries} of {tries} times, and here it is {}",
        of(difference.there(), theirs),
        of(difference.ours, ours)
    )
}
