//! A tree as it was when a run began, kept out of the reach of its rounds: these may change the project's own.

use crate::adapter::shared::mirror::{Mirror, Whose};
use crate::adapter::shared::tree::{is_left_out, is_of_a_run};
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
type Stamp = (u64, Option<SystemTime>);

/// A tree, and a copy of it that was made before the first round.
#[derive(Debug)]
pub(in crate::adapter) struct Kept {
    original: PathBuf,
    copy: PathBuf,
    before: BTreeMap<PathBuf, Stamp>,
}

impl Kept {
    /// Copies a tree, whatever its size.
    pub fn make(original: &Path, copy: &Path) -> io::Result<Self> {
        let mut before = BTreeMap::new();
        look(original, &mut before, &mut 0);
        Mirror::make(Whose::Suite, original, copy)?;
        Ok(Self { original: original.to_owned(), copy: copy.to_owned(), before })
    }

    /// Copies a tree if it is small and the copy would have all of it.
    pub fn make_if_small(original: &Path, copy: &Path) -> Option<Self> {
        let mut bytes = 0;
        let is_whole = look(original, &mut BTreeMap::new(), &mut bytes);
        (is_whole && bytes <= MOST_BYTES).then(|| Self::make(original, copy).ok()).flatten()
    }

    /// A copy that somebody else made of a tree.
    pub fn made(original: &Path, copy: &Path) -> Self {
        let mut before = BTreeMap::new();
        look(copy, &mut before, &mut 0);
        Self { original: original.to_owned(), copy: copy.to_owned(), before }
    }

    /// Where the copy is.
    pub fn copy(&self) -> &Path {
        &self.copy
    }

    /// The files of the tree that are not what they were, as people read them, the first ones by name; `None` if
    /// all of them are.
    pub fn changed(&self) -> Option<String> {
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
            if is_left_out(&entry.file_name()) || is_of_a_run(&entry.path()) || entry.path().join("pyvenv.cfg").exists()
            {
                continue;
            }
            let path = folder.join(entry.file_name());
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(metadata) => {
                    *bytes += metadata.len();
                    // A copy of what nobody may write has the time at which it was made.
                    let modified = metadata.modified().ok().filter(|_| !metadata.permissions().readonly());
                    found.insert(path, (metadata.len(), modified));
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
