//! A finding as a card: verdict, rate, order, command, failure, what to do.

use crate::model::statistics::Tally;
use crate::model::{CaseIndex, Position, RoundKind};
use crate::record::{RoundRecord, is_failure};
use crate::report::brief::Brief;
use crate::report::finding::{Finding, Novelty, OrderStory, Role};
use crate::report::html::difference::{Piece, pieces};
use crate::report::html::sides::Shown;
use crate::report::recipe;
use crate::report::summary::CauseStory;
use crate::report::text::bounded;
use crate::report::view::View;
use crate::report::words::percent;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use std::fmt::Write;

/// How much of a message a card holds, in bytes.
const MESSAGE: usize = 16 * 1024;

/// How many other cases are named.
const OTHERS: usize = 200;

/// How many rounds a card's strip draws.
const STRIP_ROWS: usize = 40;

/// How many cases of a chain are shown.
const CHIPS: usize = 12;

/// A finding as a card.
#[derive(Debug, Serialize)]
pub(super) struct Card {
    case: CaseIndex,
    /// Its page within the file.
    page: String,
    verdict: &'static str,
    what: String,
    cause: String,
    repeat: String,
    /// The runner's own line as it was tried, where it is not the one shown first.
    tried: Option<String>,
    sure: String,
    remedy: String,
    owners: String,
    /// Why it does not fail the gate.
    mark: Option<&'static str>,
    /// Whether it is new.
    novelty: Option<String>,
    /// What the history knows of it.
    known: Option<String>,
    /// Who keeps it from failing the gate.
    quarantine: Option<String>,
    id: String,
    title: String,
    others: Vec<String>,
    others_left: usize,
    rate: String,
    interval: Interval,
    kinds: Vec<String>,
    orders: Vec<Chain>,
    cleaners: Vec<Chip>,
    incomplete: bool,
    strip: Option<Strip>,
    courses: Vec<Course>,
    message: Vec<Piece>,
    message_left: usize,
    shown: Option<Shown>,
    place: String,
    seen: String,
    remarks: Vec<String>,
    command: String,
    means: &'static str,
    usual_cause: &'static str,
    impact: &'static str,
    fix: Vec<String>,
    /// All cases that it tells of.
    #[serde(skip)]
    members: Vec<CaseIndex>,
}

/// A failure rate with its interval, in percent.
#[derive(Debug, Serialize)]
struct Interval {
    text: String,
    rate: f64,
    lower: f64,
    upper: f64,
}

/// A minimal order as chips: what runs, and what that does to the case.
#[derive(Debug, Serialize)]
struct Chain {
    chips: Vec<Chip>,
    left_out: usize,
    outcome: &'static str,
}

/// A case in a chain.
#[derive(Debug, Serialize)]
struct Chip {
    case: CaseIndex,
    id: String,
    role: &'static str,
}

/// Rounds from above, each from left to right: where the case ran, how it ended, and where the accused ran.
#[derive(Debug, Serialize)]
struct Strip {
    rows: usize,
    columns: usize,
    height: usize,
    passed: String,
    failed: String,
    accused: String,
    text: String,
}

impl Card {
    pub(super) fn new(view: &View<'_>, cause: &CauseStory) -> Self {
        let finding = &cause.lead;
        let recipe = recipe(finding.kind);
        let order = finding.order.as_ref();
        let own = finding.states.iter().map(|state| format!("{}.", state.fix));
        let brief = Brief::of(view, finding);
        // Where the cause says all of it, the message is not told again.
        let message = if finding.message == brief.cause { "" } else { finding.message.as_str() };
        let (message, message_left) = bounded(message, MESSAGE);
        Self {
            members: cause.members.clone(),
            case: finding.case,
            page: page_of(&finding.id),
            what: brief.what,
            cause: brief.cause,
            repeat: brief.repeat,
            tried: brief.tried,
            sure: brief.sure,
            remedy: brief.remedy,
            owners: finding.owners.join(", "),
            verdict: finding.verdict.as_str(),
            mark: finding.mark(),
            novelty: finding.novelty.as_ref().map(Novelty::short),
            known: finding.known(view),
            quarantine: finding.quarantine.clone(),
            id: finding.id.clone(),
            // A test's name stands in its id already.
            title: if finding.id.ends_with(&finding.title) { finding.id.clone() } else { finding.title.clone() },
            others: cause.others.iter().take(OTHERS).cloned().collect(),
            others_left: cause.others.len().saturating_sub(OTHERS),
            rate: finding.rate.to_string(),
            interval: Interval::of(view, finding),
            kinds: finding.by_kind.iter().map(|(kind, rate)| format!("{kind} {rate}")).collect(),
            orders: order.map(|order| chains(view, order, finding)).unwrap_or_default(),
            cleaners: order.map(|order| chips(view, &order.cleaners, "cleaner")).unwrap_or_default(),
            incomplete: order.is_some_and(|order| !order.complete),
            strip: strip(view, finding),
            courses: finding.leaks.iter().filter_map(|(text, course)| Course::of(text, course)).collect(),
            message: pieces(message),
            message_left,
            shown: Shown::of(view, finding),
            place: finding.place_text(),
            seen: seen(finding),
            remarks: finding.remarks.iter().filter(|remark| **remark != finding.message).cloned().collect(),
            command: finding.command.line().to_owned(),
            means: recipe.means,
            usual_cause: recipe.usual_cause,
            impact: recipe.impact,
            fix: own.chain(recipe.fix.iter().map(|step| step.replace('`', ""))).collect(),
        }
    }
}

/// The address of a case's page within the file: the script shows it.
pub(super) fn page_of(id: &str) -> String {
    format!("#/case/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

impl Card {
    /// All cases that it tells of.
    pub(super) fn members(&self) -> &[CaseIndex] {
        &self.members
    }
}

/// What a case leaves behind, trial by trial, as a rising line.
#[derive(Debug, Serialize)]
struct Course {
    /// The line, in a box of 100 by 30.
    line: String,
    text: String,
}

impl Course {
    /// Nothing for what does not grow.
    fn of(text: &str, course: &[u64]) -> Option<Self> {
        let most = *course.last().filter(|most| **most > 0)? as f64;
        let mut line = "M0 30".to_owned();
        for (trial, count) in (1..).zip(course) {
            let (x, y) = (100.0 * f64::from(trial) / course.len() as f64, 30.0 - 28.0 * *count as f64 / most);
            let _ = write!(line, " L{x:.1} {y:.1}");
        }
        Some(Self { line, text: format!("{most} after {} trials: {text}", course.len()) })
    }
}

impl Interval {
    fn of(view: &View<'_>, finding: &Finding) -> Self {
        let (lower, upper) = finding.interval;
        let confidence = percent(view.record.header.policy.confidence);
        let text = format!("between {} and {} with {confidence} confidence", percent(lower), percent(upper));
        let hundred = |share: f64| (share * 1000.0).round() / 10.0;
        Self { text, rate: hundred(finding.rate.rate()), lower: hundred(lower), upper: hundred(upper) }
    }
}

fn chains(view: &View<'_>, order: &OrderStory, finding: &Finding) -> Vec<Chain> {
    let (accused, outcome) = match order.role {
        Role::Victim => ("polluter", "fails"),
        Role::Brittle => ("setter", "passes"),
        Role::Unknown => ("before", "fails"),
    };
    let chain = |sequence: &Vec<CaseIndex>| {
        // The last ones are nearest to what happens.
        let from = sequence.len().saturating_sub(CHIPS);
        let mut chips = chips(view, &sequence[from..], accused);
        chips.push(Chip { case: finding.case, id: finding.id.clone(), role: "case" });
        Chain { chips, left_out: from, outcome }
    };
    order.sequences.iter().map(chain).collect()
}

fn chips(view: &View<'_>, cases: &[CaseIndex], role: &'static str) -> Vec<Chip> {
    cases.iter().map(|case| Chip { case: *case, id: view.id(*case), role }).collect()
}

fn seen(finding: &Finding) -> String {
    let Some(seen) = &finding.seen else { return String::new() };
    let kind = seen.kind.map_or_else(String::new, |kind| format!(" ({kind})"));
    let seed = seen.seed.map_or_else(String::new, |seed| format!(", seed {seed}"));
    format!("{} in round {}{kind}{seed}, after {} other cases", seen.outcome, seen.round.ordinal(), seen.before.len())
}

/// What a strip draws of a round.
struct Line<'a> {
    round: &'a RoundRecord,
    position: Position,
    failed: bool,
    after: bool,
}

fn strip(view: &View<'_>, finding: &Finding) -> Option<Strip> {
    let accused: Vec<CaseIndex> =
        finding.order.as_ref().filter(|order| order.role != Role::Unknown)?.sequences.first()?.clone();
    let rounds = view.record.rounds.iter().filter(|round| round.is_planned() && round.kind != RoundKind::Alone);
    let lines: Vec<Line<'_>> = rounds.filter_map(|round| Line::of(round, finding.case, &accused)).collect();
    let columns = lines.iter().map(|line| line.round.slots.len()).max().filter(|columns| *columns > 1)?;
    // A mark must be seen in a long round too.
    let wide = (columns as f64 / 120.0).max(1.0);
    let mut strip = Strip {
        rows: lines.len().min(STRIP_ROWS),
        columns: columns + wide.ceil() as usize,
        // Few lines are drawn taller.
        height: lines.len().min(STRIP_ROWS) * if lines.len() <= 10 { 13 } else { 7 },
        passed: String::new(),
        failed: String::new(),
        accused: String::new(),
        text: sentence(&lines),
    };
    for (row, line) in lines.iter().take(STRIP_ROWS).enumerate() {
        let path = if line.failed { &mut strip.failed } else { &mut strip.passed };
        // Writing to a string can't fail.
        let _ = write!(path, "M{} {row}.1h{wide:.1}v.8h-{wide:.1}z", line.position);
        for (position, slot) in line.round.slots.iter().enumerate() {
            if accused.contains(&slot.case) {
                let _ = write!(strip.accused, "M{position} {row}.1h{wide:.1}v.8h-{wide:.1}z");
            }
        }
    }
    Some(strip)
}

impl<'a> Line<'a> {
    fn of(round: &'a RoundRecord, case: CaseIndex, accused: &[CaseIndex]) -> Option<Self> {
        let position = round.slots.iter().position(|slot| slot.case == case)?;
        let outcome = round.slots[position].outcome?;
        let mut wanted = accused.iter().peekable();
        for slot in &round.slots[..position] {
            wanted.next_if(|next| **next == slot.case);
        }
        Some(Self {
            round,
            position: Position::at(position),
            failed: is_failure(outcome),
            after: wanted.peek().is_none(),
        })
    }
}

/// What the strip shows, for those who don't see it.
fn sentence(lines: &[Line<'_>]) -> String {
    let (mut after, mut otherwise) = (Tally::default(), Tally::default());
    for line in lines {
        let rate = if line.after { &mut after } else { &mut otherwise };
        rate.count(line.failed);
    }
    let others = if otherwise.trials() > 0 { format!("; in the others {otherwise} times") } else { String::new() };
    if after.trials() == 0 {
        return format!("The accused never ran before it in a round; it failed {otherwise} times.");
    }
    format!("In rounds in which the accused ran before it, it failed {after} times{others}.")
}
