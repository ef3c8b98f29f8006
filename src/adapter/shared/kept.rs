//! A tree as it was when a run began, kept out of the reach of its rounds: these may change the project's own.

use crate::adapter::shared::mirror::{Mirror, Whose};
use crate::adapter::shared::tree::{is_of_a_run, is_of_a_tool, not_written_beside};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Up to how many files, and how many bytes of them, a tree is copied before anybody knows whether a copy is needed.
const MOST_FILES: usize = 5_000;
const MOST_BYTES: u64 = 64 << 20;

/// How many changed files are named.
const NAMED: usize = 3;

/// What tells a file from other states of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    bytes: u64,
    /// When it was written, where a copy has the same time.
    modified: Option<SystemTime>,
    /// Whether a copy of its tree has it: no copy has sockets and pipes.
    is_copied: bool,
}

/// A tree, and where a copy of it is that no round changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptTree {
    /// The tree that is copied.
    pub tree: PathBuf,
    /// Where its copy is.
    pub copy: PathBuf,
}

/// A tree with a copy that was made before the first round, and what stood in it then.
#[derive(Debug)]
pub(in crate::adapter) struct Kept {
    place: KeptTree,
    before: BTreeMap<PathBuf, Stamp>,
}

impl Kept {
    /// Copies a tree, whatever its size.
    pub fn make(tree: &Path, copy: &Path) -> io::Result<Self> {
        Mirror::make(Whose::Suite, tree, copy)?;
        Ok(Self::made(&KeptTree { tree: tree.to_owned(), copy: copy.to_owned() }))
    }

    /// Copies a tree if it is small and the copy would have all of it.
    pub fn make_if_small(tree: &Path, copy: &Path) -> Option<Self> {
        let mut bytes = 0;
        let is_whole = look(tree, &mut BTreeMap::new(), &mut bytes);
        (is_whole && bytes <= MOST_BYTES).then(|| Self::make(tree, copy).ok()).flatten()
    }

    /// A copy that was made of a tree: what stands in it is what stood in the tree, besides what no copy has.
    pub fn made(place: &KeptTree) -> Self {
        let (mut before, mut now) = (BTreeMap::new(), BTreeMap::new());
        look(&place.copy, &mut before, &mut 0);
        look(&place.tree, &mut now, &mut 0);
        before.extend(now.into_iter().filter(|(_, stamp)| !stamp.is_copied));
        Self { place: place.clone(), before }
    }

    /// Where the tree and its copy are.
    pub fn place(&self) -> &KeptTree {
        &self.place
    }

    /// The files of the tree that are not what they were, as people read them, the first ones by name; `None` if
    /// all of them are. What programs beside this run have open for writing is left out: they may have changed it.
    pub fn changed(&self) -> Option<String> {
        self.changed_but(&[])
    }

    /// The same without what is at or below these places of the tree.
    pub fn changed_but(&self, places: &[PathBuf]) -> Option<String> {
        let mut now = BTreeMap::new();
        look(&self.place.tree, &mut now, &mut 0);
        let changed = now
            .iter()
            .filter(|(path, stamp)| self.before.get(*path) != Some(*stamp))
            .map(|(path, _)| path)
            .chain(self.before.keys().filter(|path| !now.contains_key(*path)))
            .filter(|path| !places.iter().any(|place| path.starts_with(place)))
            .collect();
        let tree = self.place.tree.canonicalize().unwrap_or_else(|_| self.place.tree.clone());
        let changed: Vec<String> =
            not_written_beside(changed, &tree).into_iter().map(|path| path.display().to_string()).collect();
        if changed.is_empty() {
            return None;
        }
        let named = changed.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        Some(if changed.len() > NAMED { format!("{named}, …") } else { named })
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
            if is_of_a_tool(&entry.file_name())
                || is_of_a_run(&entry.path())
                || entry.path().join("pyvenv.cfg").exists()
            {
                continue;
            }
            let path = folder.join(entry.file_name());
            match entry.metadata() {
                // A folder that is left may be all that a test looks for.
                Ok(metadata) if metadata.is_dir() => {
                    found.insert(path.clone(), Stamp { bytes: 0, modified: None, is_copied: true });
                    folders.push(path);
                }
                Ok(metadata) => {
                    // A link out of the tree is written otherwise in a copy.
                    let size = if metadata.is_symlink() { 0 } else { metadata.len() };
                    *bytes += size;
                    // A copy of a link, and of what nobody may write, has the time at which it was made.
                    let keeps_time = !metadata.is_symlink() && !metadata.permissions().readonly();
                    let modified = metadata.modified().ok().filter(|_| keeps_time);
                    let is_copied = metadata.is_file() || metadata.is_symlink();
                    found.insert(path, Stamp { bytes: size, modified, is_copied });
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
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;

    #[test]
    fn what_a_copy_can_not_keep_is_no_change_and_a_file_is_one() {
        let (project, scratch) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
        let (tree, copy) = (project.path(), scratch.path().join("kept"));
        fs::write(tree.join("a.py"), "a").expect("a file");
        fs::write(tree.join("fixed.py"), "b").expect("a file");
        fs::set_permissions(tree.join("fixed.py"), Permissions::from_mode(0o444)).expect("modes");
        symlink("a.py", tree.join("link.py")).expect("a link");
        symlink("../a.py", tree.join("outside.py")).expect("a link");
        let _socket = UnixListener::bind(tree.join("socket")).expect("a socket");
        let kept = Kept::make_if_small(tree, &copy).expect("it is small");
        assert_eq!(kept.changed(), None);
        fs::write(tree.join("left.txt"), "x").expect("a file");
        assert_eq!(kept.changed().as_deref(), Some("left.txt"));
        assert_eq!(Kept::made(kept.place()).changed().as_deref(), Some("left.txt"));
        assert_eq!(kept.changed_but(&[PathBuf::from("left.txt")]), None);
        fs::remove_file(tree.join("left.txt")).expect("it is there");
        fs::create_dir_all(tree.join(".pytest_cache/v")).expect("folders");
        assert_eq!(kept.changed(), None, "a tool's own");
        fs::create_dir(tree.join(".lock")).expect("a folder");
        assert_eq!(kept.changed().as_deref(), Some(".lock"), "a hidden folder");
        fs::remove_dir(tree.join(".lock")).expect("it is there");
        fs::write(tree.join("a.py"), "changed").expect("a file");
        assert_eq!(kept.changed().as_deref(), Some("a.py"));
    }
}
