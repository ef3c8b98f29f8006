//! The dispatcher: gives rounds to workers, hears what comes of them, and emits facts in one sequence.

use crate::disk::short_name;
use crate::engine::outlook::{EngineError, Outlook};
use crate::engine::progress::{Next, Progress};
use crate::engine::protocol::{Reply, Request};
use crate::engine::relay::Relay;
use crate::engine::stop::{StopHandle, Stopped};
use crate::engine::subject::TEMPORARY;
use crate::engine::worker_process::{FromWorker, WorkerCommand, WorkerMessage, WorkerProcess};
use crate::engine::{Leftovers, Owned, Prepare, Prepared, RoundUnit, Rounds};
use crate::event::{Event, Note, RoundEnd};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

/// What an engine needs.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The program that serves as a worker.
    pub program: PathBuf,
    /// The arguments that it starts with.
    pub arguments: Vec<String>,
    /// Whether workers are kept from other machines by the kernel, where it can.
    pub is_fenced: bool,
    /// Rounds side by side, at least 1.
    pub jobs: usize,
    /// What the subject is; handed on to workers.
    pub spec: serde_json::Value,
    /// Values of the environment that only workers get.
    pub secrets: BTreeMap<String, String>,
    /// What each worker must find when it has made the subject.
    pub expected: Prepared,
    /// How long a worker may take to make its subject.
    pub start_within: Duration,
    /// How much longer than its deadline a trial may take before its worker is killed.
    pub patience: Duration,
}

/// The socket of the relay, below the scratch folder.
const RELAY: &str = "relay";

/// How long workers that are dismissed may take to end by themselves.
const DISMISSAL: Duration = Duration::from_secs(5);

/// The one owner of a run's state. Dropping it ends its workers.
#[derive(Debug)]
pub struct Engine {
    config: EngineConfig,
    leftovers: Leftovers,
    workers: Vec<Worker>,
    heard: Receiver<FromWorker>,
    sender: Sender<FromWorker>,
    stop: StopHandle,
    started: u64,
    /// The way of fenced workers to the services of this machine.
    relay: Option<Relay>,
    /// What workers said as they started. Each says the same.
    noted: BTreeSet<String>,
    /// What of it is not in the journal yet. A round's facts begin with its start, so it waits for the next one.
    untold: Vec<Note>,
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

impl Engine {
    /// An engine without workers: they are started as rounds come.
    pub fn new(config: EngineConfig, leftovers: Leftovers) -> Self {
        let (sender, heard) = mpsc::channel();
        let waking = sender.clone();
        let stop = StopHandle::waking(move || {
            let _ = waking.send(FromWorker { worker: 0, message: WorkerMessage::Silence(None) });
        });
        // Where there is none, workers notice, and the fence within programs must do.
        let relay = config.is_fenced.then(|| Relay::start(&leftovers.scratch().join(RELAY)).ok()).flatten();
        Self {
            config,
            leftovers,
            workers: Vec::new(),
            heard,
            sender,
            stop,
            started: 0,
            relay,
            noted: BTreeSet::new(),
            untold: Vec::new(),
        }
    }
}

impl Rounds for Engine {
    fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// `jobs` rounds run side by side.
    fn run(
        &mut self,
        units: &mut dyn Iterator<Item = RoundUnit>,
        until: Option<Instant>,
        outlook: &mut dyn Outlook,
    ) -> Result<Stopped, EngineError> {
        let mut units = units.map(Progress::new);
        let mut waiting: VecDeque<Progress> = VecDeque::new();
        loop {
            if let Some(stop) = self.stop.asked(until, outlook) {
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
                Some(FromWorker { worker, message: WorkerMessage::Reply(reply) }) => {
                    self.reply(worker, reply, outlook)?
                }
                Some(FromWorker { worker, message: WorkerMessage::Silence(why) }) => {
                    self.worker_is_gone(worker, why, outlook)?
                }
                None => {
                    self.kill_overdue();
                    None
                }
            };
            match next {
                Some(Next::Again(progress)) => waiting.push_front(*progress),
                Some(Next::GiveUp(reason)) => {
                    self.dismiss(outlook)?;
                    return Ok(Stopped::SubjectFailed(reason));
                }
                None => {}
            }
        }
    }

    fn shut_down(mut self: Box<Self>) {
        for worker in &mut self.workers {
            worker.process.dismiss();
        }
        let deadline = Instant::now() + DISMISSAL;
        for worker in self.workers.drain(..) {
            worker.process.wait(deadline);
        }
        self.relay.into_iter().for_each(Relay::end);
        self.leftovers.clear();
    }
}

impl Engine {
    fn idle_worker(&self) -> Option<usize> {
        self.workers.iter().position(|worker| matches!(worker.state, State::Idle))
    }

    fn starting(&self) -> usize {
        self.workers.iter().filter(|worker| matches!(worker.state, State::Starting { .. })).count()
    }

    fn start_worker(&mut self) -> Result<(), EngineError> {
        self.started += 1;
        let number = self.started;
        // Equally long for all of them, and for their rounds: a path that is longer in some rounds than in others is a
        // difference that a test can notice.
        let name = format!("w{}", short_name(number));
        let command = WorkerCommand {
            program: self.config.program.clone(),
            arguments: self.arguments(),
            mark: format!("{}.{name}", self.leftovers.mark()),
            temporary: self.leftovers.scratch().join(&name).join(TEMPORARY),
        };
        let mut process = WorkerProcess::start(&command, number, self.sender.clone()).map_err(EngineError::Spawn)?;
        let owned = Owned::new(process.pid(), &command.mark);
        if let Some(owned) = owned.clone() {
            self.leftovers.add(owned).map_err(EngineError::Journal)?;
        }
        process.send(&Request::Prepare(Prepare {
            spec: self.config.spec.clone(),
            secrets: self.config.secrets.clone(),
            scratch: self.leftovers.scratch().join(name),
            mark: self.leftovers.mark().to_owned(),
        }));
        let until = Instant::now() + self.config.start_within;
        self.workers.push(Worker { process, state: State::Starting { until }, owned });
        Ok(())
    }

    /// The arguments of a worker.
    fn arguments(&self) -> Vec<String> {
        let relay = self.config.is_fenced.then(|| self.leftovers.scratch().join(RELAY).display().to_string());
        let fence = relay.into_iter().flat_map(|relay| ["--fence".to_owned(), relay]);
        self.config.arguments.iter().cloned().chain(fence).collect()
    }

    fn begin(&mut self, worker: usize, mut progress: Progress, outlook: &mut dyn Outlook) -> Result<(), EngineError> {
        outlook.fact(progress.begin()).map_err(EngineError::Journal)?;
        for note in self.untold.drain(..) {
            outlook.fact(Event::Noted(note)).map_err(EngineError::Journal)?;
        }
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
            (Reply::Noted(note), State::Starting { .. }) => {
                if self.noted.insert(note.text.clone()) {
                    self.untold.push(note);
                }
            }
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
    fn worker_is_gone(
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
                Ok(FromWorker { worker, message: WorkerMessage::Reply(Reply::RoundEnded { .. }) }) if worker > 0 => {}
                Ok(FromWorker { worker, message: WorkerMessage::Reply(reply) }) => {
                    self.reply(worker, reply, outlook)?;
                }
                Ok(FromWorker { worker: 0, .. }) => {}
                Ok(FromWorker { worker, message: WorkerMessage::Silence(_) }) => {
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
