//! A running pytest, as the harness speaks with it.

use crate::adapter::pytest::PytestSpec;
use crate::adapter::pytest::error::PytestError;
use crate::adapter::pytest::gate::Gate;
use crate::adapter::pytest::launch::{GATE, Mode, command};
use crate::adapter::pytest::message::{Collected, Message, Request};
use crate::adapter::shared::mirror::{Mirror, Whose, place_of_copy};
use crate::adapter::shared::python;
use crate::adapter::shared::surroundings::Surroundings;
use crate::adapter::system::output::{Mark, Output};
use crate::engine::{Family, Owned};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a suite may take to be collected.
pub(super) const COLLECT_WITHIN: Duration = Duration::from_secs(600);

/// The longest message, in bytes: a listing of very many tests.
const LONGEST_MESSAGE: u64 = 256 << 20;

/// How long a pytest that has been told to end may take.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// A running pytest with the plugin. Dropping it ends it and all that it started.
#[derive(Debug)]
pub(super) struct Server {
    python: PathBuf,
    child: Child,
    requests: Option<ChildStdin>,
    messages: Receiver<Message>,
    readers: Vec<JoinHandle<()>>,
    /// What it writes besides.
    pub output: Output,
    /// By what it is known if this process dies.
    pub owned: Option<Owned>,
    gate: Option<Gate>,
    /// The same, until the engine has heard of it.
    pub unannounced: Option<Owned>,
    /// Where it runs: the suite's folder, or its copy.
    pub folder: PathBuf,
    mirror: Option<Mirror>,
    /// Where its plugin swallowed an exception, and what it noted, as far as that was told.
    swallowed: BTreeSet<String>,
    /// Its HOME, if that is a folder of its own.
    home: Option<PathBuf>,
    /// The exit code, once it has ended by itself or by a signal that it took.
    pub code: Option<i32>,
}

/// Why nothing more comes from a pytest for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// Nothing came in time.
    Overdue,
    /// Its pipe ended.
    Gone,
}

impl Server {
    /// Starts pytest in a process group of its own, marked by an environment entry `NAME=value`.
    pub fn start(
        spec: &PytestSpec,
        mode: Mode,
        hash_seed: Option<u32>,
        scratch: &Path,
        mark: &str,
        around: Option<&Surroundings>,
    ) -> Result<Self, PytestError> {
        let mirror = fresh_copy(spec, scratch).map_err(PytestError::Copy)?;
        let folder =
            mirror.as_ref().map_or_else(|| spec.folder.clone(), |mirror| mirror.folder(&spec.folder_to_copy()));
        let mut command = command(spec, mode, hash_seed, scratch, around)?;
        let gate = around.map(|_| Gate::make(&scratch.join(GATE))).transpose()?;
        command.current_dir(&folder);
        let home = mirror.is_some().then(|| scratch.join("home"));
        if let Some(home) = &home {
            crate::disk::make_folders(home)?;
            command.env("HOME", home);
        }
        if let Some((name, value)) = mark.split_once('=') {
            command.env(name, value);
        }
        let started = command.process_group(0).spawn();
        let mut child = started.map_err(|source| PytestError::Start { python: spec.python.clone(), source })?;
        let owned = Owned::new(child.id(), mark);
        let requests = child.stdin.take();
        let (sender, messages) = channel();
        let output = Output::default();
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            readers.push(std::thread::spawn(move || {
                let mut pipe = BufReader::with_capacity(1 << 16, pipe);
                let mut line = Vec::new();
                while let Ok(1..) = pipe.by_ref().take(LONGEST_MESSAGE).read_until(b'\n', &mut line) {
                    // A child that is killed can leave half a message behind: what can't be read was never said.
                    if let Ok(message) = serde_json::from_slice(&line)
                        && sender.send(message).is_err()
                    {
                        return;
                    }
                    line.clear();
                }
            }));
        }
        if let Some(pipe) = child.stderr.take() {
            let output = output.clone();
            readers.push(std::thread::spawn(move || output.drain(pipe)));
        }
        let unannounced = owned.clone();
        Ok(Self {
            python: spec.python.clone(),
            child,
            requests,
            messages,
            readers,
            output,
            owned,
            gate,
            unannounced,
            folder,
            mirror,
            swallowed: BTreeSet::new(),
            home,
            code: None,
        })
    }

    /// What a reader should know of exceptions that the plugin swallowed in a round: of each place once.
    pub fn new_notes(&mut self, swallowed: &BTreeMap<String, u64>) -> Vec<String> {
        let mut new = swallowed.clone();
        new.retain(|place, _| self.swallowed.insert(place.clone()));
        python::swallowed(&new).collect()
    }

    /// Those of these notes that were not told yet.
    pub fn untold(&mut self, notes: Vec<String>) -> Vec<String> {
        notes.into_iter().filter(|note| self.swallowed.insert(note.clone())).collect()
    }

    /// Makes its tree what it was and its HOME empty, if it has some of its own.
    pub fn clean_tree(&mut self) -> std::io::Result<()> {
        if let Some(home) = &self.home {
            std::fs::remove_dir_all(home)?;
            std::fs::create_dir(home)?;
        }
        self.mirror.as_mut().map_or(Ok(()), Mirror::restore)
    }

    /// Waits for what was collected.
    pub fn collected(&mut self) -> Result<Collected, PytestError> {
        let deadline = Instant::now() + COLLECT_WITHIN;
        loop {
            match self.hear(deadline.saturating_duration_since(Instant::now())) {
                Ok(Message::Collected { collected }) => return Ok(collected),
                Ok(_) => {}
                Err(Silence::Overdue) => {
                    return Err(PytestError::Overdue(COLLECT_WITHIN.as_secs()));
                }
                Err(Silence::Gone) => {
                    let how = self.end();
                    let wrote = self.output.since(Mark::default());
                    return Err(match without_pytest(&wrote) {
                        Some(python) => PytestError::NoPytest { python: python.to_string() },
                        None => PytestError::Uncollected {
                            how,
                            wrote: wrote.trim().to_owned(),
                            python: self.python.clone(),
                        },
                    });
                }
            }
        }
    }

    /// The next message.
    pub fn hear(&mut self, within: Duration) -> Result<Message, Silence> {
        self.messages.recv_timeout(within).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Overdue,
            RecvTimeoutError::Disconnected => Silence::Gone,
        })
    }

    /// Lets the test begin that said that it is about to.
    pub fn let_pass(&mut self) {
        self.gate.iter_mut().for_each(Gate::open);
    }

    /// Sends a request; a pytest that is gone is noticed by its silence.
    pub fn send(&mut self, request: &Request<'_>) {
        let Some(pipe) = self.requests.as_mut() else { return };
        let sent = serde_json::to_vec(request).map_err(std::io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            pipe.write_all(&line)?;
            pipe.flush()
        });
        if sent.is_err() {
            self.requests = None;
        }
    }

    /// Ends it: by the end of its pipe, else by force; with all that it started. Says how it ended.
    pub fn end(&mut self) -> String {
        self.requests = None;
        let family = Family::of(self.child.id());
        let deadline = Instant::now() + SHUTDOWN_GRACE;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(2));
        }
        self.kill();
        family.kill();
        let status = self.child.wait();
        self.code = status.as_ref().ok().and_then(ExitStatus::code);
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        for reader in self.readers.drain(..) {
            // A process that nobody knows of may hold the pipe open: what it writes is of no interest any more.
            let deadline = Instant::now() + SHUTDOWN_GRACE;
            while !reader.is_finished() && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(2));
            }
            if reader.is_finished() {
                let _ = reader.join();
            }
        }
        status
    }

    /// Kills it and all that it started, at once.
    pub fn kill(&self) {
        self.owned.iter().for_each(Owned::kill);
    }
}

/// Kills what [`Server::end`] did not end, and waits for nothing but its death: who reads its output goes with its pipes.
impl Drop for Server {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let family = Family::of(self.child.id());
            self.kill();
            family.kill();
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The copy of the tree that the suite is to run in, if it is to run in one.
fn fresh_copy(spec: &PytestSpec, scratch: &Path) -> std::io::Result<Option<Mirror>> {
    let (Some(copied), Some(original)) = (&spec.copied, spec.original_tree()) else { return Ok(None) };
    Mirror::make(Whose::Suite, copied, &place_of_copy(original, scratch)?).map(Some)
}

/// The interpreter that says that it has no pytest.
fn without_pytest(wrote: &str) -> Option<&str> {
    wrote.lines().find_map(|line| line.trim().strip_suffix(": No module named pytest"))
}
