//! Writes tapes: a file for each provider, a line for each exchange.

use crate::disk::make_folders;
use crate::provider::decl::ProviderDecl;
use crate::provider::tape::exchange::Exchange;
use crate::provider::tape::mask::Mask;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The ending of a tape's file.
pub const TAPE_EXTENSION: &str = "jsonl";

/// Writes what goes over the wire into a folder. Several may write into one folder, each from a process of its own.
#[derive(Debug)]
pub struct Recorder {
    folder: PathBuf,
    mask: Mask,
    /// What went wrong first.
    trouble: Mutex<Option<String>>,
}

impl Recorder {
    /// Writes into this folder, and none of these secrets.
    ///
    /// # Errors
    /// If the folder can't be made.
    pub fn new(folder: &Path, secrets: BTreeSet<String>) -> io::Result<Self> {
        make_folders(folder)?;
        Ok(Self { folder: folder.to_owned(), mask: Mask::new(secrets), trouble: Mutex::default() })
    }

    /// Whether a folder holds a tape already.
    pub fn is_used(folder: &Path) -> bool {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.path().extension().is_some_and(|ending| ending == TAPE_EXTENSION))
    }

    /// What kept it from writing, if anything did.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The secrets that it keeps out.
    pub(crate) fn mask(&self) -> &Mask {
        &self.mask
    }

    /// The file of a provider.
    pub fn file(&self, provider: &ProviderDecl) -> PathBuf {
        self.folder.join(provider.name.as_str()).with_extension(TAPE_EXTENSION)
    }

    /// Appends an exchange.
    pub(crate) fn write(&self, exchange: &Exchange) {
        let path = self.folder.join(format!("{}.{TAPE_EXTENSION}", exchange.provider));
        if let Err(error) = append(&path, exchange) {
            let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
            trouble.get_or_insert_with(|| format!("can't record into {}: {error}", path.display()));
        }
    }
}

/// A line is appended in one piece, while nobody else writes.
fn append(path: &Path, exchange: &Exchange) -> io::Result<()> {
    let mut line = serde_json::to_vec(exchange)?;
    line.push(b'\n');
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    flock(&file, FlockOperation::LockExclusive)?;
    file.write_all(&line)
}
