//! The files, and the writing of them.

use crate::app::AppError;
use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// A service that runs a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CiService {
    /// GitHub Actions.
    Github,
    /// GitLab.
    Gitlab,
}

/// A file, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It was written.
    New(PathBuf),
    /// It was there, and is as it was.
    Kept(PathBuf),
}

const CONFIG: (&str, &str) = ("steadfast.toml", include_str!("steadfast.toml"));
const SCENARIO: (&str, &str) = ("scenarios/hello/greeting.yaml", include_str!("greeting.yaml"));
const IGNORED: (&str, &str) = ("reports/.gitignore", "/runs/\n/latest\n");
const GITHUB: (&str, &str) = (".github/workflows/steadfast.yml", include_str!("github.yml"));
const GITLAB: (&str, &str) = (".gitlab/steadfast.yml", include_str!("gitlab.yml"));

/// Writes a configuration, a first scenario, and a workflow for each service. A file that exists is left as it is; a
/// project that has scenarios gets no other.
///
/// # Errors
/// If a file can't be written.
pub fn init(root: &Path, services: &[CiService]) -> Result<Vec<Written>, AppError> {
    let workflows = services.iter().map(|service| match service {
        CiService::Github => GITHUB,
        CiService::Gitlab => GITLAB,
    });
    let has_scenarios = std::fs::read_dir(root.join("scenarios")).is_ok_and(|mut entries| entries.next().is_some());
    let scenario = (!has_scenarios || root.join(SCENARIO.0).exists()).then_some(SCENARIO);
    let files = [CONFIG, IGNORED].into_iter().chain(scenario).chain(workflows);
    files.map(|(path, text)| write(root, path, text)).collect()
}

fn write(root: &Path, path: &str, text: &str) -> Result<Written, AppError> {
    let text = text.replace("VERSION", env!("CARGO_PKG_VERSION"));
    let full = root.join(path);
    if let Some(folder) = full.parent() {
        std::fs::create_dir_all(folder).map_err(AppError::io(folder))?;
    }
    let file = OpenOptions::new().write(true).create_new(true).open(&full);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(Written::New(path.into())),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Written::Kept(path.into())),
        Err(error) => Err(AppError::io(full)(error)),
    }
}
