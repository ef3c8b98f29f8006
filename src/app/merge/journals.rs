//! Finds the journals of shards.

use crate::app::{AppError, files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How deep a folder of artefacts is searched.
const DEEPEST: usize = 6;

/// Every journal in these folders and below them, each once, in the order of their paths.
///
/// # Errors
/// If a folder has none.
pub(super) fn journals(folders: &[PathBuf]) -> Result<Vec<PathBuf>, AppError> {
    let mut found = BTreeSet::new();
    for folder in folders {
        let before = found.len();
        if folder.is_file() {
            found.insert(folder.clone());
        } else {
            search(folder, 0, &mut found).map_err(AppError::io(folder))?;
        }
        if found.len() == before {
            return Err(AppError::Usage(format!(
                "{}: holds no journal; `steadfast run --shard I/N` writes one below <report-dir>/runs/",
                folder.display()
            )));
        }
    }
    Ok(found.into_iter().collect())
}

fn search(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    let journal = files::journal(folder);
    if journal.is_file() {
        found.insert(journal);
        return Ok(());
    }
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && depth < DEEPEST {
            search(&entry.path(), depth + 1, found)?;
        }
    }
    Ok(())
}
