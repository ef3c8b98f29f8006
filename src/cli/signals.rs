//! Ctrl-C, SIGTERM and SIGHUP: the first asks the run to end in good order, the second ends the program at once. Either
//! way nothing is left behind.

use crate::engine::{StopHandle, Whose, end_orphans, sweep};
use crate::platform::process::ignores;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal stops.
#[derive(Debug, Clone, Default)]
pub(super) struct Stoppable {
    handles: Arc<Mutex<Vec<StopHandle>>>,
    /// Whether the program is being ended at once.
    ends: Arc<AtomicBool>,
}

impl Stoppable {
    /// From now on, signals stop this and nothing else.
    pub fn set(&self, handle: StopHandle) {
        *self.handles.lock().unwrap_or_else(PoisonError::into_inner) = vec![handle];
    }

    /// From now on, signals stop this as well.
    pub fn add(&self, handle: StopHandle) {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    /// Waits for the end if the program is being ended: whoever is told that what it waited for was killed has nothing to
    /// say about that, and the signal decides the exit code.
    pub fn wait_if_ending(&self) {
        while self.ends.load(Ordering::SeqCst) {
            std::thread::park();
        }
    }

    /// Asks all of it to stop. Says whether there was something that had not been asked yet.
    fn stop(&self) -> bool {
        let handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        let running = handles.iter().filter(|handle| !handle.is_interrupted());
        running.map(StopHandle::interrupt).count() > 0
    }
}

/// Signals that end the program, awaited together.
pub(super) struct Endings {
    interrupt: Signal,
    terminate: Signal,
    /// `None` where it was ignored from the beginning, as under nohup: the terminal may go, the run stays.
    hang_up: Option<Signal>,
}

impl Endings {
    /// From now on these signals are heard, and do nothing by themselves. Must be called on an event loop.
    ///
    /// # Errors
    /// If the system gives no signals.
    pub fn heard() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if ignores(SignalKind::hangup().as_raw_value()) {
                None
            } else {
                Some(signal(SignalKind::hangup())?)
            },
        })
    }

    /// Waits for the next.
    pub async fn next(&mut self) -> SignalKind {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            _ = hang_up => SignalKind::hangup(),
        }
    }
}

/// Watches for signals on a thread of its own, which ends with the program.
///
/// # Errors
/// If the system gives no thread or no signals.
pub(super) fn watch(stoppable: Stoppable) -> io::Result<()> {
    let event_loop = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut endings = {
        let _inside = event_loop.enter();
        Endings::heard()?
    };
    let wait = move || {
        event_loop.block_on(async {
            loop {
                endings.next().await;
                if !stoppable.stop() {
                    stoppable.ends.store(true, Ordering::SeqCst);
                    end_at_once();
                }
            }
        });
    };
    std::thread::Builder::new().name("signals".into()).spawn(wait).map(drop)
}

/// Ends the program with all that it started, and takes its temporary folders away.
fn end_at_once() -> ! {
    end_orphans();
    sweep(&std::env::temp_dir(), Whose::OfThisProcess);
    std::process::exit(i32::from(super::Exit::Interrupted.code()));
}
