//! One level more between this process and those that are not ours.
//!
//! Whatever a run started has ended when it ends: every descendant is killed, also one that tried to hide. That would
//! hit the children of the program that *became* this one, as in a container's `server & exec steadfast run`, and what
//! the system hands to the first process of a container. Where there is any of these, a child does the work: it has no
//! descendants but its own.

use crate::cli::Exit;
use crate::cli::signals::Endings;
use crate::engine::has_children;
use crate::platform::process::is_called_as_this;
use rustix::process::{Pid, Signal, kill_process};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use tokio::signal::unix::{SignalKind, signal};

/// Lets a child do the work if this process has or may get children that are not ours. `None` if it does it itself.
pub(super) fn stand_in() -> Option<Exit> {
    let is_first = std::process::id() == 1;
    if !is_first && !has_children() {
        // The child of one that stands aside ends with it, however that ends.
        let parent = rustix::process::getppid();
        if parent.is_some_and(|parent| is_called_as_this(parent.as_raw_nonzero().get())) {
            let _ = rustix::process::set_parent_process_death_signal(Some(Signal::TERM));
        }
        return None;
    }
    let event_loop = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    event_loop.block_on(async {
        let mut endings = Endings::heard().ok()?;
        let mut children = signal(SignalKind::child()).ok()?;
        let mut arguments = std::env::args_os();
        let mut command = Command::new(std::env::current_exe().ok()?);
        command.arg0(arguments.next().unwrap_or_else(|| "steadfast".into())).args(arguments);
        // A group of its own: a signal of the terminal reaches it once, through this process.
        let mut child = command.process_group(0).spawn().ok()?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw)?;
        loop {
            if let Ok(Some(status)) = child.try_wait() {
                return Some(exit_of(status));
            }
            tokio::select! {
                ending = endings.next() => {
                    let ending = Signal::from_named_raw(ending.as_raw_value()).unwrap_or(Signal::TERM);
                    let _ = kill_process(pid, ending);
                }
                _ = children.recv() => {}
            }
        }
    })
}

/// What the child's end means.
fn exit_of(status: ExitStatus) -> Exit {
    match (status.code().and_then(|code| u8::try_from(code).ok()), status.signal()) {
        (Some(code), _) => Exit::of_code(code),
        (None, Some(_)) => Exit::Interrupted,
        (None, None) => Exit::Subject,
    }
}
