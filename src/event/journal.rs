//! `events.jsonl`: a fact per line, appended, flushed one by one, secrets removed before they are written.

use crate::disk::open_regular;
use crate::event::{Entry, Event, Header, JOURNAL_VERSION, Redactor};
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use rustix::fs::OFlags;
use std::borrow::Cow;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The longest line that a reader takes, in bytes.
const LONGEST_LINE: u64 = 256 << 20;

/// Why a journal can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file can't be opened, read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file that could not be written or read.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A line in the middle is no fact.
    #[error("{}:{line}: not a fact of a run: {reason}", path.display())]
    NotAFact {
        /// The file that is no journal.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// It does not begin with a header.
    #[error("{}: does not begin with `run_started`: not a journal, or its begin is lost", path.display())]
    NoHeader {
        /// The file that holds no run.
        path: PathBuf,
    },
    /// It is of a newer version.
    #[error("{}: is of version {version}, this program reads up to {JOURNAL_VERSION}: use the newer program", path.display())]
    Newer {
        /// The file of another version.
        path: PathBuf,
        /// The version that stands in it.
        version: u64,
    },
    /// It is not where it was made.
    #[error("{}: the run's folder was removed or moved while the run went on: nothing of the run is kept", path.display())]
    Gone {
        /// Where it was.
        path: PathBuf,
    },
    /// Another process writes it.
    #[error("{}: another steadfast is at work on this run; wait for it or choose another run", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> JournalError + '_ {
    move |source| JournalError::Io { path: path.to_owned(), source }
}

/// Keeps two writers of one run apart. The system lifts it when its owner dies, however that happens.
#[derive(Debug)]
pub struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock of the run in `folder`.
    ///
    /// # Errors
    /// [`JournalError::Locked`] if another process has it.
    pub fn take(folder: &Path) -> Result<Self, JournalError> {
        let path = folder.join("lock");
        let mut options = OpenOptions::new();
        // The folder may come from elsewhere: a link there makes no file in another place.
        options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
        let file = options.create(true).mode(0o644).truncate(false).write(true).open(&path).map_err(io_error(&path))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked { path }),
            Err(TryLockError::Error(source)) => Err(JournalError::Io { path, source }),
        }
    }
}

/// Appends facts to a journal.
#[derive(Debug)]
pub struct JournalWriter {
    path: PathBuf,
    file: File,
    redactor: Redactor,
    begun: Instant,
    offset_ms: u64,
}

impl JournalWriter {
    /// Begins a new journal.
    ///
    /// # Errors
    /// If the file exists already or can't be made.
    pub fn create(path: &Path, redactor: Redactor) -> Result<Self, JournalError> {
        let file = OpenOptions::new().create_new(true).append(true).mode(0o644).open(path).map_err(io_error(path))?;
        Ok(Self { path: path.to_owned(), file, redactor, begun: Instant::now(), offset_ms: 0 })
    }

    /// Goes on with a journal whose last whole line ends at `whole` bytes and whose last fact is at `last_ms`.
    /// What a killed writer left after it is cut off.
    ///
    /// # Errors
    /// If the file can't be opened or cut.
    pub fn resume(path: &Path, whole: u64, last_ms: u64, redactor: Redactor) -> Result<Self, JournalError> {
        let mut file = OpenOptions::new().append(true).read(true).open(path).map_err(io_error(path))?;
        file.set_len(whole).map_err(io_error(path))?;
        file.seek(SeekFrom::End(0)).map_err(io_error(path))?;
        Ok(Self { path: path.to_owned(), file, redactor, begun: Instant::now(), offset_ms: last_ms })
    }

    /// Appends a fact, without secrets, and returns it as written. One system call: a killed writer leaves whole lines,
    /// but for the last.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn append(&mut self, event: Event) -> Result<Entry, JournalError> {
        let is_last = matches!(event, Event::RunFinished { .. });
        let (line, entry) = self.line(event)?;
        self.file.write_all(line.as_bytes()).map_err(io_error(&self.path))?;
        self.look_whether_it_is_kept(is_last)?;
        Ok(entry)
    }

    /// Appends facts that came together, with one system call for all of them: a writer that is killed has written all or
    /// none, unless the system was in the midst of it.
    ///
    /// # Errors
    /// If the file can't be written.
    pub fn append_all(&mut self, events: Vec<Event>) -> Result<Vec<Entry>, JournalError> {
        let mut lines = String::new();
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            let (line, entry) = self.line(event)?;
            lines.push_str(&line);
            entries.push(entry);
        }
        self.file.write_all(lines.as_bytes()).map_err(io_error(&self.path))?;
        self.look_whether_it_is_kept(false)?;
        Ok(entries)
    }

    /// A fact's line without secrets, and the fact as it stands there.
    fn line(&self, event: Event) -> Result<(String, Entry), JournalError> {
        let at = self.offset_ms + u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let entry = Entry { at, event };
        let text = serde_json::to_string(&entry)
            .map_err(|error| io_error(&self.path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let clean = self.redactor.apply_fact(&text);
        let clean = clean.map_err(|error| io_error(&self.path)(io::Error::new(io::ErrorKind::InvalidData, error)))?;
        let (mut line, entry) = clean.unwrap_or((text, entry));
        line.push('\n');
        Ok((line, entry))
    }

    /// A file whose name was taken away can be written on and on, and nobody will ever read it. That it was moved is
    /// looked for `at_the_end` only.
    fn look_whether_it_is_kept(&self, at_the_end: bool) -> Result<(), JournalError> {
        let open = self.file.metadata().map_err(io_error(&self.path))?;
        let is_in_place = || {
            let named = std::fs::metadata(&self.path);
            named.is_ok_and(|named| (named.dev(), named.ino()) == (open.dev(), open.ino()))
        };
        let is_kept = open.nlink() > 0 && (!at_the_end || is_in_place());
        if is_kept { Ok(()) } else { Err(JournalError::Gone { path: self.path.clone() }) }
    }

    /// A text as the journal would keep it.
    pub fn without_secrets<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.redactor.apply(text)
    }

    /// One secret more to keep out.
    pub fn add_secret(&mut self, secret: String) {
        self.redactor.add(secret);
    }
}

/// Where a journal is read from.
#[derive(Debug)]
enum Input {
    Plain(BufReader<File>),
    Compressed(BufReader<MultiGzDecoder<BufReader<File>>>),
}

impl Input {
    fn open(path: &Path) -> Result<Self, JournalError> {
        let file = open_regular(path).map_err(|error| io_error(path)(error.into()))?;
        let plain = BufReader::with_capacity(1 << 16, file);
        if path.extension().is_some_and(|ending| ending == "gz") {
            return Ok(Self::Compressed(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(plain))));
        }
        Ok(Self::Plain(plain))
    }

    fn lines(&mut self) -> &mut dyn BufRead {
        match self {
            Self::Plain(input) => input,
            Self::Compressed(input) => input,
        }
    }
}

/// Compresses a journal that is whole: `events.jsonl` becomes `events.jsonl.gz`, which is returned.
///
/// # Errors
/// If it can't be read or written; then it stays as it was.
pub fn compress(path: &Path) -> Result<PathBuf, JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".gz");
    let (compressed, unfinished) = (PathBuf::from(&name), PathBuf::from(name).with_extension("part"));
    let write = || {
        let mut options = OpenOptions::new();
        let file = options.create(true).write(true).truncate(true).mode(0o644).open(&unfinished)?;
        let mut encoder = GzEncoder::new(file, Compression::default());
        io::copy(&mut File::open(path)?, &mut encoder)?;
        encoder.finish()?.sync_all()?;
        std::fs::rename(&unfinished, &compressed)?;
        std::fs::remove_file(path)
    };
    write().map_err(io_error(&compressed))?;
    Ok(compressed)
}

/// Reads a journal fact by fact.
#[derive(Debug)]
pub struct JournalReader {
    path: PathBuf,
    input: Input,
    line: usize,
    whole: u64,
    last_ms: u64,
    header: Box<Header>,
}

impl JournalReader {
    /// Opens a journal and reads its header.
    ///
    /// # Errors
    /// If it can't be read, is no journal, or is of a newer version.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let mut input = Input::open(path)?;
        let no_header = || JournalError::NoHeader { path: path.to_owned() };
        let text = read_line(input.lines(), path, 1)?.ok_or_else(no_header)?;
        if let Some(version) = newer_version(&text) {
            return Err(JournalError::Newer { path: path.to_owned(), version });
        }
        match serde_json::from_str::<Entry>(&text) {
            Ok(Entry { event: Event::RunStarted(header), at }) => {
                Ok(Self { path: path.to_owned(), input, line: 1, whole: text.len() as u64 + 1, last_ms: at, header })
            }
            Ok(_) => Err(no_header()),
            Err(error) => Err(JournalError::NotAFact { path: path.to_owned(), line: 1, reason: error.to_string() }),
        }
    }

    /// The run's header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The bytes of whole lines read so far.
    pub fn whole(&self) -> u64 {
        self.whole
    }

    /// The time of the last fact read, in milliseconds since the run began.
    pub fn last_ms(&self) -> u64 {
        self.last_ms
    }

    fn read(&mut self) -> Result<Option<Entry>, JournalError> {
        let Some(text) = read_line(self.input.lines(), &self.path, self.line + 1)? else { return Ok(None) };
        self.line += 1;
        let entry: Entry = serde_json::from_str(&text).map_err(|error| JournalError::NotAFact {
            path: self.path.clone(),
            line: self.line,
            reason: error.to_string(),
        })?;
        self.whole += text.len() as u64 + 1;
        self.last_ms = entry.at;
        Ok(Some(entry))
    }
}

impl Iterator for JournalReader {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// The next whole line; what follows the last line feed is a torn line, and no fact.
fn read_line(input: &mut dyn BufRead, path: &Path, line: usize) -> Result<Option<String>, JournalError> {
    let mut bytes = Vec::new();
    input.take(LONGEST_LINE).read_until(b'\n', &mut bytes).map_err(io_error(path))?;
    if bytes.len() as u64 >= LONGEST_LINE {
        let reason = format!("the line is longer than {LONGEST_LINE} bytes");
        return Err(JournalError::NotAFact { path: path.to_owned(), line, reason });
    }
    if bytes.pop() != Some(b'\n') {
        return Ok(None);
    }
    String::from_utf8(bytes).map(Some).map_err(|error| JournalError::NotAFact {
        path: path.to_owned(),
        line,
        reason: error.to_string(),
    })
}

/// The version that a first line claims, if it is newer than ours.
fn newer_version(text: &str) -> Option<u64> {
    let value: serde_json::Value = serde_json::from_str(text).ok()?;
    let version = value.pointer("/event/run_started/version")?.as_u64()?;
    (version > u64::from(JOURNAL_VERSION)).then_some(version)
}
