//! The probe in the processes of a program that the harness started: put there by PYTHONPATH, asked after each case.

use crate::adapter::shared::python::{Found, write_probe};
use std::fs;
use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

const SITECUSTOMIZE: &str = include_str!("sitecustomize.py");

/// How long a process may take to answer: one that is busy is asked again after the next case.
const PATIENCE: Duration = Duration::from_secs(2);

/// The most that is read of an answer, in bytes.
const ANSWER_LIMIT: u64 = 4 << 20;

/// What a program's environment names, and where its processes are found.
#[derive(Debug, Clone)]
pub(in crate::adapter) struct Probes {
    /// The folder that goes to the front of PYTHONPATH.
    modules: PathBuf,
    /// A file for each process that can be asked, with the name of its socket.
    processes: PathBuf,
}

impl Probes {
    /// Writes the modules below `folder`.
    ///
    /// # Errors
    /// If that is not possible.
    pub fn write(folder: &Path) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?.join("probe");
        let probes = Self { modules: folder.join("modules"), processes: folder.join("processes") };
        crate::disk::make_folders(&probes.modules)?;
        crate::disk::make_folders(&probes.processes)?;
        crate::disk::write_private(&probes.modules.join("sitecustomize.py"), SITECUSTOMIZE)?;
        write_probe(&probes.modules)?;
        Ok(probes)
    }

    /// The variables that put it into a program, whose PYTHONPATH is otherwise `python_path`.
    pub fn environment(&self, python_path: Option<&str>) -> [(String, String); 2] {
        let modules = self.modules.display().to_string();
        let path = match python_path.filter(|path| !path.is_empty()) {
            Some(path) => format!("{modules}:{path}"),
            None => modules,
        };
        [("PYTHONPATH".to_owned(), path), ("STEADFAST_PROBE".to_owned(), self.processes.display().to_string())]
    }

    /// What its processes found since they were asked last. One that has ended is forgotten.
    pub fn ask(&self) -> Found {
        let mut found = Found::default();
        let Ok(entries) = fs::read_dir(&self.processes) else { return found };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files.into_iter().filter(|file| file.extension().is_none()) {
            let Ok(name) = fs::read_to_string(&file) else { continue };
            match ask(&name) {
                Ok(answer) => found.extend(serde_json::from_slice(&answer).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => _ = fs::remove_file(&file),
                Err(_) => {}
            }
        }
        found
    }
}

fn ask(name: &str) -> io::Result<Vec<u8>> {
    let stream = connect(name)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut answer = Vec::new();
    stream.take(ANSWER_LIMIT).read_to_end(&mut answer)?;
    Ok(answer)
}

/// The names are abstract: they need no file, whose path could be too long.
#[cfg(target_os = "linux")]
fn connect(name: &str) -> io::Result<UnixStream> {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::SocketAddr;
    UnixStream::connect_addr(&SocketAddr::from_abstract_name(name)?)
}

#[cfg(not(target_os = "linux"))]
fn connect(_name: &str) -> io::Result<UnixStream> {
    Err(io::ErrorKind::Unsupported.into())
}
