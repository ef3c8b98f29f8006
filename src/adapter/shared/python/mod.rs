//! What the harness brings along for Python: a probe, and a worker that serves an ASGI application. Both are files in
//! the binary, and need nothing but the standard library.

mod choice;
mod found;
mod packages;
mod probes;

pub use choice::{PythonChoice, choose_python};
pub use packages::Installed;
use std::io;
use std::path::{Path, PathBuf};

pub(in crate::adapter) use found::{Found, NeverAwaited, PendingTask, swallowed};
pub(in crate::adapter) use packages::installed;
pub(in crate::adapter) use probes::Probes;

/// The package that watches what outlives its case and its event loop, file by file.
const PROBE: &[(&str, &str)] = &[
    ("__init__.py", include_str!("steadfast_probe/__init__.py")),
    ("dead_loops.py", include_str!("steadfast_probe/dead_loops.py")),
    ("holders.py", include_str!("steadfast_probe/holders.py")),
    ("made.py", include_str!("steadfast_probe/made.py")),
    ("places.py", include_str!("steadfast_probe/places.py")),
    ("probe.py", include_str!("steadfast_probe/probe.py")),
    ("resources.py", include_str!("steadfast_probe/resources.py")),
    ("swallowed.py", include_str!("steadfast_probe/swallowed.py")),
    ("uses.py", include_str!("steadfast_probe/uses.py")),
    ("wraps.py", include_str!("steadfast_probe/wraps.py")),
];

/// The package that tells what a test leaves changed in the state of its process, file by file.
const STATE: &[(&str, &str)] = &[
    ("__init__.py", include_str!("steadfast_state/__init__.py")),
    ("files.py", include_str!("steadfast_state/files.py")),
    ("iterators.py", include_str!("steadfast_state/iterators.py")),
    ("loops.py", include_str!("steadfast_state/loops.py")),
    ("marks.py", include_str!("steadfast_state/marks.py")),
    ("owners.py", include_str!("steadfast_state/owners.py")),
    ("reader.py", include_str!("steadfast_state/reader.py")),
    ("settings.py", include_str!("steadfast_state/settings.py")),
    ("texts.py", include_str!("steadfast_state/texts.py")),
    ("values.py", include_str!("steadfast_state/values.py")),
];

/// Serves an ASGI application, with an event loop for each case.
const ASGI_WORKER: &str = include_str!("asgi_worker.py");

/// The path on which the worker ends one case's loop and begins the next one's.
pub(in crate::adapter) const NEXT_CASE: &str = "/.steadfast/next";

/// Writes the package `name`, with these files, into `folder`.
///
/// # Errors
/// If that is not possible.
pub(in crate::adapter) fn write_package(folder: &Path, name: &str, files: &[(&str, &str)]) -> io::Result<()> {
    let package = folder.join(name);
    crate::disk::make_folders(&package)?;
    files.iter().try_for_each(|(file, text)| crate::disk::write_private(&package.join(file), text))
}

/// Writes the package `steadfast_probe` into `folder`.
///
/// # Errors
/// If that is not possible.
pub(in crate::adapter) fn write_probe(folder: &Path) -> io::Result<()> {
    write_package(folder, "steadfast_probe", PROBE)
}

/// Writes the package `steadfast_state`, and the probe that it needs, into `folder`.
///
/// # Errors
/// If that is not possible.
pub(in crate::adapter) fn write_state(folder: &Path) -> io::Result<()> {
    write_probe(folder)?;
    write_package(folder, "steadfast_state", STATE)
}

/// Writes what an ASGI application is served with into `folder`, and tells which file is the program.
///
/// # Errors
/// If it can't be written.
pub(in crate::adapter) fn write_worker(folder: &Path) -> io::Result<PathBuf> {
    let folder = folder.join("python");
    crate::disk::make_folders(&folder)?;
    write_probe(&folder)?;
    let program = folder.join("asgi_worker.py");
    crate::disk::write_private(&program, ASGI_WORKER)?;
    Ok(program)
}
