//! `steadfast minimise RUN [CASE]`: the diagnosis goes on, with other limits, from what the journal knows.

use crate::adapter::load_subject;
use crate::app::engines::{AtWork, engine};
use crate::app::forecast::Forecast;
use crate::app::identity::{identity, refuse_others, tree_of};
use crate::app::playable::Playable;
use crate::app::recorded::{refuse_gaps, spec_in};
use crate::app::reports::write_run_reports;
use crate::app::session::Session;
use crate::app::trust::Judge;
use crate::app::under_way::redactor;
use crate::app::{AppError, Finished, Grants, ToolInfo, Watcher, files};
use crate::diagnose::{Setting, diagnose_again};
use crate::engine::{Rounds, StopHandle, Stopped};
use crate::event::{Event, JournalReader, JournalWriter, RunEnd, RunLock};
use crate::minimise::Limits;
use crate::model::CaseIndex;
use crate::record::Fold;
use crate::report::JunitDetail;
use crate::verdict::judge;
use std::path::Path;
use std::time::Duration;

/// What the search may spend now.
#[derive(Debug, Clone, Copy)]
pub struct MinimiseLimits {
    /// Probes, those of the journal included.
    pub probes: u32,
    /// Time, for each case.
    pub time: Duration,
    /// Probes side by side.
    pub jobs: usize,
    /// The deadline of a case that has none of its own.
    pub case_timeout: Duration,
}

/// Diagnoses a case of a finished run again, or all suspects of it, and writes its reports anew.
///
/// # Errors
/// If there is no such run or case, the scenarios have changed, or the run can't be kept.
pub fn minimise_again(
    folder: &Path,
    case: Option<&str>,
    limits: MinimiseLimits,
    tool: &ToolInfo,
    leave: (&Path, &Grants),
    watcher: &mut dyn Watcher,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<Finished, AppError> {
    let _lock = RunLock::take(folder)?;
    let path = files::journal(folder);
    let mut reader = JournalReader::open(&path)?;
    if reader.header().shard.is_some() {
        let text = format!("{}: is a shard's: `steadfast merge` makes a run of all shards", folder.display());
        return Err(AppError::Usage(text));
    }
    let header = reader.header().clone();
    let mut fold = Fold::new(header.clone());
    for entry in &mut reader {
        fold.entry(entry?)
            .map_err(|reason| AppError::Usage(format!("{}: {reason}; start a new run", path.display())))?;
    }
    let record = fold.clone().finish();
    let cases = chosen(&record, case)?;
    let spec = spec_in(&path, &header.subject, leave.0)?;
    refuse_gaps(&path, &spec)?;
    let spec = Judge { root: leave.0, grants: leave.1, tool }.admit(&path, spec)?;
    let spec = spec.meaning(&header.cases);
    let subject = load_subject(spec.clone())?;
    let tree = tree_of(leave.0, spec.folder());
    let here = identity(None, subject.as_ref(), tool, tree, folder)?;
    let tool = &tool.knowing(subject.as_ref(), &[leave.0, spec.folder()]);
    if subject.hash() != header.subject.hash {
        let text =
            format!("{}: the scenarios or the system file changed since the run; start a new run", folder.display());
        return Err(AppError::Usage(text));
    }
    refuse_others(folder, header.identity.as_ref(), &here)?;
    let journal = JournalWriter::resume(&path, reader.whole(), reader.last_ms(), redactor(tool))?;
    let mut session = Session::new(journal, fold, watcher, Forecast::none());
    let at_work = AtWork::of(subject.as_ref(), limits.jobs, tool, folder);
    let engine = engine(&at_work, &header, &spec.with_listed(subject.listed()))?;
    let mut engine = Playable::of(engine, subject.as_ref());
    stoppable(engine.stop_handle());
    let setting = Setting {
        header: &header,
        subject: subject.as_ref(),
        jobs: limits.jobs,
        case_timeout: limits.case_timeout,
        folder,
    };
    let limits = Limits { probes: limits.probes, time: limits.time, ..Limits::default() };
    let mut stopped = Ok(Stopped::Not);
    for case in cases {
        stopped = diagnose_again(&mut engine, &setting, case, limits, &mut session);
        if !matches!(stopped, Ok(Stopped::Not)) {
            break;
        }
    }
    Box::new(engine).shut_down();
    // The run itself ended as it ended; only a run that never did is ended here.
    let end = record.end.clone().unwrap_or(RunEnd::Interrupted);
    stopped?;
    session.emit(Event::RunFinished { end }).map_err(AppError::io(folder))?;
    let record = session.finish().map_err(AppError::io(folder))?;
    let judgement = judge(&record);
    write_run_reports(&record, &judgement, folder, JunitDetail::Case, tool)?;
    Ok(Finished { record, judgement, folder: folder.to_owned(), not_in_history: None })
}

/// The suspects that are meant.
fn chosen(record: &crate::record::Record, case: Option<&str>) -> Result<Vec<CaseIndex>, AppError> {
    let failed = record.failures.keys().copied();
    let Some(id) = case else { return Ok(failed.collect()) };
    let found = failed.into_iter().find(|case| record.case(*case).is_some_and(|info| info.id.as_str() == id));
    found.map(|case| vec![case]).ok_or_else(|| {
        AppError::Usage(format!(
            "no case `{id}` failed in this run; `steadfast report {}` shows its findings",
            record.header.run
        ))
    })
}
