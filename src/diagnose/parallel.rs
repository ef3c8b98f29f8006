//! The runner's own parallel mode, played again and again after the rounds: what fails there and nowhere else needs several
//! cases at once.
//!
//! It is an experiment of its own. Nobody knows which cases ran beside each other, so nothing of it counts for orders.

use crate::adapter::AskedOfRunner;
use crate::diagnose::{Deadlines, DiagnoseError, RunLog, Setting};
use crate::event::{Conclusion, Diagnosis, Event, Note};
use crate::model::statistics::{Tally, fisher_one_sided};
use crate::model::{CaseIndex, Failure, Outcome, RoundKind};
use crate::record::{Record, is_failure};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How likely so many more failures in parallel may be by chance, at most, for a case to be accused.
const BY_CHANCE: f64 = 0.01;

/// How many cases are told of that may have failed by chance.
const TOLD: usize = 20;

/// What was seen of a case.
#[derive(Debug, Clone, Default)]
struct Seen {
    in_parallel: Tally,
    /// The first failure.
    failure: Option<Failure>,
}

/// Plays the subject's parallel mode as often as somebody asks for it, and tells what came of it.
///
/// # Errors
/// If a fact can't be kept.
pub fn play_in_parallel(
    setting: &Setting<'_>,
    deadlines: Deadlines,
    log: &mut dyn RunLog,
) -> Result<(), DiagnoseError> {
    let rounds = setting.subject.parallel_rounds();
    if rounds == 0 {
        return Ok(());
    }
    let record = log.record();
    let declared = record.rounds.iter().find(|round| round.kind == RoundKind::Declared && round.is_complete());
    let Some(declared) = declared else { return Ok(()) };
    let asked = AskedOfRunner { record: &record, declared, case_deadline: setting.case_timeout, until: deadlines.all };
    let mut tell = |event: Event| log.fact(event).map_err(DiagnoseError::io(setting.folder));
    let mut seen: BTreeMap<CaseIndex, Seen> = BTreeMap::new();
    let mut played = 0;
    for number in 1..=rounds {
        let left = deadlines.all.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left < Duration::from_millis(declared.millis)) {
            tell(note(format!("parallel: time was up after {played} of {rounds} rounds")))?;
            break;
        }
        let outcomes = match setting.subject.parallel(&asked) {
            Ok(plain) => plain.outcomes,
            Err(error) => return tell(note(format!("parallel: not played: {error}"))),
        };
        played = number;
        let failed = outcomes.values().filter(|outcome| outcome.is_failure()).count();
        tell(note(format!("parallel: round {number} of {rounds}: {failed} of {} cases failed", outcomes.len())))?;
        for (case, outcome) in outcomes {
            let of = seen.entry(case).or_default();
            if !matches!(outcome, Outcome::Skipped { .. }) {
                of.in_parallel.count(outcome.is_failure());
            }
            of.failure = of.failure.take().or_else(|| outcome.failure().cloned());
        }
    }
    for event in conclusions(&record, &seen) {
        tell(event)?;
    }
    Ok(())
}

/// What is said of the cases that failed in parallel and nowhere else.
fn conclusions(record: &Record, seen: &BTreeMap<CaseIndex, Seen>) -> Vec<Event> {
    let mut events = Vec::new();
    let failing = seen.iter().filter(|(_, seen)| seen.in_parallel.failures() > 0);
    for (case, seen) in failing.filter(|(case, _)| !record.failures.contains_key(case)) {
        let in_rounds = in_rounds(record, *case);
        let Some(info) = record.case(*case) else { continue };
        let message = seen.failure.as_ref().map_or("", |failure| failure.message.lines().next().unwrap_or_default());
        let (failures, tries) = (seen.in_parallel.failures(), seen.in_parallel.trials());
        let counts = format!("{failures} of {tries} times, and 0 of {} one at a time", in_rounds.trials());
        if fisher_one_sided(seen.in_parallel, in_rounds) > BY_CHANCE {
            if events.len() < TOLD {
                events.push(note(format!("parallel: {} failed {counts}; that may be chance: {message}", info.id)));
            }
            continue;
        }
        let what = format!("it fails only where the runner runs several at once ({counts}): {message}");
        let diagnosis = Diagnosis::without_probes(*case, Conclusion::EnvironmentDependent { what });
        events.push(Event::Diagnosed(Diagnosis { in_order: in_rounds, ..diagnosis }));
    }
    events
}

/// How a case ended in the rounds, one case at a time.
fn in_rounds(record: &Record, case: CaseIndex) -> Tally {
    let mut tally = Tally::default();
    let slots = record.rounds.iter().flat_map(|round| &round.slots).filter(|slot| slot.case == case);
    slots.filter_map(|slot| slot.outcome).for_each(|outcome| tally.count(is_failure(outcome)));
    tally
}

fn note(text: String) -> Event {
    Event::Noted(Note::of_run(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_failures_in_parallel_may_be_chance() {
        let p = |failures: u32| fisher_one_sided(Tally::new(failures, 10), Tally::new(0, 20));
        assert!(p(3) > BY_CHANCE && p(4) <= BY_CHANCE, "{} {}", p(3), p(4));
    }
}
