//! The tree that a round's processes see: the project's own, or a copy that begins each round as it was when the run began.
//!
//! # Rationale
//!
//! A runner is started in the project's folder, as its user starts it. Where a round leaves the tree other than it was, what
//! one case left would meet the cases of all rounds to come, and a case alone would no longer be alone. From then on rounds
//! run in a copy that was made before the first one. Builds keep whole paths of their tree (ctest's working directories, a
//! folder that was compiled in): where the system lets us, the copy is laid over the tree, so that these lead into it too.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::laid::Laid;
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::profile::Profile;
use crate::adapter::shared::kept::{Kept, KeptTree};
use crate::adapter::shared::mirror::{Mirror, Whose, place_of_copy};
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Folders of dependencies: links in a copy lead to them.
const LINKED: [&str; 1] = ["node_modules"];

/// When the copy is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copying {
    /// When a round was seen to leave the tree other than it was, and the copy can be laid over the tree: what was built
    /// there is only good there.
    InPlace,
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
    /// Below which the copy goes.
    scratch: PathBuf,
    /// Where it is, once it is made.
    copy: PathBuf,
    copying: Copying,
    sees: Sees,
    /// What the runner itself writes there, relative to the folder: no change of the tree.
    writes: Vec<PathBuf>,
}

/// Which tree a round's processes see.
#[derive(Debug)]
enum Sees {
    /// The project's own.
    Itself,
    /// The copy, at a path of its own.
    Copy,
    /// The copy, at the project's path.
    Laid(Laid),
}

impl World {
    /// The world of a suite in `root` that is run as a profile says. Each round has a copy if that `is_asked`, else where rounds
    /// change the tree. The copy goes below `scratch`. Whoever began the run may have kept the tree already.
    ///
    /// # Errors
    /// If a copy is asked for and can't be made: for people.
    pub fn of(
        profile: &Profile,
        is_asked: bool,
        root: &Path,
        scratch: &Path,
        kept: Option<&KeptTree>,
    ) -> Result<Self, CommandError> {
        let copying = match (is_asked, profile.run.in_place) {
            (true, _) => Copying::Always,
            (false, true) => Copying::InPlace,
            (false, false) => Copying::WhenChanged,
        };
        let writes = profile.written_by_runner().collect();
        Ok(Self { writes, ..Self::new(copying, root, scratch, kept)? })
    }

    fn new(copying: Copying, root: &Path, scratch: &Path, kept: Option<&KeptTree>) -> Result<Self, CommandError> {
        let original = root.canonicalize().unwrap_or_else(|_| root.to_owned());
        let place = scratch.join("kept");
        let mut world = Self {
            original,
            kept: None,
            mirror: None,
            scratch: scratch.to_owned(),
            copy: PathBuf::new(),
            copying,
            sees: Sees::Itself,
            writes: Vec::new(),
        };
        world.kept = match (copying, kept.filter(|kept| kept.tree == world.original)) {
            (_, Some(kept)) => Some(Kept::made(kept)),
            (Copying::Always, None) => Some(Kept::make(&world.original, &place).map_err(CommandError::Copy)?),
            // Without a copy, rounds go on as they are.
            (Copying::WhenChanged | Copying::InPlace, None) => Kept::make_if_small(&world.original, &place),
        };
        if copying == Copying::Always {
            world.make().map_err(CommandError::Copy)?;
        }
        Ok(world)
    }

    /// Where the tree is kept as it was when the run began.
    pub fn kept(&self) -> Option<&KeptTree> {
        self.kept.as_ref().map(Kept::place)
    }

    /// Makes the copy that rounds run in from now on.
    fn make(&mut self) -> io::Result<()> {
        let Some(kept) = &self.kept else { return Ok(()) };
        self.copy = place_of_copy(&self.original, &self.scratch)?;
        let mirror = Mirror::make(Whose::Suite, &kept.place().copy, &self.copy)?;
        self.sees = match Laid::over(&self.original, &self.copy) {
            Some(laid) => Sees::Laid(laid),
            None if self.copying == Copying::InPlace => {
                return Err(io::Error::other(
                    "this system lets nobody lay a copy over it, and what was built there is only good there",
                ));
            }
            None => Sees::Copy,
        };
        self.mirror = Some(mirror);
        self.link()
    }

    /// Leads from the copy to the folders of dependencies.
    fn link(&self) -> io::Result<()> {
        if let Sees::Laid(laid) = &self.sees {
            return laid.make_places();
        }
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
        if matches!(self.sees, Sees::Copy) { &self.copy } else { own }
    }

    /// Where this program finds what a round's processes find at a path.
    pub fn found(&self, path: &Path) -> PathBuf {
        let real = path.canonicalize();
        match (&self.sees, real.as_deref().unwrap_or(path).strip_prefix(&self.original)) {
            (Sees::Laid(_), Ok(inside)) => self.copy.join(inside),
            _ => path.to_owned(),
        }
    }

    /// The command as it is started, so that it sees this world.
    pub fn enclosed(&self, command: Command) -> Command {
        match &self.sees {
            Sees::Itself | Sees::Copy => command,
            Sees::Laid(laid) => laid.enclosed(&command),
        }
    }

    /// Makes the tree ready for a round.
    pub fn begin(&mut self) -> Result<(), CommandError> {
        let Some(mirror) = self.mirror.as_mut() else { return Ok(()) };
        let restored = mirror.restore().and_then(|()| self.link());
        restored.map_err(CommandError::Restore)
    }

    /// A round has ended. Says so where it left the tree other than it was, for the first time.
    pub fn end(&mut self) -> Option<String> {
        let changed = self.kept.as_ref().filter(|_| self.mirror.is_none())?.changed_but(&self.writes)?;
        if let Err(error) = self.make() {
            self.kept = None;
            return Some(format!(
                "cases leave files in the project's folder ({changed}), which meet all that run later: each round should begin \
                 in a copy of it, and none can be made: {error}"
            ));
        }
        Some(format!(
            "cases leave files in the project's folder ({changed}): from now on each round, and each case alone, runs in \
             a fresh copy of it as it was when the run began (--sandbox full: from the first round)"
        ))
    }

    /// The case with paths that lead into the copy, where there is one.
    pub fn placed(&self, case: &ListedCase) -> ListedCase {
        let mut case = case.clone();
        if matches!(self.sees, Sees::Copy) {
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
        if !matches!(self.sees, Sees::Itself) && text.contains(&copy) {
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
        fs::create_dir_all(project.path().join("node_modules/shop")).expect("a folder");
        (project, scratch)
    }

    #[test]
    fn a_tree_that_rounds_leave_as_it_was_is_used_itself() {
        let (project, scratch) = project();
        let mut world = World::new(Copying::WhenChanged, project.path(), scratch.path(), None).expect("a world");
        world.begin().expect("ready");
        fs::create_dir_all(project.path().join("reports")).expect("a folder");
        fs::write(project.path().join("reports/junit.xml"), "").expect("a file");
        assert_eq!(world.end(), None);
        assert_eq!(world.root(project.path()), project.path());
    }

    /// What a command writes that sees the world.
    fn said(world: &World, folder: &Path, script: &str) -> String {
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(world.root(folder));
        let output = world.enclosed(command).output().expect("sh is there");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[test]
    fn once_a_round_left_a_file_rounds_begin_in_a_copy_of_what_was_there() {
        let (project, scratch) = project();
        let mut world = World::new(Copying::WhenChanged, project.path(), scratch.path(), None).expect("a world");
        world.begin().expect("ready");
        fs::write(project.path().join("cache.txt"), "bad").expect("a file");
        let told = world.end().expect("a note");
        assert!(told.contains("cache.txt"), "{told}");
        for _ in 0..2 {
            world.begin().expect("ready");
            let there = said(&world, project.path(), "ls; test -d node_modules/shop; echo bad > cache.txt");
            assert_eq!(there, "a.test\nnode_modules\n");
        }
        assert_eq!(world.end(), None, "it is told once");
        let inside = scratch.path().join("tree/a.test").display().to_string();
        let original = project.path().canonicalize().expect("it is there").join("a.test");
        assert_eq!(world.told(&inside), original.display().to_string());
    }

    #[test]
    fn whole_paths_lead_into_a_copy_that_is_laid_over_the_tree() {
        let (project, scratch) = project();
        let mut world = World::new(Copying::InPlace, project.path(), scratch.path(), None).expect("a world");
        let file = project.path().join(".state/cache.txt");
        fs::create_dir(project.path().join(".state")).expect("a folder");
        let told = world.end().expect("a note: a folder is something left, a hidden one too");
        if !matches!(world.sees, Sees::Laid(_)) {
            assert!(told.contains("lets nobody lay a copy over it"), "{told}");
            return;
        }
        world.begin().expect("ready");
        said(&world, project.path(), &format!("mkdir .state && echo bad > {}", file.display()));
        assert!(!file.exists() && world.found(&file).exists());
        world.begin().expect("ready");
        said(&world, project.path(), &format!("test ! -e {}", file.display()));
    }

    #[test]
    fn what_the_runner_itself_writes_is_nothing_that_cases_leave() {
        let (project, scratch) = project();
        let world = World::new(Copying::WhenChanged, project.path(), scratch.path(), None).expect("a world");
        let mut world = World { writes: vec![PathBuf::from("Testing")], ..world };
        fs::create_dir(project.path().join("Testing")).expect("a folder");
        fs::write(project.path().join("Testing/log.txt"), "ran").expect("a file");
        assert_eq!(world.end(), None);
    }
}
