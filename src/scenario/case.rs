//! A case as meant: a scenario after matrix expansion, checked, with nothing left to guess.

use crate::model::{CaseId, ContentHash, LeakAllowance, Money, Place};
use crate::provider::{ProviderName, Script};
use crate::scenario::{CallExpectations, Capability, Step};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// One case of a scenario.
#[derive(Debug, Clone)]
pub struct Case {
    /// The id, as `path[key=value,…]`.
    pub id: CaseId,
    /// The scenario's title.
    pub title: String,
    /// Where the scenario stands.
    pub place: Place,
    /// The folder below `scenarios/`, `budget` say.
    pub module: String,
    /// The scenario's tags.
    pub tags: BTreeSet<String>,
    /// This case's values of the matrix or the examples.
    pub cell: BTreeMap<String, Value>,
    /// Why the case does not run, if the scenario says so.
    pub skip: Option<String>,
    /// Providers that must be real: the case runs in live mode only.
    pub live: BTreeSet<ProviderName>,
    /// In live mode: how many answers are asked for, and how many of them must be as expected.
    pub answers: Answers,
    /// What the system must be able to do; inferred from the steps and `given`, plus what `needs` names.
    pub needs: BTreeSet<Capability>,
    /// The state in which the case starts.
    pub given: Given,
    /// What the providers do.
    pub script: Script,
    /// What the case does.
    pub steps: Vec<Step>,
    /// What each provider must have received by the end.
    pub calls: CallExpectations,
    /// The case's own deadline, if it has one.
    pub timeout: Option<Duration>,
    /// What the case may leave behind.
    pub leaks: Vec<LeakAllowance>,
    /// Equal as long as the case means the same: scenario text, cell and fixtures.
    pub hash: ContentHash,
}

/// How often a real provider is asked, whose answers vary: a rate is judged, and not a single answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers {
    /// How often the case is played.
    pub of: u32,
    /// How often it must go as expected.
    pub at_least: u32,
}

impl Default for Answers {
    fn default() -> Self {
        Self { of: 5, at_least: 4 }
    }
}

/// The state in which a case starts.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// The month's limit.
    pub limit: Option<Money>,
    /// What is used of it.
    pub used: Option<Money>,
    /// What was used in the month before.
    pub used_last_month: Option<Money>,
    /// The tutor's clock.
    pub now: Option<Timestamp>,
    /// How long the tutor waits for a provider.
    pub provider_timeout: Option<Duration>,
    /// Cloud providers that the tutor takes for unhealthy. (A local one that is down is in [`Script::down`].)
    pub unhealthy: Vec<ProviderName>,
    /// Learners by name. The first one is who acts where a step does not say `as`.
    pub learners: Vec<Learner>,
}

/// A learner who takes part.
#[derive(Debug, Clone)]
pub struct Learner {
    /// The name that steps call the learner by.
    pub name: String,
    /// Settings made before the first step: arguments of the verb `settings`.
    pub settings: BTreeMap<String, Value>,
}

/// The name of the learner of a case that names none.
pub const DEFAULT_LEARNER: &str = "ada";
