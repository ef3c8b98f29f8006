//! What the harness brings along for Python: a probe, and a worker that serves an ASGI application. Both are files in
//! the binary, and need nothing but the standard library.

mod choice;
mod found;
mod probes;

pub use choice::{PythonChoice, choose_python};
use std::io;
use std::path::{Path, PathBuf};

pub(in crate::adapter) use found::{Found, NeverAwaited, PendingTask};
pub(in crate::adapter) use probes::Probes;

/// Watches what outlives its case and its event loop.
const PROBE: &str = include_str!("probe.py");

/// Serves an ASGI application, with an event loop for each case.
const ASGI_WORKER: &str = include_str!("asgi_worker.py");

/// The path on which the worker ends one case's loop and begins the next one's.
pub(in crate::adapter) const NEXT_CASE: &str = "/.steadfast/next";

/// Writes what an ASGI application is served with into `folder`, and tells which file is the program.
///
/// # Errors
/// If it can't be written.
pub(in crate::adapter) fn write_worker(folder: &Path) -> io::Result<PathBuf> {
    let folder = folder.join("python");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("probe.py"), PROBE)?;
    let program = folder.join("asgi_worker.py");
    std::fs::write(&program, ASGI_WORKER)?;
    Ok(program)
}
