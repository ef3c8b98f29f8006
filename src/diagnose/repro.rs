//! Repro files: the smallest order and seed that show a finding again.

use crate::adapter::KnownTest;
use crate::diagnose::DiagnoseError;
use crate::disk::{LONGEST_INPUT, Unreadable, read_text, replace};
use crate::event::{Identity, SubjectInfo};
use crate::model::statistics::Tally;
use crate::model::{CaseId, ContentHash, EventLoop, OutcomeKind, Seed};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

/// The version of repro files.
const VERSION: u32 = 1;

/// A repro, as it is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReproFile {
    /// The format's version.
    pub version: u32,
    /// The run that found it.
    pub run: String,
    /// The subject that the order was played on.
    pub subject: SubjectInfo,
    /// What was tested and with what, packages left out; older files lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The seed of the round.
    pub seed: Seed,
    /// How long an event loop lives.
    pub event_loop: EventLoop,
    /// The hash seed of the subject's Python, where it has one: what a process decides once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_seed: Option<u32>,
    /// The cases to run, the one that fails last.
    pub order: Vec<CaseId>,
    /// What is expected to be seen.
    pub expected: Expected,
    /// How often it was seen.
    pub rate: Tally,
    /// The deadline of a case, in milliseconds.
    pub case_deadline_ms: u64,
}

/// The failure that a repro shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The kind of outcome that it shows.
    pub outcome: OutcomeKind,
    /// Its way of failing.
    pub fingerprint: String,
    /// Its message, the first time.
    pub message: String,
}

impl ReproFile {
    /// The version that this program writes.
    pub const VERSION: u32 = VERSION;

    /// The tests of its order, for a suite that may call them otherwise by now.
    pub fn known_tests(&self) -> impl Iterator<Item = KnownTest> {
        let distinct: BTreeSet<&CaseId> = self.order.iter().collect();
        distinct.into_iter().map(|id| {
            let file = id.as_str().split("::").next().unwrap_or_default();
            KnownTest { id: id.clone(), file: file.to_owned() }
        })
    }

    /// A name for its file: what fails, and a hash of all.
    pub fn file_name(&self) -> String {
        let victim = self.order.last().map(CaseId::as_str).unwrap_or("nothing");
        let slug: String = victim.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(60).collect();
        let hash = ContentHash::of(self.order.iter().map(CaseId::as_str).chain([self.expected.fingerprint.as_str()]));
        format!("{}-{}.json", slug.trim_matches('-'), hash.short())
    }

    /// Writes it below a run's folder, and names it relative to that.
    ///
    /// # Errors
    /// If it can't be written.
    pub fn write_below(&self, run: &Path) -> Result<String, DiagnoseError> {
        let folder = run.join("repros");
        let name = self.file_name();
        let path = folder.join(&name);
        let text = serde_json::to_string_pretty(self).map_err(DiagnoseError::Repro)?;
        replace(&path, text).map_err(DiagnoseError::io(&path))?;
        Ok(format!("repros/{name}"))
    }

    /// Reads a repro file.
    ///
    /// # Errors
    /// If it can't be read, is none, or is of a newer version.
    pub fn read(path: &Path) -> Result<Self, ReproError> {
        let unreadable = |error: Unreadable| ReproError::Io { path: path.to_owned(), source: error.into() };
        let text = read_text(path, LONGEST_INPUT).map_err(unreadable)?;
        let none = |source| ReproError::NotARepro { path: path.to_owned(), source };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(none)?;
        let version = value.get("version").and_then(serde_json::Value::as_u64).unwrap_or(0);
        if version > u64::from(VERSION) {
            return Err(ReproError::Newer { path: path.to_owned(), version });
        }
        serde_json::from_value(value).map_err(none)
    }
}

/// Why a repro file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum ReproError {
    /// It can't be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file that could not be read.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// It is something else.
    #[error("{}: not a repro file: {source}; runs write them below <run>/repros/", path.display())]
    NotARepro {
        /// The file that is no repro file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It was written by a newer program.
    #[error("{}: is of version {version}; use the newer program", path.display())]
    Newer {
        /// The file of another version.
        path: PathBuf,
        /// The version that stands in it.
        version: u64,
    },
}
