//! The main job: load, plan, run, diagnose, judge, report.

use crate::adapter::{
    CommandSpec, LoadedSubject, ProvidersAround, Sandbox, ScenarioSpec, SubjectSpec, SuiteSpec, choose_python,
    load_subject,
};
use crate::app::background::background;
use crate::app::diagnose::diagnose;
use crate::app::files;
use crate::app::leaks::{self, look_for_leaks};
use crate::app::remember::remember;
use crate::app::reports::write_reports;
use crate::app::session::{Deadlines, Forecast, Session};
use crate::app::suite_check::{agreement, suite_of};
use crate::app::{Accounting, AloneRounds, AppError, PytestOptions, RunOptions, SuiteOptions, ToolInfo, Watcher};
use crate::engine::{Engine, EngineConfig, Leftovers, RoundUnit, Stop, StopHandle, Stopped, clean_up};
use crate::event::{
    Background, CaseInfo, Event, Header, JOURNAL_VERSION, JournalWriter, Note, PlanPolicy, Policy, Redactor, RunEnd,
    RunLock, SubjectInfo,
};
use crate::model::statistics::{Confidence, Rate, RateError};
use crate::model::{CaseId, Clock, EventLoop, ResourceKind, RoundId, RoundKind, Seed, Stress};
use crate::plan::{Alone, Orders, Plan, PlanRequest, PlannedCase, ResolvedOrder, Strategy, Twice, resolve_order};
use crate::record::{Fold, Record};
use crate::verdict::{Judgement, judge};
use std::collections::{BTreeMap, BTreeSet};
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
    let chosen = spec(options, tool)?;
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
    let end = drive(&setting, &header, units, deadlines, &mut session, stoppable)?;
    if let (Some(suite), RunEnd::Completed | RunEnd::TimeLimit) = (suite_of(&header), &end) {
        for text in agreement(&suite, &session.record(), options.case_timeout) {
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
fn instance(run: &str) -> String {
    static ENGINES: AtomicU64 = AtomicU64::new(0);
    format!("{run}-{}-{}", std::process::id(), ENGINES.fetch_add(1, Ordering::Relaxed))
}

/// The engine of a run.
pub(super) fn engine(setting: &Setting<'_>, header: &Header) -> Result<Engine, AppError> {
    let name = instance(&header.run);
    let scratch = setting.tool.temporary.join(format!("steadfast-{name}"));
    let leftovers = Leftovers::begin(setting.folder, scratch).map_err(AppError::io(setting.folder))?;
    let config = EngineConfig {
        program: setting.tool.program.clone(),
        arguments: vec!["worker".to_owned()],
        jobs: setting.jobs,
        spec: with_secrets(&header.subject.spec, setting.tool),
        expected: crate::engine::Prepared {
            cases: u32::try_from(header.cases.len()).unwrap_or(u32::MAX),
            hash: header.subject.hash.clone(),
        },
        start_within: setting.start_within,
        patience: PATIENCE,
        mark: format!("STEADFAST_OWNER={name}"),
    };
    Ok(Engine::new(config, leftovers))
}

/// The spec as workers get it: secrets are handed over the pipe and stand in no file.
fn with_secrets(spec: &serde_json::Value, tool: &ToolInfo) -> serde_json::Value {
    let mut spec = spec.clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.insert("secrets".into(), serde_json::to_value(&tool.environment).unwrap_or_default());
        spec.insert("program".into(), tool.program.display().to_string().into());
        spec.extend(tool.python_path.as_deref().map(|path| ("python_path".to_owned(), path.into())));
        let active = tool.virtual_env.as_ref().map(|folder| folder.display().to_string());
        spec.extend(active.map(|folder| ("virtual_env".to_owned(), folder.into())));
    }
    spec
}

/// How many hash seeds rounds of a suite take turns with: each costs a collection of the suite.
const HASH_SEEDS: u32 = 3;

/// The hash seeds of a suite's rounds: the user's own if there is one, else some of this run's.
fn hash_seeds(seed: Seed, tool: &ToolInfo) -> Vec<u32> {
    match tool.environment.get("PYTHONHASHSEED").and_then(|seed| seed.parse().ok()) {
        Some(own) => vec![own],
        None => (0..HASH_SEEDS).map(|n| (seed.derive(&format!("hash seed {n}")).value() >> 32) as u32).collect(),
    }
}

/// A time zone far from most, which has summer time and is no whole number of hours away.
const FAR_AWAY: &str = "Pacific/Chatham";

/// The last of several hash seeds goes with a time zone of its own, unless the user chose one or the machine knows none.
fn time_zones(hash_seeds: &[u32], tool: &ToolInfo) -> Vec<(u32, String)> {
    let is_known = Path::new("/usr/share/zoneinfo").join(FAR_AWAY).exists();
    match hash_seeds {
        [_, .., last] if is_known && !tool.environment.contains_key("TZ") => vec![(*last, FAR_AWAY.to_owned())],
        _ => Vec::new(),
    }
}

/// What is run, as it was chosen.
pub(super) fn suite_spec(
    suite: &SuiteOptions,
    sandbox: Sandbox,
    root: &Path,
    filter: Option<&str>,
    seed: Seed,
    tool: &ToolInfo,
) -> Result<SubjectSpec, AppError> {
    Ok(match suite {
        SuiteOptions::Pytest(suite) => SubjectSpec::Suite(pytest_spec(suite, sandbox, root, filter, seed, tool)?),
        SuiteOptions::Command(_) if sandbox == Sandbox::Full => {
            let text = "--sandbox full: a fresh copy for each round is made of pytest suites and of started systems only; \
                        without it, each round has a TMPDIR of its own";
            return Err(AppError::Usage(text.to_owned()));
        }
        SuiteOptions::Command(suite) => SubjectSpec::Command(CommandSpec {
            root: root.to_owned(),
            profile: suite.profile.clone(),
            arguments: suite.arguments.clone(),
            filter: filter.map(str::to_owned),
            python_path: tool.environment.get("PYTHONPATH").cloned(),
            providers: suite.providers.clone(),
        }),
    })
}

fn pytest_spec(
    suite: &PytestOptions,
    sandbox: Sandbox,
    root: &Path,
    filter: Option<&str>,
    seed: Seed,
    tool: &ToolInfo,
) -> Result<SuiteSpec, AppError> {
    let folder = root.join(&suite.folder);
    let folder = folder.canonicalize().map_err(AppError::io(&folder))?;
    let active = tool.environment.get("VIRTUAL_ENV").map(Path::new);
    let python = choose_python(&folder, suite.python.as_deref(), active);
    let hash_seeds = hash_seeds(seed, tool);
    // The project, as tests may read what stands beside their folder; a suite that stands elsewhere by itself.
    let project = root.canonicalize().map_err(AppError::io(root))?;
    let tree = if folder.starts_with(&project) { project } else { folder.clone() };
    Ok(SuiteSpec {
        folder,
        // A path that was typed is relative to where it was typed; a bare name is looked for on PATH.
        python: if python.program.components().count() > 1 { root.join(&python.program) } else { python.program },
        python_from: python.from,
        python_path: tool.environment.get("PYTHONPATH").cloned(),
        arguments: suite.arguments.clone(),
        filter: filter.map(str::to_owned),
        start: suite.start,
        providers: suite.providers.clone().map(|file| ProvidersAround { root: root.to_owned(), file }),
        time_zones: time_zones(&hash_seeds, tool),
        hash_seeds,
        explain: suite.explain,
        copied: (sandbox == Sandbox::Full).then_some(tree),
    })
}

fn spec(options: &RunOptions, tool: &ToolInfo) -> Result<SubjectSpec, AppError> {
    if let Some(suite) = &options.suite {
        return suite_spec(suite, options.sandbox, &options.root, options.filter.as_deref(), options.seed, tool);
    }
    Ok(SubjectSpec::Scenarios(ScenarioSpec {
        root: options.root.clone(),
        paths: options.paths.clone(),
        system: options.system.clone(),
        filter: options.filter.clone(),
        program: tool.program.clone(),
        secrets: BTreeMap::new(),
        python_path: None,
        virtual_env: None,
        sandbox: options.sandbox,
        reach: options.reach,
        defects: options.defects.iter().map(|defect| defect.name().to_owned()).collect(),
    }))
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

/// The plan, once for each life of event loops that is asked for.
pub(super) struct Plans {
    plans: Vec<(EventLoop, Plan)>,
    /// The noise around rounds.
    stress: Option<Stress>,
    /// The hash seeds that rounds take turns with, for subjects that have them.
    hash_seeds: Vec<u32>,
    /// The order that was given, if one was.
    given: Option<Vec<u32>>,
    /// What a reader should know of it.
    pub notes: Vec<String>,
}

impl Plans {
    pub fn make(options: &RunOptions, subject: &LoadedSubject) -> Result<Self, AppError> {
        let cases = planned_cases(subject);
        let mut notes = Vec::new();
        let is_mixed = options.order.is_none() && options.strategy == Strategy::Mixed;
        let alone = is_mixed && options.alone == AloneRounds::WhereCheap && subject.starts_cheaply();
        if is_mixed && options.alone == AloneRounds::WhereCheap && !alone {
            notes.push("a fresh start is dear here: only suspects are run alone".to_owned());
        }
        let mut event_loops = options.event_loops.clone();
        if !subject.chooses_event_loop() {
            if event_loops.len() > 1 {
                notes.push("--event-loop is not applicable: the system has its own event loops".to_owned());
            }
            event_loops = vec![EventLoop::Round];
        }
        let orders = match &options.order {
            None => Orders::By(options.strategy),
            Some(file) => Orders::Given(given_order(file, &cases, &mut notes)?),
        };
        let usage = |error: RateError| AppError::Usage(error.to_string());
        let mut plans = Vec::new();
        for event_loop in event_loops {
            let request = PlanRequest {
                orders: orders.clone(),
                rounds: options.rounds,
                grouping: options.group,
                alone: if alone { Alone::EveryCase } else { Alone::SuspectsOnly },
                twice: Twice::WhereMixed,
                max_flake_rate: options.max_flake_rate.map(Rate::new).transpose().map_err(usage)?,
                confidence: Confidence::new(options.confidence).map_err(usage)?,
                ..PlanRequest::new(options.seed)
            };
            let plan = Plan::new(request, &cases).map_err(|error| AppError::Usage(error.to_string()))?;
            plans.push((event_loop, plan));
        }
        let given = match orders {
            Orders::Given(order) => Some(order),
            Orders::By(_) => None,
        };
        Ok(Self { plans, stress: options.stress, hash_seeds: subject.hash_seeds(), given, notes })
    }

    fn rounds(&self) -> usize {
        self.plans.iter().map(|(_, plan)| plan.rounds().len()).sum()
    }

    pub fn hash(&self) -> crate::model::ContentHash {
        crate::model::ContentHash::of(
            self.plans.iter().map(|(event_loop, plan)| format!("{event_loop:?} {}", plan.hash())),
        )
    }

    /// Why no round has the case: an order that was given need not name all.
    fn leaves_out(&self, id: &CaseId, subject: &LoadedSubject) -> Option<String> {
        let given = self.given.as_ref()?;
        let is_named = |index: &u32| subject.cases.get(*index as usize).is_some_and(|case| case.id == *id);
        (!given.iter().any(is_named)).then(|| "the given order does not name it".to_owned())
    }

    fn counts(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for (_, plan) in &self.plans {
            for round in plan.rounds() {
                *counts.entry(round.kind().as_str().to_owned()).or_insert(0) += 1;
            }
        }
        counts
    }

    pub fn forecast(&self, subject: &LoadedSubject, jobs: usize) -> Forecast {
        let trials: u64 = self.plans.iter().map(|(_, plan)| plan.trials()).sum();
        Forecast {
            cases: subject.cases.len(),
            trials: usize::try_from(trials).unwrap_or(usize::MAX),
            rounds: u32::try_from(self.rounds()).unwrap_or(u32::MAX),
            jobs,
            made: false,
        }
    }

    /// Rounds of all cases take turns with the hash seeds; a case alone runs under the first one.
    fn hash_seed(&self, kind: RoundKind, number: u32) -> Option<u32> {
        let turn = if kind == RoundKind::Alone { 0 } else { number as usize % self.hash_seeds.len().max(1) };
        self.hash_seeds.get(turn).copied()
    }

    /// The rounds that are still to be run, with the attempt that is next for each.
    pub fn units<'s>(
        &'s self,
        case_timeout: Duration,
        attempts: &'s BTreeMap<RoundId, Option<u32>>,
    ) -> impl Iterator<Item = RoundUnit> + 's {
        let numbered = self
            .plans
            .iter()
            .flat_map(|(event_loop, plan)| plan.rounds().iter().map(move |round| (*event_loop, plan, round)));
        numbered.zip(0_u32..).filter_map(move |((event_loop, plan, round), number)| {
            let id = RoundId(number);
            // A round that was completed has no next attempt.
            let attempt = match attempts.get(&id) {
                Some(next) => (*next)?,
                None => 0,
            };
            Some(RoundUnit {
                round: id,
                attempt,
                kind: round.kind(),
                seed: round.seed,
                event_loop,
                stress: self.stress,
                hash_seed: self.hash_seed(round.kind(), number),
                watch: None,
                walk: None,
                order: plan.order(round.id),
                from: 0,
                case_deadline_ms: u64::try_from(case_timeout.as_millis()).unwrap_or(u64::MAX),
            })
        })
    }
}

fn planned_cases(subject: &LoadedSubject) -> Vec<PlannedCase> {
    let planned = subject.cases.iter().map(|case| PlannedCase {
        id: case.id.clone(),
        file: case.file.clone(),
        module: case.module.clone(),
        tags: case.tags.iter().cloned().collect(),
    });
    planned.collect()
}

/// Reads an order: case ids, one per line; `#` begins a comment.
fn given_order(file: &Path, cases: &[PlannedCase], notes: &mut Vec<String>) -> Result<Vec<u32>, AppError> {
    let text = std::fs::read_to_string(file).map_err(AppError::io(file))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let ids: Vec<CaseId> = lines.map(CaseId::from).collect();
    let ResolvedOrder { order, missing } = resolve_order(&ids, cases);
    if order.is_empty() {
        let text = format!("{}: names none of the cases; `steadfast list` prints their ids", file.display());
        return Err(AppError::Usage(text));
    }
    for id in missing.into_iter().collect::<BTreeSet<_>>() {
        notes.push(format!("{}: there is no case `{id}`: left out", file.display()));
    }
    Ok(order)
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
