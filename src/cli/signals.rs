//! Ctrl-C and SIGTERM: the first asks the run to end in good order, the second ends the program.

use crate::engine::StopHandle;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{SignalKind, signal};

/// What a signal stops.
#[derive(Debug, Clone, Default)]
pub(super) struct Stoppable(Arc<Mutex<Vec<StopHandle>>>);

impl Stoppable {
    /// From now on, signals stop this and nothing else.
    pub fn set(&self, handle: StopHandle) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = vec![handle];
    }

    /// From now on, signals stop this as well.
    pub fn add(&self, handle: StopHandle) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
    }

    /// Asks all of it to stop. Says whether there was something that had not been asked yet.
    fn stop(&self) -> bool {
        let handles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = handles.iter().filter(|handle| !handle.is_interrupted());
        running.map(StopHandle::interrupt).count() > 0
    }
}

/// Watches for signals on a thread of its own, which ends with the program.
///
/// # Errors
/// If the system gives no thread or no signals.
pub(super) fn watch(stoppable: Stoppable) -> io::Result<()> {
    let event_loop = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (mut interrupts, mut terminations) = {
        let _inside = event_loop.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let wait = move || {
        event_loop.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupts.recv() => {}
                    _ = terminations.recv() => {}
                }
                if !stoppable.stop() {
                    std::process::exit(i32::from(super::Exit::Interrupted.code()));
                }
            }
        });
    };
    std::thread::Builder::new().name("signals".into()).spawn(wait).map(drop)
}
