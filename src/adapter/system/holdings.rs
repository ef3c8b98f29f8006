//! What a system under scenarios holds: tasks on the event loop of a round, connections by the books of the mock
//! providers, and whatever `/proc` tells of its processes.

use crate::adapter::shared::round_accounts::{Holdings, LastWord};
use crate::adapter::system::event_loop::EventLoop;
use crate::adapter::system::ready_system::ReadySystem;
use crate::adapter::system::scope::Scope;
use crate::leak::observe;
use crate::leak::{Census, Identity, Item};
use crate::model::ResourceKind;
use crate::platform::{self, TcpSocket, TcpState};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A system, and the event loop of the round.
pub(in crate::adapter) struct SystemHoldings<'a> {
    stage: &'a ReadySystem,
    event_loop: &'a mut EventLoop,
    scope: Scope,
    own: i32,
}

impl<'a> SystemHoldings<'a> {
    /// Nothing where the machine does not tell or the system is elsewhere.
    pub fn of(stage: &'a ReadySystem, event_loop: &'a mut EventLoop) -> Option<Self> {
        let own = i32::try_from(std::process::id()).ok()?;
        Some(Self { stage, event_loop, scope: stage.scope().filter(|_| platform::tells())?, own })
    }

    /// The processes that are the system: the harness's own where it is embedded, else those that it started.
    fn pids(&self) -> Vec<i32> {
        if self.scope.embedded { vec![self.own] } else { platform::process::descendants(self.own) }
    }
}

impl Holdings for SystemHoldings<'_> {
    fn census(&self) -> Census {
        let mut census = Census::new();
        for pid in self.pids() {
            observe::descriptors(pid, &mut census);
            observe::threads(pid, &mut census);
        }
        observe::processes(&platform::process::descendants(self.own), &mut census);
        if let Some(folder) = &self.scope.temporary {
            observe::files(folder, |_| false, &mut census);
        }
        self.event_loop.tasks.enter(&mut census);
        for (name, connections) in self.stage.providers.iter().flat_map(|providers| providers.connections()) {
            for connection in connections.open {
                let item = Item { kind: ResourceKind::Connection, owner: to_provider(name.as_str()), place: None };
                census.insert(Identity::Connection(name.to_string(), connection.id.0), item);
            }
        }
        census
    }

    fn memory(&self) -> u64 {
        self.pids().into_iter().map(platform::anonymous_memory).sum()
    }

    fn memory_owner(&self) -> &'static str {
        if self.scope.embedded { "the process of the system" } else { "the processes of the system" }
    }

    /// The event loop goes on meanwhile, or nothing on it could end.
    fn rest(&mut self, pause: Duration) {
        self.event_loop.runtime.block_on(async { tokio::time::sleep(pause).await });
    }

    fn last_word(&self) -> LastWord<'_> {
        let ports = Ports::of(self.stage, self.scope.embedded);
        let sockets: BTreeMap<u64, TcpSocket> = self.pids().into_iter().flat_map(platform::tcp_sockets).collect();
        Box::new(move |identity, item| describe(identity, item, &ports, &sockets))
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
    fn of(stage: &ReadySystem, embedded: bool) -> Self {
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
        return observe::process_by_command(*pid).or(Some(item));
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
