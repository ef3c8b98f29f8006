//! A fleet comes to the report of one run.

use crate::fleet::kit::{Fleet, PATIENCE, similar};

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
fn a_worker_of_several_lanes_stays_for_the_next_run() {
    let Some(fleet) = Fleet::scenarios() else { return };
    let worker = fleet.worker(&["--jobs", "2", "--idle", "20s"]);
    fleet.coordinator(&[]).wait_within(PATIENCE).exits(1);
    fleet.coordinator(&[]).wait_within(PATIENCE).exits(1);
    let ended = worker.wait_within(PATIENCE).exits(0);
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
