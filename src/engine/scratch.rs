//! The folder for everything temporary of a run: exclusive, closed to others, and known again by the file that it bears.

use crate::disk::{RANDOM_LETTERS, is_private, private_folder};
use crate::engine::owned::{kill_at_work_in, kill_line, kill_marked};
use crate::platform::Lineage;
use crate::platform::process::start_time;
use rustix::fs::{Mode, OFlags};
use serde::{Deserialize, Serialize};
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How the names of these folders begin. They are short: the path of a socket below them can't be longer than 107 bytes
/// (unix(7)), and tests make sockets in their temporary folders.
const PREFIX: &str = "sf-";

/// The file by which a folder is known. Its owner holds a lock on it, which the system lifts when the owner dies.
const FILE: &str = "owner.json";

/// The most that is read of it, in bytes.
const LONGEST: u64 = 64 << 10;

/// How long what is killed may take to be gone.
const DYING: Duration = Duration::from_secs(5);

/// Whose a folder is.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    /// The entry `NAME=value` in the environment of all that belongs to it.
    mark: String,
    /// The process that made it, and when that started.
    pid: u32,
    started: Option<u64>,
    /// The file elsewhere that tells of it.
    note: Option<PathBuf>,
}

impl Owner {
    /// Whether the process that made the folder is still there.
    fn is_alive(&self) -> bool {
        self.started.is_some() && i32::try_from(self.pid).ok().and_then(start_time) == self.started
    }
}

/// A folder for everything temporary, whose name nobody can guess and that nobody else can enter.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
    mark: String,
    /// When its owner started, as the system tells it.
    since: Option<u64>,
    _lock: File,
}

/// Which folders are taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Those of processes that have died.
    Abandoned,
    /// Those of this process.
    OfThisProcess,
}

impl Scratch {
    /// Makes one below `temporary`. `name` begins the mark of its processes, `STEADFAST_OWNER=name-…`, and `note` is the
    /// file that tells of it.
    ///
    /// # Errors
    /// If it can't be made.
    pub fn make(temporary: &Path, name: &str, note: Option<&Path>) -> io::Result<Self> {
        let mark = format!("STEADFAST_OWNER={name}-{:016x}", getrandom::u64().map_err(io::Error::other)?);
        let pid = std::process::id();
        let started = i32::try_from(pid).ok().and_then(start_time);
        let owner = Owner { mark: mark.clone(), pid, started, note: note.map(Path::to_owned) };
        let text = serde_json::to_vec(&owner).map_err(io::Error::other)?;
        loop {
            let path = private_folder(temporary, PREFIX)?;
            // Before the lock is held, somebody who tidies up can take it for one whose maker was killed.
            match write_locked(&path.join(FILE), &text) {
                Ok(Some(lock)) => return Ok(Self { path, mark, since: started, _lock: lock }),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The entry `NAME=value` in the environment of all that belongs to it. Nobody can guess it.
    pub fn mark(&self) -> &str {
        &self.mark
    }

    /// From now on, what this process starts is known for its owner's, however it hides. Its workers hand down numbers of
    /// their own to what they start.
    pub fn hand_down(&self) {
        lineage(&self.mark).into_iter().for_each(Lineage::hand_down);
    }

    /// Takes it away. What can't be removed is left to the next run.
    pub fn remove(self) {
        remove(&self.path);
    }

    /// Opens one whose owner has died, so that nobody else takes it away meanwhile. It must lie in `temporary`, be ours
    /// and closed to others, and bear the file: no name is believed.
    pub(super) fn abandoned(temporary: &Path, path: &Path) -> Option<Self> {
        let (owner, lock) = open(temporary, path)?;
        lock.try_lock().ok()?;
        // Nobody locks a copy of a living owner's folder, and its mark would end what the owner runs.
        if owner.is_alive() {
            return None;
        }
        Some(Self { path: path.to_owned(), mark: owner.mark, since: owner.started, _lock: lock })
    }

    /// Ends every process that carries its mark, with its descendants, and whatever else its owner left at work in it.
    pub(super) fn kill_all(&self) {
        let deadline = Instant::now() + DYING;
        let folder = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let at_work = || self.since.map_or(0, |since| kill_at_work_in(&folder, since));
        let in_line = || lineage(&self.mark).map_or(0, kill_line);
        while kill_marked(&self.mark) + in_line() + at_work() > 0 && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// What a process with this mark hands down to all that it starts: it is made of the random number that the mark holds.
pub(super) fn lineage(mark: &str) -> Option<Lineage> {
    let random = mark.rsplit_once('-')?.1;
    let random = random.split_once('.').map_or(random, |(random, _)| random);
    (random.len() == 16).then(|| u64::from_str_radix(random, 16).ok().map(Lineage::of)).flatten()
}

/// Takes away folders below `temporary`, with what belongs to them. Returns those that it took away.
pub fn sweep(temporary: &Path, whose: Whose) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(temporary).into_iter().flatten().flatten();
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX));
    ours.map(|entry| entry.path()).filter(|path| take_away(temporary, path, whose)).collect()
}

fn take_away(temporary: &Path, path: &Path, whose: Whose) -> bool {
    match whose {
        Whose::Abandoned => {
            // One whose maker was killed before it wrote the file is empty. Any other stays.
            let Some(scratch) = Scratch::abandoned(temporary, path) else { return remove_empty(path) };
            scratch.kill_all();
            scratch.remove();
        }
        Whose::OfThisProcess => {
            let Some((owner, _)) = open(temporary, path) else { return false };
            let pid = std::process::id();
            if owner.pid != pid || owner.started != i32::try_from(pid).ok().and_then(start_time) {
                return false;
            }
            kill_marked(&owner.mark);
            lineage(&owner.mark).map(kill_line);
            remove(path);
            let _ = owner.note.map(std::fs::remove_file);
        }
    }
    true
}

/// Removes a folder that has nothing in it and is made as ours are: so named, ours, and closed to others.
fn remove_empty(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let is_named_so = name.len() == PREFIX.len() + RANDOM_LETTERS;
    let is_ours = |of: &Metadata| of.is_dir() && is_private(of) && of.mode() & 0o777 == 0o700;
    is_named_so && path.symlink_metadata().is_ok_and(|of| is_ours(&of)) && std::fs::remove_dir(path).is_ok()
}

/// Writes the file of a new folder and locks it. `None` if somebody took it away before it was locked.
fn write_locked(path: &Path, text: &[u8]) -> io::Result<Option<File>> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.lock()?;
    file.write_all(text)?;
    let is_there = path.metadata().is_ok_and(|named| file.metadata().is_ok_and(|open| open.ino() == named.ino()));
    Ok(is_there.then_some(file))
}

/// Removes a folder, the file by which it is known last: what is left by a killed hand is known still.
fn remove(path: &Path) {
    for entry in std::fs::read_dir(path).into_iter().flatten().flatten().filter(|entry| entry.file_name() != FILE) {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let path = entry.path();
        let _ = if is_folder { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    }
    let _ = std::fs::remove_dir_all(path);
}

/// What a folder says of itself, with the open file that says so.
fn open(temporary: &Path, path: &Path) -> Option<(Owner, File)> {
    let is_named_so = path.file_name()?.to_str()?.starts_with(PREFIX);
    if !is_named_so || path.parent()?.canonicalize().ok()? != temporary.canonicalize().ok()? {
        return None;
    }
    // By descriptor: what is looked at is what was opened, whatever happens to the name.
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let folder = File::from(rustix::fs::open(path, flags | OFlags::DIRECTORY, Mode::empty()).ok()?);
    let is_ours = |of: &Metadata| is_private(of);
    if !folder.metadata().is_ok_and(|of| is_ours(&of)) {
        return None;
    }
    let file = File::from(rustix::fs::openat(&folder, FILE, flags, Mode::empty()).ok()?);
    if !file.metadata().is_ok_and(|of| of.is_file() && is_ours(&of)) {
        return None;
    }
    let mut text = Vec::new();
    (&file).take(LONGEST).read_to_end(&mut text).ok()?;
    if text.is_empty() {
        // Its maker was killed as it began to write: nothing is marked yet.
        return Some((Owner { mark: String::new(), pid: 0, started: None, note: None }, file));
    }
    let owner: Owner = serde_json::from_slice(&text).ok()?;
    owner.mark.starts_with("STEADFAST_OWNER=").then_some((owner, file))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a folder")
    }

    #[test]
    fn its_name_is_short_and_only_its_owner_enters() {
        let temporary = folder();
        let scratch = Scratch::make(temporary.path(), "run", None).expect("made");
        let name = scratch.path().file_name().expect("a name");
        assert_eq!(name.len(), 9, "{name:?}");
        let mode = scratch.path().metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn one_that_is_in_use_is_left_and_one_whose_owner_is_gone_is_taken_away() {
        let temporary = folder();
        let scratch = Scratch::make(temporary.path(), "run", None).expect("made");
        assert_eq!(sweep(temporary.path(), Whose::Abandoned), Vec::<PathBuf>::new());
        let path = scratch.path().to_owned();
        drop(scratch);
        assert_eq!(sweep(temporary.path(), Whose::Abandoned), Vec::<PathBuf>::new(), "its owner lives");
        let owner = Owner { mark: "STEADFAST_OWNER=run-0".to_owned(), pid: 1 << 30, started: Some(1), note: None };
        crate::disk::write_private(&path.join(FILE), serde_json::to_vec(&owner).expect("JSON")).expect("written");
        assert_eq!(sweep(temporary.path(), Whose::Abandoned), std::slice::from_ref(&path));
        assert!(!path.exists());
    }

    #[test]
    fn a_mark_and_those_that_go_on_from_it_have_one_lineage() {
        let of = lineage("STEADFAST_OWNER=run-1-0123456789abcdef");
        assert!(of.is_some());
        assert_eq!(lineage("STEADFAST_OWNER=run-1-0123456789abcdef.w001"), of);
        for other in ["STEADFAST_OWNER=run-1-0123456789abcde0", "STEADFAST_OWNER=run-0", "PATH=x", ""] {
            assert_ne!(lineage(other), of, "{other}");
        }
    }

    #[test]
    fn what_does_not_bear_the_file_or_lies_elsewhere_is_left() {
        let (temporary, elsewhere) = (folder(), folder());
        let precious = temporary.path().join("sf-precious");
        crate::disk::make_folder(&precious).expect("made");
        std::fs::write(precious.join("file"), "mine").expect("written");
        let scratch = Scratch::make(elsewhere.path(), "run", None).expect("made");
        let (path, link) = (scratch.path().to_owned(), temporary.path().join("sf-linked"));
        drop(scratch);
        symlink(&path, &link).expect("linked");
        assert_eq!(sweep(temporary.path(), Whose::Abandoned), Vec::<PathBuf>::new());
        assert!(precious.exists() && path.exists() && link.is_symlink());
        assert!(Scratch::abandoned(temporary.path(), &path).is_none());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).expect("opened to all");
        assert!(Scratch::abandoned(elsewhere.path(), &path).is_none(), "others could have written into it");
    }

    #[test]
    fn a_copy_of_a_living_owners_folder_is_not_believed() {
        let temporary = folder();
        let scratch = Scratch::make(temporary.path(), "run", None).expect("made");
        let copy = temporary.path().join("sf-copied");
        crate::disk::make_folder(&copy).expect("made");
        let text = std::fs::read(scratch.path().join(FILE)).expect("its file");
        crate::disk::write_private(&copy.join(FILE), text).expect("written");
        assert!(Scratch::abandoned(temporary.path(), &copy).is_none());
        assert_eq!(sweep(temporary.path(), Whose::Abandoned), Vec::<PathBuf>::new());
    }

    #[test]
    fn what_a_killed_maker_left_is_taken_away() {
        let temporary = folder();
        for name in ["sf-empty0", "sf-begun0", "sf-of-somebody"] {
            crate::disk::make_folder(&temporary.path().join(name)).expect("made");
        }
        crate::disk::write_private(&temporary.path().join("sf-begun0").join(FILE), "").expect("written");
        crate::disk::make_folder(&temporary.path().join("sf-opened")).expect("made");
        std::fs::set_permissions(temporary.path().join("sf-opened"), PermissionsExt::from_mode(0o755)).expect("opened");
        assert_eq!(sweep(temporary.path(), Whose::Abandoned).len(), 2);
        for name in ["sf-of-somebody", "sf-opened"] {
            assert!(temporary.path().join(name).exists(), "{name} was none of ours");
        }
    }

    #[test]
    fn those_of_this_process_go_with_their_note() {
        let temporary = folder();
        let note = temporary.path().join("note");
        std::fs::write(&note, "").expect("written");
        let scratch = Scratch::make(temporary.path(), "run", Some(&note)).expect("made");
        assert_eq!(sweep(temporary.path(), Whose::OfThisProcess), [scratch.path().to_owned()]);
        assert!(!note.exists() && !scratch.path().exists());
    }
}
