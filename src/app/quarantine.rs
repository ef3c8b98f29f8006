//! `quarantine.toml`: taken into runs, added to, listed and shrunk.

use crate::app::file_change::patch;
use crate::app::{AppError, files, run_folder};
use crate::disk::{LONGEST_INPUT, read_text, replace};
use crate::event::{Quarantine, QuarantineEntry};
use crate::history::QuarantineFile;
use crate::model::FindingKind;
use crate::record;
use crate::verdict::{CaseJudgement, EntryStatus, judge};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The file, in the project's folder.
const FILE: &str = "quarantine.toml";

/// Whether entries may be added to a file that has some.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Growth {
    /// No: it may only shrink.
    Refused,
    /// Yes, on purpose.
    Wanted,
}

/// What is put into the quarantine.
#[derive(Debug, Clone)]
pub struct QuarantineRequest {
    /// The run whose findings are taken over.
    pub from: String,
    /// Only these cases; all of the run's findings without any.
    pub cases: Vec<String>,
    /// Who sees to them.
    pub owner: String,
    /// The last day.
    pub until: Date,
    /// Where it is written down.
    pub issue: Option<String>,
    /// Whether a file that has entries may get more.
    pub growth: Growth,
}

/// The day of a time, in UTC.
pub(super) fn day(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

fn read(root: &Path) -> Result<Option<QuarantineFile>, AppError> {
    let path = root.join(FILE);
    let text = match read_text(&path, LONGEST_INPUT) {
        Ok(text) => text,
        Err(error) if error.is_absent() && !path.is_symlink() => return Ok(None),
        Err(error) => return Err(AppError::io(path)(error.into())),
    };
    QuarantineFile::read(&text).map(Some).map_err(|problems| {
        let lines: Vec<String> =
            problems.iter().map(|problem| format!("{FILE}:{}: {}", problem.line, problem.what)).collect();
        AppError::Usage(lines.join("\n       "))
    })
}

fn write(root: &Path, file: &QuarantineFile) -> Result<(), AppError> {
    let path = root.join(FILE);
    replace(&path, file.text()).map_err(AppError::io(path))
}

/// The quarantine as a run's header has it.
///
/// # Errors
/// If the file is wrong.
pub(super) fn of_the_project(root: &Path, now: Timestamp) -> Result<Option<Quarantine>, AppError> {
    let Some(file) = read(root)? else { return Ok(None) };
    Ok(Some(Quarantine { file: FILE.to_owned(), today: day(now), entries: file.entries().to_vec() }))
}

/// Puts the findings of a run into the quarantine, and says which cases are new in it.
///
/// # Errors
/// If there is no such run, nothing to put there, or the file has entries and is not to grow.
pub fn quarantine_add(
    root: &Path,
    report_dir: &Path,
    request: &QuarantineRequest,
    now: Timestamp,
) -> Result<Vec<QuarantineEntry>, AppError> {
    let (file, new) = with_findings(root, report_dir, request, now)?;
    if !new.is_empty() {
        write(root, &file)?;
    }
    Ok(new)
}

/// What [`quarantine_add`] would change, as a patch that `git apply` takes; empty where it would change nothing.
///
/// # Errors
/// The same as of [`quarantine_add`].
pub fn quarantine_patch(
    root: &Path,
    report_dir: &Path,
    request: &QuarantineRequest,
    now: Timestamp,
) -> Result<String, AppError> {
    let before = read(root)?;
    let (file, _) = with_findings(root, report_dir, request, now)?;
    Ok(patch(FILE, before.as_ref().map(QuarantineFile::text), file.text()))
}

/// The file with the findings of a run, and the entries that are new in it.
fn with_findings(
    root: &Path,
    report_dir: &Path,
    request: &QuarantineRequest,
    now: Timestamp,
) -> Result<(QuarantineFile, Vec<QuarantineEntry>), AppError> {
    let today = day(now);
    if request.until <= today {
        return Err(AppError::Usage(format!("--until {}: is not after today, {today}", request.until)));
    }
    let mut file = read(root)?.unwrap_or_default();
    let known: BTreeSet<String> = file.entries().iter().map(|entry| entry.case.to_string()).collect();
    let found = findings(&run_folder(report_dir, &request.from)?, request)?;
    let new: Vec<QuarantineEntry> = found.into_iter().filter(|entry| !known.contains(entry.case.as_str())).collect();
    if !known.is_empty() && !new.is_empty() && request.growth == Growth::Refused {
        return Err(AppError::Usage(format!(
            "{FILE} has {} entries and may only shrink: mend the {} new case(s), or add them on purpose with --grow: {}",
            known.len(),
            new.len(),
            new.iter().map(|entry| entry.case.as_str()).collect::<Vec<_>>().join(", ")
        )));
    }
    for entry in &new {
        file.add(entry.clone());
    }
    Ok((file, new))
}

/// The findings of a run that fail the gate, as entries.
fn findings(folder: &Path, request: &QuarantineRequest) -> Result<Vec<QuarantineEntry>, AppError> {
    let record = record::read(&files::journal(folder))?;
    let judgement = judge(&record);
    let fail_on = &record.header.policy.fail_on;
    let entry = |judged: &CaseJudgement| {
        let info = record.case(judged.case)?;
        let findings: Vec<FindingKind> = judged.findings.iter().copied().filter(|kind| kind.fails(fail_on)).collect();
        let is_chosen = request.cases.is_empty() || request.cases.iter().any(|id| id == info.id.as_str());
        if findings.is_empty() || !is_chosen {
            return None;
        }
        // What is broken fails in every round. Of the rest shuffled rounds tell the rate, as they do when it is asked
        // whether the entry is still needed.
        let seen = if findings.contains(&FindingKind::Broken) { judged.rate } else { judged.shuffled };
        Some(QuarantineEntry {
            case: info.id.clone(),
            findings,
            owner: request.owner.clone(),
            issue: request.issue.clone(),
            until: request.until,
            seen: (seen.failures() > 0).then_some(seen),
            line: 0,
        })
    };
    let entries: Vec<QuarantineEntry> = judgement.cases.iter().filter_map(entry).collect();
    if let Some(id) = request.cases.iter().find(|id| !entries.iter().any(|entry| entry.case.as_str() == *id)) {
        return Err(AppError::Usage(format!(
            "the run {} found nothing that fails the gate in `{id}`",
            record.header.run
        )));
    }
    Ok(entries)
}

/// The entries of the file, and the day on which they are looked at.
///
/// # Errors
/// If the file is wrong.
pub fn quarantine_list(root: &Path, now: Timestamp) -> Result<Quarantine, AppError> {
    let none = Quarantine { file: FILE.to_owned(), today: day(now), entries: Vec::new() };
    Ok(of_the_project(root, now)?.unwrap_or(none))
}

/// Removes entries by their cases.
///
/// # Errors
/// If there is no entry of a case.
pub fn quarantine_remove(root: &Path, cases: &[String]) -> Result<usize, AppError> {
    let mut file = read(root)?.unwrap_or_default();
    let missing = cases.iter().find(|id| !file.entries().iter().any(|entry| entry.case.as_str() == **id));
    if let Some(id) = missing {
        return Err(AppError::Usage(format!("{FILE} has no entry of `{id}`; `steadfast quarantine list` names them")));
    }
    file.remove(&cases.iter().map(|id| id.as_str().into()).collect());
    write(root, &file)?;
    Ok(file.entries().len())
}

/// Removes the entries that are no longer needed as a run has it, and those that have expired: they excuse nothing.
///
/// # Errors
/// If there is no such run, or the file is wrong.
pub fn quarantine_prune(
    root: &Path,
    report_dir: &Path,
    run: &str,
    now: Timestamp,
) -> Result<Vec<(QuarantineEntry, &'static str)>, AppError> {
    let Some(mut file) = read(root)? else { return Ok(Vec::new()) };
    let folder: PathBuf = run_folder(report_dir, run)?;
    let mut record = record::read(&files::journal(&folder))?;
    // The entries as they are now: the file may have changed since the run.
    record.header.background.quarantine = of_the_project(root, now)?;
    let statuses = judge(&record).quarantine.entries;
    let gone: Vec<(QuarantineEntry, &'static str)> = file
        .entries()
        .iter()
        .zip(statuses)
        .filter_map(|(entry, status)| match status {
            EntryStatus::Expired => Some((entry.clone(), "expired")),
            EntryStatus::Unneeded { .. } => Some((entry.clone(), "no longer needed")),
            EntryStatus::Excuses | EntryStatus::Exceeded | EntryStatus::Waits | EntryStatus::NotInRun => None,
        })
        .collect();
    if !gone.is_empty() {
        file.remove(&gone.iter().map(|(entry, _)| entry.case.clone()).collect());
        write(root, &file)?;
    }
    Ok(gone)
}
