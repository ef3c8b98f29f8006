//! Systems that the harness starts: however they behave, the run goes on, says it, and leaves nothing behind.

use crate::cli::fake::{chat, project, system};
use crate::cli::kit::{Project, case, until};
use rustix::process::Signal;

const CLAUDE: &str = "{ claude: { reply: Bonjour } }";
const DECLARED: &[&str] =
    &["run", "--system", "fake.yaml", "--orders", "declared", "--rounds", "1", "--no-alone", "--seed", "1"];

const DECLARED_HONEST: &[&str] =
    &["run", "--system", "fake.yaml", "--orders", "declared", "--rounds", "1", "--no-alone", "--filter", "honest"];

fn honest(title: &str) -> String {
    chat(title, CLAUDE, "honest", "{ status: 200, text: Bonjour }", "")
}

/// A project whose system starts children that don't want to end, and writes down who they are.
fn with_children(children: &str) -> Project {
    let project = Project::new();
    let pids = project.path("pids").display().to_string();
    project
        .with("fake.yaml", system(&[("FAKE_CHILDREN", children), ("FAKE_PIDS", &pids)], ""))
        .with("scenarios/honest.yaml", honest("an honest answer"))
}

/// Whether a process lives, a zombie not counted.
fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z')))
}

#[track_caller]
fn assert_all_dead(project: &Project) {
    let pids = project.read("pids");
    assert!(pids.lines().count() >= 2, "the children were started: {pids}");
    for pid in pids.lines() {
        until("what was killed is gone", || {
            !lives(pid) || std::fs::read(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.is_empty())
        });
        assert!(!lives(pid), "{pid} lives on");
    }
    project.assert_nothing_left();
}

#[test]
fn children_end_with_their_system_whether_they_want_or_not() {
    let project = with_children("stubborn detached");
    project.run(DECLARED).exits(0);
    assert_all_dead(&project);
}

#[test]
fn a_child_that_hides_and_holds_the_output_does_not_hold_the_run() {
    let project = with_children("hidden");
    project.run(DECLARED).exits(0);
    assert_all_dead(&project);
}

#[test]
fn children_that_forked_until_nothing_leads_to_them_end_all_the_same() {
    let project = with_children("vanished vanished");
    project.run(DECLARED).exits(0);
    let pids = project.read("pids");
    assert!(pids.lines().count() >= 5, "four children were started: {pids}");
    assert_all_dead(&project);
}

#[test]
fn children_of_a_system_that_ended_by_itself_do_not_outlive_the_round() {
    let project = with_children("vanished").with("scenarios/1-exits.yaml", chat("an exit", CLAUDE, "exits", "{}", ""));
    project.run(DECLARED).exits(1);
    let pids = project.read("pids");
    assert!(pids.lines().count() >= 6, "the system was started twice: {pids}");
    assert_all_dead(&project);
}

#[test]
fn a_system_that_does_not_stop_is_ended_at_its_deadline() {
    let restart = "scenario: stopped in the middle\nproviders: { claude: { reply: Bonjour } }\nsteps:\n  - restart:\n  - chat: \
                   { language: en, message: honest }\n    expect: { status: 200, text: Bonjour }\n";
    let project = project(&[("FAKE_STOP", "stays")])
        .with("scenarios/1-before.yaml", honest("before"))
        .with("scenarios/2-restart.yaml", restart)
        .with("scenarios/3-after.yaml", honest("after"));
    project.run(DECLARED).exits(0);
    project.assert_nothing_left();
    let report = project.report();
    for id in ["1-before", "2-restart", "3-after"] {
        let found = case(&report, id);
        assert_eq!((&found["verdict"], &found["trials"]), (&"stable".into(), &1.into()), "{found:#}");
    }
}

#[test]
fn a_port_that_somebody_takes_before_the_system_does_is_given_up_for_another() {
    let project = Project::new();
    let marker = project.path("robbed-of").display().to_string();
    let project = project
        .with("fake.yaml", system(&[("FAKE_START", "robbed"), ("FAKE_MARKER", &marker)], ""))
        .with("scenarios/honest.yaml", honest("an honest answer"));
    project.run(DECLARED).exits(0);
    project.assert_nothing_left();
    assert!(!project.read("robbed-of").is_empty(), "the port was taken the first time");
}

#[test]
fn a_system_that_ends_at_once_is_reported_with_what_it_wrote() {
    let project = project(&[("FAKE_START", "exits")]).with("scenarios/honest.yaml", honest("never asked"));
    project.run(DECLARED).exits(4).says(&["ended before it was ready", "exit status: 3", "fatal: no database"]);
    project.assert_nothing_left();
    assert_eq!(project.report()["gate"], "error");
}

#[test]
fn a_system_that_is_never_ready_is_given_up_at_its_deadline() {
    let file = system(&[("FAKE_START", "never")], "").replace("ready_within: 30s", "ready_within: 1500ms");
    let project = Project::new().with("fake.yaml", file).with("scenarios/honest.yaml", honest("never asked"));
    project.run(DECLARED).exits(4).says(&["did not answer GET /ready", "1.5s"]);
    project.assert_nothing_left();
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let file = "system: fake\nextends: embedded\nprocess:\n  command: [./tutor-that-is-not-here]\n";
    let project = Project::new().with("fake.yaml", file).with("scenarios/honest.yaml", honest("never asked"));
    project.run(DECLARED).exits(4).says(&["can't start `./tutor-that-is-not-here`"]);
    project.assert_nothing_left();
}

#[test]
fn one_case_that_takes_the_system_down_or_hangs_does_not_take_the_round() {
    let ok = "{ status: 200 }";
    let hang = chat("a hang", CLAUDE, "hangs", ok, "timeout: 1s\n");
    let project = project(&[])
        .with("scenarios/1-before.yaml", honest("before"))
        .with("scenarios/2-exits.yaml", chat("an exit", CLAUDE, "exits", ok, ""))
        .with("scenarios/3-between.yaml", honest("between"))
        .with("scenarios/4-hangs.yaml", hang)
        .with("scenarios/5-after.yaml", honest("after"));
    project.run(DECLARED).exits(1).says(&["2-exits", "4-hangs"]);
    project.assert_nothing_left();
    let report = project.report();
    for id in ["1-before", "3-between", "5-after"] {
        let found = case(&report, id);
        assert_eq!((&found["verdict"], &found["trials"]), (&"stable".into(), &1.into()), "{found:#}");
    }
    let message = |id: &str| case(&report, id)["message"].as_str().unwrap_or_default().to_owned();
    assert!(
        message("2-exits").contains("the system ended while the case ran: exit status: 7"),
        "{}",
        message("2-exits")
    );
    assert!(message("4-hangs").contains("did not end within 1s"), "{}", message("4-hangs"));
    let journal = project.read("reports/latest/events.jsonl");
    assert!(journal.contains("\"crashed\"") && journal.contains("\"timed_out\""), "outcomes keep their kind");
    assert!(journal.contains("fatal: out of memory, or so it says"), "what it last wrote is kept");
}

#[test]
fn broken_answers_fail_their_case_and_no_other() {
    let ok = "{ status: 200, text: Bonjour }";
    let project = project(&[])
        .with("scenarios/1-endless.yaml", chat("a body without end", CLAUDE, "endless", ok, ""))
        .with("scenarios/2-utf8.yaml", chat("no UTF-8", CLAUDE, "utf8", ok, ""))
        .with("scenarios/3-short.yaml", chat("less than promised", CLAUDE, "short", ok, ""))
        .with("scenarios/4-long.yaml", chat("more than promised", CLAUDE, "long", ok, ""))
        .with("scenarios/5-floods.yaml", chat("80 MB of log", CLAUDE, "floods", ok, ""))
        .with("scenarios/6-honest.yaml", honest("honest"));
    project.run(DECLARED).exits(1);
    project.assert_nothing_left();
    let report = project.report();
    let message = |id: &str| case(&report, id)["message"].as_str().unwrap_or_default().to_owned();
    assert!(message("1-endless").contains("longer than"), "{}", message("1-endless"));
    assert!(message("3-short").contains("connection failed"), "{}", message("3-short"));
    for id in ["2-utf8", "4-long"] {
        assert_eq!(case(&report, id)["verdict"], "broken", "{}", message(id));
    }
    for id in ["5-floods", "6-honest"] {
        assert_eq!(case(&report, id)["verdict"], "stable", "{}", message(id));
    }
    let length = std::fs::metadata(project.path("reports/latest/events.jsonl")).expect("a journal").len();
    assert!(length < 1 << 20, "the journal has {length} bytes");
}

#[test]
fn a_signal_in_the_middle_leaves_nothing() {
    for signal in [Signal::INT, Signal::TERM] {
        let project =
            with_children("stubborn detached").with("scenarios/z.yaml", chat("a hang", CLAUDE, "hangs", "{}", ""));
        let run = project.start(DECLARED);
        until("the hanging case has begun", || {
            project.path("reports/latest/events.jsonl").exists() && started(&project, 2)
        });
        run.signal(signal);
        run.wait().exits(130);
        assert_all_dead(&project);
        project.run(&["report"]).exits(0);
    }
}

#[test]
fn the_next_run_takes_away_what_a_killed_one_left() {
    let project =
        with_children("stubborn detached").with("scenarios/z.yaml", chat("a hang", CLAUDE, "hangs", "{}", ""));
    let run = project.start(DECLARED);
    until("the hanging case has begun", || {
        project.path("reports/latest/events.jsonl").exists() && started(&project, 2)
    });
    run.signal(Signal::KILL);
    assert_eq!(run.wait().code, None);
    project.run(&[DECLARED, &["--filter", "honest"]].concat()).exits(0).says(&["took away what a killed run left"]);
    assert_all_dead(&project);
}

#[test]
fn a_worker_that_is_killed_takes_its_system_along_and_its_round_goes_on() {
    let barrier = "{ claude: { reply: Bonjour, hold_until: { calls: 2 } } }";
    let held = chat("held until it is killed", barrier, "honest and held", "{}", "timeout: 60s\n");
    let project = with_children("stubborn detached")
        .with("scenarios/1-held.yaml", held.replace("expect: {}\n", "within: 60s\n"))
        .with("scenarios/2-honest.yaml", honest("goes on"));
    let only = [DECLARED, &["--filter", "1-held,2-honest", "--jobs", "1", "--fail-on", "leak"]].concat();
    let run = project.start(&only);
    until("the held case has begun", || project.path("reports/latest/events.jsonl").exists() && started(&project, 1));
    let is_worker = |pid: &i32| {
        std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("steadfast\0worker"))
    };
    let worker = project.processes().into_iter().find(is_worker).expect("a worker runs");
    let worker = rustix::process::Pid::from_raw(worker).expect("a pid");
    rustix::process::kill_process(worker, Signal::KILL).expect("the worker is there");
    until("the round has gone on as another attempt", || started(&project, 2));
    let first = project.read("pids").lines().next().expect("a pid").to_owned();
    until("the system of the dead worker is dead as well", || !lives(&first));
    drop(run);
    project.run(DECLARED_HONEST).exits(0);
    assert_all_dead(&project);
}

#[test]
fn nothing_is_removed_or_killed_on_the_word_of_a_foreign_file() {
    let project = Project::that_passes().with("precious/file", "mine");
    let precious = project.path("precious").display().to_string();
    let pid = std::process::id();
    for (name, text) in [
        ("elsewhere", format!("{{\"scratch\":{precious:?},\"owned\":[]}}")),
        ("above", format!("{{\"scratch\":\"{precious}/sf-abcdef/..\",\"owned\":[]}}")),
        (
            "other",
            format!(
                "{{\"scratch\":\"/nowhere/sf-abcdef\",\"owned\":[{{\"group\":{pid},\"started\":null,\"mark\":\"PATH={}\"}}]}}",
                env!("PATH")
            ),
        ),
        ("broken", "{".to_owned()),
    ] {
        project.write(&format!("reports/runs/{name}/leftovers.json"), text);
    }
    project.run(&["run", "--rounds", "1", "--no-alone"]).exits(0);
    assert_eq!(project.read("precious/file"), "mine");
    assert!(project.path("reports/runs/elsewhere/leftovers.json").exists(), "it is left as it was");
}

/// Whether so many trials have begun.
fn started(project: &Project, trials: usize) -> bool {
    project.read("reports/latest/events.jsonl").matches("\"trial_started\"").count() >= trials
}
