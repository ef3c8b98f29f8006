//! Code and logs of a failure, as a card shows them: source, stack, and the failing trial's log beside a passing one's.

use crate::model::Excerpt;
use crate::report::beside::{Beside, Logs, Row};
use crate::report::finding::Finding;
use crate::report::html::colours::coloured;
use crate::report::html::difference::Piece;
use crate::report::text::bounded;
use crate::report::view::View;
use crate::report::words::count;
use serde::Serialize;
use std::fmt::Write;

/// How much code and stack a card holds, in bytes.
const CODE: usize = 16 * 1024;

/// What a card shows of code and logs, folded.
#[derive(Debug, Serialize)]
pub(super) struct Shown {
    /// What is said of it while it is folded.
    summary: String,
    excerpt: Vec<Piece>,
    code: Vec<Piece>,
    code_left: usize,
    sides: Option<Sides>,
    /// What is to be known where no logs stand beside each other.
    remark: Option<String>,
}

/// Two logs beside each other.
#[derive(Debug, Serialize)]
struct Sides {
    failed: Side,
    passed: Side,
    left_out: usize,
}

/// One of the two: its lines, those that differ as pieces of their own, and blank ones where only the other has a line.
#[derive(Debug, Serialize)]
struct Side {
    title: String,
    pieces: Vec<Piece>,
}

impl Shown {
    /// Nothing where a failure has no more than its message.
    pub(super) fn of(view: &View<'_>, finding: &Finding) -> Option<Self> {
        let beside = Beside::of(view, finding);
        let (code, code_left) = bounded(&beside.code, CODE);
        let excerpt = beside.excerpt.as_ref().map(|excerpt| numbered(excerpt, finding.place.line)).unwrap_or_default();
        if code.is_empty() && excerpt.is_empty() && beside.logs.is_none() {
            return None;
        }
        let remark = beside.silent.map(|round| {
            format!(
                "It wrote nothing that was captured, neither here nor in round {}, in which it passed.",
                round.ordinal()
            )
        });
        let summary = match &beside.logs {
            Some(logs) => format!("Code and log, beside a trial that passed: {}", differing(logs)),
            None => "Code and log of the failure".to_owned(),
        };
        let sides = beside.logs.as_ref().map(Sides::of);
        Some(Self { summary, excerpt, code: coloured(code), code_left, sides, remark })
    }
}

fn differing(logs: &Logs) -> String {
    match logs.differing() {
        0 => "no line differs".to_owned(),
        1 => "1 line differs".to_owned(),
        lines => format!("{} differ", count(lines, "line")),
    }
}

/// Source lines with their numbers; the one of the failure stands out.
fn numbered(excerpt: &Excerpt, own: u32) -> Vec<Piece> {
    let last = excerpt.first.saturating_add(u32::try_from(excerpt.lines.len()).unwrap_or(u32::MAX));
    let width = last.to_string().len();
    let mut pieces = Vec::new();
    for (number, line) in (excerpt.first..).zip(&excerpt.lines) {
        if number == own {
            pieces.push(Piece::new(&format!("> {number:width$}  {line}\n"), "at"));
        } else {
            pieces.push(Piece::new(&format!("  {number:width$}  "), "comment"));
            pieces.extend(coloured(&format!("{line}\n")));
        }
    }
    pieces
}

impl Sides {
    fn of(logs: &Logs) -> Self {
        let (mut failed, mut passed) = (Lines::default(), Lines::default());
        for row in &logs.rows {
            match row {
                Row::Same { failed: one, passed: other } => {
                    failed.plain(one);
                    passed.plain(other);
                }
                Row::Differs { failed: one, passed: other } => {
                    failed.differing(one.as_deref());
                    passed.differing(other.as_deref());
                }
            }
        }
        let side = |word: &str, round: u32, lines: Lines| Side {
            title: format!("{word} in round {round}"),
            pieces: lines.finish(),
        };
        Self {
            failed: side("Failed", logs.failed.ordinal(), failed),
            passed: side("Passed", logs.passed.ordinal(), passed),
            left_out: logs.left_out,
        }
    }
}

/// Gathers lines that are alike in one piece.
#[derive(Default)]
struct Lines {
    pieces: Vec<Piece>,
    plain: String,
}

impl Lines {
    fn plain(&mut self, line: &str) {
        // Writing to a string can't fail.
        let _ = writeln!(self.plain, "{line}");
    }

    fn differing(&mut self, line: Option<&str>) {
        self.flush();
        self.pieces.push(match line {
            Some(line) => Piece::new(&format!("{line}\n"), "differs"),
            None => Piece::new("\n", "gap"),
        });
    }

    fn flush(&mut self) {
        if !self.plain.is_empty() {
            self.pieces.push(Piece::new(&std::mem::take(&mut self.plain), ""));
        }
    }

    fn finish(mut self) -> Vec<Piece> {
        self.flush();
        self.pieces
    }
}
