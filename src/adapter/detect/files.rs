//! A project's files, as far as they show which runner it has.

use crate::disk::{LONGEST_INPUT, read_bytes};
use std::fs;
use std::path::{Path, PathBuf};

/// How deep tests are looked for below the project's folder.
const DEEPEST: usize = 4;

/// How many files are looked at: enough to come upon a test.
const MOST: usize = 20_000;

/// Folders that hold other projects, or what tools made.
const LEFT_OUT: [&str; 11] = [
    "target",
    "node_modules",
    "reports",
    "__pycache__",
    "vendor",
    "dist",
    "build",
    "_build",
    "deps",
    "coverage",
    "htmlcov",
];

/// The text of a file, if it is there.
pub(super) fn text(root: &Path, name: &str) -> Option<String> {
    read_bytes(&root.join(name), LONGEST_INPUT).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The files below the project's folder, relative to it: nearer ones first, each folder in the order of names. Hidden
/// folders, virtual environments and what [`LEFT_OUT`] names are passed over.
pub(super) fn below(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    for _ in 0..=DEEPEST {
        let mut deeper = Vec::new();
        for folder in folders {
            let mut entries: Vec<_> = fs::read_dir(root.join(&folder)).into_iter().flatten().flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let name = entry.file_name().to_string_lossy().into_owned();
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => {
                        let is_passed_over = name.starts_with('.')
                            || LEFT_OUT.contains(&name.as_str())
                            || entry.path().join("pyvenv.cfg").exists();
                        deeper.extend((!is_passed_over).then(|| folder.join(&name)));
                    }
                    Ok(_) => files.push(folder.join(&name)),
                    Err(_) => {}
                }
                if files.len() >= MOST {
                    return files;
                }
            }
        }
        folders = deeper;
    }
    files
}

/// The name of a file without its folders.
pub(super) fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
