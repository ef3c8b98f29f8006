//! The connection to a server.

use crate::fleet::FleetError;
use crate::fleet::nats::credentials::Credentials;
use crate::fleet::nats::error::RequestError;
use crate::fleet::nats::names::WORKERS_INBOX;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectError, ConnectErrorKind, ConnectOptions, Event, ServerAddr};
use std::future::Future;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// How long the server may take to answer one request.
const ANSWER: Duration = Duration::from_secs(20);

/// How long the next try to connect is waited for at most.
const RECONNECT: Duration = Duration::from_secs(2);

/// How long the first connection is tried, and the pause between two tries.
const FIRST: Duration = Duration::from_secs(5);
const FIRST_AGAIN: Duration = Duration::from_millis(100);

/// How often the server is asked whether it is there.
const PING: Duration = Duration::from_secs(10);

/// Where a server is, and by what it knows us.
#[derive(Debug, Clone)]
pub struct Address {
    /// Where it is: `nats://HOST:4222` or `tls://HOST:4222`, with commas between several.
    pub url: String,
    /// The file with the credentials.
    pub credentials: Option<PathBuf>,
    /// Certificates of authorities that are trusted besides those of the system.
    pub authorities: Option<PathBuf>,
}

/// Which inboxes are used: a role can be given one kind and not the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Coordinator,
    Worker,
}

/// A connection with the event loop that serves it.
#[derive(Debug)]
pub(super) struct Link {
    pub runtime: Runtime,
    pub context: Context,
    pub client: Client,
}

impl Address {
    /// Where the server is, without a password.
    pub fn shown(&self) -> String {
        let shown = self.url.split(',').map(|url| match (url.split_once("://"), url.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}://{host}"),
            _ => url.to_owned(),
        });
        shown.collect::<Vec<_>>().join(",")
    }

    /// The passwords, seeds and tokens that stand in it and in the file of credentials: they are kept out of everything that is written.
    pub fn secrets(&self) -> Vec<String> {
        let secret = |url: &str| {
            let user = url.split_once("://")?.1.rsplit_once('@')?.0;
            let secret = user.split_once(':').map_or(user, |(_, password)| password);
            (!secret.is_empty()).then(|| secret.to_owned())
        };
        // A file that can't be read is told where it is needed.
        let of_file = self.credentials.as_deref().and_then(|file| Credentials::read(file).ok());
        let of_file = of_file.map(|credentials| credentials.secrets()).unwrap_or_default();
        self.url.split(',').filter_map(secret).chain(of_file).collect()
    }

    fn servers(&self) -> Result<Vec<ServerAddr>, FleetError> {
        let parse = |url: &str| {
            ServerAddr::from_str(url.trim()).map_err(|error| {
                FleetError::Usage(format!("{}: {error}; expected nats://HOST:4222 or tls://HOST:4222", self.shown()))
            })
        };
        self.url.split(',').map(parse).collect()
    }

    fn error(&self, error: impl std::fmt::Display) -> FleetError {
        FleetError::Unreachable { url: self.shown(), reason: error.to_string() }
    }

    /// Connects. `tell` hears what becomes of the connection.
    pub(super) fn connect(
        &self,
        side: Side,
        tell: impl Fn(String) + Send + Sync + 'static,
    ) -> Result<Link, FleetError> {
        let servers = self.servers()?;
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).thread_name("fleet").enable_all().build();
        let runtime = runtime.map_err(|error| self.error(error))?;
        let (shown, is_begun) = (self.shown(), AtomicBool::new(false));
        let mut options = ConnectOptions::new()
            .name("steadfast")
            .ping_interval(PING)
            .reconnect_delay_callback(|tries| {
                RECONNECT.min(Duration::from_millis(50) * u32::try_from(tries).unwrap_or(u32::MAX))
            })
            .require_tls(servers.iter().any(|server| !is_loopback(server.host())))
            .event_callback(move |event| {
                match event {
                    Event::Disconnected => tell(format!("{shown}: the connection is lost; it is tried again")),
                    // The first word is that it is connected, as it should be.
                    Event::Connected if is_begun.swap(true, Ordering::SeqCst) => {
                        tell(format!("{shown}: connected again"))
                    }
                    _ => {}
                }
                std::future::ready(())
            });
        if side == Side::Worker {
            options = options.custom_inbox_prefix(WORKERS_INBOX);
        }
        if let Some(file) = &self.credentials {
            options = Credentials::read(file)?.add_to(options)?;
        }
        if let Some(file) = &self.authorities {
            options = options.add_root_certificates(file.clone());
        }
        let client = runtime.block_on(first_connection(options, servers)).map_err(|error| self.error(error))?;
        let context = {
            let _inside = runtime.enter();
            let mut context = jetstream::new(client.clone());
            context.set_timeout(ANSWER);
            context
        };
        Ok(Link { runtime, context, client })
    }
}

impl Link {
    /// Waits for something of the event loop, no longer than until the server must have answered.
    pub fn wait<T>(&self, future: impl Future<Output = Result<T, RequestError>>) -> Result<T, RequestError> {
        self.wait_for(ANSWER, future)
    }

    /// The same for many requests one after another: a busy server's disk takes its time.
    pub fn wait_long<T>(&self, future: impl Future<Output = Result<T, RequestError>>) -> Result<T, RequestError> {
        self.wait_for(3 * ANSWER, future)
    }

    fn wait_for<T>(
        &self,
        within: Duration,
        future: impl Future<Output = Result<T, RequestError>>,
    ) -> Result<T, RequestError> {
        self.runtime.block_on(async {
            match tokio::time::timeout(within, future).await {
                Ok(done) => done,
                Err(_) => Err(RequestError::Silent),
            }
        })
    }

    /// Ends the connection once everything is sent, and the event loop with it.
    pub fn close(self) {
        let _ = self.wait(async { self.client.flush().await.map_err(RequestError::refused) });
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// Connects for the first time. A server that is not there may be about to start, or to start again.
async fn first_connection(options: ConnectOptions, servers: Vec<ServerAddr>) -> Result<Client, ConnectError> {
    let until = Instant::now() + FIRST;
    loop {
        match options.clone().connect(servers.clone()).await {
            Err(error) if error.kind() == ConnectErrorKind::Io && Instant::now() < until => {
                tokio::time::sleep(FIRST_AGAIN).await;
            }
            done => return done,
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(url: &str) -> Address {
        Address { url: url.to_owned(), credentials: None, authorities: None }
    }

    #[test]
    fn a_password_is_not_shown() {
        let given = address("tls://worker:pa:ss@a.example:4222,nats://b.example");
        assert_eq!(given.shown(), "tls://a.example:4222,nats://b.example");
        assert_eq!(given.secrets(), ["pa:ss"]);
        assert_eq!(address("nats://token@host").secrets(), ["token"]);
        assert!(address("nats://host:4222").secrets().is_empty());
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for host in ["localhost", "127.0.0.1", "[::1]", "::1", "127.8.9.1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.org", "10.0.0.1", "localhost.example.org"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
