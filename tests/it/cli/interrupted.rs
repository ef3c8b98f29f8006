//! Runs that are killed or stopped: the journal is whole, and they can be gone on with.

use crate::cli::kit::{GREETING, Project, Running, orders, until, verdicts};
use rustix::process::Signal;

const RUN: &[&str] = &["run", "--seed", "7", "--rounds", "6", "--no-alone", "--jobs", "2"];

/// Forty cases, two of them wrong, so that verdicts say something.
fn project() -> Project {
    let words: Vec<String> = (0..38).map(|number| format!("word{number}")).collect();
    let many = format!(
        "scenario: many words\nmatrix: {{ word: [{}] }}\nproviders: {{ claude: {{ reply: Hello }} }}\nsteps:\n  - chat: {{ \
         language: en, provider: claude, message: \"What is ${{word}}?\" }}\n    expect: {{ status: 200, text: Hello }}\n",
        words.join(", ")
    );
    let wrong = "scenario: wrong\nmatrix: { provider: [mistral, deepseek] }\nproviders: { claude: { reply: Hello } }\nsteps:\n  \
                 - chat: { language: en, provider: claude, message: Whose? }\n    expect: { provider: \"${provider}\" }\n";
    Project::new().with("scenarios/many.yaml", many).with("scenarios/wrong.yaml", wrong)
}

fn lines(project: &Project) -> usize {
    let journal = project.path("reports/latest/events.jsonl");
    std::fs::read(journal).map_or(0, |text| text.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn a_run_killed_at_any_moment_is_completed_to_the_same_verdicts() {
    let whole = project();
    whole.run(RUN).exits(1);
    let (verdicts_of_whole, orders_of_whole) = (verdicts(&whole.report()), orders(&whole.journal()));
    for moment in [1, 2, 60, 250, 430] {
        let project = project();
        let run = project.start(RUN);
        until("so many facts stand in the journal", || lines(&project) >= moment);
        run.signal(Signal::KILL);
        assert_eq!(run.wait().code, None);
        project.run(&["report"]).exits(0);
        project.run(&["report", "--format", "junit"]).exits(0);
        project.run(&["run", "--resume", "latest"]).exits(1);
        project.assert_nothing_left();
        assert_eq!(verdicts(&project.report()), verdicts_of_whole, "killed after {moment} facts");
        assert_eq!(orders(&project.journal()), orders_of_whole, "killed after {moment} facts");
    }
}

#[test]
fn an_interrupt_ends_in_good_order_and_the_run_can_go_on() {
    let whole = project();
    whole.run(RUN).exits(1);
    for signal in [Signal::INT, Signal::TERM] {
        let project = project();
        let run = project.start(RUN);
        until("a part has run", || lines(&project) >= 50);
        run.signal(signal);
        run.wait().exits(130).says(&["--resume"]);
        project.assert_nothing_left();
        let journal = project.journal();
        assert_eq!(journal.last().expect("facts")["event"]["run_finished"]["end"], "interrupted");
        assert_eq!(project.report()["gate"], "interrupted");
        project.run(&["run", "--resume", "latest"]).exits(1);
        assert_eq!(verdicts(&project.report()), verdicts(&whole.report()));
        project.assert_nothing_left();
    }
}

/// As a script's background jobs have it.
#[test]
fn a_run_that_was_started_with_interrupts_ignored_hears_them() {
    let project = project();
    let mut command = project.command(RUN);
    let program = command.get_program().to_owned();
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "trap '' INT; exec \"$0\" \"$@\""]).arg(program).args(command.get_args());
    shell.current_dir(project.path("")).env_clear().stdin(std::process::Stdio::null());
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command = shell;
    let run = Running::of(command);
    until("a part has run", || lines(&project) >= 50);
    run.interrupt();
    run.wait().exits(130);
    project.assert_nothing_left();
}

#[test]
fn a_torn_last_line_is_no_fact() {
    let project = project();
    project.run(RUN).exits(1);
    let before = verdicts(&project.report());
    let path = project.path("reports/latest/events.jsonl");
    let text = std::fs::read(&path).expect("a journal");
    std::fs::write(&path, &text[..text.len() * 2 / 3]).expect("it can be cut");
    project.run(&["report"]).exits(0);
    project.run(&["run", "--resume", "latest"]).exits(1);
    assert_eq!(verdicts(&project.report()), before);
}

#[test]
fn a_finished_run_that_is_resumed_runs_nothing_again() {
    let project = Project::that_passes();
    project.run(&["run", "--seed", "1", "--rounds", "2"]).exits(0);
    let rounds = |project: &Project| project.read("reports/latest/events.jsonl").matches("\"round_started\"").count();
    let before = rounds(&project);
    project.run(&["run", "--resume", "latest"]).exits(0);
    assert_eq!(rounds(&project), before);
}

#[test]
fn a_run_whose_scenarios_changed_is_not_gone_on_with() {
    let project = Project::that_passes();
    project.run(&["run", "--seed", "1", "--rounds", "1"]).exits(0);
    let before = project.read("reports/latest/events.jsonl");
    project.write("scenarios/greeting.yaml", GREETING.replace("[en, fr]", "[en, de]"));
    project.run(&["run", "--resume", "latest"]).exits(2).says(&["changed since the run began", "start a new run"]);
    assert_eq!(project.read("reports/latest/events.jsonl"), before, "the journal is untouched");
}

#[test]
fn two_writers_of_one_run_are_kept_apart() {
    let project = project();
    let run = project.start(RUN);
    until("the run has begun", || lines(&project) >= 5);
    project.run(&["run", "--resume", "latest"]).exits(2).says(&["another steadfast is at work"]);
    project.run(&["report"]).exits(0);
    run.wait().exits(1);
    project.assert_nothing_left();
}

#[test]
fn a_journal_of_a_newer_version_is_refused_and_left_alone() {
    let project = Project::that_passes();
    project.run(&["run", "--seed", "1", "--rounds", "1"]).exits(0);
    let newer = project.read("reports/latest/events.jsonl").replacen("\"version\":1", "\"version\":2", 1);
    project.write("reports/latest/events.jsonl", &newer);
    for arguments in [&["report"][..], &["run", "--resume", "latest"]] {
        project.run(arguments).exits(2).says(&["version 2", "newer program"]);
    }
    assert_eq!(project.read("reports/latest/events.jsonl"), newer);
    project.write("reports/latest/events.jsonl", "not a journal\n");
    project.run(&["report"]).exits(2).says(&["events.jsonl:1"]);
    project.write("reports/latest/events.jsonl", "");
    project.run(&["report"]).exits(2).says(&["not a journal"]);
}
