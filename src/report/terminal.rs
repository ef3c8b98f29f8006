//! The final summary on a terminal: by cause, on one screen for ten findings, good at 80 columns and without colour.

use crate::model::Verdict;
use crate::record::Record;
use crate::report::Context;
use crate::report::finding::{Finding, Novelty, OrderStory, Role, chain, polluters};
use crate::report::summary::{CauseStory, Summary};
use crate::report::text::{one_line, shorten, width, wrap};
use crate::report::view::View;
use crate::report::weight::Weight;
use crate::report::words::{count, grouped};
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

    /// A command stands on a line of its own and is never broken: it is there to be copied.
    fn command(&mut self, finding: &Finding) {
        let line = finding.command.line();
        self.line(&format!("{:INDENT$}$ {}", "", self.paint(Tone::Strong, line)));
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

    /// ` 1 order_dependent  budget/spent[level=HIGH] +3 more       3 of 7`
    fn head(&mut self, number: usize, cause: &CauseStory) {
        let finding = &cause.lead;
        let more = if cause.others.is_empty() { String::new() } else { format!(" +{} more", cause.others.len()) };
        let mark = finding.mark().map_or_else(String::new, |mark| format!(" ({mark})"));
        let novelty = if finding.novelty == Some(Novelty::New) { ", new" } else { "" };
        let word = format!("{}{mark}{novelty}", finding.verdict);
        let rate = format!("{} failed", finding.rate);
        let left = format!("{number:>2} {word}  {}{more}", finding.id);
        let painted = self.paint(tone(finding), &word);
        let shown = format!("{number:>2} {painted}  {}{more}", self.paint(Tone::Strong, &finding.id));
        let gap = self.style.width.saturating_sub(width(&left) + width(&rate));
        if gap >= 2 {
            self.line(&format!("{shown}{:gap$}{}", "", self.paint(Tone::Quiet, &rate)));
        } else {
            self.line(&shown);
        }
    }

    /// Three lines: what failed and where, what makes it fail, how to see it.
    fn in_short(&mut self, cause: &CauseStory) {
        let finding = &cause.lead;
        let room = self.style.width - INDENT;
        let place = finding.place_text();
        let message = one_line(&finding.message, room.saturating_sub(width(&place) + 2).max(room / 2));
        let line = format!("{message}  {place}");
        if width(&line) <= room {
            self.line(&format!("{:INDENT$}{message}  {}", "", self.paint(Tone::Quiet, &place)));
        } else {
            self.line(&format!("{:INDENT$}{}", "", one_line(&finding.message, room)));
        }
        if let Some(state) = finding.states.first() {
            self.text(INDENT, &state.sentence);
        }
        let why = finding.how_it_fails(self.view);
        self.line(&format!("{:INDENT$}{}", "", shorten(&why, room)));
        self.command(finding);
    }

    fn at_length(&mut self, cause: &CauseStory) {
        const LINES: usize = 8;
        let finding = &cause.lead;
        if finding.title != finding.id {
            self.text(INDENT, &finding.title);
        }
        let lines = wrap(&finding.message, self.style.width - INDENT - 2);
        for line in lines.iter().take(LINES) {
            self.line(&format!("{:INDENT$}| {line}", ""));
        }
        if lines.len() > LINES {
            let rest = count(lines.len() - LINES, "more line");
            self.line(&format!("{:INDENT$}| … {rest} in report.html", ""));
        }
        self.labelled(INDENT, "at", &finding.place_text());
        for state in &finding.states {
            self.labelled(INDENT, "because", &state.sentence);
            self.labelled(INDENT, "mend", &state.fix);
        }
        match &finding.order {
            Some(order) => self.order(order, finding),
            None => self.labelled(INDENT, "because", &finding.root_cause(self.view)),
        }
        self.before(finding);
        if let Some(known) = finding.known(self.view) {
            self.labelled(INDENT, "history", &known);
        }
        if let Some(entry) = &finding.quarantine {
            self.labelled(INDENT, "held back", entry);
        }
        if let Some((alone, in_order)) = finding.compared {
            self.labelled(INDENT, "failed", &format!("alone {alone}, in the order {in_order}; {}", finding.kinds()));
        } else {
            self.labelled(INDENT, "failed", &finding.kinds());
        }
        if !cause.others.is_empty() {
            self.labelled(INDENT, "also", &list(&cause.others, 5));
        }
        for remark in finding.remarks.iter().filter(|remark| **remark != finding.message).take(3) {
            self.labelled(INDENT, "note", remark);
        }
        self.command(finding);
    }

    fn order(&mut self, order: &OrderStory, finding: &Finding) {
        let verb = match order.role {
            Role::Victim => "fails",
            Role::Brittle => "passes",
            Role::Unknown => {
                self.labelled(INDENT, "because", &finding.root_cause(self.view));
                return;
            }
        };
        for (at, sequence) in order.sequences.iter().enumerate() {
            let label = if at == 0 { verb } else { "or" };
            self.labelled(INDENT, label, &format!("after {}", polluters(self.view, finding.case, sequence)));
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
                format!("{} others, then {}", grouped(earlier.len()), chain(self.view, last))
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
        self.labelled(0, "next", &summary.next);
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

fn list(names: &[String], most: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(most).cloned().collect();
    if names.len() > most {
        shown.push(format!("{} more", names.len() - most));
    }
    shown.join(", ")
}
