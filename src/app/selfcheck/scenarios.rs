//! The shipped scenarios, carried inside the program so that a self-check needs no other file.

use crate::app::AppError;
use crate::scenario::SCENARIO_FOLDER;
use std::path::Path;

/// Sorted by path; made by `build.rs`.
static SHIPPED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/shipped_scenarios.rs"));

/// Every shipped scenario: its path below `scenarios/`, and its bytes; sorted by path.
pub fn shipped_scenarios() -> Vec<(&'static Path, &'static [u8])> {
    SHIPPED.iter().map(|(path, bytes)| (Path::new(*path), *bytes)).collect()
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
