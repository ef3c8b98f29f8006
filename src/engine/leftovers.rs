//! What a run must take away when it ends, written down first, so that the next run can do it for one that was killed.

use crate::disk::{is_private, open_regular, replace_private};
use crate::engine::{Owned, Scratch, Whose, sweep};
use crate::event::JournalError;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long what is killed may take to be gone.
const END_WITHIN: Duration = Duration::from_secs(5);

const FILE: &str = "leftovers.json";

/// The most that is read of the file, in bytes.
const LONGEST: u64 = 16 << 20;

/// The things of a run outside its folder.
#[derive(Debug)]
pub struct Leftovers {
    path: PathBuf,
    scratch: Scratch,
    owned: Vec<Owned>,
}

/// How they are written down.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    /// The folder for everything temporary.
    scratch: PathBuf,
    /// The process groups that this run started.
    owned: Vec<Owned>,
}

impl Leftovers {
    /// Makes the folder for everything temporary of the run in `folder`, below `temporary`, and writes it down. `name` is
    /// what the run's processes are known by.
    ///
    /// # Errors
    /// If either can't be written.
    pub fn begin(folder: &Path, temporary: &Path, name: &str) -> io::Result<Self> {
        let path = std::path::absolute(folder)?.join(FILE);
        let scratch = Scratch::make(temporary, name, Some(&path))?;
        let leftovers = Self { path, scratch, owned: Vec::new() };
        leftovers.save()?;
        Ok(leftovers)
    }

    /// The folder for everything temporary.
    pub fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// The entry `NAME=value` in the environment of all processes of the run.
    pub fn mark(&self) -> &str {
        self.scratch.mark()
    }

    /// A process group more.
    ///
    /// # Errors
    /// If it can't be written down.
    pub fn add(&mut self, owned: Owned) -> io::Result<()> {
        self.owned.retain(Owned::is_alive);
        self.owned.push(owned);
        self.save()
    }

    /// Kills and removes everything.
    pub fn clear(self) {
        let deadline = Instant::now() + END_WITHIN;
        // What is killed goes on for a moment, and may write into the folder that is removed. What it started meanwhile
        // bears its mark, and is killed in the next turn.
        while self.owned.iter().any(Owned::is_alive) && Instant::now() < deadline {
            self.owned.iter().for_each(Owned::kill);
            std::thread::sleep(Duration::from_millis(2));
        }
        self.scratch.remove();
        let _ = std::fs::remove_file(&self.path);
    }

    fn save(&self) -> io::Result<()> {
        let written = Written { scratch: self.scratch.path().to_owned(), owned: self.owned.clone() };
        let text = serde_json::to_vec(&written).map_err(io::Error::other)?;
        replace_private(&self.path, text).map_err(|error| {
            let is_gone = error.kind() == io::ErrorKind::NotFound;
            if is_gone { io::Error::other(JournalError::Gone { path: self.path.clone() }) } else { error }
        })
    }
}

/// What a file says of the leftovers of the run in `folder`. A run's folder may come from elsewhere, from a branch or
/// from a CI job's artefacts: the file is believed only if it is ours and nobody else can write it.
fn read(path: &Path) -> Option<Written> {
    if path.is_symlink() {
        return None;
    }
    let file = open_regular(path).ok()?;
    if !file.metadata().is_ok_and(|of| is_private(&of)) {
        return None;
    }
    let mut text = Vec::new();
    file.take(LONGEST).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Takes away what the killed run in `folder` left. Nothing is removed or killed on the word of its file alone: the
/// folder must lie in `temporary` and bear the run's own file, nobody may hold the lock on that, and each process must
/// carry the mark that stands there.
fn take_away(folder: &Path, temporary: &Path) -> bool {
    let path = folder.join(FILE);
    let Some(written) = read(&path) else { return false };
    let Ok(_lock) = crate::event::RunLock::take(folder) else { return false };
    let Some(scratch) = Scratch::abandoned(temporary, &written.scratch) else { return false };
    // With their descendants first: what hides is known by its parents alone, and by these only while they live.
    scratch.kill_all();
    for owned in written.owned.iter().filter(|owned| owned.bears(scratch.mark())) {
        owned.kill_if_marked();
    }
    scratch.remove();
    let _ = std::fs::remove_file(&path);
    true
}

/// Takes away what killed runs below `runs` left, and returns their folders; and whatever else in `temporary` belonged to
/// a steadfast that has died. Runs that are alive hold their locks, and are left alone.
pub fn clean_up(runs: &Path, temporary: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let folders = entries.map(|entry| entry.path());
    let cleaned = folders.filter(|folder| take_away(folder, temporary)).collect();
    sweep(temporary, Whose::Abandoned);
    cleaned
}
