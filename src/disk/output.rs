//! Where a report goes that the user named: nothing that is no report of ours is replaced, and what can't be replaced, a
//! terminal or a pipe, is written to.

use crate::disk::{is_private, make_report_folders, open_regular, read_bytes};
use rustix::fs::OFlags;
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How much of a file that stands in the way is looked at.
const LOOKED_AT: u64 = 64 << 20;

/// How long a pipe may take to have a reader.
const READER_WITHIN: Duration = Duration::from_secs(10);

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// The folder in which this process's descriptors have names.
const DESCRIPTORS: &str = "/dev/fd";

/// What others may do with a report: read it, if the user's mask lets them.
const MODE: u32 = 0o644;

/// The words with which a report begins.
const GATES: [&str; 5] = ["PASSED", "FAILED", "UNPROVEN", "ERROR", "INTERRUPTED"];

/// The longest ending of a file that says what the file is, in bytes.
const LONGEST_ENDING: usize = 6;

/// Endings that say nothing of what a file holds.
const NEUTRAL_ENDINGS: [&str; 5] = ["log", "out", "report", "tmp", "txt"];

/// How the name of a report begins while it is written, and how many random characters end it.
const UNFINISHED: &str = ".sf-";
const RANDOM: usize = 6;

/// What is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputKind {
    /// A JUnit XML file.
    Junit,
    /// The machine's own `report.json`.
    Json,
    /// The HTML page.
    Html,
    /// The Markdown summary.
    Markdown,
}

impl OutputKind {
    /// Whether a file is an earlier output of this kind, by what only ours have.
    fn wrote(self, text: &[u8]) -> bool {
        let has = |mark: &str| memchr(text, mark.as_bytes());
        match self {
            Self::Junit => has("<testsuite") && has("name=\"steadfast."),
            Self::Json => text.starts_with(b"{") && has("\"pair_coverage\"") && has("\"gate\""),
            Self::Html => {
                let begins = |word: &&str| has(&format!("<title>{word}: "));
                has("Content-Security-Policy\" content=\"default-src 'none'") && GATES.iter().any(begins)
            }
            Self::Markdown => {
                let begins = |word: &&str| text.starts_with(format!("## {word}: ").as_bytes());
                GATES.iter().any(begins) && has("\n\n**")
            }
        }
    }

    /// Whether an empty file of this name can be meant for it. A module or a mark of somebody's, such as `__init__.py`,
    /// can be empty too.
    fn may_fill(self, path: &Path) -> bool {
        let own: &[&str] = match self {
            Self::Junit => &["xml"],
            Self::Json => &["json"],
            Self::Html => &["html", "htm"],
            Self::Markdown => &["md", "markdown"],
        };
        let Some(ending) = path.extension().and_then(|ending| ending.to_str()) else { return !is_hidden(path) };
        // What mktemp(1) makes ends in random letters, as no source file does.
        let is_word = ending.len() <= LONGEST_ENDING && ending.bytes().all(|b| b.is_ascii_lowercase());
        !is_word || own.contains(&ending) || NEUTRAL_ENDINGS.contains(&ending)
    }
}

/// Whether a file has a name such as `.gitkeep`.
fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn memchr(text: &[u8], mark: &[u8]) -> bool {
    text.windows(mark.len()).any(|window| window == mark)
}

/// Why a report is not written there.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The file is no report of ours.
    #[error("{} exists and is not such a report of steadfast's: nothing else is replaced; remove it or choose another path", .0.display())]
    Foreign(PathBuf),
    /// It lies in a run's folder.
    #[error("{} belongs to a run: a run's files are its own; choose another path", .0.display())]
    OfARun(PathBuf),
    /// It is no file.
    #[error("{} is a folder or a socket; name a file", .0.display())]
    NoFile(PathBuf),
    /// The system refuses.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file that could not be written.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
}

/// What the name of an output leads to.
enum Target {
    /// A descriptor of this process, by its number.
    Descriptor(u32),
    /// Something that is written to and can't be replaced.
    Special(PathBuf),
    /// A file, to be there or not.
    File(PathBuf),
}

/// Looks whether a report may be written to `path`.
///
/// # Errors
/// If that would destroy something.
pub fn check_output(path: &Path, kind: OutputKind) -> Result<(), Refused> {
    let Target::File(file) = target(path)? else { return Ok(()) };
    let folder = file.parent().unwrap_or(Path::new(""));
    if folder.join("events.jsonl").exists() {
        return Err(Refused::OfARun(path.to_owned()));
    }
    match read_bytes(&file, LOOKED_AT) {
        Ok(text) if text.is_empty() && kind.may_fill(&file) || kind.wrote(&text) => Ok(()),
        Ok(_) => Err(Refused::Foreign(path.to_owned())),
        Err(error) if error.is_absent() => Ok(()),
        Err(error) => Err(Refused::Io { path: path.to_owned(), source: error.into() }),
    }
}

/// Writes a report to `path`, which is looked at once more.
///
/// # Errors
/// If that would destroy something, or can't be done.
pub fn write_output(path: &Path, kind: OutputKind, text: &str) -> Result<(), Refused> {
    check_output(path, kind)?;
    write_to(path, text, |file| replace(file, text))
}

/// Adds a text to a file that others write to as well. A pipe that nobody reads is given up after a while.
///
/// # Errors
/// If it is a folder or a socket, or can't be written.
pub fn append_output(path: &Path, text: &str) -> Result<(), Refused> {
    write_to(path, text, |file| {
        let mut file = OpenOptions::new().append(true).create(true).mode(MODE).open(file)?;
        file.write_all(text.as_bytes())
    })
}

/// Writes to what the name of an output leads to, to a file as `to_file` does.
fn write_to(path: &Path, text: &str, to_file: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), Refused> {
    let written = match target(path)? {
        Target::Descriptor(number) => write_descriptor(number, text),
        Target::Special(path) => open_special(&path).and_then(|mut file| file.write_all(text.as_bytes())),
        Target::File(path) => to_file(&path),
    };
    written.map_err(|error| Refused::Io { path: path.to_owned(), source: error })
}

/// Replaces a file so that a reader sees all of it or what was there before, and two writers never mix. A link is
/// replaced, not followed.
///
/// # Errors
/// If it can't be written.
pub fn replace(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    let folder = folder_of(path);
    make_report_folders(folder)?;
    take_unfinished_away(folder);
    put(path, text.as_ref(), MODE)
}

/// The same with a file that its owner alone may read, in a folder that is there.
///
/// # Errors
/// If it can't be written.
pub fn replace_private(path: &Path, text: impl AsRef<[u8]>) -> io::Result<()> {
    put(path, text.as_ref(), 0o600)
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Writes a file beside the one of this name, under a name that nobody guesses, and puts it in its place.
fn put(path: &Path, text: &[u8], mode: u32) -> io::Result<()> {
    let folder = folder_of(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED).rand_bytes(RANDOM).permissions(Permissions::from_mode(mode));
    loop {
        let mut fresh = builder.tempfile_in(folder)?;
        // Whoever takes away what killed writers left spares a file that is locked.
        fresh.as_file().lock()?;
        if !fresh.path().exists() {
            continue;
        }
        fresh.write_all(text)?;
        fresh.persist(path).map_err(|error| error.error)?;
        return Ok(());
    }
}

/// Takes away what writers that were killed left in a folder. One that is alive holds the lock on its file.
fn take_unfinished_away(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_named_so = name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
            && name.len() == UNFINISHED.len() + RANDOM
            && entry.file_type().is_ok_and(|kind| kind.is_file());
        let Some(file) = is_named_so.then(|| open_regular(&entry.path()).ok()).flatten() else { continue };
        let is_ours = file.metadata().is_ok_and(|of| is_private(&of) && of.nlink() == 1 && of.mode() & 0o111 == 0);
        if is_ours && file.try_lock().is_ok() {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// What `path` leads to, links followed.
fn target(path: &Path) -> Result<Target, Refused> {
    if let Some(number) = descriptor(path) {
        return Ok(Target::Descriptor(number));
    }
    let failed = |error: io::Error| Refused::Io { path: path.to_owned(), source: error };
    let kind = match path.metadata() {
        Ok(found) => found.file_type(),
        // A link that leads nowhere is not written through: nobody could say what that makes.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            return Ok(Target::File(path.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    };
    if kind.is_dir() || kind.is_socket() {
        return Err(Refused::NoFile(path.to_owned()));
    }
    let file = path.canonicalize().map_err(failed)?;
    Ok(if kind.is_file() { Target::File(file) } else { Target::Special(file) })
}

/// The number of the open descriptor that a path such as `/dev/stdout` stands for.
fn descriptor(path: &Path) -> Option<u32> {
    let descriptors = Path::new(DESCRIPTORS).canonicalize().ok()?;
    let mut path = path.to_owned();
    // `/dev/stdout` leads to a name in the folder of descriptors; what that leads to has no name of its own.
    for _ in 0..4 {
        let folder = path.parent()?.canonicalize().ok()?;
        if folder == descriptors {
            return path.file_name()?.to_str()?.parse().ok();
        }
        path = folder.join(std::fs::read_link(&path).ok()?);
    }
    None
}

/// Writes to an open descriptor where it stands: opened anew, a file would be written from its beginning.
fn write_descriptor(number: u32, text: &str) -> io::Result<()> {
    match number {
        1 => File::from(rustix::io::dup(rustix::stdio::stdout())?).write_all(text.as_bytes()),
        2 => File::from(rustix::io::dup(rustix::stdio::stderr())?).write_all(text.as_bytes()),
        number => {
            let path = Path::new(DESCRIPTORS).join(number.to_string());
            OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
        }
    }
}

/// Opens a pipe or a device to write to it. A pipe that nobody reads is given up after a while.
fn open_special(path: &Path) -> io::Result<File> {
    let deadline = Instant::now() + READER_WITHIN;
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    loop {
        match OpenOptions::new().write(true).custom_flags(flags.bits().cast_signed()).open(path) {
            Ok(file) => {
                rustix::fs::fcntl_setfl(&file, OFlags::empty())?;
                return Ok(file);
            }
            Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {
                if Instant::now() >= deadline {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, "nobody reads from this pipe"));
                }
                std::thread::sleep(LOOK);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_report_of_ours_stays() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("file");
        for text in [
            "scenario: mine\n",
            "<html><title>mine</title>",
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\"><title>mine</title>",
            "{\"gate\": 1}",
            "## Mine: yes",
            "## TODO: buy milk\n\n**soon**\n",
            "<testsuite/>",
        ] {
            std::fs::write(&path, text)?;
            for kind in [OutputKind::Junit, OutputKind::Json, OutputKind::Html, OutputKind::Markdown] {
                assert!(matches!(write_output(&path, kind, "new"), Err(Refused::Foreign(_))), "{text}");
            }
            assert_eq!(std::fs::read_to_string(&path)?, text);
        }
        std::fs::write(&path, "## FAILED: 1 finding\n\n**every round failed.**\n")?;
        assert!(write_output(&path, OutputKind::Markdown, "new").is_ok());
        assert_eq!(std::fs::read_to_string(&path)?, "new");
        Ok(())
    }

    #[test]
    fn an_empty_file_is_filled_only_where_its_name_says_nothing_else() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        for (name, is_filled) in [
            ("report.json", true),
            ("tmp.aB3dE5gH7j", true),
            ("out.tmp", true),
            ("report", true),
            ("__init__.py", false),
            ("py.typed", false),
            (".gitkeep", false),
            ("scenario.yaml", false),
            ("page.html", false),
        ] {
            let path = folder.path().join(name);
            std::fs::write(&path, "")?;
            assert_eq!(write_output(&path, OutputKind::Json, "new").is_ok(), is_filled, "{name}");
            assert_eq!(path.metadata()?.len() > 0, is_filled, "{name}");
        }
        Ok(())
    }

    #[test]
    fn what_a_killed_writer_left_goes_and_what_a_living_one_writes_stays() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        for name in [".sf-aaaaaa", ".sf-bbbbbb", ".sf-mine", ".sf-cccccc"] {
            std::fs::write(at(name), "half")?;
        }
        std::fs::set_permissions(at(".sf-cccccc"), Permissions::from_mode(0o755))?;
        let living = File::open(at(".sf-bbbbbb"))?;
        living.lock()?;
        replace(&at("report.json"), "whole")?;
        let left = |name: &str| at(name).exists();
        assert!(!left(".sf-aaaaaa") && left(".sf-bbbbbb") && left(".sf-mine") && left(".sf-cccccc"));
        assert_eq!(std::fs::read_to_string(at("report.json"))?, "whole");
        Ok(())
    }

    #[test]
    fn a_file_in_a_runs_folder_stays_and_a_folder_is_no_file() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("report.json");
        assert!(matches!(check_output(folder.path(), OutputKind::Json), Err(Refused::NoFile(_))));
        assert!(check_output(&path, OutputKind::Json).is_ok());
        std::fs::write(folder.path().join("events.jsonl"), "")?;
        assert!(matches!(check_output(&path, OutputKind::Json), Err(Refused::OfARun(_))));
        Ok(())
    }

    #[test]
    fn a_device_stays_a_device_and_a_link_a_link() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (link, null) = (folder.path().join("link"), folder.path().join("null"));
        let file = folder.path().join("file");
        std::os::unix::fs::symlink(&file, &link)?;
        std::os::unix::fs::symlink("/dev/null", &null)?;
        assert!(write_output(&null, OutputKind::Json, "text").is_ok());
        assert!(null.is_symlink() && Path::new("/dev/null").metadata()?.file_type().is_char_device());
        assert!(write_output(&link, OutputKind::Json, "text").is_err(), "it leads nowhere");
        std::fs::write(&file, "")?;
        assert!(write_output(&link, OutputKind::Json, "text").is_ok());
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&file)?, "text");
        assert!(matches!(descriptor(Path::new("/dev/stdout")), Some(1)));
        Ok(())
    }
}
