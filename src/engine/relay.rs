//! The way from a network of a worker's own to the services of this machine: a database, a queue, a server of the user's.
//!
//! What runs in such a network finds nothing of the machine's on its loopback. A thread of the run, which is still in the
//! machine's network, tells over a socket in the scratch folder where programs listen, and connects to loopback and to
//! nothing else. [`crate::engine::Fence`] is its other end.

use crate::platform::{ServingThread, listeners};
use rustix::fs::Mode;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio::time::timeout;

/// What is asked for: where programs listen, or a connection to one of them.
pub(super) const LIST: &str = "list";
pub(super) const CONNECT: &str = "connect ";

/// The longest line that is read, in bytes, and how long it may take.
const LONGEST: u64 = 128;
const ASKED_WITHIN: Duration = Duration::from_secs(10);

/// A thread that connects to this machine's loopback for workers that are fenced in.
#[derive(Debug)]
pub(super) struct Relay(ServingThread);

impl Relay {
    /// Listens on a socket that only this account can reach.
    ///
    /// # Errors
    /// If the path is too long for a socket, or there is no thread.
    pub fn start(path: &Path) -> io::Result<Self> {
        let begin = || {
            let listener = UnixListener::bind(path)?;
            rustix::fs::chmod(path, Mode::RUSR | Mode::WUSR)?;
            Ok(accept(listener))
        };
        ServingThread::start("relay", begin).map(Self)
    }

    /// Ends every connection and the thread.
    pub fn end(self) {
        self.0.end();
    }
}

async fn accept(listener: UnixListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => _ = tokio::spawn(answer(stream)),
            // Out of descriptors: it passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

/// Answers one request. A connection that can't be made, or breaks, ends; its other end sees that.
async fn answer(stream: UnixStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    let mut limited = (&mut stream).take(LONGEST);
    timeout(ASKED_WITHIN, limited.read_line(&mut line)).await.ok()?.ok()?;
    let line = line.trim_end();
    if line == LIST {
        let list: String = listeners().iter().map(|address| format!("{address}\n")).collect();
        stream.write_all(list.as_bytes()).await.ok()?;
        return stream.shutdown().await.ok();
    }
    let address: SocketAddr = line.strip_prefix(CONNECT)?.parse().ok()?;
    if !address.ip().is_loopback() {
        return None;
    }
    let mut server = TcpStream::connect(address).await.ok()?;
    _ = server.set_nodelay(true);
    copy_bidirectional(&mut stream, &mut server).await.ok().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::unix::net::UnixStream;

    fn asked(relay: &Path, line: &str) -> String {
        let mut stream = UnixStream::connect(relay).expect("it listens");
        writeln!(stream, "{line}").expect("asked");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }

    #[test]
    fn it_leads_to_loopback_and_to_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("relay");
        let relay = Relay::start(&path).expect("a relay");
        let service = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = service.local_addr().expect("an address");
        let serve = std::thread::spawn(move || service.accept().expect("asked").0.write_all(b"hello"));
        assert!(asked(&path, LIST).lines().any(|line| line == address.to_string()));
        assert_eq!(asked(&path, &format!("{CONNECT}{address}")), "hello");
        serve.join().expect("served").expect("written");
        for line in ["connect 192.0.2.7:80", "connect 0.0.0.0:1", "connect example.com:80", "else", ""] {
            assert_eq!(asked(&path, line), "", "{line}");
        }
        relay.end();
    }
}
