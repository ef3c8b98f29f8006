//! Whatever fails meanwhile, the report is the same: nothing is missing, and nothing counts twice.

use crate::cli::kit::{Running, until, verdicts};
use crate::fleet::kit::{Fleet, PATIENCE, similar};
use rustix::process::Signal;
use steadfast::model::Seed;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    /// A worker is killed, and another one comes.
    WorkerDies,
    /// A worker is stopped for longer than its lease, and goes on then.
    WorkerFreezes,
    /// The server is killed, and started again.
    ServerDies,
    /// The coordinator is killed, and its run gone on with.
    CoordinatorDies,
}

const FAULTS: [Fault; 4] = [Fault::WorkerDies, Fault::WorkerFreezes, Fault::ServerDies, Fault::CoordinatorDies];

/// A run of scenarios under way with two workers, and what goes wrong with it.
struct Chaos {
    fleet: Fleet,
    coordinator: Running,
    workers: Vec<Running>,
}

impl Chaos {
    fn begin(fleet: Fleet) -> Self {
        let coordinator = fleet.coordinator(&["--jobs", "2"]);
        let workers = (0..2).map(|_| fleet.worker(&[])).collect();
        Self { fleet, coordinator, workers }
    }

    /// Lets it go wrong once so many rounds have ended, or not at all if the plan is over.
    fn suffer(&mut self, fault: Fault, after: usize, chosen: usize) {
        until("rounds end", || self.fleet.rounds() >= after || self.coordinator.has_ended());
        let worker = chosen % self.workers.len();
        match fault {
            Fault::WorkerDies => {
                self.workers[worker].signal(Signal::KILL);
                let dead = std::mem::replace(&mut self.workers[worker], self.fleet.worker(&[]));
                assert_eq!(dead.wait().code, None);
            }
            Fault::WorkerFreezes => {
                self.workers[worker].signal(Signal::STOP);
                let begun = std::time::Instant::now();
                let lease = std::time::Duration::from_millis(2500);
                until("its lease has ended", || begun.elapsed() > lease || self.coordinator.has_ended());
                self.workers[worker].signal(Signal::CONT);
            }
            Fault::ServerDies => {
                self.fleet.server.kill();
                self.fleet.server.go_on();
            }
            Fault::CoordinatorDies => {
                if !self.coordinator.has_ended() {
                    self.coordinator.signal(Signal::KILL);
                    until("it is dead", || self.coordinator.has_ended());
                    self.coordinator = self.fleet.resumed();
                }
            }
        }
    }

    /// Waits for the run's end and for the end of its workers.
    fn end(self) -> Fleet {
        self.coordinator.wait_within(PATIENCE).exits(1);
        for worker in &self.workers {
            worker.signal(Signal::INT);
        }
        for worker in self.workers {
            worker.wait_within(PATIENCE).exits(130);
        }
        // What killed workers left is taken away by the next one.
        self.fleet.worker(&["--idle", "100ms"]).wait_within(PATIENCE).exits(0);
        self.fleet
    }
}

/// Each round of the plan ran to its end once, and the report is that of a run where nothing went wrong.
fn check(faults: &[(Fault, usize, usize)]) {
    let Some(fleet) = Fleet::slow() else { return };
    fleet.alone(&["--jobs", "2"]).exits(1);
    let expected = fleet.project.report_of_any_run();
    let rounds = fleet.kinds();
    let mut chaos = Chaos::begin(fleet);
    for (fault, after, chosen) in faults {
        chaos.suffer(*fault, *after, *chosen);
    }
    let fleet = chaos.end();
    let found = fleet.project.report_of_any_run();
    // A run that is gone on with examines again what was not examined to the end: it asks more than one that was not killed.
    if faults.iter().any(|(fault, _, _)| *fault == Fault::CoordinatorDies) {
        assert_eq!(verdicts(&found), verdicts(&expected), "{faults:?}");
    } else {
        similar(&found, &expected, &format!("{faults:?}; rounds {:?}, expected {rounds:?}", fleet.kinds()));
    }
    let mut seen = std::collections::BTreeMap::new();
    for entry in fleet.project.journal() {
        if entry["event"]["round_finished"]["end"] == "completed" {
            *seen.entry(entry["event"]["round_finished"]["round"].as_u64()).or_insert(0) += 1;
        }
    }
    assert!(seen.values().all(|times| *times == 1), "{faults:?}: {seen:?}");
    fleet.assert_nothing_left();
}

/// Faults drawn by a seed, each somewhere in the plan's rounds.
fn drawn(seed: u64) -> Vec<(Fault, usize, usize)> {
    let draw = |label: String| usize::try_from(Seed::new(seed).derive(&label).value() % 1000).expect("a small number");
    let faults = 2 + draw("faults".to_owned()) % 2;
    let mut moments: Vec<usize> = (0..faults).map(|fault| draw(format!("moment {fault}")) % 5).collect();
    moments.sort_unstable();
    (0..faults)
        .zip(moments)
        .map(|(fault, after)| {
            (FAULTS[draw(format!("fault {fault}")) % FAULTS.len()], after, draw(format!("worker {fault}")))
        })
        .collect()
}

#[test]
fn a_worker_dies() {
    check(&[(Fault::WorkerDies, 1, 0)]);
}

#[test]
fn a_worker_freezes() {
    check(&[(Fault::WorkerFreezes, 1, 0)]);
}

#[test]
fn the_server_dies() {
    check(&[(Fault::ServerDies, 1, 0)]);
}

#[test]
fn the_coordinator_dies() {
    check(&[(Fault::CoordinatorDies, 1, 0)]);
}

#[test]
#[ignore = "takes minutes: STEADFAST_FLEET_SEEDS says how many seeds"]
fn many_things_fail() {
    let seeds = std::env::var("STEADFAST_FLEET_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    for seed in 0..seeds {
        check(&drawn(seed));
    }
}
