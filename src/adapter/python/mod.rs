//! What the harness brings along for Python: a probe, and a worker that serves an ASGI application. Both are files in
//! the binary, and need nothing but the standard library.

mod found;

use std::io;
use std::path::{Path, PathBuf};

pub(super) use found::Found;

/// Watches what outlives its case and its event loop.
const PROBE: &str = include_str!("probe.py");

/// Serves an ASGI application, with an event loop for each case.
const ASGI_WORKER: &str = include_str!("asgi_worker.py");

/// The path on which the worker ends one case's loop and begins the next one's.
pub(super) const NEXT_CASE: &str = "/.steadfast/next";

/// Writes what an ASGI application is served with into `folder`, and tells which file is the program.
///
/// # Errors
/// If it can't be written.
pub(super) fn write_worker(folder: &Path) -> io::Result<PathBuf> {
    let folder = folder.join("python");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join("probe.py"), PROBE)?;
    let program = folder.join("asgi_worker.py");
    std::fs::write(&program, ASGI_WORKER)?;
    Ok(program)
}

/// The Python of a project: the one of the active virtual environment, else of the project's `.venv` or `venv`, else
/// `python3`.
pub(super) fn interpreter(project: &Path, active: Option<&Path>) -> PathBuf {
    let own = [".venv", "venv"].map(|name| project.join(name));
    let environments = active.into_iter().map(Path::to_path_buf).chain(own);
    let pythons = environments.map(|environment| environment.join("bin/python"));
    pythons.into_iter().find(|python| python.is_file()).unwrap_or_else(|| PathBuf::from("python3"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_environment_comes_first_then_the_projects_then_whatever_there_is() {
        let project = tempfile::tempdir().expect("a folder");
        let make = |name: &str| {
            let environment = project.path().join(name);
            std::fs::create_dir_all(environment.join("bin")).expect("a folder");
            std::fs::write(environment.join("bin/python"), "").expect("a file");
            environment
        };
        assert_eq!(interpreter(project.path(), None), Path::new("python3"));
        let own = make(".venv");
        assert_eq!(interpreter(project.path(), None), own.join("bin/python"));
        let active = make("active");
        assert_eq!(interpreter(project.path(), Some(&active)), active.join("bin/python"));
        assert_eq!(interpreter(project.path(), Some(Path::new("/nowhere"))), own.join("bin/python"));
    }
}
