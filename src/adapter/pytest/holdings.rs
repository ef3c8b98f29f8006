//! What the process of a suite's round holds: what `/proc` tells of it, with what Python knows better.

use crate::adapter::shared::round_accounts::{Holdings, LastWord};
use crate::leak::observe;
use crate::leak::{Census, Identity, Item, common_name};
use crate::model::ResourceKind;
use crate::platform::{self, TcpSocket, TcpState};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Whether a folder is one that pytest makes for `tmp_path` and keeps on purpose.
fn is_kept_by_pytest(name: &str) -> bool {
    name == "p" || name.starts_with("pytest-of-")
}

/// What Python calls a thing, where the suite made it (`file:line in function`), and the variable that keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Known(Option<String>, Option<String>, Option<String>);

/// What Python tells after a trial of what it made. Lists of pairs, since a key of JSON is text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Held {
    /// By the system's id of the thread.
    threads: Vec<(i32, Known)>,
    /// Sockets that are known, by inode.
    sockets: Vec<(u64, Known)>,
    /// By number, those that are no sockets.
    descriptors: Vec<(i32, Known)>,
    /// Tasks that have not ended or were lost with their loop, and coroutines that nobody awaited, by the number that
    /// they were given when they were first seen.
    tasks: Vec<(u64, Known)>,
    /// Child processes by their ids.
    processes: Vec<(i32, Known)>,
    /// Files and folders that the tests made, by path.
    paths: Vec<(PathBuf, Known)>,
    /// Containers of the suite's modules that grew during the trial, in words.
    grown: Vec<String>,
}

/// The process of a round.
#[derive(Debug)]
pub(super) struct RoundHoldings {
    /// The harness's own process, whose descendants are all that was started.
    own: i32,
    /// The process of the round.
    round: i32,
    /// The folder that the suite gets as TMPDIR.
    temporary: PathBuf,
    /// The pipe at which it waits.
    gate: PathBuf,
    /// The suite's folder.
    folder: PathBuf,
    threads: BTreeMap<i32, Known>,
    sockets: BTreeMap<u64, Known>,
    descriptors: BTreeMap<i32, Known>,
    tasks: Vec<(u64, Known)>,
    processes: BTreeMap<i32, Known>,
    paths: BTreeMap<PathBuf, Known>,
    grown: Vec<String>,
}

impl RoundHoldings {
    pub fn of(round: i32, temporary: PathBuf, gate: PathBuf, folder: PathBuf) -> Option<Self> {
        let own = i32::try_from(std::process::id()).ok()?;
        let (threads, sockets, descriptors) = Default::default();
        let (processes, paths) = Default::default();
        platform::tells().then(|| Self {
            own,
            round,
            temporary,
            gate,
            folder,
            threads,
            sockets,
            descriptors,
            tasks: Vec::new(),
            processes,
            paths,
            grown: Vec::new(),
        })
    }

    /// Learns what Python told after a trial: of tasks all that are there, of the rest what is new.
    pub fn learn(&mut self, held: Held) {
        self.threads.extend(held.threads);
        self.sockets.extend(held.sockets);
        self.descriptors.extend(held.descriptors);
        self.tasks = held.tasks;
        self.processes.extend(held.processes);
        self.paths.extend(held.paths);
        self.grown = held.grown;
    }

    /// Without the folders that every run has others of.
    fn relative(&self, text: &str) -> String {
        let folder = format!("{}/", self.folder.display());
        text.replace(&self.temporary.display().to_string(), "$TMPDIR").replace(&folder, "")
    }

    /// Who holds it, without these folders: their names were made common with the rest of a file's.
    fn short(&self, identity: &Identity, item: &Item) -> String {
        match identity {
            Identity::Descriptor(_, _, target) if item.owner == common_name(target) => {
                common_name(&self.relative(target))
            }
            _ => item.owner.clone(),
        }
    }

    fn known(&self, identity: &Identity) -> Option<&Known> {
        match identity {
            Identity::Thread(pid, thread) if *pid == self.round => self.threads.get(thread),
            Identity::Socket(pid, inode) if *pid == self.round => self.sockets.get(inode),
            Identity::Descriptor(pid, number, _) if *pid == self.round => self.descriptors.get(number),
            Identity::Task(number) => self.tasks.iter().find(|(known, _)| known == number).map(|(_, known)| known),
            Identity::Process(pid, _) => self.processes.get(pid),
            Identity::File(path) => self.paths.get(path),
            _ => None,
        }
    }
}

impl Holdings for RoundHoldings {
    fn census(&self) -> Census {
        let mut census = Census::new();
        observe::descriptors(self.round, &mut census);
        observe::threads(self.round, &mut census);
        observe::processes(&platform::process::descendants(self.own), &mut census);
        observe::files(&self.temporary, is_kept_by_pytest, &mut census);
        let gate = self.gate.to_string_lossy();
        census.retain(|_, item| item.place.as_deref() != Some(&*gate));
        census.extend(self.tasks.iter().map(|(number, Known(name, place, _))| {
            let owner = common_name(name.as_deref().unwrap_or("a task"));
            let item = Item { kind: ResourceKind::Task, owner, place: place.clone() };
            (Identity::Task(*number), item)
        }));
        census
    }

    fn memory(&self) -> u64 {
        platform::anonymous_memory(self.round)
    }

    fn memory_owner(&self) -> &'static str {
        "the process of the suite"
    }

    fn memory_place(&self) -> Option<String> {
        (!self.grown.is_empty()).then(|| format!("kept by {}", self.grown.join(", and by ")))
    }

    /// The process waits at its gate; its threads go on.
    fn rest(&mut self, pause: Duration) {
        std::thread::sleep(pause);
    }

    fn last_word(&self) -> LastWord<'_> {
        let sockets = platform::tcp_sockets(self.round);
        Box::new(move |identity, item| {
            let item = match identity {
                Identity::Socket(_, inode) => sockets.get(inode).map_or(item.clone(), |socket| tcp(*socket, &sockets)),
                Identity::Process(pid, _) => observe::process_by_command(*pid).unwrap_or(item),
                _ => item,
            };
            let item = match self.known(identity) {
                Some(known) => with_name(item, identity, known),
                None => item,
            };
            Some(Item {
                owner: self.short(identity, &item),
                place: item.place.map(|place| self.relative(&place)),
                ..item
            })
        })
    }
}

/// A TCP socket by its state and its other end. Ports that the system deals out differ from trial to trial, and are told
/// as an example only.
fn tcp(socket: TcpSocket, all: &BTreeMap<u64, TcpSocket>) -> Item {
    let (kind, owner, place) = match socket.state {
        TcpState::Listening => {
            (ResourceKind::Listener, "a listening socket".to_owned(), format!("port {}", socket.port))
        }
        TcpState::CloseWait => (
            ResourceKind::Connection,
            "to somebody who has hung up".to_owned(),
            "closed by the other end, and not by this one".to_owned(),
        ),
        TcpState::Other if all.values().any(|other| other.port == socket.peer_port) => {
            (ResourceKind::Connection, "to this machine".to_owned(), format!("to port {}", socket.peer_port))
        }
        TcpState::Other => {
            (ResourceKind::Connection, "a connection".to_owned(), format!("to port {}", socket.peer_port))
        }
    };
    Item { kind, owner, place: Some(place) }
}

/// What Python calls it says more than what the system calls it; most of all where it was made and who keeps it.
fn with_name(item: Item, identity: &Identity, known: &Known) -> Item {
    let Known(name, made, keeper) = known;
    let owner = match (identity, name) {
        (Identity::Thread(..) | Identity::Task(_), Some(name)) => common_name(name),
        // A socket of TCP is told by its other end; others have nothing but what Python calls them.
        (Identity::Socket(..), _) if item.kind != ResourceKind::Descriptor => item.owner,
        (_, Some(name)) => name.clone(),
        (_, None) => item.owner,
    };
    let made = match identity {
        // What a task runs, or where a coroutine was written.
        Identity::Task(_) => made.clone(),
        _ => made.as_ref().map(|place| format!("created at {place}")),
    };
    // A program's arguments and the name of a file say which of many it is.
    let is_told = made.is_none() || matches!(identity, Identity::Process(..) | Identity::File(_));
    let what = item.place.filter(|_| is_told);
    let kept = keeper.as_ref().map(|keeper| format!("kept by {keeper}"));
    let parts: Vec<String> = what.into_iter().chain(made).chain(kept).collect();
    Item { owner, place: (!parts.is_empty()).then(|| parts.join(", ")), ..item }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_python_knows_is_told_with_its_place() {
        let temporary = PathBuf::from("/scratch/tmp-7");
        let (gate, folder) = (PathBuf::from("/scratch/gate"), PathBuf::from("/suite"));
        let mut holdings = RoundHoldings::of(7, temporary, gate, folder).expect("Linux tells");
        let told = r#"{"threads": [[71, ["poller-3", "/suite/a.py:4 in start", "shop.POLLERS"]]],
            "descriptors": [[9, ["an event loop", null, null]]], "grown": ["shop.CACHE, which holds 7 entries and held 6"]}"#;
        holdings.learn(serde_json::from_str(told).expect("what Python tells"));
        let item = |kind, owner: &str| Item { kind, owner: owner.to_owned(), place: Some("pytest".to_owned()) };
        let word = |identity: &Identity, item: Item| (holdings.last_word())(identity, item).expect("it is the suite's");
        let thread = word(&Identity::Thread(7, 71), item(ResourceKind::Thread, "pytest"));
        assert_eq!(
            (thread.owner.as_str(), thread.place.as_deref()),
            ("poller-*", Some("created at a.py:4 in start, kept by shop.POLLERS"))
        );
        let unknown = word(&Identity::Thread(7, 72), item(ResourceKind::Thread, "pytest"));
        assert_eq!(unknown.owner, "pytest");
        let poll = Identity::Descriptor(7, 9, "anon_inode:[eventpoll]".to_owned());
        assert_eq!(word(&poll, item(ResourceKind::Descriptor, "anon_inode:[eventpoll]")).owner, "an event loop");
        let grown = "kept by shop.CACHE, which holds 7 entries and held 6";
        assert_eq!(holdings.memory_place().as_deref(), Some(grown));
        let log = "/scratch/tmp-7/p/app-3.log";
        let file = word(&Identity::Descriptor(7, 8, log.to_owned()), item(ResourceKind::Descriptor, &common_name(log)));
        assert_eq!(file.owner, "$TMPDIR/p/app-*.log");
    }
}
