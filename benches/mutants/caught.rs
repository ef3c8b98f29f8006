//! The test that a mutant must fail: the shipped scenarios, in declared order.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A run that takes longer is one that the mutant made hang: a round takes some eight seconds on an idle machine.
const WITHIN: Duration = Duration::from_secs(600);

#[test]
fn the_shipped_scenarios_find_nothing() {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| panic!("{name} is set by benches/mutants/run"));
    let project = variable("MUTANTS_PROJECT");
    let name = format!("tutor-{}.yaml", std::process::id());
    let system = format!(
        "system: mutant\nextends: process\nprocess:\n  command: [\"{}\", --port, \"${{port}}\", --store, \
         \"${{dir}}/tutor.db\", --admin-token, \"${{admin_token}}\"]\n  ready: /ready\n  ready_within: 20s\n",
        env!("CARGO_BIN_EXE_tutor")
    );
    std::fs::write(format!("{project}/{name}"), system).expect("a system file");
    let reports = format!("{project}/reports-{}", std::process::id());
    let mut run = Command::new(variable("MUTANTS_STEADFAST"))
        .args(["run", "--system", &name, "--rounds", "1", "--orders", "declared", "--no-alone", "--no-history", "--seed", "1", "--jobs", "1"])
        .args(["--case-timeout", "30s", "--report-dir", &reports])
        .current_dir(&project)
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("steadfast starts");
    let deadline = Instant::now() + WITHIN;
    let first = loop {
        if let Some(found) = first_failure(&reports) {
            break Some(found);
        }
        if let Some(status) = run.try_wait().expect("it is ours") {
            break (!status.success()).then(|| first_failure(&reports).unwrap_or_else(|| status.to_string()));
        }
        if Instant::now() > deadline {
            break Some("the run did not end".to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    // What failed is known: the search for its smallest order is not needed.
    let _ = Command::new("kill").args(["-INT", &run.id().to_string()]).status();
    let _ = run.wait();
    let _ = std::fs::remove_dir_all(&reports);
    let _ = std::fs::remove_file(format!("{project}/{name}"));
    if let Some(first) = first {
        panic!("caught by {first}");
    }
}

/// The journal's first trial that failed.
fn first_failure(reports: &str) -> Option<String> {
    let run = std::fs::read_dir(format!("{reports}/runs")).ok()?.flatten().next()?;
    let journal = std::fs::read_to_string(run.path().join("events.jsonl")).ok()?;
    let failed = ["failed", "errored", "timed_out", "crashed"].map(|kind| format!("\"outcome\":{{\"kind\":\"{kind}\""));
    let line = journal.lines().find(|line| failed.iter().any(|kind| line.contains(kind)))?;
    Some(line.to_owned())
}
