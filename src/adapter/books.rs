//! The books of a round that accounts for resources: what each trial left, as far as this subject lets it be seen.

use crate::adapter::event_loop::{EventLoop, Tasks};
use crate::adapter::stage::Stage;
use crate::engine::RoundUnit;
use crate::event::TrialReport;
use crate::leak::linux::{self, TcpSocket, TcpState};
use crate::leak::{Census, Identity, Item, Ledger, growth};
use crate::model::{ResourceKind, Retained, RoundKind};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long what will end by itself is given at the end of a round that decides. A connection pool that lets go of idle
/// connections after a second, a task that ends soon after its answer: neither is a leak.
const GRACE: Duration = Duration::from_millis(1_500);

/// The same in a survey, which accuses nobody: who is wrongly suspected there is only looked at once more.
const SURVEY_GRACE: Duration = Duration::from_millis(200);

/// The longest grace, as long as things still go away.
const LONGEST_GRACE: Duration = Duration::from_secs(6);

/// The pauses between two looks grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_millis(100);

/// Memory that one trial adds and that is less than this is not told from noise, in KiB. The healthy tutor was seen to add
/// 50 to 110 KiB in trials with eight chats at once, for some dozen trials, until its heap has the size that it needs; a
/// heap grows in steps of about this size.
const MEMORY_NOISE: u64 = 128;

/// How much of the growth that single trials showed must still be there at the end of the round.
const MEMORY_LEFT: f64 = 0.6;

/// Whose resources are looked at.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    /// The harness's own process has the system in it.
    pub embedded: bool,
    /// The temporary folder of the system.
    pub temporary: Option<PathBuf>,
}

/// The books of a round.
#[derive(Debug)]
pub(super) struct Books {
    ledger: Ledger,
    scope: Scope,
    own: i32,
    kind: RoundKind,
    order: Vec<u32>,
    /// What was reported of each trial, to be reported again with what it left.
    reports: BTreeMap<u32, TrialReport>,
    memory: Memory,
}

/// Memory has no identity: only amounts.
#[derive(Debug, Default)]
struct Memory {
    first: u64,
    last: u64,
    added: BTreeMap<u32, u64>,
}

impl Books {
    /// Opens the books before the first trial. Nothing where the machine does not tell or the system is elsewhere.
    pub fn open(unit: &RoundUnit, stage: &Stage, event_loop: Option<&EventLoop>) -> Option<Self> {
        let mut books = Self {
            ledger: Ledger::default(),
            scope: stage.scope().filter(|_| linux::tells())?,
            own: i32::try_from(std::process::id()).ok()?,
            kind: unit.kind,
            order: unit.order.clone(),
            reports: BTreeMap::new(),
            memory: Memory::default(),
        };
        books.ledger = Ledger::open(books.census(stage, event_loop.map(|event_loop| &event_loop.tasks)));
        books.memory.first = books.memory_now();
        books.memory.last = books.memory.first;
        Some(books)
    }

    /// Enters what is there after a trial.
    pub fn enter(&mut self, position: u32, report: &TrialReport, stage: &Stage, event_loop: Option<&EventLoop>) {
        let census = self.census(stage, event_loop.map(|event_loop| &event_loop.tasks));
        self.ledger.enter(position, census);
        self.reports.insert(position, report.clone());
        let now = self.memory_now();
        let added = now.saturating_sub(self.memory.last);
        if added >= MEMORY_NOISE {
            self.memory.added.insert(position, added);
        }
        self.memory.last = now;
    }

    /// Waits for what ends by itself, and tells what each trial left: its report once more, with that.
    pub fn close(mut self, stage: &Stage, mut event_loop: Option<&mut EventLoop>) -> Vec<(u32, TrialReport)> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(1);
        let grace = if self.kind == RoundKind::Survey { SURVEY_GRACE } else { GRACE };
        let (mut entries, mut until) = (self.ledger.open_entries(), begun + grace);
        while self.is_worth_a_wait() && Instant::now() < until {
            rest(event_loop.as_deref_mut(), pause);
            pause = (pause * 2).min(LONGEST_PAUSE);
            let census = self.census(stage, event_loop.as_deref().map(|event_loop| &event_loop.tasks));
            self.ledger.look_again(&census);
            if self.ledger.open_entries() < entries {
                entries = self.ledger.open_entries();
                until = (Instant::now() + grace).min(begun + LONGEST_GRACE);
            }
        }
        let (kept, total) = (self.memory_now().saturating_sub(self.memory.first), self.memory.total());
        let memory =
            if kept as f64 >= MEMORY_LEFT * total as f64 { self.memory.added.clone() } else { BTreeMap::new() };
        let ports = Ports::of(stage, self.scope.embedded);
        let sockets = if self.ledger.open_entries() > 0 { self.sockets() } else { BTreeMap::new() };
        let mut left = self.ledger.close(|identity, item| describe(identity, item, &ports, &sockets));
        for (position, added) in memory {
            let owner = if self.scope.embedded { "the process of the system" } else { "the processes of the system" };
            let retained = Retained { kind: ResourceKind::Memory, owner: owner.to_owned(), place: None, count: added };
            left.entry(position).or_default().push(retained);
        }
        let mut reports = self.reports;
        left.into_iter()
            .filter_map(|(position, retained)| {
                let report = reports.remove(&position)?;
                Some((position, TrialReport { retained, ..report }))
            })
            .collect()
    }

    /// Whether somebody may be suspected, or even accused, of what is there now and may go away yet.
    fn is_worth_a_wait(&self) -> bool {
        if self.kind == RoundKind::Survey {
            return self.ledger.open_entries() > 0;
        }
        let mut left: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        let entries = self.ledger.entries_by_trial();
        for (position, case) in (0_u32..).zip(&self.order) {
            left.entry(*case).or_default().push(entries.get(&position).copied().unwrap_or(0));
        }
        left.values().any(|left| growth(left).is_some())
    }

    /// The processes that are the system: the harness's own where it is embedded, else those that it started.
    fn pids(&self) -> Vec<i32> {
        if self.scope.embedded { vec![self.own] } else { linux::descendants(self.own) }
    }

    fn census(&self, stage: &Stage, tasks: Option<&Tasks>) -> Census {
        let mut census = Census::new();
        let pids = self.pids();
        for pid in &pids {
            linux::descriptors(*pid, &mut census);
            linux::threads(*pid, &mut census);
        }
        linux::processes(&linux::descendants(self.own), &mut census);
        if let Some(folder) = &self.scope.temporary {
            linux::files(folder, &mut census);
        }
        if let Some(tasks) = tasks {
            tasks.enter(&mut census);
        }
        for (name, connections) in stage.providers.iter().flat_map(|providers| providers.connections()) {
            for connection in connections.open {
                let item = Item { kind: ResourceKind::Connection, owner: to_provider(name.as_str()), place: None };
                census.insert(Identity::Connection(name.to_string(), connection.id.0), item);
            }
        }
        census
    }

    fn memory_now(&self) -> u64 {
        self.pids().into_iter().map(linux::memory).sum()
    }

    fn sockets(&self) -> BTreeMap<u64, TcpSocket> {
        self.pids().into_iter().flat_map(linux::tcp_sockets).collect()
    }
}

impl Memory {
    fn total(&self) -> u64 {
        self.added.values().sum()
    }
}

/// Lets time pass; an event loop of ours goes on meanwhile, or nothing on it could end.
fn rest(event_loop: Option<&mut EventLoop>, pause: Duration) {
    match event_loop {
        Some(event_loop) => event_loop.runtime.block_on(async { tokio::time::sleep(pause).await }),
        None => std::thread::sleep(pause),
    }
}

/// The ports of the mock providers, and the ports of the connections that they have open.
struct Ports {
    providers: BTreeMap<u16, String>,
    /// Whether the system is in the harness's own process.
    embedded: bool,
    /// The far ends of their open connections: those sockets are told as connections already.
    open: BTreeSet<u16>,
}

impl Ports {
    fn of(stage: &Stage, embedded: bool) -> Self {
        let mut ports = Self { providers: BTreeMap::new(), embedded, open: BTreeSet::new() };
        let Some(providers) = &stage.providers else { return ports };
        for (name, connections) in providers.connections() {
            ports.providers.extend(providers.port(&name).map(|port| (port, name.to_string())));
            ports.open.extend(connections.open.iter().map(|connection| connection.peer_port));
        }
        ports
    }
}

fn to_provider(name: &str) -> String {
    format!("to mock provider {name}")
}

/// The last word on a thing: what a socket is, and whether it is the system's at all.
fn describe(identity: &Identity, item: Item, ports: &Ports, sockets: &BTreeMap<u64, TcpSocket>) -> Option<Item> {
    if let Identity::Process(pid, _) = identity {
        // It may have been entered before it became what it is: a fork is its parent until it runs its own program.
        let mut now = Census::new();
        linux::processes(&[*pid], &mut now);
        return now.remove(identity).or(Some(item));
    }
    let Identity::Socket(_, inode) = identity else { return Some(item) };
    let Some(socket) = sockets.get(inode) else { return Some(item) };
    if ports.providers.contains_key(&socket.port) || ports.open.contains(&socket.port) {
        // The end of the mock provider, or one that the provider's own books have told of.
        return None;
    }
    let is_own = |port: u16| sockets.values().any(|other| other.port == port);
    if ports.embedded
        && socket.state != TcpState::Listening
        && is_own(socket.peer_port)
        && !ports.providers.contains_key(&socket.peer_port)
    {
        // Both ends are in this process, and neither is a provider's: the mock providers talk to one another.
        return None;
    }
    if socket.state == TcpState::Listening {
        let place = Some(format!("port {}", socket.port));
        return Some(Item { kind: ResourceKind::Listener, owner: "a listening socket".to_owned(), place });
    }
    let forgotten =
        (socket.state == TcpState::CloseWait).then(|| "closed by the other end, and not by this one".to_owned());
    let owner = match ports.providers.get(&socket.peer_port) {
        Some(name) => to_provider(name),
        None if forgotten.is_some() => "to somebody who has hung up".to_owned(),
        None => "to no mock provider".to_owned(),
    };
    Some(Item { kind: ResourceKind::Connection, owner, place: forgotten })
}
