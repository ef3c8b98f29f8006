//! `quarantine.toml`: read with every mistake named by its line, and edited without touching what stands around.

use crate::event::QuarantineEntry;
use crate::history::past::kind;
use crate::model::statistics::Tally;
use crate::model::{CaseId, FindingKind};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What stands above the first entry of a new file.
const HEAD: &str = "\
# Cases whose known findings do not fail the gate, until a day. They still run and are reported.
# This file may only shrink: mend a case, then `steadfast quarantine prune`. See docs/quarantine.md.
";

/// The keys of an entry.
const KEYS: [&str; 6] = ["id", "findings", "owner", "until", "issue", "seen"];

/// The quarantine file: its text, and what it says.
#[derive(Debug, Clone, PartialEq)]
pub struct QuarantineFile {
    text: String,
    entries: Vec<QuarantineEntry>,
}

/// What is wrong in a quarantine file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QuarantineProblem {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong, and what to do.
    pub what: String,
}

/// Reads values, and collects what is wrong with them.
struct Reader<'t> {
    text: &'t str,
    problems: Vec<QuarantineProblem>,
}

impl QuarantineFile {
    /// A file without entries.
    pub fn new() -> Self {
        Self { text: HEAD.to_owned(), entries: Vec::new() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read(text: &str) -> Result<Self, Vec<QuarantineProblem>> {
        let mut reader = Reader { text, problems: Vec::new() };
        let entries = reader.file();
        if !reader.problems.is_empty() {
            reader.problems.sort();
            return Err(reader.problems);
        }
        Ok(Self { text: text.to_owned(), entries })
    }

    /// The entries as they are written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The entries, in the file's order.
    pub fn entries(&self) -> &[QuarantineEntry] {
        &self.entries
    }

    /// Adds an entry at the end.
    pub fn add(&mut self, mut entry: QuarantineEntry) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        entry.line = self.text.lines().count() as u32 + 2;
        let quoted = |text: &str| serde_json::Value::from(text).to_string().replace('\u{7f}', "\\u007F");
        let findings: Vec<String> = entry.findings.iter().map(|kind| format!("\"{kind}\"")).collect();
        let _ = write!(self.text, "\n[[case]]\nid = {}\n", quoted(entry.case.as_str()));
        if !findings.is_empty() {
            let _ = writeln!(self.text, "findings = [{}]", findings.join(", "));
        }
        let _ = writeln!(self.text, "owner = {}\nuntil = {}", quoted(&entry.owner), entry.until);
        if let Some(issue) = &entry.issue {
            let _ = writeln!(self.text, "issue = {}", quoted(issue));
        }
        if let Some(seen) = entry.seen {
            let _ = writeln!(self.text, "seen = \"{seen}\"");
        }
        self.entries.push(entry);
    }

    /// Removes the entries of these cases, with the comments right above each; the rest stays as it is written.
    pub fn remove(&mut self, cases: &BTreeSet<CaseId>) {
        let lines: Vec<&str> = self.text.split_inclusive('\n').collect();
        let starts: Vec<usize> = self.entries.iter().map(|entry| begin(&lines, entry.line as usize - 1)).collect();
        let mut text: String = lines[..starts.first().copied().unwrap_or(lines.len())].concat();
        let mut entries = Vec::new();
        for (at, entry) in self.entries.iter().enumerate() {
            let end = starts.get(at + 1).copied().unwrap_or(lines.len());
            if cases.contains(&entry.case) {
                continue;
            }
            let moved = entry.line as usize - 1 - starts[at];
            let line = (text.lines().count() + moved + 1) as u32;
            text.push_str(&lines[starts[at]..end].concat());
            entries.push(QuarantineEntry { line, ..entry.clone() });
        }
        // An entry at the end leaves the blank line above it behind.
        while text.ends_with("\n\n") {
            text.pop();
        }
        *self = Self { text, entries };
    }
}

impl Default for QuarantineFile {
    fn default() -> Self {
        Self::new()
    }
}

/// The line where what belongs to an entry begins: its header, or the comments right above it.
fn begin(lines: &[&str], header: usize) -> usize {
    let above = lines[..header.min(lines.len())].iter().rev();
    header - above.take_while(|line| line.trim_start().starts_with('#')).count()
}

impl Reader<'_> {
    fn problem(&mut self, at: Range<usize>, what: impl Into<String>) {
        let line = self.line(at.start);
        self.problems.push(QuarantineProblem { line, what: what.into() });
    }

    fn line(&self, byte: usize) -> u32 {
        let before = self.text.get(..byte).unwrap_or(self.text);
        before.matches('\n').count() as u32 + 1
    }

    fn file(&mut self) -> Vec<QuarantineEntry> {
        let table = match DeTable::parse(self.text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let at = error.span().unwrap_or(0..0);
                self.problem(at, format!("not TOML: {}", error.message()));
                return Vec::new();
            }
        };
        let mut entries = Vec::new();
        for (key, value) in &table {
            if key.get_ref().as_ref() != "case" {
                self.problem(key.span(), format!("unknown key `{}`: entries begin with [[case]]", key.get_ref()));
                continue;
            }
            let DeValue::Array(cases) = value.get_ref() else {
                self.problem(value.span(), "entries begin with [[case]], in two brackets");
                continue;
            };
            for case in cases.iter() {
                entries.extend(self.entry(case));
            }
        }
        let mut first: BTreeMap<CaseId, u32> = BTreeMap::new();
        for entry in &entries {
            if let Some(line) = first.get(&entry.case) {
                let what = format!("`{}` has an entry already, in line {line}: keep one of them", entry.case);
                self.problems.push(QuarantineProblem { line: entry.line, what });
            } else {
                first.insert(entry.case.clone(), entry.line);
            }
        }
        entries
    }

    fn entry(&mut self, value: &Spanned<DeValue<'_>>) -> Option<QuarantineEntry> {
        let at = value.span();
        let DeValue::Table(table) = value.get_ref() else {
            self.problem(at, "an entry is a table: it begins with [[case]]");
            return None;
        };
        for key in table.keys().filter(|key| !KEYS.contains(&key.get_ref().as_ref())) {
            self.problem(key.span(), format!("unknown key `{}`: {} are known", key.get_ref(), KEYS.join(", ")));
        }
        let id = self.text_of(table, "id");
        let owner = self.text_of(table, "owner");
        let (issue, seen) = (self.text_of(table, "issue"), self.text_of(table, "seen"));
        let until = self.until(table);
        let findings = self.findings(table);
        let missing = |reader: &mut Self, key: &str, example: &str| {
            if !table.iter().any(|(name, _)| name.get_ref().as_ref() == key) {
                reader.problem(at.clone(), format!("the entry has no `{key}`: write {key} = {example}"));
            }
        };
        missing(self, "id", "\"the case's id\"");
        missing(self, "owner", "\"who sees to it\"");
        missing(self, "until", "2026-12-31");
        let seen = match seen {
            None => None,
            Some((text, at)) => match rate(&text) {
                None => {
                    self.problem(at, format!("`{text}` does not say how often it failed: write \"3 of 50\""));
                    None
                }
                rate => rate,
            },
        };
        Some(QuarantineEntry {
            case: CaseId::new(id?.0),
            findings,
            owner: owner?.0,
            issue: issue.map(|(text, _)| text),
            until: until?,
            seen,
            line: self.line(at.start),
        })
    }

    fn value<'v>(table: &'v DeTable<'_>, key: &str) -> Option<&'v Spanned<DeValue<'v>>> {
        table.iter().find(|(name, _)| name.get_ref().as_ref() == key).map(|(_, value)| value)
    }

    fn text_of(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, Range<usize>)> {
        let value = Self::value(table, key)?;
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Some((text.to_string(), value.span())),
            _ => {
                self.problem(value.span(), format!("`{key}` must be a text that is not empty, in quotes"));
                None
            }
        }
    }

    fn until(&mut self, table: &DeTable<'_>) -> Option<Date> {
        let value = Self::value(table, "until")?;
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            _ => String::new(),
        };
        let date = text.parse().ok();
        if date.is_none() {
            self.problem(value.span(), "`until` must be a day: write until = 2026-12-31");
        }
        date
    }

    fn findings(&mut self, table: &DeTable<'_>) -> Vec<FindingKind> {
        let Some(value) = Self::value(table, "findings") else { return Vec::new() };
        let DeValue::Array(values) = value.get_ref() else {
            self.problem(value.span(), "`findings` must be a list: write findings = [\"intermittent\"]");
            return Vec::new();
        };
        let mut findings = Vec::new();
        for value in values.iter() {
            match value.get_ref().as_str().and_then(kind) {
                Some(kind) => findings.push(kind),
                None => {
                    let known = "broken, order_dependent, intermittent, loop_bound or leak";
                    self.problem(value.span(), format!("is no finding: {known} is wanted"));
                }
            }
        }
        findings
    }
}

/// `3 of 50`.
fn rate(text: &str) -> Option<Tally> {
    let (failures, trials) = text.split_once(" of ")?;
    let (failures, trials) = (failures.trim().parse().ok()?, trials.trim().parse().ok()?);
    (failures <= trials).then(|| Tally::new(failures, trials))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> QuarantineEntry {
        QuarantineEntry {
            case: id.into(),
            findings: vec![FindingKind::Intermittent],
            owner: "ana \"the\" owner".into(),
            issue: Some("https://example.org/7".into()),
            until: jiff::civil::date(2026, 12, 31),
            seen: Some(Tally::new(3, 50)),
            line: 0,
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut file = QuarantineFile::new();
        for id in ["a[b=\"c\"]", "tests/x.py::test[ü\\n]\n", "z"] {
            file.add(entry(id));
        }
        assert_eq!(QuarantineFile::read(file.text()), Ok(file.clone()));
        file.remove(&BTreeSet::from(["a[b=\"c\"]".into()]));
        assert_eq!(QuarantineFile::read(file.text()), Ok(file.clone()));
        assert_eq!(file.entries().len(), 2);
        assert!(file.text().starts_with(HEAD));
    }

    #[test]
    fn comments_go_with_their_entry() {
        let text = "# head\n\n# about a\n[[case]]\nid='a'\nowner='o'\nuntil=2026-01-01\n\n# about b\n[[case]]\nid='b'\nowner='o'\nuntil='2026-01-01'\n";
        let mut file = QuarantineFile::read(text).expect("it is right");
        file.remove(&BTreeSet::from(["a".into()]));
        assert_eq!(file.text(), "# head\n\n# about b\n[[case]]\nid='b'\nowner='o'\nuntil='2026-01-01'\n");
        assert_eq!(QuarantineFile::read(file.text()), Ok(file));
    }

    fn check(text: &str, expected: &[(u32, &str)]) {
        let problems = QuarantineFile::read(text).expect_err("it is wrong");
        let told: Vec<(u32, &str)> = problems.iter().map(|problem| (problem.line, problem.what.as_str())).collect();
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for ((line, what), (expected_line, part)) in told.into_iter().zip(expected) {
            assert_eq!(line, *expected_line, "{what}");
            assert!(what.contains(part), "{what}");
        }
    }

    #[test]
    fn every_mistake_is_named_by_its_line() {
        check("[[case]\n", &[(1, "not TOML")]);
        check("[[cases]]\nid='a'\n", &[(1, "unknown key `cases`")]);
        check(
            "[[case]]\nid = 'a'\nowner = ''\nuntil = 5\nfindings = ['flaky']\nseen = 'often'\nwhy = 1\n",
            &[
                (3, "`owner` must be a text"),
                (4, "until = 2026-12-31"),
                (5, "is no finding"),
                (6, "3 of 50"),
                (7, "unknown key `why`"),
            ],
        );
        check("\n[[case]]\nid='a'\n", &[(2, "no `owner`"), (2, "no `until`")]);
        let twice = "[[case]]\nid='a'\nowner='o'\nuntil=2026-01-01\n".repeat(2);
        check(&twice, &[(5, "in line 1")]);
    }
}
