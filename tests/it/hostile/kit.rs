//! A suite in the shell, which needs nothing but one, and another account on the machine.

use crate::cli::kit::{Project, until};
use rustix::process::Signal;
use std::path::Path;
use std::process::{Command, Stdio};

const PROFILE: &str = "list: { command: [sh, suite.sh, list] }\nrun: { command: [sh, suite.sh, '${case}'] }\nresults: { exit_code: \
                       {} }\n";

/// How its suite is run.
pub const RUN: &[&str] =
    &["run", "--suite", "command:suite.yaml", "--orders", "declared", "--rounds", "1", "--no-alone", "--seed", "1"];

/// A project whose suite is a shell script: called with `list` it prints its cases, else it runs the one it is given.
pub fn suite(script: &str) -> Project {
    Project::new().with("suite.yaml", PROFILE).with("suite.sh", script)
}

/// A suite with one case that tells that it runs and then does not end.
pub fn hanging() -> Project {
    suite("case $1 in list) echo waits;; *) echo $$ >started; exec sleep 600;; esac")
}

/// Waits until a file of the project has a whole line, and gives that.
pub fn line(project: &Project, file: &str) -> String {
    let text = || std::fs::read_to_string(project.path(file)).unwrap_or_default();
    until(file, || text().ends_with('\n'));
    text().trim().to_owned()
}

/// The signals that end a run. Where SIGHUP is ignored, as under nohup, whatever is started here ignores it too.
pub fn endings() -> Vec<Signal> {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    let hang_up = (ignored & 1 == 0).then_some(Signal::HUP);
    [Signal::INT, Signal::TERM].into_iter().chain(hang_up).collect()
}

/// Whether a process lives, a zombie not counted.
pub fn lives(pid: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X'])))
}

/// A shell of another account, where this one may become another. Where it may not, says so.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
pub fn as_another(script: &str, folder: &Path) -> Option<Command> {
    let mut command = Command::new("su");
    command.args(["nobody", "-s", "/bin/sh", "-c", script]).current_dir(folder).stdin(Stdio::null());
    let mut trial = Command::new("su");
    trial.args(["nobody", "-s", "/bin/sh", "-c", "true"]).stdin(Stdio::null()).stderr(Stdio::null());
    let may = rustix::process::geteuid().is_root() && trial.status().is_ok_and(|status| status.success());
    if !may {
        eprintln!("skipped: only root can become another account");
    }
    may.then_some(command)
}
