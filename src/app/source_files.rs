//! The digest of a tree's source files, where git does not tell what is in it.

use crate::disk::{LONGEST_INPUT, read_bytes};
use crate::model::ContentHash;
use std::path::{Path, PathBuf};

/// How source files end. Other files are left by tests as often as they are read by them.
const SOURCES: &[&str] = &[
    "c", "cc", "cfg", "cjs", "cpp", "cs", "cts", "ex", "exs", "go", "h", "hpp", "ini", "java", "js", "jsx", "kt",
    "lock", "mjs", "mts", "php", "py", "pyi", "rb", "rs", "scala", "sh", "sql", "toml", "ts", "tsx", "yaml", "yml",
];

/// Folders of what is installed or built.
const NOT_OURS: &[&str] = &["__pycache__", "build", "dist", "node_modules", "site-packages", "target"];

/// What says how a tree is tested, and not what is tested.
const SETTINGS: &[&str] = &["quarantine.toml", "steadfast.toml"];

/// In a tree with more source files than these nobody asks for a digest: it is no project's folder.
const MOST_FILES: usize = 50_000;

/// How deep folders are looked into.
const DEEPEST: usize = 32;

/// Whether a file is source, by its name, and stands in no folder of what is installed or built.
pub(super) fn is_source(path: &Path) -> bool {
    let is_ours = |part: &str| !part.starts_with('.') && !NOT_OURS.contains(&part);
    let ends = path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| SOURCES.contains(&ending));
    ends && path.iter().all(|part| part.to_str().is_some_and(is_ours))
}

/// Whether a file says how the tree is tested: runs keep what it said.
pub(super) fn is_setting(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| SETTINGS.contains(&name))
}

/// The digest of all source files below a folder; `None` if there are none, or far too many.
pub(super) fn digest_of(tree: &Path, reports: &Path) -> Option<ContentHash> {
    let mut found = Vec::new();
    let mut folders = vec![(tree.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in std::fs::read_dir(&folder).ok().into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            let Some(name) = name.to_str() else { continue };
            let Ok(kind) = entry.file_type() else { continue };
            let is_passed_over = name.starts_with('.') || NOT_OURS.contains(&name) || path == reports;
            if kind.is_dir() && !is_passed_over && depth < DEEPEST && !path.join("pyvenv.cfg").exists() {
                folders.push((path, depth + 1));
            } else if kind.is_file() && is_source(Path::new(name)) && !is_setting(Path::new(name)) {
                found.extend(path.strip_prefix(tree).map(Path::to_owned));
            }
        }
        if found.len() > MOST_FILES {
            return None;
        }
    }
    found.sort();
    (!found.is_empty()).then(|| digest_of_named(tree, &found))
}

/// The digest of these files, by their names and contents; of one that is gone, by its name.
pub(super) fn digest_of_named(tree: &Path, files: &[PathBuf]) -> ContentHash {
    ContentHash::of(files.iter().flat_map(|file| {
        let content = read_bytes(&tree.join(file), LONGEST_INPUT).map(|bytes| ContentHash::of([bytes]).to_string());
        [file.to_string_lossy().into_owned(), content.unwrap_or_else(|_| "gone".to_owned())]
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_changes_with_the_source_and_with_nothing_else() {
        let tree = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| {
            let path = tree.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder around it")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        };
        let digest = || digest_of(tree.path(), &tree.path().join("reports"));
        assert_eq!(digest(), None, "there is nothing");
        write("shop/cart.py", "price = 1");
        let first = digest();
        for left in ["reports/a.py", ".venv/b.py", "node_modules/c.js", "__pycache__/d.py", "out.txt", "env/pyvenv.cfg"]
        {
            write(left, "left");
        }
        write("env/lib/e.py", "installed");
        assert_eq!(digest(), first);
        write("shop/cart.py", "price = 2");
        assert_ne!(digest(), first);
    }
}
