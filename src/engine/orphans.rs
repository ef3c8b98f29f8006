//! Processes to which nothing leads: they forked until their parents were gone, left their group and session, and
//! cleared their environment. A worker adopts them, so that they end no later than what it started.

use crate::engine::Family;
use crate::platform;
use rustix::process::{Pid, WaitOptions};
use std::time::{Duration, Instant};

/// How long orphans are looked for: one that forks while it is killed leaves another behind.
const WITHIN: Duration = Duration::from_secs(1);

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// Ends every descendant of this process, if it adopts orphans; does nothing in a process that does not. For a moment at
/// which all that was started has ended: what is left then has no business to be there.
pub fn end_orphans() {
    if !platform::adopts_orphans() {
        return;
    }
    let deadline = Instant::now() + WITHIN;
    loop {
        let left = Family::of(std::process::id());
        if left.pids().next().is_none() {
            return;
        }
        left.kill();
        for pid in left.pids().filter_map(Pid::from_raw) {
            // Those that are somebody else's children still will be ours once that one is gone.
            let _ = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG);
        }
        if Instant::now() >= deadline {
            return;
        }
        std::thread::sleep(LOOK);
    }
}
