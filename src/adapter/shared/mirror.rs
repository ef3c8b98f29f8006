//! A copy of a tree, which can be made again what it was: files that tests leave beside themselves end with their round.

use crate::adapter::shared::tree::is_of_a_run;
use crate::disk::make_folders;
use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

/// Folders that are no part of a project's sources: not copied.
const LEFT_OUT: [&str; 4] = [".git", "target", "node_modules", "reports"];

/// Whose tree is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::adapter) enum Whose {
    /// A system that is started in the copy, maybe by an interpreter of its own in the tree.
    System,
    /// A suite, whose Python is known already: virtual environments are left out, whatever their names.
    Suite,
}

impl Whose {
    fn leaves_out(self, folder: &Path) -> bool {
        let named = |names: &[&str]| names.iter().any(|name| folder.file_name().is_some_and(|own| own == *name));
        named(&LEFT_OUT) || (self == Self::Suite && (named(&["__pycache__"]) || folder.join("pyvenv.cfg").exists()))
    }
}

/// A copy of a tree.
#[derive(Debug)]
pub(in crate::adapter) struct Mirror {
    whose: Whose,
    original: PathBuf,
    copy: PathBuf,
    /// What was copied, by its path within the tree, and what told it from other states then.
    state: BTreeMap<PathBuf, Stamp>,
}

/// What changes whenever a file, link or folder is written or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    Folder,
    Other { inode: u64, size: u64, changed: (i64, i64) },
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        if metadata.is_dir() {
            return Self::Folder;
        }
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Self::Other { inode: metadata.ino(), size: metadata.size(), changed }
    }
}

impl Mirror {
    /// Copies a tree: files and folders, and links, which lead where they led.
    pub fn make(whose: Whose, original: &Path, copy: &Path) -> io::Result<Self> {
        let mut mirror = Self { whose, original: original.to_owned(), copy: copy.to_owned(), state: BTreeMap::new() };
        make_folders(copy)?;
        mirror.fill(Path::new(""))?;
        Ok(mirror)
    }

    /// Where the copy of a folder of the tree is.
    pub fn folder(&self, original: &Path) -> PathBuf {
        let inside = original.strip_prefix(&self.original).unwrap_or(Path::new(""));
        self.copy.join(inside)
    }

    /// Makes the copy what it was: takes away what was added, and copies again what was changed or removed.
    pub fn restore(&mut self) -> io::Result<()> {
        let mut found = BTreeMap::new();
        look(&self.copy, Path::new(""), &mut found)?;
        // The deepest first, so that a folder is empty when its turn comes.
        for (path, stamp) in found.iter().rev() {
            if self.state.get(path) != Some(stamp) {
                remove(&self.copy.join(path), *stamp)?;
            }
        }
        let lost: Vec<PathBuf> = self
            .state
            .iter()
            .filter(|(path, stamp)| found.get(*path) != Some(*stamp))
            .map(|(path, _)| path.clone())
            .collect();
        for path in lost {
            self.copy_one(&path)?;
        }
        Ok(())
    }

    fn fill(&mut self, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(self.original.join(folder))? {
            let entry = entry?;
            let path = folder.join(entry.file_name());
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !self.whose.leaves_out(&entry.path()) {
                    self.copy_one(&path)?;
                    self.fill(&path)?;
                }
            } else if kind.is_file() || kind.is_symlink() {
                self.copy_one(&path)?;
            }
        }
        Ok(())
    }

    fn copy_one(&mut self, path: &Path) -> io::Result<()> {
        let (from, to) = (self.original.join(path), self.copy.join(path));
        let metadata = fs::symlink_metadata(&from)?;
        if metadata.is_dir() {
            fs::create_dir_all(&to)?;
        } else if metadata.is_symlink() {
            let leads = fs::read_link(&from)?;
            let folder = path.parent().unwrap_or(Path::new(""));
            let leads = if leaves(folder, &leads) { self.original.join(folder).join(leads) } else { leads };
            symlink(leads, &to)?;
        } else {
            fs::copy(&from, &to)?;
            // Bytecode is known by the time of its source. A file that is read-only keeps the time of its copy.
            if let Ok(file) = File::options().append(true).open(&to) {
                file.set_modified(metadata.modified()?)?;
            }
        }
        self.state.insert(path.to_owned(), Stamp::of(&fs::symlink_metadata(&to)?));
        Ok(())
    }
}

/// The folders of a suite's tree that its copy has not, relative to it.
pub(in crate::adapter) fn left_out(tree: &Path, copy: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(tree.join(&folder)).into_iter().flatten().flatten() {
            let path = folder.join(entry.file_name());
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || entry.file_name() == "__pycache__" {
                continue;
            }
            if Whose::Suite.leaves_out(&entry.path()) {
                found.push(path);
            } else if copy.join(&path).is_dir() {
                folders.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Where the copy of a tree goes: below `scratch`, amid links to what stands beside the tree and above it in its repository. So
/// `../shared`, and packages that a workspace has in common, are found from the copy as they are from the tree.
pub(in crate::adapter) fn place_of_copy(tree: &Path, scratch: &Path) -> io::Result<PathBuf> {
    let mut at = scratch.join("tree");
    let Some(top) = top(tree) else { return Ok(at) };
    let mut original = top.to_owned();
    for name in tree.strip_prefix(top).unwrap_or(Path::new("")) {
        make_folders(&at)?;
        for entry in fs::read_dir(&original)? {
            let entry = entry?;
            let link = at.join(entry.file_name());
            let is_tools = entry.file_name() == ".git" || is_of_a_run(&entry.path());
            if entry.file_name() != name && !is_tools && fs::symlink_metadata(&link).is_err() {
                symlink(entry.path(), link)?;
            }
        }
        original.push(name);
        at.push(name);
    }
    Ok(at)
}

/// The folder that holds everything to which a tree may refer by relative paths: its repository, or else the nearest folder
/// above with packages for it; `None` if that is the tree itself.
fn top(tree: &Path) -> Option<&Path> {
    if tree.join(".git").exists() {
        return None;
    }
    let above = || tree.ancestors().skip(1);
    let repository = above().find(|folder| folder.join(".git").exists());
    repository.or_else(|| above().find(|folder| folder.join("node_modules").is_dir()))
}

/// Whether a link in a folder of a tree leads out of the tree by a relative path.
fn leaves(folder: &Path, leads: &Path) -> bool {
    let mut depth = folder.components().count();
    for component in leads.components() {
        match component {
            Component::ParentDir => match depth.checked_sub(1) {
                Some(above) => depth = above,
                None => return true,
            },
            Component::Normal(_) => depth += 1,
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    false
}

fn look(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Stamp>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let path = folder.join(entry.file_name());
        let stamp = Stamp::of(&fs::symlink_metadata(entry.path())?);
        found.insert(path.clone(), stamp);
        if stamp == Stamp::Folder {
            look(root, &path, found)?;
        }
    }
    Ok(())
}

fn remove(path: &Path, stamp: Stamp) -> io::Result<()> {
    match stamp {
        Stamp::Folder => fs::remove_dir_all(path),
        Stamp::Other { .. } => fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::{Mirror, Whose, look, place_of_copy};
    use std::collections::BTreeMap;
    use std::os::unix::fs::symlink;
    use std::path::Path;
    use std::{fs, io};

    fn names(folder: &Path) -> io::Result<Vec<String>> {
        let mut found = BTreeMap::new();
        look(folder, Path::new(""), &mut found)?;
        Ok(found.keys().map(|path| path.display().to_string()).collect())
    }

    #[test]
    fn what_was_added_changed_and_removed_is_as_it_was() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let (original, copy) = (scratch.path().join("original"), scratch.path().join("copy"));
        fs::create_dir_all(original.join("tests/data"))?;
        fs::write(original.join("tests/test_a.py"), "a")?;
        fs::write(original.join("tests/data/known.txt"), "known")?;
        fs::write(original.join("other.txt"), "other")?;
        let mut mirror = Mirror::make(Whose::Suite, &original, &copy)?;
        fs::write(copy.join("tests/data/known.txt"), "knoWn")?;
        fs::write(copy.join("tests/new.txt"), "")?;
        fs::create_dir_all(copy.join("made/deep"))?;
        fs::write(copy.join("made/deep/new.txt"), "")?;
        fs::remove_file(copy.join("other.txt"))?;
        fs::remove_dir_all(copy.join("tests/data"))?;
        fs::write(copy.join("tests/data"), "a file now")?;
        mirror.restore()?;
        assert_eq!(names(&copy)?, ["other.txt", "tests", "tests/data", "tests/data/known.txt", "tests/test_a.py"]);
        assert_eq!(fs::read_to_string(copy.join("tests/data/known.txt"))?, "known");
        assert_eq!(mirror.folder(&original.join("tests")), copy.join("tests"));
        Ok(())
    }

    #[test]
    fn what_stands_beside_and_above_a_tree_is_found_from_its_copy() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let repository = scratch.path().join("repository");
        let tree = repository.join("packages/shop");
        for folder in [".git", "node_modules/jest", "packages/shop/tests", "packages/prices"] {
            fs::create_dir_all(repository.join(folder))?;
        }
        for file in ["package.json", "packages/prices/list.txt", "packages/shop/own.txt"] {
            fs::write(repository.join(file), file)?;
        }
        symlink("../../prices/list.txt", tree.join("tests/outside.txt"))?;
        symlink("../own.txt", tree.join("tests/inside.txt"))?;
        let place = place_of_copy(&tree, &scratch.path().join("scratch"))?;
        assert_eq!(
            place_of_copy(&tree, &scratch.path().join("scratch"))?,
            place,
            "a second round finds the links there"
        );
        let mut mirror = Mirror::make(Whose::Suite, &tree, &place)?;
        fs::write(place.join("tests/left.txt"), "")?;
        mirror.restore()?;
        assert!(!place.join("tests/left.txt").exists());
        for (path, expected) in [
            ("../prices/list.txt", "packages/prices/list.txt"),
            ("../../package.json", "package.json"),
            ("tests/outside.txt", "packages/prices/list.txt"),
            ("tests/inside.txt", "packages/shop/own.txt"),
        ] {
            assert_eq!(fs::read_to_string(place.join(path))?, expected, "{path}");
        }
        assert!(place.join("../../node_modules/jest").is_dir());
        assert!(!place.join("../../.git").exists());
        assert!(place.join("tests/inside.txt").canonicalize()?.starts_with(place.canonicalize()?));
        Ok(())
    }

    #[test]
    fn the_copy_of_a_whole_repository_stands_alone() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let tree = scratch.path().join("repository");
        fs::create_dir_all(tree.join(".git"))?;
        fs::create_dir_all(scratch.path().join("node_modules"))?;
        let place = place_of_copy(&tree, &scratch.path().join("scratch"))?;
        assert_eq!(place, scratch.path().join("scratch/tree"));
        assert!(!place.exists());
        Ok(())
    }

    #[test]
    fn a_system_has_its_interpreter_in_the_copy_and_a_suite_has_not() -> io::Result<()> {
        let scratch = tempfile::tempdir()?;
        let original = scratch.path().join("original");
        fs::create_dir_all(original.join("env"))?;
        fs::create_dir_all(original.join("target"))?;
        fs::write(original.join("env/pyvenv.cfg"), "")?;
        for (whose, expected) in [(Whose::Suite, &[][..]), (Whose::System, &["env", "env/pyvenv.cfg"])] {
            let copy = scratch.path().join(format!("{whose:?}"));
            Mirror::make(whose, &original, &copy)?;
            assert_eq!(names(&copy)?, expected, "{whose:?}");
        }
        Ok(())
    }
}
