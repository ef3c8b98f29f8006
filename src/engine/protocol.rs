//! What engine and worker say to each other: JSON, a message per line.

use crate::engine::Owned;
use crate::event::{Event, Note, RoundEnd, TrialReport};
use crate::model::{Aftermath, CaseIndex, ContentHash, EventLoop, Position, RoundId, RoundKind, Seed, Stress};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A round, self-contained: all that a worker must know to run it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoundUnit {
    /// The round that is meant.
    pub round: RoundId,
    /// Which attempt at it.
    pub attempt: u32,
    /// Why it has its order.
    pub kind: RoundKind,
    /// The seed of all that is random in it.
    pub seed: Seed,
    /// How long an event loop lives.
    pub event_loop: EventLoop,
    /// The noise around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stress: Option<Stress>,
    /// The hash seed of the subject's Python, where it has one: what a process decides once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_seed: Option<u32>,
    /// The place of the order whose case is watched for what it changes, where the subject can tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub watch: Option<Position>,
    /// For how many milliseconds the last case is followed, line by line, to find where two runs of it part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_ms: Option<u32>,
    /// How many cases of the order are walked over: what follows them is tried in forks again and again on the way, and
    /// the round ends where it first fails. For subjects that can fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub walk: Option<u32>,
    /// In an aftermath: which of its cases run first, and which of them share a fork. For subjects that can fork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aftermath: Option<Aftermath>,
    /// Whether the clock added it to the plan.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub added: bool,
    /// The cases, by their place among the subject's cases.
    pub order: Vec<CaseIndex>,
    /// The first place of the order that is still to be run.
    pub from: Position,
    /// The deadline of a case that has none of its own, in milliseconds.
    pub case_deadline_ms: u64,
}

impl RoundUnit {
    /// A first attempt at a round, from its first case on, with nothing special about it: on the event loops of the
    /// default life, without stress, under whatever hash seed the subject begins with. `case_timeout` is the deadline of a
    /// case that has none of its own.
    pub fn new(round: RoundId, kind: RoundKind, seed: Seed, order: Vec<CaseIndex>, case_timeout: Duration) -> Self {
        Self {
            round,
            attempt: 0,
            kind,
            seed,
            event_loop: EventLoop::default(),
            stress: None,
            hash_seed: None,
            watch: None,
            follow_ms: None,
            walk: None,
            aftermath: None,
            added: false,
            order,
            from: Position(0),
            case_deadline_ms: u64::try_from(case_timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl RoundUnit {
    /// The fact that it begins, on this host.
    pub fn begins(&self) -> Event {
        Event::RoundStarted {
            round: self.round,
            attempt: self.attempt,
            kind: self.kind,
            seed: self.seed,
            event_loop: self.event_loop,
            stress: self.stress,
            hash_seed: self.hash_seed,
            aftermath: self.aftermath.clone(),
            added: self.added,
            host: None,
            order: self.order.clone(),
        }
    }
}

/// What a worker needs before its first round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prepare {
    /// What the subject is; the engine does not look inside.
    pub spec: serde_json::Value,
    /// Values of the environment that the subject's files name. They come over the pipe and stand in no file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, String>,
    /// A folder of the worker's own for everything temporary.
    pub scratch: PathBuf,
    /// Marks the processes that it starts.
    pub mark: String,
}

/// What a worker says once it has made its subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Prepared {
    /// How many cases it has.
    pub cases: u32,
    /// The hash of what they mean: must be the run's.
    pub hash: ContentHash,
}

/// From the engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Request {
    Prepare(Prepare),
    Run(Box<RoundUnit>),
}

/// From the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reply {
    Prepared(Prepared),
    Refused { reason: String },
    TrialStarted { position: Position, deadline_ms: u64 },
    TrialFinished { position: Position, report: Box<TrialReport> },
    Noted(Note),
    Owns(Owned),
    RoundEnded { end: RoundEnd },
}
