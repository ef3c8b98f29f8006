//! From a record to a judgement.

use crate::event::{Conclusion, Diagnosis, RunEnd, Topic};
use crate::model::statistics::{self, Confidence, Tally};
use crate::model::{CaseIndex, FindingKind, NOT_COLLECTED, RoundKind, Verdict};
use crate::record::{FailureSeen, Record, RoundRecord, is_failure};
use crate::verdict::hosts::Hosts;
use crate::verdict::trials::Trials;
use crate::verdict::{
    CaseJudgement, Evidence, Gate, HostJudgement, Judgement, QuarantineJudgement, cause, claim, coverage, leaks, loops,
    orders, quarantine, question, trials,
};
use std::collections::BTreeSet;

/// Judges a record.
pub fn judge(record: &Record) -> Judgement {
    let tallies = trials::count(record);
    let mut cases: Vec<CaseJudgement> =
        CaseIndex::all().zip(&tallies).map(|(case, tally)| judge_case(record, case, tally)).collect();
    let mut found = leaks::find(record);
    cases.iter_mut().for_each(|judged| with_leaks(judged, &mut found));
    let hosts = judge_hosts(record, &mut cases);
    let quarantine = quarantine::apply(record, &mut cases);
    if let Some(question) = &record.header.question {
        question::set_aside(record, question, &mut cases);
    }
    let pairs = coverage::of(record);
    let evidence = evidence(record, &cases);
    Judgement {
        gate: gate(record, &cases, &quarantine, &evidence),
        evidence,
        quarantine,
        pairs_before: pairs.before,
        pairs_adjacent: pairs.adjacent,
        hosts,
        causes: cause::group(&cases, |case| orders::rank(record, case)),
        cases,
    }
}

fn judge_case(record: &Record, case: CaseIndex, tally: &Trials) -> CaseJudgement {
    let diagnosis = record.diagnoses.get(&case);
    let failure = record.failures.get(&case).and_then(|seen| first_planned(record, seen));
    let past = record.header.background.past.as_ref();
    let earlier = past.and_then(|past| past.trials.get(&case)).copied().unwrap_or_default();
    let shuffled = tally.shuffled + earlier;
    let trials = if shuffled.trials() > 0 { shuffled } else { tally.planned };
    let interval = statistics::interval(trials, confidence_of(record));
    let mut judged = CaseJudgement {
        case,
        verdict: Verdict::Stable,
        findings: Vec::new(),
        rate: tally.planned,
        shuffled: tally.shuffled,
        earlier,
        interval: (interval.lower, interval.upper),
        quarantined: None,
        order: None,
        compared: diagnosis.map(|diagnosis| (diagnosis.alone, diagnosis.in_order)),
        failure,
        reason: None,
        hash_seeds: diagnosis.and_then(|diagnosis| diagnosis.hash_seeds),
        remarks: diagnosis.map(remarks).unwrap_or_default(),
        runner_line: diagnosis.and_then(|diagnosis| diagnosis.runner_line.clone()),
        cluster: diagnosis.and_then(|diagnosis| diagnosis.cluster),
        repro: diagnosis.and_then(|diagnosis| diagnosis.repro.clone()),
        leaks: Vec::new(),
    };
    // What fails only in the runner's own parallel mode has no failure in any round.
    let is_told_elsewhere =
        diagnosis.is_some_and(|diagnosis| matches!(diagnosis.conclusion, Conclusion::EnvironmentDependent { .. }));
    if judged.failure.is_some() || tally.planned.failures() > 0 || is_told_elsewhere {
        let claim = claim::of(record, case, tally, diagnosis);
        judged.findings.push(claim.finding);
        judged.verdict = claim.finding.verdict();
        judged.order = claim.order;
        judged.reason = claim.missing.or_else(|| judged.hash_seeds.map(|seeds| seeds.to_string()));
        judged.remarks.extend(loops::remarks(record, case));
        judged.remarks.extend(orders::remark(record, &judged));
    } else if let Some(Diagnosis { conclusion: Conclusion::Disagrees { plain }, .. }) = diagnosis {
        judged.findings.push(FindingKind::Disagrees);
        judged.verdict = FindingKind::Disagrees.verdict();
        judged.reason = Some(plain.clone());
    } else if tally.skipped > 0 && tally.planned.trials() > 0 {
        let all = tally.skipped + tally.planned.trials();
        judged.remarks.push(skipped_sometimes(record, case, tally.skipped, all));
        let is_collected = record.skips.get(&case).is_none_or(|reason| reason != NOT_COLLECTED);
        if is_collected && record.header.policy.fail_on.contains(&FindingKind::Skipped) {
            judged.findings.push(FindingKind::Skipped);
            judged.verdict = FindingKind::Skipped.verdict();
        }
    } else if let Some(reason) = skip_reason(record, case, tally) {
        judged.verdict = Verdict::Skipped;
        judged.reason = Some(reason);
    } else if tally.missing > 0 || tally.planned.trials() == 0 {
        judged.verdict = Verdict::Unproven;
        judged.reason =
            Some(format!("{} of its planned trials did not run to an end that counts", tally.missing.max(1)));
    }
    judged
}

/// Says of cases that fail what hosts have to do with it, and what each host came to. Where the order explains a failure,
/// the hosts do not.
fn judge_hosts(record: &Record, cases: &mut [CaseJudgement]) -> Vec<HostJudgement> {
    let Some(hosts) = Hosts::of(record) else { return Vec::new() };
    let mut accused = Vec::new();
    for judged in cases.iter_mut().filter(|judged| judged.rate.failures() > 0 && judged.order.is_none()) {
        if let Some(remark) = hosts.remark(judged.case) {
            judged.remarks.insert(0, remark);
            accused.push(judged.case);
        }
    }
    hosts.judged(&accused)
}

/// Adds what the case leaves behind. A leak never hides what is worse.
fn with_leaks(judged: &mut CaseJudgement, found: &mut leaks::Leaks) {
    judged.remarks.extend(found.allowed.remove(&judged.case).unwrap_or_default());
    let Some(leaks) = found.found.remove(&judged.case) else { return };
    let kinds: BTreeSet<FindingKind> = leaks.iter().map(|leak| leak.finding).collect();
    judged.findings.extend(kinds);
    judged.verdict = judged.verdict.min(Verdict::Leaky);
    judged.remarks.extend(leaks.iter().map(ToString::to_string));
    judged.leaks = leaks;
}

/// What the diagnosis remarked, and the line of the suite's own runner in a sentence.
fn remarks(diagnosis: &Diagnosis) -> Vec<String> {
    diagnosis.remarks.iter().cloned().chain(diagnosis.runner_line.as_ref().map(ToString::to_string)).collect()
}

/// What is told of a case that was skipped in some orders and never failed.
fn skipped_sometimes(record: &Record, case: CaseIndex, skipped: u32, all: u32) -> String {
    match record.skips.get(&case).map(|reason| reason.trim()) {
        Some(NOT_COLLECTED) => format!("not there in {skipped} of {all} trials: {NOT_COLLECTED}"),
        Some(reason) if !reason.is_empty() => format!("skipped in some orders, {skipped} of {all} trials: {reason}"),
        _ => format!("skipped in some orders, {skipped} of {all} trials"),
    }
}

/// The failure to show: one of a planned round if there is one.
fn first_planned(record: &Record, seen: &[FailureSeen]) -> Option<FailureSeen> {
    let planned = |failure: &&FailureSeen| record.round(failure.round).is_some_and(|round| round.is_planned());
    seen.iter().find(planned).or(seen.first()).cloned()
}

fn skip_reason(record: &Record, case: CaseIndex, tally: &Trials) -> Option<String> {
    let known = record.case(case).and_then(|info| info.skip.clone());
    known.or_else(|| (tally.skipped > 0).then(|| record.skips.get(&case).cloned().unwrap_or_default()))
}

/// Counts shuffled rounds. What the quarantine holds back is left out: the bound is on the rest.
fn evidence(record: &Record, cases: &[CaseJudgement]) -> Evidence {
    let held_back: BTreeSet<CaseIndex> =
        cases.iter().filter(|case| case.quarantined.is_some()).map(|case| case.case).collect();
    let has_failure = |round: &RoundRecord| {
        let mut failures = round.slots.iter().filter(|slot| slot.outcome.is_some_and(is_failure));
        failures.any(|slot| !held_back.contains(&slot.case))
    };
    let shuffled = record.rounds.iter().filter(|round| round.kind == RoundKind::Shuffle && round.is_complete());
    let mut seeds = BTreeSet::new();
    let mut rate = Tally::default();
    for round in shuffled {
        if seeds.insert((round.seed, round.event_loop)) {
            rate.count(has_failure(round));
        }
    }
    let confidence = confidence_of(record);
    let earlier = record.header.background.past.as_ref().and_then(|past| past.rounds);
    let rate = rate + earlier.map(|rounds| rounds.rate).unwrap_or_default();
    Evidence {
        earlier,
        held_back: u32::try_from(held_back.len()).unwrap_or(u32::MAX),
        rounds_counted: rate.trials(),
        rounds_failed: rate.failures(),
        confidence: confidence.share(),
        round_rate_upper: statistics::upper_bound(rate, confidence),
        case_rate_upper_corrected: statistics::upper_bound(
            rate,
            statistics::each_of(record.header.cases.len(), confidence),
        ),
    }
}

/// Whether earlier rounds make up for shuffles that were not run: the rate that was to be excluded is, and everything
/// that is planned besides was run.
fn earlier_rounds_suffice(record: &Record, cases: &[CaseJudgement], evidence: &Evidence) -> bool {
    let Some(rate) = record.header.policy.max_flake_rate.filter(|_| evidence.earlier.is_some()) else { return false };
    let fixed = |kind: RoundKind| kind != RoundKind::Shuffle && kind.is_planned();
    let completed = record.rounds.iter().filter(|round| fixed(round.kind) && round.is_complete()).count();
    let shuffles = RoundKind::Shuffle.as_str();
    let planned: u32 = record.header.planned.iter().filter(|(kind, _)| *kind != shuffles).map(|(_, count)| count).sum();
    evidence.rounds_failed == 0
        && evidence.round_rate_upper <= rate * (1.0 + 1e-9)
        && completed >= planned as usize
        && cases.iter().all(|case| case.verdict != Verdict::Unproven || case.rate.trials() > 0)
}

fn gate(record: &Record, cases: &[CaseJudgement], quarantine: &QuarantineJudgement, evidence: &Evidence) -> Gate {
    let fail_on = &record.header.policy.fail_on;
    let counts =
        |case: &&CaseJudgement| case.quarantined.is_none() && case.findings.iter().any(|kind| kind.fails(fail_on));
    match &record.end {
        Some(RunEnd::Interrupted) => return Gate::Interrupted,
        Some(RunEnd::SubjectFailed { reason }) => return Gate::Error { reason: reason.clone() },
        None => return Gate::Interrupted,
        Some(RunEnd::Completed | RunEnd::TimeLimit | RunEnd::FirstFailure) => {}
    }
    if let (Some(question), Some(tries)) = (&record.header.question, question::Tries::of(record)) {
        return question::gate(cases.get(question.case.index()), &tries);
    }
    if cases.iter().any(|case| counts(&case)) || quarantine.fails() {
        return Gate::Failed;
    }
    let disagrees = |case: &&CaseJudgement| case.quarantined.is_none() && case.verdict == Verdict::Disagrees;
    match cases.iter().filter(disagrees).count() {
        0 => {}
        1 => return Gate::Unproven { reason: "the suite's own runner disagrees about one case".to_owned() },
        number => return Gate::Unproven { reason: format!("the suite's own runner disagrees about {number} cases") },
    }
    if let Some(note) = record.notes.iter().find(|note| note.topic == Topic::Whole) {
        return Gate::Unproven { reason: note.text.clone() };
    }
    if earlier_rounds_suffice(record, cases, evidence) {
        return Gate::Passed;
    }
    let (completed, planned) = (record.completed_rounds(), record.planned_rounds());
    if record.end == Some(RunEnd::TimeLimit) || completed < planned {
        return Gate::Unproven { reason: format!("{completed} of {planned} planned rounds ran to their end") };
    }
    if let Some(rate) = record.header.policy.max_flake_rate
        && evidence.round_rate_upper > rate * (1.0 + 1e-9)
    {
        let (failed, counted) = (evidence.rounds_failed, evidence.rounds_counted);
        let percent = |share: f64| format!("{:.2} %", share * 100.0);
        let (upper, rate) = (percent(evidence.round_rate_upper), percent(rate));
        return Gate::Unproven {
            reason: format!(
                "{failed} of {counted} rounds failed, which excludes no less than {upper}; {rate} was asked for"
            ),
        };
    }
    match cases.iter().filter(|case| case.verdict == Verdict::Unproven).count() {
        0 => Gate::Passed,
        unproven => Gate::Unproven { reason: format!("{unproven} cases have planned trials that never ran") },
    }
}

/// The confidence asked for; the usual one where the journal has none that makes sense.
pub(super) fn confidence_of(record: &Record) -> Confidence {
    Confidence::new(record.header.policy.confidence).unwrap_or(Confidence::USUAL)
}
