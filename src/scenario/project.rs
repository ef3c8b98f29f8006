//! The project's folder: what may be read, and nothing outside it.

use crate::disk::open_regular;
use crate::scenario::problem::Problem;
use crate::scenario::source::SourceFile;
use crate::scenario::yaml::{MAX_BYTES, Span};
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The largest fixture that is read, in bytes.
const MAX_FIXTURE_BYTES: usize = 8 * 1024 * 1024;
/// The largest tape that is read, in bytes.
const MAX_TAPE_BYTES: usize = 64 * 1024 * 1024;
/// How deep folders may stand in each other.
const MAX_FOLDERS: usize = 32;
/// How many scenario files one load may read.
const MAX_FILES: usize = 20_000;

/// A project. Its files can be read through this only, and it reads nothing outside its root.
#[derive(Debug, Clone)]
pub struct Project {
    root: PathBuf,
}

/// Why a file can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// It is not there.
    #[error("there is no `{0}`")]
    Missing(String),
    /// It lies outside the project, by `..`, by an absolute path or by a link.
    #[error("`{0}` lies outside the project's folder")]
    Outside(String),
    /// It is too large.
    #[error("`{0}` is larger than {1} bytes")]
    TooLarge(String, usize),
    /// There are too many.
    #[error("`{0}` holds more than {1} scenario files, or folders more than {2} deep")]
    TooMany(String, usize, usize),
    /// The operating system refuses.
    #[error("`{0}` can't be read")]
    Unreadable(String, #[source] std::io::Error),
}

impl ProjectError {
    /// What to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "look whether the path is right, seen from the project's folder; `steadfast init` writes a first scenario"
            }
            Self::Outside(_) => "copy it into the project, or run from a folder that holds both",
            Self::TooLarge(..) => "make it smaller, or split it",
            Self::TooMany(..) => "name a folder with fewer files",
            Self::Unreadable(..) => "make it readable",
        }
    }
}

impl Project {
    /// The project in a folder.
    ///
    /// # Errors
    /// There is no such folder.
    pub fn new(root: &Path) -> Result<Self, ProjectError> {
        let shown = root.display().to_string();
        let root = root.canonicalize().map_err(|_| ProjectError::Missing(shown.clone()))?;
        if root.is_dir() { Ok(Self { root }) } else { Err(ProjectError::Missing(shown)) }
    }

    /// The folder, canonical.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A file that another file names: relative to the root, without `..`.
    ///
    /// # Errors
    /// It is missing, outside or too large.
    pub(crate) fn fixture(&self, name: &str) -> Result<Vec<u8>, ProjectError> {
        self.named(name, MAX_FIXTURE_BYTES)
    }

    /// A tape that another file names, as a fixture is.
    ///
    /// # Errors
    /// It is missing, outside or too large.
    pub(crate) fn tape(&self, name: &str) -> Result<Vec<u8>, ProjectError> {
        self.named(name, MAX_TAPE_BYTES)
    }

    fn named(&self, name: &str, most: usize) -> Result<Vec<u8>, ProjectError> {
        let plain = Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !plain {
            return Err(ProjectError::Outside(name.to_owned()));
        }
        self.read(&self.resolve(Path::new(name))?, most)
    }

    /// A YAML file. What is wrong with it is a problem with a place.
    pub(crate) fn yaml(&self, path: &Path) -> Result<Arc<SourceFile>, Problem> {
        let name = self.name(path);
        let bytes = self
            .read(path, MAX_BYTES)
            .map_err(|error| Problem::of_file(&name, error.to_string()).with_help(error.help()))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Arc::new(SourceFile::new(name, text))),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let before = error.as_bytes().get(..valid).unwrap_or_default();
                let line = before.iter().filter(|b| **b == b'\n').count() + 1;
                let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
                let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
                let source = Arc::new(SourceFile::new(name, String::from_utf8_lossy(error.as_bytes())));
                let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                let span = Span { offset: valid, length: 1, line: number(line), column: number(column) };
                Err(Problem::new(&source, span, "the file is not UTF-8").with_help("save it as UTF-8"))
            }
        }
    }

    /// A path as given by a user: inside the project, links followed.
    pub(crate) fn resolve(&self, path: &Path) -> Result<PathBuf, ProjectError> {
        let shown = path.strip_prefix(&self.root).unwrap_or(path).display().to_string();
        let found = self.root.join(path).canonicalize().map_err(|_| ProjectError::Missing(shown.clone()))?;
        if found.starts_with(&self.root) { Ok(found) } else { Err(ProjectError::Outside(shown)) }
    }

    /// The path relative to the root, with `/` between its parts.
    pub(crate) fn name(&self, path: &Path) -> String {
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    }

    /// The scenario files in a folder, or the file itself; sorted by name. Hidden files are passed over.
    pub(crate) fn scenario_files(&self, path: &Path) -> Result<Vec<PathBuf>, ProjectError> {
        let start = self.resolve(path)?;
        let mut files = Vec::new();
        self.walk(&start, 0, &mut files)?;
        files.sort_by_key(|file| self.name(file));
        Ok(files)
    }

    fn walk(&self, path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), ProjectError> {
        let shown = || self.name(path);
        if path.is_file() {
            files.push(path.to_owned());
            return Ok(());
        }
        if depth > MAX_FOLDERS || files.len() > MAX_FILES {
            return Err(ProjectError::TooMany(shown(), MAX_FILES, MAX_FOLDERS));
        }
        for entry in fs::read_dir(path).map_err(|error| ProjectError::Unreadable(shown(), error))? {
            let entry = entry.map_err(|error| ProjectError::Unreadable(shown(), error))?;
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let child = entry.path();
            let kind = entry.file_type().map_err(|error| ProjectError::Unreadable(self.name(&child), error))?;
            let yaml = child.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
            if kind.is_dir() {
                self.walk(&child, depth + 1, files)?;
            } else if yaml {
                // A link is read as long as it stays inside; a link to a folder is not followed, so that no walk is endless.
                let found = self.resolve(&child)?;
                if found.is_file() {
                    files.push(if kind.is_symlink() { found } else { child });
                }
            }
        }
        Ok(())
    }

    fn read(&self, path: &Path, limit: usize) -> Result<Vec<u8>, ProjectError> {
        let unreadable = |error| ProjectError::Unreadable(self.name(path), error);
        // Only plain files: a pipe or a device may never end.
        if !path.is_file() {
            return Err(ProjectError::Missing(self.name(path)));
        }
        let file = open_regular(path).map_err(|error| unreadable(error.into()))?;
        let mut bytes = Vec::new();
        file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > limit { Err(ProjectError::TooLarge(self.name(path), limit)) } else { Ok(bytes) }
    }
}
