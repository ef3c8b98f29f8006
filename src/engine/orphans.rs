//! Processes to which nothing leads: they forked until their parents were gone, left their group and session, and
//! cleared their environment. A worker adopts them, so that they end no later than what it started.

use crate::engine::{Family, Owned};
use crate::platform;
use crate::platform::process::zombies;
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitOptions};
use std::collections::BTreeMap;
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

/// How long a dead child that leads a group of its own is left to whoever may have started it.
const AWAITED: Duration = Duration::from_secs(5);

/// Reaps adopted children that have died: a round that starts and orphans thousands would run out of process ids.
#[derive(Debug, Default)]
pub(super) struct Reaper {
    /// Dead leaders of groups, and since when they are known.
    seen: BTreeMap<i32, Instant>,
}

impl Reaper {
    /// Looks once. Children that this process started, and may wait for itself, are left: they are in its own group, or
    /// lead one that is in `owned`.
    pub fn look(&mut self, owned: &[Owned]) {
        let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        if !platform::adopts_orphans() || !matches!(rustix::process::waitid(WaitId::All, look), Ok(Some(_))) {
            self.seen.clear();
            return;
        }
        let own_group = rustix::process::getpgrp().as_raw_nonzero().get();
        let dead = zombies(std::process::id());
        self.seen.retain(|pid, _| dead.iter().any(|(dead, _)| dead == pid));
        for (pid, group) in dead {
            let is_ours = group == own_group || owned.iter().any(|owned| owned.group == pid);
            let is_awaited = pid == group && self.seen.entry(pid).or_insert_with(Instant::now).elapsed() < AWAITED;
            if !is_ours && !is_awaited {
                let _ = rustix::process::waitpid(Pid::from_raw(pid), WaitOptions::NOHANG);
            }
        }
    }
}

/// Whether this process has children, dead ones counted. Asked before it starts any, they are somebody else's: those of
/// the program that became this one, as in a container's `server & exec steadfast run`.
pub fn has_children() -> bool {
    let look = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(rustix::process::waitid(WaitId::All, look), Err(rustix::io::Errno::CHILD))
}
