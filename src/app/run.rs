//! The main job: load, plan, run, diagnose, judge, report.

use crate::adapter::{LoadedSubject, SubjectSpec, load_subject};
use crate::app::background::background;
use crate::app::chosen::chosen;
use crate::app::diagnose::diagnose;
use crate::app::files;
use crate::app::leaks::{self, look_for_leaks};
use crate::app::plans::Plans;
use crate::app::remember::remember;
use crate::app::reports::write_reports;
use crate::app::session::{Deadlines, Session};
use crate::app::suite_check::{agreement, known_tests, suite_of};
use crate::app::suite_tree::Files;
use crate::app::{Accounting, AloneRounds, AppError, RunOptions, ToolInfo, Watcher};
use crate::engine::{Engine, EngineConfig, Leftovers, RoundUnit, Stop, StopHandle, Stopped, clean_up, scratch_name};
use crate::event::{
    Background, CaseInfo, Event, Header, JOURNAL_VERSION, JournalWriter, Note, PlanPolicy, Policy, Redactor, RunEnd,
    RunLock, SubjectInfo,
};
use crate::model::{CaseId, Clock, ResourceKind};
use crate::record::{Fold, Record};
use crate::verdict::{Judgement, judge};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The share of the time limit that planned rounds may take; the rest is for the diagnosis.
const ROUNDS_SHARE: f64 = 0.6;

/// How much longer than its deadline a trial may take before its worker is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a run came to.
#[derive(Debug)]
pub struct Finished {
    /// What was seen.
    pub record: Record,
    /// What it means.
    pub judgement: Judgement,
    /// The run's folder.
    pub folder: PathBuf,
    /// Why the history has not got the run, if it should have.
    pub unremembered: Option<AppError>,
}

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
    let begun = Instant::now();
    let chosen = chosen(options, tool)?;
    let subject = load_subject(chosen.clone())?;
    let all_tool = tool;
    let tool = &tool.knowing(&subject.environment());
    let plans = Plans::make(options, &subject)?;
    let started = clock.now();
    let background = background(options, &subject, all_tool, started)?;
    for folder in clean_up(&files::runs(&options.report_dir)) {
        watcher.say(&format!("took away what a killed run left: {}", folder.display()));
    }
    let (run, folder) = files::new_run(&options.report_dir, started, options.seed)?;
    let _lock = RunLock::take(&folder)?;
    let header = Header { background, ..header(options, chosen, &subject, &plans, run.clone(), started) };
    let journal = JournalWriter::create(&files::journal(&folder), redactor(tool))?;
    let fold = Fold::new(redactor(tool).header(&header));
    let mut session = Session::new(journal, fold, watcher, plans.forecast(&subject, options.jobs));
    session.emit(Event::RunStarted(Box::new(header.clone()))).map_err(AppError::io(&folder))?;
    for note in subject.notes.iter().cloned().chain(plans.notes.clone()) {
        session.emit(Event::Noted(Note { case: None, text: note })).map_err(AppError::io(&folder))?;
    }
    files::point_latest(&options.report_dir, &run)?;
    let setting = Setting {
        jobs: options.jobs,
        case_timeout: options.case_timeout,
        start_within: subject.start_within(),
        tool,
        folder: &folder,
    };
    let deadlines = deadlines(options.max_time, begun);
    let attempts = BTreeMap::new();
    let units = plans.units(options.case_timeout, &attempts);
    let files = suite_of(&header).map(|suite| Files::of(&suite));
    let end = drive(&setting, &header, units, deadlines, &mut session, stoppable)?;
    if let (Some(suite), Some(files)) = (suite_of(&header), files)
        && let Some(text) = files.left(&suite, &options.root.join(&options.report_dir))
    {
        session.emit(Event::Noted(Note { case: None, text })).map_err(AppError::io(&folder))?;
    }
    if let (Some(suite), RunEnd::Completed | RunEnd::TimeLimit) = (suite_of(&header), &end) {
        for text in agreement(&suite, &session.record(), options.case_timeout, deadlines.all) {
            session.emit(Event::Noted(Note { case: None, text })).map_err(AppError::io(&folder))?;
        }
    }
    session.emit(Event::RunFinished { end }).map_err(AppError::io(&folder))?;
    let record = session.finish();
    let judgement = judge(&record);
    write_reports(&record, &judgement, &folder, options, tool)?;
    let unremembered = remember(options.history.as_deref(), &record, &judgement, &redactor(tool)).err();
    Ok(Finished { record, judgement, folder, unremembered })
}

/// What `drive` needs besides the run's own facts.
pub(super) struct Setting<'a> {
    pub jobs: usize,
    pub case_timeout: Duration,
    /// How long a worker may take to make the subject ready.
    pub start_within: Duration,
    pub tool: &'a ToolInfo,
    pub folder: &'a Path,
}

/// Runs the units, the diagnosis, and what accounts for resources, on one engine.
pub(super) fn drive(
    setting: &Setting<'_>,
    header: &Header,
    units: impl Iterator<Item = RoundUnit>,
    deadlines: Deadlines,
    session: &mut Session<'_>,
    stoppable: &mut dyn FnMut(StopHandle),
) -> Result<RunEnd, AppError> {
    let mut engine = engine(setting, header)?;
    stoppable(engine.stop_handle());
    let driven = (|| {
        let stopped = engine.run(units, deadlines.rounds, session)?;
        let end = match stopped {
            Stopped::Asked(Stop::Interrupt) => return Ok(RunEnd::Interrupted),
            Stopped::SubjectFailed(reason) => return Ok(RunEnd::SubjectFailed { reason }),
            Stopped::Asked(Stop::TimeLimit) => RunEnd::TimeLimit,
            Stopped::Not => RunEnd::Completed,
        };
        // First what fails: whoever waits for a repro waits no longer than it takes.
        let within = if leaks::is_wanted(header) { deadlines.leaving_some() } else { deadlines };
        match diagnose(&mut engine, setting, header, within, session)? {
            Stopped::Asked(Stop::Interrupt) => return Ok(RunEnd::Interrupted),
            Stopped::SubjectFailed(reason) => return Ok(RunEnd::SubjectFailed { reason }),
            Stopped::Asked(Stop::TimeLimit) | Stopped::Not => {}
        }
        match look_for_leaks(&mut engine, setting, header, deadlines, session)? {
            Stopped::Asked(Stop::Interrupt) => Ok(RunEnd::Interrupted),
            Stopped::SubjectFailed(reason) => Ok(RunEnd::SubjectFailed { reason }),
            Stopped::Asked(Stop::TimeLimit) | Stopped::Not => Ok(end),
        }
    })();
    engine.shut_down();
    driven
}

/// A name that no other engine on this machine has at the same time. Runs that begin in the same second bear the same
/// identifier if their reports go to different folders, also within one process: what one of them takes away must never
/// be another's.
fn instance() -> String {
    static ENGINES: AtomicU64 = AtomicU64::new(0);
    format!("{}-{}", std::process::id(), ENGINES.fetch_add(1, Ordering::Relaxed))
}

/// The engine of a run.
pub(super) fn engine(setting: &Setting<'_>, header: &Header) -> Result<Engine, AppError> {
    let instance = instance();
    let scratch = setting.tool.temporary.join(scratch_name(&header.run, &instance));
    let leftovers = Leftovers::begin(setting.folder, scratch).map_err(AppError::io(setting.folder))?;
    let config = EngineConfig {
        program: setting.tool.program.clone(),
        arguments: vec!["worker".to_owned()],
        jobs: setting.jobs,
        spec: for_workers(header, setting.tool),
        expected: crate::engine::Prepared {
            cases: u32::try_from(header.cases.len()).unwrap_or(u32::MAX),
            hash: header.subject.hash.clone(),
        },
        start_within: setting.start_within,
        patience: PATIENCE,
        mark: format!("STEADFAST_OWNER={}-{instance}", header.run),
    };
    Ok(Engine::new(config, leftovers))
}

/// The spec as workers get it: with the tests of a suite; secrets are handed over the pipe and stand in no file.
fn for_workers(header: &Header, tool: &ToolInfo) -> serde_json::Value {
    let mut spec = header.subject.spec.clone();
    if let Some(suite) = suite_of(header) {
        let suite = SubjectSpec::Suite(suite).knowing(known_tests(header));
        spec = serde_json::to_value(suite).unwrap_or_default();
    }
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("secrets".into(), serde_json::to_value(&tool.environment).unwrap_or_default());
        spec.insert("program".into(), tool.program.display().to_string().into());
        spec.extend(tool.python_path.as_deref().map(|path| ("python_path".to_owned(), path.into())));
        let active = tool.virtual_env.as_ref().map(|folder| folder.display().to_string());
        spec.extend(active.map(|folder| ("virtual_env".to_owned(), folder.into())));
    }
    spec
}

/// Keeps the values of the environment that scenarios name out of everything that is written.
pub(super) fn redactor(tool: &ToolInfo) -> Redactor {
    Redactor::new(tool.environment.values().cloned())
}

pub(super) fn deadlines(max_time: Option<Duration>, begun: Instant) -> Deadlines {
    Deadlines {
        rounds: max_time.map(|limit| begun + limit.mul_f64(ROUNDS_SHARE)),
        diagnosis: max_time.map(|limit| begun + limit),
        all: max_time.map(|limit| begun + limit),
    }
}

/// What the run measures, and of what it does not, why.
fn measured(options: &RunOptions, subject: &LoadedSubject) -> BTreeMap<String, String> {
    let mut measured = subject.measured();
    if options.accounting == Accounting::Off {
        let kinds = ResourceKind::ALL.into_iter().filter(|kind| measured.contains_key(kind.as_str()));
        let off: Vec<String> = kinds.map(|kind| kind.to_string()).collect();
        measured.extend(off.into_iter().map(|kind| (kind, "switched off by --no-leaks".to_owned())));
    }
    measured
}

fn header(
    options: &RunOptions,
    chosen: SubjectSpec,
    subject: &LoadedSubject,
    plans: &Plans,
    run: String,
    started: jiff::Timestamp,
) -> Header {
    let cases = subject.cases.iter().map(|case| CaseInfo {
        id: CaseId::new(case.id.as_str()),
        title: case.title.clone(),
        file: case.file.clone(),
        line: case.line,
        tags: case.tags.clone(),
        hash: case.hash.clone(),
        skip: case.skip.clone().or_else(|| plans.leaves_out(&case.id, subject)),
        leaks: case.leaks.clone(),
    });
    let mut arguments: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
    if let Some(suite) = &options.suite {
        arguments = suite.as_typed();
    } else if options.system != "embedded" {
        arguments.extend(["--system".to_owned(), options.system.clone()]);
    }
    Header {
        version: JOURNAL_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        run,
        started,
        seed: options.seed,
        subject: SubjectInfo {
            name: subject.name(),
            arguments,
            spec: serde_json::to_value(chosen.without_program()).unwrap_or_default(),
            hash: subject.hash(),
            measured: measured(options, subject),
        },
        policy: Policy {
            leaks: options.leaks.clone(),
            fail_on: options.fail_on.clone(),
            confidence: options.confidence,
            max_flake_rate: options.max_flake_rate,
            event_loops: options.event_loops.clone(),
            jobs: u32::try_from(options.jobs).unwrap_or(u32::MAX),
            plan: PlanPolicy {
                strategy: options.strategy.to_string(),
                group: options.group.to_string(),
                rounds: options.rounds,
                order: options.order.clone(),
                stress: options.stress,
                alone: options.alone == AloneRounds::WhereCheap,
            },
        },
        plan: plans.hash(),
        planned: plans.counts(),
        background: Background::default(),
        cases: cases.collect(),
    }
}
