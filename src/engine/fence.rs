//! What keeps the programs of a worker from other machines.
//!
//! Two fences. One is the kernel's: the worker, with the mock providers in it, and all that it starts live in a network of
//! their own that has nothing but loopback, and no program finds a way out, whatever it is written in. The other stands in
//! the environment and within Python and Node, names the host and the case, and is there in any case. The kernel refuses
//! the first one in many containers; then the second one stands alone, and the run says so.

use crate::engine::relay::{CONNECT, LIST};
use crate::platform::leave_network;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::AbortHandle;

/// How often is looked for services that came or went.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long the first look may take.
const FIRST_LOOK: Duration = Duration::from_secs(10);

/// So many services of this machine are led to at most.
const MOST: usize = 256;

/// The longest list of services that is read, in bytes.
const LONGEST: u64 = 64 << 10;

/// Which fence stands around a worker's programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fence {
    /// The kernel's, and the one within the programs.
    Kernel,
    /// Only the one within the programs.
    Within {
        /// Why the kernel's is not there.
        reason: String,
    },
}

impl Fence {
    /// Puts up the kernel's fence around this process, if the kernel lets it. To be called while there is one thread only.
    /// `trial` is a command that does nothing but [`leave_network`]: a process in which that fails halfway is of no use
    /// any more. `relay` is the socket of the run's relay.
    ///
    /// # Errors
    /// If it worked for the trial and does not here.
    pub fn raise(mut trial: Command, relay: &Path) -> io::Result<Self> {
        if let Err(error) = std::os::unix::net::UnixStream::connect(relay) {
            return Ok(Self::Within { reason: format!("nothing leads to this machine's own services: {error}") });
        }
        let tried = trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output();
        let reason = match tried {
            Ok(tried) if tried.status.success() => {
                leave_network()?;
                lead_to_services(relay)?;
                return Ok(Self::Kernel);
            }
            Ok(tried) => String::from_utf8_lossy(&tried.stderr).lines().next().unwrap_or_default().to_owned(),
            Err(error) => error.to_string(),
        };
        let reason = reason.strip_prefix("error: ").unwrap_or(&reason);
        Ok(Self::Within { reason: format!("the kernel allows no network of its own here: {reason}") })
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel => write!(
                f,
                "the kernel's; rounds ran in a network of their own, from which no program reaches another machine \
                 (STEADFAST_FENCE=within leaves it down)",
            ),
            Self::Within { reason } => write!(
                f,
                "within programs only; the environment, Python and Node refuse other machines, and a program that \
                 wants out gets out ({reason})"
            ),
        }
    }
}

/// Listens where the machine's own services listen, and leads from there to them. The thread ends with the process.
fn lead_to_services(relay: &Path) -> io::Result<()> {
    let relay = relay.to_owned();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (looked, first) = mpsc::channel();
    let lead = move || {
        runtime.block_on(async move {
            let mut services = Services { relay, open: BTreeMap::new() };
            loop {
                services.look().await;
                let _ = looked.send(());
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
    };
    std::thread::Builder::new().name("services".into()).spawn(lead)?;
    first.recv_timeout(FIRST_LOOK).map_err(io::Error::other)
}

/// The services that are led to.
struct Services {
    relay: PathBuf,
    open: BTreeMap<SocketAddr, AbortHandle>,
}

impl Services {
    /// Looks which there are now.
    async fn look(&mut self) {
        let Ok(found) = list(&self.relay).await else { return };
        self.open.retain(|address, listening| {
            let stays = found.contains(address);
            if !stays {
                listening.abort();
            }
            stays
        });
        for address in found.into_iter().take(MOST) {
            if self.open.contains_key(&address) {
                continue;
            }
            // A program of the worker's may have the port: on the machine itself, it would not have got it.
            if let Ok(listener) = TcpListener::bind(address).await {
                let listening = tokio::spawn(listen(listener, address, self.relay.clone()));
                self.open.insert(address, listening.abort_handle());
            }
        }
    }
}

async fn list(relay: &Path) -> io::Result<BTreeSet<SocketAddr>> {
    let mut stream = UnixStream::connect(relay).await?;
    stream.write_all(format!("{LIST}\n").as_bytes()).await?;
    let mut text = String::new();
    stream.take(LONGEST).read_to_string(&mut text).await?;
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}

async fn listen(listener: TcpListener, address: SocketAddr, relay: PathBuf) {
    loop {
        match listener.accept().await {
            Ok((client, _)) => _ = tokio::spawn(lead(client, address, relay.clone())),
            // Out of descriptors: it passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Leads one connection. What can't be led, or breaks, ends; both ends see that.
async fn lead(mut client: TcpStream, address: SocketAddr, relay: PathBuf) -> io::Result<()> {
    _ = client.set_nodelay(true);
    let mut server = UnixStream::connect(relay).await?;
    server.write_all(format!("{CONNECT}{address}\n").as_bytes()).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
