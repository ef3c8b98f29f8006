//! The facts of shards, sorted by round on disk: a merge holds one round in memory, however many there are.

use crate::app::AppError;
use crate::app::merge::same::refuse_strangers;
use crate::event::{Entry, Event, Header, JournalReader, Note, RoundEnd};
use crate::model::{ContentHash, RoundId};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The rounds of all shards.
#[derive(Debug)]
pub(super) struct Spool {
    /// The header of the first shard; those of the others say the same.
    pub header: Header,
    /// The journal that the header is from.
    first: PathBuf,
    /// The shards whose journals were read, by number.
    pub shards: BTreeSet<u32>,
    /// What was noted beside the rounds, once each.
    pub notes: BTreeSet<Note>,
    pieces: BTreeMap<RoundId, Piece>,
    journals: Vec<PathBuf>,
    file: BufWriter<File>,
    written: u64,
    temporary: PathBuf,
}

/// The facts of a round on disk.
#[derive(Debug, Clone)]
struct Piece {
    offset: u64,
    length: u64,
    digest: ContentHash,
    /// Whether the round ran to its end.
    is_complete: bool,
    /// The journal that it is from, by its place.
    journal: usize,
}

impl Spool {
    /// Reads journals, in any order. Each must be of a shard of the same run.
    ///
    /// # Errors
    /// If one can't be read, is no shard's, belongs to another run, or tells otherwise of a round that another one has.
    pub fn read(journals: &[PathBuf], temporary: &Path) -> Result<Self, AppError> {
        let mut spool: Option<Self> = None;
        for path in journals {
            let reader = JournalReader::open(path)?;
            let Some(shard) = reader.header().shard else {
                let text = format!(
                    "{}: is the journal of a whole run, not of a shard; `steadfast report` renders it",
                    path.display()
                );
                return Err(AppError::Usage(text));
            };
            match &mut spool {
                None => spool = Some(Self::new(path, reader.header().clone(), temporary)?),
                Some(spool) => {
                    refuse_strangers((&spool.first, &spool.header), (path, reader.header()))?;
                    // The same in whatever order they come.
                    let jobs = &mut spool.header.policy.jobs;
                    *jobs = (*jobs).min(reader.header().policy.jobs);
                }
            }
            if let Some(spool) = &mut spool {
                spool.shards.insert(shard.index);
                spool.take(path, reader)?;
            }
        }
        let mut spool = spool.ok_or_else(|| AppError::Usage("no journals were named".to_owned()))?;
        spool.file.flush().map_err(AppError::io(temporary))?;
        Ok(spool)
    }

    fn new(first: &Path, header: Header, temporary: &Path) -> Result<Self, AppError> {
        let file = tempfile::tempfile_in(temporary).map_err(AppError::io(temporary))?;
        Ok(Self {
            header,
            first: first.to_owned(),
            shards: BTreeSet::new(),
            notes: BTreeSet::new(),
            pieces: BTreeMap::new(),
            journals: Vec::new(),
            file: BufWriter::with_capacity(1 << 16, file),
            written: 0,
            temporary: temporary.to_owned(),
        })
    }

    fn take(&mut self, path: &Path, reader: JournalReader) -> Result<(), AppError> {
        self.journals.push(path.to_owned());
        let mut open: BTreeMap<RoundId, Vec<u8>> = BTreeMap::new();
        let mut has_begun = false;
        for entry in reader {
            let entry = match entry {
                // A journal that was cut off ends where it is cut: its torn round is no piece.
                Err(crate::event::JournalError::Io { source, .. }) if source.kind() == io::ErrorKind::UnexpectedEof => {
                    break;
                }
                entry => entry?,
            };
            match &entry.event {
                Event::RoundStarted { round, .. }
                | Event::TrialStarted { round, .. }
                | Event::TrialFinished { round, .. } => {
                    has_begun = true;
                    write(open.entry(*round).or_default(), &entry).map_err(AppError::io(path))?;
                }
                Event::RoundFinished { round, end, .. } => {
                    let (round, is_complete) = (*round, matches!(end, RoundEnd::Completed));
                    write(open.entry(round).or_default(), &entry).map_err(AppError::io(path))?;
                    if is_complete && let Some(piece) = open.remove(&round) {
                        self.keep(round, &piece, true)?;
                    }
                }
                Event::Noted(note) if has_begun => _ = self.notes.insert(note.clone()),
                Event::Noted(_) | Event::HostSeen { .. } | Event::Forecast { .. } | Event::RunFinished { .. } => {}
                Event::RunStarted(_) | Event::RunResumed | Event::Diagnosed(_) => {
                    let text = format!("{}: says what a shard does not say; run the shard again", path.display());
                    return Err(AppError::Usage(text));
                }
            }
        }
        open.into_iter().try_for_each(|(round, piece)| self.keep(round, &piece, false))
    }

    /// Keeps a round. One that comes twice in the same words is kept once; a whole one stands for a torn one.
    fn keep(&mut self, round: RoundId, piece: &[u8], is_complete: bool) -> Result<(), AppError> {
        let digest = ContentHash::of([piece]);
        let journal = self.journals.len() - 1;
        if let Some(known) = self.pieces.get(&round) {
            if known.digest == digest || (known.is_complete && !is_complete) {
                return Ok(());
            }
            if known.is_complete && is_complete {
                let name = |place: usize| self.journals.get(place).map(|path| path.display().to_string());
                return Err(AppError::Usage(format!(
                    "round {} comes twice, and its facts differ: in {} and in {}; a shard was run twice: name the folder of \
                     one of both",
                    round.0 + 1,
                    name(known.journal).unwrap_or_default(),
                    name(journal).unwrap_or_default()
                )));
            }
        }
        self.file.write_all(piece).map_err(AppError::io(&self.temporary))?;
        let length = piece.len() as u64;
        self.pieces.insert(round, Piece { offset: self.written, length, digest, is_complete, journal });
        self.written += length;
        Ok(())
    }

    /// The rounds that there are, and whether each ran to its end.
    pub fn rounds(&self) -> impl Iterator<Item = (RoundId, bool)> + '_ {
        self.pieces.iter().map(|(round, piece)| (*round, piece.is_complete))
    }

    /// Whether a round is there and ran to its end.
    pub fn has(&self, round: RoundId) -> bool {
        self.pieces.get(&round).is_some_and(|piece| piece.is_complete)
    }

    /// Tells the facts of all rounds, round by round in the order of their numbers.
    ///
    /// # Errors
    /// If they can't be read again, or whoever hears them can't take them.
    pub fn tell(&mut self, mut hear: impl FnMut(Event) -> io::Result<()>) -> io::Result<()> {
        let file = self.file.get_mut();
        for piece in self.pieces.values() {
            file.seek(SeekFrom::Start(piece.offset))?;
            let facts = BufReader::new(Read::by_ref(file).take(piece.length));
            for entry in serde_json::Deserializer::from_reader(facts).into_iter::<Entry>() {
                hear(entry.map_err(io::Error::other)?.event)?;
            }
        }
        Ok(())
    }
}

fn write(piece: &mut Vec<u8>, entry: &Entry) -> io::Result<()> {
    serde_json::to_writer(&mut *piece, entry).map_err(io::Error::other)?;
    piece.push(b'\n');
    Ok(())
}
