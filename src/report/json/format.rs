//! The types of `report.json`, version 1: the run. `case` has those of its cases.

use crate::report::json::case::JsonCase;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of `report.json` that is written.
pub const REPORT_VERSION: u32 = 1;

/// A run and what it came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonReport {
    /// The version of this format: 1.
    pub version: u32,
    /// The run's name.
    pub run: String,
    /// The program's version.
    pub program: String,
    /// When the run began, RFC 3339 in UTC.
    pub started: String,
    /// The root of all its randomness, 16 hex digits.
    pub seed: String,
    /// What was run.
    pub subject: String,
    /// `passed`, `failed`, `unproven`, `error` or `interrupted`.
    pub gate: GateWord,
    /// Why the gate is unproven or an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Rounds of the plan that ran to their end.
    pub rounds: u64,
    /// Rounds of the plan.
    pub planned_rounds: u64,
    /// Rounds beyond the plan that ran to their end, while there was time.
    #[serde(default, skip_serializing_if = "none_added")]
    pub added_rounds: u64,
    /// Trials that were reported, the diagnosis included.
    pub trials: u64,
    /// How long the run took, in seconds.
    pub duration_s: f64,
    /// The commit, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The page of the CI job, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The command as it was typed, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The shares of ordered pairs of cases that were seen.
    pub pair_coverage: JsonCoverage,
    /// How sure "nothing was found" is.
    pub evidence: JsonEvidence,
    /// The one case that the run was asked about, if it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<JsonQuestion>,
    /// What is known from earlier runs, if a history is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<JsonHistory>,
    /// The quarantine, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<JsonQuarantine>,
    /// By kind of resource: `yes`, or why it was not measured.
    pub measured: BTreeMap<String, String>,
    /// Every case, in declared order.
    pub cases: Vec<JsonCase>,
    /// Findings with one cause, worst first.
    #[serde(default)]
    pub causes: Vec<JsonCause>,
    /// What the hosts of a fleet came to; absent where one host did everything.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<JsonHost>,
    /// What a reader should know and that is no finding.
    #[serde(default)]
    pub notes: Vec<JsonNote>,
}

/// A host that rounds ran on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonHost {
    /// Its name; absent for the one that kept the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Rounds of the plan that it ran to their end.
    pub rounds: u32,
    /// Trials in rounds of the plan.
    pub trials: u32,
    /// How many of them failed.
    pub failures: u32,
    /// How many times as long as on the other hosts its rounds took, if enough were seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pace: Option<f64>,
    /// Whether it was much slower than the others.
    pub lame: bool,
    /// Its kernel, processor, cores and memory, as far as they are known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub machine: BTreeMap<String, String>,
    /// The cases that fail here more often than elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cases: Vec<String>,
}

/// The case that a run was asked about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonQuestion {
    /// The id of the case.
    pub case: String,
    /// How often it was tried in rounds, the diagnosis not included.
    pub tries: u32,
    /// How often it failed then.
    pub failures: u32,
    /// The rate of failing tries that is excluded, in [0, 1].
    pub rate_upper: f64,
    /// The file with the order to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_in: Option<String>,
}

fn none_added(rounds: &u64) -> bool {
    *rounds == 0
}

/// Whether CI may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "each is described at verdict::Gate")]
pub enum GateWord {
    Passed,
    Failed,
    Unproven,
    Error,
    Interrupted,
}

/// The shares of ordered pairs of cases that were seen, in [0, 1].
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonCoverage {
    /// One somewhere before the other.
    pub before: f64,
    /// One right before the other.
    pub adjacent: f64,
}

/// How sure "nothing was found" is. It speaks of rounds: a round fails if any case of it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonEvidence {
    /// Shuffled rounds of distinct seeds that ran to their end, those of earlier runs that count included.
    pub rounds_counted: u32,
    /// Those of them that are from earlier runs of unchanged cases on an unchanged subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<JsonEarlier>,
    /// Those of them in which something failed.
    pub rounds_failed: u32,
    /// In (0, 1).
    pub confidence: f64,
    /// The rate of failing rounds that is excluded, one-sided, in [0, 1].
    pub round_rate_upper: f64,
    /// The same bound for one case when all cases are to hold together, in [0, 1].
    pub case_rate_upper_corrected: f64,
}

/// Shuffled rounds of earlier runs that count, because nothing has changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonEarlier {
    /// How many rounds were played.
    pub rounds: u32,
    /// How many of them failed.
    pub failed: u32,
    /// The runs that they are from.
    pub runs: u32,
    /// When the first of these began, RFC 3339 in UTC.
    pub since: String,
    /// When the last of these began.
    pub until: String,
}

/// What is known from earlier runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonHistory {
    /// How many earlier runs of the suite are known.
    pub runs: u32,
}

/// Cases whose known findings do not fail the gate, until a day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonQuarantine {
    /// The file, relative to the project.
    pub file: String,
    /// The day of the run.
    pub today: String,
    /// How many entries there are.
    pub size: u64,
    /// The entries, in the file's order.
    pub entries: Vec<JsonQuarantineEntry>,
}

/// An entry of the quarantine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonQuarantineEntry {
    /// The id of the case.
    pub case: String,
    /// Who sees to it.
    pub owner: String,
    /// Where it is written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    /// The last day on which it holds.
    pub until: String,
    /// Its line in the file.
    pub line: u32,
    /// `excuses`, `exceeded`, `waits`, `not_in_run`, `expired` or `unneeded`; the last two fail the gate.
    pub status: String,
}

/// Findings with one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JsonCause {
    /// The worst verdict among them.
    pub verdict: String,
    /// The cases; the first one stands for all.
    pub cases: Vec<String>,
}

/// Something that a reader should know and that is no finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JsonNote {
    /// The case it speaks of, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// What a reader should know.
    pub text: String,
}
