//! JUnit files as other runners write them: pytest, Jest (jest-junit), Surefire, gotestsum and go-junit-report, nextest.

use crate::history::{CaseEntry, RunEntry};
use crate::model::statistics::Tally;
use crate::model::{ContentHash, Seed, Verdict};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// Why a file can't be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JunitError {
    /// It is not XML.
    #[error("is not XML: {0}")]
    Xml(String),
    /// It is other XML.
    #[error("is XML, but not of JUnit: its first element is neither `testsuites` nor `testsuite`")]
    Foreign,
    /// Nobody knows when it was written.
    #[error("does not say when its tests ran, and the file has no time either")]
    NoTime,
}

/// What is known of a file besides its content.
#[derive(Debug, Clone, Default)]
pub struct JunitFile<'a> {
    /// Its path: a folder or a name in it can be a commit.
    pub path: &'a str,
    /// The name that its runs are to have; else the file's own.
    pub suite: Option<&'a str>,
    /// The commit, if it was said.
    pub commit: Option<&'a str>,
    /// The branch, if it was said.
    pub branch: Option<&'a str>,
    /// When the file was written, for files that don't say when their tests ran.
    pub written: Option<Timestamp>,
}

/// How a run of another runner is marked: it has no cases and no system that could be hashed.
pub(super) fn imported() -> ContentHash {
    ContentHash::of(["imported from JUnit"])
}

/// How a test ended, as a JUnit file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JunitEnd {
    /// It failed, in its first try if it was tried again.
    Failed,
    /// It passed there.
    Passed,
    /// It was skipped.
    Skipped,
}

/// A test of a JUnit file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JunitCase {
    /// What its runner may call it, the likeliest first.
    pub names: Vec<String>,
    /// How it ended.
    pub ended: JunitEnd,
    /// What its failure said.
    pub message: Option<String>,
}

/// A test case under way, then done.
#[derive(Debug, Default)]
struct Test {
    class: String,
    name: String,
    file: String,
    micros: u64,
    failed: bool,
    skipped: bool,
    /// It failed, was tried again, and passed.
    passed_again: bool,
    /// What its first failure said.
    message: Option<String>,
}

/// What a file holds.
#[derive(Debug, Default)]
struct Read {
    names: Vec<String>,
    started: Option<Timestamp>,
    commit: Option<String>,
    tests: Vec<Test>,
}

/// Reads a file as a run to be remembered.
///
/// # Errors
/// If it is no JUnit file, or nobody knows when it was written.
pub fn read_junit(text: &str, file: &JunitFile<'_>) -> Result<RunEntry, JunitError> {
    let read = parse(text)?;
    let suite = file.suite.map_or_else(|| format!("imported {}", read.name()), str::to_owned);
    let started = read.started.or(file.written).ok_or(JunitError::NoTime)?;
    let commit = file.commit.map(str::to_owned).or(read.commit.clone()).or_else(|| commit_in(file.path));
    let by_modules = read.names_modules();
    let mut cases: BTreeMap<String, CaseEntry> = BTreeMap::new();
    for test in &read.tests {
        let id = if by_modules { test.id_by_module() } else { test.id() };
        add(&mut cases, id, test);
    }
    let cases: Vec<CaseEntry> = cases.into_values().collect();
    let rate: Tally = cases.iter().map(|case| case.rate).sum();
    let failed = read.tests.iter().any(|test| test.failed);
    Ok(RunEntry {
        // The same file taken over twice is one run.
        run: format!("junit-{}", &ContentHash::of([text]).as_str()[..12]),
        started,
        suite,
        subject: imported(),
        conditions: None,
        commit,
        branch: file.branch.map(str::to_owned),
        seed: Seed::new(0),
        gate: if failed { "failed" } else { "passed" }.to_owned(),
        millis: read.tests.iter().map(|test| test.micros).sum::<u64>() / 1000,
        rate,
        rounds: BTreeMap::new(),
        cases,
    })
}

/// Reads the tests of a file in its order, and when it says that they began.
///
/// # Errors
/// If it is no JUnit file.
pub fn read_junit_cases(text: &str) -> Result<(Option<Timestamp>, Vec<JunitCase>), JunitError> {
    let read = parse(text)?;
    let by_modules = read.names_modules();
    let case = |test: &Test| JunitCase {
        names: test.names(by_modules),
        ended: match (test.failed || test.passed_again, test.skipped) {
            (true, _) => JunitEnd::Failed,
            (false, true) => JunitEnd::Skipped,
            (false, false) => JunitEnd::Passed,
        },
        message: test.message.clone(),
    };
    Ok((read.started, read.tests.iter().map(case).collect()))
}

/// A test of a name that is there already (Jest tells tries again so) adds to it.
fn add(cases: &mut BTreeMap<String, CaseEntry>, id: String, test: &Test) {
    let case = cases.entry(id.clone()).or_insert_with(|| CaseEntry {
        id,
        hash: String::new(),
        verdict: Verdict::Skipped,
        rate: Tally::default(),
        shuffled: Tally::default(),
        mean_us: 0,
        slowest_us: 0,
        findings: Vec::new(),
    });
    if test.skipped && !test.failed {
        return;
    }
    case.rate.count(test.failed || test.passed_again);
    if test.passed_again {
        case.rate.count(false);
    }
    case.verdict = match case.rate.failures() {
        0 => Verdict::Stable,
        _ => Verdict::Undiagnosed,
    };
    case.mean_us = case.mean_us.max(test.micros);
    case.slowest_us = case.slowest_us.max(test.micros);
}

impl Read {
    /// Whether classes are modules with dots, as in the files of pytest.
    fn names_modules(&self) -> bool {
        self.names.iter().any(|name| name == "pytest")
    }

    /// The name that the file gives itself.
    fn name(&self) -> String {
        // pytest's outer element is called `pytest tests` in later versions only.
        let inner = self.names.iter().find(|name| *name == "pytest");
        let first = || self.names.iter().find(|name| !name.is_empty());
        inner.or_else(first).cloned().unwrap_or_else(|| "tests".to_owned())
    }
}

impl Test {
    /// Class and name, where they say different things.
    fn id(&self) -> String {
        let (class, name) = (self.class.trim(), self.name.trim());
        if class.is_empty() || class == name { name.to_owned() } else { format!("{class}::{name}") }
    }

    /// What its runner may call it. Go's subtests, as `TestAdd/zero`, belong to the test that runs them.
    fn names(&self, by_modules: bool) -> Vec<String> {
        let mut names = if by_modules { vec![self.id_by_module()] } else { Vec::new() };
        if !self.file.is_empty() {
            names.push(format!("{} {}", self.file, self.name));
        }
        names.push(self.id());
        if let Some((test, _)) = self.name.split_once('/') {
            names.push(format!("{}::{test}", self.class));
        }
        // Of a test with parameters each call may have an entry.
        if let Some(at) = self.name.find(['(', '[', '{']).filter(|at| !by_modules && *at > 0) {
            names.push(format!("{}::{}", self.class, &self.name[..at]));
        }
        // A title of several words means something without its class; a method's name does not.
        if !by_modules && self.name.contains(' ') {
            names.push(self.name.clone());
        }
        names.dedup();
        names
    }

    /// pytest's own id: `tests.test_a.TestB` and `test_c` are `tests/test_a.py::TestB::test_c`.
    fn id_by_module(&self) -> String {
        let parts: Vec<&str> = self.class.split('.').collect();
        let module = match self.file.strip_suffix(".py") {
            Some(module) => module.split('/').count(),
            // Without the file its name is told from a class's by how pytest finds files.
            None => {
                let is_module = |part: &&str| part.starts_with("test_") || part.ends_with("_test");
                match parts.iter().rposition(is_module) {
                    Some(at) => at + 1,
                    None => return self.id(),
                }
            }
        };
        if module > parts.len() {
            return self.id();
        }
        let mut id = format!("{}.py", parts[..module].join("/"));
        for name in parts[module..].iter().copied().chain([self.name.as_str()]) {
            id.push_str("::");
            id.push_str(name);
        }
        id
    }
}

fn parse(text: &str) -> Result<Read, JunitError> {
    let wrong = |error: quick_xml::Error| JunitError::Xml(error.to_string());
    let mut reader = Reader::from_str(text);
    let mut read = Read::default();
    let mut test: Option<Test> = None;
    let mut is_junit = false;
    loop {
        let event = reader.read_event().map_err(wrong)?;
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let name = start.local_name();
                if !is_junit && !matches!(name.as_ref(), b"testsuites" | b"testsuite") {
                    return Err(JunitError::Foreign);
                }
                is_junit = true;
                read.element(name.as_ref(), start, &mut test);
                if matches!(&event, Event::Empty(_)) && name.as_ref() == b"testcase" {
                    read.tests.extend(test.take());
                }
            }
            Event::End(end) if end.local_name().as_ref() == b"testcase" => read.tests.extend(test.take()),
            Event::Eof if is_junit => return Ok(read),
            Event::Eof => return Err(JunitError::Foreign),
            _ => {}
        }
    }
}

impl Read {
    fn element(&mut self, name: &[u8], start: &BytesStart<'_>, test: &mut Option<Test>) {
        match name {
            b"testsuites" | b"testsuite" => {
                self.names.extend(attribute(start, "name"));
                let told = attribute(start, "timestamp").and_then(|text| time(&text));
                self.started = match (self.started, told) {
                    (Some(known), Some(told)) => Some(known.min(told)),
                    (known, told) => known.or(told),
                };
            }
            b"property" => {
                let named = attribute(start, "name").unwrap_or_default().to_lowercase();
                let value = attribute(start, "value").unwrap_or_default();
                if (named.contains("commit") || named.contains("sha") || named.contains("revision"))
                    && is_commit(&value)
                {
                    self.commit.get_or_insert(value);
                }
            }
            b"testcase" => {
                let seconds: f64 =
                    attribute(start, "time").and_then(|text| text.replace(',', "").parse().ok()).unwrap_or(0.0);
                *test = Some(Test {
                    class: attribute(start, "classname").unwrap_or_default(),
                    name: attribute(start, "name").unwrap_or_default(),
                    file: attribute(start, "file").unwrap_or_default(),
                    micros: if seconds.is_finite() && seconds > 0.0 { (seconds * 1e6) as u64 } else { 0 },
                    ..Test::default()
                });
            }
            b"failure" | b"error" => {
                let said = attribute(start, "message").filter(|text| !text.trim().is_empty());
                test.iter_mut().for_each(|test| {
                    test.failed = true;
                    test.message = test.message.take().or_else(|| said.clone());
                });
            }
            b"skipped" => test.iter_mut().for_each(|test| test.skipped = true),
            // Surefire and nextest: tried again within the run, and passed.
            b"flakyFailure" | b"flakyError" => test.iter_mut().for_each(|test| test.passed_again = true),
            _ => {}
        }
    }
}

fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let found = start.attributes().with_checks(false).flatten().find(|found| found.key.as_ref() == name.as_bytes())?;
    let raw = String::from_utf8_lossy(&found.value).into_owned();
    Some(quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), |text| text.into_owned()))
}

/// A time with or without its zone; without one it is taken for UTC.
fn time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        let civil: DateTime = text.parse().ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

/// A commit that a path holds as a word: `junit/0a1b2c3d/report.xml`.
fn commit_in(path: &str) -> Option<String> {
    path.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| is_commit(word)).map(str::to_owned)
}

/// Hexadecimal and long enough. Days are digits too: short ones have a letter.
fn is_commit(word: &str) -> bool {
    let is_hex = word.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    is_hex && (word.len() == 40 || (7..40).contains(&word.len()) && digits > 0 && digits < word.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> RunEntry {
        let file = JunitFile { path: "a.xml", written: Some(Timestamp::UNIX_EPOCH), ..JunitFile::default() };
        read_junit(text, &file).expect("a run")
    }

    fn check(text: &str, expected: &[(&str, u32, u32)]) {
        let run = read(text);
        let found: Vec<(&str, u32, u32)> =
            run.cases.iter().map(|case| (case.id.as_str(), case.rate.failures(), case.rate.trials())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn tests_of_pytest_have_pytests_ids() {
        let text = r#"<testsuites><testsuite name="pytest" timestamp="2026-11-01T10:00:00.5+01:00">
            <testcase classname="tests.test_a.TestB" name="test_c[1]" time="0.5"/>
            <testcase classname="tests.test_a" name="test_d" file="tests/test_a.py" line="3"><failure message="x &lt; y">no</failure></testcase>
            <testcase classname="checks.all" name="check" file="checks/all.py"><skipped/></testcase>
            </testsuite></testsuites>"#;
        check(
            text,
            &[
                ("checks/all.py::check", 0, 0),
                ("tests/test_a.py::TestB::test_c[1]", 0, 1),
                ("tests/test_a.py::test_d", 1, 1),
            ],
        );
        assert_eq!(read(text).started.to_string(), "2026-11-01T09:00:00.5Z");
        assert_eq!(read(text).suite, "imported pytest");
    }

    #[test]
    fn a_try_that_passed_again_counts_both_ways() {
        check(
            r#"<testsuite name="x"><testcase classname="a.B" name="c"><flakyFailure message="m"/></testcase></testsuite>"#,
            &[("a.B::c", 1, 2)],
        );
        check(
            r#"<testsuite name="x"><testcase classname="a" name="c"><failure/><rerunFailure/></testcase></testsuite>"#,
            &[("a::c", 1, 1)],
        );
        check(
            r#"<testsuites name="jest tests"><testsuite name="s"><testcase classname="adds" name="adds"/><testcase classname="adds" name="adds"><failure/></testcase></testsuite></testsuites>"#,
            &[("adds", 1, 2)],
        );
    }

    #[test]
    fn a_commit_stands_in_a_property_or_a_path() {
        let commit = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567";
        let text = format!(
            r#"<testsuite name="x"><properties><property name="git.commit.id" value="{commit}"/></properties></testsuite>"#
        );
        assert_eq!(read(&text).commit.as_deref(), Some(commit));
        assert_eq!(commit_in("ci/0a1b2c3/junit.xml").as_deref(), Some("0a1b2c3"));
        assert_eq!(commit_in("ci/20261128/feedback/junit-1234567.xml"), None);
    }

    #[test]
    fn other_files_are_refused() {
        let file = JunitFile { written: Some(Timestamp::UNIX_EPOCH), ..JunitFile::default() };
        assert_eq!(read_junit("<html><body/></html>", &file), Err(JunitError::Foreign));
        assert_eq!(read_junit("", &file), Err(JunitError::Foreign));
        assert!(matches!(read_junit("<testsuite><testcase></testsuite>", &file), Err(JunitError::Xml(_))));
        assert_eq!(read_junit("<testsuite/>", &JunitFile::default()), Err(JunitError::NoTime));
    }
}
