//! The final summary on a terminal: by cause, on one screen for ten findings, good at 80 columns and without colour.

use crate::model::{FindingKind, Verdict};
use crate::record::Record;
use crate::report::Context;
use crate::report::advice::Advice;
use crate::report::brief::Brief;
use crate::report::finding::{Finding, Novelty, Role, chain, polluters};
use crate::report::summary::{CauseStory, Summary};
use crate::report::text::{fold, one_line, shorten, width, wrap};
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::words::count;
use crate::verdict::{Gate, Judgement};

/// How the terminal looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether it shows colours.
    pub color: bool,
    /// Its width in columns; less than 40 counts as 40.
    pub width: usize,
}

/// More findings than this are only counted.
const SHOWN: usize = 10;

/// More entries of the quarantine that fail the gate are only counted.
const ENTRIES: usize = 5;

/// Up to so many findings are told at length.
const AT_LENGTH: usize = 3;

/// Renders the final summary. It ends with a line feed.
pub fn terminal(record: &Record, judgement: &Judgement, context: &Context, style: Style) -> String {
    let view = View::new(record, judgement, context);
    let summary = Summary::new(&view);
    let mut page = Page { view: &view, style: Style { width: style.width.max(40), ..style }, out: String::new() };
    page.banner(&summary);
    let at_length = summary.causes.len() <= AT_LENGTH;
    for (number, cause) in summary.causes.iter().take(SHOWN).enumerate() {
        if at_length || number == 0 {
            page.line("");
        }
        page.head(number + 1, cause);
        if at_length { page.at_length(cause) } else { page.in_short(cause) }
    }
    page.footer(&summary);
    page.out
}

/// What a piece of text is, as far as colour goes.
#[derive(Debug, Clone, Copy)]
enum Tone {
    Bad,
    Warning,
    Good,
    Quiet,
    Strong,
}

struct Page<'a> {
    view: &'a View<'a>,
    style: Style,
    out: String,
}

/// The column in which a finding's text begins.
const INDENT: usize = 3;

/// The width of a label such as `skipped`.
const LABEL: usize = 10;

impl Page<'_> {
    fn line(&mut self, text: &str) {
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    fn paint(&self, tone: Tone, text: &str) -> String {
        if !self.style.color {
            return text.to_owned();
        }
        let code = match tone {
            Tone::Bad => "1;31",
            Tone::Warning => "33",
            Tone::Good => "1;32",
            Tone::Quiet => "2",
            Tone::Strong => "1",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }

    /// Lines of text behind an indent, wrapped to the width.
    fn text(&mut self, indent: usize, text: &str) {
        for line in wrap(text, self.style.width - indent) {
            self.line(&format!("{:indent$}{line}", ""));
        }
    }

    /// A label and its text, continued below the text.
    fn labelled(&mut self, indent: usize, label: &str, text: &str) {
        let column = indent + LABEL + 1;
        for (at, line) in wrap(text, self.style.width.saturating_sub(column)).iter().enumerate() {
            let label = if at == 0 { self.paint(Tone::Quiet, &format!("{label:LABEL$}")) } else { " ".repeat(LABEL) };
            self.line(&format!("{:indent$}{label} {line}", ""));
        }
    }

    fn banner(&mut self, summary: &Summary) {
        let tone = match summary.outcome {
            Gate::Passed => Tone::Good,
            Gate::Failed | Gate::Error { .. } => Tone::Bad,
            Gate::Unproven { .. } | Gate::Interrupted => Tone::Warning,
        };
        let gate = self.paint(tone, &summary.gate);
        let indent = width(&summary.gate) + 2;
        let lines = wrap(&summary.headline, self.style.width.saturating_sub(indent));
        for (at, line) in lines.iter().enumerate() {
            let start = if at == 0 { format!("{gate}  ") } else { " ".repeat(indent) };
            self.line(&format!("{start}{line}"));
        }
        self.text(0, &summary.ran);
        self.text(0, &summary.evidence);
        if let Some(quarantine) = &summary.quarantine {
            self.text(0, &quarantine.size);
            for line in quarantine.failing.iter().take(ENTRIES) {
                self.text(INDENT, line);
            }
            if quarantine.failing.len() > ENTRIES {
                self.text(INDENT, &format!("… {} more in report.json", quarantine.failing.len() - ENTRIES));
            }
        }
    }

    /// ` 1 order_dependent  budget/spent[level=HIGH] +3 more  fails after budget/spend`
    fn head(&mut self, number: usize, cause: &CauseStory) {
        let finding = &cause.lead;
        let more = if cause.others.is_empty() { String::new() } else { format!(" +{} more", cause.others.len()) };
        let mark = finding.mark().map_or_else(String::new, |mark| format!(" ({mark})"));
        let novelty = if finding.novelty == Some(Novelty::New) { ", new" } else { "" };
        let word = format!("{}{mark}{novelty}", finding.verdict);
        let left = format!("{number:>2} {word}  {}{more}", finding.id);
        let shown = format!(
            "{number:>2} {}  {}{more}",
            self.paint(tone(finding), &word),
            self.paint(Tone::Strong, &finding.id)
        );
        let what = Brief::of(self.view, finding).what;
        if width(&left) + 2 + width(&what) <= self.style.width {
            self.line(&format!("{shown}  {what}"));
        } else {
            self.line(&shown);
            self.text(INDENT, &what);
        }
    }

    /// Five answers in full, since they decide, but for where: of that what fits two lines.
    fn in_short(&mut self, cause: &CauseStory) {
        let room = self.style.width - INDENT - LABEL - 1;
        let brief = Brief::of(self.view, &cause.lead);
        self.labelled(INDENT, "cause", &brief.cause);
        self.labelled(INDENT, "where", &one_line(&brief.location(), 2 * room - 20));
        self.uncut(INDENT, "repeat", &brief.repeat);
        self.labelled(INDENT, "sure", &brief.sure);
        self.labelled(INDENT, "remedy", &brief.remedy);
        // Its remedy speaks of it.
        if cause.lead.kind == FindingKind::Undiagnosed && brief.repeat != brief.command {
            self.uncut(INDENT, "command", &brief.command);
        }
    }

    /// The six answers in full, then what else is known.
    fn at_length(&mut self, cause: &CauseStory) {
        let finding = &cause.lead;
        let brief = Brief::of(self.view, finding);
        self.labelled(INDENT, "cause", &brief.cause);
        self.labelled(INDENT, "where", &brief.place);
        self.message(&brief.message);
        self.uncut(INDENT, "repeat", &brief.repeat);
        self.labelled(INDENT, "sure", &brief.sure);
        self.labelled(INDENT, "remedy", &brief.remedy);
        self.line("");
        if !finding.id.ends_with(&finding.title) {
            self.labelled(INDENT, "title", &finding.title);
        }
        self.order(finding);
        self.before(finding);
        if let Some(known) = finding.known(self.view) {
            self.labelled(INDENT, "history", &known);
        }
        if !finding.owners.is_empty() {
            self.labelled(INDENT, "owner", &finding.owners.join(", "));
        }
        if let Some(entry) = &finding.quarantine {
            self.labelled(INDENT, "held back", entry);
        }
        self.labelled(INDENT, "rounds", &finding.kinds());
        if !cause.others.is_empty() {
            self.labelled(INDENT, "also", &list(&cause.others, 5));
        }
        for remark in finding.remarks.iter().filter(|remark| **remark != finding.message).take(3) {
            self.labelled(INDENT, "note", remark);
        }
        if brief.repeat != brief.command {
            self.uncut(INDENT, "command", &brief.command);
        }
    }

    /// What failed, below the place.
    fn message(&mut self, message: &str) {
        const LINES: usize = 20;
        let indent = INDENT + LABEL + 1;
        let lines = fold(&without_margin(message), self.style.width.saturating_sub(indent + 2));
        for line in lines.iter().take(LINES) {
            self.line(&format!("{:indent$}| {line}", ""));
        }
        if lines.len() > LINES {
            let rest = count(lines.len() - LINES, "more line");
            self.line(&format!("{:indent$}| … {rest} in report.html", ""));
        }
    }

    /// A line that is there to be copied is never broken.
    fn uncut(&mut self, indent: usize, label: &str, line: &str) {
        let label = self.paint(Tone::Quiet, &format!("{label:LABEL$}"));
        self.line(&format!("{:indent$}{label} {}", "", self.paint(Tone::Strong, line)));
    }

    /// The orders beside the one that the first line names.
    fn order(&mut self, finding: &Finding) {
        let Some(order) = finding.order.as_ref().filter(|order| order.role != Role::Unknown) else { return };
        for sequence in order.sequences.iter().skip(1) {
            self.labelled(INDENT, "or", &format!("after {}", polluters(self.view, finding.case, sequence)));
        }
        if !order.cleaners.is_empty() {
            let names = list(&self.view.ids(&order.cleaners), 5);
            self.labelled(INDENT, "hidden", &format!("when one of these runs in between: {names}"));
        }
        if !order.complete {
            self.labelled(INDENT, "note", "there can be more such orders");
        }
    }

    /// What ran before it, where no minimal order is known.
    fn before(&mut self, finding: &Finding) {
        let known = finding.order.as_ref().is_some_and(|order| order.role != Role::Unknown);
        let Some(seen) = finding.seen.as_ref().filter(|_| !known) else { return };
        let kind = seen.kind.map_or_else(String::new, |kind| format!(" ({kind})"));
        let text = match seen.before.split_last_chunk::<3>() {
            _ if seen.before.is_empty() => "nothing: it was the first".to_owned(),
            Some((earlier, last)) if !earlier.is_empty() => {
                format!("{}, then {}", count(earlier.len(), "other"), chain(self.view, last))
            }
            _ => chain(self.view, &seen.before),
        };
        self.labelled(INDENT, "before it", &format!("{text}; in round {}{kind}", seen.round.ordinal()));
    }

    fn footer(&mut self, summary: &Summary) {
        if let Some(hidden) = summary.causes.len().checked_sub(SHOWN).filter(|hidden| *hidden > 0) {
            self.line(&format!("   … {} in report.html and report.json", count(hidden, "more finding")));
        }
        self.line("");
        self.reasons("unproven", &summary.unproven);
        self.reasons("skipped", &summary.skipped);
        let notes = summary.notes.len();
        for note in summary.notes.iter().take(if notes > 2 { 1 } else { 2 }) {
            let room = self.style.width - LABEL - 1;
            self.labelled(0, "note", &one_line(note, room));
        }
        if notes > 2 {
            self.labelled(0, "", &format!("{} in report.json", count(notes - 1, "more note")));
        }
        self.labelled(0, "coverage", &summary.coverage);
        if !summary.unmeasured.is_empty() {
            let parts: Vec<String> = summary.unmeasured.iter().map(|(kind, why)| format!("{kind}: {why}")).collect();
            self.labelled(0, "unmeasured", &shorten(&parts.join("; "), 3 * (self.style.width - LABEL - 1)));
        }
        self.labelled(0, "certainty", &summary.price);
        if !self.view.context.files.is_empty() {
            self.labelled(0, "files", &files(&self.view.context.run_dir, &self.view.context.files));
        }
        self.advice("next", &summary.next);
        for or in &summary.or {
            self.advice("or", or);
        }
    }

    /// What to do, and below it the line that does it.
    fn advice(&mut self, label: &str, advice: &Advice) {
        self.labelled(0, label, &advice.text);
        if let Some(line) = &advice.line {
            self.uncut(0, "", line);
        }
    }

    fn reasons(&mut self, label: &str, reasons: &[(String, usize)]) {
        const REASONS: usize = 3;
        if reasons.is_empty() {
            return;
        }
        let total: usize = reasons.iter().map(|(_, count)| count).sum();
        let mut parts: Vec<String> =
            reasons.iter().take(REASONS).map(|(reason, count)| format!("{} ({count})", one_line(reason, 60))).collect();
        if reasons.len() > REASONS {
            parts.push(count(reasons.len() - REASONS, "other reason"));
        }
        self.labelled(0, label, &format!("{}: {}", count(total, "case"), parts.join(", ")));
    }
}

fn tone(finding: &Finding) -> Tone {
    match (finding.weight, finding.verdict) {
        (Weight::Warns, _) => Tone::Warning,
        (Weight::Fails, Verdict::Leaky) => Tone::Warning,
        (Weight::Fails, _) => Tone::Bad,
    }
}

/// Files of one folder as `folder/: a, b`, others in full.
fn files(folder: &str, files: &[String]) -> String {
    let inside = format!("{folder}/");
    let (own, others): (Vec<&String>, Vec<&String>) = files.iter().partition(|file| file.starts_with(&inside));
    let names: Vec<&str> = own.iter().map(|file| &file[inside.len()..]).collect();
    let mut parts = Vec::new();
    if !names.is_empty() {
        parts.push(format!("{inside} {}", names.join(", ")));
    }
    parts.extend(others.into_iter().cloned());
    parts.join("; ")
}

/// The text without the spaces that all of its lines but the first begin with.
fn without_margin(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let rest: Vec<&str> = lines.collect();
    let indents = rest.iter().filter(|line| !line.trim().is_empty()).map(|line| line.len() - line.trim_start().len());
    let margin = indents.min().unwrap_or(0);
    let rest = rest.iter().map(|line| line.get(margin..).unwrap_or_default());
    std::iter::once(first.trim_start()).chain(rest).collect::<Vec<_>>().join("\n")
}

fn list(names: &[String], most: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(most).cloned().collect();
    if names.len() > most {
        shown.push(format!("{} more", names.len() - most));
    }
    shown.join(", ")
}
