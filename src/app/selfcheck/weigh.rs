//! Compares what was found with what must be seen.

use crate::app::selfcheck::{Expectation, Sentence};
use crate::app::{AppError, Finished};
use crate::diagnose::ReproFile;
use crate::model::{CaseIndex, FindingKind};
use crate::scenario::{Filter, parse_filter};
use crate::verdict::{CaseJudgement, Gate, Order};
use std::collections::BTreeSet;

/// The verdict on a run, and the rounds begun until the finding first showed.
pub(super) fn weigh(expectation: &Expectation, finished: &Finished) -> Result<(Sentence, usize), AppError> {
    match &finished.judgement.gate {
        Gate::Passed => return Ok((Sentence::Missed, rounds(finished))),
        Gate::Error { reason } | Gate::Unproven { reason } => return Ok((not_run(reason), rounds(finished))),
        Gate::Interrupted => return Ok((not_run("it was interrupted"), rounds(finished))),
        Gate::Failed => {}
    }
    let found = diagnosed(finished);
    if let Some(why) = found.iter().find_map(|case| misjudged(expectation, finished, case)) {
        return Ok((Sentence::WrongCause { why }, rounds(finished)));
    }
    let cases = filter(expectation.cases)?;
    let polluters = expectation.polluters.map(filter).transpose()?;
    for case in &found {
        let shows = case.findings.contains(&expectation.kind)
            && cases.matches_id(id(finished, case.case), &BTreeSet::new())
            && said(case).any(|text| text.contains(expectation.says));
        let polluter = match &polluters {
            Some(polluters) => polluter(finished, case, polluters).map(Some),
            None => Some(None),
        };
        if let (true, Some(polluter)) = (shows, polluter) {
            let case_id = id(finished, case.case).to_owned();
            let told = said(case).find(|text| text.contains(expectation.says));
            let message = told.unwrap_or_default().to_owned();
            return Ok((Sentence::Found { case: case_id, message, polluter }, rounds_until(finished, case)));
        }
    }
    Ok((Sentence::WrongCause { why: elsewhere(expectation, finished, &found) }, rounds(finished)))
}

/// Findings that were diagnosed. What is beyond the diagnosis' limit is judged by observation, which is no
/// claim about causes.
fn diagnosed(finished: &Finished) -> Vec<&CaseJudgement> {
    let cases = finished.judgement.cases.iter().filter(|case| case.verdict.is_finding());
    cases.filter(|case| finished.record.diagnoses.contains_key(&case.case) || !case.leaks.is_empty()).collect()
}

/// What is said of a case that can't be so.
fn misjudged(expectation: &Expectation, finished: &Finished, case: &CaseJudgement) -> Option<String> {
    let wrong = case.findings.iter().find(|kind| !expectation.tolerates(**kind));
    let id = id(finished, case.case);
    if let Some(kind) = wrong {
        return Some(format!("{id} is said to be {kind}: {}", message(case)));
    }
    let unexplained = case.findings.contains(&FindingKind::OrderDependent) && sequences(case).is_empty();
    unexplained.then(|| format!("{id} is said to be order_dependent, and no polluter is named"))
}

/// The polluter of a case, if one of those that are meant pollutes it alone and the repro is that order of two.
fn polluter(finished: &Finished, case: &CaseJudgement, meant: &Filter) -> Option<String> {
    let first = sequences(case).first()?;
    let [polluter] = first.as_slice() else { return None };
    let name = id(finished, *polluter);
    let repro = ReproFile::read(&finished.folder.join(case.repro.as_deref()?)).ok()?;
    let order: Vec<&str> = repro.order.iter().map(|id| id.as_str()).collect();
    let holds = meant.matches_id(name, &BTreeSet::new()) && order == [name, id(finished, case.case)];
    holds.then(|| name.to_owned())
}

fn sequences(case: &CaseJudgement) -> &[Vec<CaseIndex>] {
    match &case.order {
        Some(Order::Victim { polluters: sequences, .. } | Order::Brittle { state_setters: sequences, .. }) => sequences,
        Some(Order::NotMinimised { .. }) | None => &[],
    }
}

/// What was found instead.
fn elsewhere(expectation: &Expectation, finished: &Finished, found: &[&CaseJudgement]) -> String {
    let told = found.iter().take(3).map(|case| format!("{} ({})", id(finished, case.case), message(case)));
    let told: Vec<String> = told.collect();
    format!(
        "{} findings, and none is `{expectation}` and says `{}`: {}",
        found.len(),
        expectation.says,
        told.join("; ")
    )
}

/// Planned rounds that were begun until the case first failed.
fn rounds_until(finished: &Finished, case: &CaseJudgement) -> usize {
    let first = case.failure.as_ref().map(|seen| seen.round);
    let planned = finished.record.rounds.iter().filter(|round| round.is_planned());
    planned.take_while(|round| Some(round.id) != first).count() + 1
}

fn rounds(finished: &Finished) -> usize {
    finished.record.completed_rounds()
}

fn id(finished: &Finished, case: CaseIndex) -> &str {
    finished.record.case(case).map_or("", |info| info.id.as_str())
}

/// All that is said of a case.
fn said(case: &CaseJudgement) -> impl Iterator<Item = &str> {
    let failure = case.failure.as_ref().and_then(|seen| seen.outcome.failure());
    failure.map(|failure| failure.message.as_str()).into_iter().chain(case.leaks.iter().map(|leak| leak.text.as_str()))
}

/// What is said of a case: how it failed, or else what it leaves behind.
fn message(case: &CaseJudgement) -> &str {
    if let Some(leak) = case.leaks.first().filter(|_| case.failure.is_none()) {
        return &leak.text;
    }
    case.failure.as_ref().and_then(|seen| seen.outcome.failure()).map_or("", |failure| failure.message.as_str())
}

fn not_run(why: &str) -> Sentence {
    Sentence::NotRun { why: why.to_owned() }
}

fn filter(text: &str) -> Result<Filter, AppError> {
    parse_filter(text).map_err(|error| AppError::Usage(error.to_string()))
}
