//! Runs that several machines share: what `merge` makes of shards is what one run would have been.

use crate::cli::kit::{BROKEN, Ended, Project};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(600);

/// Arguments that one run and all shards of it have in common.
///
/// No leaks are looked for: how much memory a process has is never twice the same, and now and then makes a healthy case
/// one to be repeated, which adds its trials to the report.
pub const PLAN: &[&str] = &["--rounds", "5", "--seed", "7", "--no-history", "--no-leaks"];

/// A suite in which one test pollutes another, and one fails by its own fault.
pub const ORDER_DEPENDENT: &str = "\
import os
def test_sets():
    os.environ['SHOP_CURRENCY'] = 'EUR'
def test_reads():
    currency = os.environ.get('SHOP_CURRENCY')
    assert currency is None
def test_wrong():
    assert 1 == 2
def test_right():
    pass
";

struct Sharded {
    project: Project,
    /// What chooses the subject.
    subject: Vec<String>,
    /// What `merge` is to be given leave for.
    leave: Vec<String>,
}

impl Sharded {
    fn scenarios() -> Self {
        let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
        Self { project, subject: Vec::new(), leave: Vec::new() }
    }

    /// Nothing where no pytest is.
    fn pytest() -> Option<Self> {
        let python = crate::pytest::kit::python()?.display().to_string();
        let project = Project::new().with("suite/test_shop.py", ORDER_DEPENDENT);
        let leave = vec!["--python".to_owned(), python];
        // Lines are followed for as long as it takes: on a busy machine a second is not always enough, and then they are
        // followed once more.
        let subject = ["--suite", "pytest:suite", "--first-difference"]
            .map(str::to_owned)
            .into_iter()
            .chain(leave.clone())
            .collect();
        Some(Self { project, subject, leave })
    }

    /// Nothing where no Python is.
    fn unittest() -> Option<Self> {
        if !crate::command::kit::has_python() {
            return None;
        }
        let project = Project::new().with(
            "test_shop.py",
            "import unittest\nclass Shop(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): self.fail('b')\n    def test_c(self): pass\n",
        );
        Some(Self { project, subject: ["--suite", "command:unittest"].map(str::to_owned).into(), leave: Vec::new() })
    }

    fn run(&self, more: &[&str]) -> Ended {
        let subject: Vec<&str> = self.subject.iter().map(String::as_str).collect();
        self.project.start(&[&["run"], &subject[..], PLAN, more].concat()).wait_within(PATIENCE)
    }

    /// Runs all shards, and names their folders.
    fn shards(&self, of: u32) -> Vec<String> {
        let folder = format!("shards{of}");
        for index in 1..=of {
            let into = format!("{folder}/{index}");
            self.run(&["--shard", &format!("{index}/{of}"), "--report-dir", &into]).exits(0);
        }
        (1..=of).map(|index| format!("{folder}/{index}")).collect()
    }

    fn merge(&self, folders: &[String], more: &[&str]) -> Ended {
        let folders = folders.iter().map(String::as_str);
        let leave = self.leave.iter().map(String::as_str);
        let arguments: Vec<&str> =
            ["merge", "--no-history"].into_iter().chain(folders).chain(more.iter().copied()).chain(leave).collect();
        self.project.start(&arguments).wait_within(PATIENCE)
    }

    fn report(&self) -> Value {
        self.project.report_of_any_run()
    }

    fn assert_merges_to_the_same(&self, splits: &[u32], exit: i32) {
        self.run(&[]).exits(exit);
        let expected = self.report();
        for of in splits {
            let mut folders = self.shards(*of);
            self.merge(&folders, &[]).exits(exit);
            similar(&self.report(), &expected, *of);
            folders.reverse();
            self.merge(&folders, &[]).exits(exit);
            similar(&self.report(), &expected, *of);
        }
        self.project.assert_nothing_left();
    }

    /// A journal of shards, changed by hand.
    fn change(&self, folder: &str, change: impl FnOnce(&mut Value)) {
        let journal = self.journal(folder);
        let mut text = String::new();
        let file = std::fs::File::open(&journal).expect("a journal");
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text).expect("gzip");
        let (first, rest) = text.split_once('\n').expect("lines");
        let mut header: Value = serde_json::from_str(first).expect("JSON");
        change(&mut header["event"]["run_started"]);
        std::fs::remove_file(&journal).expect("it was there");
        std::fs::write(journal.with_extension(""), format!("{header}\n{rest}")).expect("a file");
    }

    fn journal(&self, folder: &str) -> PathBuf {
        let mut files = self.project.files(folder);
        files.retain(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("events.jsonl")));
        files.pop().expect("a shard has a journal")
    }
}

#[track_caller]
fn similar(found: &Value, expected: &Value, of: u32) {
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&found[key], value, "{key} of {of} shards");
    }
    assert_eq!(found, expected, "{of} shards");
}

#[test]
fn shards_of_scenarios_merge_to_what_one_run_is() {
    Sharded::scenarios().assert_merges_to_the_same(&[1, 2, 3, 8], 1);
}

#[test]
fn shards_of_pytest_merge_to_what_one_run_is() {
    let Some(sharded) = Sharded::pytest() else { return };
    sharded.assert_merges_to_the_same(&[2, 3], 1);
}

#[test]
fn shards_of_another_runner_merge_to_what_one_run_is() {
    let Some(sharded) = Sharded::unittest() else { return };
    sharded.assert_merges_to_the_same(&[2], 1);
}

#[test]
fn a_plan_with_a_clock_or_without_a_seed_is_not_shared() {
    let sharded = Sharded::scenarios();
    let project = &sharded.project;
    project.run(&["run", "--shard", "1/2", "--rounds", "5"]).exits(2).says(&["same seed", "--seed"]);
    project.run(&["run", "--shard", "3/2", "--seed", "1"]).exits(2).says(&["is not a shard"]);
    let Some(suite) = Sharded::pytest() else { return };
    let arguments = ["run", "--suite", "pytest:suite", suite.leave[0].as_str(), suite.leave[1].as_str()];
    let shard = ["--shard", "1/2", "--seed", "1"];
    suite.project.run(&[&arguments[..], &shard].concat()).exits(2).says(&["add --rounds N"]);
}

#[test]
fn what_is_missing_is_refused_run_or_allowed() {
    let sharded = Sharded::scenarios();
    sharded.run(&[]).exits(1);
    let expected = sharded.report();
    let folders = sharded.shards(3);
    let two = &folders[..2];
    sharded.merge(two, &[]).exits(2).says(&["rounds are missing", "no journal of shard 3 of 3", "--missing run"]);
    sharded.merge(two, &["--missing", "run"]).exits(1);
    similar(&sharded.report(), &expected, 3);
    sharded.merge(two, &["--missing", "allow"]).exits(1);
    assert!(sharded.report()["rounds"].as_u64() < expected["rounds"].as_u64());
    sharded.project.assert_nothing_left();
}

#[test]
fn rounds_that_never_ran_are_never_green() {
    let sharded = Sharded { project: Project::that_passes(), subject: Vec::new(), leave: Vec::new() };
    let folders = sharded.shards(2);
    sharded.merge(&folders, &[]).exits(0);
    sharded.merge(&folders[..1], &["--missing", "allow"]).exits(3).says(&["planned rounds ran to their end"]);
    for folder in &folders {
        let journal = sharded.journal(folder);
        let file = std::fs::File::open(&journal).expect("a journal");
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text).expect("gzip");
        let header = text.lines().next().expect("a header").to_owned();
        std::fs::remove_file(&journal).expect("it was there");
        std::fs::write(journal.with_extension(""), header + "\n").expect("a file");
    }
    sharded.merge(&folders, &["--missing", "allow"]).exits(2).says(&["nothing to judge"]);
    sharded.merge(&["nowhere".to_owned()], &[]).exits(2);
}

#[test]
fn a_round_that_comes_twice_must_be_the_same() {
    let sharded = Sharded::scenarios();
    let folders = sharded.shards(2);
    let journal = sharded.journal(&folders[0]);
    sharded.project.write("copy/events.jsonl.gz", std::fs::read(&journal).expect("a journal"));
    let with = |folder: &str| [folders.clone(), vec![folder.to_owned()]].concat();
    sharded.merge(&with("copy"), &[]).exits(1);
    sharded.run(&["--shard", "1/2", "--report-dir", "again"]).exits(0);
    sharded.merge(&with("again"), &[]).exits(2).says(&["comes twice"]);
}

#[test]
fn shards_of_anything_else_are_refused_with_both_sides() {
    let refuses = |change: &dyn Fn(&mut Value), told: &[&str]| {
        let sharded = Sharded::scenarios();
        let folders = sharded.shards(2);
        sharded.change(&folders[1], |header| change(header));
        sharded.merge(&folders, &[]).exits(2).says(told);
    };
    refuses(&|header| header["identity"]["architecture"] = "vax".into(), &["the architecture", "vax in"]);
    refuses(&|header| header["identity"]["interpreter"] = "CPython 2.7".into(), &["the interpreter", "CPython 2.7"]);
    refuses(&|header| header["identity"]["program"] = "0".repeat(32).into(), &["this program", "00000000"]);
    refuses(&|header| header["identity"]["packages"] = serde_json::json!({ "six": "1.0" }), &["six", "not installed"]);
    refuses(&|header| header["plan"] = "1".repeat(32).into(), &["the plan", "11111111"]);
    refuses(&|header| header["seed"] = "00000000000000ff".into(), &["the seed"]);
}

#[test]
fn a_shard_of_changed_code_is_refused() {
    let Some(sharded) = Sharded::pytest() else { return };
    sharded.project.write("suite/shop.py", "price = 1\n");
    let first = sharded.shards(2)[0].clone();
    for changed in ["suite/shop.py", "suite/conftest.py"] {
        sharded.project.write(changed, "price = 2\n");
        let other = format!("other/{}", changed.len());
        sharded.run(&["--shard", "2/2", "--report-dir", &other]).exits(0);
        sharded.merge(&[first.clone(), other], &[]).exits(2).says(&["the code under test: files", "files"]);
        sharded.project.write("suite/shop.py", "price = 1\n");
    }
}
