//! Things outside a worker that must not outlive it: process groups.

use crate::platform::process::{self, Birth, start_time};
use crate::platform::{self, Lineage};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, kill_process_group, pidfd_open, pidfd_send_signal, waitpid,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::path::Path;

/// A process group that a worker started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// The id of the group, and of the process that leads it.
    pub group: i32,
    /// When its leader started, in clock ticks since boot where that can be told. With
    /// the id it names a process for good: ids are used again, both together are not.
    pub started: Option<u64>,
    /// Environment entry that marks its members, `STEADFAST_OWNER=…`: how members are known once the leader is gone.
    pub mark: String,
}

impl Owned {
    /// The group led by the process `pid`, marked by `mark` in its environment.
    pub fn new(pid: u32, mark: impl Into<String>) -> Option<Self> {
        let group = i32::try_from(pid).ok()?;
        Some(Self { group, started: start_time(group), mark: mark.into() })
    }

    /// Kills every process of the group, and every other process that carries its mark (one that left the group). Does
    /// nothing to a group that is somebody else's by now.
    pub fn kill(&self) {
        if self.leads()
            && let Some(pid) = Pid::from_raw(self.group)
        {
            let _ = kill_process_group(pid, Signal::KILL);
        }
        kill_marked(&self.mark);
    }

    /// The same, where a file told of it: the group goes only if its leader carries the mark, which nobody can guess.
    pub(super) fn kill_if_marked(&self) {
        if carries(self.group, &self.mark) {
            self.kill();
        } else {
            kill_marked(&self.mark);
        }
    }

    /// Whether its mark is this one, or goes on from it.
    pub(super) fn bears(&self, mark: &str) -> bool {
        goes_on_from(self.mark.as_bytes(), mark)
    }

    /// Whether the process that led the group still does.
    fn leads(&self) -> bool {
        self.started.is_some() && start_time(self.group) == self.started
    }

    /// The processes that carry its mark, by id.
    pub fn members(&self) -> Vec<i32> {
        marked(&self.mark)
    }

    /// Whether any process of it is alive.
    pub fn is_alive(&self) -> bool {
        !marked(&self.mark).is_empty() || self.leads()
    }
}

/// The descendants of a process at one moment: also those that left its group and cleared their environment.
#[derive(Debug)]
pub struct Family(Vec<(i32, Option<u64>)>);

impl Family {
    /// The descendants of `pid`, itself not counted. Empty where the system does not tell.
    pub fn of(pid: u32) -> Self {
        Self::of_all(i32::try_from(pid).ok())
    }

    /// The descendants of several processes, themselves not counted.
    fn of_all(elders: impl IntoIterator<Item = i32>) -> Self {
        // Parent and start are read at once: an id that is given anew in between would name somebody else.
        let mut births: Vec<Birth> = process::all().filter_map(process::birth).collect();
        let mut family: Vec<(i32, Option<u64>)> = elders.into_iter().map(|pid| (pid, None)).collect();
        let (mut next, elders) = (0, family.len());
        while let Some((elder, _)) = family.get(next).copied() {
            let children = births.extract_if(.., |birth| birth.parent == elder);
            family.extend(children.map(|birth| (birth.pid, birth.started)));
            next += 1;
        }
        Self(family.split_off(elders))
    }

    /// The process ids of all that are owned.
    pub fn pids(&self) -> impl Iterator<Item = i32> {
        self.0.iter().map(|(pid, _)| *pid)
    }

    /// Kills those that are still themselves.
    pub fn kill(&self) {
        for (pid, started) in &self.0 {
            kill_exactly(*pid, || started.is_some() && start_time(*pid) == *started);
        }
    }
}

/// Kills a process that is still the one that is meant. The descriptor stays with the process that had the id when it
/// was opened: the signal reaches that one or nobody.
fn kill_exactly(pid: i32, is_meant: impl Fn() -> bool) {
    let Some(pid) = Pid::from_raw(pid) else { return };
    match pidfd_open(pid, PidfdFlags::empty()) {
        Ok(descriptor) if is_meant() => {
            let _ = pidfd_send_signal(&descriptor, Signal::KILL);
        }
        // A kernel before 5.3, or no descriptor left: then a look and a signal must do.
        Err(error) if error != rustix::io::Errno::SRCH && is_meant() => {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
        }
        Ok(_) | Err(_) => {}
    }
}

/// Kills every process that carries a mark, and says how many there were.
pub(super) fn kill_marked(mark: &str) -> usize {
    let found = marked(mark);
    // What left their groups and cleared its environment is known by its parents alone, and by these only while they live.
    let mut family = Family::of_all(found.iter().copied());
    let own = process::own();
    family.0.retain(|(pid, _)| *pid != own);
    for pid in &found {
        kill_exactly(*pid, || carries(*pid, mark));
    }
    family.kill();
    found.len()
}

/// The children of this process at one moment.
#[derive(Debug)]
pub struct Children(BTreeSet<(i32, Option<u64>)>);

impl Children {
    /// Those that there are now.
    pub fn now() -> Self {
        let own = process::own();
        let births = process::all().filter_map(process::birth).filter(|birth| birth.parent == own);
        Self(births.map(|birth| (birth.pid, birth.started)).collect())
    }

    /// Ends children that this process has got since, with their descendants, if it adopts orphans. For a moment at which
    /// all that was started since has ended: then they are what that left.
    pub fn end_later_ones(&self) {
        if !platform::adopts_orphans() {
            return;
        }
        let later: Vec<(i32, Option<u64>)> = Self::now().0.difference(&self.0).copied().collect();
        let below = Family::of_all(later.iter().map(|(pid, _)| *pid));
        Family(later.clone()).kill();
        below.kill();
        for pid in later.into_iter().filter_map(|(pid, _)| Pid::from_raw(pid)) {
            let _ = waitpid(Some(pid), WaitOptions::NOHANG);
        }
    }
}

/// Kills what a process handed its lineage down to. Says how many there were.
pub(super) fn kill_line(lineage: Lineage) -> usize {
    let found = lineage.members();
    for pid in &found {
        kill_exactly(*pid, || lineage.is_of(*pid));
    }
    found.len()
}

/// Kills what works in a folder that is ours alone, without a terminal, and began no sooner than its owner: it was started
/// for the owner, however it hides. Says how many there were.
pub(super) fn kill_at_work_in(folder: &Path, since: u64) -> usize {
    let own = process::own();
    let user = process::user(own);
    let is_meant = |pid: i32| {
        pid != own
            && process::user(pid) == user
            && process::works_in(pid, folder)
            && !process::has_terminal(pid)
            && start_time(pid).is_some_and(|started| started >= since)
    };
    let found: Vec<i32> = process::all().filter(|pid| is_meant(*pid)).collect();
    for pid in &found {
        kill_exactly(*pid, || is_meant(*pid));
    }
    found.len()
}

/// The processes whose environment has the entry `mark`, or one that goes on from it with a dot: what a worker starts is
/// marked as the worker and more. Empty where the system does not tell.
fn marked(mark: &str) -> Vec<i32> {
    process::all().filter(|pid| carries(*pid, mark)).collect()
}

/// Whether a process is marked so.
fn carries(pid: i32, mark: &str) -> bool {
    if mark.is_empty() {
        return false;
    }
    process::has_environment_entry(pid, |entry| goes_on_from(entry, mark))
}

fn goes_on_from(entry: &[u8], mark: &str) -> bool {
    entry.strip_prefix(mark.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"."))
}
