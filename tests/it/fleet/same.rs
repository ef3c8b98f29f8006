//! A fleet comes to the report of one run.

use crate::cli::kit::{Running, verdicts};
use crate::fleet::kit::{Fleet, PATIENCE, interrupted, similar};

fn check(fleet: Option<Fleet>, sizes: &[usize]) {
    let Some(fleet) = fleet else { return };
    fleet.alone(&[]).exits(1);
    let expected = fleet.project.report_of_any_run();
    for size in sizes {
        let workers: Vec<_> = (0..*size).map(|_| fleet.worker(&["--once"])).collect();
        fleet.coordinator(&[]).wait_within(PATIENCE).exits(1);
        similar(&fleet.project.report_of_any_run(), &expected, &format!("{size} workers"));
        for worker in workers {
            worker.wait_within(PATIENCE).exits(0);
        }
        fleet.assert_nothing_left();
    }
}

#[test]
fn a_fleet_of_scenarios_comes_to_what_one_run_is() {
    check(Fleet::scenarios(), &[1, 2]);
}

#[test]
fn a_fleet_of_pytest_comes_to_what_one_run_is() {
    check(Fleet::pytest(), &[1, 2]);
}

#[test]
fn a_fleet_of_another_runner_comes_to_what_one_run_is() {
    check(Fleet::unittest(), &[2]);
}

#[test]
fn a_round_is_as_isolated_from_the_files_of_others_as_on_one_machine() {
    let Some(fleet) = Fleet::leaving_files() else { return };
    let (alone, elsewhere) = (fleet.checkout(), fleet.checkout());
    let mut command = fleet.alone_command(&[]);
    command.current_dir(alone.path(""));
    Running::of(command).wait_within(PATIENCE).exits(0);
    let mut command = fleet.worker_command(&["--once"]);
    command.current_dir(elsewhere.path(""));
    let worker = Running::of(command);
    fleet.coordinator(&[]).wait_within(PATIENCE).exits(0);
    similar(&fleet.project.report_of_any_run(), &alone.report_of_any_run(), "a suite that leaves files");
    worker.wait_within(PATIENCE).exits(0);
    fleet.assert_nothing_left();
}

/// How much memory grows is never twice the same, so that rounds may be repeated that one run did not repeat: what is
/// concluded is the same.
#[test]
fn a_fleet_looks_for_leaks_as_one_run_does() {
    let Some(fleet) = Fleet::scenarios() else { return };
    let run = ["run", "--rounds", "1", "--seed", "7", "--no-history", "--no-alone"];
    fleet.project.start(&run).wait_within(PATIENCE).exits(1);
    let expected = fleet.project.report();
    let worker = fleet.worker(&["--once"]);
    let url = fleet.server.url();
    fleet.project.start(&[&run[..], &["--workers", &url]].concat()).wait_within(PATIENCE).exits(1);
    let found = fleet.project.report();
    assert_eq!(verdicts(&found), verdicts(&expected));
    assert_eq!(found["measured"], expected["measured"]);
    assert!(fleet.kinds().contains_key("survey"), "{:?}", fleet.kinds());
    worker.wait_within(PATIENCE).exits(0);
    fleet.assert_nothing_left();
}

#[test]
fn a_worker_of_several_lanes_stays_for_the_next_run() {
    let Some(fleet) = Fleet::scenarios() else { return };
    let worker = fleet.worker(&["--jobs", "2", "--idle", "30m"]);
    fleet.coordinator(&[]).wait_within(PATIENCE).exits(1);
    fleet.coordinator(&[]).wait_within(PATIENCE).exits(1);
    let ended = interrupted(worker);
    assert_eq!(ended.err.matches("plays rounds of run").count(), 2, "{}", ended.err);
    fleet.assert_nothing_left();
}

#[test]
fn without_a_worker_nothing_runs_and_nothing_is_green() {
    let Some(fleet) = Fleet::scenarios() else { return };
    let waiting = fleet.coordinator(&["--wait-for-workers", "1s"]);
    waiting.wait_within(PATIENCE).exits(4).says(&["no worker of the fleet was there", "steadfast worker --connect"]);
    fleet.coordinator(&["--max-time", "1s"]).wait_within(PATIENCE).exits(3);
    fleet.worker(&["--idle", "1s"]).wait_within(PATIENCE).exits(0);
    fleet.assert_nothing_left();
}
