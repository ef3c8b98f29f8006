//! A run in words, by cause: what the terminal, the Markdown summary and the HTML page all say.

use crate::event::{Note, RunEnd};
use crate::model::{CaseIndex, RoundKind, Verdict};
use crate::record::{RoundRecord, Slot};
use crate::report::advice::Advice;
use crate::report::finding::{Command, Finding};
use crate::report::quarantine::QuarantineStory;
use crate::report::question;
use crate::report::text::visible;
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::words::{count, duration, evidence, grouped, nor_earlier, percent, reached, rounds_to_exclude};
use crate::verdict::{Cause, Gate};
use jiff::Span;
use std::collections::{BTreeMap, BTreeSet};

/// A run in words, by cause.
#[derive(Debug)]
pub(super) struct Summary {
    /// `PASSED`, `FAILED`, …
    pub(super) gate: String,
    /// The gate itself.
    pub(super) outcome: Gate,
    /// What it came to, in a few words.
    pub(super) headline: String,
    /// What was run, how much of it, for how long.
    pub(super) ran: String,
    /// How sure "nothing" is.
    pub(super) evidence: String,
    /// The quarantine, if there is one.
    pub(super) quarantine: Option<QuarantineStory>,
    /// The findings, worst first; those that fail the gate before those that warn.
    pub(super) causes: Vec<CauseStory>,
    /// Reasons and how many cases were skipped for each, most first.
    pub(super) skipped: Vec<(String, usize)>,
    /// Reasons and how many cases are unproven for each, most first.
    pub(super) unproven: Vec<(String, usize)>,
    /// Notes on cases and on the run.
    pub(super) notes: Vec<String>,
    /// Which ordered pairs were seen.
    pub(super) coverage: String,
    /// What was not measured, and why.
    pub(super) unmeasured: Vec<(String, String)>,
    /// What is sure in numbers, where `evidence` says it otherwise, and what more certainty costs.
    pub(super) price: String,
    /// What to do now.
    pub(super) next: Advice,
    /// What could be done instead.
    pub(super) or: Vec<Advice>,
}

/// Findings with one cause.
#[derive(Debug)]
pub(super) struct CauseStory {
    /// The case that stands for all of them.
    pub(super) lead: Finding,
    /// The ids of the others.
    pub(super) others: Vec<String>,
    /// All of its cases.
    pub(super) members: Vec<CaseIndex>,
}

impl Summary {
    pub(super) fn new(view: &View<'_>) -> Self {
        let mut causes: Vec<CauseStory> =
            view.judgement.causes.iter().filter_map(|cause| CauseStory::new(view, cause)).collect();
        // A stable sort: within a weight, the judgement's order holds.
        causes.sort_by_key(|cause| cause.lead.weight == Weight::Warns);
        let bound = evidence(&view.judgement.evidence, view.cases_with_findings());
        Self {
            gate: view.judgement.gate.as_str().to_uppercase(),
            outcome: view.judgement.gate.clone(),
            headline: headline(view, &causes),
            ran: ran(view),
            evidence: question::evidence(view)
                .or_else(|| left_out(view))
                .or_else(|| tried(view))
                .unwrap_or_else(|| bound.clone()),
            quarantine: QuarantineStory::new(view),
            skipped: reasons(view, Verdict::Skipped),
            unproven: reasons(view, Verdict::Unproven),
            notes: notes(view),
            coverage: format!(
                "{} of ordered pairs one before the other, {} one right before the other",
                reached(view.judgement.pairs_before),
                reached(view.judgement.pairs_adjacent)
            ),
            unmeasured: unmeasured(view),
            price: match tried(view) {
                _ if view.record.header.question.is_some() => question::price(view).unwrap_or_default(),
                Some(_) => format!("{bound}; {}", price(view)),
                None => price(view),
            },
            next: next(view, &causes),
            or: rest(view).into_iter().chain(hold_back(view, &causes)).collect(),
            causes,
        }
    }
}

impl CauseStory {
    fn new(view: &View<'_>, cause: &Cause) -> Option<Self> {
        let (lead, others) = cause.cases.split_first()?;
        Some(Self { lead: view.finding(*lead)?, others: view.ids(others), members: cause.cases.clone() })
    }

    /// How many cases it has.
    pub(super) fn cases(&self) -> usize {
        self.others.len() + 1
    }
}

fn headline(view: &View<'_>, causes: &[CauseStory]) -> String {
    let cases = view.record.header.cases.len();
    let found = match causes.len() {
        0 => None,
        number => {
            Some(format!("{} in {} of {}", count(number, "finding"), view.cases_with_findings(), count(cases, "case")))
        }
    };
    match (&view.judgement.gate, found) {
        (Gate::Passed, None) => format!("nothing found in {}", count(cases, "case")),
        (Gate::Passed, Some(found)) if view.judgement.cases.iter().any(|case| case.quarantined.is_some()) => {
            format!("{found}, none that fails the gate: see the quarantine")
        }
        (Gate::Passed, Some(found)) => format!("{found}, none of a kind that fails the gate"),
        (Gate::Failed, found) => {
            let quarantine = &view.judgement.quarantine;
            let entries = [(quarantine.expired(), "expired"), (quarantine.unneeded(), "no longer needed")];
            let entries = entries.iter().filter(|(number, _)| *number > 0);
            let entries = entries.map(|(number, what)| format!("{number} in quarantine {what}"));
            let parts: Vec<String> = found.into_iter().chain(entries).collect();
            if parts.is_empty() { "something was found".to_owned() } else { parts.join("; ") }
        }
        (Gate::Unproven { reason } | Gate::Error { reason }, found) => {
            let reason = visible(reason.trim()).into_owned();
            found.map_or(reason.clone(), |found| format!("{reason}; {found}"))
        }
        (Gate::Interrupted, found) => {
            let (done, planned) = (view.record.completed_rounds(), view.record.planned_rounds());
            let rounds = format!("after {done} of {}", count(planned, "round"));
            found.map_or(rounds.clone(), |found| format!("{rounds}; {found}"))
        }
    }
}

fn ran(view: &View<'_>) -> String {
    let record = view.record;
    let (done, planned) = (record.completed_rounds(), record.planned_rounds());
    let rounds = match done == planned || record.header.question.is_some() {
        true => count(done, "round"),
        false => format!("{done} of {}", count(planned, "round")),
    };
    let rounds = match record.added_rounds() {
        0 => rounds,
        added => format!("{rounds} and {added} more"),
    };
    let trials = count(record.trials(), "trial");
    let subject = visible(&record.header.subject.name);
    format!("{subject}: {rounds}, {trials}, {}, seed {}", duration(record.millis), record.header.seed)
}

fn reasons(view: &View<'_>, verdict: Verdict) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for case in view.judgement.cases.iter().filter(|case| case.verdict == verdict) {
        let reason = case.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty());
        *counts.entry(visible(reason.unwrap_or("no reason given")).into_owned()).or_default() += 1;
    }
    let mut reasons: Vec<(String, usize)> = counts.into_iter().collect();
    reasons.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    reasons
}

/// The notes of the run, that of its fence first.
fn notes(view: &View<'_>) -> Vec<String> {
    let mut notes: Vec<&Note> = view.record.notes.iter().collect();
    notes.sort_by_key(|note| note.topic);
    notes.into_iter().map(|note| note_text(view, note)).collect()
}

fn note_text(view: &View<'_>, note: &Note) -> String {
    let text = visible(note.text.trim());
    note.case.map_or_else(|| text.to_string(), |case| format!("{}: {text}", view.id(case)))
}

/// What a run that ended at its first failure has not run.
fn left_out(view: &View<'_>) -> Option<String> {
    let record = view.record;
    if record.end != Some(RunEnd::FirstFailure) {
        return None;
    }
    let slots = record.rounds.iter().flat_map(|round| &round.slots);
    let tried: BTreeSet<CaseIndex> = slots.filter(|slot| slot.outcome.is_some()).map(|slot| slot.case).collect();
    let (completed, planned) = (record.completed_rounds(), count(record.planned_rounds(), "planned round"));
    let untried = match record.header.cases.len().saturating_sub(tried.len()) {
        0 => String::new(),
        untried => format!(", {} without a result", count(untried, "case")),
    };
    Some(format!(
        "ended at the first failure: {completed} of {planned} ran to the end{untried}, leaks were not looked for"
    ))
}

/// How to run what a run that ended at its first failure has not run.
fn rest(view: &View<'_>) -> Option<Advice> {
    let is_left = view.record.end == Some(RunEnd::FirstFailure);
    is_left.then(|| {
        Advice::line("run the rest:", view.context.command(["run", "--resume", view.record.header.run.as_str()]))
    })
}

fn unmeasured(view: &View<'_>) -> Vec<(String, String)> {
    let measured = &view.record.header.subject.measured;
    let missing = measured.iter().filter_map(|(kind, how)| Some((kind, how.reason()?)));
    // Kinds that lack for one reason are one entry.
    let mut by_reason: Vec<(String, String)> = Vec::new();
    for (kind, why) in missing {
        let (kind, why) = (visible(kind).replace('_', " "), visible(why).into_owned());
        match by_reason.iter_mut().find(|(_, known)| *known == why) {
            Some((kinds, _)) => *kinds = format!("{kinds}, {kind}"),
            None => by_reason.push((kind, why)),
        }
    }
    by_reason
}

/// Where nothing was found: what was tried, and what it would take to see a rarer failure. `None` where something was
/// found, or no shuffled round ran to its end.
fn tried(view: &View<'_>) -> Option<String> {
    let evidence = &view.judgement.evidence;
    if view.cases_with_findings() > 0 || evidence.rounds_failed > 0 || evidence.rounds_counted == 0 {
        return None;
    }
    let complete = view.record.rounds.iter().filter(|round| round.is_planned() && round.is_complete());
    let mut kinds: BTreeMap<RoundKind, usize> = BTreeMap::new();
    let mut in_another_process = false;
    for round in complete {
        *kinds.entry(round.kind).or_default() += 1;
        in_another_process |= runs_again_elsewhere(round);
    }
    let rounds: usize = kinds.values().sum();
    let shuffled = kinds.remove(&RoundKind::Shuffle).map(|number| format!("{} shuffled", grouped(number)));
    let word = |kind: &RoundKind| match *kind == RoundKind::Twice && in_another_process {
        true => "twice in separate processes".to_owned(),
        false => kind.to_string(),
    };
    let named: Vec<String> = kinds.keys().map(word).chain(shuffled).collect();
    let Price { target, missing, cost, .. } = Price::of(view);
    let cost = cost.map_or_else(String::new, |cost| format!(" ({cost})"));
    Some(format!(
        "nothing failed in {} ({}){}; a failure in 1 of {} rounds could still hide, and {}{cost} would show it",
        count(rounds, "round"),
        named.join(", "),
        nor_earlier(evidence),
        grouped((1.0 / target).round() as usize),
        count(missing as usize, "more shuffled round"),
    ))
}

/// Whether a round ran all cases once and then once more, as the plan has it where no process runs a case a second time.
fn runs_again_elsewhere(round: &RoundRecord) -> bool {
    let is_other = |slots: &[Slot]| matches!(slots, [first, second, ..] if first.case != second.case);
    round.kind == RoundKind::Twice && is_other(&round.slots)
}

/// Rates worth asking for, in the order in which people ask.
const TARGETS: [f64; 3] = [0.01, 0.001, 0.0001];

/// What more certainty costs.
struct Price {
    /// The rate of failing rounds that would be excluded.
    target: f64,
    /// How many rounds that takes in all.
    wanted: u32,
    /// How many of them are missing.
    missing: u32,
    /// `about 4.6 s`, where the time of a round is known.
    cost: Option<String>,
}

impl Price {
    fn of(view: &View<'_>) -> Self {
        let evidence = &view.judgement.evidence;
        let clean = evidence.rounds_failed == 0;
        let beyond = |rate: &&f64| !clean || evidence.round_rate_upper > **rate * 1.001;
        let target = TARGETS.iter().find(beyond).copied().unwrap_or(TARGETS[2]);
        let wanted = rounds_to_exclude(target, evidence.confidence);
        let missing = if clean { wanted.saturating_sub(evidence.rounds_counted) } else { wanted };
        let jobs = u64::from(view.record.header.policy.jobs.max(1));
        let cost = |millis: u64| format!("about {}", duration(millis.saturating_mul(u64::from(missing)) / jobs));
        Self { target, wanted, missing, cost: round_millis(view).map(cost) }
    }
}

fn price(view: &View<'_>) -> String {
    let Price { target, wanted, missing, cost } = Price::of(view);
    let cost = cost.map_or_else(String::new, |cost| format!(", {cost}"));
    let more = if missing == wanted { String::new() } else { format!(", {missing} more") };
    format!(
        "to exclude failures in more than {} of rounds: {wanted} shuffled rounds{more}{cost} (--max-flake-rate {target})",
        percent(target)
    )
}

/// What a shuffled round took here, or what was forecast.
fn round_millis(view: &View<'_>) -> Option<u64> {
    let shuffled = view.record.rounds.iter().filter(|round| round.kind == RoundKind::Shuffle && round.is_complete());
    let (sum, number) = shuffled.fold((0, 0), |(sum, number), round| (sum + round.millis, number + 1));
    match number {
        0 => view.record.forecast.map(|(round, _)| round),
        number => Some(sum / number),
    }
}

/// For how many days a first quarantine holds.
const DAYS: i64 = 30;

/// Takes over what was found into a quarantine: for a suite whose first run fails, and which has none.
fn hold_back(view: &View<'_>, causes: &[CauseStory]) -> Option<Advice> {
    let header = &view.record.header;
    let is_first = header.background.past.as_ref().is_some_and(|past| past.runs == 0);
    let is_held = header.background.quarantine.as_ref().is_some_and(|quarantine| !quarantine.entries.is_empty());
    let fails = view.judgement.gate == Gate::Failed && causes.iter().any(|cause| !is_light(cause));
    if !is_first || is_held || !fails || header.shard.is_some() {
        return None;
    }
    let until = header.started.checked_add(Span::new().hours(24 * DAYS)).ok()?.strftime("%Y-%m-%d").to_string();
    // The usual folder has its newest run by name.
    let usual = view.context.run_dir == format!("reports/runs/{}", header.run);
    let from = if usual { "latest" } else { view.context.run_dir.as_str() };
    let line = view.context.command(["quarantine", "add", "--from", from, "--owner", "me", "--until", until.as_str()]);
    Some(Advice::line("hold back what an old suite has, so that only new findings fail:", line))
}

fn is_light(cause: &CauseStory) -> bool {
    cause.lead.weight == Weight::Warns
}

fn next(view: &View<'_>, causes: &[CauseStory]) -> Advice {
    let context = view.context;
    let resume = || context.command(["run", "--resume", view.record.header.run.as_str()]);
    let first = causes.first().map(|cause| &cause.lead.command);
    match (&view.judgement.gate, first) {
        (Gate::Error { .. }, _) => {
            Advice::words("start the subject by hand with the same arguments; its last output tells why")
        }
        (Gate::Unproven { .. } | Gate::Interrupted, _) if view.record.header.question.is_some() => {
            question::next(view).unwrap_or_else(|| Advice::words(""))
        }
        (Gate::Interrupted | Gate::Unproven { .. }, _) => Advice::line("go on where it stopped:", resume()),
        (Gate::Failed, _) if view.judgement.quarantine.fails() && causes.iter().all(is_light) => {
            Advice::words("see to the quarantine: its entries that have expired or are no longer needed fail the gate")
        }
        (Gate::Failed | Gate::Passed, Some(Command::Repro(_))) => Advice::words(
            "see the first finding happen with its repeat line, then mend its cause; the others may go with it",
        ),
        (Gate::Failed | Gate::Passed, Some(Command::Examine(line))) => Advice::line("examine it to the end:", line),
        (Gate::Failed | Gate::Passed, Some(Command::Plan(line))) => Advice::line("see it happen again:", line),
        (Gate::Passed | Gate::Failed, None) => {
            Advice::words("nothing to mend; ask for more certainty where it matters")
        }
    }
}
