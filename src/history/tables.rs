//! Writes a run into the tables of a database.

use crate::history::HistoryError;
use crate::history::database::{Cell, Database, Row};
use crate::history::entry::{CaseEntry, Failed, RunEntry};
use std::collections::BTreeMap;

/// How many names are looked up at once.
const NAMES: usize = 1000;

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
