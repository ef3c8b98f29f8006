//! What a run must take away when it ends, written down first, so that the next run can do it for one that was killed.

use crate::engine::Owned;
use crate::model::ContentHash;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

/// How long what is killed may take to be gone.
const DYING: Duration = Duration::from_secs(5);

const FILE: &str = "leftovers.json";

/// The things of a run outside its folder.
#[derive(Debug, Serialize, Deserialize)]
pub struct Leftovers {
    #[serde(skip)]
    path: PathBuf,
    /// The folder for everything temporary.
    scratch: PathBuf,
    /// Process groups.
    owned: Vec<Owned>,
}

impl Leftovers {
    /// Writes down, then makes, the folder for everything temporary of the run in `folder`.
    ///
    /// # Errors
    /// If either can't be written.
    pub fn begin(folder: &Path, scratch: PathBuf) -> io::Result<Self> {
        let leftovers = Self { path: folder.join(FILE), scratch, owned: Vec::new() };
        leftovers.save()?;
        std::fs::create_dir_all(&leftovers.scratch)?;
        Ok(leftovers)
    }

    /// The folder for everything temporary.
    pub fn scratch(&self) -> &Path {
        &self.scratch
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
        let deadline = Instant::now() + DYING;
        // What is killed goes on for a moment, and may write into the folder that is removed. What it started meanwhile
        // bears its mark, and is killed in the next turn.
        while self.owned.iter().any(Owned::is_alive) && Instant::now() < deadline {
            self.owned.iter().for_each(Owned::kill);
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = std::fs::remove_dir_all(&self.scratch);
        let _ = std::fs::remove_file(&self.path);
    }

    /// Whether all of it bears the name of the run in `folder`. A run's folder may come from elsewhere, from a CI job's
    /// artefacts say: nothing is removed or killed on the word of a file that anybody can have written.
    fn are_of(&self, folder: &Path) -> bool {
        let Some(run) = folder.file_name().and_then(|name| name.to_str()) else { return false };
        let scratch = self.scratch.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let is_plain = self.scratch.is_absolute() && self.scratch.components().all(|part| part != Component::ParentDir);
        let is_ours = |owned: &Owned| owned.mark.starts_with(&format!("STEADFAST_OWNER={run}-"));
        is_plain && scratch.starts_with(&prefix(run)) && self.owned.iter().all(is_ours)
    }

    fn save(&self) -> io::Result<()> {
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let fresh = self.path.with_extension("fresh");
        std::fs::write(&fresh, text)?;
        std::fs::rename(&fresh, &self.path)
    }
}

/// The name of a run's folder for everything temporary. `instance` tells apart what runs at the same time. It is short: the
/// path of a socket below it can't be longer than 107 bytes (unix(7)), and tests make sockets in their temporary folders.
pub fn scratch_name(run: &str, instance: &str) -> String {
    prefix(run) + instance
}

fn prefix(run: &str) -> String {
    format!("sf-{}-", ContentHash::of([run]).short())
}

/// Takes away what killed runs below `runs` left, and returns their folders. Runs that are alive hold their lock, and
/// are left alone.
pub fn clean_up(runs: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(runs) else { return Vec::new() };
    let mut cleaned = Vec::new();
    for folder in entries.flatten().map(|entry| entry.path()) {
        let path = folder.join(FILE);
        let Ok(text) = std::fs::read(&path) else { continue };
        let Ok(_lock) = crate::event::RunLock::take(&folder) else { continue };
        if let Ok(mut leftovers) = serde_json::from_slice::<Leftovers>(&text)
            && leftovers.are_of(&folder)
        {
            leftovers.path = path;
            leftovers.clear();
            cleaned.push(folder);
        }
    }
    cleaned
}
