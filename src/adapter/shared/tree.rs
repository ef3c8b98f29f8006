//! What a run of a suite leaves in the suite's own folder.

use crate::platform::process::written_beside;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// In a larger tree nobody looks: it would cost more than it tells.
const MOST: usize = 50_000;

/// How many files are named.
const NAMED: usize = 3;

/// What tools around a suite write to. Names that begin with a dot are left out as well: folders of version control,
/// caches, `.coverage`, and what editors keep.
const LEFT_OUT: [&str; 7] =
    ["target", "node_modules", "reports", "__pycache__", "htmlcov", "coverage.xml", "junit.xml"];

/// How hidden names begin that are tools' own, not what a test leaves.
const TOOLS: [&str; 25] = [
    ".git",
    ".hg",
    ".svn",
    ".jj",
    ".idea",
    ".vscode",
    ".DS_Store",
    ".nfs",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".coverage",
    ".tox",
    ".nox",
    ".venv",
    ".eggs",
    ".nyc_output",
    ".eslintcache",
    ".yarn",
    ".bundle",
    ".rspec_status",
    ".phpunit",
    ".gradle",
    ".elixir_ls",
];

/// Whether a folder holds what this program writes of a run, wherever the reports go.
pub(in crate::adapter) fn is_of_a_run(folder: &Path) -> bool {
    ["events.jsonl", "events.jsonl.gz", "leftovers.json"].iter().any(|name| folder.join(name).exists())
}

/// The files of a suite's tree, as far as somebody looked.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    files: Option<BTreeSet<PathBuf>>,
}

impl Files {
    /// Those below `folder` that are there now.
    pub(in crate::adapter) fn of(folder: &Path) -> Self {
        let mut files = BTreeSet::new();
        let all = list(folder, &mut files);
        Self { folder: folder.to_owned(), files: all.then_some(files) }
    }

    /// Those of a subject that has no such tree, or gives each round a copy of its own.
    pub(in crate::adapter) fn unknown() -> Self {
        Self { folder: PathBuf::new(), files: None }
    }

    /// What there is more of now, as a sentence without a full stop. It says what appeared, not who wrote it: another
    /// program may have worked in the folder meanwhile.
    pub fn appeared(&self, report_dir: &Path) -> Option<String> {
        let before = self.files.as_ref()?;
        let now = Self::of(&self.folder).files?;
        // The suite's folder is free of links, so the reports' must be too.
        let report_dir = report_dir.canonicalize().unwrap_or_else(|_| report_dir.to_owned());
        let left = now.difference(before).filter(|file| !file.starts_with(&report_dir)).collect();
        let left: Vec<String> = not_written_beside(left, &self.folder)
            .into_iter()
            .map(|file| file.strip_prefix(&self.folder).unwrap_or(file).display().to_string())
            .collect();
        if left.is_empty() {
            return None;
        }
        let named = left.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = match left.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        Some(format!(
            "files appeared beside the tests during the run ({named}{more}): --sandbox full gives each round a fresh copy"
        ))
    }
}

/// Those of a tree's files that no program beside this run writes: what a shell writes of the run itself, or a server its log,
/// lies in many a project's folder.
pub(in crate::adapter) fn not_written_beside<'f>(mut files: Vec<&'f PathBuf>, tree: &Path) -> Vec<&'f PathBuf> {
    // Most often there are none, and nobody looks at all processes.
    if !files.is_empty() {
        let beside = written_beside();
        files.retain(|file| !beside.contains(&tree.join(file)));
    }
    files
}

/// Whether a file or folder of this name is what a tool writes, not a test.
pub(in crate::adapter) fn is_left_out(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || name.ends_with(".pyc") || LEFT_OUT.contains(&name.as_ref())
}

/// Whether a file or folder of this name is what a tool around the tests writes. Other hidden ones may be what tests leave.
pub(in crate::adapter) fn is_of_a_tool(name: &OsStr) -> bool {
    let text = name.to_string_lossy();
    match text.starts_with('.') {
        true => TOOLS.iter().any(|tool| text.starts_with(tool)) || text.ends_with(".swp"),
        false => is_left_out(name),
    }
}

/// Adds the files below a folder; whether these are all.
fn list(folder: &Path, files: &mut BTreeSet<PathBuf>) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return true };
    for entry in entries.flatten().filter(|entry| !is_left_out(&entry.file_name())) {
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => {
                if !path.join("pyvenv.cfg").exists() && !list(&path, files) {
                    return false;
                }
            }
            Ok(_) => drop(files.insert(path)),
            Err(_) => {}
        }
        if files.len() > MOST {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_left_out;
    use std::ffi::OsStr;

    #[test]
    fn what_tools_write_is_left_out_and_what_tests_write_is_not() {
        for name in [".coverage", ".git", ".pytest_cache", "__pycache__", "a.pyc", "htmlcov", "target"] {
            assert!(is_left_out(OsStr::new(name)), "{name}");
        }
        for name in ["state.txt", "test_made.py", "coverage", "data.db"] {
            assert!(!is_left_out(OsStr::new(name)), "{name}");
        }
    }
}
