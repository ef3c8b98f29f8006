//! A finding in words: everything that a reader is told of it, cleaned, before any format lays it out.

use crate::event::{HashSeeds, KnownFinding, QuarantineEntry};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, FindingKind, OutcomeKind, Place, RoundId, RoundKind, Seed, Verdict};
use crate::report::own_line::OwnLine;
pub(super) use crate::report::role::Role;
use crate::report::state::{StateStory, stories};
use crate::report::text::visible;
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::words::{count, day};
use crate::verdict::{CaseJudgement, Order};

/// A finding in words.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) case: CaseIndex,
    pub(super) verdict: Verdict,
    pub(super) kind: FindingKind,
    pub(super) weight: Weight,
    /// Who keeps it from failing the gate, and until when.
    pub(super) quarantine: Option<String>,
    /// Whether it is new, as far as a history knows.
    pub(super) novelty: Option<Novelty>,
    pub(super) id: String,
    pub(super) title: String,
    /// What failed, in one or more lines; never empty.
    pub(super) message: String,
    /// More to read; may be empty.
    pub(super) details: String,
    /// Where the expectation stands, else where the case does.
    pub(super) place: Place,
    pub(super) order: Option<OrderStory>,
    pub(super) seen: Option<Seen>,
    pub(super) rate: Tally,
    pub(super) interval: (f64, f64),
    /// By the kind of the round, in the kinds' order.
    pub(super) by_kind: Vec<(RoundKind, Tally)>,
    /// Alone, and in the accused order.
    pub(super) compared: Option<(Tally, Tally)>,
    /// What is missing for a proof, what decides, or what the suite's own runner says.
    pub(super) reason: Option<String>,
    /// The hash seeds that decide, where they do.
    pub(super) hash_seeds: Option<HashSeeds>,
    /// The state that decides, part by part.
    pub(super) states: Vec<StateStory>,
    /// Without the line of the suite's own runner.
    pub(super) remarks: Vec<String>,
    /// The line of the suite's own runner, where that shows it.
    pub(super) own: Option<OwnLine>,
    /// What it leaves behind, sentence and course.
    pub(super) leaks: Vec<(String, Vec<u64>)>,
    pub(super) command: Command,
    /// Who owns its file.
    pub(super) owners: Vec<String>,
}

/// Whether a finding is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Novelty {
    /// No earlier run found it.
    New,
    /// Earlier runs did.
    Known(KnownFinding),
}

/// How a case depends on the order.
#[derive(Debug, Clone)]
pub(super) struct OrderStory {
    pub(super) role: Role,
    /// Minimal sequences that make the difference, without the case itself; for a search that came to no end the
    /// smallest order known.
    pub(super) sequences: Vec<Vec<CaseIndex>>,
    pub(super) cleaners: Vec<CaseIndex>,
    pub(super) complete: bool,
}

/// The failure that is shown.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) round: RoundId,
    pub(super) kind: Option<RoundKind>,
    pub(super) seed: Option<Seed>,
    pub(super) outcome: OutcomeKind,
    /// What ran before it in its round.
    pub(super) before: Vec<CaseIndex>,
}

/// The command that shows a finding again.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// Runs its repro file.
    Repro(String),
    /// Examines a case that nobody examined to the end.
    Examine(String),
    /// Runs the whole plan again from its seed: there is no repro file.
    Plan(String),
}

impl Command {
    pub(super) fn line(&self) -> &str {
        match self {
            Self::Repro(line) | Self::Examine(line) | Self::Plan(line) => line,
        }
    }
}

impl View<'_> {
    /// The finding on a case, in words, if there is one.
    pub(super) fn finding(&self, case: CaseIndex) -> Option<Finding> {
        self.judged(case).and_then(|judged| of(self, judged))
    }
}

/// Puts a case's finding into words; `None` if it has none.
fn of(view: &View<'_>, judged: &CaseJudgement) -> Option<Finding> {
    let kind = *judged.findings.first().filter(|_| judged.verdict.is_finding())?;
    let info = view.info(judged.case)?;
    let failure = judged.failure.as_ref().and_then(|seen| seen.outcome.failure());
    let runner_line = judged.runner_line.as_ref();
    let own = runner_line.map(|line| OwnLine::of(line, kind, &view.record.header));
    // It has a place of its own.
    let sentence = runner_line.map(ToString::to_string);
    let others = judged.remarks.iter().filter(|remark| Some(*remark) != sentence.as_ref());
    let remarks: Vec<String> = others.map(|remark| visible(remark).into_owned()).collect();
    let message = match failure.map(|failure| visible(failure.message.trim())) {
        Some(message) if !message.is_empty() => message.into_owned(),
        _ => remarks.first().cloned().unwrap_or_else(|| crate::report::recipe(kind).means.to_owned()),
    };
    let declared = Place { file: info.file.clone(), line: info.line, column: 1 };
    let place = failure.and_then(|failure| failure.place.clone()).unwrap_or(declared);
    let order = judged.order.as_ref().map(|order| story(order, judged.case));
    Some(Finding {
        states: stories(view, judged.case, order.as_ref().map(|order| order.role)),
        case: judged.case,
        verdict: judged.verdict,
        kind,
        weight: view.weight(judged),
        quarantine: view.quarantined(judged).map(quarantined),
        novelty: novelty(view, judged.case, kind),
        id: view.id(judged.case),
        title: visible(&info.title).into_owned(),
        message,
        details: failure.map(|failure| visible(failure.details.trim()).into_owned()).unwrap_or_default(),
        place: Place { file: visible(&place.file).into_owned(), ..place },
        order,
        seen: seen(view, judged),
        rate: judged.rate,
        interval: judged.interval,
        by_kind: view.rates(judged.case).into_iter().filter(|(kind, _)| kind.is_planned()).collect(),
        compared: judged.compared,
        hash_seeds: judged.hash_seeds,
        reason: judged.reason.as_ref().map(|reason| visible(reason).into_owned()),
        remarks,
        own,
        leaks: judged.leaks.iter().map(|leak| (visible(&leak.text).into_owned(), leak.course.clone())).collect(),
        command: command(view, judged),
        owners: view.owners.of(&info.file),
    })
}

/// `ana, until 2026-12-31, https://example.org/7`.
fn quarantined(entry: &QuarantineEntry) -> String {
    let issue = entry.issue.as_deref().map_or_else(String::new, |issue| format!(", {issue}"));
    visible(&format!("{}, until {}{issue}", entry.owner, entry.until)).into_owned()
}

/// Nothing is said where no earlier run is known: everything would be new. What was not examined to the end is as known as
/// the case's last failure.
fn novelty(view: &View<'_>, case: CaseIndex, kind: FindingKind) -> Option<Novelty> {
    let past = view.record.header.background.past.as_ref().filter(|past| past.runs > 0)?;
    let mut of_case = past.known.iter().filter(|known| known.case == case);
    let known = match kind {
        FindingKind::Undiagnosed => {
            of_case.filter(|known| is_told_by_a_failure(known.kind)).max_by_key(|known| known.until)
        }
        kind => of_case.find(|known| known.kind == kind),
    };
    Some(known.map_or(Novelty::New, |known| Novelty::Known(known.clone())))
}

/// Whether a case fails that has such a finding.
fn is_told_by_a_failure(kind: FindingKind) -> bool {
    match kind {
        FindingKind::Broken
        | FindingKind::OrderDependent
        | FindingKind::Intermittent
        | FindingKind::EnvironmentDependent
        | FindingKind::Undiagnosed
        | FindingKind::Disagrees
        | FindingKind::NonIdempotent => true,
        FindingKind::LoopBound | FindingKind::Leak | FindingKind::Skipped => false,
    }
}

impl Novelty {
    /// `new`, or `known since 2026-11-01`.
    pub(super) fn short(&self) -> String {
        match self {
            Self::New => "new".to_owned(),
            Self::Known(known) => format!("known since {}", day(known.since)),
        }
    }

    /// In a sentence without a full stop.
    pub(super) fn sentence(&self, earlier_runs: u32) -> String {
        match self {
            Self::New => format!("new: none of {} found it", count(earlier_runs as usize, "earlier run")),
            Self::Known(known) => format!(
                "known since {} (run {}), found by {} of {}, last on {}",
                day(known.since),
                visible(&known.run),
                known.runs,
                count(earlier_runs as usize, "earlier run"),
                day(known.until)
            ),
        }
    }
}

fn seen(view: &View<'_>, judged: &CaseJudgement) -> Option<Seen> {
    let failure = judged.failure.as_ref()?;
    let round = view.record.round(failure.round);
    Some(Seen {
        round: failure.round,
        kind: round.map(|round| round.kind),
        seed: round.map(|round| round.seed),
        outcome: failure.outcome.kind(),
        before: view.record.before(failure),
    })
}

fn story(order: &Order, case: CaseIndex) -> OrderStory {
    match order {
        Order::Victim { polluters, cleaners, complete } => OrderStory {
            role: Role::Victim,
            sequences: polluters.clone(),
            cleaners: cleaners.clone(),
            complete: *complete,
        },
        Order::Brittle { state_setters, complete } => OrderStory {
            role: Role::Brittle,
            sequences: state_setters.clone(),
            cleaners: Vec::new(),
            complete: *complete,
        },
        Order::NotMinimised { order } => {
            let before = order.strip_suffix(&[case]).unwrap_or(order);
            OrderStory { role: Role::Unknown, sequences: vec![before.to_vec()], cleaners: Vec::new(), complete: false }
        }
    }
}

/// How much time is proposed for a case that was not examined to the end.
const LONGER: &str = "30m";

fn command(view: &View<'_>, judged: &CaseJudgement) -> Command {
    if judged.verdict == Verdict::Undiagnosed {
        let id = view.record.case(judged.case).map_or("", |info| info.id.as_str());
        let words = ["minimise", view.context.run_dir.as_str(), id, "--max-time", LONGER];
        return Command::Examine(view.context.command(words));
    }
    match &judged.repro {
        Some(repro) => Command::Repro(view.context.repro_command(repro, &view.record.header.subject.arguments)),
        None => {
            let header = &view.record.header;
            let seed = header.seed.to_string();
            let arguments = header.subject.arguments.iter().map(String::as_str);
            let mut words = vec!["run", "--seed", seed.as_str()];
            // What a case leaves behind shows without the others.
            let id = view.record.case(judged.case).map(|info| info.id.as_str());
            let alone = judged.failure.is_none() && !judged.leaks.is_empty();
            if let Some(id) = id.filter(|_| alone) {
                words.extend(["--filter", id]);
            }
            Command::Plan(view.context.command(words.into_iter().chain(arguments)))
        }
    }
}

impl Finding {
    /// Why it does not fail the gate, in a word.
    pub(super) fn mark(&self) -> Option<&'static str> {
        match (self.weight, &self.quarantine) {
            (_, Some(_)) => Some("quarantined"),
            (Weight::Warns, None) => Some("warns"),
            (Weight::Fails, None) => None,
        }
    }

    /// What the history knows of it, in a sentence without a full stop.
    pub(super) fn known(&self, view: &View<'_>) -> Option<String> {
        let runs = view.record.header.background.past.as_ref().map_or(0, |past| past.runs);
        self.novelty.as_ref().map(|novelty| novelty.sentence(runs))
    }

    /// `declared 0 of 1, reverse 1 of 1, shuffle 2 of 5`.
    pub(super) fn kinds(&self) -> String {
        let parts: Vec<String> = self.by_kind.iter().map(|(kind, rate)| format!("{kind} {rate}")).collect();
        parts.join(", ")
    }

    /// The name of the place: `file:line:column`, without the column where it says nothing.
    pub(super) fn place_text(&self) -> String {
        if self.place.file.is_empty() {
            return "its file is not known".to_owned();
        }
        match self.place.column {
            0 | 1 => format!("{}:{}", self.place.file, self.place.line),
            _ => self.place.to_string(),
        }
    }
}

/// How many cases of a sequence are named in a sentence.
const NAMED: usize = 4;

/// What a case fails after, which can be the case itself.
pub(super) fn polluters(view: &View<'_>, case: CaseIndex, sequence: &[CaseIndex]) -> String {
    if *sequence == [case] { "itself".to_owned() } else { chain(view, sequence) }
}

/// `a`, `a, then b`.
pub(super) fn chain(view: &View<'_>, sequence: &[CaseIndex]) -> String {
    let mut parts = view.ids(&sequence[..sequence.len().min(NAMED)]);
    if sequence.len() > NAMED {
        parts.push(format!("{} more", sequence.len() - NAMED));
    }
    parts.join(", then ")
}
