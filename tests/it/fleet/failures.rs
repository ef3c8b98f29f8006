//! Whatever fails meanwhile, the report is the same: nothing is missing, and nothing counts twice.

use crate::cli::kit::{Running, until};
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
                until("its round is with another", || {
                    self.fleet.server.has_handed_on() || self.coordinator.has_ended()
                });
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
            worker.interrupt();
        }
        for worker in self.workers {
            worker.wait_within(PATIENCE).exits(130);
        }
        // What killed workers left is taken away by the next one.
        self.fleet.worker(&["--idle", "100ms"]).wait_within(PATIENCE).exits(0);
        self.fleet
    }
}

/// Whatever goes wrong, each round of the plan ran to its end once, and the report is that of a run where nothing did.
fn check(runs: &[Vec<(Fault, usize, usize)>]) {
    let Some(mut fleet) = Fleet::slow() else { return };
    fleet.alone(&["--jobs", "2"]).exits(1);
    let expected = fleet.project.report_of_any_run();
    let rounds = fleet.kinds();
    for faults in runs {
        fleet = suffered(fleet, faults);
        let found = fleet.project.report_of_any_run();
        similar(&found, &expected, &format!("{faults:?}; rounds {:?}, expected {rounds:?}", fleet.kinds()));
    }
}

fn suffered(fleet: Fleet, faults: &[(Fault, usize, usize)]) -> Fleet {
    let mut chaos = Chaos::begin(fleet);
    for (fault, after, chosen) in faults {
        chaos.suffer(*fault, *after, *chosen);
    }
    let fleet = chaos.end();
    let mut seen = std::collections::BTreeMap::new();
    for entry in fleet.project.journal() {
        if entry["event"]["round_finished"]["end"] == "completed" {
            *seen.entry(entry["event"]["round_finished"]["round"].as_u64()).or_insert(0) += 1;
        }
    }
    assert!(seen.values().all(|times| *times == 1), "{faults:?}: {seen:?}");
    fleet.assert_nothing_left();
    fleet
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

/// Seeds whose faults are of all four kinds.
const SEEDS: [u64; 3] = [0, 1, 2];

#[test]
fn the_seeds_have_every_fault() {
    let drawn: Vec<Fault> = SEEDS.into_iter().flat_map(drawn).map(|(fault, _, _)| fault).collect();
    for fault in FAULTS {
        assert!(drawn.contains(&fault), "{fault:?} is not in {drawn:?}");
    }
}

#[test]
fn three_seeds_of_failures_change_nothing() {
    check(&SEEDS.map(drawn));
}

/// The diagnosis is under way when it dies: what was asked then is not asked again.
#[test]
fn a_coordinator_that_dies_in_the_diagnosis_changes_nothing() {
    let planned = 3 + 5;
    check(&[vec![(Fault::CoordinatorDies, planned + 3, 0), (Fault::CoordinatorDies, planned + 7, 0)]]);
}

/// A worker's connection was cut, and what it had sent arrives when nobody is there to take it in.
#[test]
fn what_comes_late_and_what_comes_back_stays_with_no_server() {
    let Some(fleet) = Fleet::scenarios() else { return };
    let late = ["results.early.key", "pieces.early.key.nonce.0", "claims.early.key"]
        .map(|of| format!("steadfast.default.{of}"));
    for run in 0..2 {
        let coordinator = fleet.coordinator(&[]);
        let worker = fleet.worker(&["--once"]);
        until("it is under way", || fleet.rounds() > 0 || coordinator.has_ended());
        // As a server has it again that was killed before its disk had heard that this was taken away.
        fleet.server.send("steadfast.default.header.invitation.early.0");
        coordinator.wait_within(PATIENCE).exits(1);
        worker.wait_within(PATIENCE).exits(0);
        late.iter().for_each(|subject| fleet.server.send(subject));
        assert_eq!(fleet.server.messages().len(), 1, "run {run}: only what the fleet was at work on is kept");
        fleet.assert_nothing_left();
        std::fs::remove_file(fleet.project.path("reports/latest")).expect("it leads to the last run");
    }
}

#[test]
#[ignore = "takes minutes: STEADFAST_FLEET_SEEDS says how many seeds"]
fn many_things_fail() {
    let seeds = std::env::var("STEADFAST_FLEET_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    check(&(0..seeds).map(drawn).collect::<Vec<_>>());
}
