//! A thread that serves until it is ended.

use std::fmt;
use std::future::Future;
use std::io;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// A thread with an event loop of its own, in which one server runs. It is ended by [`ServingThread::end`].
pub struct ServingThread {
    /// Dropped to end the thread.
    alive: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl fmt::Debug for ServingThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServingThread").field("thread", &self.thread.thread().name()).finish_non_exhaustive()
    }
}

impl ServingThread {
    /// Starts a thread of this name. `begin` is called within its event loop, so that it can make what listens there, and
    /// returns the server.
    ///
    /// # Errors
    /// If there is no event loop or no thread, or `begin` fails.
    pub fn start<S>(name: &str, begin: impl FnOnce() -> io::Result<S>) -> io::Result<Self>
    where
        S: Future<Output = ()> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let server = {
            let _inside = runtime.enter();
            begin()?
        };
        let (alive, ended) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = server => {}
                    _ = ended => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(serve)?;
        Ok(Self { alive, thread })
    }

    /// Ends the server with all of its connections, and the thread.
    pub fn end(self) {
        drop(self.alive);
        // A panic of the thread was its own; there is nothing to be saved.
        let _ = self.thread.join();
    }
}
