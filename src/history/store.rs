//! The history: opened, brought up to date, written a run at a time.

use crate::history::HistoryError;
use crate::history::database::{Cell, Database, Row};
use crate::history::entry::{CaseEntry, Failed, RunEntry};
use crate::history::folder::Folder;
use crate::history::place::HistoryPlace;
use crate::history::postgres::Postgres;
use crate::history::sqlite::Sqlite;
use std::collections::BTreeMap;

/// How many names are looked up at once.
const NAMES: usize = 1000;

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

/// Writes a run into the tables of a database, in place of what they have of it.
pub(super) fn write(database: &dyn Database, entry: &RunEntry) -> Result<(), HistoryError> {
    let started = entry.started.as_microsecond();
    let run = [Cell::from(&entry.run), started.into()];
    database.execute("DELETE FROM runs WHERE run = ?1 AND started_us = ?2", &run)?;
    let number = database.number(
        "INSERT INTO runs (run, started_us, suite, subject, conditions, commit_id, branch, seed, gate, millis, trials,
             failures) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) RETURNING number",
        &[
            (&entry.run).into(),
            started.into(),
            (&entry.suite).into(),
            entry.subject.as_str().into(),
            entry.conditions.as_ref().map(|hash| hash.as_str()).into(),
            entry.commit.as_deref().into(),
            entry.branch.as_deref().into(),
            (&entry.seed.to_string()).into(),
            (&entry.gate).into(),
            entry.millis.into(),
            entry.rate.trials().into(),
            entry.rate.failures().into(),
        ],
    )?;
    let round = |(seed, failed): (&String, &Failed)| {
        vec![number.into(), seed.into(), Cell::Number((*failed == Failed::Yes).into())]
    };
    let rounds: Vec<Vec<Cell>> = entry.rounds.iter().map(round).collect();
    database.insert("INSERT INTO rounds (run, seed, failed)", &rounds, "")?;
    write_cases(database, number, &entry.cases)
}

fn write_cases(database: &dyn Database, run: i64, cases: &[CaseEntry]) -> Result<(), HistoryError> {
    let ids: Vec<Vec<Cell>> = cases.iter().map(|case| vec![(&case.id).into()]).collect();
    database.insert("INSERT INTO names (name)", &ids, "ON CONFLICT DO NOTHING")?;
    let names = names(database, cases)?;
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for case in cases {
        let Some(name) = names.get(&case.id).copied() else { continue };
        rows.push(vec![
            run.into(),
            name.into(),
            (&case.hash).into(),
            case.verdict.as_str().into(),
            case.rate.trials().into(),
            case.rate.failures().into(),
            case.shuffled.trials().into(),
            case.shuffled.failures().into(),
            case.mean_us.into(),
            case.slowest_us.into(),
        ]);
        let finding = |(kind, fingerprint): &(crate::model::FindingKind, Option<String>)| {
            vec![run.into(), name.into(), kind.as_str().into(), fingerprint.as_deref().into()]
        };
        findings.extend(case.findings.iter().map(finding));
    }
    let insert = "INSERT INTO cases (run, name, hash, verdict, trials, failures, shuffled, shuffled_failures, mean_us, slowest_us)";
    database.insert(insert, &rows, "ON CONFLICT DO NOTHING")?;
    database.insert("INSERT INTO findings (run, name, kind, fingerprint)", &findings, "ON CONFLICT DO NOTHING")
}

/// The numbers of the cases' ids.
fn names(database: &dyn Database, cases: &[CaseEntry]) -> Result<BTreeMap<String, i64>, HistoryError> {
    let mut all = BTreeMap::new();
    for cases in cases.chunks(NAMES) {
        let places: Vec<String> = (1..=cases.len()).map(|place| format!("?{place}")).collect();
        let sql = format!("SELECT name, number FROM names WHERE name IN ({})", places.join(", "));
        let ids: Vec<Cell> = cases.iter().map(|case| (&case.id).into()).collect();
        let found = database.query(&sql, &ids)?;
        all.extend(found.iter().filter_map(|row: &Row| Some((row.text(0)?, row.number(1)?))));
    }
    Ok(all)
}
