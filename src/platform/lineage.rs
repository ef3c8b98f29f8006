//! A number that a process hands down to everything it starts. An environment can be cleared, and a group, a session, a
//! folder and a parent can be left; a resource limit stays until somebody sets that very limit anew.
//!
//! The number is the soft limit of a real-time task's CPU time (`RLIMIT_RTTIME`), in microseconds: tens of thousands of
//! years, so that it limits nobody. Any account may set it, and the system shows it of every process.

use crate::platform::process;
use std::fs;

/// How `/proc/PID/limits` names the limit.
const LINE: &str = "Max realtime timeout";

/// A number that no limit has by accident, and that limits nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lineage(u64);

impl Lineage {
    /// The number that is made of a random one.
    pub fn of(random: u64) -> Self {
        Self((random >> 3) | (1 << 61))
    }

    /// From now on, this process and what it starts have it. Nothing happens where the system doesn't allow that.
    pub fn hand_down(self) {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
            let hard = getrlimit(Resource::Rttime).maximum;
            let _ = setrlimit(Resource::Rttime, Rlimit { current: Some(self.0), maximum: hard });
        }
    }

    /// Whether a process has it and runs still: one that has ended and was not waited for shows its limits, too.
    pub fn is_of(self, pid: i32) -> bool {
        self.is_shown_of(pid) && process::is_alive(pid)
    }

    fn is_shown_of(self, pid: i32) -> bool {
        let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
        let soft = limits.lines().find_map(|line| line.strip_prefix(LINE)?.split_whitespace().next());
        soft.is_some_and(|soft| soft.parse() == Ok(self.0))
    }

    /// The processes that have it, this one aside.
    pub fn members(self) -> Vec<i32> {
        let own = process::own();
        process::all().filter(|pid| *pid != own && self.is_of(*pid)).collect()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_descendant_that_cleared_its_environment_has_it_and_no_other_process_does() {
        let lineage = Lineage::of(0x0123_4567_89ab_cdef);
        let script = format!("ulimit -S -R {} && env -i setsid sleep 600 & wait", lineage.0);
        let mut stranger = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a child");
        // Of a shell, since this process must not have it: its other tests start processes as well.
        let mut child = Command::new("bash")
            .args(["-c", &script])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let sleeps = |pid: &i32| process::command_line(*pid).is_some_and(|line| line == ["sleep", "600"]);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        let found = loop {
            match lineage.members().into_iter().find(sleeps) {
                Some(found) => break found,
                None => assert!(std::time::Instant::now() < deadline, "it is not found"),
            }
        };
        let is_strangers = i32::try_from(stranger.id()).is_ok_and(|pid| lineage.is_of(pid));
        let pid = rustix::process::Pid::from_raw(found).expect("a process id");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
        stranger.kill().expect("killed");
        stranger.wait().expect("waited for");
        child.wait().expect("waited for");
        assert!(!is_strangers);
        assert!(!Lineage::of(7).is_of(process::own()));
    }

    #[test]
    fn one_that_has_ended_and_was_not_waited_for_has_it_no_more() {
        let lineage = Lineage::of(0x0fed_cba9_8765_4321);
        let mut child = Command::new("bash")
            .args(["-c", &format!("ulimit -S -R {} && kill -9 $$", lineage.0)])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a child");
        let pid = i32::try_from(child.id()).expect("a process id");
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while process::is_alive(pid) {
            assert!(std::time::Instant::now() < deadline, "it does not end");
            std::thread::yield_now();
        }
        let (is_shown, is_of) = (lineage.is_shown_of(pid), lineage.is_of(pid));
        child.wait().expect("waited for");
        assert!(is_shown && !is_of, "shown: {is_shown}, of it: {is_of}");
    }
}
