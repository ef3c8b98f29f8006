//! The runner's own parallel mode, played as an experiment of its own.

use crate::cli::kit::{Project, case};
use crate::command::kit::{command, has_python};
use crate::pytest::kit::notes;

/// A runner with two tests that each need a port for themselves. In its parallel mode they wait for each other, so that both
/// always hold it at once.
const RUNNER: &str = r#"
import json, sys, threading

holders, lock = 0, threading.Lock()

def port(pause):
    global holders
    with lock:
        holders += 1
    pause()
    alone = holders == 1
    pause()
    with lock:
        holders -= 1
    return alone

TESTS = {"listens": port, "serves": port, "is healthy": lambda pause: True}

def tell(name, pause):
    word = "passed" if TESTS[name](pause) else "failed"
    print(json.dumps({"id": name, "outcome": word, "message": "the port is taken"}), flush=True)

mode, names = sys.argv[1], sys.argv[2:] or list(TESTS)
if mode == "list":
    print("\n".join(TESTS))
elif mode == "run":
    for name in names:
        tell(name, lambda: None)
else:
    barrier = threading.Barrier(2, timeout=60)
    threads = [threading.Thread(target=tell, args=(name, barrier.wait)) for name in ("listens", "serves")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tell("is healthy", lambda: None)
"#;

const PROFILE: &str = "
not_looked_for: failures that need two tests at once
list: { command: [python3, runner.py, list] }
run: { command: [python3, runner.py, run, '${cases}'] }
plain: { command: [python3, runner.py, run] }
parallel: { command: [python3, runner.py, parallel] }
results: { json_lines: {} }
";

#[test]
fn what_fails_only_in_parallel_is_found_by_playing_it() {
    if !has_python() {
        return;
    }
    let project = Project::new().with("runner.py", RUNNER).with("suite.yaml", PROFILE);
    command(&project, "run", &["--seed", "1"]).exits(0);
    assert!(notes(&project).iter().any(|note| note == "not looked for: failures that need two tests at once"));
    let second_run = "not looked for: what fails when a test runs a second time in one process (`non_idempotent`)";
    assert!(notes(&project).iter().any(|note| note == second_run), "{:?}", notes(&project));
    command(&project, "run", &["--seed", "1", "--parallel=6"]).exits(1);
    let told = notes(&project);
    assert!(told.iter().any(|note| note == "parallel: round 6 of 6: 2 of 3 cases failed"), "{told:?}");
    assert!(!told.iter().any(|note| note.starts_with("not looked for: failures that need")), "{told:?}");
    let journal = project.journal();
    let diagnoses: Vec<_> = journal.iter().filter_map(|entry| entry["event"].get("diagnosed")).collect();
    let what = |diagnosis: &serde_json::Value| diagnosis["conclusion"]["environment_dependent"]["what"].to_string();
    assert_eq!(diagnoses.iter().filter_map(|diagnosis| diagnosis["case"].as_u64()).collect::<Vec<_>>(), [0, 1]);
    let is_told = |text: String| text.contains("only where the runner runs several at once (6 of 6 times");
    assert!(diagnoses.iter().all(|diagnosis| is_told(what(diagnosis))));
    let report = project.report();
    let verdicts = ["listens", "serves", "is healthy"].map(|name| case(&report, name)["verdict"].clone());
    assert_eq!(verdicts, ["environment_dependent", "environment_dependent", "stable"]);
}
