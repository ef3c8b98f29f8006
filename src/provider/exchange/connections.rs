//! The ledger of connections: which were accepted, which are open, who holds the other end.

use crate::provider::exchange::call::ConnectionId;
use crate::provider::name::ProviderName;
use socket2::SockRef;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// The connections of one provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Connections {
    /// How many were accepted.
    pub accepted: u64,
    /// How many of them have ended.
    pub closed: u64,
    /// Those that are open.
    pub open: Vec<OpenConnection>,
}

/// A connection that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenConnection {
    /// Its id, which calls name as well.
    pub id: ConnectionId,
    /// The client's port: with the provider's own it names the client's socket in `/proc/net/tcp`.
    pub peer_port: u16,
    /// When it was accepted, since the start of the providers.
    pub since: Duration,
    /// Whether a request is being answered on it.
    pub busy: bool,
}

/// An accepted connection, as its tasks and the ledger share it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    pub(crate) stream: TcpStream,
    pub(crate) killed: Notify,
    provider: ProviderName,
    peer_port: u16,
    since: Duration,
    busy: AtomicU32,
    doomed: AtomicBool,
}

impl Connection {
    /// Whether it was ended by us, ahead of its time.
    pub(crate) fn is_doomed(&self) -> bool {
        self.doomed.load(Ordering::Acquire)
    }

    pub(crate) fn take_up(&self) {
        self.busy.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn lay_down(&self) {
        self.busy.fetch_sub(1, Ordering::AcqRel);
    }

    fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Acquire) > 0
    }

    /// When the socket is closed, the peer gets a reset, and neither side is left in TIME_WAIT.
    pub(crate) fn reset_on_close(&self) {
        // It fails only if the socket is gone already.
        _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
    }

    /// Ends it by a reset.
    pub(crate) fn kill(&self) {
        self.doomed.store(true, Ordering::Release);
        self.reset_on_close();
        self.killed.notify_one();
    }
}

/// The connections of a round's providers.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<OpenConnections>);

#[derive(Debug, Default)]
struct OpenConnections {
    next: u64,
    counts: BTreeMap<ProviderName, (u64, u64)>,
    open: BTreeMap<ConnectionId, Arc<Connection>>,
}

impl Ledger {
    fn entries(&self) -> MutexGuard<'_, OpenConnections> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters an accepted connection.
    pub(crate) fn open(
        &self,
        provider: &ProviderName,
        stream: TcpStream,
        peer_port: u16,
        since: Duration,
    ) -> Arc<Connection> {
        let mut entries = self.entries();
        let id = ConnectionId(entries.next);
        entries.next += 1;
        entries.counts.entry(provider.clone()).or_default().0 += 1;
        let connection = Arc::new(Connection {
            id,
            stream,
            killed: Notify::new(),
            provider: provider.clone(),
            peer_port,
            since,
            busy: AtomicU32::new(0),
            doomed: AtomicBool::new(false),
        });
        entries.open.insert(id, connection.clone());
        connection
    }

    /// Strikes out a connection that has ended.
    pub(crate) fn close(&self, connection: &Connection) {
        let mut entries = self.entries();
        if entries.open.remove(&connection.id).is_some() {
            entries.counts.entry(connection.provider.clone()).or_default().1 += 1;
        }
    }

    /// Ends every connection on which nothing is being answered, and strikes it out at once.
    pub(crate) fn close_idle(&self) {
        self.end(|connection| !connection.is_busy());
    }

    /// Ends every connection on which something is being answered; says how many there were.
    pub(crate) fn cut_busy(&self) -> usize {
        self.end(Connection::is_busy)
    }

    fn end(&self, which: impl Fn(&Connection) -> bool) -> usize {
        let mut entries = self.entries();
        let ended: Vec<_> = entries.open.values().filter(|connection| which(connection)).cloned().collect();
        for connection in &ended {
            connection.kill();
            entries.open.remove(&connection.id);
            entries.counts.entry(connection.provider.clone()).or_default().1 += 1;
        }
        ended.len()
    }

    /// The connections of one provider.
    pub(crate) fn of(&self, provider: &ProviderName) -> Connections {
        let entries = self.entries();
        let (accepted, closed) = entries.counts.get(provider).copied().unwrap_or_default();
        let its = entries.open.values().filter(|connection| connection.provider == *provider);
        let open = its.map(|connection| OpenConnection {
            id: connection.id,
            peer_port: connection.peer_port,
            since: connection.since,
            busy: connection.is_busy(),
        });
        Connections { accepted, closed, open: open.collect() }
    }
}
