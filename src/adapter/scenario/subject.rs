//! Scenarios against a system, as something the engine can run.

use crate::adapter::scenario::answers::AnswersSeen;
use crate::adapter::scenario::case_run::{CaseRun, Verdictless};
use crate::adapter::scenario::needs::{known_providers, missing, tells_nothing, untold};
use crate::adapter::shared::round_accounts::RoundAccounts;
use crate::adapter::shared::stress::Noise;
use crate::adapter::system::embedded::StoreLife;
use crate::adapter::system::event_loop::{EventLoop as TaskLoop, UNTOLD, tells_of_tasks};
use crate::adapter::system::holdings::SystemHoldings;
use crate::adapter::system::ready_system::{ReadySystem, SystemSetting};
use crate::adapter::{Reach, ScenarioSpec, SubjectProblem};
use crate::engine::{Owned, Prepare, Prepared, Reports, RoundUnit, Subject, SubjectError, end_orphans};
use crate::event::{CaseInfo, Note, RoundEnd, TrialReport};
use crate::model::{ContentHash, EventLoop, Failure, Measured, Outcome, Position, ResourceKind, TrialKey};
use crate::scenario::{Action, Capability, Case, Step, System, SystemKind, load, load_system, parse_filter};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How much longer than a case's own deadline everything around it may take.
const AROUND: Duration = Duration::from_secs(5);

/// Scenarios against a system.
#[derive(Debug)]
pub struct ScenarioSubject {
    /// The cases, in declared order.
    pub cases: Vec<Case>,
    /// The system that the scenarios exercise.
    pub system: System,
    /// Things noted while loading.
    pub notes: Vec<String>,
    /// How many files were read.
    pub files: usize,
    environment: BTreeSet<String>,
    spec: ScenarioSpec,
    workplace: Option<Workplace>,
}

/// What only a worker has.
#[derive(Debug)]
struct Workplace {
    scratch: PathBuf,
    mark: String,
    stages: u64,
}

/// Loads scenarios and system, and chooses the cases.
///
/// # Errors
/// All that is wrong with the files, at once; or what is wrong with the filter.
pub fn load_scenarios(spec: ScenarioSpec) -> Result<ScenarioSubject, SubjectProblem> {
    let system = load_system(&spec.system, &spec.root)?;
    if let SystemKind::Url(url) = &system.kind
        && !url.contains("${")
    {
        spec.reach.url(url).map_err(|error| SubjectProblem::OutOfReach(error.to_string()))?;
    }
    let loaded = load(&spec.root, &spec.paths, &known_providers(&system))?;
    let mut cases = loaded.cases;
    match &spec.live {
        // What can be asked of a real provider only is neither run nor skipped elsewhere.
        None => cases.retain(|case| case.live.is_empty()),
        Some(live) => {
            if let Some(problem) = live.problem(&system.providers, spec.reach) {
                return Err(SubjectProblem::OutOfReach(problem));
            }
            cases.retain(|case| live.covers(case));
            if cases.is_empty() {
                let text = "--live: no case says `live: […]` of these providers only; scenarios/live has some";
                return Err(SubjectProblem::Filter(text.to_owned()));
            }
        }
    }
    if let Some(expression) = &spec.filter {
        let filter = parse_filter(expression).map_err(|error| SubjectProblem::Filter(error.to_string()))?;
        let all = cases.len();
        cases.retain(|case| filter.matches(case));
        if cases.is_empty() {
            return Err(SubjectProblem::Filter(format!(
                "the filter `{expression}` matches none of {all} cases; `steadfast list` shows their ids and tags"
            )));
        }
    }
    let notes = loaded.notes.iter().map(ToString::to_string).collect();
    let mut environment = loaded.environment;
    environment.extend(system.environment.iter().cloned());
    environment.extend(spec.live.iter().flat_map(|live| live.variables(&system.providers)));
    Ok(ScenarioSubject { cases, system, notes, files: loaded.files, environment, spec, workplace: None })
}

impl ScenarioSubject {
    /// The subject as a worker runs it.
    pub fn at_work(mut self, prepare: &Prepare) -> Self {
        self.workplace = Some(Workplace { scratch: prepare.scratch.clone(), mark: prepare.mark.clone(), stages: 0 });
        self
    }

    /// The cases as plans and reports know them.
    pub fn listed(&self) -> Vec<CaseInfo> {
        let listed = self.cases.iter().map(|case| CaseInfo {
            id: case.id.clone(),
            title: case.title.clone(),
            file: case.place.file.clone(),
            line: case.place.line,
            module: case.module.clone(),
            tags: case.tags.clone(),
            hash: case.hash.clone(),
            skip: self.skip(case),
            leaks: case.leaks.clone(),
        });
        listed.collect()
    }

    /// The hash of what cases and system mean.
    pub fn hash(&self) -> ContentHash {
        let cases = self.cases.iter().flat_map(|case| [case.id.as_str(), case.hash.as_str()]);
        ContentHash::of(cases.chain([self.system.hash.as_str()]))
    }

    /// The names of the environment that scenarios and system file speak of.
    pub fn environment(&self) -> &BTreeSet<String> {
        &self.environment
    }

    /// Why a case can't run on this system.
    pub fn skip(&self, case: &Case) -> Option<String> {
        if let Some(reason) = &case.skip {
            return Some(reason.clone());
        }
        let missing = missing(case, &self.system);
        if !missing.is_empty() {
            return Some(format!("the system `{}` can't do: {}", self.system.name, missing.join(", ")));
        }
        tells_nothing(case, &self.system).then(|| {
            let untold = untold(case, &self.system).join(", ");
            format!("the system `{}` tells nothing of what is expected: {untold}", self.system.name)
        })
    }

    /// Whether the event loop's life can be chosen.
    pub fn chooses_event_loop(&self) -> bool {
        matches!(self.system.kind, SystemKind::Embedded)
    }

    /// Whether a system is started that has no business with another machine: its providers' hosts lead to the mocks.
    pub fn is_fenced(&self) -> bool {
        let is_started = matches!(self.system.kind, SystemKind::Process(_));
        let has_hosts = self.system.providers.iter().any(|provider| !provider.hosts.is_empty());
        is_started && has_hosts && self.spec.reach == Reach::Loopback && self.spec.live.is_none()
    }

    /// Whether a fresh start is cheap enough to run each case alone.
    pub fn starts_cheaply(&self) -> bool {
        matches!(self.system.kind, SystemKind::Embedded)
    }

    /// What the run measures, and of what it does not, why.
    pub fn measured(&self) -> BTreeMap<String, Measured> {
        let wire = match self.system.kind {
            SystemKind::Embedded | SystemKind::Process(_) => Measured::Yes,
            SystemKind::Url(_) => Measured::not("the providers of a system at a URL are its own: no journal of calls"),
        };
        let resources = ResourceKind::ALL.into_iter().map(|kind| (kind.to_string(), self.accounted(kind)));
        resources.chain([("provider calls".to_owned(), wire)]).collect()
    }

    /// Whether resources of this kind are accounted for, or why not.
    fn accounted(&self, kind: ResourceKind) -> Measured {
        match (&self.system.kind, kind) {
            (SystemKind::Url(_), _) => Measured::not("the system at a URL is elsewhere"),
            (SystemKind::Process(_), ResourceKind::Task) => {
                Measured::not("tasks of a program can't be seen from outside of it")
            }
            (SystemKind::Embedded, ResourceKind::Task) if !tells_of_tasks() => Measured::not(UNTOLD),
            (SystemKind::Embedded, ResourceKind::Task) => Measured::Yes,
            _ if !crate::platform::tells() => Measured::not("only Linux tells"),
            _ => Measured::Yes,
        }
    }

    fn open_stage(
        &mut self,
        unit: &RoundUnit,
        life: StoreLife,
        reports: &mut dyn Reports,
    ) -> Result<ReadySystem, SubjectError> {
        let workplace = self
            .workplace
            .as_mut()
            .ok_or_else(|| SubjectError("the subject was loaded for a look, not for work".to_owned()))?;
        workplace.stages += 1;
        let worker = workplace.scratch.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        // Its own for each stage: what is left of one must be found without touching another.
        let mark = format!("{}.{worker}.{}", workplace.mark, workplace.stages);
        let setting = SystemSetting {
            system: &self.system,
            folder: workplace.scratch.join(format!("s{:04}", workplace.stages)),
            root: &self.spec.root,
            program: &self.spec.program,
            mark: &mark,
            seed: unit.seed,
            defects: &self.spec.defects,
            secrets: &self.spec.secrets,
            python_path: self.spec.python_path.as_deref(),
            virtual_env: self.spec.virtual_env.as_deref(),
            reach: self.spec.reach,
            life,
            sandbox: self.spec.sandbox,
            live: self.spec.live.as_ref(),
            record: self.spec.record.as_deref().map(|folder| (folder, &self.spec.hidden)),
        };
        ReadySystem::open(&setting, &mut |owned: Owned| reports.owns(owned))
    }
}

impl Subject for ScenarioSubject {
    fn prepared(&self) -> Prepared {
        Prepared { cases: u32::try_from(self.cases.len()).unwrap_or(u32::MAX), hash: self.hash() }
    }

    fn run(&mut self, unit: &RoundUnit, reports: &mut dyn Reports) -> RoundEnd {
        let _noise = Noise::around(unit.stress, unit.seed);
        let mut stage = match self.open_stage(unit, StoreLife::Instance, reports) {
            Ok(stage) => stage,
            Err(SubjectError(reason)) => return RoundEnd::NotStarted { reason },
        };
        let end = self.trials(unit, &mut stage, reports);
        stage.close();
        if matches!(self.system.kind, SystemKind::Process(_)) {
            end_orphans();
        }
        end
    }
}

impl ScenarioSubject {
    fn trials(&mut self, unit: &RoundUnit, stage: &mut ReadySystem, reports: &mut dyn Reports) -> RoundEnd {
        let mut lasting = match unit.event_loop {
            EventLoop::Case if self.chooses_event_loop() => None,
            EventLoop::Case | EventLoop::Round => match TaskLoop::new() {
                Ok(event_loop) => Some(event_loop),
                Err(error) => return RoundEnd::NotStarted { reason: format!("no event loop: {error}") },
            },
        };
        let accounts = unit.kind.keeps_a_ledger();
        let holdings =
            lasting.as_mut().filter(|_| accounts).and_then(|event_loop| SystemHoldings::of(stage, event_loop));
        let mut accounts = holdings.map(|holdings| RoundAccounts::open(unit, &holdings));
        for (position, &index) in Position::all().zip(&unit.order).skip(unit.from.index()) {
            if reports.stop_wanted() {
                return RoundEnd::Interrupted;
            }
            if let Some(reason) = stage.death().filter(|_| position > unit.from) {
                // It died between two cases: the one before is to blame, and this one has not begun.
                let outcome =
                    Outcome::Crashed(Failure::new(format!("the system ended after the case: {reason}"), None));
                reports.finished(Position(position.0 - 1), TrialReport::of(outcome));
                return RoundEnd::Died { reason };
            }
            let key = TrialKey { round: unit.round, position };
            let Some(case) = self.cases.get(index.index()).cloned() else { continue };
            let deadline = case.timeout.unwrap_or(Duration::from_millis(unit.case_deadline_ms));
            let mut answers = AnswersSeen::of(&case);
            reports.started(position, (deadline + AROUND) * answers.wanted());
            let begun = Instant::now();
            let done = loop {
                let done = match self.skip(&case) {
                    Some(reason) => Verdictless::skipped(reason),
                    None if needs_own_instance(&case) => self.on_own_instance(&case, key, deadline, unit, reports),
                    None => self.one_trial(&case, key, deadline, unit, stage, lasting.as_mut(), reports),
                };
                if let Some(done) = answers.add(done) {
                    break done;
                }
            };
            if let Some(why) = done.not_made {
                // What could not be asked proves nothing, and neither does the rest of the round.
                reports.note(Note::of_case(index, format!("a live call was not made: {why}")));
                return RoundEnd::Interrupted;
            }
            let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            let mut report = TrialReport {
                micros,
                notes: done.notes,
                loop_bound: done.loop_bound,
                retained: done.retained,
                ..TrialReport::of(done.outcome).with_output(&done.output)
            };
            let death = if report.outcome.is_failure() { stage.death_after_failure() } else { stage.death() };
            if let Some(death) = &death {
                report.outcome = crashed(death, report.outcome);
                report.output = None;
            }
            if let Some(accounts) = &mut accounts
                && let Some(holdings) = lasting.as_mut().and_then(|event_loop| SystemHoldings::of(stage, event_loop))
            {
                accounts.enter(position, &report, &holdings);
            }
            reports.finished(position, report);
            for (earlier, failure) in done.late {
                // Only a trial of this very round can be blamed: its calls were on these mocks.
                if earlier.round == unit.round && earlier.position < position {
                    let outcome = Outcome::Failed(failure);
                    reports.finished(earlier.position, TrialReport::of(outcome));
                }
            }
            if let Some(reason) = death {
                return RoundEnd::Died { reason };
            }
        }
        if let Some(accounts) = accounts
            && let Some(mut holdings) = lasting.as_mut().and_then(|event_loop| SystemHoldings::of(stage, event_loop))
        {
            accounts.close(&mut holdings).into_iter().for_each(|(position, report)| reports.finished(position, report));
        }
        RoundEnd::Completed
    }

    #[allow(clippy::too_many_arguments, reason = "all of a trial's circumstances, used once")]
    fn one_trial(
        &self,
        case: &Case,
        key: TrialKey,
        deadline: Duration,
        unit: &RoundUnit,
        stage: &mut ReadySystem,
        lasting: Option<&mut TaskLoop>,
        reports: &mut dyn Reports,
    ) -> Verdictless {
        let run = CaseRun {
            case,
            key,
            deadline,
            seed: unit.seed,
            stress: unit.stress,
            system: &self.system,
            secrets: &self.spec.secrets,
            keeps_connections: lasting.is_some(),
            waits_for_tasks: unit.kind.keeps_a_ledger(),
        };
        match lasting {
            Some(event_loop) => run.play(event_loop, stage, reports),
            None => match TaskLoop::new() {
                Ok(mut event_loop) => run.play(&mut event_loop, stage, reports),
                Err(error) => Verdictless::errored(format!("no event loop: {error}")),
            },
        }
    }

    /// A restart cleans what other cases left: a case with one must not be able to.
    fn on_own_instance(
        &mut self,
        case: &Case,
        key: TrialKey,
        deadline: Duration,
        unit: &RoundUnit,
        reports: &mut dyn Reports,
    ) -> Verdictless {
        match self.open_stage(unit, StoreLife::Restarts, reports) {
            Err(reason) => Verdictless::errored(format!("an instance of its own could not be started: {reason}")),
            Ok(mut stage) => {
                let done = self.one_trial(case, key, deadline, unit, &mut stage, None, reports);
                stage.close();
                done
            }
        }
    }
}

fn needs_own_instance(case: &Case) -> bool {
    case.needs.contains(&Capability::Restart) || case.steps.iter().any(restarts)
}

fn restarts(step: &Step) -> bool {
    match &step.action {
        Action::Restart => true,
        Action::Concurrently(lanes) => lanes.iter().flatten().any(restarts),
        Action::Eventually { steps, .. } => steps.iter().any(restarts),
        Action::Verb(..) | Action::Http(_) | Action::Look => false,
    }
}

/// The system died under this case, whatever the case itself saw of it.
fn crashed(death: &str, outcome: Outcome) -> Outcome {
    let message = format!("the system ended while the case ran: {death}");
    let mut failure = Failure::new(message, outcome.failure().and_then(|failure| failure.place.clone()));
    if let Some(seen) = outcome.failure() {
        failure = failure.with_details(format!("{}\n{}", seen.message, seen.details));
    }
    Outcome::Crashed(failure)
}
