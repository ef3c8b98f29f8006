//! A failing trial beside a passing one of the same case: the code where it failed, and what each of the two wrote.

use crate::model::{Excerpt, RoundId};
use crate::report::finding::Finding;
use crate::report::text::visible;
use crate::report::view::View;
use regex::Regex;
use similar::{Algorithm, DiffTag, capture_diff_slices};

/// How many lines of a log are compared.
const LINES: usize = 400;

/// How many bytes of a log are compared.
const BYTES: usize = 16 * 1024;

/// What stands before each part that pytest captured.
const CAPTURED: &str = "--- Captured ";

/// What a failure has to read besides its message.
#[derive(Debug)]
pub(super) struct Beside {
    /// Source lines around the place, with the number of the first one, where the details have none.
    pub(super) excerpt: Option<Excerpt>,
    /// Code and stack of the failure, or all of its details where no log is told from them.
    pub(super) code: String,
    /// What the failing and a passing trial wrote, if either wrote something.
    pub(super) logs: Option<Logs>,
    /// Where a pass was looked at and nothing was captured of either, the round of that pass.
    pub(super) silent: Option<RoundId>,
}

/// Two logs, line by line.
#[derive(Debug)]
pub(super) struct Logs {
    pub(super) failed: RoundId,
    pub(super) passed: RoundId,
    pub(super) rows: Vec<Row>,
    /// How many lines of the longer one are not compared.
    pub(super) left_out: usize,
}

/// A row of the comparison: what stands on each side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// The same on both sides, but for times and addresses.
    Same { failed: String, passed: String },
    /// Not the same. A side that has fewer lines has nothing here.
    Differs { failed: Option<String>, passed: Option<String> },
}

impl Beside {
    pub(super) fn of(view: &View<'_>, finding: &Finding) -> Self {
        let seen = view.judged(finding.case).and_then(|judged| judged.failure.as_ref());
        let excerpt = seen.and_then(|seen| seen.excerpt.as_ref()).map(|excerpt| Excerpt {
            lines: excerpt.lines.iter().map(|line| visible(line).into_owned()).collect(),
            ..excerpt.clone()
        });
        let output = view.record.outputs.get(&finding.case);
        let whole = |silent| Self { excerpt: excerpt.clone(), code: finding.details.clone(), logs: None, silent };
        let (Some(seen), Some(output)) = (seen, output) else { return whole(None) };
        let passed = visible(output.text.trim()).into_owned();
        let (code, failed) = parted(&finding.details);
        if failed.is_empty() && passed.is_empty() {
            return whole(Some(output.round));
        }
        // Without a heading the details of a failure are its log, if a pass has one.
        let (code, failed) = match code.len() < finding.details.len() || passed.starts_with(CAPTURED) {
            true => (code, failed),
            false => ("", finding.details.as_str()),
        };
        let logs = Logs::of((seen.round, failed), (output.round, &passed));
        Self { excerpt, code: code.to_owned(), logs: Some(logs), silent: None }
    }
}

/// The code and the log of a failure as pytest tells them.
fn parted(details: &str) -> (&str, &str) {
    let at = if details.starts_with(CAPTURED) { Some(0) } else { details.find(&format!("\n{CAPTURED}")) };
    let (code, log) = details.split_at(at.unwrap_or(details.len()));
    (code, log.trim_start_matches('\n'))
}

impl Logs {
    fn of((failed, one): (RoundId, &str), (passed, other): (RoundId, &str)) -> Self {
        let (one, one_left) = lines(one);
        let (other, other_left) = lines(other);
        Self { failed, passed, rows: rows(&one, &other), left_out: one_left.max(other_left) }
    }

    /// How many rows are not the same.
    pub(super) fn differing(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row, Row::Differs { .. })).count()
    }
}

/// The lines that are compared, and how many are not.
fn lines(text: &str) -> (Vec<&str>, usize) {
    let all = text.lines().count();
    let mut room = BYTES;
    let fits = |line: &&str| {
        let fits = line.len() < room;
        room = room.saturating_sub(line.len() + 1);
        fits
    };
    let kept: Vec<&str> = text.lines().take(LINES).take_while(fits).collect();
    let left = all - kept.len();
    (kept, left)
}

/// Both texts as rows.
fn rows(failed: &[&str], passed: &[&str]) -> Vec<Row> {
    let noise = Noise::new();
    let keys = |lines: &[&str]| lines.iter().map(|line| noise.without(line)).collect::<Vec<String>>();
    let mut rows = Vec::new();
    for part in capture_diff_slices(Algorithm::Myers, &keys(failed), &keys(passed)) {
        let one = failed.get(part.old_range()).unwrap_or_default();
        let other = passed.get(part.new_range()).unwrap_or_default();
        match part.tag() {
            DiffTag::Equal => rows.extend(
                one.iter()
                    .zip(other)
                    .map(|(one, other)| Row::Same { failed: (*one).to_owned(), passed: (*other).to_owned() }),
            ),
            DiffTag::Delete | DiffTag::Insert | DiffTag::Replace => pair_up(one, other, &mut rows),
        }
    }
    rows
}

/// Lines that differ, those of both sides beside each other.
fn pair_up(failed: &[&str], passed: &[&str], rows: &mut Vec<Row>) {
    for at in 0..failed.len().max(passed.len()) {
        let line = |side: &[&str]| side.get(at).map(|line| (*line).to_owned());
        rows.push(Row::Differs { failed: line(failed), passed: line(passed) });
    }
}

/// What differs between any two trials and tells nothing: times, dates, addresses, ports, the marks of mock answers.
struct Noise(Regex);

impl Noise {
    fn new() -> Self {
        let pattern = r"(?x)
            \d{4}-\d\d-\d\d | \d\d:\d\d:\d\d(?:[.,]\d+)? | 0x[0-9a-fA-F]+ | \[sf-[0-9a-f]+\]
            | \d+(?:\.\d+)?\s?(?:ns|µs|us|ms|s|secs?|seconds?)\b | (?:127\.0\.0\.1|localhost):\d+ | \bsf-\w+/\w+";
        Self(Regex::new(pattern).expect("a constant expression that a test compiles"))
    }

    fn without(&self, line: &str) -> String {
        self.0.replace_all(line.trim_end(), "~").into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn told(failed: &str, passed: &str) -> Vec<String> {
        let logs = Logs::of((RoundId(1), failed), (RoundId(0), passed));
        let side = |line: &Option<String>| line.clone().unwrap_or_else(|| "-".to_owned());
        let row = |row: &Row| match row {
            Row::Same { failed, .. } => format!("= {failed}"),
            Row::Differs { failed, passed } => format!("{} | {}", side(failed), side(passed)),
        };
        logs.rows.iter().map(row).collect()
    }

    #[test]
    fn lines_that_differ_stand_beside_each_other() {
        assert_eq!(told("a\nb\nc", "a\nx\nc"), ["= a", "b | x", "= c"]);
        assert_eq!(told("a\nc", "a\nb\nc"), ["= a", "- | b", "= c"]);
        assert_eq!(told("", "a"), ["- | a"]);
        assert_eq!(told("a\nb", "b\nc"), ["a | -", "= b", "- | c"]);
    }

    #[test]
    fn times_and_addresses_are_no_difference() {
        let same = [
            ("took 0.01s", "took 12 s"),
            ("at 0x7f00aa", "at 0x7f00ab"),
            ("2026-11-28 10:00:01,123 INFO up", "2026-11-29 11:00:01,124 INFO up"),
            ("GET http://127.0.0.1:4711/x", "GET http://127.0.0.1:4712/x"),
        ];
        for (one, other) in same {
            assert_eq!(told(one, other), [format!("= {one}")]);
        }
        assert_eq!(told("price 3", "price 4"), ["price 3 | price 4"]);
    }

    #[test]
    fn the_log_of_pytest_is_told_from_the_code() {
        assert_eq!(
            parted("def f():\n>   no\n--- Captured stdout call\nhi\n"),
            ("def f():\n>   no", "--- Captured stdout call\nhi\n")
        );
        assert_eq!(parted("--- Captured log call\nhi"), ("", "--- Captured log call\nhi"));
        assert_eq!(parted("code"), ("code", ""));
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]
        #[test]
        fn no_line_is_lost_and_none_is_told_twice(
            failed in ".{0,3}(\n[ab]{0,2}){0,8}",
            passed in "(\n?[ab]{0,2}){0,8}",
        ) {
            let logs = Logs::of((RoundId(1), &failed), (RoundId(0), &passed));
            let (mut left, mut right) = (Vec::new(), Vec::new());
            for row in logs.rows {
                match row {
                    Row::Same { failed, passed } => {
                        left.push(failed);
                        right.push(passed);
                    }
                    Row::Differs { failed, passed } => {
                        prop_assert!(failed.is_some() || passed.is_some());
                        left.extend(failed);
                        right.extend(passed);
                    }
                }
            }
            prop_assert_eq!(left, failed.lines().collect::<Vec<_>>());
            prop_assert_eq!(right, passed.lines().collect::<Vec<_>>());
        }
    }
}
