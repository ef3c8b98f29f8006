//! Runs the healthy tutor, then each defective one.

use crate::adapter::{Reach, Sandbox};
use crate::app::selfcheck::options::UnknownDefect;
use crate::app::selfcheck::weigh::weigh;
use crate::app::selfcheck::{Expectation, Healthy, Matrix, Row, ScenarioSource, SelfCheckOptions, Sentence, scenarios};
use crate::app::{Accounting, AloneRounds, AppError, Effort, Finished, RunOptions, ToolInfo, Watcher, files, run};
use crate::engine::StopHandle;
use crate::event::Entry;
use crate::model::{CaseIndex, Clock, EventLoop, FindingKind, Seed};
use crate::plan::{Grouping, Strategy};
use crate::report::JunitDetail;
use crate::scenario::SCENARIO_FOLDER;
use crate::tutor::Defect;
use crate::verdict::Gate;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

/// No run takes that long, however slow the machine is. One that does is not trusted.
const LONGEST_RUN: Duration = Duration::from_secs(900);

/// What becomes known while a self-check goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The healthy tutor was run.
    Healthy(&'a Healthy),
    /// A defect was tried.
    Tried(&'a Row),
}

/// Runs the scenarios against the healthy tutor and against each defective one. `expected` says what must be seen of a
/// defect: [`super::expectation`], but for tests of the self-check itself.
///
/// # Errors
/// If the arguments are wrong, or runs can't be kept.
pub fn selfcheck(
    options: &SelfCheckOptions,
    expected: &(dyn Fn(Defect) -> Expectation + Sync),
    tool: &ToolInfo,
    clock: &dyn Clock,
    told: &mut dyn FnMut(Progress<'_>),
    stoppable: &(dyn Fn(StopHandle) + Sync),
) -> Result<Matrix, AppError> {
    let begun = Instant::now();
    let defects = options.defects().map_err(|UnknownDefect(name)| {
        let known: Vec<&str> = Defect::ALL.iter().map(|defect| defect.name()).collect();
        AppError::Usage(format!("there is no defect `{name}`; these are known: {}", known.join(", ")))
    })?;
    let laboratory = Laboratory::set_up(options, tool, clock, stoppable)?;
    let healthy = laboratory.healthy(&defects, expected)?;
    told(Progress::Healthy(&healthy));
    let rows = laboratory.all(&defects, expected, told)?;
    let interrupted = laboratory.interrupted.load(Ordering::SeqCst);
    Ok(Matrix { seed: options.seed, healthy, rows, took: begun.elapsed(), folder: laboratory.folder, interrupted })
}

/// What all runs have in common.
struct Laboratory<'a> {
    options: &'a SelfCheckOptions,
    tool: &'a ToolInfo,
    clock: &'a dyn Clock,
    stoppable: &'a (dyn Fn(StopHandle) + Sync),
    /// Where the runs of this self-check are.
    folder: PathBuf,
    /// The folder that has `scenarios/` in it.
    project: PathBuf,
    interrupted: AtomicBool,
}

impl<'a> Laboratory<'a> {
    fn set_up(
        options: &'a SelfCheckOptions,
        tool: &'a ToolInfo,
        clock: &'a dyn Clock,
        stoppable: &'a (dyn Fn(StopHandle) + Sync),
    ) -> Result<Self, AppError> {
        let (_, folder) = files::new_run(&options.report_dir.join("selfcheck"), clock.now(), options.seed)?;
        let folder = folder.canonicalize().map_err(AppError::io(&folder))?;
        let project = match &options.scenarios {
            ScenarioSource::Project(project) => project.clone(),
            ScenarioSource::Shipped => {
                let project = folder.join("project");
                scenarios::unpack(&project)?;
                project
            }
        };
        Ok(Self { options, tool, clock, stoppable, folder, project, interrupted: AtomicBool::new(false) })
    }

    /// All cases of the defects' selections in shuffled rounds without a defect.
    fn healthy(
        &self,
        defects: &[Defect],
        expected: &(dyn Fn(Defect) -> Expectation + Sync),
    ) -> Result<Healthy, AppError> {
        let begun = Instant::now();
        let mut selections: Vec<&str> = defects.iter().map(|defect| expected(*defect).selection).collect();
        selections.sort_unstable();
        selections.dedup();
        let selection = if self.options.only.is_empty() { "*".to_owned() } else { selections.join(", ") };
        let mut options = self.run_options("healthy", &selection, Strategy::Shuffle);
        options.jobs = self.options.jobs;
        let cases = crate::app::list(&self.project, &options.paths, &options.system, Some(&selection), self.tool)?;
        let runnable = cases.iter().filter(|case| case.skip.is_none()).count().max(1);
        let rounds = self.options.healthy_trials.div_ceil(u32::try_from(runnable).unwrap_or(u32::MAX));
        options.rounds = Some(rounds.max(1));
        let finished = self.run(&options)?;
        let judged = finished.judgement.cases.iter().filter(|case| case.verdict.is_finding());
        let name = |case: CaseIndex| finished.record.case(case).map_or_else(String::new, |info| info.id.to_string());
        let mut accused: Vec<String> = judged.map(|case| format!("{} ({})", name(case.case), case.verdict)).collect();
        match &finished.judgement.gate {
            Gate::Passed | Gate::Failed => {}
            other => accused.push(format!("the run did not come to its end: {other:?}")),
        }
        Ok(Healthy {
            cases: cases.len(),
            trials: finished.record.trials(),
            rounds: finished.record.completed_rounds(),
            accused,
            took: begun.elapsed(),
        })
    }

    /// Every defect, several side by side.
    fn all(
        &self,
        defects: &[Defect],
        expected: &(dyn Fn(Defect) -> Expectation + Sync),
        told: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Row>, AppError> {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        let error = Mutex::new(None);
        let work = |sender: mpsc::Sender<(usize, Row)>| {
            while let Some((place, defect)) = take(&next, defects) {
                match self.one(defect, expected(defect)) {
                    Ok(row) => {
                        if sender.send((place, row)).is_err() {
                            return;
                        }
                    }
                    Err(failure) => {
                        *error.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                        next.store(defects.len(), Ordering::SeqCst);
                    }
                }
            }
        };
        let mut rows = Vec::new();
        std::thread::scope(|scope| {
            for _ in 0..self.options.jobs.max(1) {
                let sender = sender.clone();
                scope.spawn(|| work(sender));
            }
            drop(sender);
            for (place, row) in receiver {
                told(Progress::Tried(&row));
                rows.push((place, row));
            }
        });
        match error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failure) => Err(failure),
            None => {
                rows.sort_by_key(|(place, _)| *place);
                Ok(rows.into_iter().map(|(_, row)| row).collect())
            }
        }
    }

    /// One defect: one plan after the other, until something is found.
    fn one(&self, defect: Defect, expectation: Expectation) -> Result<Row, AppError> {
        let begun = Instant::now();
        let (mut rounds, mut trials) = (0, 0);
        let mut sentence = Sentence::NotRun { why: "it was interrupted".to_owned() };
        for whole_rounds in plans(&expectation) {
            if self.interrupted.load(Ordering::SeqCst) {
                break;
            }
            let mut options = self.run_options(defect.name(), expectation.selection, Strategy::Mixed);
            options.rounds = *whole_rounds;
            options.defects = vec![defect];
            let finished = self.run(&options)?;
            let (weighed, begun_rounds) = weigh(&expectation, &finished)?;
            sentence = weighed;
            rounds += begun_rounds;
            trials += finished.record.trials();
            if sentence != Sentence::Missed {
                break;
            }
        }
        Ok(Row { defect, expectation, sentence, rounds, trials, took: begun.elapsed() })
    }

    fn run(&self, options: &RunOptions) -> Result<Finished, AppError> {
        let mut stoppable = |handle| (self.stoppable)(handle);
        let finished = run(options, self.tool, self.clock, &mut Unwatched, &mut stoppable)?;
        if finished.judgement.gate == Gate::Interrupted {
            self.interrupted.store(true, Ordering::SeqCst);
        }
        Ok(finished)
    }

    fn run_options(&self, name: &str, selection: &str, strategy: Strategy) -> RunOptions {
        RunOptions {
            root: self.project.clone(),
            paths: vec![SCENARIO_FOLDER.into()],
            system: "embedded".to_owned(),
            record: None,
            live: None,
            suite: None,
            python: None,
            suite_name: None,
            question: None,
            filter: Some(selection.to_owned()),
            strategy,
            order: None,
            group: Some(Grouping::None),
            effort: Effort::default(),
            rounds: None,
            since: None,
            shard: None,
            fleet: None,
            seed: seed(self.options.seed, name),
            alone: AloneRounds::WhereCheap,
            keep_going: true,
            fail_fast: false,
            stress: None,
            sandbox: Sandbox::Tmp,
            reach: Reach::Loopback,
            event_loops: vec![EventLoop::Case],
            fail_on: [
                FindingKind::Broken,
                FindingKind::OrderDependent,
                FindingKind::Intermittent,
                FindingKind::LoopBound,
                FindingKind::Leak,
            ]
            .into(),
            confidence: 0.95,
            max_flake_rate: None,
            max_time: Some(LONGEST_RUN),
            jobs: 1,
            case_timeout: Duration::from_secs(30),
            report_dir: self.folder.join(name),
            history: None,
            junit: None,
            junit_detail: JunitDetail::Case,
            json: None,
            html: None,
            markdown: None,
            leaks: Vec::new(),
            accounting: Accounting::On,
            trust: false,
            defects: Vec::new(),
        }
    }
}

/// The plans to try, in turn: how many orders of all cases, besides each case alone and twice. What fails by itself
/// shows in the first; what depends on the order, or is rare, needs the default plan, and with some seeds more shuffles.
fn plans(expectation: &Expectation) -> &'static [Option<u32>] {
    match expectation.kind {
        FindingKind::Broken | FindingKind::Intermittent => &[Some(1), None],
        FindingKind::OrderDependent => &[None, Some(MORE_ROUNDS)],
        FindingKind::EnvironmentDependent
        | FindingKind::Undiagnosed
        | FindingKind::Disagrees
        | FindingKind::NonIdempotent
        | FindingKind::LoopBound
        | FindingKind::Leak
        | FindingKind::Skipped => &[None],
    }
}

/// How many orders of all cases are tried where the default plan found nothing: one shuffle in four shows what is rarest.
const MORE_ROUNDS: u32 = 40;

fn take(next: &AtomicUsize, defects: &[Defect]) -> Option<(usize, Defect)> {
    let place = next.fetch_add(1, Ordering::SeqCst);
    defects.get(place).map(|defect| (place, *defect))
}

fn seed(root: Seed, name: &str) -> Seed {
    root.derive(&format!("selfcheck {name}"))
}

/// Nobody looks at the single runs.
struct Unwatched;

impl Watcher for Unwatched {
    fn fact(&mut self, _entry: &Entry) {}
    fn say(&mut self, _line: &str) {}
}
