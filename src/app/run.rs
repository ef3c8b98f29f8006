//! The main job: load, plan, run, diagnose, judge, report.

use crate::adapter::{
    DEFAULT_SYSTEM, LiveSpec, LoadedSubject, PURSE, Reach, ScenarioSpec, SubjectSpec, load_subject, scenario_spec,
    suite_spec,
};
use crate::app::background::background;
use crate::app::course::Course;
use crate::app::files;
use crate::app::fleet::coordinator;
use crate::app::forecast::Forecast;
use crate::app::identity::identity_of;
use crate::app::plans::Plans;
use crate::app::remember::remember;
use crate::app::reports::{check_outputs, write_reports};
use crate::app::session::Session;
use crate::app::split::{key, refuse_clock};
use crate::app::why::{Asked, Inquiry};
use crate::app::{Accounting, AloneRounds, AppError, RunOptions, ToolInfo, Watcher};
use crate::diagnose::{
    Deadlines, RunLog, Setting, accounts_for_resources, compare_with_own_runner, diagnose, look_for_leaks,
    play_in_parallel,
};
use crate::disk::{Limit, Needs, too_tight};
use crate::engine::{
    Engine, EngineConfig, EngineError, Leftovers, Resumed, Rounds, Stop, StopHandle, Stopped, clean_up,
};
use crate::event::{
    Background, CaseInfo, Event, Header, JOURNAL_VERSION, JournalWriter, Note, PlanPolicy, Policy, Redactor, RunEnd,
    RunLock, ShardInfo, SubjectInfo,
};
use crate::model::{CaseIndex, Clock, Measured, ResourceKind, RoundId};
use crate::provider::{Purse, Recorder};
use crate::record::{FailureSeen, Fold, Record};
use crate::report::count;
use crate::verdict::{Judgement, judge};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The share of the time limit that planned rounds may take; the rest is for the diagnosis.
const ROUNDS_SHARE: f64 = 0.6;

/// How many files a process of a run has open: the four mock providers with their connections, event loops, the store.
const FILES_OF_SCENARIOS: u64 = 84;

/// The same where the runner of a suite does the work.
const FILES_OF_SUITE: u64 = 48;

/// How many more the engine has open for each worker.
const FILES_OF_JOB: u64 = 6;

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
    let chosen = chosen(options, tool)?;
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
    let mut session = Session::new(journal, fold, watcher, forecast);
    session.emit(Event::RunStarted(Box::new(header.clone()))).map_err(AppError::io(&folder))?;
    let of_the_plan = asked.as_ref().map_or(plans.notes.as_slice(), Asked::notes);
    for note in subject.notes().iter().chain(of_the_plan).cloned().chain(tool.note_of_kept()) {
        session.emit(Event::Noted(Note { case: None, text: note })).map_err(AppError::io(&folder))?;
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
pub(super) fn chosen(options: &RunOptions, tool: &ToolInfo) -> Result<SubjectSpec, AppError> {
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

/// A run whose journal is open: new ones and those that go on are brought to their end in the same way.
pub(super) struct UnderWay<'a> {
    pub options: &'a RunOptions,
    pub tool: &'a ToolInfo,
    /// The run's folder.
    pub folder: &'a Path,
    pub header: &'a Header,
    pub spec: SubjectSpec,
    pub subject: &'a dyn LoadedSubject,
    pub plans: &'a Plans,
    /// The one case that it is about, if it is.
    pub asked: Option<&'a Asked>,
    /// When this process began with it: `--max-time` counts from here.
    pub begun: Instant,
}

impl UnderWay<'_> {
    /// Runs what is left of the plan (`attempts` says what is next for rounds that were begun), diagnoses, looks at what
    /// was left beside the cases, asks the subject's own runner, judges, reports and remembers.
    pub fn conclude(
        self,
        attempts: &BTreeMap<RoundId, Option<u32>>,
        mut session: Session<'_>,
        stoppable: &mut dyn FnMut(StopHandle),
    ) -> Result<Finished, AppError> {
        let Self { options, tool, folder, subject, .. } = self;
        let deadlines = deadlines(options.max_time, self.begun);
        let files = subject.files_beside();
        let end = self.drive(attempts, deadlines, &mut session, stoppable)?;
        let mut notes: Vec<String> = files.appeared(&options.root.join(&options.report_dir)).into_iter().collect();
        notes.extend(note_of_limits(&session.record()));
        notes.extend(options.live.as_ref().and_then(|live| note_of_spending(live, folder)));
        for text in notes {
            session.emit(Event::Noted(Note { case: None, text })).map_err(AppError::io(folder))?;
        }
        session.emit(Event::RunFinished { end }).map_err(AppError::io(folder))?;
        let record = session.finish().map_err(AppError::io(folder))?;
        let judgement = judge(&record);
        write_reports(&record, &judgement, folder, options, tool)?;
        let unremembered = remember(options.history.as_ref(), &record, &judgement, &redactor(tool)).err();
        Ok(Finished { record, judgement, folder: folder.to_owned(), unremembered })
    }

    /// An engine for its rounds: here, or on the machines of a fleet.
    pub fn engine(&self) -> Result<Box<dyn Rounds>, AppError> {
        if let Some(fleet) = &self.options.fleet {
            return coordinator(fleet, redactor(self.tool).header(self.header), self.tool);
        }
        let at_work = AtWork::of(self.subject, self.options.jobs, self.tool, self.folder);
        engine(&at_work, self.header, &self.spec.clone().with_listed(self.subject.listed()))
    }

    /// Runs the rounds, the diagnosis, and what accounts for resources, on one engine.
    fn drive(
        &self,
        attempts: &BTreeMap<RoundId, Option<u32>>,
        deadlines: Deadlines,
        session: &mut Session<'_>,
        stoppable: &mut dyn FnMut(StopHandle),
    ) -> Result<RunEnd, AppError> {
        let mut engine = Resumed::new(self.engine()?, session.earlier());
        stoppable(engine.stop_handle());
        let setting = Setting {
            header: self.header,
            subject: self.subject,
            jobs: self.options.jobs,
            case_timeout: self.options.case_timeout,
            folder: self.folder,
        };
        let course = Course {
            plans: self.plans,
            attempts,
            case_timeout: setting.case_timeout,
            jobs: setting.jobs,
            keeps_going: self.options.keep_going || self.subject.is_shipped(),
            ends_at_failure: self.options.fail_fast,
        };
        let inquiry = self.asked.map(|asked| Inquiry { asked, effort: self.options.effort });
        let driven = match &inquiry {
            None => rounds_and_diagnosis(&mut engine, &course, &setting, deadlines, session),
            Some(inquiry) => inquiry_and_diagnosis(&mut engine, inquiry, &setting, deadlines, session),
        };
        Box::new(engine).shut_down();
        driven.map(naming_limit)
    }
}

/// That some cases complain of this machine.
fn note_of_limits(record: &Record) -> Option<String> {
    let said = |seen: &FailureSeen| Limit::said(&seen.outcome.failure()?.message);
    let limits: Vec<Limit> = record.failures.values().filter_map(|seen| seen.iter().find_map(said)).collect();
    let first = limits.first()?;
    let cases = count(limits.len(), "case");
    Some(format!("{cases} failed for want of what this machine allows ({first}): raise it before you look for a cause"))
}

/// What live calls have cost.
fn note_of_spending(live: &LiveSpec, folder: &Path) -> Option<String> {
    let spent = Purse::new(&folder.join(PURSE), live.limit).spent().ok()?;
    let calls = count(usize::try_from(spent.calls).unwrap_or(usize::MAX), "live call");
    let more = if spent.refused == 0 { String::new() } else { format!("; {} more were not made", spent.refused) };
    let (settled, limit) = (spent.settled, live.limit);
    Some(format!("{calls} cost {settled} USD by the price list, of {limit} USD that they may cost{more}"))
}

/// The same end, with the limit of this machine by its name where a subject failed for it.
fn naming_limit(end: RunEnd) -> RunEnd {
    match end {
        RunEnd::SubjectFailed { reason } => {
            let limit = Limit::said(&reason).map(|limit| limit.to_string()).filter(|limit| !reason.contains(limit));
            RunEnd::SubjectFailed { reason: limit.map_or(reason.clone(), |limit| format!("{limit}: {reason}")) }
        }
        end => end,
    }
}

fn rounds_and_diagnosis(
    engine: &mut dyn Rounds,
    course: &Course<'_>,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    session: &mut Session<'_>,
) -> Result<RunEnd, AppError> {
    if course.ends_at_failure {
        session.end_at_failure(held_back(setting.header));
    }
    let end = end_of(course.run(engine, deadlines.rounds, session)?);
    session.go_on_after_failures();
    if is_broken_off(&end) {
        return Ok(end);
    }
    session.forecast_again().map_err(EngineError::Journal)?;
    // First what fails: whoever waits for a repro waits no longer than it takes.
    let within = if accounts_for_resources(setting.header) { deadlines.leaving_some() } else { deadlines };
    if let Some(end) = broken_off(diagnose(engine, setting, within, session)?) {
        return Ok(end);
    }
    if end == RunEnd::FirstFailure {
        return Ok(end);
    }
    if let Some(end) = broken_off(look_for_leaks(engine, setting, deadlines, session)?) {
        return Ok(end);
    }
    if let Some(end) = broken_off(compare_with_own_runner(engine, setting, deadlines, session)?) {
        return Ok(end);
    }
    play_in_parallel(setting, deadlines, session)?;
    Ok(end)
}

/// How a run ends whose rounds stopped so.
pub(super) fn end_of(stopped: Stopped) -> RunEnd {
    match stopped {
        Stopped::Not => RunEnd::Completed,
        Stopped::Asked(Stop::TimeLimit) => RunEnd::TimeLimit,
        Stopped::Asked(Stop::Enough) => RunEnd::FirstFailure,
        Stopped::Asked(Stop::Interrupt) => RunEnd::Interrupted,
        Stopped::SubjectFailed(reason) => RunEnd::SubjectFailed { reason },
    }
}

/// Whether nothing more is tried after this end: somebody interrupted the run, or its subject can't be run any more.
fn is_broken_off(end: &RunEnd) -> bool {
    matches!(end, RunEnd::Interrupted | RunEnd::SubjectFailed { .. })
}

/// The end of a run that is broken off by what stopped one of its later parts.
fn broken_off(stopped: Stopped) -> Option<RunEnd> {
    Some(end_of(stopped)).filter(is_broken_off)
}

/// The cases whose failures the quarantine holds back on the day of the run.
fn held_back(header: &Header) -> BTreeSet<CaseIndex> {
    let Some(quarantine) = &header.background.quarantine else { return BTreeSet::new() };
    let held = quarantine.entries.iter().filter(|entry| !entry.has_expired(quarantine.today));
    let places = held.filter_map(|entry| header.cases.iter().position(|case| case.id == entry.case));
    places.map(CaseIndex::at).collect()
}

/// Tries the case in question, and examines it if it failed.
fn inquiry_and_diagnosis(
    engine: &mut dyn Rounds,
    inquiry: &Inquiry<'_>,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    session: &mut Session<'_>,
) -> Result<RunEnd, AppError> {
    let end = match end_of(inquiry.run(engine, deadlines.rounds, session)?) {
        RunEnd::FirstFailure => RunEnd::Completed,
        end => end,
    };
    if is_broken_off(&end) {
        return Ok(end);
    }
    Ok(broken_off(diagnose(engine, setting, deadlines, session)?).unwrap_or(end))
}

/// What an engine needs besides the run's own facts.
pub(super) struct AtWork<'a> {
    pub jobs: usize,
    /// How long a worker may take to make the subject ready.
    pub start_within: Duration,
    /// Whether its programs are kept from other machines.
    pub is_fenced: bool,
    pub tool: &'a ToolInfo,
    pub folder: &'a Path,
}

impl<'a> AtWork<'a> {
    /// So many rounds side by side of a subject.
    pub fn of(subject: &dyn LoadedSubject, jobs: usize, tool: &'a ToolInfo, folder: &'a Path) -> Self {
        Self { jobs, start_within: subject.start_within(), is_fenced: subject.is_fenced(), tool, folder }
    }
}

/// The engine of a run of `spec`.
pub(super) fn engine(at_work: &AtWork<'_>, header: &Header, spec: &SubjectSpec) -> Result<Box<dyn Rounds>, AppError> {
    let tool = at_work.tool;
    let temporary = &tool.temporary;
    let leftovers = Leftovers::begin(at_work.folder, temporary, &header.run).map_err(AppError::io(temporary))?;
    let config = EngineConfig {
        program: tool.program.clone(),
        arguments: vec!["worker".to_owned()],
        is_fenced: at_work.is_fenced,
        jobs: at_work.jobs,
        spec: spec
            .clone()
            .meaning(&header.cases)
            .at(&tool.workplace())
            .hiding(&tool.secrets)
            .spending_in(at_work.folder)
            .to_json()?,
        secrets: tool.environment.clone(),
        expected: crate::engine::Prepared {
            cases: u32::try_from(header.cases.len()).unwrap_or(u32::MAX),
            hash: header.subject.hash.clone(),
        },
        start_within: at_work.start_within,
        patience: PATIENCE,
    };
    Ok(Box::new(Engine::new(config, leftovers)))
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

/// Keeps the values of the environment that scenarios name out of everything that is written.
pub(super) fn redactor(tool: &ToolInfo) -> Redactor {
    Redactor::new(tool.secrets.iter().cloned())
}

fn deadlines(max_time: Option<Duration>, begun: Instant) -> Deadlines {
    Deadlines {
        rounds: max_time.map(|limit| begun + limit.mul_f64(ROUNDS_SHARE)),
        diagnosis: max_time.map(|limit| begun + limit),
        all: max_time.map(|limit| begun + limit),
    }
}

/// What the run measures, and of what it does not, why.
fn measured(options: &RunOptions, subject: &dyn LoadedSubject) -> BTreeMap<String, Measured> {
    let mut measured = subject.measured();
    if options.accounting == Accounting::Off {
        let kinds = ResourceKind::ALL.into_iter().filter(|kind| measured.contains_key(kind.as_str()));
        let off: Vec<String> = kinds.map(|kind| kind.to_string()).collect();
        let why = match options.question {
            None => "switched off by --no-leaks",
            Some(_) => "not looked for where one case is asked about",
        };
        measured.extend(off.into_iter().map(|kind| (kind, Measured::not(why))));
    }
    measured
}

fn header(
    options: &RunOptions,
    chosen: &SubjectSpec,
    subject: &dyn LoadedSubject,
    plans: &Plans,
    run: String,
    started: jiff::Timestamp,
) -> Result<Header, AppError> {
    let cases = subject.cases().iter().map(|case| CaseInfo {
        skip: case.skip.clone().or_else(|| plans.leaves_out(&case.id, subject)),
        ..case.clone()
    });
    let mut arguments: Vec<String> = options.paths.iter().map(|path| path.display().to_string()).collect();
    if let Some(suite) = &options.suite {
        arguments = suite.as_typed();
    } else if options.system != DEFAULT_SYSTEM {
        arguments.extend(["--system".to_owned(), options.system.clone()]);
    }
    if options.reach == Reach::Network {
        // Before what is the suite's own, where there is such.
        let at = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
        arguments.insert(at, "--allow-network".to_owned());
    }
    Ok(Header {
        version: JOURNAL_VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        run,
        started,
        seed: options.seed,
        subject: SubjectInfo {
            name: subject.name(),
            arguments,
            spec: chosen.clone().portable(&options.root).to_json()?,
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
                group: options.group.unwrap_or_else(|| subject.grouping()).to_string(),
                rounds: options.rounds,
                order: options.order.clone(),
                since: plans.since(),
                stress: options.stress,
                alone: options.alone == AloneRounds::WhereCheap,
            },
        },
        plan: plans.hash(),
        planned: plans.counts(),
        background: Background::default(),
        question: None,
        shard: options.shard.map(|shard| ShardInfo { index: shard.index(), of: shard.of() }),
        identity: None,
        cases: cases.collect(),
    })
}
