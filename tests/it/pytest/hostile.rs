//! Suites that mean harm: each test has its outcome, the journal stays small, and no process is left.

use crate::cli::kit::{until, verdicts};
use crate::pytest::kit::Suite;

/// Hangs at its end, whoever asks it to end.
const CONFTEST: &str = "
import atexit, os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGINT, signal.SIG_IGN)
atexit.register(time.sleep, 600)
";

/// Each of these passes by itself, and is no more welcome for it.
const TESTS: &str = r#"
import os, subprocess, threading, time

def test_1_vanishes():
    script = "for i in 1 2; do setsid sh -c '(setsid sleep 600 >/dev/null 2>&1 & echo $!) &'; done"
    run = subprocess.run(["sh", "-c", script], env={"PATH": os.environ["PATH"]}, stdout=subprocess.PIPE)
    with open(os.environ["HOME"] + "/pids", "ab") as file:
        file.write(run.stdout)

def test_2_writes_no_text():
    os.write(1, b"\xff\xfe\xc3\n" * 1000)
    os.write(2, b"\xff\xfe\xc3\n" * 1000)
    os.write(1, b'{"finished": 0, "outcome": "failed"}\n')

def test_3_floods():
    for _ in range(40):
        os.write(2, b"all work and no play " * 50_000)

def test_4_prints_without_pause():
    def prints():
        while True:
            os.write(2, b"and another thing\n" * 100)
    threading.Thread(target=prints).start()

def test_5_is_honest():
    pass
"#;

#[test]
fn a_suite_that_means_harm_has_its_outcomes_and_leaves_nothing() {
    let Some(suite) = Suite::empty() else { return };
    let suite = suite.with("conftest.py", CONFTEST).with("test_harm.py", TESTS);
    let more = ["--seed", "1", "--rounds", "1", "--orders", "declared", "--no-alone"];
    suite.command("run", &more).exits(0);
    let found = verdicts(&suite.project.report());
    assert_eq!(found.len(), 5);
    // Two of them start what they never end.
    let verdicts = ["leaky", "stable", "stable", "leaky", "stable"];
    assert!(found.iter().zip(verdicts).all(|((_, found), verdict)| found == verdict), "{found:?}");
    let pids = suite.project.read("pids");
    assert!(pids.lines().count() >= 2, "two processes were started: {pids}");
    for pid in pids.lines() {
        until("what was started is gone", || !std::path::Path::new(&format!("/proc/{pid}")).exists());
    }
    suite.project.assert_nothing_left();
    let length = std::fs::metadata(suite.project.path("reports/latest/events.jsonl")).expect("a journal").len();
    assert!(length < 1 << 20, "the journal has {length} bytes");
}
