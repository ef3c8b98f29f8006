//! What a system that is started may touch: folders of its round's own.

use crate::adapter::shared::mirror::{Mirror, Whose, place_of_copy};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// How far a started system is kept apart from everything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sandbox {
    /// TMPDIR is a folder of the round's own.
    #[default]
    Tmp,
    /// HOME too, and it runs in a fresh copy of the project.
    Full,
}

/// The folders of one sandbox.
#[derive(Debug, Clone)]
pub(in crate::adapter) struct Folders {
    pub temporary: PathBuf,
    pub home: Option<PathBuf>,
    /// The copy of the project, and what it is a copy of.
    pub tree: Option<(PathBuf, PathBuf)>,
}

impl Folders {
    /// Makes them below `folder`.
    pub fn make(sandbox: Sandbox, folder: &Path, root: &Path) -> io::Result<Self> {
        let temporary = folder.join("tmp");
        crate::disk::make_folders(&temporary)?;
        if sandbox == Sandbox::Tmp {
            return Ok(Self { temporary, home: None, tree: None });
        }
        let (home, tree) = (folder.join("home"), place_of_copy(root, folder)?);
        crate::disk::make_folders(&home)?;
        Mirror::make(Whose::System, root, &tree)?;
        Ok(Self { temporary, home: Some(home), tree: Some((tree, root.to_owned())) })
    }

    /// Where a program that is to run in `directory` runs.
    pub fn directory(&self, directory: Option<PathBuf>) -> Option<PathBuf> {
        match (&self.tree, directory) {
            (None, directory) => directory,
            (Some((tree, _)), None) => Some(tree.clone()),
            (Some((tree, root)), Some(directory)) => Some(match directory.strip_prefix(root) {
                Ok(inside) => tree.join(inside),
                Err(_) => tree.join(directory),
            }),
        }
    }
}
