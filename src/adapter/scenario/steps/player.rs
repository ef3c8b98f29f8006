//! Plays the steps of one case, in their order or side by side.

use super::problem::Problem;
use super::scene::Scene;
use crate::adapter::scenario::answer::Answer;
use crate::adapter::scenario::transport::Target;
use crate::adapter::shared::template::{Variables, environment};
use crate::adapter::system::output::Mark;
use crate::adapter::system::ready_system::ReadySystem;
use crate::engine::Reports;
use crate::model::{Place, Seed, TrialKey};
use crate::provider::{self, Seq};
use crate::scenario::{Action, Case, Reset, Step, System, Verb};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The deadline of a step that has none of its own.
const STEP: Duration = Duration::from_secs(10);

/// An answer with status 200 to `chat`, whose truth is told once everything is quiet.
#[derive(Debug)]
pub(in crate::adapter) struct Played {
    pub place: Place,
    /// The step's window in the journal of calls.
    pub from: Seq,
    pub to: Seq,
    pub said: String,
    pub provider: Option<String>,
    pub cached: bool,
}

/// Audio with status 200 from `synthesize`, whose truth is told once everything is quiet.
#[derive(Debug)]
pub(in crate::adapter) struct Spoken {
    pub place: Place,
    /// The step's window in the journal of calls.
    pub from: Seq,
    pub to: Seq,
    /// The marks in its samples.
    pub heard: Vec<provider::Mark>,
    /// What was to be spoken.
    pub text: String,
    pub voice: Option<String>,
    pub provider: Option<String>,
}

/// Plays the steps of one case.
#[derive(Debug)]
pub(in crate::adapter) struct Player<'a> {
    pub(super) case: &'a Case,
    pub(super) key: TrialKey,
    pub(super) seed: Seed,
    pub(super) system: &'a System,
    pub(super) variables: RefCell<Variables>,
    pub(super) tokens: RefCell<BTreeMap<String, String>>,
    pub played: RefCell<Vec<Played>>,
    pub spoken: RefCell<Vec<Spoken>>,
    /// The handlers of an embedded system.
    pub serving: RefCell<JoinSet<()>>,
}

type StepFuture<'f> = Pin<Box<dyn Future<Output = Result<Option<Answer>, Problem>> + 'f>>;

impl<'a> Player<'a> {
    pub fn new(
        case: &'a Case,
        key: TrialKey,
        seed: Seed,
        system: &'a System,
        secrets: &BTreeMap<String, String>,
    ) -> Self {
        let trial = format!("t{}", &seed.derive(&key.to_string()).to_string()[..10]);
        let mut variables: Variables = [("trial".to_owned(), Value::from(trial))].into();
        variables.extend(environment(secrets));
        Self {
            case,
            key,
            seed,
            system,
            variables: RefCell::new(variables),
            tokens: RefCell::default(),
            played: RefCell::default(),
            spoken: RefCell::default(),
            serving: RefCell::default(),
        }
    }

    /// What has been captured so far, and what names stand for besides.
    pub fn variables(&self) -> Variables {
        self.variables.borrow().clone()
    }

    /// Resets the system, makes the state that the case starts in, and plays its steps.
    pub async fn play(&mut self, stage: &mut ReadySystem, reports: &mut dyn Reports) -> Result<(), Problem> {
        let begun = stage.output.mark();
        let mut target = stage.target();
        if matches!(self.system.reset, Reset::Restart) {
            self.restart(&self.case.place, stage, reports)?;
            target = stage.target();
        }
        self.prepare_run(stage, &target, begun).await?;
        self.reset(&Scene::of(stage, &target, begun)).await?;
        for step in &self.case.steps {
            if matches!(step.action, Action::Restart) {
                self.restart(&step.place, stage, reports)?;
                target = stage.target();
                continue;
            }
            self.step(&Scene::of(stage, &target, begun), step).await?;
        }
        Ok(())
    }

    /// Makes the requests that prepare a run, before its first case.
    pub(super) async fn prepare_run(
        &self,
        stage: &mut ReadySystem,
        target: &Target,
        begun: Mark,
    ) -> Result<(), Problem> {
        if stage.is_prepared {
            return Ok(());
        }
        let place = &self.case.place;
        for binding in &self.system.prepare_run {
            let scene = Scene::of(stage, target, begun);
            let variables = self.with(&scene, []);
            let answer = self.ask(&scene, place, binding, &variables, None, None).await?;
            if !(200..300).contains(&answer.status) {
                let text = format!("{} {}: {} {}", binding.method, binding.path, answer.status, answer.text);
                return Err(Problem::errored(place, format!("preparing the run: {text}")));
            }
        }
        stage.is_prepared = true;
        Ok(())
    }

    fn restart(&self, place: &Place, stage: &mut ReadySystem, reports: &mut dyn Reports) -> Result<(), Problem> {
        stage
            .restart(&mut |owned| reports.owns(owned))
            .map_err(|error| Problem::errored(place, format!("restart: {error}")))
    }

    pub(super) fn with(&self, scene: &Scene<'_>, more: impl IntoIterator<Item = (&'static str, Value)>) -> Variables {
        let mut variables = scene.stage_variables.clone();
        variables.extend(self.variables());
        variables.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        variables
    }

    /// Plays one step and gives its answer, if it has one.
    fn step<'f>(&'f self, scene: &'f Scene<'f>, step: &'f Step) -> StepFuture<'f> {
        Box::pin(async move {
            let begun = Instant::now();
            let allowed = step.within.unwrap_or(STEP);
            let answer = match tokio::time::timeout(allowed.max(longest(step)), self.action(scene, step)).await {
                Ok(answer) => answer?,
                Err(_) => {
                    let mut problem = Problem::failed(&step.place, format!("the step did not end within {allowed:?}"));
                    problem.timed_out = true;
                    return Err(problem);
                }
            };
            if let Some(within) = step.within
                && begun.elapsed() > within
                && !matches!(step.action, Action::Eventually { .. })
            {
                let text = format!("within: expected at most {within:?}, was {:?}", begun.elapsed());
                return Err(Problem::failed(&step.place, text));
            }
            self.check(scene, step, answer.as_ref()).await?;
            self.capture(step, answer.as_ref())?;
            Ok(answer)
        })
    }

    async fn action(&self, scene: &Scene<'_>, step: &Step) -> Result<Option<Answer>, Problem> {
        match &step.action {
            Action::Verb(verb, arguments) => {
                self.act(scene, &step.place, *verb, arguments, step.learner.as_deref()).await.map(Some)
            }
            Action::Http(request) => self.http(scene, &step.place, request, step.learner.as_deref()).await.map(Some),
            Action::Concurrently(lanes) => self.concurrently(scene, &step.place, lanes).await.map(Some),
            Action::Eventually { within, every, steps } => {
                self.eventually(scene, *within, *every, steps).await.map(|()| None)
            }
            Action::Restart => Err(Problem::errored(&step.place, "a restart can't stand inside another step")),
            Action::Look => Ok(None),
        }
    }

    /// Runs the lanes side by side; the answers of their last steps become the list that expectations speak of.
    async fn concurrently(&self, scene: &Scene<'_>, place: &Place, lanes: &[Vec<Step>]) -> Result<Answer, Problem> {
        // Learners get their tokens first, so that it is the lanes that race and nothing else.
        for step in lanes.iter().flatten() {
            if matches!(&step.action, Action::Verb(verb, _) if !matches!(verb, Verb::Register | Verb::Login)) {
                self.token(scene, place, self.learner(step.learner.as_deref())).await?;
            }
        }
        let lane = async |steps: &Vec<Step>| -> Result<Option<Answer>, Problem> {
            let mut last = None;
            for step in steps {
                last = self.step(scene, step).await?;
            }
            Ok(last)
        };
        // The first lane that fails ends the others: they may wait for it.
        let answers = futures_util::future::try_join_all(lanes.iter().map(lane)).await?;
        let answers: Vec<Answer> = answers.into_iter().flatten().collect();
        let fields = answers.iter().map(|answer| {
            let mut fields: serde_json::Map<String, Value> = answer.fields.clone().into_iter().collect();
            fields.insert("status".into(), Value::from(answer.status));
            Value::Object(fields)
        });
        Ok(Answer { json: Some(Value::Array(fields.collect())), ..Answer::default() })
    }

    async fn eventually(
        &self,
        scene: &Scene<'_>,
        within: Duration,
        every: Duration,
        steps: &[Step],
    ) -> Result<(), Problem> {
        let deadline = Instant::now() + within;
        loop {
            let (played, spoken) = (self.played.borrow().len(), self.spoken.borrow().len());
            let mut result = Ok(None);
            for step in steps {
                result = self.step(scene, step).await;
                if result.is_err() {
                    break;
                }
            }
            match result {
                Ok(_) => return Ok(()),
                Err(problem) if Instant::now() >= deadline => {
                    let text = format!("{} (tried for {within:?})", problem.text);
                    return Err(Problem { text, ..problem });
                }
                Err(_) => {
                    self.played.borrow_mut().truncate(played);
                    self.spoken.borrow_mut().truncate(spoken);
                    tokio::time::sleep(every).await;
                }
            }
        }
    }
}

/// The deadlines inside a step that are its own.
fn longest(step: &Step) -> Duration {
    match &step.action {
        Action::Eventually { within, .. } => *within + STEP,
        Action::Concurrently(lanes) => {
            lanes.iter().map(|steps| steps.iter().map(|step| step.within.unwrap_or(STEP)).sum()).max().unwrap_or(STEP)
        }
        Action::Verb(..) | Action::Http(_) | Action::Restart | Action::Look => Duration::ZERO,
    }
}
