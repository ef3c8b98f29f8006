//! Reading a file whose name somebody else may have chosen: it ends, whatever the file is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The most that is read of a file that somebody writes by hand, in bytes.
pub const LONGEST_INPUT: u64 = 16 << 20;

/// The most that is read of a file that a program writes, in bytes.
pub const LONGEST_RESULT: u64 = 256 << 20;

/// Why a file is not read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It can't be opened or read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is a folder, a pipe, a socket or a device: reading it may never end.
    #[error("not a regular file")]
    NotRegular,
    /// It has too many bytes.
    #[error("longer than {} MB, the most that is read", limit >> 20)]
    TooLong {
        /// How many are read at most.
        limit: u64,
    },
    /// It is no text.
    #[error("not UTF-8")]
    NotText,
}

impl Unreadable {
    /// Whether there is no such file.
    pub fn is_absent(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl From<Unreadable> for io::Error {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::Io(error) => error,
            other => io::Error::new(io::ErrorKind::InvalidInput, other.to_string()),
        }
    }
}

/// Opens a regular file; links are followed, and it is the file at their end that must be one.
///
/// # Errors
/// If it is not there, can't be opened, or is something else.
pub fn open_regular(path: &Path) -> Result<File, Unreadable> {
    // Without this flag, opening a pipe waits for somebody who writes.
    let flags = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(Unreadable::NotRegular) }
}

/// All bytes of a regular file of at most `limit` bytes.
///
/// # Errors
/// If it can't be read, is something else, or is longer.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Unreadable> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit { Err(Unreadable::TooLong { limit }) } else { Ok(bytes) }
}

/// The text of a regular file of at most `limit` bytes.
///
/// # Errors
/// If it can't be read, is something else, is longer, or is no UTF-8.
pub fn read_text(path: &Path, limit: u64) -> Result<String, Unreadable> {
    String::from_utf8(read_bytes(path, limit)?).map_err(|_| Unreadable::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused_at_once() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
            0,
        )?;
        std::os::unix::fs::symlink("/dev/zero", at("zero"))?;
        std::fs::write(at("long"), vec![b'x'; 11])?;
        std::fs::write(at("bytes"), [0xff])?;
        for name in ["pipe", "zero", "."] {
            assert!(matches!(read_bytes(&at(name), 10), Err(Unreadable::NotRegular)), "{name}");
        }
        assert!(matches!(read_bytes(&at("long"), 10), Err(Unreadable::TooLong { limit: 10 })));
        assert_eq!(read_bytes(&at("long"), 11).map(|bytes| bytes.len()).ok(), Some(11));
        assert!(matches!(read_text(&at("bytes"), 10), Err(Unreadable::NotText)));
        assert!(read_bytes(&at("none"), 10).is_err_and(|error| error.is_absent()));
        Ok(())
    }
}
