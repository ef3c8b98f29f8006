//! A fleet's figures, as Prometheus asks for them.

use crate::cli::kit::until;
use crate::fleet::kit::{Fleet, PATIENCE};
use std::io::{Read, Write};
use std::net::TcpStream;

/// What is served at an address of the form `127.0.0.1:1234`.
fn asked(address: &str) -> String {
    let Ok(mut stream) = TcpStream::connect(address) else { return String::new() };
    let _ = stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n");
    let mut text = String::new();
    let _ = stream.read_to_string(&mut text);
    text
}

#[test]
fn the_figures_follow_the_fleet_and_end_with_the_run() {
    let Some((fleet, go)) = Fleet::waiting() else { return };
    let run = fleet.coordinator(&["--metrics", "0"]);
    let told =
        || run.out().split("figures are at http://").nth(1).and_then(|rest| Some(rest.split_once('/')?.0.to_owned()));
    until("the address is told", || told().is_some());
    let address = told().expect("told");
    let shows = |line: &str| asked(&address).lines().any(|found| found == line);
    until("rounds are offered", || {
        asked(&address).contains("steadfast_fleet_offered ") && !shows("steadfast_fleet_offered 0")
    });
    assert!(shows("steadfast_fleet_workers 0"), "{}", asked(&address));
    let worker = fleet.worker(&["--once"]);
    until("the worker is counted", || shows("steadfast_fleet_workers 1") && shows("steadfast_fleet_lanes 1"));
    assert!(shows("steadfast_fleet_rounds_total{end=\"completed\"} 0"), "{}", asked(&address));
    // The case that plays waits for this.
    std::fs::write(go, "").expect("a file");
    run.wait_within(PATIENCE).exits(0).says(&["worker", "is there"]);
    worker.wait_within(PATIENCE).exits(0);
    assert!(TcpStream::connect(&address).is_err(), "it is served still");
    fleet.assert_nothing_left();
}

#[test]
fn figures_of_no_fleet_and_an_address_that_is_none_are_refused() {
    let project = crate::cli::kit::Project::that_passes();
    project.run(&["run", "--metrics", "9464"]).exits(2).says(&["--workers"]);
    let at = ["run", "--workers", "nats://127.0.0.1:1", "--metrics", "nowhere"];
    project.run(&at).exits(2).says(&["`nowhere` is not an address"]);
}
