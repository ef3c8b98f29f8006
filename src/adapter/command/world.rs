//! The tree that a round's processes see: the project's own, or a copy that begins each round as it was when the run began.
//!
//! # Rationale
//!
//! A runner is started in the project's folder, as its user starts it. Where a round leaves the tree other than it was, what
//! one case left would meet the cases of all rounds to come, and a case alone would no longer be alone. From then on rounds
//! run in a copy that was made before the first one.

use crate::adapter::command::listing::ListedCase;
use crate::adapter::shared::kept::Kept;
use crate::adapter::shared::mirror::{Mirror, Whose};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

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

/// The tree of a suite.
#[derive(Debug)]
pub(super) struct World {
    /// The project's folder, free of links.
    original: PathBuf,
    /// The tree as it was when the run began.
    kept: Option<Kept>,
    /// What the rounds are given, made of what is kept.
    mirror: Option<Mirror>,
    copy: PathBuf,
    /// Whether rounds run in the copy.
    is_copied: bool,
}

impl World {
    /// The world of a suite in `root`; a copy goes below `scratch`.
    ///
    /// # Errors
    /// If a copy is asked for and can't be made: for people.
    pub fn new(copying: Copying, root: &Path, scratch: &Path) -> Result<Self, String> {
        let original = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let copy = scratch.join("tree");
        let kept = scratch.join("kept");
        let mut world = Self { original, kept: None, mirror: None, copy, is_copied: false };
        match copying {
            Copying::Always => {
                let made = Kept::make(&world.original, &kept).and_then(|kept| {
                    world.kept = Some(kept);
                    world.make()
                });
                made.map_err(|error| format!("can't copy the suite's tree: {error}"))?;
            }
            // Without a copy, rounds go on as they are.
            Copying::WhenChanged => world.kept = Kept::make_if_small(&world.original, &kept),
            Copying::Never => {}
        }
        Ok(world)
    }

    /// Makes the copy that rounds run in from now on.
    fn make(&mut self) -> io::Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        self.mirror = Some(Mirror::make(Whose::Suite, &kept.place().copy, &self.copy)?);
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
        let changed = self.kept.as_ref().filter(|_| !self.is_copied)?.changed()?;
        if let Err(error) = self.make() {
            self.kept = None;
            return Some(format!("cases leave files in the project's folder, and it can't be copied: {error}"));
        }
        Some(format!(
            "cases leave files in the project's folder ({changed}): from now on each round, and each case alone, runs in \
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
