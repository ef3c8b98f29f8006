//! What a run is, said before anything happens in it.

use crate::event::{Background, Identity, Question};
use crate::model::{CaseId, ContentHash, EventLoop, FindingKind, LeakAllowance, Measured, Seed, Stress};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The version of the journal's format. A reader refuses a newer one.
pub const JOURNAL_VERSION: u32 = 1;

/// The first fact of every journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`JOURNAL_VERSION`] of the writer.
    pub version: u32,
    /// The program's version.
    pub program: String,
    /// The run's name: its folder below `runs/`.
    pub run: String,
    /// When it began.
    pub started: Timestamp,
    /// The root of all its randomness.
    pub seed: Seed,
    /// What is run.
    pub subject: SubjectInfo,
    /// What is asked of it.
    pub policy: Policy,
    /// The plan's hash: a resumed run must have the same.
    pub plan: ContentHash,
    /// How many rounds are planned, by kind.
    pub planned: BTreeMap<String, u32>,
    /// What was known before: the revision, the history, the quarantine.
    #[serde(default, skip_serializing_if = "Background::is_empty")]
    pub background: Background,
    /// Which part of the plan it runs, if it is a shard.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardInfo>,
    /// The one case that it is about, if it was asked about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// What is tested and with what; journals of older programs lack it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The cases in declared order. Everything else in the journal names them by their place here.
    pub cases: Vec<CaseInfo>,
}

/// Which part of a plan a shard runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShardInfo {
    /// Its number, from 1.
    pub index: u32,
    /// How many shards there are.
    pub of: u32,
}

/// The subject as reports name it and as a worker makes it again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SubjectInfo {
    /// In a few words: `scenarios on embedded`.
    pub name: String,
    /// The arguments that choose it on the command line, for commands that repeat something.
    pub arguments: Vec<String>,
    /// What a worker needs to make it. The engine hands it on without a look.
    pub spec: serde_json::Value,
    /// Equal as long as cases and system mean the same.
    pub hash: ContentHash,
    /// By kind of resource.
    pub measured: BTreeMap<String, Measured>,
    /// What a round of it is: `the tests in one order, in a process of pytest of its own`. Older journals lack it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub round: String,
}

impl SubjectInfo {
    /// Whether it is a test suite, and not scenarios.
    pub fn is_suite(&self) -> bool {
        self.arguments.iter().any(|argument| argument == "--suite")
    }

    /// The folder of a suite whose cases are known by Python modules, as it was typed; `None` for any other subject.
    pub fn folder_of_modules(&self) -> Option<&str> {
        self.arguments.iter().find_map(|word| word.strip_prefix("pytest:"))
    }
}

/// What is asked of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// What any case may leave behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaks: Vec<LeakAllowance>,
    /// Findings that fail the gate.
    pub fail_on: BTreeSet<FindingKind>,
    /// The confidence of every statement, in (0, 1).
    pub confidence: f64,
    /// The rate of failing rounds that must be excluded, if one was asked for.
    pub max_flake_rate: Option<f64>,
    /// How long an event loop lives; two where both are asked for.
    pub event_loops: Vec<EventLoop>,
    /// How many rounds ran side by side.
    pub jobs: u32,
    /// How the plan was asked for, so that a resumed run makes the same one.
    pub plan: PlanPolicy,
}

/// How a plan was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanPolicy {
    /// The strategy's name.
    pub strategy: String,
    /// What stays together.
    pub group: String,
    /// How many rounds, if it was said.
    pub rounds: Option<u32>,
    /// The file of a given order.
    pub order: Option<PathBuf>,
    /// The noise around rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stress: Option<Stress>,
    /// The commit since which changes get more rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Whether cases are run alone where that is cheap.
    pub alone: bool,
}

/// A case of any subject, as plans, the journal and reports know it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CaseInfo {
    /// The id of the case.
    pub id: CaseId,
    /// The title of the case.
    pub title: String,
    /// Its file, relative to the project.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it belongs to: a folder of scenarios, a module of a suite. Plans group by it; the journal does not keep it.
    #[serde(skip)]
    pub module: String,
    /// The tags of the case.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<String>,
    /// Equal as long as the case means the same.
    pub hash: ContentHash,
    /// Why it is not run, if it is known beforehand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skip: Option<String>,
    /// What it may leave behind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leaks: Vec<LeakAllowance>,
}
