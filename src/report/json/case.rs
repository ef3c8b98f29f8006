//! The types of `report.json`, version 1: a case and what it came to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A case and what it came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonCase {
    /// The id of the case.
    pub id: String,
    /// The title of the case.
    pub title: String,
    /// Its file, relative to the project.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// `broken`, `order_dependent`, `intermittent`, `leaky`, `unproven`, `skipped` or `stable`.
    pub verdict: String,
    /// `broken`, `order_dependent`, `intermittent`, `loop_bound` or `leak`, worst first.
    pub findings: Vec<String>,
    /// Its trials in planned rounds.
    pub trials: u32,
    /// How many of them failed.
    pub failures: u32,
    /// The share of them that failed; 0 without trials.
    pub rate: f64,
    /// Its trials in shuffled rounds of earlier runs that count, because nothing has changed.
    #[serde(default, skip_serializing_if = "is_none")]
    pub earlier_trials: u32,
    /// How many of them failed.
    #[serde(default, skip_serializing_if = "is_none")]
    pub earlier_failures: u32,
    /// Whether no earlier run found what is wrong with it; missing where no earlier run is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new: Option<bool>,
    /// Since when its worst finding is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<JsonKnown>,
    /// Whether the quarantine keeps its findings from failing the gate.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quarantined: bool,
    /// The lower end of the interval of its failure rate, over shuffled rounds if there are any.
    pub rate_lower: f64,
    /// The upper end of it.
    pub rate_upper: f64,
    /// Which part it plays in an order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<JsonRole>,
    /// Minimal sequences after which it fails: `[["a"],["b","c"]]` is "a alone, or b and then c".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub polluters: Option<Vec<Vec<String>>>,
    /// Minimal sequences after which it passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_setters: Option<Vec<Vec<String>>>,
    /// Cases that hide it when they run in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleaners: Option<Vec<String>>,
    /// Whether there can be no more sequences.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub complete: Option<bool>,
    /// Who owns its file by `CODEOWNERS`, where it has a finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub owners: Vec<String>,
    /// The finding in six answers, as every report gives them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<JsonBrief>,
    /// What it leaves behind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaks: Option<Vec<JsonLeak>>,
    /// What failed, the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The place in the source, as `file:line:column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Equal for failures that are alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The case that stands for its cluster of like failures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Why it was skipped, or what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The parts of the state that decide: each was put back, and the case ended otherwise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<JsonState>,
    /// What a reader should know besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    /// Its repro file, relative to the run's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repro: Option<String>,
    /// The command that shows the finding again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A finding in six answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JsonBrief {
    /// What happens to the case.
    pub what: String,
    /// Who leaves what, or as much as is known.
    pub cause: String,
    /// The place: `file:line`.
    #[serde(rename = "where")]
    pub place: String,
    /// The shortest line that shows it: the runner's own where that was tried and shows it.
    pub repeat: String,
    /// How often it failed under which conditions.
    pub sure: String,
    /// What to change.
    pub remedy: String,
}

/// A part of the state that a case leaves changed and that decides how another one ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JsonState {
    /// The case that leaves it.
    pub left_by: String,
    /// The kind of state: `variable`, `environment`, `patch`, `loop_bound` and others.
    pub kind: String,
    /// The part, as the suite's code would write it.
    pub name: String,
    /// The value before that case; absent where the part was not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value after it; absent where the part was removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// From the part down to a closed event loop, where the part is bound to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Where it is read, as `file:line`, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
    /// What to change.
    pub fix: String,
}

/// Whether there is none of it: then it is left out.
fn is_none(number: &u32) -> bool {
    *number == 0
}

/// Which part a case plays in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JsonRole {
    /// Passes alone, fails after a polluter.
    Victim,
    /// Fails alone, passes after a state-setter.
    Brittle,
}

/// A kind of resource that a case leaves behind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonLeak {
    /// The kind of resource.
    pub kind: String,
    /// How many there were.
    pub count: u64,
    /// How many more with each trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growth_per_trial: Option<f64>,
    /// Who holds them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Where they were made.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Whether earlier runs found the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct JsonKnown {
    /// When the first run that found it began, RFC 3339 in UTC.
    pub since: String,
    /// When the last run that found it began.
    pub until: String,
    /// The first run that found it.
    pub run: String,
    /// How many runs found it.
    pub runs: u32,
}
