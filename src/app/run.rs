//! The main job: load, plan, run, diagnose, judge, report.

use crate::adapter::{ScenarioSpec, SubjectSpec, load_subject, scenario_spec, suite_spec};
use crate::app::background::background;
use crate::app::files;
use crate::app::forecast::Forecast;
use crate::app::identity::identity_of;
use crate::app::plans::Plans;
use crate::app::reports::check_outputs;
use crate::app::run_header::header;
use crate::app::session::Session;
use crate::app::split::{key, refuse_clock};
use crate::app::under_way::{Finished, UnderWay, redactor};
use crate::app::why::Asked;
use crate::app::{AppError, RunOptions, ToolInfo, Watcher};
use crate::disk::{Needs, too_tight};
use crate::engine::{StopHandle, clean_up};
use crate::event::{Event, Header, JournalWriter, Note, RunLock};
use crate::model::Clock;
use crate::provider::Recorder;
use crate::record::Fold;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// How many files a process of a run has open: the four mock providers with their connections, event loops, the store.
const FILES_OF_SCENARIOS: u64 = 84;

/// The same where the runner of a suite does the work.
const FILES_OF_SUITE: u64 = 48;

/// How many more the engine has open for each worker.
const FILES_OF_JOB: u64 = 6;

/// Runs. `stoppable` is given the means to stop the run from another thread before anything starts.
///
/// # Errors
/// If the input is wrong, or the run can't be kept.
pub fn run(
    options: &RunOptions,
    tool: &ToolInfo,
    clock: &dyn Clock,
    watcher: &mut dyn Watcher,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<Finished, AppError> {
    check_outputs(options)?;
    begin(options, tool, clock, watcher, |under_way, session| under_way.conclude(&BTreeMap::new(), session, stoppable))
}

/// Loads, plans and opens the journal; `then` does what is to be done with it.
///
/// # Errors
/// If the input is wrong, or the run can't be kept.
pub(super) fn begin<T>(
    options: &RunOptions,
    tool: &ToolInfo,
    clock: &dyn Clock,
    watcher: &mut dyn Watcher,
    then: impl FnOnce(UnderWay<'_>, Session<'_>) -> Result<T, AppError>,
) -> Result<T, AppError> {
    let begun = Instant::now();
    check_machine(options, tool)?;
    let chosen = subject_spec(options, tool)?;
    let subject = load_subject(chosen.clone())?;
    let subject = subject.as_ref();
    let all_tool = tool;
    let tool = &tool.knowing(subject, &[&options.root, chosen.folder()]);
    let plans = Plans::make(options, subject)?;
    let asked = options.question.as_ref().map(|asked| Asked::of(asked, options, subject)).transpose()?;
    if options.shard.is_some() {
        refuse_clock(&plans)?;
    }
    let started = clock.now();
    let identity = identity_of(options, subject, all_tool, chosen.folder())?;
    let background = background(options, subject, all_tool, &identity, started)?;
    for folder in clean_up(&files::runs(&options.report_dir), &tool.temporary) {
        watcher.say(&format!("took away what a killed run left: {}", folder.display()));
    }
    let (run, folder) = match options.shard {
        None => files::new_run(&options.report_dir, started, options.seed)?,
        Some(shard) => files::new_shard(&options.report_dir, &key(options, subject, &plans), shard)?,
    };
    let _lock = RunLock::take(&folder)?;
    let header = Header {
        background,
        identity: Some(identity),
        ..header(options, &chosen, subject, &plans, run.clone(), started)?
    };
    let header = asked.as_ref().map_or_else(|| header.clone(), |asked| asked.in_header(header.clone()));
    let journal = JournalWriter::create(&files::journal(&folder), redactor(tool))?;
    let fold = Fold::new(redactor(tool).header(&header));
    let forecast = if asked.is_some() { Forecast::none() } else { plans.forecast(subject, options) };
    let mut session =
        Session::new(journal, fold, watcher, forecast).with_sources([chosen.folder().to_owned(), options.root.clone()]);
    session.emit(Event::RunStarted(Box::new(header.clone()))).map_err(AppError::io(&folder))?;
    let of_the_plan = asked.as_ref().map_or(plans.notes.as_slice(), Asked::notes);
    for note in subject.notes().iter().chain(of_the_plan).cloned().chain(tool.note_of_kept()) {
        session.emit(Event::Noted(Note::of_run(note))).map_err(AppError::io(&folder))?;
    }
    if options.shard.is_none() {
        files::point_latest(&options.report_dir, &run)?;
    }
    let under_way = UnderWay {
        options,
        tool,
        folder: &folder,
        header: &header,
        spec: chosen,
        subject,
        plans: &plans,
        asked: asked.as_ref(),
        begun,
    };
    then(under_way, session)
}

/// What is run, as it was chosen.
pub(super) fn subject_spec(options: &RunOptions, tool: &ToolInfo) -> Result<SubjectSpec, AppError> {
    if let Some(suite) = &options.suite {
        if options.record.is_some() && !suite.has_providers() {
            let text = "--record keeps what a suite asks of its providers: say with --providers FILE which it has";
            return Err(AppError::Usage(text.to_owned()));
        }
        let (filter, environment) = (options.filter.as_deref(), &tool.environment);
        let spec = suite_spec(suite, options.sandbox, &options.root, filter, options.seed, environment)?;
        return Ok(spec.recording_into(recording(options)?));
    }
    Ok(SubjectSpec::Scenarios(ScenarioSpec {
        program: tool.program.clone(),
        sandbox: options.sandbox,
        reach: options.reach,
        record: recording(options)?,
        live: options.live.clone(),
        defects: options.defects.iter().map(|defect| defect.name().to_owned()).collect(),
        ..scenario_spec(&options.root, &options.paths, &options.system, options.filter.as_deref())
    }))
}

/// The folder into which exchanges are recorded; nothing that was recorded before is added to.
fn recording(options: &RunOptions) -> Result<Option<PathBuf>, AppError> {
    let Some(folder) = &options.record else { return Ok(None) };
    let folder = options.root.join(folder);
    if Recorder::is_used(&folder) {
        return Err(AppError::Usage(format!("{} holds tapes already: name another folder", folder.display())));
    }
    Ok(Some(folder))
}

/// Refuses a machine whose limits leave a run too little: what goes wrong for want of files or space would be told
/// of the cases.
///
/// # Errors
/// If a limit is too tight.
pub(super) fn check_machine(options: &RunOptions, tool: &ToolInfo) -> Result<(), AppError> {
    let base = if options.suite.is_some() { FILES_OF_SUITE } else { FILES_OF_SCENARIOS };
    let files = base + FILES_OF_JOB * u64::try_from(options.jobs).unwrap_or(u64::MAX / FILES_OF_JOB);
    let folders = [tool.temporary.as_path(), options.root.as_path()];
    too_tight(Needs { files }, &folders).map_or(Ok(()), |limit| Err(AppError::Limit(limit)))
}
