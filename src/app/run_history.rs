//! Runs are remembered, looked up and compared.

use crate::app::{AppError, files, run_folder};
use crate::event::Redactor;
use crate::history::{Diff, History, HistoryError, HistoryPlace, RunEntry, Snapshot, SuiteTrend};
use crate::record::{self, Record};
use crate::verdict::{Judgement, judge};
use std::path::Path;

/// Writes a run into the history, if one is kept.
///
/// # Errors
/// If it can't be written; the run itself is whole in its folder.
pub(super) fn add_to_history(
    history: Option<&HistoryPlace>,
    record: &Record,
    judgement: &Judgement,
    redactor: &Redactor,
) -> Result<(), AppError> {
    let Some(place) = history else { return Ok(()) };
    let entry = RunEntry::of(record, judgement, &|text| redactor.apply(text).into_owned());
    Ok(History::remember(place, &entry)?)
}

/// The findings of a run: from its journal, where its folder is there, else from the history.
///
/// # Errors
/// If there is no such run.
pub fn snapshot(run: &str, report_dir: &Path, history: &HistoryPlace) -> Result<Snapshot, AppError> {
    match run_folder(report_dir, run) {
        Ok(folder) => {
            let record = record::read(&files::journal(&folder))?;
            let entry = RunEntry::of(&record, &judge(&record), &|text| text.to_owned());
            Ok(Snapshot::from(&entry))
        }
        Err(missing) => match History::open_existing(history) {
            Ok(history) => history.snapshot(run)?.ok_or_else(|| {
                AppError::Usage(format!(
                    "{missing}, and the history does not know it; `steadfast history` names its runs"
                ))
            }),
            Err(HistoryError::Missing { path }) => {
                Err(AppError::Usage(format!("{missing}, and there is no history at {}", path.display())))
            }
            Err(error) => Err(error.into()),
        },
    }
}

/// What is new, fixed or changed from one run to another.
///
/// # Errors
/// If there is no such run.
pub fn compare(before: &str, after: &str, report_dir: &Path, history: &HistoryPlace) -> Result<Diff, AppError> {
    Ok(Diff::between(&snapshot(before, report_dir, history)?, &snapshot(after, report_dir, history)?))
}

/// How suites and cases have done over time.
///
/// # Errors
/// If there is no history, or nothing of that name in it.
pub fn trends(history: &HistoryPlace, suite: Option<&str>, case: Option<&str>) -> Result<Vec<SuiteTrend>, AppError> {
    let history = History::open_existing(history)?;
    let trends = history.trends(suite, case)?;
    if trends.is_empty() && (suite.is_some() || case.is_some()) {
        let known: Vec<String> =
            history.trends(None, None)?.into_iter().map(|trend| format!("`{}`", trend.suite)).collect();
        let what = case.map_or_else(|| "suite".to_owned(), |case| format!("case `{case}`"));
        return Err(AppError::Usage(format!("the history has no such {what}; its suites are {}", known.join(", "))));
    }
    Ok(trends)
}
