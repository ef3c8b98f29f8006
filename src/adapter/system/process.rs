//! A system that the harness starts: in a process group of its own, its output kept, ended with all its children.

use crate::adapter::choose_python;
use crate::adapter::shared::python::{self, Found, NEXT_CASE, Probes};
use crate::adapter::shared::reach::Reach;
use crate::adapter::shared::sandbox::Folders;
use crate::adapter::shared::template::{Variables, fill_text};
use crate::adapter::system::output::Output;
use crate::adapter::system::port::free_port;
use crate::engine::{Family, Owned, SubjectError};
use crate::scenario::Process;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often a system that ends before it is ready is started again: somebody may have taken the port.
const TRIES: u32 = 3;

/// The pause between two looks at something that is being waited for.
const LOOK: Duration = Duration::from_millis(5);

/// How long a system that answers no more may take to end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

/// How long output is waited for once the system has ended: a process that nobody knows of may hold it open.
const LAST_OUTPUT: Duration = Duration::from_secs(1);

/// The most that a worker says of a case, in bytes.
const ANSWER_LIMIT: u64 = 4 * 1024 * 1024;

/// Where a system runs, and by what its processes are known.
#[derive(Debug, Clone)]
pub(in crate::adapter) struct Place {
    pub folders: Folders,
    pub mark: String,
    /// The probe in its processes, where they are Python and none of the harness's own.
    pub probes: Option<Probes>,
    /// What its environment says of the providers and the probe; what the system file says comes on top.
    pub surroundings: BTreeMap<String, String>,
    pub reach: Reach,
    /// The active environment of Python.
    pub virtual_env: Option<PathBuf>,
}

/// Why a worker of ours does not tell what a case left.
#[derive(Debug, thiserror::Error)]
pub(in crate::adapter) enum NoReport {
    /// It does not answer.
    #[error("its event loop did not end: {0}")]
    Unended(std::io::Error),
    /// Its answer is no report.
    #[error("its event loop ended without a report: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// A running system.
#[derive(Debug)]
pub(in crate::adapter) struct RunningProcess {
    process: Process,
    place: Place,
    child: Child,
    owned: Option<Owned>,
    address: SocketAddr,
    drains: Vec<JoinHandle<()>>,
}

impl RunningProcess {
    /// Starts the system and waits until it is ready.
    pub fn start(
        process: &Process,
        place: Place,
        variables: &mut Variables,
        output: &Output,
        owns: &mut dyn FnMut(Owned),
    ) -> Result<Self, SubjectError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match Self::try_start(process, &place, variables, output, owns) {
                Err(StartError::Ended(_)) if tries < TRIES => {}
                Err(StartError::Ended(reason) | StartError::Fatal(reason)) => return Err(SubjectError(reason)),
                Ok(running) => return Ok(running),
            }
        }
    }

    fn try_start(
        process: &Process,
        place: &Place,
        variables: &mut Variables,
        output: &Output,
        owns: &mut dyn FnMut(Owned),
    ) -> Result<Self, StartError> {
        let fatal = |reason: String| StartError::Fatal(reason);
        let port = free_port().map_err(|error| fatal(format!("no free port: {error}")))?;
        variables.insert("port".into(), Value::from(port));
        let fill =
            |template: &str| fill_text(template, variables).map_err(|error| fatal(format!("{template}: {error}")));
        let base_url = fill(&process.base_url)?;
        let address =
            resolve(&base_url).ok_or_else(|| fatal(format!("{base_url}: no address that it can listen on")))?;
        place.reach.address(address.ip(), &base_url).map_err(|error| fatal(error.to_string()))?;
        let command = match &process.asgi {
            None => process.command.iter().map(|part| fill(part)).collect::<Result<Vec<_>, _>>()?,
            Some(application) => {
                let python = match &process.python {
                    Some(python) => fill(python)?,
                    None => python_of(process, place).display().to_string(),
                };
                let worker = python::write_worker(&place.folders.temporary)
                    .map_err(|error| fatal(format!("can't write the Python worker: {error}")))?;
                vec![python, worker.display().to_string(), application.clone(), port.to_string()]
            }
        };
        let (program, arguments) = command.split_first().ok_or_else(|| fatal("no command to start".into()))?;
        let (name, value) = place.mark.split_once('=').unwrap_or((&place.mark, ""));
        let mut builder = Command::new(program);
        builder.args(arguments).env(name, value).process_group(0);
        builder.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let directory = process.directory.as_deref().map(fill).transpose()?.map(PathBuf::from);
        if let Some(directory) = place.folders.directory(directory) {
            builder.current_dir(directory);
        }
        builder.env("TMPDIR", &place.folders.temporary);
        if let Some(home) = &place.folders.home {
            builder.env("HOME", home);
        }
        builder.envs(&place.surroundings);
        for (name, template) in &process.env {
            let mut value = fill(template)?;
            if let (Some(ours), "PYTHONPATH") = (place.surroundings.get(name), name.as_str()) {
                value = format!("{ours}:{value}");
            }
            builder.env(name, value);
        }
        let begun = output.mark();
        let mut child = builder.spawn().map_err(|error| fatal(format!("can't start `{program}`: {error}")))?;
        let owned = Owned::new(child.id(), place.mark.as_str());
        owned.iter().cloned().for_each(owns);
        let mut drains = Vec::new();
        drains.extend(child.stdout.take().map(|pipe| drain(output, pipe)));
        drains.extend(child.stderr.take().map(|pipe| drain(output, pipe)));
        let mut running = Self { process: process.clone(), place: place.clone(), child, owned, address, drains };
        match running.wait_ready() {
            Ok(()) => Ok(running),
            Err(error) => {
                running.end();
                let wrote = output.since(begun);
                let wrote =
                    if wrote.trim().is_empty() { "nothing".to_owned() } else { format!("\n{}", wrote.trim_end()) };
                Err(error.with(&format!("; `{}` wrote {wrote}", command.join(" "))))
            }
        }
    }

    /// The folder that the process gets as TMPDIR.
    pub fn temporary(&self) -> &std::path::Path {
        &self.place.folders.temporary
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it and starts it again with the same folder.
    pub fn restart(
        &mut self,
        variables: &mut Variables,
        output: &Output,
        owns: &mut dyn FnMut(Owned),
    ) -> Result<(), SubjectError> {
        self.end();
        *self = Self::start(&self.process.clone(), self.place.clone(), variables, output, owns)?;
        Ok(())
    }

    /// The case that ran has ended: what it left, where the harness's own worker serves the system, or a probe
    /// is in it.
    ///
    /// # Errors
    /// If the worker does not answer as it should.
    pub fn end_case(&self, within: Duration) -> Result<Option<Found>, NoReport> {
        if self.process.asgi.is_none() {
            return Ok(self.place.probes.as_ref().map(Probes::ask));
        }
        let deadline = Instant::now() + within;
        let ask = || -> std::io::Result<Vec<u8>> {
            let mut stream = TcpStream::connect_timeout(&self.address, within)?;
            stream.set_read_timeout(Some(deadline.saturating_duration_since(Instant::now()).max(LOOK)))?;
            let address = self.address;
            write!(
                stream,
                "POST {NEXT_CASE} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}"
            )?;
            let mut answer = Vec::new();
            stream.take(ANSWER_LIMIT).read_to_end(&mut answer)?;
            Ok(answer)
        };
        let answer = ask().map_err(NoReport::Unended)?;
        let body = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| &answer[at + 4..]);
        Ok(Some(serde_json::from_slice(body.unwrap_or_default())?))
    }

    /// How it ended, if it has.
    pub fn death(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }

    /// How it ended, if it has or is about to. A process that ends closes its sockets a moment before it can be waited
    /// for, so that whoever talked to it knows earlier than its parent.
    pub fn death_after_failure(&mut self) -> Option<String> {
        let deadline = Instant::now() + SHUTDOWN_GRACE;
        loop {
            if let Some(death) = self.death() {
                return Some(death);
            }
            if answers(self.address, &self.process.ready, deadline) || Instant::now() >= deadline {
                return None;
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Ends it, politely first.
    pub fn stop(mut self) {
        self.end();
    }

    fn wait_ready(&mut self) -> Result<(), StartError> {
        let deadline = Instant::now() + self.process.ready_within;
        loop {
            if let Some(status) = self.death() {
                return Err(StartError::Ended(format!("the system ended before it was ready: {status}")));
            }
            if answers(self.address, &self.process.ready, deadline) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(StartError::Fatal(format!(
                    "the system did not answer GET {} on {} within {:?}",
                    self.process.ready, self.address, self.process.ready_within
                )));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// Asks the group to end, waits, and kills what is left of it.
    fn end(&mut self) {
        use rustix::process::{Pid, Signal, kill_process_group};
        let deadline = Instant::now() + self.process.stop_within;
        // Before anybody dies: a process whose parent is gone can't be told to have been its child.
        let family = Family::of(self.child.id());
        if matches!(self.child.try_wait(), Ok(None))
            && let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
        {
            let _ = kill_process_group(pid, Signal::TERM);
            while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(LOOK);
            }
            // The leader is not reaped before the group is killed, so that the group's id can't be anybody else's.
            let _ = kill_process_group(pid, Signal::KILL);
        }
        if let Some(owned) = &self.owned {
            owned.kill();
        }
        family.kill();
        let _ = self.child.kill();
        let _ = self.child.wait();
        let deadline = Instant::now() + LAST_OUTPUT;
        while self.drains.iter().any(|drain| !drain.is_finished()) && Instant::now() < deadline {
            std::thread::sleep(LOOK);
        }
        for drain in self.drains.drain(..).filter(JoinHandle::is_finished) {
            let _ = drain.join();
        }
    }
}

/// Kills what [`RunningProcess::stop`] did not end, and waits for nothing but its death.
impl Drop for RunningProcess {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let family = Family::of(self.child.id());
            self.owned.iter().for_each(Owned::kill);
            family.kill();
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Why a system could not be started.
#[derive(Debug)]
enum StartError {
    /// It ended by itself: another try, on another port, may do.
    Ended(String),
    Fatal(String),
}

impl StartError {
    fn with(self, more: &str) -> Self {
        match self {
            Self::Ended(reason) => Self::Ended(reason + more),
            Self::Fatal(reason) => Self::Fatal(reason + more),
        }
    }
}

/// The interpreter of the folder that the system runs in.
fn python_of(process: &Process, place: &Place) -> PathBuf {
    let directory = process.directory.as_deref().map(PathBuf::from);
    let project = place.folders.directory(directory).unwrap_or_else(|| PathBuf::from("."));
    choose_python(&project, None, place.virtual_env.as_deref()).program
}

fn drain(output: &Output, pipe: impl Read + Send + 'static) -> JoinHandle<()> {
    let output = output.clone();
    std::thread::spawn(move || output.drain(pipe))
}

fn resolve(base_url: &str) -> Option<SocketAddr> {
    let authority = base_url.strip_prefix("http://")?.split('/').next()?;
    authority.to_socket_addrs().ok()?.find(SocketAddr::is_ipv4)
}

/// Whether a GET of `path` is answered with a status below 500.
fn answers(address: SocketAddr, path: &str, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now()).clamp(LOOK, Duration::from_secs(1));
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect_timeout(&address, left)?;
        stream.set_read_timeout(Some(left))?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(head.starts_with(b"HTTP/1.") && matches!(head[9], b'1'..=b'4'))
    };
    ask().unwrap_or(false)
}
