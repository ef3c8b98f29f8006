//! What other runners wrote is taken into the history, and what is too old taken out of it.

use crate::app::AppError;
use crate::disk::{LONGEST_RESULT, read_text};
use crate::history::{Flips, History, HistoryPlace, JunitFile, read_junit};
use jiff::{Span, Timestamp};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is taken over.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// JUnit files, or folders of them.
    pub files: Vec<PathBuf>,
    /// The name that the runs are to have.
    pub suite: Option<String>,
    /// The commit that they ran on.
    pub commit: Option<String>,
    /// The branch of the runs.
    pub branch: Option<String>,
}

/// What was taken over.
#[derive(Debug, Clone, Default)]
pub struct Imported {
    /// How many runs.
    pub runs: usize,
    /// The names that they have.
    pub suites: BTreeSet<String>,
    /// Files that were passed over, and why.
    pub refused: Vec<String>,
}

/// Takes JUnit files over as runs. The same file taken over again is the same run.
///
/// # Errors
/// If the history can't be written, or a file can't be read.
pub fn import(history: &HistoryPlace, options: &ImportOptions) -> Result<Imported, AppError> {
    let files = junit_files(&options.files)?;
    let mut history = History::open(history)?;
    let mut imported = Imported::default();
    for path in files {
        let text = read_text(&path, LONGEST_RESULT).map_err(|error| AppError::io(&path)(error.into()))?;
        let written = std::fs::metadata(&path).ok().and_then(|data| Timestamp::try_from(data.modified().ok()?).ok());
        let name = path.display().to_string();
        let file = JunitFile {
            path: &name,
            suite: options.suite.as_deref(),
            commit: options.commit.as_deref(),
            branch: options.branch.as_deref(),
            written,
        };
        match read_junit(&text, &file) {
            Ok(entry) => {
                history.add(&entry)?;
                imported.runs += 1;
                imported.suites.insert(entry.suite);
            }
            Err(error) => imported.refused.push(format!("{name}: {error}")),
        }
    }
    Ok(imported)
}

/// The JUnit files that are named, and those of the folders that are.
///
/// # Errors
/// If a folder can't be read, or there is none of them.
pub(super) fn junit_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, AppError> {
    let mut files = Vec::new();
    paths.iter().try_for_each(|path| collect(path, true, &mut files))?;
    if files.is_empty() {
        let named: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let text = "no file in it ends in `.xml`: name the JUnit files, or a folder that has them";
        return Err(AppError::Usage(format!("{}: {text}", named.join(", "))));
    }
    Ok(files)
}

/// The files of a folder, however deep, that end in `.xml`; a file that was named is taken as it is.
fn collect(path: &Path, named: bool, files: &mut Vec<PathBuf>) -> Result<(), AppError> {
    if !path.is_dir() {
        if named || path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xml")) {
            files.push(path.to_owned());
        }
        return Ok(());
    }
    let mut inside = Vec::new();
    for entry in std::fs::read_dir(path).map_err(AppError::io(path))? {
        let entry = entry.map_err(AppError::io(path))?;
        // A link could lead back to where it lies.
        if !entry.file_type().map_err(AppError::io(path))?.is_symlink() {
            inside.push(entry.path());
        }
    }
    inside.sort();
    inside.iter().try_for_each(|path| collect(path, false, files))
}

/// Which tests are flaky by what was imported.
///
/// # Errors
/// If there is no history.
pub fn flips(history: &HistoryPlace, suite: Option<&str>) -> Result<Vec<Flips>, AppError> {
    Ok(History::open_existing(history)?.flips(suite)?)
}

/// Forgets the runs that began more than so many days before now, and says how many they were.
///
/// # Errors
/// If there is no history, or it can't be written.
pub fn forget(history: &HistoryPlace, days: u32, now: Timestamp) -> Result<u64, AppError> {
    let before = now.checked_sub(Span::new().hours(i64::from(days) * 24));
    let before = before.map_err(|_| AppError::Usage(format!("{days} days are more than there were")))?;
    Ok(History::open_existing(history)?.forget_before(before)?)
}
