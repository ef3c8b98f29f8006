//! What is remembered between runs, through the program: it survives killed and simultaneous writers, is never written
//! by an older program, and says what is new.

use crate::cli::kit::{BROKEN, GREETING, Project, Running, until};
use crate::report::sample::Teller;
use jiff::Timestamp;
use rusqlite::Connection;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;
use steadfast::event::{EarlierRounds, Past, RunEnd};
use steadfast::history::{CaseEntry, Failed, History, RunEntry};
use steadfast::model::statistics::Tally;
use steadfast::model::{ContentHash, FindingKind, Outcome, RoundKind, Seed, Verdict};
use steadfast::verdict::{Gate, judge};

const RUN: &[&str] = &["run", "--rounds", "2", "--no-alone", "--jobs", "1"];

fn history(project: &Project) -> Connection {
    Connection::open(project.path("reports/history.sqlite")).expect("a history")
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).expect(sql)
}

/// SQLite finds nothing wrong, and every run has all of its cases.
#[track_caller]
fn assert_whole(file: &Path, cases: i64) -> i64 {
    let connection = Connection::open(file).expect("a history");
    let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
    let torn = "SELECT count(*) FROM runs WHERE (SELECT count(*) FROM cases WHERE cases.run = runs.number) <> ";
    assert_eq!(number(&connection, &format!("{torn}{cases}")), 0, "a run is there by half");
    number(&connection, "SELECT count(*) FROM runs")
}

fn run(project: &Project, seed: &str, code: i32) {
    let arguments: Vec<&str> = RUN.iter().copied().chain(["--seed", seed]).collect();
    project.run(&arguments).exits(code);
}

#[test]
fn runs_are_remembered_and_told_as_trends() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    run(&project, "1", 1);
    run(&project, "2", 1);
    project.write("scenarios/wrong.yaml", BROKEN.replace("{ status: 200, provider: mistral }", "{ status: 200 }"));
    run(&project, "3", 0);
    let said = project.run(&["history"]).exits(0).says(&[
        "scenarios on embedded: 3 runs",
        "wrong: stable",
        "broken in 2 of 3",
    ]);
    assert!(!said.out.contains("greeting["), "a case that was never found wanting is not named:\n{}", said.out);
    project.run(&["history", "wrong"]).exits(0).says(&["broken in 2 of 3 runs", "first seen 20"]);
    project
        .run(&["history", "greeting[language=en,provider=claude]"])
        .exits(0)
        .says(&["never found wanting in 3 runs"]);
    project.run(&["history", "--case", "nobody"]).exits(2).says(&["no such case `nobody`", "scenarios on embedded"]);
    let json: Value = serde_json::from_str(&project.run(&["history", "--format", "json"]).exits(0).out).expect("JSON");
    let suite = &json["suites"][0];
    assert_eq!((suite["runs"].as_u64(), suite["cases"][0]["found_in"].as_u64()), (Some(3), Some(2)), "{json:#}");
    let weeks = suite["weeks"].as_array().expect("weeks");
    assert_eq!(weeks.iter().filter_map(|week| week["runs"].as_u64()).sum::<u64>(), 3);
    let page = project.run(&["history", "--format", "html"]).exits(0).out;
    assert!(page.starts_with("<!doctype html>") && page.contains("<th scope=\"row\">wrong</th>"));
    for forbidden in ["http:", "https:", "src="] {
        assert!(!page.contains(forbidden), "the page fetches nothing: {forbidden}");
    }
}

#[test]
fn a_run_without_history_leaves_none() {
    let project = Project::that_passes();
    project.run(&["run", "--rounds", "1", "--no-alone", "--no-history"]).exits(0);
    assert!(!project.path("reports/history.sqlite").exists());
    project.run(&["history"]).exits(2).says(&["there is no history", "--history FILE"]);
}

#[test]
fn a_history_of_a_newer_program_is_refused_and_left_as_it_is() {
    let project = Project::that_passes();
    run(&project, "1", 0);
    history(&project).pragma_update(None, "user_version", 99).expect("a version");
    let before = std::fs::read(project.path("reports/history.sqlite")).expect("a file");
    let runs = project.files("reports/runs").len();
    project.run(RUN).exits(2).says(&["is a history of version 99", "use the newer program", "--history FILE"]);
    project.run(&["history"]).exits(2).says(&["is a history of version 99"]);
    assert_eq!(project.files("reports/runs").len(), runs, "nothing was started");
    assert_eq!(std::fs::read(project.path("reports/history.sqlite")).expect("a file"), before, "not a byte is changed");
    project.run(&["run", "--rounds", "1", "--no-alone", "--history", "other.sqlite"]).exits(0);
    assert_eq!(assert_whole(&project.path("other.sqlite"), 4), 1);
}

#[test]
fn a_file_that_is_no_history_is_left_as_it_is() {
    let project = Project::that_passes()
        .with("notes.txt", "these are notes, and they are long enough to be read as something".repeat(20));
    let connection = Connection::open(project.path("theirs.sqlite")).expect("a database");
    connection.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1);").expect("a table");
    drop(connection);
    for file in ["notes.txt", "theirs.sqlite"] {
        let before = std::fs::read(project.path(file)).expect("a file");
        project.run(&["run", "--history", file]).exits(2).says(&["is no history of steadfast"]);
        project.run(&["history", "--history", file]).exits(2).says(&["is no history of steadfast"]);
        assert_eq!(std::fs::read(project.path(file)).expect("a file"), before, "{file}");
    }
}

#[test]
fn runs_are_compared_by_folder_name_and_by_what_is_remembered() {
    let project = Project::that_passes();
    let name = |project: &Project| project.report()["run"].as_str().expect("a name").to_owned();
    run(&project, "1", 0);
    let first = name(&project);
    project.write("scenarios/wrong.yaml", BROKEN);
    run(&project, "2", 1);
    let second = name(&project);
    project.run(&["diff", &first, "latest"]).exits(1).says(&["new (1)", "wrong: no case → broken"]);
    project.run(&["diff", &first]).exits(1).says(&["new (1)"]);
    project.run(&["diff", "latest", &format!("reports/runs/{first}")]).exits(0).says(&["no longer a case (1)"]);
    project.run(&["diff", &second, &second]).exits(0).says(&["0 new, 0 changed, 0 fixed, 1 the same"]);
    std::fs::remove_dir_all(project.path("reports/runs")).expect("the folders of runs can go");
    let json = project.run(&["diff", &first, &second, "--format", "json"]).exits(1).out;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["new"][0]["case"], "wrong", "by what is remembered alone");
    project.run(&["diff", &first, "nobody"]).exits(2).says(&["there is no run `nobody`", "history"]);
}

#[test]
fn a_resumed_run_is_remembered_once() {
    let project = Project::that_passes();
    run(&project, "1", 0);
    project.run(&["run", "--resume", "latest"]).exits(0);
    assert_eq!(assert_whole(&project.path("reports/history.sqlite"), 4), 1);
}

#[test]
fn a_run_killed_while_it_is_remembered_spoils_nothing_and_is_remembered_when_resumed() {
    for moment in 0..6_u32 {
        let project = Project::that_passes();
        run(&project, "1", 0);
        let running = project.start(RUN);
        let journal = project.path("reports/history.sqlite-journal");
        let ended = |project: &Project| {
            let text = std::fs::read(project.path("reports/latest/events.jsonl")).unwrap_or_default();
            String::from_utf8_lossy(&text).contains("run_finished")
                && std::fs::read_link(project.path("reports/latest"))
                    .is_ok_and(|to| !to.to_string_lossy().contains("-000000"))
        };
        // SQLite's own journal is there while it writes; the run may be faster than any look.
        let mut looks = 0;
        until("the run is over, or is being remembered", || {
            looks += 1;
            ended(&project) || journal.exists()
        });
        for _ in 0..moment * 20_000 {
            std::hint::spin_loop();
        }
        running.signal(rustix::process::Signal::KILL);
        running.wait();
        let file = project.path("reports/history.sqlite");
        let runs = assert_whole(&file, 4);
        assert!(runs == 1 || runs == 2, "{runs} after {looks} looks");
        project.run(&["run", "--resume", "latest"]).exits(0);
        assert_eq!(assert_whole(&file, 4), 2, "killed at moment {moment}");
    }
}

#[test]
fn runs_that_end_at_the_same_time_are_all_remembered() {
    let project = Project::that_passes();
    let runs: Vec<_> = (1..=6)
        .map(|seed| {
            let folder = format!("reports-{seed}");
            let seed = format!("{seed:016x}");
            let arguments = ["--seed", &seed, "--report-dir", &folder, "--history", "shared.sqlite"];
            project.start(&RUN.iter().copied().chain(arguments).collect::<Vec<&str>>())
        })
        .collect();
    for run in runs {
        run.wait().exits(0);
    }
    assert_eq!(assert_whole(&project.path("shared.sqlite"), 4), 6);
    let connection = Connection::open(project.path("shared.sqlite")).expect("a history");
    assert_eq!(number(&connection, "SELECT count(*) FROM names"), 4, "{GREETING}");
}

#[test]
fn trials_of_unchanged_cases_count_in_later_runs() {
    let project = Project::that_passes();
    let shuffles = |seed: &str, code: i32| {
        let arguments = ["run", "--orders", "shuffle", "--rounds", "4", "--no-alone", "--jobs", "1", "--seed", seed];
        project.run(&arguments).exits(code);
        project.report()
    };
    let upper = |report: &Value| report["evidence"]["round_rate_upper"].as_f64().expect("a bound");
    let first = shuffles("1", 0);
    assert_eq!(first["evidence"]["earlier"], Value::Null);
    let second = shuffles("2", 0);
    assert_eq!(second["evidence"]["rounds_counted"], 8);
    assert_eq!(second["evidence"]["earlier"]["rounds"], 4);
    assert!(upper(&second) < upper(&first), "{} and {}", upper(&second), upper(&first));
    let en = crate::cli::kit::case(&second, "greeting[language=en,provider=claude]");
    assert_eq!((en["trials"].as_u64(), en["earlier_trials"].as_u64()), (Some(4), Some(4)));
    let told = project.run(&["report"]).exits(0);
    told.says(&["no finding in 8 rounds (4 of them from 1 earlier run of unchanged cases, 20"]);
    for file in ["summary.md", "report.html"] {
        assert!(project.read(&format!("reports/latest/{file}")).contains("earlier run of unchanged cases"), "{file}");
    }
    let again = shuffles("2", 0);
    assert_eq!(again["evidence"]["earlier"]["rounds"], 4, "rounds of the same seed are no new trials");
    project.write("scenarios/greeting.yaml", GREETING.replace("How do I greet?", "How does one greet?"));
    let changed = shuffles("3", 0);
    assert_eq!(changed["evidence"]["earlier"], Value::Null, "the cases are others now");
    let page = project.read("reports/latest/report.json");
    std::fs::remove_file(project.path("reports/history.sqlite")).expect("the history can go");
    assert_eq!(project.run(&["report", "--format", "json"]).exits(0).out, page, "a report needs no history");
}

#[test]
fn a_finding_is_new_once_and_known_from_then_on() {
    let project = Project::that_passes();
    let of = |project: &Project| {
        let report = project.report();
        let wrong = crate::cli::kit::case(&report, "wrong");
        (wrong["new"].clone(), wrong["known"]["runs"].clone())
    };
    let first = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    run(&first, "1", 1);
    assert_eq!(of(&first), (Value::Null, Value::Null), "without earlier runs nobody knows");
    run(&project, "1", 0);
    project.write("scenarios/wrong.yaml", BROKEN);
    let arguments: Vec<&str> = RUN.iter().copied().chain(["--seed", "2"]).collect();
    project.run(&arguments).exits(1).says(&["broken, new", "new: none of 1 earlier run found it"]);
    assert_eq!(of(&project), (Value::Bool(true), Value::Null));
    run(&project, "3", 1);
    assert_eq!(of(&project), (Value::Bool(false), Value::from(1)));
    project.run(&["report"]).exits(0).says(&["known since 20", "found by 1 of 2 earlier runs"]);
    for file in ["summary.md", "report.html"] {
        assert!(project.read(&format!("reports/latest/{file}")).contains("known since 20"), "{file}");
    }
}

/// A run that was asked to exclude 20 % (14 rounds) and was stopped by time after two shuffles, with 12 earlier rounds.
fn stopped_by_time(change: impl FnOnce(&mut Past)) -> Gate {
    let mut teller = Teller::new(&["a", "b"]);
    let day = "2026-07-01T00:00:00Z".parse().expect("a time");
    let rounds = EarlierRounds { rate: Tally::new(0, 12), runs: 2, since: day, until: day };
    let mut past = Past { runs: 2, rounds: Some(rounds), ..Past::default() };
    change(&mut past);
    teller.header().background.past = Some(past);
    teller.header().policy.max_flake_rate = Some(0.2);
    teller
        .round(RoundKind::Declared, &[0, 1], |_, _| Some(Outcome::Passed))
        .round(RoundKind::Shuffle, &[1, 0], |_, _| Some(Outcome::Passed))
        .round(RoundKind::Shuffle, &[0, 1], |_, _| Some(Outcome::Passed));
    teller.header().planned.insert("shuffle".to_owned(), 14);
    judge(&teller.record(Some(RunEnd::TimeLimit))).gate
}

#[test]
fn earlier_rounds_make_up_for_those_that_time_did_not_allow() {
    assert_eq!(stopped_by_time(|_| {}), Gate::Passed);
    let without = stopped_by_time(|past| past.rounds = None);
    assert!(matches!(without, Gate::Unproven { .. }), "{without:?}");
    let too_few = stopped_by_time(|past| past.rounds.as_mut().expect("rounds").rate = Tally::new(0, 11));
    assert!(matches!(too_few, Gate::Unproven { .. }), "{too_few:?}");
    let failed = stopped_by_time(|past| past.rounds.as_mut().expect("rounds").rate = Tally::new(1, 400));
    assert!(matches!(failed, Gate::Unproven { .. }), "one failure, and nothing clean can be said: {failed:?}");
}

#[test]
fn commit_and_branch_come_from_the_service_where_there_is_no_repository() {
    let project = Project::that_passes();
    let mut command = project.command(RUN);
    command.env("GITHUB_SHA", "0123456789abcdef0123").env("GITHUB_HEAD_REF", "a-branch");
    Running::of(command).wait().exits(0);
    project.run(&["history"]).exits(0).says(&["0123456789 a-branch"]);
}

/// How many cases a run of the writer has: enough for a transaction that can be hit.
const MANY: usize = 400;

/// A case that failed by chance.
pub fn case_entry(id: impl Into<String>) -> CaseEntry {
    CaseEntry {
        id: id.into(),
        hash: "0".repeat(32),
        verdict: Verdict::Intermittent,
        rate: Tally::new(1, 8),
        shuffled: Tally::new(1, 3),
        mean_us: 400,
        slowest_us: 900,
        findings: vec![(FindingKind::Intermittent, Some("0a1b2c3d".to_owned()))],
    }
}

/// A run as the writer remembers it.
fn remembered(number: usize) -> RunEntry {
    let case = |at: usize| case_entry(format!("case[{at}]"));
    RunEntry {
        run: format!("{}-{number}", std::process::id()),
        started: Timestamp::UNIX_EPOCH,
        suite: "written".to_owned(),
        subject: ContentHash::of(["subject"]),
        conditions: None,
        commit: None,
        branch: None,
        seed: Seed::new(number as u64),
        gate: "failed".to_owned(),
        millis: 1,
        rate: Tally::default(),
        rounds: [("0 Case".to_owned(), Failed::Yes)].into(),
        cases: (0..MANY).map(case).collect(),
    }
}

/// The writer that the test below kills: a process of its own, which says what it has written.
#[test]
#[ignore = "writes until it is killed: started by the test below"]
fn writes_until_it_is_killed() {
    let Some(file) = std::env::var_os("STEADFAST_TEST_HISTORY") else { return };
    let mut said = std::fs::File::create(std::env::var_os("STEADFAST_TEST_SAID").expect("a name")).expect("a file");
    let mut history = History::open(&PathBuf::from(&file).into()).expect("a history");
    for number in 0.. {
        let begun = Instant::now();
        history.add(&remembered(number)).expect("it is written");
        let took = begun.elapsed();
        said.write_all(format!("{}-{number}\n", std::process::id()).as_bytes()).expect("it is said");
        // As long again the file is the other writer's: no run ever writes one after the other.
        while begun.elapsed() < took * 2 {
            std::hint::spin_loop();
        }
    }
}

#[test]
fn writers_killed_at_any_moment_lose_nothing_that_was_written_and_leave_nothing_by_half() {
    let project = Project::new();
    let file = project.path("shared.sqlite");
    let said = |round: u64, writer: u64| project.path(&format!("said-{round}-{writer}"));
    let lines = |path: &Path| std::fs::read_to_string(path).unwrap_or_default().lines().count();
    for round in 0..6_u64 {
        let start = |writer: u64| {
            let mut command = std::process::Command::new(std::env::current_exe().expect("this program"));
            command.args(["--exact", "history::writes_until_it_is_killed", "--ignored"]);
            command.env("STEADFAST_TEST_HISTORY", &file).env("STEADFAST_TEST_SAID", said(round, writer));
            command.stdin(std::process::Stdio::null());
            Running::of(command)
        };
        let writers = [start(0), start(1)];
        let enough = 2 + round as usize % 3;
        until("both have written something", || {
            lines(&said(round, 0)) > 0 && lines(&said(round, 1)) > 0 && lines(&said(round, round % 2)) >= enough
        });
        // From one write to the next: a moment somewhere in it, by a seed.
        for _ in 0..Seed::new(round).derive("moment").value() % 400_000 {
            std::hint::spin_loop();
        }
        for writer in &writers {
            writer.signal(rustix::process::Signal::KILL);
        }
        for writer in writers {
            assert_eq!(writer.wait().code, None, "it wrote until it was killed");
        }
        assert_whole(&file, MANY as i64);
    }
    let connection = Connection::open(&file).expect("a history");
    for (round, writer) in (0..6).flat_map(|round| [(round, 0), (round, 1)]) {
        for run in std::fs::read_to_string(said(round, writer)).expect("what was said").lines() {
            let known =
                connection.query_row("SELECT count(*) FROM runs WHERE run = ?1", [run], |row| row.get::<_, i64>(0));
            assert_eq!(known, Ok(1), "the run {run} was written and is lost");
        }
    }
}
