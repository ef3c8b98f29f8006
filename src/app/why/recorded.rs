//! The order in which cases ran elsewhere, and how the one in question ended there.

use crate::app::AppError;
use crate::app::imports::junit_files;
use crate::app::why::ToldBy;
use crate::app::why::names::Names;
use crate::disk::{LONGEST_INPUT, LONGEST_RESULT, read_text};
use crate::event::{RecordedEnd, RecordedOrder};
use crate::history::{JunitCase, JunitEnd, read_junit_cases};
use crate::model::CaseIndex;
use crate::report::count;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An order that was recorded elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recorded {
    /// All cases, in order, each once.
    pub order: Vec<CaseIndex>,
    /// What the journal keeps of it.
    pub told: RecordedOrder,
    /// What a reader should know of it.
    pub notes: Vec<String>,
}

/// A case of a file: the names that it may have in the suite, and how it ended.
struct Line {
    names: Vec<String>,
    ended: RecordedEnd,
    message: Option<String>,
}

impl Recorded {
    /// Reads what was told, as far as it is about cases of this suite. `case` is the one in question.
    ///
    /// # Errors
    /// If a file can't be read, or names none of the cases.
    pub fn read(told: &ToldBy, names: &Names<'_>, case: CaseIndex) -> Result<Self, AppError> {
        let (files, option, lines) = match told {
            ToldBy::Junit(paths) => {
                let lines = of_junit(&junit_files(paths)?)?;
                (paths.clone(), "--junit-in", lines)
            }
            ToldBy::List(path) => (vec![path.clone()], "--order", of_list(path)?),
        };
        let shown: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        let file = shown.join(", ");
        let mut seen = BTreeSet::new();
        let (mut order, mut unknown) = (Vec::new(), Vec::new());
        let (mut ended, mut message) = (RecordedEnd::Absent, None);
        for line in &lines {
            let Some(found) = line.names.iter().find_map(|name| names.find(name)) else {
                unknown.extend(line.names.first().cloned());
                continue;
            };
            if seen.insert(found) {
                order.push(found);
            }
            // Of a test that was tried again the failure is what is asked about.
            if found == case && (ended == RecordedEnd::Absent || line.ended == RecordedEnd::Failed) {
                ended = line.ended;
                message = message.or_else(|| line.message.clone());
            }
        }
        if order.is_empty() {
            let text = format!("{file}: names none of the suite's cases; `steadfast list` prints their ids");
            return Err(AppError::Usage(text));
        }
        let before = order.iter().copied().take_while(|ran| *ran != case).collect();
        let arguments = shown.into_iter().flat_map(|file| [option.to_owned(), file]).collect();
        let told = RecordedOrder { file, arguments, before, ended, message };
        let notes = notes(&told, &unknown, lines.len());
        Ok(Self { order, told, notes })
    }
}

fn notes(told: &RecordedOrder, unknown: &[String], lines: usize) -> Vec<String> {
    let file = &told.file;
    let mut notes = Vec::new();
    if let Some(first) = unknown.first() {
        notes.push(format!(
            "{file}: {} of {} are no cases of this suite, or could be several, and are left out; the first is `{first}`",
            unknown.len(),
            count(lines, "test"),
        ));
    }
    match told.ended {
        RecordedEnd::Failed | RecordedEnd::Untold => {}
        RecordedEnd::Passed => notes.push(format!("in {file} the case passed")),
        RecordedEnd::Skipped => notes.push(format!("in {file} the case was skipped")),
        RecordedEnd::Absent => {
            notes.push(format!("{file} does not name the case: it is tried after all that the file names"));
        }
    }
    notes
}

/// The tests of JUnit files, those of the file that began first before the others.
fn of_junit(files: &[PathBuf]) -> Result<Vec<Line>, AppError> {
    let mut read = Vec::new();
    for path in files {
        let text = read_text(path, LONGEST_RESULT).map_err(|error| AppError::io(path)(error.into()))?;
        let cases = read_junit_cases(&text);
        read.push(cases.map_err(|error| AppError::Usage(format!("{}: {error}", path.display())))?);
    }
    read.sort_by_key(|(started, _)| *started);
    let line = |case: JunitCase| Line {
        names: case.names,
        ended: match case.ended {
            JunitEnd::Failed => RecordedEnd::Failed,
            JunitEnd::Passed => RecordedEnd::Passed,
            JunitEnd::Skipped => RecordedEnd::Skipped,
        },
        message: case.message,
    };
    Ok(read.into_iter().flat_map(|(_, cases)| cases).map(line).collect())
}

/// The ids of a list, one per line; `#` begins a comment.
fn of_list(path: &Path) -> Result<Vec<Line>, AppError> {
    let text = read_text(path, LONGEST_INPUT).map_err(|error| AppError::io(path)(error.into()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let line = |id: &str| Line { names: vec![id.to_owned()], ended: RecordedEnd::Untold, message: None };
    Ok(lines.map(line).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::why::names::tests::cases;

    fn read(ids: &[&str], text: &str) -> Recorded {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ci.xml");
        std::fs::write(&path, text).expect("a file");
        let cases = cases(ids);
        Recorded::read(&ToldBy::Junit(vec![path]), &Names::of(&cases), CaseIndex(1)).expect("an order")
    }

    /// The second case failed after the third; the first ran last, and something foreign in between.
    #[track_caller]
    fn check(ids: [&str; 3], text: &str) {
        let found = read(&ids, text);
        assert_eq!(found.order, CaseIndex::list([2, 1, 0]));
        assert_eq!(found.told.before, CaseIndex::list([2]));
        assert_eq!(found.told.ended, RecordedEnd::Failed);
        assert_eq!(found.told.message.as_deref(), Some("3 != 4"));
    }

    #[test]
    fn each_dialect_tells_its_order() {
        check(
            ["tests/test_a.py::TestA::test_a", "tests/test_a.py::TestA::test_b[1]", "tests/test_b.py::test_c"],
            r#"<testsuites><testsuite name="pytest"><testcase classname="tests.test_b" name="test_c"/>
               <testcase classname="tests.test_a.TestA" name="test_b[1]"><failure message="3 != 4"/></testcase>
               <testcase classname="tests.test_a.TestA" name="test_a"/></testsuite></testsuites>"#,
        );
        check(
            ["src/a.test.js > cart adds", "src/a.test.js > cart sums (all)", "src/b.test.js > tax rounds"],
            r#"<testsuites name="jest tests"><testsuite name="tax"><testcase classname="tax rounds" name="tax rounds"/></testsuite>
               <testsuite name="cart"><testcase classname="cart sums (all)" name="cart sums (all)"><failure message="3 != 4"/></testcase>
               <testcase classname="cart adds" name="cart adds"/></testsuite></testsuites>"#,
        );
        check(
            ["com.shop.CartTest#adds()", "com.shop.CartTest#sums(int)", "com.shop.TaxTest#rounds()"],
            r#"<testsuite name="com.shop"><testcase classname="com.shop.TaxTest" name="rounds"/>
               <testcase classname="com.shop.CartTest" name="sums(int)[1]"/>
               <testcase classname="com.shop.CartTest" name="sums(int)[2]"><failure message="3 != 4"/></testcase>
               <testcase classname="com.shop.CartTest" name="adds"/></testsuite>"#,
        );
        check(
            ["example.com/shop/cart.TestAdd", "example.com/shop/cart.TestSum", "example.com/shop/tax.TestRound"],
            r#"<testsuites><testsuite name="example.com/shop"><testcase classname="example.com/shop/tax" name="TestRound"/>
               <testcase classname="example.com/shop/cart" name="TestSum/of_two"><failure message="3 != 4"/></testcase>
               <testcase classname="example.com/shop/cart" name="TestSum"><failure message="3 != 4"/></testcase>
               <testcase classname="example.com/shop/cart" name="TestAdd"/></testsuite></testsuites>"#,
        );
        check(
            ["shop tests::adds", "shop tests::sums", "shop::tax rounds"],
            r#"<testsuites name="nextest-run"><testsuite name="shop::tax"><testcase name="rounds" classname="shop::tax"/></testsuite>
               <testsuite name="shop"><testcase name="tests::sums" classname="shop"><failure message="3 != 4" type="test failure"/></testcase>
               <testcase name="tests::adds" classname="shop"/></testsuite></testsuites>"#,
        );
    }

    #[test]
    fn what_a_file_does_not_fit_is_told() {
        let ids = ["test_a.py::test_a", "test_a.py::test_b"];
        let found = read(
            &ids,
            r#"<testsuite name="pytest"><testcase classname="test_a" name="test_a"/><testcase classname="gone" name="test_x"/></testsuite>"#,
        );
        assert_eq!(
            (found.order, found.told.before, found.told.ended),
            (CaseIndex::list([0]), CaseIndex::list([0]), RecordedEnd::Absent)
        );
        assert!(found.notes[0].contains("1 of 2 tests"), "{:?}", found.notes);
        assert!(found.notes[1].contains("does not name the case"), "{:?}", found.notes);
    }
}
