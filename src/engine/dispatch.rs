//! The dispatcher: gives rounds to workers, hears what comes of them, and emits facts in one sequence.

use crate::engine::protocol::{Reply, Request};
use crate::engine::subject::TEMPORARY;
use crate::engine::worker_process::{FromWorker, Heard, WorkerCommand, WorkerProcess};
use crate::engine::{Leftovers, Owned, Prepare, Prepared, RoundUnit};
use crate::event::{Event, RoundEnd, TrialReport};
use crate::model::{Failure, Outcome};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

/// What an engine needs.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The program that serves as a worker.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Rounds side by side, at least 1.
    pub jobs: usize,
    /// What the subject is; handed on to workers.
    pub spec: serde_json::Value,
    /// What each worker must find when it has made the subject.
    pub expected: Prepared,
    /// How long a worker may take to make its subject.
    pub start_within: Duration,
    /// How much longer than its deadline a trial may take before its worker is killed.
    pub patience: Duration,
    /// Marks the processes of this run.
    pub mark: String,
}

/// Who hears of a run.
pub trait Outlook {
    /// A fact, in sequence. An error stops the run.
    ///
    /// # Errors
    /// If it can't be kept.
    fn fact(&mut self, event: Event) -> io::Result<()>;

    /// A round came to its end.
    fn round(&mut self, result: RoundResult);
}

/// What a round came to.
#[derive(Debug, Clone)]
pub struct RoundResult {
    /// The round.
    pub unit: RoundUnit,
    /// By place of its order; `None` for what never ran.
    pub outcomes: Vec<Option<Outcome>>,
    /// What was noted of the trial that was watched.
    pub watched: Vec<String>,
    /// In a walk: after how many cases its answer was found.
    pub after: Option<u32>,
    /// How long it took.
    pub duration: Duration,
}

/// Why rounds were not run to their end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stopped {
    /// They were.
    Not,
    /// Somebody asked for it.
    Asked(Stop),
    /// The subject could not be started.
    SubjectFailed(String),
}

/// Why somebody asks to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The user wants it.
    Interrupt,
    /// Time is up.
    TimeLimit,
}

/// Stops an engine from another thread.
#[derive(Debug, Clone)]
pub struct StopHandle {
    flag: Arc<AtomicU8>,
    wake: Sender<FromWorker>,
}

impl StopHandle {
    /// Asks the engine to stop: no round is begun any more, and the running ones end after their present trial.
    pub fn interrupt(&self) {
        self.flag.store(1, Ordering::SeqCst);
        let _ = self.wake.send(FromWorker { worker: 0, message: Heard::Silence(None) });
    }

    /// Whether somebody asked.
    pub fn is_interrupted(&self) -> bool {
        self.flag.load(Ordering::SeqCst) != 0
    }
}

/// Why an engine can't go on.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No worker can be started.
    #[error("can't start a worker: {0}")]
    Spawn(#[source] io::Error),
    /// A fact can't be kept.
    #[error("can't keep the journal: {0}")]
    Journal(#[source] io::Error),
    /// A worker found other cases than the run has.
    #[error("the cases changed while the run was starting: a worker found {found} cases with hash {hash}; start again")]
    Changed {
        /// How many it found.
        found: u32,
        /// Their hash.
        hash: String,
    },
}

/// How long workers that are dismissed may take to end by themselves.
const DISMISSAL: Duration = Duration::from_secs(5);

/// Deaths in a row without a single trial between them after which a round is given up.
const FUTILE: u32 = 2;

/// The one owner of a run's state. Dropping it ends its workers.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    leftovers: Leftovers,
    workers: Vec<Worker>,
    heard: Receiver<FromWorker>,
    sender: Sender<FromWorker>,
    flag: Arc<AtomicU8>,
    started: u64,
}

#[derive(Debug)]
struct Worker {
    process: WorkerProcess,
    state: State,
    /// Itself and all that it started, by their marks. If it dies, nobody else ends what is left.
    owned: Option<Owned>,
}

#[derive(Debug)]
enum State {
    Starting { until: Instant },
    Idle,
    Busy(Box<Progress>),
}

/// A round under way.
#[derive(Debug)]
struct Progress {
    unit: RoundUnit,
    outcomes: Vec<Option<Outcome>>,
    watched: Vec<String>,
    after: Option<u32>,
    /// The trial that runs, and when its worker's patience ends.
    running: Option<(u32, Instant)>,
    /// The trial that ended last in this attempt.
    last: Option<u32>,
    /// Attempts in a row that reported nothing.
    futile: u32,
    begun: Instant,
    spent: Duration,
    /// Set before the worker is killed for a trial that takes too long.
    timed_out: bool,
}

impl Engine {
    /// An engine without workers: they are started as rounds come.
    pub fn new(config: EngineConfig, leftovers: Leftovers) -> Self {
        let (sender, heard) = mpsc::channel();
        let flag = Arc::new(AtomicU8::new(0));
        Self { config, leftovers, workers: Vec::new(), heard, sender, flag, started: 0 }
    }

    /// Stops it from another thread.
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle { flag: Arc::clone(&self.flag), wake: self.sender.clone() }
    }

    /// Runs rounds, `jobs` side by side, until all of them have ended, somebody asks to stop, or `until` has passed.
    /// Rounds that were cut short are emitted as interrupted and are no results.
    ///
    /// # Errors
    /// If workers can't be started, find other cases, or a fact can't be kept.
    pub fn run(
        &mut self,
        units: impl IntoIterator<Item = RoundUnit>,
        until: Option<Instant>,
        outlook: &mut dyn Outlook,
    ) -> Result<Stopped, EngineError> {
        let mut units = units.into_iter().map(Progress::new);
        let mut waiting: VecDeque<Progress> = VecDeque::new();
        loop {
            if let Some(stop) = self.stop_asked(until) {
                self.dismiss(outlook)?;
                return Ok(Stopped::Asked(stop));
            }
            while let Some(worker) = self.idle_worker() {
                let Some(progress) = waiting.pop_front().or_else(|| units.next()) else { break };
                self.begin(worker, progress, outlook)?;
            }
            let jobs = self.config.jobs.max(1);
            waiting.extend(units.by_ref().take(jobs.saturating_sub(waiting.len())));
            while self.workers.len() < jobs && self.starting() < waiting.len() {
                self.start_worker()?;
            }
            if waiting.is_empty() && !self.workers.iter().any(Worker::is_busy) {
                return Ok(Stopped::Not);
            }
            let next = match self.hear(until) {
                Some(FromWorker { worker, message: Heard::Reply(reply) }) => self.reply(worker, reply, outlook)?,
                Some(FromWorker { worker, message: Heard::Silence(why) }) => self.buried(worker, why, outlook)?,
                None => {
                    self.kill_overdue();
                    None
                }
            };
            match next {
                Some(Next::Again(progress)) => waiting.push_front(progress),
                Some(Next::GiveUp(reason)) => {
                    self.dismiss(outlook)?;
                    return Ok(Stopped::SubjectFailed(reason));
                }
                None => {}
            }
        }
    }

    /// Ends the workers and takes away what the run left outside its folder.
    pub fn shut_down(mut self) {
        for worker in &mut self.workers {
            worker.process.dismiss();
        }
        let deadline = Instant::now() + DISMISSAL;
        for worker in self.workers.drain(..) {
            worker.process.wait(deadline);
        }
        self.leftovers.clear();
    }

    fn stop_asked(&self, until: Option<Instant>) -> Option<Stop> {
        if self.flag.load(Ordering::SeqCst) != 0 {
            Some(Stop::Interrupt)
        } else if until.is_some_and(|until| Instant::now() >= until) {
            Some(Stop::TimeLimit)
        } else {
            None
        }
    }

    fn idle_worker(&self) -> Option<usize> {
        self.workers.iter().position(|worker| matches!(worker.state, State::Idle))
    }

    fn starting(&self) -> usize {
        self.workers.iter().filter(|worker| matches!(worker.state, State::Starting { .. })).count()
    }

    fn start_worker(&mut self) -> Result<(), EngineError> {
        self.started += 1;
        let number = self.started;
        let name = format!("worker-{number}");
        let command = WorkerCommand {
            program: self.config.program.clone(),
            arguments: self.config.arguments.clone(),
            mark: format!("{}.{name}", self.config.mark),
            temporary: self.leftovers.scratch().join(&name).join(TEMPORARY),
        };
        let mut process = WorkerProcess::start(&command, number, self.sender.clone()).map_err(EngineError::Spawn)?;
        let owned = Owned::new(process.pid(), &command.mark);
        if let Some(owned) = owned.clone() {
            self.leftovers.add(owned).map_err(EngineError::Journal)?;
        }
        process.send(&Request::Prepare(Prepare {
            spec: self.config.spec.clone(),
            scratch: self.leftovers.scratch().join(name),
            mark: self.config.mark.clone(),
        }));
        let until = Instant::now() + self.config.start_within;
        self.workers.push(Worker { process, state: State::Starting { until }, owned });
        Ok(())
    }

    fn begin(&mut self, worker: usize, mut progress: Progress, outlook: &mut dyn Outlook) -> Result<(), EngineError> {
        let unit = &progress.unit;
        let event = Event::RoundStarted {
            round: unit.round,
            attempt: unit.attempt,
            kind: unit.kind,
            seed: unit.seed,
            event_loop: unit.event_loop,
            stress: unit.stress,
            hash_seed: unit.hash_seed,
            order: unit.order.clone(),
        };
        outlook.fact(event).map_err(EngineError::Journal)?;
        progress.begun = Instant::now();
        if let Some(worker) = self.workers.get_mut(worker) {
            worker.process.send(&Request::Run(Box::new(progress.unit.clone())));
            worker.state = State::Busy(Box::new(progress));
        }
        Ok(())
    }

    /// The next message, or `None` when the nearest deadline has passed.
    fn hear(&mut self, until: Option<Instant>) -> Option<FromWorker> {
        let deadlines = self.workers.iter().filter_map(Worker::deadline).chain(until);
        match deadlines.min() {
            None => self.heard.recv().ok(),
            Some(deadline) => self.heard.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok(),
        }
    }

    fn find(&self, number: u64) -> Option<usize> {
        self.workers.iter().position(|worker| worker.process.number == number)
    }

    fn reply(&mut self, number: u64, reply: Reply, outlook: &mut dyn Outlook) -> Result<Option<Next>, EngineError> {
        let Some(index) = self.find(number) else { return Ok(None) };
        let patience = self.config.patience;
        let Some(worker) = self.workers.get_mut(index) else { return Ok(None) };
        match (reply, &mut worker.state) {
            (Reply::Prepared(prepared), state) => {
                if prepared != self.config.expected {
                    return Err(EngineError::Changed { found: prepared.cases, hash: prepared.hash.to_string() });
                }
                *state = State::Idle;
            }
            (Reply::Refused { reason }, _) => return Ok(Some(Next::GiveUp(reason))),
            (Reply::Owns(owned), _) => self.leftovers.add(owned).map_err(EngineError::Journal)?,
            (Reply::Noted(note), _) => outlook.fact(Event::Noted(note)).map_err(EngineError::Journal)?,
            (Reply::TrialStarted { position, deadline_ms }, State::Busy(progress)) => {
                if let Some(event) = progress.started(position, Duration::from_millis(deadline_ms) + patience) {
                    outlook.fact(event).map_err(EngineError::Journal)?;
                }
            }
            (Reply::TrialFinished { position, report }, State::Busy(progress)) => {
                if let Some(event) = progress.finished(position, *report) {
                    outlook.fact(event).map_err(EngineError::Journal)?;
                }
            }
            (Reply::RoundEnded { end }, state @ State::Busy(_)) => {
                if let State::Busy(progress) = std::mem::replace(state, State::Idle) {
                    return progress.ended(end, outlook);
                }
            }
            (Reply::TrialStarted { .. } | Reply::TrialFinished { .. } | Reply::RoundEnded { .. }, _) => {}
        }
        Ok(None)
    }

    /// A worker fell silent: it is dead, or is as good as dead.
    fn buried(
        &mut self,
        number: u64,
        why: Option<String>,
        outlook: &mut dyn Outlook,
    ) -> Result<Option<Next>, EngineError> {
        let Some(index) = self.find(number) else { return Ok(None) };
        let worker = self.workers.remove(index);
        let status = worker.process.wait(Instant::now() + Duration::from_millis(500));
        worker.owned.iter().for_each(Owned::kill);
        let reason = match why {
            Some(why) => format!("{why}; {status}"),
            None => status,
        };
        match worker.state {
            State::Starting { .. } => {
                Ok(Some(Next::GiveUp(format!("a worker ended before its first round: {reason}"))))
            }
            State::Idle => Ok(None),
            State::Busy(mut progress) => {
                if let Some(event) = progress.died(&reason) {
                    outlook.fact(event).map_err(EngineError::Journal)?;
                }
                progress.ended(RoundEnd::Died { reason }, outlook)
            }
        }
    }

    fn kill_overdue(&mut self) {
        let now = Instant::now();
        for worker in &mut self.workers {
            if worker.deadline().is_some_and(|deadline| deadline <= now) {
                if let State::Busy(progress) = &mut worker.state {
                    progress.timed_out = true;
                    // Once is enough: its silence follows.
                    progress.running = progress.running.map(|(position, _)| (position, now + DISMISSAL));
                }
                worker.process.kill();
            }
        }
    }

    /// Ends all workers in good order, keeps what they still say, and ends their rounds as interrupted.
    fn dismiss(&mut self, outlook: &mut dyn Outlook) -> Result<(), EngineError> {
        for worker in &mut self.workers {
            worker.process.dismiss();
        }
        let deadline = Instant::now() + DISMISSAL;
        while !self.workers.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.heard.recv_timeout(left) {
                Ok(FromWorker { worker, message: Heard::Reply(Reply::RoundEnded { .. }) }) if worker > 0 => {}
                Ok(FromWorker { worker, message: Heard::Reply(reply) }) => {
                    self.reply(worker, reply, outlook)?;
                }
                Ok(FromWorker { worker: 0, .. }) => {}
                Ok(FromWorker { worker, message: Heard::Silence(_) }) => {
                    if let Some(index) = self.find(worker) {
                        let worker = self.workers.remove(index);
                        worker.finish(deadline, outlook)?;
                    }
                }
                Err(_) => {
                    for worker in std::mem::take(&mut self.workers) {
                        worker.finish(deadline, outlook)?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// What becomes of a round whose attempt ended before its end.
#[derive(Debug)]
enum Next {
    Again(Progress),
    GiveUp(String),
}

impl Worker {
    fn is_busy(&self) -> bool {
        match self.state {
            State::Busy(_) => true,
            State::Idle | State::Starting { .. } => false,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Starting { until } => Some(*until),
            State::Busy(progress) => progress.running.map(|(_, deadline)| deadline),
            State::Idle => None,
        }
    }

    fn finish(self, deadline: Instant, outlook: &mut dyn Outlook) -> Result<(), EngineError> {
        self.process.wait(deadline);
        if let State::Busy(progress) = self.state {
            outlook.fact(progress.finished_event(RoundEnd::Interrupted)).map_err(EngineError::Journal)?;
        }
        Ok(())
    }
}

impl Progress {
    fn new(unit: RoundUnit) -> Self {
        let outcomes = vec![None; unit.order.len()];
        let (begun, spent) = (Instant::now(), Duration::ZERO);
        Self {
            unit,
            outcomes,
            watched: Vec::new(),
            after: None,
            running: None,
            last: None,
            futile: 0,
            begun,
            spent,
            timed_out: false,
        }
    }

    fn started(&mut self, position: u32, allowed: Duration) -> Option<Event> {
        let case = *self.unit.order.get(position as usize)?;
        self.running = Some((position, Instant::now() + allowed));
        Some(Event::TrialStarted { round: self.unit.round, position, case })
    }

    fn finished(&mut self, position: u32, report: TrialReport) -> Option<Event> {
        let case = *self.unit.order.get(position as usize)?;
        if self.running.is_some_and(|(running, _)| running == position) {
            self.running = None;
        }
        self.last = self.last.max(Some(position));
        if self.unit.watch == Some(position) {
            self.watched.clone_from(&report.notes);
        }
        self.after = report.after.or(self.after);
        *self.outcomes.get_mut(position as usize)? = Some(report.outcome.clone());
        Some(Event::TrialFinished { round: self.unit.round, position, case, report })
    }

    /// The worker died: the trial that ran, or else the one before, is to blame.
    fn died(&mut self, reason: &str) -> Option<Event> {
        let position = self.running.map(|(position, _)| position).or(self.last)?;
        let outcome = if self.timed_out {
            let text = "the case did not end within its deadline, nor when it was told to: its process was killed";
            Outcome::TimedOut(Failure::new(text, None))
        } else if self.running.is_some() {
            Outcome::Crashed(Failure::new(format!("the subject died under the case: {reason}"), None))
        } else {
            Outcome::Crashed(Failure::new(format!("the subject died after the case: {reason}"), None))
        };
        self.finished(position, TrialReport::of(outcome))
    }

    fn finished_event(&self, end: RoundEnd) -> Event {
        let millis = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Event::RoundFinished { round: self.unit.round, attempt: self.unit.attempt, end, millis }
    }

    fn ended(mut self, end: RoundEnd, outlook: &mut dyn Outlook) -> Result<Option<Next>, EngineError> {
        outlook.fact(self.finished_event(end.clone())).map_err(EngineError::Journal)?;
        self.spent += self.begun.elapsed();
        let next = self.last.map_or(self.unit.from, |last| last + 1);
        let is_over = next as usize >= self.unit.order.len();
        self.futile = if self.last.is_some() { 0 } else { self.futile + 1 };
        match end {
            RoundEnd::Completed => {}
            RoundEnd::Died { .. } if is_over => {
                outlook.fact(self.finished_event(RoundEnd::Completed)).map_err(EngineError::Journal)?;
            }
            RoundEnd::Interrupted => return Ok(None),
            RoundEnd::Died { reason } | RoundEnd::NotStarted { reason } if self.futile >= FUTILE => {
                return Ok(Some(Next::GiveUp(reason)));
            }
            RoundEnd::Died { .. } | RoundEnd::NotStarted { .. } => {
                self.unit.attempt += 1;
                self.unit.from = next;
                (self.running, self.last, self.timed_out) = (None, None, false);
                return Ok(Some(Next::Again(self)));
            }
        }
        outlook.round(RoundResult {
            unit: self.unit,
            outcomes: self.outcomes,
            watched: self.watched,
            after: self.after,
            duration: self.spent,
        });
        Ok(None)
    }
}
