//! The worker: takes rounds, plays each on an engine of its own, and sends what it came to.

use crate::engine::{EngineError, Outlook, RoundResult, Rounds, StopHandle, Stopped};
use crate::event::{Event, Machine, Note};
use crate::fleet::FleetError;
use crate::fleet::broker::{Post, Taken};
use crate::fleet::messages::{Phase, Played, ResultHead, Told, WorkerName};
use crate::fleet::piece::pack_lines;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long a lane waits for a round before it looks whether the run goes on.
const TAKE: Duration = Duration::from_millis(500);

/// How often it is looked whether the rounds that are played are still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// How often a worker says that it is there.
const PRESENT: Duration = Duration::from_secs(5);

/// The share of a round's expected time after which the next one is asked for.
const AHEAD: f64 = 0.8;

/// How long what was delivered may take to be stored, once there is no more to do.
const SETTLE: Duration = Duration::from_secs(30);

/// What a worker needs besides rounds.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Who it is.
    pub name: WorkerName,
    /// How many rounds it plays side by side.
    pub lanes: usize,
    /// The run, as subjects name it.
    pub run: String,
    /// How long it stays without a round.
    pub idle: Duration,
    /// What is known of its machine.
    pub machine: Machine,
}

/// Why a worker plays no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The run is over.
    RunOver,
    /// No round came for too long.
    Idle,
    /// Somebody asked for it.
    Asked,
    /// The coordinator gives this host no more rounds.
    Dismissed,
}

/// What a worker does by way of the subject that it has.
#[derive(Clone, Copy)]
pub struct Hands<'a> {
    /// Makes the engine of a lane.
    pub make: &'a (dyn Fn(usize) -> Result<Box<dyn Rounds>, FleetError> + Sync),
    /// A fact's text without secrets.
    pub clean: &'a (dyn Fn(String) -> String + Sync),
    /// What is to be said of the tree under test after the first round, if it is not what it was.
    pub look: &'a (dyn Fn() -> Option<String> + Sync),
}

impl std::fmt::Debug for Hands<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hands").finish_non_exhaustive()
    }
}

/// Plays rounds of one run until it is over, or another reason to end comes up.
///
/// # Errors
/// If an engine can't go on, or the broker can't be used.
pub fn play(
    post: &dyn Post,
    settings: &WorkerSettings,
    hands: Hands<'_>,
    stop: &StopHandle,
) -> Result<Ended, FleetError> {
    let lanes = (0..settings.lanes).map(|_| Mutex::new(None)).collect();
    let (leaving, has_looked) = (AtomicBool::new(false), AtomicBool::new(false));
    let shift = Shift { post, settings, hands, lanes, leaving, has_looked, busy: Mutex::new(Instant::now()) };
    let ended = std::thread::scope(|scope| {
        let playing: Vec<_> = (0..settings.lanes)
            .map(|lane| {
                let shift = &shift;
                std::thread::Builder::new().name(format!("lane {lane}")).spawn_scoped(scope, move || shift.lane(lane))
            })
            .collect::<io::Result<_>>()
            .map_err(|error| FleetError::Engine(EngineError::Spawn(error)))
            .inspect_err(|_| shift.leave())?;
        let ended = shift.watch(stop, &|| playing.iter().all(std::thread::ScopedJoinHandle::is_finished));
        for lane in playing {
            lane.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        ended
    });
    post.settle(SETTLE);
    ended
}

/// A round under way: the epoch that it is of, and what stops it.
type UnderWay = Option<(u32, StopHandle)>;

/// The lanes of a worker at work on one run.
struct Shift<'a> {
    post: &'a dyn Post,
    settings: &'a WorkerSettings,
    hands: Hands<'a>,
    lanes: Vec<Mutex<UnderWay>>,
    leaving: AtomicBool,
    /// Whether the tree under test was looked at.
    has_looked: AtomicBool,
    /// When a round was last played.
    busy: Mutex<Instant>,
}

impl Shift<'_> {
    fn leave(&self) {
        self.leaving.store(true, Ordering::SeqCst);
    }

    fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::SeqCst)
    }

    /// Stops rounds that are not wanted any more, and says why the worker ends.
    fn watch(&self, stop: &StopHandle, all_ended: &dyn Fn() -> bool) -> Result<Ended, FleetError> {
        let mut told: Option<Instant> = None;
        let mut ended = None;
        while !all_ended() {
            if told.is_none_or(|told| told.elapsed() >= PRESENT) {
                let lanes = u32::try_from(self.settings.lanes).unwrap_or(u32::MAX);
                let WorkerSettings { name, machine, .. } = self.settings;
                self.post.tell(&Told::Present { worker: name.clone(), lanes, machine: machine.clone() });
                told = Some(Instant::now());
            }
            let (reason, at_once, epoch) = self.look(stop);
            ended = ended.or(reason);
            if reason.is_some() {
                self.leave();
            }
            for lane in &self.lanes {
                match &*lane.lock().unwrap_or_else(PoisonError::into_inner) {
                    Some((of, running)) if at_once || *of < epoch => running.interrupt(),
                    _ => {}
                }
            }
            if let Some(trouble) = self.post.trouble() {
                self.leave();
                return Err(trouble);
            }
            std::thread::park_timeout(LOOK);
        }
        Ok(ended.unwrap_or(Ended::RunOver))
    }

    /// Why the worker ends, whether at once, and which epoch is wanted.
    fn look(&self, stop: &StopHandle) -> (Option<Ended>, bool, u32) {
        if stop.is_interrupted() {
            return (Some(Ended::Asked), true, 0);
        }
        let Some(state) = self.post.state() else { return (None, false, 0) };
        if state.run != self.settings.run || state.phase == Phase::Ended {
            return (Some(Ended::RunOver), true, 0);
        }
        if state.dismissed.contains(&self.settings.name.host) {
            return (Some(Ended::Dismissed), false, state.epoch);
        }
        let is_playing = || self.lanes.iter().any(|lane| lane.lock().unwrap_or_else(PoisonError::into_inner).is_some());
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if is_playing() {
            *busy = Instant::now();
        }
        let is_idle = busy.elapsed() >= self.settings.idle;
        (is_idle.then_some(Ended::Idle), false, state.epoch)
    }

    /// Plays round after round.
    fn lane(&self, lane: usize) -> Result<(), FleetError> {
        let mut engine: Option<Box<dyn Rounds>> = None;
        let mut expected: Option<Duration> = None;
        let mut played = Ok(());
        while played.is_ok() && !self.is_leaving() {
            let Some(taken) = self.post.take(lane, TAKE) else { continue };
            played = self.round(lane, taken, &mut engine, &mut expected);
        }
        if played.is_err() {
            self.leave();
        }
        self.post.release(lane);
        if let Some(engine) = engine {
            engine.shut_down();
        }
        played
    }

    fn round(
        &self,
        lane: usize,
        taken: Taken,
        engine: &mut Option<Box<dyn Rounds>>,
        expected: &mut Option<Duration>,
    ) -> Result<(), FleetError> {
        let epoch = self.post.state().map_or(0, |state| state.epoch);
        if taken.offer.run != self.settings.run {
            self.post.give_back(taken);
            return Ok(());
        }
        if taken.offer.epoch < epoch {
            self.post.drop_stale(taken);
            return Ok(());
        }
        let mut rounds = match engine.take() {
            Some(rounds) => rounds,
            None => match (self.hands.make)(lane) {
                Ok(rounds) => rounds,
                Err(error) => {
                    self.post.give_back(taken);
                    return Err(error);
                }
            },
        };
        let handle = rounds.stop_handle();
        let is_refused = Arc::new(AtomicBool::new(false));
        let (refused, stop) = (Arc::clone(&is_refused), handle.clone());
        let refuse = move || {
            refused.store(true, Ordering::SeqCst);
            stop.interrupt();
        };
        self.post.claim(&taken, Box::new(refuse));
        self.post.tell(&Told::Took { worker: self.settings.name.clone(), key: taken.offer.key.clone() });
        if let Some(expected) = expected {
            self.post.take_next_after(lane, expected.mul_f64(AHEAD));
        }
        self.set(lane, Some((taken.offer.epoch, handle)));
        let begun = Instant::now();
        let mut facts = Facts { clean: self.hands.clean, lines: Vec::new(), written: 0 };
        let stopped = rounds.run(&mut std::iter::once(taken.offer.unit.clone()), None, &mut facts);
        self.set(lane, None);
        match stopped {
            Ok(Stopped::Not) => {
                *expected = Some(begun.elapsed());
                *engine = Some(rounds);
                self.look_at_tree(&mut facts)?;
                self.deliver(taken, Played::Completed, &facts.lines)
            }
            Ok(Stopped::SubjectFailed(reason)) => {
                rounds.shut_down();
                self.deliver(taken, Played::SubjectFailed { reason: (self.hands.clean)(reason) }, &facts.lines)
            }
            Ok(Stopped::Asked(_)) => {
                rounds.shut_down();
                if is_refused.load(Ordering::SeqCst) {
                    return self.deliver(taken, Played::Abandoned, &[]);
                }
                self.give_back(taken);
                Ok(())
            }
            Err(error) => {
                rounds.shut_down();
                self.give_back(taken);
                Err(error.into())
            }
        }
    }

    fn set(&self, lane: usize, under_way: UnderWay) {
        if let Some(slot) = self.lanes.get(lane) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = under_way;
        }
        *self.busy.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Says once, with a round's facts, that rounds change the tree under test: those of other workers may not see it.
    fn look_at_tree(&self, facts: &mut Facts<'_>) -> Result<(), FleetError> {
        if self.has_looked.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let Some(text) = (self.hands.look)() else { return Ok(()) };
        let noted = facts.fact(Event::Noted(Note::of_run(text)));
        noted.map_err(|error| FleetError::Engine(EngineError::Journal(error)))
    }

    /// Gives back a round that was begun.
    fn give_back(&self, taken: Taken) {
        self.post.tell(&Told::GaveBack { key: taken.offer.key.clone() });
        self.post.give_back(taken);
    }

    fn deliver(&self, taken: Taken, played: Played, lines: &[String]) -> Result<(), FleetError> {
        let packed = pack_lines(lines.iter().map(String::as_str))?;
        let nonce =
            getrandom::u64().map_err(|error| FleetError::Engine(EngineError::Spawn(io::Error::other(error))))?;
        let head = ResultHead {
            key: taken.offer.key.clone(),
            worker: self.settings.name.clone(),
            played,
            digest: packed.digest.clone(),
            chunks: None,
            nonce: format!("{nonce:016x}"),
        };
        self.post.deliver(taken, head, packed);
        Ok(())
    }
}

/// Keeps the facts of a round as lines.
struct Facts<'a> {
    clean: &'a (dyn Fn(String) -> String + Sync),
    lines: Vec<String>,
    /// How many bytes of what passing trials wrote were kept.
    written: usize,
}

/// How much is sent of what the passing trials of a round wrote, in bytes. The journal keeps it of few.
const WRITTEN: usize = 64 * 1024;

impl Outlook for Facts<'_> {
    fn fact(&mut self, mut event: Event) -> io::Result<()> {
        if let Event::TrialFinished { report, .. } = &mut event {
            self.written += report.output.as_ref().map_or(0, String::len);
            report.output = report.output.take().filter(|_| self.written <= WRITTEN);
        }
        self.lines.push((self.clean)(serde_json::to_string(&event).map_err(io::Error::other)?));
        Ok(())
    }

    fn round(&mut self, _: RoundResult) {}
}
