//! Systems that mean harm: each has a clear outcome, the rest of the round goes on, and the harness's memory is bounded.

use crate::cli::fake::{chat, project};
use crate::cli::kit::{Project, case};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What a process of the harness may take, in kB: several times what it takes on a healthy system. An answer is read up
/// to a limit, and a system's output is kept up to one, so that what a system sends makes no difference.
const BOUND: u64 = 400 << 10;

const CLAUDE: &str = "{ claude: { reply: Bonjour } }";

/// The most memory that a process of the harness has taken so far, in kB: the system itself is not one of them.
fn most_memory(project: &Project) -> u64 {
    let of = |pid: i32| {
        let command = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
        let is_harness = String::from_utf8_lossy(&command).split('\0').nth(1)? != "cli::fake::serves";
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok().filter(|_| is_harness)?;
        status
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok())
    };
    project.processes().into_iter().filter_map(of).max().unwrap_or_default()
}

#[test]
fn what_a_system_sends_without_end_is_given_up_and_kept_out_of_memory() {
    let ok = "{ status: 200, text: Bonjour }";
    let project = project(&[])
        .with("scenarios/1-huge.yaml", chat("two gigabytes", CLAUDE, "huge", ok, ""))
        .with("scenarios/2-headers.yaml", chat("headers without end", CLAUDE, "headers", ok, ""))
        .with("scenarios/3-endless.yaml", chat("a body without end", CLAUDE, "endless", ok, ""))
        .with("scenarios/4-skewed.yaml", chat("a wrong date", CLAUDE, "skewed", ok, ""))
        .with("scenarios/5-chatters.yaml", chat("output without pause", CLAUDE, "chatters", ok, ""))
        .with("scenarios/6-honest.yaml", chat("honest", CLAUDE, "honest", ok, ""));
    let over = AtomicBool::new(false);
    let most = std::thread::scope(|scope| {
        let watched = scope.spawn(|| {
            let mut most = 0;
            while !over.load(Ordering::Acquire) {
                most = most.max(most_memory(&project));
                std::thread::sleep(Duration::from_millis(3));
            }
            most
        });
        let ended = project.run(&[
            "run",
            "--system",
            "fake.yaml",
            "--orders",
            "declared",
            "--rounds",
            "1",
            "--no-alone",
            // The thread that goes on writing is a leak, which is not what is asked here.
            "--no-leaks",
            "--seed",
            "1",
        ]);
        over.store(true, Ordering::Release);
        ended.exits(1);
        watched.join().expect("it only looks")
    });
    project.assert_nothing_left();
    assert!(most > 0 && most < BOUND, "a process of the harness took {most} kB");
    let report = project.report();
    let message = |id: &str| case(&report, id)["message"].as_str().unwrap_or_default().to_owned();
    for id in ["1-huge", "3-endless"] {
        assert!(message(id).contains("longer than"), "{id}: {}", message(id));
    }
    assert_eq!(case(&report, "2-headers")["verdict"], "broken", "{}", message("2-headers"));
    for id in ["4-skewed", "5-chatters", "6-honest"] {
        assert_eq!(case(&report, id)["verdict"], "stable", "{id}: {}", message(id));
    }
    let length = std::fs::metadata(project.path("reports/latest/events.jsonl")).expect("a journal").len();
    assert!(length < 1 << 20, "the journal has {length} bytes");
}
