//! A fleet in virtual time: the real coordinator with its journal, and a broker and workers that are only told about.
//!
//! What a worker does takes virtual time and nothing else, so that a thousand of them fit into one process. What the
//! coordinator does takes the time that it really takes, which counts as virtual time too: so its limit shows.
//! It prints its figures by
//!
//! ```text
//! cargo test --release --lib fleet::simulation -- --ignored --nocapture
//! ```

#![allow(clippy::print_stdout, reason = "the figures are what it is run for")]

use crate::engine::{Outlook, RoundResult, RoundUnit, Rounds, Stopped};
use crate::event::{Event, JournalWriter, Machine, Redactor, RoundEnd, TrialReport};
use crate::fleet::broker::{Broker, Heard};
use crate::fleet::coordinator::Coordinator;
use crate::fleet::messages::{Offer, Phase, Played, ResultHead, RunState, Told, WorkerName};
use crate::fleet::piece::pack_lines;
use crate::model::{CaseIndex, ContentHash, Outcome, Position, RoundId, RoundKind, Seed};
use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often a worker says that it is there.
const PRESENT: Duration = Duration::from_secs(5);

/// What is simulated.
#[derive(Debug, Clone, Copy)]
struct Setting {
    workers: usize,
    rounds: u32,
    cases: usize,
    /// From a worker's start to its first round: checkout, installation, listing. Half of it more or less, by chance.
    start: Duration,
    /// How long a round takes, a fifth more or less.
    round: Duration,
    /// The chance that a worker dies in a round. Another one is started in its place.
    dies: f64,
    lease: Duration,
    round_trip: Duration,
}

impl Setting {
    const fn of(workers: usize, rounds: u32, start_s: u64, round_ms: u64) -> Self {
        Self {
            workers,
            rounds,
            cases: 200,
            start: Duration::from_secs(start_s),
            round: Duration::from_millis(round_ms),
            dies: 0.0,
            lease: Duration::from_secs(30),
            round_trip: Duration::from_millis(1),
        }
    }
}

/// What happens to a worker.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Ready,
    Says,
    Ends(u64),
    Dies(u64),
    LeaseEnds(u64),
}

/// The server and the workers.
struct World {
    setting: Setting,
    /// The virtual time since the run began.
    now: Duration,
    /// What is to come, by its time; the number keeps equals in sequence.
    events: BinaryHeap<Reverse<(Duration, u64, usize, What)>>,
    scheduled: u64,
    queue: VecDeque<Offer>,
    idle: BTreeSet<usize>,
    present: BTreeSet<usize>,
    /// Rounds under way, by a number of their own, and how long each takes.
    playing: BTreeMap<u64, (Offer, Duration)>,
    begun: u64,
    heard: VecDeque<Heard>,
    draws: u64,
    played: Duration,
    results: u32,
    deaths: u32,
}

impl World {
    fn new(setting: Setting) -> Self {
        let mut world = Self {
            setting,
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            scheduled: 0,
            queue: VecDeque::new(),
            idle: BTreeSet::new(),
            present: BTreeSet::new(),
            playing: BTreeMap::new(),
            begun: 0,
            heard: VecDeque::new(),
            draws: 0,
            played: Duration::ZERO,
            results: 0,
            deaths: 0,
        };
        for worker in 0..setting.workers {
            let start = setting.start.mul_f64(0.5 + world.draw());
            world.schedule(start, worker, What::Ready);
        }
        world
    }

    fn draw(&mut self) -> f64 {
        self.draws += 1;
        (Seed::new(7).hash(&self.draws.to_le_bytes()) >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn schedule(&mut self, after: Duration, worker: usize, what: What) {
        self.scheduled += 1;
        self.events.push(Reverse((self.now + after, self.scheduled, worker, what)));
    }

    fn name(worker: usize) -> WorkerName {
        WorkerName { host: format!("host-{worker}"), id: worker.to_string() }
    }

    fn says(&mut self, worker: usize) {
        let machine = Machine { kernel: String::new(), processor: String::new(), cores: 1, memory_mib: 0 };
        self.heard.push_back(Heard::Told(Told::Present { worker: Self::name(worker), lanes: 1, machine }));
        self.schedule(PRESENT, worker, What::Says);
    }

    /// Gives rounds to workers that wait for one.
    fn hand_out(&mut self) {
        while let Some(worker) = self.idle.first().copied() {
            let Some(offer) = self.queue.pop_front() else { return };
            self.idle.remove(&worker);
            self.begun += 1;
            let number = self.begun;
            self.heard.push_back(Heard::Told(Told::Took { worker: Self::name(worker), key: offer.key.clone() }));
            let takes = self.setting.round.mul_f64(0.8 + 0.4 * self.draw());
            self.playing.insert(number, (offer, takes));
            if self.draw() < self.setting.dies {
                let at = takes.mul_f64(self.draw());
                self.schedule(at, worker, What::Dies(number));
                self.schedule(at + self.setting.lease, worker, What::LeaseEnds(number));
            } else {
                self.schedule(takes + self.setting.round_trip, worker, What::Ends(number));
            }
        }
    }

    fn happens(&mut self, worker: usize, what: What) {
        match what {
            What::Ready => {
                // Whoever takes a dead worker's place goes on saying so.
                if self.present.insert(worker) {
                    self.says(worker);
                }
                self.idle.insert(worker);
            }
            What::Says => self.says(worker),
            What::Ends(number) => {
                let Some((offer, takes)) = self.playing.remove(&number) else { return };
                self.played += takes;
                self.results += 1;
                self.heard.push_back(result(&offer, worker, takes));
                self.idle.insert(worker);
            }
            What::Dies(_) => {
                self.deaths += 1;
                let start = self.setting.start.mul_f64(0.5 + self.draw());
                self.schedule(start, worker, What::Ready);
            }
            What::LeaseEnds(number) => {
                if let Some((offer, _)) = self.playing.remove(&number) {
                    self.queue.push_front(offer);
                }
            }
        }
        self.hand_out();
    }

    /// What has happened until now.
    fn catch_up(&mut self) {
        while self.events.peek().is_some_and(|Reverse((at, ..))| *at <= self.now) {
            let Some(Reverse((_, _, worker, what))) = self.events.pop() else { return };
            self.happens(worker, what);
        }
    }
}

/// The facts of a round in which every case passes.
fn result(offer: &Offer, worker: usize, takes: Duration) -> Heard {
    let unit = &offer.unit;
    let mut facts = vec![unit.begins()];
    for (position, case) in unit.order.iter().enumerate() {
        let (round, position, case) = (unit.round, Position::at(position), *case);
        facts.push(Event::TrialStarted { round, position, case });
        facts.push(Event::TrialFinished { round, position, case, report: TrialReport::of(Outcome::Passed) });
    }
    let millis = u64::try_from(takes.as_millis()).expect("a round is shorter than that");
    facts.push(Event::RoundFinished { round: unit.round, attempt: unit.attempt, end: RoundEnd::Completed, millis });
    let lines: Vec<String> = facts.iter().map(|fact| serde_json::to_string(fact).expect("JSON")).collect();
    let packed = pack_lines(lines.iter().map(String::as_str)).expect("packed");
    let head = ResultHead {
        key: offer.key.clone(),
        worker: World::name(worker),
        played: Played::Completed,
        digest: packed.digest,
        chunks: None,
        nonce: String::new(),
    };
    Heard::Result(Box::new(head), packed.bytes)
}

/// The coordinator's way to that world. While the coordinator works, virtual time passes as real time does.
struct Simulated {
    world: Rc<RefCell<World>>,
    /// When the coordinator went on with what it had heard.
    went_on: Instant,
    /// How long it was at work.
    worked: Rc<RefCell<Duration>>,
}

impl Broker for Simulated {
    fn offer(&mut self, offer: &Offer) {
        self.world.borrow_mut().queue.push_back(offer.clone());
    }

    fn tell_state(&mut self, _: &RunState) {}

    fn withdraw(&mut self) {
        self.world.borrow_mut().queue.clear();
    }

    fn unclaim(&mut self, _: &crate::fleet::messages::Key) {}

    fn hear(&mut self, until: Instant) -> Option<Heard> {
        let is_waited_for = until > Instant::now();
        let worked = self.went_on.elapsed();
        *self.worked.borrow_mut() += worked;
        let mut world = self.world.borrow_mut();
        world.now += worked;
        world.hand_out();
        world.catch_up();
        while is_waited_for && world.heard.is_empty() {
            let Some(Reverse((at, ..))) = world.events.peek() else { break };
            world.now = *at;
            world.catch_up();
        }
        let heard = world.heard.pop_front();
        drop(world);
        self.went_on = Instant::now();
        heard
    }

    fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        Arc::new(|| {})
    }

    fn end(self: Box<Self>, _: &RunState) {}
}

/// Keeps a journal, and counts rounds.
struct Kept {
    journal: JournalWriter,
    ended: BTreeMap<RoundId, u32>,
}

impl Outlook for Kept {
    fn fact(&mut self, event: Event) -> io::Result<()> {
        self.facts(vec![event])
    }

    fn facts(&mut self, events: Vec<Event>) -> io::Result<()> {
        self.journal.append_all(events).map(drop).map_err(io::Error::other)
    }

    fn round(&mut self, result: RoundResult) {
        *self.ended.entry(result.unit.round).or_default() += 1;
    }
}

/// What a simulated run came to.
#[derive(Debug)]
struct Came {
    ended: BTreeMap<RoundId, u32>,
    deaths: u32,
    /// How long the run took.
    took: Duration,
    /// Which share of the workers' time from the run's start to its end was spent in rounds that counted.
    useful: f64,
    /// Which share of the time the coordinator was at work.
    busy: f64,
    /// Results a second.
    rate: f64,
}

fn simulate(setting: Setting) -> Came {
    let world = Rc::new(RefCell::new(World::new(setting)));
    let worked = Rc::new(RefCell::new(Duration::ZERO));
    let broker = Simulated { world: Rc::clone(&world), went_on: Instant::now(), worked: Rc::clone(&worked) };
    let state = RunState {
        run: "run".to_owned(),
        name: "run".to_owned(),
        epoch: 1,
        phase: Phase::Open,
        chunks: 0,
        digest: ContentHash::of(["invitation"]),
        dismissed: BTreeSet::new(),
    };
    let folder = tempfile::tempdir().expect("a folder");
    let journal = JournalWriter::create(&folder.path().join("events.jsonl"), Redactor::new([])).expect("a journal");
    let mut kept = Kept { journal, ended: BTreeMap::new() };
    let mut coordinator = Coordinator::new(Box::new(broker), state, "home".to_owned(), Duration::from_secs(3600), None);
    let unit = |round| {
        let order = CaseIndex::first(setting.cases).collect();
        RoundUnit::new(RoundId(round), RoundKind::Shuffle, Seed::new(1), order, Duration::from_secs(3600))
    };
    let stopped = coordinator.run(&mut (0..setting.rounds).map(unit), None, &mut kept).expect("it ran");
    assert_eq!(stopped, Stopped::Not);
    Box::new(coordinator).shut_down();
    let world = world.borrow();
    let took = world.now.as_secs_f64();
    Came {
        ended: kept.ended,
        deaths: world.deaths,
        took: world.now,
        useful: world.played.as_secs_f64() / took / setting.workers as f64,
        busy: worked.borrow().as_secs_f64() / took,
        rate: f64::from(world.results) / took,
    }
}

#[test]
fn workers_that_die_cost_time_and_no_round() {
    let setting = Setting { dies: 0.1, cases: 3, ..Setting::of(50, 600, 10, 2_000) };
    let came = simulate(setting);
    assert!(came.deaths > 20, "{}", came.deaths);
    assert_eq!(came.ended.len(), 600);
    assert!(came.ended.values().all(|times| *times == 1), "a round counts once");
    assert!(came.took > Duration::from_secs(24), "600 rounds of 2 s are 24 s for 50 workers: {:?}", came.took);
}

#[test]
#[ignore = "prints figures, and takes minutes"]
fn figures() {
    println!("| workers | rounds | start | round | deaths a round | took | useful | coordinator | results a second |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let settings = [
        // 66 hours of rounds of 55 s.
        Setting::of(10, 4_320, 60, 55_000),
        Setting::of(100, 4_320, 60, 55_000),
        Setting::of(1_000, 4_320, 60, 55_000),
        Setting::of(1_000, 4_320, 600, 55_000),
        Setting { dies: 0.01, ..Setting::of(1_000, 4_320, 60, 55_000) },
        Setting { dies: 0.1, ..Setting::of(1_000, 4_320, 60, 55_000) },
        // 300 shuffles of ten minutes.
        Setting::of(100, 300, 60, 600_000),
        Setting::of(1_000, 300, 60, 600_000),
        // Rounds so short that the coordinator is what limits.
        Setting::of(10, 4_000, 10, 1_000),
        Setting::of(100, 20_000, 10, 1_000),
        Setting::of(300, 20_000, 10, 1_000),
        Setting::of(1_000, 20_000, 10, 1_000),
        Setting { cases: 2_000, ..Setting::of(100, 4_000, 10, 10_000) },
        Setting { cases: 2_000, ..Setting::of(1_000, 4_000, 10, 10_000) },
    ];
    for setting in settings {
        let came = simulate(setting);
        println!(
            "| {} | {} of {} cases | {} s | {} s | {:.0} % | {:.0} s | {:.0} % | {:.0} % | {:.0} |",
            setting.workers,
            setting.rounds,
            setting.cases,
            setting.start.as_secs(),
            setting.round.as_secs(),
            setting.dies * 100.0,
            came.took.as_secs_f64(),
            came.useful * 100.0,
            came.busy * 100.0,
            came.rate
        );
    }
}
