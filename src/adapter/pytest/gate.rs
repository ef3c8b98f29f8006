//! Where a test waits until the harness knows that it begins: whose a request is follows from it.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// A pipe in the file system, from which each test takes a byte before it begins.
#[derive(Debug)]
pub(super) struct Gate(File);

impl Gate {
    /// Makes the pipe.
    pub fn make(path: &Path) -> io::Result<Self> {
        mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        // Open for both ends: then neither side waits for the other, and a test of a harness that died goes on.
        Ok(Self(OpenOptions::new().read(true).write(true).open(path)?))
    }

    /// Lets the next test begin. A pipe that is full lets many begin.
    pub fn open(&mut self) {
        let _ = self.0.write_all(b".");
    }
}
