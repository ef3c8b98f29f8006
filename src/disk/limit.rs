//! Limits of this machine: what stops a run here and says nothing about what is tested.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::error::Error;
use std::fmt;
use std::io;
use std::path::Path;

/// A limit of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Open files of this process.
    Files,
    /// Open files of the whole machine.
    FilesOfAll,
    /// Space on a disk, or a quota of it.
    Disk,
    /// The size of one file.
    FileSize,
    /// Memory that the kernel refuses.
    Memory,
    /// Processes and threads of this account.
    Processes,
}

impl Limit {
    /// The limit that an error comes from, however deep it lies.
    pub fn of(error: &io::Error) -> Option<Self> {
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                if let Some(limit) = error.raw_os_error().and_then(Self::of_code) {
                    return Some(limit);
                }
                if let Some(inner) = error.get_ref() {
                    next = Some(inner);
                    continue;
                }
            }
            next = error.source();
        }
        Self::of_kind(error.kind())
    }

    /// What is left where a library put the system's error into one of its own.
    fn of_kind(kind: io::ErrorKind) -> Option<Self> {
        match kind {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::Disk),
            io::ErrorKind::FileTooLarge => Some(Self::FileSize),
            io::ErrorKind::OutOfMemory => Some(Self::Memory),
            _ => None,
        }
    }

    /// The limit that a program complains of, in the words of the system, of Rust, Python, Node or the shell.
    pub fn said(text: &str) -> Option<Self> {
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        // What they say of processes they say of many other things as well.
        let of_a_process = says(&["fork", "thread", "start", "spawn", "clone", "BlockingIOError"]);
        let is_again = says(&["Resource temporarily unavailable", "(os error 11)", "EAGAIN"]);
        match () {
            () if says(&["Too many open files in system", "(os error 23)", "ENFILE"]) => Some(Self::FilesOfAll),
            () if says(&["Too many open files", "(os error 24)", "EMFILE"]) => Some(Self::Files),
            () if says(&[
                "No space left on device",
                "(os error 28)",
                "ENOSPC",
                "Disk quota exceeded",
                "disk is full",
            ]) =>
            {
                Some(Self::Disk)
            }
            () if says(&["File too large", "(os error 27)", "EFBIG", "SIGXFSZ", "File size limit exceeded"]) => {
                Some(Self::FileSize)
            }
            () if says(&[
                "Cannot allocate memory",
                "(os error 12)",
                "ENOMEM",
                "memory allocation of",
                "MemoryError",
            ]) || says(&["out of memory", "Out of memory", "failed to map segment"]) =>
            {
                Some(Self::Memory)
            }
            () if says(&["can't start new thread", "annot fork", "pthread_create"]) || is_again && of_a_process => {
                Some(Self::Processes)
            }
            () => None,
        }
    }

    fn of_code(code: i32) -> Option<Self> {
        Some(match Errno::from_raw_os_error(code) {
            Errno::MFILE => Self::Files,
            Errno::NFILE => Self::FilesOfAll,
            Errno::NOSPC | Errno::DQUOT => Self::Disk,
            Errno::FBIG => Self::FileSize,
            Errno::NOMEM => Self::Memory,
            // What `fork` and `clone` say where there may be no process more.
            Errno::AGAIN => Self::Processes,
            _ => return None,
        })
    }
}

/// What a run needs of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Needs {
    /// Open files of one process.
    pub files: u64,
}

/// So much of an address space each process of a run needs, in bytes.
const MEMORY: u64 = 512 << 20;

/// So large a file must be allowed to be, in bytes.
const FILE_SIZE: u64 = 4 << 20;

/// So much must be free in a folder that a run writes to, in bytes.
const FREE: u64 = 8 << 20;

/// The limit of this machine that leaves a run too little, in words. Where more is allowed than is set, more is set: the
/// programs that are tested get it too, but only where there would be no run without it.
pub fn too_tight(needs: Needs, folders: &[&Path]) -> Option<String> {
    let files = getrlimit(Resource::Nofile);
    if files.current.is_some_and(|files| files < needs.files) {
        let most = files.maximum.map_or(needs.files, |most| most.min(needs.files));
        let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: files.maximum });
        if raised.is_err() || most < needs.files {
            return Some(format!(
                "this machine allows {most} open files (ulimit -n); a run needs about {}",
                needs.files
            ));
        }
    }
    let megabytes = |bytes: u64| bytes >> 20;
    let tight = |resource, needed| getrlimit(resource).current.filter(|most| *most < needed);
    if let Some(most) = tight(Resource::As, MEMORY) {
        let (most, needed) = (megabytes(most), megabytes(MEMORY));
        return Some(format!("this machine allows {most} MB of memory (ulimit -v); a run needs about {needed} MB"));
    }
    if let Some(most) = tight(Resource::Fsize, FILE_SIZE) {
        let (most, needed) = (most >> 10, FILE_SIZE >> 10);
        return Some(format!("this machine allows files of {most} kB (ulimit -f); a run needs about {needed} kB"));
    }
    folders.iter().find_map(|folder| {
        let found = rustix::fs::statvfs(*folder).ok()?;
        let free = found.f_bavail.saturating_mul(found.f_frsize);
        let shown = folder.display();
        if free < FREE {
            let (free, needed) = (free >> 10, FREE >> 10);
            return Some(format!("{shown}: {free} kB are free on this disk; a run needs about {needed} kB"));
        }
        // A file system without a number of files says zero of zero.
        (found.f_files > 0 && found.f_favail == 0).then(|| format!("{shown}: no file more fits on this disk (inodes)"))
    })
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = |resource| getrlimit(resource).current.map_or_else(|| "so many".to_owned(), |most| most.to_string());
        match self {
            Self::Files => write!(f, "this machine allows {} open files (ulimit -n)", most(Resource::Nofile)),
            Self::FilesOfAll => write!(f, "this machine has no open files left (fs.file-max)"),
            Self::Disk => write!(f, "no space is left on the disk, or in this account's quota"),
            Self::FileSize => write!(f, "this machine allows no larger file (ulimit -f)"),
            Self::Memory => write!(f, "this machine has no memory left"),
            Self::Processes => {
                write!(
                    f,
                    "this machine allows {} processes and threads of this account (ulimit -u)",
                    most(Resource::Nproc)
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_known_however_deep_it_lies() {
        let full = || io::Error::from_raw_os_error(Errno::NOSPC.raw_os_error());
        assert_eq!(Limit::of(&full()), Some(Limit::Disk));
        assert_eq!(Limit::of(&io::Error::other(io::Error::other(full()))), Some(Limit::Disk));
        assert_eq!(Limit::of(&io::Error::from_raw_os_error(Errno::NOENT.raw_os_error())), None);
        assert_eq!(Limit::of(&io::Error::other("text")), None);
    }

    #[test]
    fn a_limit_is_known_by_its_words() {
        for (text, limit) in [
            ("OSError: [Errno 24] Too many open files: 'x'", Limit::Files),
            ("head: error writing 'standard output': No space left on device", Limit::Disk),
            ("Error: ENOSPC: no space left on device, write", Limit::Disk),
            ("the subject died: signal: 25 (SIGXFSZ) (core dumped)", Limit::FileSize),
            ("memory allocation of 1048576 bytes failed", Limit::Memory),
            ("RuntimeError: can't start new thread", Limit::Processes),
            ("sh: 1: Cannot fork", Limit::Processes),
            ("can't start `sh`: Resource temporarily unavailable (os error 11)", Limit::Processes),
        ] {
            assert_eq!(Limit::said(text), Some(limit), "{text}");
        }
        for text in ["assert 3 == 4", "read: Resource temporarily unavailable", "the start of memory lane"] {
            assert_eq!(Limit::said(text), None, "{text}");
        }
    }
}
