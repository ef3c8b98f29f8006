//! Killed at any moment, a run loses nothing: gone on with, it comes to the verdicts of a run that nobody killed.

use crate::cli::kit::{Project, orders, until, verdicts};
use rustix::process::Signal;
use steadfast::model::Seed;

const RUN: &[&str] = &["run", "--seed", "3", "--rounds", "3", "--no-alone", "--jobs", "2"];

/// Twelve cases that pass, one that fails always, and one that is skipped.
fn project() -> Project {
    let many = "scenario: many\nmatrix: { word: [a, b, c, d, e, f], provider: [claude, mistral] }\nproviders: { \"${provider}\": \
                { reply: Hello } }\nsteps:\n  - chat: { language: en, provider: \"${provider}\", message: \"What is ${word}?\" }\n    \
                expect: { status: 200, text: Hello }\n";
    let wrong = "scenario: wrong\nproviders: { claude: { reply: Hello } }\nsteps:\n  - chat: { language: en, provider: claude, \
                 message: Whose? }\n    expect: { provider: mistral }\n";
    Project::new()
        .with("scenarios/many.yaml", many)
        .with("scenarios/wrong.yaml", wrong)
        .with("scenarios/later.yaml", "scenario: later\nskip: not yet\n")
}

fn bytes(project: &Project) -> u64 {
    std::fs::metadata(project.path("reports/latest/events.jsonl")).map_or(0, |file| file.len())
}

/// Starts a command and kills it once the journal has so many bytes, or when it has ended by itself.
fn killed(project: &Project, arguments: &[&str], moment: u64) {
    let run = project.start(arguments);
    until("the moment has come", || bytes(project) >= moment || run.has_ended());
    if !run.has_ended() {
        run.signal(Signal::KILL);
    }
    let code = run.wait().code;
    assert!([None, Some(1), Some(2)].contains(&code), "{code:?}");
}

/// Kills `kills` runs, two at a time, each at its own moment.
fn check(kills: u64) {
    let whole = project();
    whole.run(RUN).exits(1);
    std::thread::scope(|scope| {
        for hand in 0..2 {
            let whole = &whole;
            scope.spawn(move || (hand..kills).step_by(2).for_each(|kill| check_one(whole, kill)));
        }
    });
}

/// Kills a run, every other one a second time while it goes on, and compares what it comes to in the end.
fn check_one(whole: &Project, kill: u64) {
    let (length, seed) = (bytes(whole), Seed::new(0x6b69_6c6c));
    // Beyond the end too: while the reports are written.
    let moment = seed.derive(&format!("moment {kill}")).value() % (length + length / 20);
    let project = project();
    killed(&project, RUN, moment);
    let begun = std::fs::read(project.path("reports/latest/events.jsonl")).is_ok_and(|text| text.contains(&b'\n'));
    if begun && kill / 2 % 2 == 1 {
        let more = seed.derive(&format!("second moment {kill}")).value() % (length / 2);
        killed(&project, &["run", "--resume", "latest"], bytes(&project) + more);
    }
    if begun {
        project.run(&["report"]).exits(0);
        project.run(&["run", "--resume", "latest"]).exits(1);
    } else {
        project.run(RUN).exits(1);
    }
    let told = format!("kill {kill} at {moment} of {length} bytes");
    assert_eq!(verdicts(&project.report()), verdicts(&whole.report()), "{told}");
    assert_eq!(orders(&project.journal()), orders(&whole.journal()), "{told}");
    project.assert_nothing_left();
}

#[test]
fn twenty_kills_lose_nothing() {
    check(20);
}

#[test]
#[ignore = "takes a minute or two: .ci/run runs it"]
fn two_hundred_kills_lose_nothing() {
    check(200);
}
