//! What is run, as it was chosen: it stands in journals and repro files, and goes to workers.

use crate::adapter::command::Handed;
use crate::adapter::shared::surroundings::Tapes;
use crate::adapter::{CommandSpec, KnownTest, ListedCase, PytestSpec, ScenarioSpec, SubjectProblem};
use crate::event::CaseInfo;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The system that scenarios run on where nobody names one.
pub const DEFAULT_SYSTEM: &str = "embedded";

/// The file in a run's folder that says what was spent on real providers.
pub const PURSE: &str = "spending.json";

/// What is run, as it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SubjectSpec {
    /// Scenarios against a system.
    Scenarios(ScenarioSpec),
    /// A pytest suite.
    #[serde(rename = "suite")]
    Pytest(PytestSpec),
    /// A suite with a runner of its own.
    Command(CommandSpec),
}

impl<'de> Deserialize<'de> for SubjectSpec {
    /// A spec without a kind is one of scenarios: so it was before there were others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        match value.get("kind").and_then(serde_json::Value::as_str) {
            None | Some("scenarios") => serde_json::from_value(value).map(Self::Scenarios).map_err(D::Error::custom),
            Some("suite") => serde_json::from_value(value).map(Self::Pytest).map_err(D::Error::custom),
            Some("command") => serde_json::from_value(value).map(Self::Command).map_err(D::Error::custom),
            Some(other) => Err(D::Error::custom(format!("unknown kind of subject `{other}`"))),
        }
    }
}

/// What only the process that starts workers knows: no file keeps it.
#[derive(Debug, Clone, Default)]
pub struct Workplace {
    /// This program, which serves as its own worker.
    pub program: PathBuf,
    /// PYTHONPATH, which programs keep behind ours.
    pub python_path: Option<String>,
    /// VIRTUAL_ENV: the active environment of Python.
    pub virtual_env: Option<PathBuf>,
}

impl SubjectSpec {
    /// The spec as JSON.
    ///
    /// # Errors
    /// If it names a path that is not Unicode, which JSON can't hold.
    pub fn to_json(&self) -> Result<serde_json::Value, SubjectProblem> {
        serde_json::to_value(self).map_err(SubjectProblem::Unwritable)
    }

    /// The folder that it stands in.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Scenarios(spec) => &spec.root,
            Self::Pytest(spec) => &spec.folder,
            Self::Command(spec) => &spec.root,
        }
    }

    /// The same without a filter: for an order that names its cases.
    pub fn unfiltered(mut self) -> Self {
        match &mut self {
            Self::Scenarios(spec) => spec.filter = None,
            Self::Pytest(spec) => spec.filter = None,
            Self::Command(spec) => spec.filter = None,
        }
        self
    }

    /// The same with the cases that are meant, where collecting them again can give them other ids.
    pub fn meaning(mut self, cases: &[CaseInfo]) -> Self {
        match &mut self {
            Self::Pytest(spec) => spec.known = cases.iter().map(KnownTest::from).collect(),
            Self::Command(spec) if spec.known.is_empty() => {
                spec.known = cases.iter().map(|case| ListedCase::by_name(case.id.as_str(), &case.file)).collect();
            }
            Self::Scenarios(_) | Self::Command(_) => {}
        }
        self
    }

    /// The same with what was listed ([`LoadedSubject::listed`](crate::adapter::LoadedSubject::listed)), so that a runner
    /// lists once in a run.
    pub fn with_listed(mut self, listed: Option<serde_json::Value>) -> Self {
        match (&mut self, listed) {
            (Self::Command(spec), Some(listed)) => {
                let Handed { cases, kept } = serde_json::from_value(listed).unwrap_or_default();
                (spec.known, spec.kept) = (cases, kept);
            }
            (Self::Pytest(spec), Some(kept)) => spec.kept = serde_json::from_value(kept).ok(),
            _ => {}
        }
        self
    }

    /// The same with the tests that are meant, named by an order of ids.
    pub fn meaning_tests(mut self, tests: impl IntoIterator<Item = KnownTest>) -> Self {
        match &mut self {
            Self::Pytest(spec) => spec.known = tests.into_iter().collect(),
            Self::Scenarios(_) | Self::Command(_) => {}
        }
        self
    }

    /// The same without the path of this program, which is no part of what was chosen.
    pub fn without_program(mut self) -> Self {
        match &mut self {
            Self::Scenarios(spec) => spec.program = PathBuf::new(),
            Self::Pytest(_) | Self::Command(_) => {}
        }
        self
    }

    /// The same as workers get it.
    pub fn at(mut self, workplace: &Workplace) -> Self {
        let python_path = workplace.python_path.clone();
        match &mut self {
            Self::Scenarios(spec) => {
                spec.program.clone_from(&workplace.program);
                spec.python_path = python_path.or(spec.python_path.take());
                spec.virtual_env = workplace.virtual_env.clone().or(spec.virtual_env.take());
            }
            Self::Pytest(spec) => spec.python_path = python_path.or(spec.python_path.take()),
            Self::Command(spec) => spec.python_path = python_path.or(spec.python_path.take()),
        }
        self
    }

    /// The same, with what was spent on real providers kept in a run's folder.
    #[must_use]
    pub fn spending_in(mut self, folder: &Path) -> Self {
        if let Self::Scenarios(ScenarioSpec { live: Some(live), .. }) = &mut self {
            live.purse = folder.join(PURSE);
        }
        self
    }

    /// The same with exchanges with its providers recorded into a folder; or with none recorded.
    #[must_use]
    pub fn recording_into(mut self, folder: Option<PathBuf>) -> Self {
        match &mut self {
            Self::Scenarios(spec) => spec.record = folder,
            Self::Pytest(spec) => spec.tapes = folder.map(Tapes::new),
            Self::Command(spec) => spec.tapes = folder.map(Tapes::new),
        }
        self
    }

    /// The same with the secrets that no recording may hold.
    #[must_use]
    pub fn hiding(mut self, secrets: &BTreeSet<String>) -> Self {
        let hidden = match &mut self {
            Self::Scenarios(spec) => spec.record.as_ref().map(|_| &mut spec.hidden),
            Self::Pytest(spec) => spec.tapes.as_mut().map(|tapes| &mut tapes.hidden),
            Self::Command(spec) => spec.tapes.as_mut().map(|tapes| &mut tapes.hidden),
        };
        if let Some(hidden) = hidden {
            hidden.clone_from(secrets);
        }
        self
    }

    /// The same with the values of the environment that its files name. They are handed to workers and stand in no file.
    pub(super) fn with_secrets(mut self, secrets: &BTreeMap<String, String>) -> Self {
        match &mut self {
            Self::Scenarios(spec) => spec.secrets.clone_from(secrets),
            Self::Pytest(_) | Self::Command(_) => {}
        }
        self
    }
}
