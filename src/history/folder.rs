//! A history in a folder of files, one for each run, which no writer ever changes.
//!
//! # Rationale
//! A folder that is a mounted bucket, or that `aws s3 sync` or `rclone` copies, has no locks, no renames and no place for
//! a database. Files whose names hold the digest of their bytes need none of these: writers make new ones only, two copies
//! are merged by taking the files of both, and a file that is not whole yet shows by its name. To be read, they are put
//! into a database in memory.

use crate::disk::{make_report_folders, read_bytes};
use crate::history::database::Database;
use crate::history::sqlite::Sqlite;
use crate::history::stored::{self, StoredError};
use crate::history::tables::write;
use crate::history::{HistoryError, RunEntry};
use crate::model::ContentHash;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How the name of a run's file ends.
const ENDING: &str = ".run.gz";

/// How the name of a file begins and ends that says which runs are forgotten.
const FORGOTTEN: (&str, &str) = ("forgotten-before_", ".txt");

/// The largest file of a run that is read.
const LARGEST: u64 = 64 << 20;

/// How much of a run's name stands in the name of its file.
const NAME: usize = 60;

/// A time in the name of a file: by these, files are in the order of time.
const TIME: &str = "%Y%m%dT%H%M%S.%6fZ";

/// The folder of a history.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// What stands in a folder.
#[derive(Debug, Default)]
struct Found {
    /// The files of runs, in the order in which these began.
    runs: Vec<RunFile>,
    /// The time before which runs are forgotten, as file names have it.
    forgotten: String,
    /// The files that say so.
    marks: Vec<PathBuf>,
    /// Whether something else is there.
    is_mixed: bool,
}

/// A file of a run, by its name.
#[derive(Debug)]
struct RunFile {
    path: PathBuf,
    /// When the run began, as file names have it.
    began: String,
    /// The digest of the file's bytes, as its name has it.
    digest: String,
}

impl Folder {
    /// The folder of a history; it is made where there is none.
    ///
    /// # Errors
    /// If it can't be made, or has other files only.
    pub fn open(path: &Path) -> Result<Self, HistoryError> {
        let folder = Self { path: path.to_owned() };
        make_report_folders(path).map_err(folder.failed(path))?;
        let found = folder.find()?;
        if found.is_mixed && found.runs.is_empty() && found.marks.is_empty() {
            return Err(HistoryError::Foreign { path: path.to_owned() });
        }
        Ok(folder)
    }

    /// Writes a run into a file of its own. One that is there already is left as it is: it has the same bytes.
    pub fn add(&self, entry: &RunEntry) -> Result<(), HistoryError> {
        let bytes = stored::packed(entry).map_err(self.failed(&self.path))?;
        let name = format!("{}_{}_{}{ENDING}", time(entry.started), plain(&entry.run), digest(&bytes));
        self.make(&name, &bytes)
    }

    /// All runs that are not forgotten, in a database in memory.
    pub fn load(&self) -> Result<Sqlite, HistoryError> {
        let database = Sqlite::in_memory(&self.path)?;
        let found = self.find()?;
        let loaded: &dyn Database = &database;
        loaded.write(|database| {
            // How far the files of a run are that was gone on with: the one that is furthest counts.
            let mut far: BTreeMap<(String, Timestamp), u64> = BTreeMap::new();
            for file in found.runs.iter().filter(|file| file.began >= found.forgotten) {
                let Some(entry) = self.read(file)? else { continue };
                let known = far.entry((entry.run.clone(), entry.started)).or_insert(0);
                if entry.millis >= *known {
                    *known = entry.millis;
                    write(database, &entry)?;
                }
            }
            Ok(())
        })?;
        Ok(database)
    }

    /// Forgets the runs that began before a time. Their files go; since a copy of the folder may bring them back, a file
    /// stays that says so.
    pub fn forget_before(&self, before: Timestamp) -> Result<(), HistoryError> {
        let before = time(before);
        let (begin, end) = FORGOTTEN;
        self.make(&format!("{begin}{before}{end}"), b"Runs that began before the time in this name are forgotten.\n")?;
        let found = self.find()?;
        let old = found.runs.iter().filter(|file| file.began < found.forgotten).map(|file| &file.path);
        let passed = found.marks.iter().filter(|mark| !mark.ends_with(format!("{begin}{}{end}", found.forgotten)));
        for path in old.chain(passed) {
            match fs::remove_file(path) {
                // Somebody else forgets, too.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                removed => removed.map_err(self.failed(path))?,
            }
        }
        Ok(())
    }

    fn failed(&self, path: &Path) -> impl Fn(io::Error) -> HistoryError + use<> {
        let path = path.to_owned();
        move |source| HistoryError::Folder { path: path.clone(), source }
    }

    /// Makes a file that nobody changes afterwards.
    fn make(&self, name: &str, bytes: &[u8]) -> Result<(), HistoryError> {
        let path = self.path.join(name);
        let made = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // A writer that was killed may have left a part of the same file.
                match fs::read(&path) {
                    Ok(there) if there == bytes => Ok(()),
                    _ => fs::write(&path, bytes),
                }
            }
            opened => opened.and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all())),
        };
        made.map_err(self.failed(&path))
    }

    /// The run in a file; `None` where not all of it is there yet.
    fn read(&self, file: &RunFile) -> Result<Option<RunEntry>, HistoryError> {
        let place = || file.path.display().to_string();
        let damaged = |what: String| HistoryError::Damaged { place: place(), what };
        let bytes = match read_bytes(&file.path, LARGEST) {
            Ok(bytes) => bytes,
            Err(error) if error.is_absent() => return Ok(None),
            Err(error) => return Err(damaged(error.to_string())),
        };
        if digest(&bytes) != file.digest {
            return Ok(None);
        }
        match stored::unpacked(&bytes) {
            Ok(entry) => Ok(Some(entry)),
            Err(StoredError::Newer(found)) => {
                Err(HistoryError::Newer { place: place(), found: found.into(), known: stored::VERSION as usize })
            }
            Err(StoredError::Unreadable(error)) => Err(damaged(error.to_string())),
        }
    }

    fn find(&self) -> Result<Found, HistoryError> {
        let mut found = Found::default();
        for entry in fs::read_dir(&self.path).map_err(self.failed(&self.path))? {
            let path = entry.map_err(self.failed(&self.path))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let before = name.strip_prefix(FORGOTTEN.0).and_then(|rest| rest.strip_suffix(FORGOTTEN.1));
            if let Some(before) = before.filter(|before| is_time(before)) {
                found.forgotten = found.forgotten.max(before.to_owned());
                found.marks.push(path);
            } else if let Some((began, digest)) = parts(&name) {
                found.runs.push(RunFile { path, began, digest });
            } else {
                found.is_mixed |= !name.starts_with('.');
            }
        }
        found.runs.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    }
}

/// When a run began and the digest of its file, from the file's name.
fn parts(name: &str) -> Option<(String, String)> {
    let (began, rest) = name.strip_suffix(ENDING)?.split_once('_')?;
    let (_, digest) = rest.rsplit_once('_')?;
    (is_time(began) && !digest.is_empty()).then(|| (began.to_owned(), digest.to_owned()))
}

/// Whether a text is a time as file names have it.
fn is_time(text: &str) -> bool {
    let shape = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(shape).eq(time(Timestamp::UNIX_EPOCH).chars().map(shape))
}

fn time(at: Timestamp) -> String {
    at.strftime(TIME).to_string()
}

fn digest(bytes: &[u8]) -> String {
    ContentHash::of([bytes]).as_str().to_owned()
}

/// The name of a run as every file system and object store takes it.
fn plain(run: &str) -> String {
    let fits = |c: char| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '-' };
    run.chars().take(NAME).map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_file_tells_when_its_run_began() {
        let at = Timestamp::from_microsecond(1_764_000_000_123_456).expect("a time");
        let name = format!("{}_{}_{}{ENDING}", time(at), plain("ci/run_7 é"), digest(b"x"));
        assert!(name.starts_with("20251124T160000.123456Z_ci-run-7--_"), "{name}");
        assert_eq!(parts(&name), Some((time(at), digest(b"x"))));
        for other in ["README.md", "a_b.run.gz", "x.partial", "20251124T160000.123456Z_a_b.run.gz.tmp"] {
            assert_eq!(parts(other), None, "{other}");
        }
    }
}
