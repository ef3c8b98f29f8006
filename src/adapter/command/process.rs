//! A runner at work, as the harness hears it.

use crate::adapter::command::error::CommandError;
use crate::adapter::system::output::{Mark, Output};
use crate::engine::{Family, Owned};
use crate::platform;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest line that is looked at whole, in bytes: a test's output in one JSON object.
const LONGEST_LINE: u64 = 64 << 20;

/// How many lines wait to be looked at.
const WAITING: usize = 1_000;

/// How long what a runner left may take to let go of its pipes.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

/// How long what a runner started may take to end after it.
const ENDING: Duration = Duration::from_millis(300);

/// So much of a command is told, in characters.
const COMMAND: usize = 120;

/// How much of what a runner wrote is told, in bytes.
const TAIL: usize = 4_000;

/// A runner at work. Dropping it ends it and all that it started.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    lines: Receiver<Vec<u8>>,
    readers: Vec<JoinHandle<()>>,
    output: Output,
    /// By what it is known if this process dies.
    pub owned: Option<Owned>,
    status: Option<ExitStatus>,
    /// What it had started and left running when it ended, by command; the harness killed it.
    pub left: Vec<String>,
}

/// Why there is no line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Silence {
    /// None came in time.
    Overdue,
    /// It has ended, and everything that it wrote was read.
    Gone,
}

impl Process {
    /// Starts it in a process group of its own, marked by an environment entry `NAME=value`.
    ///
    /// # Errors
    /// If it can't be started: for people.
    pub fn start(mut command: Command, mark: &str) -> Result<Self, CommandError> {
        if let Some((name, value)) = mark.split_once('=') {
            command.env(name, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().display().to_string();
        let mut child = command.process_group(0).spawn().map_err(|source| CommandError::Start { program, source })?;
        let owned = Owned::new(child.id(), mark);
        let output = Output::default();
        let (sender, lines) = sync_channel(WAITING);
        let mut readers = Vec::new();
        if let Some(pipe) = child.stdout.take() {
            let output = output.clone();
            readers.push(std::thread::spawn(move || hear(pipe, &sender, &output)));
        }
        if let Some(pipe) = child.stderr.take() {
            let output = output.clone();
            readers.push(std::thread::spawn(move || output.drain(pipe)));
        }
        Ok(Self { child, lines, readers, output, owned, status: None, left: Vec::new() })
    }

    /// The next line of its standard output.
    pub fn line(&mut self, within: Duration) -> Result<Vec<u8>, Silence> {
        self.lines.recv_timeout(within).map_err(|error| match error {
            RecvTimeoutError::Timeout => Silence::Overdue,
            RecvTimeoutError::Disconnected => Silence::Gone,
        })
    }

    /// Whether it has ended; what it left running then holds its pipes no longer.
    pub fn has_ended(&mut self) -> bool {
        if self.status.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.status = Some(status);
            self.left = self.owned.as_ref().map(left_by).unwrap_or_default();
            self.owned.iter().for_each(Owned::kill);
        }
        self.status.is_some()
    }

    /// Kills it and all that it started, at once.
    pub fn kill(&mut self) {
        let family = Family::of(self.child.id());
        self.owned.iter().for_each(Owned::kill);
        family.kill();
    }

    /// Ends it, with all that it started. Says how it ended.
    pub fn end(&mut self) -> Option<ExitStatus> {
        if !self.has_ended() {
            self.kill();
            self.status = self.child.wait().ok();
        }
        // What is still to be said is of no interest; a reader must not wait for somebody to take it.
        let deadline = Instant::now() + SHUTDOWN_GRACE;
        for reader in self.readers.drain(..) {
            while !reader.is_finished() && Instant::now() < deadline {
                while self.lines.try_recv().is_ok() {}
                std::thread::sleep(Duration::from_millis(2));
            }
            if reader.is_finished() {
                let _ = reader.join();
            }
        }
        self.status
    }

    /// The end of what it wrote.
    pub fn tail(&self) -> String {
        let text = self.output.since(Mark::default());
        let text = text.trim();
        let from = text.char_indices().rev().nth(TAIL).map_or(0, |(at, _)| at);
        text.get(from..).unwrap_or_default().to_owned()
    }
}

/// Kills what [`Process::end`] did not end, and waits for nothing but its death: who reads its output goes with its pipes.
impl Drop for Process {
    fn drop(&mut self) {
        if !self.has_ended() {
            self.kill();
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// The commands of what a runner that has ended left running. What ends by itself within a moment is not told.
fn left_by(owned: &Owned) -> Vec<String> {
    let deadline = Instant::now() + ENDING;
    let mut left = owned.members();
    while !left.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
        left = owned.members();
    }
    let commands = left.into_iter().filter_map(platform::process::command_line);
    let texts = commands.map(|line| line.join(" ").trim_end().chars().take(COMMAND).collect::<String>());
    // What has ended and was not waited for has no command.
    texts.filter(|text| !text.is_empty()).collect()
}

fn hear(pipe: impl Read, lines: &SyncSender<Vec<u8>>, output: &Output) {
    let mut pipe = BufReader::with_capacity(1 << 16, pipe);
    loop {
        let mut line = Vec::new();
        match pipe.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let shown = line.get(..line.len().min(TAIL)).unwrap_or_default();
        output.line(String::from_utf8_lossy(shown).trim_end_matches(['\n', '\r']));
        if lines.send(line).is_err() {
            return;
        }
    }
}

/// How a process ended, in words.
pub(super) fn in_words(status: Option<ExitStatus>) -> String {
    match status {
        Some(status) => match (status.code(), status.signal()) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("killed by signal {signal}"),
            (None, None) => status.to_string(),
        },
        None => "it is not known how".to_owned(),
    }
}

/// Whether it was ended by a signal.
pub(super) fn is_killed(status: Option<ExitStatus>) -> bool {
    status.is_some_and(|status| status.signal().is_some())
}
