//! A history in a folder of files, as a bucket holds it: writers that know nothing of each other, copies that are merged,
//! files that are not whole yet, and runs that stay forgotten.

use crate::cli::kit::{BROKEN, Project};
use crate::history::case_entry;
use jiff::{Timestamp, ToSpan};
use std::fs;
use std::path::{Path, PathBuf};
use steadfast::history::{Failed, History, HistoryPlace, RunEntry};
use steadfast::model::statistics::Tally;
use steadfast::model::{ContentHash, Seed};

const RUN: &[&str] = &["run", "--rounds", "2", "--no-alone", "--jobs", "1", "-q"];

/// The files of a folder in the order of their names.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()).collect();
    files.sort();
    files
}

/// What `aws s3 sync` and `rclone copy` do: files that are missing come, and none goes.
fn sync(from: &Path, to: &Path) {
    for file in files(from) {
        fs::copy(&file, to.join(file.file_name().expect("a name"))).expect("a copy");
    }
}

fn entry(run: &str, hours: i64, millis: u64) -> RunEntry {
    let case = case_entry("cart: adds \"1\"\n/é");
    RunEntry {
        run: run.to_owned(),
        started: Timestamp::UNIX_EPOCH + hours.hours(),
        suite: "written".to_owned(),
        subject: ContentHash::of(["subject"]),
        conditions: None,
        commit: Some("abc".to_owned()),
        branch: None,
        seed: Seed::new(7),
        gate: "failed".to_owned(),
        millis,
        rate: Tally::new(1, 8),
        rounds: [("0 Case".to_owned(), Failed::Yes)].into(),
        cases: vec![case],
    }
}

fn place(folder: &Path) -> HistoryPlace {
    HistoryPlace::Folder(folder.to_owned())
}

#[test]
fn writers_that_know_nothing_of_each_other_fill_copies_that_become_one() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    let start = |seed: &str, history: &str, reports: &str| {
        let more = ["--seed", seed, "--history", history, "--report-dir", reports];
        project.start(&RUN.iter().copied().chain(more).collect::<Vec<&str>>())
    };
    // Two at once in one copy, one in the other.
    let runs = [start("1", "one/", "r1"), start("2", "one/", "r2"), start("3", "other/", "r3")];
    for run in runs {
        run.wait().exits(1);
    }
    assert_eq!((files(&project.path("one")).len(), files(&project.path("other")).len()), (2, 1));
    sync(&project.path("one"), &project.path("other"));
    sync(&project.path("other"), &project.path("one"));
    for copy in ["one", "other"] {
        project.run(&["history", "--history", copy]).exits(0).says(&["3 runs", "broken in 3 of 3"]);
    }
    start("4", "one", "r4").wait().exits(1).says(&["known since"]);
    project.run(&["history", "--history", "one", "--format", "html"]).exits(0).says(&["4 runs"]);
    project.run(&["history", "prune", "--keep-days", "0", "--history", "one"]).exits(0);
    assert_eq!(files(&project.path("one")).len(), 1, "the file that says what is forgotten");
    sync(&project.path("other"), &project.path("one"));
    let told = project.run(&["history", "--history", "one"]).exits(0);
    assert!(!told.out.contains("3 runs"), "what a copy brings back stays forgotten:\n{}", told.out);
}

#[test]
fn a_run_is_one_file_however_often_it_is_written_and_the_furthest_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = place(folder.path());
    for _ in 0..2 {
        History::remember(&place, &entry("ci/1", 1, 5)).expect("it is written");
    }
    assert_eq!(files(folder.path()).len(), 1);
    // It was gone on with, and an older copy comes later.
    History::remember(&place, &RunEntry { gate: "passed".to_owned(), ..entry("ci/1", 1, 9) }).expect("it is written");
    History::remember(&place, &entry("ci/2", 0, 5)).expect("it is written");
    let history = History::open_existing(&place).expect("a history");
    let trends = history.trends(None, None).expect("trends");
    let gates: Vec<(&str, &str)> =
        trends[0].last_runs.iter().map(|run| (run.run.as_str(), run.gate.as_str())).collect();
    assert_eq!(gates, [("ci/2", "failed"), ("ci/1", "passed")]);
    assert_eq!(trends[0].cases[0].case, "cart: adds \"1\"\n/é");
}

#[test]
fn a_file_that_is_not_whole_yet_is_as_if_it_were_not_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let place = place(folder.path());
    for hours in 0..2 {
        History::remember(&place, &entry("ci", hours, 5)).expect("it is written");
    }
    let half = files(folder.path()).pop().expect("a file");
    let whole = fs::read(&half).expect("a file");
    fs::write(&half, &whole[..whole.len() / 2]).expect("it is cut");
    let runs = || History::open(&place).expect("a history").trends(None, None).expect("trends")[0].runs;
    assert_eq!(runs(), 1);
    // Whoever writes the same run again makes it whole.
    History::remember(&place, &entry("ci", 1, 5)).expect("it is written");
    assert_eq!(runs(), 2);
    fs::write(folder.path().join("README.md"), "ours").expect("a file");
    assert_eq!(runs(), 2);
}

#[test]
fn a_folder_of_other_files_is_left_as_it_is() {
    let project = Project::that_passes();
    project
        .run(&["run", "--rounds", "1", "--no-alone", "--history", "scenarios"])
        .exits(2)
        .says(&["no history of steadfast"]);
    project.run(&["history", "--history", "none/"]).exits(2).says(&["there is no history"]);
}
