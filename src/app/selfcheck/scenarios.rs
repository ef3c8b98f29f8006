//! The shipped scenarios, carried inside the program so that a self-check needs no other file.

use crate::app::AppError;
use crate::scenario::SCENARIO_FOLDER;
use include_dir::{Dir, DirEntry, include_dir};
use std::path::Path;

static SHIPPED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/scenarios");

/// Every shipped scenario: its path below `scenarios/`, and its bytes; sorted by path.
pub fn shipped_scenarios() -> Vec<(&'static Path, &'static [u8])> {
    let mut files = Vec::new();
    collect(&SHIPPED, &mut files);
    files.sort_unstable_by_key(|(path, _)| *path);
    files
}

fn collect(folder: &'static Dir<'static>, files: &mut Vec<(&'static Path, &'static [u8])>) {
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(folder) => collect(folder, files),
            DirEntry::File(file) => files.push((file.path(), file.contents())),
        }
    }
}

/// Writes the shipped scenarios into a project's folder.
pub(super) fn unpack(project: &Path) -> Result<(), AppError> {
    for (path, bytes) in shipped_scenarios() {
        let path = project.join(SCENARIO_FOLDER).join(path);
        let folder = path.parent().unwrap_or(project);
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes)).map_err(AppError::io(&path))?;
    }
    Ok(())
}
