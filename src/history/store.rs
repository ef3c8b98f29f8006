//! The history: opened, brought up to date, written a run at a time.

use crate::history::HistoryError;
use crate::history::database::Database;
use crate::history::entry::RunEntry;
use crate::history::folder::Folder;
use crate::history::place::HistoryPlace;
use crate::history::postgres::Postgres;
use crate::history::sqlite::Sqlite;
use crate::history::tables::write;

/// What remembers runs: a file, a folder of files, or a database that a team shares.
#[derive(Debug)]
pub struct History {
    database: Box<dyn Database>,
    /// The folder whose files the database has.
    folder: Option<Folder>,
}

impl History {
    /// Opens a history to write it; makes it where there is none, and brings an older one up to date.
    ///
    /// # Errors
    /// If it is of a newer program or no history: then it is left as it is.
    pub fn open(place: &HistoryPlace) -> Result<Self, HistoryError> {
        let database: Box<dyn Database> = match place {
            HistoryPlace::Folder(path) => {
                let folder = Folder::open(path)?;
                return Ok(Self { database: Box::new(folder.load()?), folder: Some(folder) });
            }
            HistoryPlace::File(path) => Box::new(Sqlite::open(path)?),
            HistoryPlace::Postgres(url) => Box::new(Postgres::open(url)?),
        };
        Ok(Self { database, folder: None })
    }

    /// Opens a history whose file or folder there must be. A database is there if it answers.
    ///
    /// # Errors
    /// As [`History::open`], and [`HistoryError::Missing`].
    pub fn open_existing(place: &HistoryPlace) -> Result<Self, HistoryError> {
        let is_there = match place {
            HistoryPlace::File(path) => path.is_file(),
            HistoryPlace::Folder(path) => path.is_dir(),
            HistoryPlace::Postgres(_) => true,
        };
        match place.path() {
            Some(path) if !is_there => Err(HistoryError::Missing { path: path.to_owned() }),
            _ => Self::open(place),
        }
    }

    /// Remembers one run at a place, as [`History::add`] does. Of a folder nothing is read for it.
    ///
    /// # Errors
    /// As [`History::open`] and [`History::add`].
    pub fn remember(place: &HistoryPlace, entry: &RunEntry) -> Result<(), HistoryError> {
        match place {
            HistoryPlace::Folder(path) => Folder::open(path)?.add(entry),
            HistoryPlace::File(_) | HistoryPlace::Postgres(_) => Self::open(place)?.add(entry),
        }
    }

    /// Remembers a run, in one transaction. A run that is there already is written anew: it was gone on with.
    ///
    /// # Errors
    /// If it can't be written; then nothing of the run is in it.
    pub fn add(&mut self, entry: &RunEntry) -> Result<(), HistoryError> {
        if let Some(folder) = &self.folder {
            folder.add(entry)?;
        }
        self.database.write(|database| write(database, entry))
    }

    pub(super) fn database(&self) -> &dyn Database {
        self.database.as_ref()
    }

    pub(super) fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }
}
