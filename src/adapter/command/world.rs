//! The tree that a round's processes see: the project's own, or a copy that begins each round as it was when the run began.
//!
//! # Rationale
//!
//! A runner is started in the project's folder, as its user starts it. Where a round leaves the tree other than it was, what
//! one case left would meet the cases of all rounds to come, and a case alone would no longer be alone. From then on rounds
//! run in a copy that was made before the first one.

use crate::adapter::command::listing::ListedCase;
use crate::adapter::shared::mirror::{Mirror, Whose};
use crate::adapter::shared::tree::{is_left_out, is_of_a_run};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Up to how many files, and how many bytes of them, a tree is copied before anybody knows whether a copy is needed.
const MOST_FILES: usize = 5_000;
const MOST_BYTES: u64 = 64 << 20;

/// How many changed files are named.
const NAMED: usize = 3;

/// Folders of dependencies: links in a copy lead to them.
const LINKED: [&str; 1] = ["node_modules"];

/// When the copy is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Copying {
    /// Never: what was built in the tree is only good there.
    Never,
    /// When a round was seen to leave the tree other than it was.
    WhenChanged,
    /// In each round.
    Always,
}

/// What tells a file from other states of it.
type Stamp = (u64, Option<SystemTime>);

/// The tree of a suite.
#[derive(Debug)]
pub(super) struct World {
    /// The project's folder, free of links.
    original: PathBuf,
    /// The tree as it was when the run began, out of the reach of its rounds: these may change the project's own.
    kept: Option<PathBuf>,
    /// What the rounds are given, made of what is kept.
    mirror: Option<Mirror>,
    copy: PathBuf,
    /// Whether rounds run in the copy.
    is_copied: bool,
    /// What stood in the tree when the run began.
    before: BTreeMap<PathBuf, Stamp>,
}

impl World {
    /// The world of a suite in `root`; a copy goes below `scratch`.
    ///
    /// # Errors
    /// If a copy is asked for and can't be made: for people.
    pub fn new(copying: Copying, root: &Path, scratch: &Path) -> Result<Self, String> {
        let original = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let copy = scratch.join("tree");
        let mut world = Self { original, kept: None, mirror: None, copy, is_copied: false, before: BTreeMap::new() };
        let mut bytes = 0;
        let is_small = look(&world.original, &mut world.before, &mut bytes) && bytes <= MOST_BYTES;
        match copying {
            Copying::Always => {
                let made = world.keep(scratch).and_then(|()| world.make());
                made.map_err(|error| format!("can't copy the suite's tree: {error}"))?;
            }
            // Without a copy, rounds go on as they are.
            Copying::WhenChanged if is_small => _ = world.keep(scratch),
            Copying::WhenChanged | Copying::Never => {}
        }
        Ok(world)
    }

    fn keep(&mut self, scratch: &Path) -> io::Result<()> {
        let kept = scratch.join("kept");
        Mirror::make(Whose::Suite, &self.original, &kept)?;
        self.kept = Some(kept);
        Ok(())
    }

    /// Makes the copy that rounds run in from now on.
    fn make(&mut self) -> io::Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        self.mirror = Some(Mirror::make(Whose::Suite, kept, &self.copy)?);
        self.is_copied = true;
        self.link()
    }

    /// Leads from the copy to the folders of dependencies.
    fn link(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.original)?.flatten() {
            let (name, to) = (entry.file_name(), self.copy.join(entry.file_name()));
            let is_linked = LINKED.iter().any(|linked| name == *linked) || entry.path().join("pyvenv.cfg").exists();
            if is_linked && fs::symlink_metadata(&to).is_err() {
                symlink(entry.path(), to)?;
            }
        }
        Ok(())
    }

    /// The project's folder, as the round's processes see it.
    pub fn root<'a>(&'a self, own: &'a Path) -> &'a Path {
        if self.is_copied { &self.copy } else { own }
    }

    /// Makes the tree ready for a round.
    pub fn begin(&mut self) -> Result<(), String> {
        let Some(mirror) = self.mirror.as_mut().filter(|_| self.is_copied) else { return Ok(()) };
        let restored = mirror.restore().and_then(|()| self.link());
        restored.map_err(|error| format!("can't make the copy of the suite's tree what it was: {error}"))
    }

    /// A round has ended. Says so where it left the tree other than it was, for the first time.
    pub fn end(&mut self) -> Option<String> {
        if self.is_copied || self.kept.is_none() {
            return None;
        }
        let mut now = BTreeMap::new();
        look(&self.original, &mut now, &mut 0);
        let changed: Vec<String> = now
            .iter()
            .filter(|(path, stamp)| self.before.get(*path) != Some(*stamp))
            .map(|(path, _)| path)
            .chain(self.before.keys().filter(|path| !now.contains_key(*path)))
            .map(|path| path.display().to_string())
            .collect();
        if changed.is_empty() {
            return None;
        }
        if let Err(error) = self.make() {
            self.kept = None;
            return Some(format!("cases leave files in the project's folder, and it can't be copied: {error}"));
        }
        let named = changed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let more = if changed.len() > NAMED { ", …" } else { "" };
        Some(format!(
            "cases leave files in the project's folder ({named}{more}): from now on each round, and each case alone, runs in \
             a fresh copy of it as it was when the run began (--sandbox full: from the first round)"
        ))
    }

    /// The case with paths that lead into the copy, where there is one.
    pub fn placed(&self, case: &ListedCase) -> ListedCase {
        let mut case = case.clone();
        if self.is_copied {
            for value in case.fields.values_mut() {
                if let Ok(inside) = Path::new(value.as_str()).strip_prefix(&self.original)
                    && Path::new(value.as_str()).is_absolute()
                {
                    *value = self.copy.join(inside).display().to_string();
                }
            }
        }
        case
    }

    /// A text in which paths lead into the project's folder, not into its copy.
    pub fn told(&self, text: &str) -> String {
        let copy = self.copy.display().to_string();
        if self.is_copied && text.contains(&copy) {
            text.replace(&copy, &self.original.display().to_string())
        } else {
            text.to_owned()
        }
    }
}

/// Adds the files below a folder; whether these are all, and a copy would have them: a mirror leaves folders of these names
/// out, wherever they are, and below the project's own folder they may hold sources.
fn look(root: &Path, found: &mut BTreeMap<PathBuf, Stamp>, bytes: &mut u64) -> bool {
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).into_iter().flatten().flatten() {
            let is_lost = ["target", "reports"].iter().any(|lost| entry.file_name() == *lost);
            if is_lost && folder != Path::new("") && entry.path().is_dir() {
                return false;
            }
            if is_left_out(&entry.file_name()) || is_of_a_run(&entry.path()) || entry.path().join("pyvenv.cfg").exists()
            {
                continue;
            }
            let path = folder.join(entry.file_name());
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) => {
                    *bytes += metadata.len();
                    found.insert(path, (metadata.len(), metadata.modified().ok()));
                }
                Err(_) => {}
            }
            if found.len() > MOST_FILES {
                return false;
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project() -> (tempfile::TempDir, tempfile::TempDir) {
        let (project, scratch) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        fs::write(project.path().join("a.test"), "a").expect("a file");
        fs::create_dir(project.path().join("node_modules")).expect("a folder");
        (project, scratch)
    }

    #[test]
    fn a_tree_that_rounds_leave_as_it_was_is_used_itself() {
        let (project, scratch) = project();
        let mut world = World::new(Copying::WhenChanged, project.path(), scratch.path()).expect("a world");
        world.begin().expect("ready");
        fs::create_dir_all(project.path().join("reports")).expect("a folder");
        fs::write(project.path().join("reports/junit.xml"), "").expect("a file");
        assert_eq!(world.end(), None);
        assert_eq!(world.root(project.path()), project.path());
    }

    #[test]
    fn once_a_round_left_a_file_rounds_begin_in_a_copy_of_what_was_there() {
        let (project, scratch) = project();
        let mut world = World::new(Copying::WhenChanged, project.path(), scratch.path()).expect("a world");
        world.begin().expect("ready");
        fs::write(project.path().join("cache.txt"), "bad").expect("a file");
        let told = world.end().expect("a note");
        assert!(told.contains("cache.txt"), "{told}");
        let copy = world.root(project.path()).to_owned();
        for _ in 0..2 {
            world.begin().expect("ready");
            assert!(
                copy.join("a.test").exists() && copy.join("node_modules").exists() && !copy.join("cache.txt").exists()
            );
            fs::write(copy.join("cache.txt"), "bad").expect("a file");
        }
        assert_eq!(world.end(), None, "it is told once");
        let inside = copy.join("a.test").display().to_string();
        assert_eq!(
            world.told(&inside),
            project.path().canonicalize().expect("it is there").join("a.test").display().to_string()
        );
    }

    #[test]
    fn what_was_built_in_a_tree_is_used_there() {
        let (project, scratch) = project();
        let mut world = World::new(Copying::Never, project.path(), scratch.path()).expect("a world");
        fs::write(project.path().join("cache.txt"), "bad").expect("a file");
        assert_eq!((world.end(), world.root(project.path())), (None, project.path()));
    }
}
