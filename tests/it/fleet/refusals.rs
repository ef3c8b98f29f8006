//! A worker that would test something else takes no part, and says what differs.

use crate::cli::kit::{Running, until};
use crate::fleet::kit::{Fleet, PATIENCE, interrupted};

/// Starts a coordinator, and a worker after `change`: the worker refuses and says this, and the coordinator tells it.
fn check(change: impl FnOnce(&Fleet), told: &[&str]) {
    let Some(fleet) = Fleet::pytest() else { return };
    let coordinator = begun(&fleet);
    change(&fleet);
    fleet.worker(&[]).wait_within(PATIENCE).exits(2).says(told).says(&["does not test the same", "at the coordinator"]);
    refused(&fleet, coordinator);
}

/// A coordinator whose run has begun.
fn begun(fleet: &Fleet) -> Running {
    let coordinator = fleet.coordinator(&[]);
    until("workers are invited", || {
        fleet.server.messages().iter().any(|(name, count)| name.ends_with("HEADER") && *count >= 3)
    });
    coordinator
}

fn refused(fleet: &Fleet, coordinator: Running) {
    until("the coordinator hears of it", || coordinator.out().contains("takes no part"));
    interrupted(coordinator);
    fleet.assert_nothing_left();
}

#[test]
fn changed_code_is_refused() {
    check(|fleet| fleet.project.write("suite/shop.py", "price = 2\n"), &["the code under test: files"]);
    check(|fleet| fleet.project.write("suite/conftest.py", "import os\n"), &["the code under test: files"]);
}

#[test]
fn other_cases_are_refused() {
    let more = "def test_more():\n    pass\n";
    check(|fleet| fleet.project.write("suite/test_more.py", more), &["the code under test"]);
}

#[test]
fn another_package_language_or_program_is_refused() {
    let Some(fleet) = Fleet::pytest() else { return };
    let coordinator = begun(&fleet);
    let refuses = |command: std::process::Command, told: &[&str]| {
        Running::of(command).wait_within(PATIENCE).exits(2).says(told);
    };
    let mut command = fleet.worker_command(&[]);
    command.env("LANG", "xx_XX.UTF-8");
    refuses(command, &["the variable LANG: unset at the coordinator, xx_XX.UTF-8 here"]);
    let outside = tempfile::tempdir().expect("a folder");
    let package = outside.path().join("teapot-1.0.dist-info");
    std::fs::create_dir(&package).expect("a folder");
    std::fs::write(package.join("METADATA"), "Metadata-Version: 2.1\nName: teapot\nVersion: 1.0\n").expect("a file");
    let mut command = fleet.worker_command(&[]);
    command.env("PYTHONPATH", outside.path());
    refuses(command, &["the package teapot: not installed at the coordinator, 1.0 here"]);
    let other = outside.path().join("steadfast");
    std::fs::copy(fleet.worker_command(&[]).get_program(), &other).expect("a copy");
    let file = std::fs::OpenOptions::new().append(true).open(&other);
    std::io::Write::write_all(&mut file.expect("the copy"), b"another build").expect("it can be written");
    let given = fleet.worker_command(&[]);
    let mut command = std::process::Command::new(&other);
    command.args(given.get_args()).current_dir(given.get_current_dir().expect("a folder")).env_clear();
    command.envs(given.get_envs().filter_map(|(name, value)| Some((name, value?))));
    refuses(command, &["this program"]);
    refused(&fleet, coordinator);
}

#[test]
fn a_fleet_has_one_coordinator() {
    let Some(fleet) = Fleet::scenarios() else { return };
    let first = begun(&fleet);
    fleet.coordinator(&[]).wait_within(PATIENCE).exits(4).says(&["another coordinator has the fleet", "--fleet NAME"]);
    interrupted(first);
    fleet.assert_nothing_left();
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let Some(fleet) = Fleet::scenarios() else { return };
    let run = ["run", "--rounds", "1", "--workers", "nats://user:s3cr3t-pass@127.0.0.1:1"];
    let ended = fleet.project.run(&run).exits(4).says(&["nats://127.0.0.1:1", "look whether a NATS server"]);
    assert!(!(ended.out + &ended.err).contains("s3cr3t-pass"));
    fleet.project.run(&["worker", "--connect", "nats://127.0.0.1:1"]).exits(4);
    fleet.project.run(&["worker", "--connect", "nonsense://x"]).exits(2);
    for file in fleet.project.files("reports") {
        let text = std::fs::read(&file).expect("a file");
        assert!(!String::from_utf8_lossy(&text).contains("s3cr3t-pass"), "{}", file.display());
    }
}
