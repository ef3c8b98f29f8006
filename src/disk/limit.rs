//! Limits of this machine: what stops a run here and says nothing about what is tested.

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};
use std::error::Error;
use std::fmt;
use std::io;

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
    /// Memory.
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
        None
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
}
