//! From a judged record to `report.json`.

use crate::event::{EarlierRounds, KnownFinding, Machine, Note, QuarantineEntry};
use crate::model::{CaseIndex, Place};
use crate::record::Record;
use crate::report::brief::Brief;
use crate::report::finding::{Finding, Novelty, Role};
use crate::report::json::JsonLeak;
use crate::report::json::{
    GateWord, JsonBrief, JsonCase, JsonCause, JsonCoverage, JsonEarlier, JsonEvidence, JsonHistory, JsonHost,
    JsonKnown, JsonNote, JsonQuarantine, JsonQuarantineEntry, JsonQuestion, JsonReport, JsonRole, JsonState,
    REPORT_VERSION,
};
use crate::report::view::View;
use crate::report::{Context, ReportError};
use crate::verdict::{CaseJudgement, Cause, EntryStatus, Evidence, Gate, HostJudgement, Judgement, Tries};

/// `report.json` as text, ending with a line feed.
///
/// # Errors
/// If it can't be serialised, which no run causes.
pub fn json(record: &Record, judgement: &Judgement, context: &Context) -> Result<String, ReportError> {
    let mut text = serde_json::to_string_pretty(&json_report(record, judgement, context))?;
    text.push('\n');
    Ok(text)
}

/// `report.json` as types.
pub fn json_report(record: &Record, judgement: &Judgement, context: &Context) -> JsonReport {
    let view = View::new(record, judgement, context);
    let header = &record.header;
    let revision = header.background.revision.clone().unwrap_or_default();
    JsonReport {
        version: REPORT_VERSION,
        run: header.run.clone(),
        program: header.program.clone(),
        started: header.started.to_string(),
        seed: header.seed.to_string(),
        subject: header.subject.name.clone(),
        gate: GateWord::of(&judgement.gate),
        reason: reason(&judgement.gate),
        rounds: record.completed_rounds() as u64,
        planned_rounds: record.planned_rounds() as u64,
        added_rounds: record.added_rounds() as u64,
        trials: record.trials() as u64,
        duration_s: record.millis as f64 / 1000.0,
        commit: revision.commit,
        branch: revision.branch,
        job: revision.job,
        command: header.background.command.clone(),
        pair_coverage: JsonCoverage {
            before: reached(judgement.pairs_before),
            adjacent: reached(judgement.pairs_adjacent),
        },
        evidence: JsonEvidence::of(&judgement.evidence),
        question: question(&view),
        history: header.background.past.as_ref().map(|past| JsonHistory { runs: past.runs }),
        quarantine: quarantine(&view),
        measured: header.subject.measured.iter().map(|(kind, how)| (kind.clone(), how.clone().into())).collect(),
        cases: judgement.cases.iter().filter_map(|judged| case(&view, judged)).collect(),
        causes: causes(&view),
        hosts: judgement.hosts.iter().map(|judged| host(&view, judged)).collect(),
        notes: notes(&view),
    }
}

fn host(view: &View<'_>, judged: &HostJudgement) -> JsonHost {
    let properties = judged.machine.iter().flat_map(Machine::properties);
    JsonHost {
        host: judged.host.clone(),
        rounds: judged.rounds,
        trials: judged.rate.trials(),
        failures: judged.rate.failures(),
        pace: judged.pace.map(rounded),
        lame: judged.is_lame(),
        machine: properties.map(|(name, value)| (name.to_owned(), value)).collect(),
        cases: judged.cases.iter().map(|case| raw_id(view, *case)).collect(),
    }
}

fn question(view: &View<'_>) -> Option<JsonQuestion> {
    let (asked, tries) = (view.record.header.question.as_ref()?, Tries::of(view.record)?);
    Some(JsonQuestion {
        case: raw_id(view, asked.case),
        tries: tries.rate.trials(),
        failures: tries.rate.failures(),
        rate_upper: rounded(tries.rate_upper),
        recorded_in: asked.recorded.as_ref().map(|recorded| recorded.file.clone()),
    })
}

/// A share with six decimals: beyond, the same quantile differs from one machine's mathematics to another's.
fn rounded(share: f64) -> f64 {
    (share * 1e6).round() / 1e6
}

/// A share that was reached, never rounded up: what is not complete is not 1.
fn reached(share: f64) -> f64 {
    (share * 1e6 + 1e-6).floor() / 1e6
}

/// The JSON Schema of `report.json`.
pub fn json_schema() -> serde_json::Value {
    schemars::schema_for!(JsonReport).to_value()
}

impl GateWord {
    fn of(gate: &Gate) -> Self {
        match gate {
            Gate::Passed => Self::Passed,
            Gate::Failed => Self::Failed,
            Gate::Unproven { .. } => Self::Unproven,
            Gate::Error { .. } => Self::Error,
            Gate::Interrupted => Self::Interrupted,
        }
    }
}

impl JsonEvidence {
    fn of(evidence: &Evidence) -> Self {
        Self {
            rounds_counted: evidence.rounds_counted,
            earlier: evidence.earlier.map(earlier),
            rounds_failed: evidence.rounds_failed,
            confidence: evidence.confidence,
            round_rate_upper: rounded(evidence.round_rate_upper),
            case_rate_upper_corrected: rounded(evidence.case_rate_upper_corrected),
        }
    }
}

fn earlier(earlier: EarlierRounds) -> JsonEarlier {
    JsonEarlier {
        rounds: earlier.rate.trials(),
        failed: earlier.rate.failures(),
        runs: earlier.runs,
        since: earlier.since.to_string(),
        until: earlier.until.to_string(),
    }
}

fn quarantine(view: &View<'_>) -> Option<JsonQuarantine> {
    let quarantine = view.record.header.background.quarantine.as_ref()?;
    let entries = quarantine.entries.iter().zip(&view.judgement.quarantine.entries);
    let entry = |(entry, status): (&QuarantineEntry, &EntryStatus)| JsonQuarantineEntry {
        case: entry.case.to_string(),
        owner: entry.owner.clone(),
        issue: entry.issue.clone(),
        until: entry.until.to_string(),
        line: entry.line,
        status: status.as_str().to_owned(),
    };
    Some(JsonQuarantine {
        file: quarantine.file.clone(),
        today: quarantine.today.to_string(),
        size: quarantine.entries.len() as u64,
        entries: entries.map(entry).collect(),
    })
}

fn known(known: &KnownFinding) -> JsonKnown {
    JsonKnown {
        since: known.since.to_string(),
        until: known.until.to_string(),
        run: known.run.clone(),
        runs: known.runs,
    }
}

fn reason(gate: &Gate) -> Option<String> {
    match gate {
        Gate::Unproven { reason } | Gate::Error { reason } => Some(reason.clone()),
        Gate::Passed | Gate::Failed | Gate::Interrupted => None,
    }
}

fn case(view: &View<'_>, judged: &CaseJudgement) -> Option<JsonCase> {
    let info = view.info(judged.case)?;
    let finding = view.finding(judged.case);
    let failure = judged.failure.as_ref().and_then(|seen| seen.outcome.failure());
    let order = orders(view, finding.as_ref());
    let novelty = finding.as_ref().and_then(|finding| finding.novelty.as_ref());
    Some(JsonCase {
        id: raw_id(view, judged.case),
        title: info.title.clone(),
        file: info.file.clone(),
        line: info.line,
        verdict: judged.verdict.as_str().to_owned(),
        findings: judged.findings.iter().map(|kind| kind.as_str().to_owned()).collect(),
        trials: judged.rate.trials(),
        failures: judged.rate.failures(),
        rate: rounded(judged.rate.rate()),
        earlier_trials: judged.earlier.trials(),
        earlier_failures: judged.earlier.failures(),
        new: novelty.map(|novelty| *novelty == Novelty::New),
        known: novelty.and_then(|novelty| match novelty {
            Novelty::New => None,
            Novelty::Known(finding) => Some(known(finding)),
        }),
        quarantined: judged.quarantined.is_some(),
        rate_lower: rounded(judged.interval.0),
        rate_upper: rounded(judged.interval.1),
        role: order.role,
        polluters: order.polluters,
        state_setters: order.state_setters,
        cleaners: order.cleaners,
        complete: order.complete,
        owners: finding.as_ref().map(|finding| finding.owners.clone()).unwrap_or_default(),
        brief: finding.as_ref().map(|finding| brief(view, finding)),
        leaks: leaks(judged),
        message: failure.map(|failure| failure.message.clone()),
        place: failure.and_then(|failure| failure.place.as_ref()).map(Place::to_string),
        fingerprint: failure.map(|failure| failure.fingerprint.clone()),
        cluster: judged.cluster.map(|cluster| raw_id(view, cluster)),
        reason: judged.reason.clone(),
        causes: states(view, judged.case, finding.as_ref()),
        remarks: judged.remarks.clone(),
        repro: judged.repro.clone(),
        command: finding.map(|finding| finding.command.line().to_owned()),
    })
}

fn brief(view: &View<'_>, finding: &Finding) -> JsonBrief {
    let Brief { what, cause, place, repeat, sure, remedy, .. } = Brief::of(view, finding);
    JsonBrief { what, cause, place, repeat, sure, remedy }
}

/// The parts of the state that decide how a case ends.
fn states(view: &View<'_>, case: CaseIndex, finding: Option<&Finding>) -> Vec<JsonState> {
    let causes = view.record.diagnoses.get(&case).map(|diagnosis| diagnosis.causes.as_slice()).unwrap_or_default();
    let stories = finding.map(|finding| finding.states.as_slice()).unwrap_or_default();
    let states = causes.iter().zip(stories).map(|(cause, story)| JsonState {
        left_by: raw_id(view, cause.case),
        kind: serde_json::to_value(cause.mark.kind)
            .ok()
            .and_then(|kind| Some(kind.as_str()?.to_owned()))
            .unwrap_or_default(),
        name: cause.mark.name.clone(),
        before: cause.mark.before.clone(),
        after: cause.mark.after.clone(),
        chain: cause.mark.chain.clone(),
        read_at: cause.mark.read_at.clone(),
        fix: story.fix.clone(),
    });
    states.collect()
}

/// What a case's order-dependence is, field by field.
#[derive(Debug, Default)]
struct Orders {
    role: Option<JsonRole>,
    polluters: Option<Vec<Vec<String>>>,
    state_setters: Option<Vec<Vec<String>>>,
    cleaners: Option<Vec<String>>,
    complete: Option<bool>,
}

fn orders(view: &View<'_>, finding: Option<&Finding>) -> Orders {
    let Some(story) = finding.and_then(|finding| finding.order.as_ref()) else { return Orders::default() };
    let names = |cases: &[CaseIndex]| cases.iter().map(|case| raw_id(view, *case)).collect::<Vec<String>>();
    let sequences = story.sequences.iter().map(|sequence| names(sequence)).collect();
    let complete = Some(story.complete);
    match story.role {
        Role::Victim => Orders {
            role: Some(JsonRole::Victim),
            polluters: Some(sequences),
            cleaners: Some(names(&story.cleaners)),
            complete,
            ..Orders::default()
        },
        Role::Brittle => {
            Orders { role: Some(JsonRole::Brittle), state_setters: Some(sequences), complete, ..Orders::default() }
        }
        Role::Unknown => Orders { complete, ..Orders::default() },
    }
}

/// A case's id as it is: JSON escapes what can't be seen by itself.
fn raw_id(view: &View<'_>, case: CaseIndex) -> String {
    view.info(case).map_or_else(|| format!("case {case}"), |info| info.id.to_string())
}

fn causes(view: &View<'_>) -> Vec<JsonCause> {
    let cause = |cause: &Cause| JsonCause {
        verdict: cause.verdict.as_str().to_owned(),
        cases: cause.cases.iter().map(|case| raw_id(view, *case)).collect(),
    };
    view.judgement.causes.iter().map(cause).collect()
}

fn notes(view: &View<'_>) -> Vec<JsonNote> {
    let note = |note: &Note| JsonNote { case: note.case.map(|case| raw_id(view, case)), text: note.text.clone() };
    view.record.notes.iter().map(note).collect()
}

/// What it leaves behind.
fn leaks(judged: &CaseJudgement) -> Option<Vec<JsonLeak>> {
    let told = judged.leaks.iter().map(|leak| JsonLeak {
        kind: leak.kind.to_string(),
        count: leak.count,
        growth_per_trial: leak.growth.map(|growth| growth.per_trial),
        owner: leak.owner.clone(),
        place: leak.place.clone(),
    });
    (!judged.leaks.is_empty()).then(|| told.collect())
}
