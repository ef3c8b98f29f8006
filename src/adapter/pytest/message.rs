//! What the plugin and the harness say to each other: JSON, a message per line.

use crate::adapter::pytest::holdings::Held;
use crate::adapter::shared::python::{Found, NeverAwaited, PendingTask};
use crate::event::{Dirt, TrialReport};
use crate::model::{Aftermath, ContentHash, Failure, LoopBound, Outcome, Place, Position, StateMark};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// To the plugin.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Request<'a> {
    Round(RoundRequest<'a>),
    Hang { hang: bool },
}

/// What the server is told to begin a round.
#[derive(Debug, Serialize)]
pub(super) struct RoundRequest<'a> {
    /// Places among what it collected; `None` for a test that it did not collect.
    pub order: &'a [Option<u32>],
    pub from: Position,
    pub seed: u64,
    /// A folder of the round's own.
    pub tmp: &'a Path,
    pub deadline: f64,
    /// Whether each case is compared with the state before it, for what it leaves changed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub marks: bool,
    /// The place whose case is watched for what it changes, and for what of it decides how the last case ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch: Option<Position>,
    /// Seconds for which the last case is followed, line by line, to find where two runs of it part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow: Option<f64>,
    /// How many cases of the order are walked over, while the rest of it is tried again and again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub walk: Option<u32>,
    /// Which of its cases run first, and which of the others share a fork.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aftermath: Option<&'a Aftermath>,
    /// How its resources are accounted for, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerRequest<'a>>,
}

/// How the resources of a round are accounted for.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct LedgerRequest<'a> {
    /// The pipe at which it waits before the first test and after each one.
    pub gate: &'a Path,
    /// Whether garbage is collected after each test, and not only after the last one.
    pub collect: bool,
}

/// From the plugin.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", untagged)]
pub(super) enum Message {
    Collected {
        collected: Collected,
    },
    /// The process that plays a round whose resources are accounted for.
    Playing {
        playing: i32,
    },
    Started {
        started: Position,
    },
    Finished(Box<Finished>),
    Ended {
        #[serde(rename = "ended")]
        _ended: bool,
        /// Exceptions that the plugin kept from the tests, by place and kind.
        #[serde(default)]
        swallowed: BTreeMap<String, u64>,
        /// What a reader should know, whichever test showed it.
        #[serde(default)]
        notes: Vec<String>,
    },
    Dead {
        dead: String,
        stacks: Option<String>,
    },
}

/// What was collected.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Collected {
    pub cases: Vec<CollectedCase>,
    pub notes: Vec<String>,
    /// What switches off on pytest's command line what the plugin has switched off.
    #[serde(default)]
    pub switches: Vec<String>,
    /// Names of threads that are alive after collection.
    pub threads: Vec<String>,
    /// Files of the suite that are open for writing after collection.
    #[serde(default)]
    pub held: Vec<String>,
    pub forks: bool,
    pub pytest: String,
    pub python: String,
}

/// A test that was collected.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct CollectedCase {
    pub id: String,
    pub file: String,
    pub line: u32,
    pub marks: Vec<String>,
}

/// How a test ended.
#[derive(Debug, Deserialize)]
pub(super) struct Finished {
    pub finished: Position,
    outcome: Told,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: String,
    /// What a test that passed wrote, as far as pytest captured it.
    output: Option<String>,
    file: Option<PathBuf>,
    line: Option<u32>,
    /// The text of that line.
    #[serde(default)]
    source: String,
    /// The kind of the exception, where there was one.
    #[serde(default)]
    exception: String,
    #[serde(default)]
    micros: u64,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    loop_bound: Vec<LoopBound>,
    #[serde(default)]
    pending_tasks: Vec<PendingTask>,
    #[serde(default)]
    never_awaited: Vec<NeverAwaited>,
    #[serde(default)]
    dirt: Dirt,
    #[serde(default)]
    marks: Vec<StateMark>,
    #[serde(default)]
    after: Option<u32>,
    /// Where two runs of it part.
    #[serde(default)]
    difference: Option<String>,
    /// What it holds, as Python knows it, where that is accounted for.
    #[serde(default)]
    pub held: Option<Held>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Told {
    Passed,
    Failed,
    Errored,
    Skipped,
    /// pytest can't go on after it.
    Stopped,
    /// It ended the fork that it ran in.
    Crashed,
    /// It did not end, and the fork that it ran in was ended.
    TimedOut,
}

impl Finished {
    /// Whether pytest can't go on after it.
    pub fn stops(&self) -> bool {
        self.outcome == Told::Stopped
    }

    /// A failure. Values in its message differ from order to order: the way of failing is the kind of the exception and
    /// the line that raised it, by its text, so that it stays the same when lines move.
    fn failure(&self, place: Option<Place>) -> Failure {
        let mut failure = Failure::new(self.message.clone(), place).with_details(self.details.clone());
        if !self.source.is_empty() {
            let is_name = |c: char| c.is_alphanumeric() || "_.".contains(c);
            let kind: String = match self.exception.as_str() {
                "" => self.message.trim_start_matches("AssertionError: ").chars().take_while(|c| is_name(*c)).collect(),
                kind => kind.to_owned(),
            };
            let file =
                self.file.as_deref().and_then(Path::file_name).map(|name| name.to_string_lossy()).unwrap_or_default();
            let way = ContentHash::of([kind.as_str(), &file, self.source.as_str()]);
            failure.fingerprint = way.short().to_owned();
        }
        failure
    }

    /// As the engine hears it; files below `folder` are named relative to it.
    pub fn report(self, folder: &Path) -> TrialReport {
        let place = self.file.as_ref().zip(self.line).map(|(file, line)| Place {
            file: file.strip_prefix(folder).unwrap_or(file).display().to_string(),
            line,
            column: 1,
        });
        let failure = || self.failure(place.clone());
        let outcome = match self.outcome {
            Told::Passed => Outcome::Passed,
            Told::Failed => Outcome::Failed(failure()),
            Told::Errored => Outcome::Errored(failure()),
            Told::Stopped | Told::Crashed => Outcome::Crashed(failure()),
            Told::TimedOut => Outcome::TimedOut(failure()),
            Told::Skipped => Outcome::Skipped { reason: self.message.clone() },
        };
        let found = Found {
            loop_bound: self.loop_bound,
            pending_tasks: self.pending_tasks,
            never_awaited: self.never_awaited,
            ..Found::default()
        };
        let notes = self.notes.into_iter().chain(found.notes()).collect();
        TrialReport {
            outcome,
            micros: self.micros,
            output: self.output,
            excerpt: None,
            notes,
            loop_bound: found.loop_bound,
            retained: Vec::new(),
            dirt: self.dirt,
            marks: self.marks,
            fresh: false,
            after: self.after,
            difference: self.difference,
        }
    }
}

/// The way in for the fuzzer, built with `--cfg fuzzing` only: a line from the plugin, read and told.
#[cfg(fuzzing)]
pub fn fuzz_message(line: &[u8]) {
    if let Ok(Message::Finished(finished)) = serde_json::from_slice(line) {
        let _ = finished.stops();
        let _ = finished.report(Path::new("/suite"));
    }
}
