//! The steps of a case, played against a stage.

use crate::adapter::answer::{Answer, StreamSeen};
use crate::adapter::check::{mismatch, show, tally};
use crate::adapter::reach::file_within;
use crate::adapter::stage::Stage;
use crate::adapter::stream::EventReader;
use crate::adapter::template::{Variables, environment, fill, fill_path, fill_text, plain};
use crate::adapter::transport::{self, Exchange, Target, TransportError};
use crate::engine::Reports;
use crate::model::{Place, Seed, TrialKey};
use crate::provider::{Providers, Seq};
use crate::scenario::{
    Action, Auth, Binding, BindingAuth, Case, DEFAULT_LEARNER, Expectation, HttpBody, HttpRequest, LOG_PATIENCE,
    Matcher, Reset, Step, StreamSubject, Subject, System, Verb,
};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The deadline of a step that has none of its own.
const STEP: Duration = Duration::from_secs(10);

/// How much of an answer is read, in bytes: what is longer is a failure, not a reason to run out of memory.
const LONGEST_ANSWER: usize = 16 << 20;

/// The pause between two looks at the log.
const LOOK: Duration = Duration::from_millis(10);

/// The password of learners that name none.
const PASSWORD: &str = "correct horse battery staple";

/// What is wrong with a step.
#[derive(Debug)]
pub(super) struct Problem {
    pub place: Place,
    pub text: String,
    /// The step could not be made at all.
    pub errored: bool,
    pub timed_out: bool,
}

impl Problem {
    fn failed(place: &Place, text: impl Into<String>) -> Self {
        Self { place: place.clone(), text: text.into(), errored: false, timed_out: false }
    }

    fn errored(place: &Place, text: impl Into<String>) -> Self {
        Self { errored: true, ..Self::failed(place, text) }
    }

    pub fn timed_out(place: Place, deadline: Duration) -> Self {
        let text = format!("the case did not end within {deadline:?}");
        Self { place, text, errored: false, timed_out: true }
    }
}

/// An answer with status 200 to `chat`, whose truth is told once everything is quiet.
#[derive(Debug)]
pub(super) struct Played {
    pub place: Place,
    /// The step's window in the journal of calls.
    pub from: Seq,
    pub to: Seq,
    pub said: String,
    pub provider: Option<String>,
    pub cached: bool,
}

/// Plays the steps of one case.
#[derive(Debug)]
pub(super) struct Player<'a> {
    case: &'a Case,
    key: TrialKey,
    seed: Seed,
    system: &'a System,
    variables: RefCell<Variables>,
    tokens: RefCell<BTreeMap<String, String>>,
    pub played: RefCell<Vec<Played>>,
    /// The handlers of an embedded system.
    pub serving: RefCell<JoinSet<()>>,
}

/// What a lane is played on. Lanes that run side by side share it.
#[derive(Clone, Copy)]
struct Scene<'a> {
    target: &'a Target,
    providers: Option<&'a Providers>,
    output: &'a crate::adapter::output::Output,
    stage_variables: &'a Variables,
    begun: crate::adapter::output::Mark,
}

impl<'s> Scene<'s> {
    /// The folders that a system file may name files in: the project's and the round's.
    fn folders(&self) -> [&'s Path; 2] {
        let folder = |name: &str| self.stage_variables.get(name).and_then(Value::as_str).unwrap_or_default();
        [Path::new(folder("root")), Path::new(folder("dir"))]
    }
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
            serving: RefCell::default(),
        }
    }

    /// What has been captured so far, and what names stand for besides.
    pub fn variables(&self) -> Variables {
        self.variables.borrow().clone()
    }

    /// Resets the system, makes the state that the case starts in, and plays its steps.
    pub async fn play(&mut self, stage: &mut Stage, reports: &mut dyn Reports) -> Result<(), Problem> {
        let begun = stage.output.mark();
        let mut target = stage.target();
        if matches!(self.system.reset, Reset::Restart) {
            self.restart(&self.case.place, stage, reports)?;
            target = stage.target();
        }
        self.reset(&scene(stage, &target, begun)).await?;
        for step in &self.case.steps {
            if matches!(step.action, Action::Restart) {
                self.restart(&step.place, stage, reports)?;
                target = stage.target();
                continue;
            }
            self.step(&scene(stage, &target, begun), step).await?;
        }
        Ok(())
    }

    fn restart(&self, place: &Place, stage: &mut Stage, reports: &mut dyn Reports) -> Result<(), Problem> {
        stage
            .restart(&mut |owned| reports.owns(owned))
            .map_err(|error| Problem::errored(place, format!("restart: {error}")))
    }

    async fn reset(&self, scene: &Scene<'_>) -> Result<(), Problem> {
        let place = &self.case.place;
        match &self.system.reset {
            Reset::Http(binding) => {
                let variables = self.with(scene, self.given());
                let answer = self.ask(scene, place, binding, &variables, None, None).await?;
                if !(200..300).contains(&answer.status) {
                    let text = format!("the reset was answered with {}: {}", answer.status, answer.text);
                    return Err(Problem::errored(place, text));
                }
            }
            Reset::Sql { file, statements } => {
                let refused =
                    |error: &dyn std::fmt::Display| Problem::errored(place, format!("reset: {file}: {error}"));
                let path = fill_text(file, scene.stage_variables).map_err(|error| refused(&error))?;
                // What the environment names was chosen by whoever runs, not by whoever wrote the file.
                let path = if file.contains("${env.") {
                    PathBuf::from(path)
                } else {
                    file_within(&path, scene.folders()).map_err(|error| refused(&error))?
                };
                run_sql(&path, statements).map_err(|error| refused(&error))?;
            }
            Reset::Restart | Reset::FreshLearner | Reset::None => {}
        }
        for learner in &self.case.given.learners {
            if !learner.settings.is_empty() {
                self.act(scene, place, Verb::Settings, &learner.settings, Some(&learner.name)).await?;
            }
        }
        Ok(())
    }

    /// `given`, as the reset's template names it.
    fn given(&self) -> Vec<(&'static str, Value)> {
        let given = &self.case.given;
        let mut values = Vec::new();
        let money = |money: crate::model::Money| serde_json::from_str(&money.to_string()).unwrap_or(Value::Null);
        values.extend(given.limit.map(|limit| ("limit", money(limit))));
        values.extend(given.used.map(|used| ("used", money(used))));
        values.extend(given.now.map(|now| ("now", Value::from(now.to_string()))));
        let millis = |time: Duration| Value::from(u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
        values.extend(given.provider_timeout.map(|timeout| ("provider_timeout_ms", millis(timeout))));
        if !given.unhealthy.is_empty() {
            let names: Vec<&str> = given.unhealthy.iter().map(|name| name.as_str()).collect();
            values.push(("unhealthy", Value::from(names)));
        }
        values
    }

    fn with(&self, scene: &Scene<'_>, more: impl IntoIterator<Item = (&'static str, Value)>) -> Variables {
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
            let played = self.played.borrow().len();
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
                    tokio::time::sleep(every).await;
                }
            }
        }
    }

    fn learner<'s>(&'s self, named: Option<&'s str>) -> &'s str {
        named.or(self.case.given.learners.first().map(|learner| learner.name.as_str())).unwrap_or(DEFAULT_LEARNER)
    }

    /// The learner's name as the system knows it: their own in each case where that is all that keeps cases apart.
    fn known_name(&self, learner: &str) -> String {
        match self.system.reset {
            Reset::FreshLearner => format!("{learner}-{}", self.seed.derive(&format!("{}.{learner}", self.key))),
            _ => learner.to_owned(),
        }
    }

    /// The learner's token. A learner that has none yet registers, or logs in where the system has no registration.
    async fn token(&self, scene: &Scene<'_>, place: &Place, learner: &str) -> Result<Option<String>, Problem> {
        if let Some(token) = self.tokens.borrow().get(learner) {
            return Ok(Some(token.clone()));
        }
        let verb = [Verb::Register, Verb::Login].into_iter().find(|verb| self.system.verbs.contains_key(verb));
        let Some((verb, binding)) = verb.and_then(|verb| Some((verb, self.system.verbs.get(&verb)?))) else {
            return Ok(None);
        };
        let name = Value::from(self.known_name(learner));
        let variables = self.with(scene, [("name", name), ("password", Value::from(PASSWORD))]);
        let answer = self.ask(scene, place, binding, &variables, None, None).await?;
        match answer.field("token") {
            Some(token) => {
                let token = plain(&token);
                self.tokens.borrow_mut().insert(learner.to_owned(), token.clone());
                Ok(Some(token))
            }
            None => {
                let text = format!("{verb} of {learner} gave no token: {} {}", answer.status, answer.text);
                Err(Problem::errored(place, text))
            }
        }
    }

    /// Carries a verb out.
    async fn act(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        verb: Verb,
        arguments: &BTreeMap<String, Value>,
        learner: Option<&str>,
    ) -> Result<Answer, Problem> {
        let learner = self.learner(learner);
        let arguments = self.arguments(place, verb, arguments, learner)?;
        let binding = match verb {
            Verb::Settings if arguments.keys().any(|name| name != "token") => self.system.change_settings.as_ref(),
            _ => self.system.verbs.get(&verb),
        };
        let Some(binding) = binding else {
            return Err(Problem::errored(place, format!("the system `{}` has no `{verb}`", self.system.name)));
        };
        let token = match (binding.auth, arguments.get("token")) {
            (_, Some(token)) => Some(plain(token)),
            (BindingAuth::Learner, None) => self.token(scene, place, learner).await?,
            (BindingAuth::Admin | BindingAuth::Nobody, None) => None,
        };
        let mut variables = self.with(scene, []);
        variables.extend(arguments.clone());
        if let Some(providers) = scene.providers {
            // Even without a message: from now on requests can be this case's own.
            providers.sent(&arguments.get("message").map(plain).unwrap_or_default());
        }
        let from = scene.providers.map(Providers::cursor);
        let hang_up = arguments.get("hang_up_after").and_then(Value::as_u64);
        let answer = self.ask(scene, place, binding, &variables, token, hang_up).await?;
        self.remember(scene, place, verb, &answer, learner, from);
        Ok(answer)
    }

    /// The arguments with everything captured filled in, names of learners and default passwords included.
    fn arguments(
        &self,
        place: &Place,
        verb: Verb,
        arguments: &BTreeMap<String, Value>,
        learner: &str,
    ) -> Result<BTreeMap<String, Value>, Problem> {
        let variables = self.variables.borrow();
        let mut filled = BTreeMap::new();
        for (name, value) in arguments {
            let value = fill(value, &variables).map_err(|error| Problem::errored(place, error.to_string()))?;
            filled.extend(value.map(|value| (name.clone(), value)));
        }
        if matches!(verb, Verb::Register | Verb::Login) {
            filled.entry("name".into()).or_insert_with(|| Value::from(self.known_name(learner)));
            filled.entry("password".into()).or_insert_with(|| Value::from(PASSWORD));
        }
        Ok(filled)
    }

    /// Keeps what later steps and the end of the case need: tokens, and answers whose truth is to be told.
    fn remember(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        verb: Verb,
        answer: &Answer,
        learner: &str,
        from: Option<Seq>,
    ) {
        if matches!(verb, Verb::Register | Verb::Login)
            && let Some(token) = answer.field("token")
        {
            self.tokens.borrow_mut().insert(learner.to_owned(), plain(&token));
        }
        let ended = answer.stream.as_ref().is_none_or(|stream| stream.names.last().is_some_and(|last| last == "done"));
        if let (Verb::Chat, 200, true, Some(from), Some(providers)) =
            (verb, answer.status, ended, from, scene.providers)
        {
            self.played.borrow_mut().push(Played {
                place: place.clone(),
                from,
                to: providers.cursor(),
                said: answer.said().unwrap_or_default(),
                provider: answer.field("provider").map(|provider| plain(&provider)),
                cached: answer.field("cached") == Some(Value::Bool(true)),
            });
        }
    }

    async fn http(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        request: &HttpRequest,
        learner: Option<&str>,
    ) -> Result<Answer, Problem> {
        let variables = self.with(scene, []);
        let unknown = |error: crate::adapter::template::UnknownName| Problem::errored(place, error.to_string());
        let mut headers = BTreeMap::new();
        for (name, value) in &request.headers {
            headers.insert(name.clone(), fill_text(value, &variables).map_err(unknown)?);
        }
        let auth = match &request.auth {
            Auth::Nobody => None,
            Auth::Admin => self.auth_header(self.system.admin_auth.as_ref(), &variables, None),
            Auth::Learner => {
                let token = self.token(scene, place, self.learner(learner)).await?;
                self.auth_header(self.system.learner_auth.as_ref(), &variables, token)
            }
            Auth::Token(token) => {
                let token = fill_text(token, &variables).map_err(unknown)?;
                self.auth_header(self.system.learner_auth.as_ref(), &variables, Some(token))
            }
        };
        headers.extend(auth);
        let mut sent = String::new();
        let body = match &request.body {
            HttpBody::Empty => Bytes::new(),
            HttpBody::Text(text) => Bytes::from(fill_text(text, &variables).map_err(unknown)?),
            HttpBody::Json(value) => {
                headers.entry("content-type".into()).or_insert_with(|| "application/json".into());
                let value = fill(value, &variables).map_err(unknown)?.unwrap_or(Value::Null);
                sent = value.get("message").map(plain).unwrap_or_default();
                Bytes::from(value.to_string())
            }
        };
        if let Some(providers) = scene.providers {
            providers.sent(&sent);
        }
        let path = fill_text(&request.path, &variables).map_err(unknown)?;
        self.exchange(scene, place, Outgoing { method: &request.method, path: &path, headers, body }, None, None).await
    }

    fn auth_header(
        &self,
        header: Option<&(String, String)>,
        variables: &Variables,
        token: Option<String>,
    ) -> Option<(String, String)> {
        let (name, template) = header?;
        let mut variables = variables.clone();
        variables.extend(token.map(|token| ("token".to_owned(), Value::from(token))));
        Some((name.to_lowercase(), fill_text(template, &variables).ok()?))
    }

    /// Makes the request of a binding and finds the fields of its answer.
    async fn ask(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        binding: &Binding,
        variables: &Variables,
        token: Option<String>,
        hang_up: Option<u64>,
    ) -> Result<Answer, Problem> {
        let unknown = |error: crate::adapter::template::UnknownName| Problem::errored(place, error.to_string());
        let mut headers = BTreeMap::new();
        for (name, value) in &binding.headers {
            headers.insert(name.to_lowercase(), fill_text(value, variables).map_err(unknown)?);
        }
        match (binding.auth, token) {
            (BindingAuth::Admin, None) => {
                headers.extend(self.auth_header(self.system.admin_auth.as_ref(), variables, None))
            }
            (_, Some(token)) => {
                headers.extend(self.auth_header(self.system.learner_auth.as_ref(), variables, Some(token)));
            }
            (BindingAuth::Learner | BindingAuth::Nobody, None) => {}
        }
        let body = match &binding.body {
            None => Bytes::new(),
            Some(template) => {
                headers.entry("content-type".into()).or_insert_with(|| "application/json".into());
                Bytes::from(fill(template, variables).map_err(unknown)?.unwrap_or_else(|| json!({})).to_string())
            }
        };
        let path = fill_path(&binding.path, variables).map_err(unknown)?;
        let outgoing = Outgoing { method: &binding.method, path: &path, headers, body };
        let mut answer = self.exchange(scene, place, outgoing, Some(binding), hang_up).await?;
        answer.bind(binding, self.system);
        Ok(answer)
    }

    async fn exchange(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        outgoing: Outgoing<'_>,
        binding: Option<&Binding>,
        hang_up: Option<u64>,
    ) -> Result<Answer, Problem> {
        let what = format!("{} {}", outgoing.method, outgoing.path);
        let request =
            outgoing.build(scene.target).map_err(|error| Problem::errored(place, format!("{what}: {error}")))?;
        let failed = |error: TransportError| Problem::failed(place, format!("{what}: {error}"));
        let begun = Instant::now();
        let exchange = transport::send(scene.target, request, &self.serving).await.map_err(failed)?;
        read(exchange, begun, binding, hang_up).await.map_err(|error| match error {
            ReadError::Transport(error) => failed(error),
            ReadError::TooLong => {
                Problem::failed(place, format!("{what}: the answer is longer than {LONGEST_ANSWER} bytes"))
            }
        })
    }

    /// Checks what the step expects. All that does not hold is told at once.
    async fn check(&self, scene: &Scene<'_>, step: &Step, answer: Option<&Answer>) -> Result<(), Problem> {
        let mut problems: Vec<Problem> = Vec::new();
        for expectation in &step.expect {
            let wrong = match &expectation.subject {
                Subject::Log => self.check_log(scene, expectation).await,
                _ => self.check_answer(step, expectation, answer),
            };
            problems.extend(wrong.map(|text| Problem::failed(&expectation.place, text)));
        }
        if problems.is_empty() {
            return Ok(());
        }
        let mut text: Vec<String> = problems.iter().map(|problem| problem.text.clone()).collect();
        if let Some(answer) = answer.filter(|answer| answer.status >= 400) {
            text.push(format!("the answer was {}: {}", answer.status, super::check::shorten(&answer.text)));
        }
        Err(Problem::failed(&problems[0].place, text.join("\n")))
    }

    fn check_answer(&self, step: &Step, expectation: &Expectation, answer: Option<&Answer>) -> Option<String> {
        let answer = answer?;
        let variables = self.variables.borrow();
        let name = name_of(&expectation.subject);
        if let (Action::Concurrently(_), Some(answers)) = (&step.action, answer.json.as_ref().and_then(Value::as_array))
        {
            return check_set(&expectation.subject, &expectation.matcher, answers, &variables)
                .map(|text| format!("{name}: {text}"));
        }
        let found = answer.value(&expectation.subject);
        let wanted = mismatch(&expectation.matcher, found.as_ref(), &variables)?;
        Some(format!("{name}: expected {wanted}, was {}", show(found.as_ref())))
    }

    /// What the system writes comes when it comes: what is expected of it may take a moment to hold.
    async fn check_log(&self, scene: &Scene<'_>, expectation: &Expectation) -> Option<String> {
        let deadline = Instant::now() + LOG_PATIENCE;
        loop {
            let text = Value::from(scene.output.since(scene.begun));
            let wanted = mismatch(&expectation.matcher, Some(&text), &self.variables.borrow())?;
            if Instant::now() >= deadline || matches!(expectation.matcher, Matcher::Not(_)) {
                return Some(format!("log: expected {wanted}, was {}", show(Some(&text))));
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn capture(&self, step: &Step, answer: Option<&Answer>) -> Result<(), Problem> {
        for capture in &step.capture {
            // The value as it came, marks and all: it may go back to the system.
            let value = answer.and_then(|answer| match &capture.from {
                Subject::Field(name) => answer.field(name),
                subject => answer.value(subject),
            });
            let Some(value) = value else {
                let text = format!("capture {}: there is no {}", capture.name, name_of(&capture.from));
                return Err(Problem::failed(&capture.place, text));
            };
            self.variables.borrow_mut().insert(capture.name.clone(), value);
        }
        Ok(())
    }
}

fn scene<'s>(stage: &'s Stage, target: &'s Target, begun: crate::adapter::output::Mark) -> Scene<'s> {
    Scene {
        target,
        providers: stage.providers.as_ref(),
        output: &stage.output,
        stage_variables: &stage.variables,
        begun,
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

/// Checks an expectation on the answers of lanes that ran side by side.
fn check_set(subject: &Subject, matcher: &Matcher, answers: &[Value], variables: &Variables) -> Option<String> {
    let values = |subject: &Subject| -> Vec<Value> {
        let of = |answer: &Value| match subject {
            Subject::Status => answer.get("status").cloned(),
            Subject::Field(name) => answer.get(name).cloned(),
            _ => None,
        };
        answers.iter().map(|answer| of(answer).unwrap_or(Value::Null)).collect()
    };
    match subject {
        Subject::Tally(inner) => {
            let found = Value::Array(values(inner));
            let wanted = mismatch(matcher, Some(&found), variables)?;
            let counts: Vec<String> =
                tally(Some(&found)).into_iter().map(|(value, count)| format!("{value}: {count}")).collect();
            Some(format!("expected {wanted}, was {}", counts.join(", ")))
        }
        Subject::Path(_, path) => {
            let all = Value::Array(answers.to_vec());
            let found = Value::Array(path.query(&all).all().into_iter().cloned().collect());
            let wanted = mismatch(matcher, Some(&found), variables)?;
            Some(format!("expected {wanted}, was {}", show(Some(&found))))
        }
        _ => values(subject).iter().find_map(|value| {
            let wanted = mismatch(matcher, Some(value), variables)?;
            Some(format!("expected {wanted} of every answer, was {}", show(Some(value))))
        }),
    }
}

fn name_of(subject: &Subject) -> String {
    match subject {
        Subject::Status => "status".into(),
        Subject::Field(name) | Subject::Path(name, _) => name.clone(),
        Subject::Header(name) => format!("header.{name}"),
        Subject::Body => "body".into(),
        Subject::Stream(StreamSubject::Events) => "stream.events".into(),
        Subject::Stream(StreamSubject::Text) => "stream.text".into(),
        Subject::Stream(StreamSubject::Chunks) => "stream.chunks".into(),
        Subject::Stream(StreamSubject::FirstWithin) => "stream.first_within (ms)".into(),
        Subject::Stream(StreamSubject::MaxGap) => "stream.max_gap (ms)".into(),
        Subject::Log => "log".into(),
        Subject::Tally(inner) => name_of(inner),
    }
}

/// A request about to be sent.
#[derive(Debug)]
struct Outgoing<'a> {
    method: &'a str,
    path: &'a str,
    headers: BTreeMap<String, String>,
    body: Bytes,
}

impl Outgoing<'_> {
    fn build(self, target: &Target) -> Result<Request<Full<Bytes>>, http::Error> {
        let (uri, host) = match target {
            Target::Router(_) => (self.path.to_owned(), "tutor".to_owned()),
            Target::Address(address) => (self.path.to_owned(), address.to_string()),
            // Without the slash, what a path begins with could be taken for a part of the host.
            Target::Url(_, url) if self.path.starts_with('/') => (format!("{url}{}", self.path), String::new()),
            Target::Url(_, url) => (format!("{url}/{}", self.path), String::new()),
        };
        let mut request = Request::builder().method(self.method).uri(uri);
        if !host.is_empty() {
            request = request.header("host", host);
        }
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        request.body(Full::new(self.body))
    }
}

/// Why an answer could not be read.
enum ReadError {
    Transport(TransportError),
    TooLong,
}

/// Reads an answer to its end; as a stream where the binding has one and the system sends one.
async fn read(
    mut exchange: Exchange,
    begun: Instant,
    binding: Option<&Binding>,
    hang_up: Option<u64>,
) -> Result<Answer, ReadError> {
    let headers = exchange.response.headers().clone();
    let mut answer = Answer { status: exchange.response.status().as_u16(), headers, ..Answer::default() };
    let is_stream = answer
        .headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    let mut body = Vec::new();
    let mut reader = EventReader::default();
    let mut events = Vec::new();
    while let Some(chunk) = exchange.response.body_mut().chunk().await.map_err(ReadError::Transport)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(ReadError::TooLong);
        }
        body.extend_from_slice(&chunk);
        if is_stream {
            events.extend(reader.feed(&chunk, begun.elapsed()));
            if hang_up.is_some_and(|after| events.len() as u64 >= after) {
                break;
            }
        }
    }
    drop(exchange);
    answer.text = String::from_utf8_lossy(&body).into_owned();
    match (is_stream, binding.and_then(|binding| binding.stream.as_ref())) {
        (true, Some(binding)) => answer.stream = Some(StreamSeen::read(events, binding)),
        (true, None) | (false, _) => answer.json = serde_json::from_slice(&body).ok(),
    }
    Ok(answer)
}

fn run_sql(file: &Path, statements: &[String]) -> rusqlite::Result<()> {
    let mut connection = rusqlite::Connection::open(file)?;
    // A statement reaches this file and no other.
    connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let transaction = connection.transaction()?;
    for statement in statements {
        transaction.execute_batch(statement)?;
    }
    transaction.commit()
}
