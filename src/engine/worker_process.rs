//! A worker as the engine sees it: a process with a pipe in and a pipe out.

use crate::disk::make_folders;
use crate::engine::Family;
use crate::engine::protocol::{Reply, Request};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::Sender;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How much of a worker's last words is kept, in bytes.
const LAST_WORDS: usize = 16 << 10;

/// The longest message that a worker may send, in bytes.
const LONGEST_MESSAGE: u64 = 64 << 20;

/// How to start workers.
#[derive(Debug, Clone)]
pub struct WorkerCommand {
    /// The program that is started.
    pub program: PathBuf,
    /// The arguments that it starts with.
    pub arguments: Vec<String>,
    /// An entry of its environment, `NAME=value`, by which it is known for one of this run.
    pub mark: String,
    /// Its TMPDIR: a folder of its own, so that what it leaves there is known for its.
    pub temporary: PathBuf,
}

/// What comes from a worker, with the number of the process that it comes from.
#[derive(Debug)]
pub(super) struct FromWorker {
    pub worker: u64,
    pub message: WorkerMessage,
}

/// What was heard.
#[derive(Debug)]
pub(super) enum WorkerMessage {
    Reply(Reply),
    /// Its output ended, or was no message.
    Silence(Option<String>),
}

/// A running worker.
#[derive(Debug)]
pub(super) struct WorkerProcess {
    pub number: u64,
    child: Child,
    input: Option<ChildStdin>,
    listener: Option<JoinHandle<()>>,
    stderr_reader: Option<JoinHandle<String>>,
}

impl WorkerProcess {
    /// Starts a worker in a process group of its own, so that a Ctrl-C reaches the engine alone.
    pub fn start(command: &WorkerCommand, number: u64, heard: Sender<FromWorker>) -> io::Result<Self> {
        let (name, value) = command.mark.split_once('=').unwrap_or((&command.mark, ""));
        make_folders(&command.temporary)?;
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            .env(name, value)
            .env("TMPDIR", &command.temporary)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let input = child.stdin.take();
        let output = child.stdout.take();
        let errors = child.stderr.take();
        let listen = move || {
            if let Some(output) = output {
                listen(output, number, &heard);
            }
        };
        let read_stderr = move || errors.map(last_words).unwrap_or_default();
        let listener = std::thread::Builder::new().name(format!("worker {number}")).spawn(listen)?;
        let stderr_reader = std::thread::Builder::new().name(format!("worker {number} stderr")).spawn(read_stderr)?;
        Ok(Self { number, child, input, listener: Some(listener), stderr_reader: Some(stderr_reader) })
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request. A worker that is gone is noticed by its silence, so a broken pipe is no error here.
    pub fn send(&mut self, request: &Request) {
        let Some(input) = self.input.as_mut() else { return };
        let sent = serde_json::to_vec(request).map_err(io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            input.write_all(&line)?;
            input.flush()
        });
        if sent.is_err() {
            self.input = None;
        }
    }

    /// Ends the pipe, which asks the worker to end.
    pub fn dismiss(&mut self) {
        self.input = None;
    }

    /// Kills it at once, with all that it started or adopted.
    pub fn kill(&mut self) {
        let family = Family::of(self.child.id());
        let _ = self.child.kill();
        family.kill();
    }

    /// Waits for its end, no longer than until `deadline`, then kills it. Says how it ended and what it last wrote.
    pub fn wait(mut self, deadline: Instant) -> String {
        self.input = None;
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.child.kill();
        let status = self.child.wait().map_or_else(|error| error.to_string(), |status| status.to_string());
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
        let words = self.stderr_reader.take().and_then(|stderr_reader| stderr_reader.join().ok()).unwrap_or_default();
        if words.trim().is_empty() { status } else { format!("{status}; it last wrote: {}", words.trim()) }
    }
}

fn listen(output: impl Read, worker: u64, heard: &Sender<FromWorker>) {
    let mut output = BufReader::with_capacity(1 << 16, output);
    let mut line = Vec::new();
    let silence = loop {
        line.clear();
        match output.by_ref().take(LONGEST_MESSAGE).read_until(b'\n', &mut line) {
            Ok(0) => break None,
            Ok(_) => {}
            Err(error) => break Some(error.to_string()),
        }
        match serde_json::from_slice(&line) {
            Ok(reply) => {
                if heard.send(FromWorker { worker, message: WorkerMessage::Reply(reply) }).is_err() {
                    return;
                }
            }
            Err(error) => break Some(format!("not a message: {error}")),
        }
    };
    let _ = heard.send(FromWorker { worker, message: WorkerMessage::Silence(silence) });
}

/// The end of what a worker wrote to its standard error. All of it is read, so that the worker never blocks on it.
fn last_words(mut errors: impl Read) -> String {
    let mut kept = Vec::new();
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = errors.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..read]);
        if kept.len() > 2 * LAST_WORDS {
            kept.drain(..kept.len() - LAST_WORDS);
        }
    }
    let from = kept.len().saturating_sub(LAST_WORDS);
    String::from_utf8_lossy(&kept[from..]).into_owned()
}
