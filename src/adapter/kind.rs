//! The kinds of subject, as one: what use cases may ask of any of them.

use crate::adapter::command::{CommandSubject, look_at_command};
use crate::adapter::pytest::{SuiteSubject, look};
use crate::adapter::{
    CommandLook, CommandSpec, KnownTest, ScenarioSpec, ScenarioSubject, Start, SubjectProblem, SuiteLook, SuiteSpec,
    load_scenarios,
};
use crate::engine::{Prepare, Subject, SubjectError};
use crate::model::{CaseId, ContentHash, LeakAllowance, ResourceKind};
use crate::scenario::SystemKind;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

/// How long a suite may take to be collected, with some time around it.
const COLLECT_WITHIN: Duration = Duration::from_secs(660);

/// Up to how many tests of a suite each is run alone in a fork, if nobody says: a few hundredths of a second each.
const FORKED_ALONE: usize = 500;

/// What is run, as it was chosen: stands in journals and repro files, and goes to workers.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SubjectSpec {
    /// Scenarios against a system.
    Scenarios(ScenarioSpec),
    /// A pytest suite.
    Suite(SuiteSpec),
    /// A suite with a runner of its own.
    Command(CommandSpec),
}

impl<'de> Deserialize<'de> for SubjectSpec {
    /// A spec without a kind is one of scenarios: so it was before there were others.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        match value.get("kind").and_then(serde_json::Value::as_str) {
            None | Some("scenarios") => serde_json::from_value(value).map(Self::Scenarios).map_err(D::Error::custom),
            Some("suite") => serde_json::from_value(value).map(Self::Suite).map_err(D::Error::custom),
            Some("command") => serde_json::from_value(value).map(Self::Command).map_err(D::Error::custom),
            Some(other) => Err(D::Error::custom(format!("unknown kind of subject `{other}`"))),
        }
    }
}

impl SubjectSpec {
    /// The same without a filter: for an order that names its cases.
    pub fn unfiltered(mut self) -> Self {
        match &mut self {
            Self::Scenarios(spec) => spec.filter = None,
            Self::Suite(spec) => spec.filter = None,
            Self::Command(spec) => spec.filter = None,
        }
        self
    }

    /// The same with the tests that are meant, where collecting them again can give them other ids. For anything but a
    /// suite of pytest, itself.
    pub fn knowing(mut self, tests: impl IntoIterator<Item = KnownTest>) -> Self {
        if let Self::Suite(spec) = &mut self {
            spec.known = tests.into_iter().collect();
        }
        self
    }

    /// The same without the path of this program, which is no part of what was chosen.
    pub fn without_program(mut self) -> Self {
        match &mut self {
            Self::Scenarios(spec) => spec.program = PathBuf::new(),
            Self::Suite(_) | Self::Command(_) => {}
        }
        self
    }
}

/// A case of any subject, as plans and reports know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectCase {
    /// Its id.
    pub id: CaseId,
    /// Its title.
    pub title: String,
    /// Its file, relative to the project.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it belongs to: a folder of scenarios, a module of a suite.
    pub module: String,
    /// Its tags.
    pub tags: BTreeSet<String>,
    /// Equal as long as the case means the same.
    pub hash: ContentHash,
    /// Why it is not run, if that is known beforehand.
    pub skip: Option<String>,
    /// What it may leave behind.
    pub leaks: Vec<LeakAllowance>,
}

/// A subject that was loaded.
#[derive(Debug)]
pub struct LoadedSubject {
    /// Its cases, in declared order.
    pub cases: Vec<SubjectCase>,
    /// Things noted while loading.
    pub notes: Vec<String>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Scenarios(Box<ScenarioSubject>),
    Suite(Box<SuiteSpec>, SuiteLook),
    Command(Box<CommandSpec>, CommandLook),
}

/// Loads what is to be run.
///
/// # Errors
/// All that is wrong with it, at once.
pub fn load_subject(spec: SubjectSpec) -> Result<LoadedSubject, SubjectProblem> {
    match spec {
        SubjectSpec::Scenarios(spec) => {
            let subject = load_scenarios(spec)?;
            let (cases, notes) = (subject.listed(), subject.notes.clone());
            Ok(LoadedSubject { cases, notes, kind: Kind::Scenarios(Box::new(subject)) })
        }
        SubjectSpec::Suite(spec) => {
            let found = look(&spec).map_err(SubjectProblem::Suite)?;
            let (cases, notes) = (found.cases.clone(), found.notes.clone());
            Ok(LoadedSubject { cases, notes, kind: Kind::Suite(Box::new(spec), found) })
        }
        SubjectSpec::Command(spec) => {
            let found = look_at_command(&spec).map_err(SubjectProblem::Suite)?;
            let (cases, notes) = (found.cases.clone(), found.notes.clone());
            Ok(LoadedSubject { cases, notes, kind: Kind::Command(Box::new(spec), found) })
        }
    }
}

/// Makes what a worker runs.
///
/// # Errors
/// If it can't be loaded or started.
pub fn subject_at_work(spec: SubjectSpec, prepare: &Prepare) -> Result<Box<dyn Subject>, SubjectError> {
    match spec {
        SubjectSpec::Scenarios(spec) => {
            let subject = load_scenarios(spec).map_err(|error| SubjectError(error.to_string()))?;
            Ok(Box::new(subject.at_work(prepare)))
        }
        SubjectSpec::Suite(spec) => Ok(Box::new(SuiteSubject::new(spec, prepare)?)),
        SubjectSpec::Command(spec) => Ok(Box::new(CommandSubject::new(spec, prepare)?)),
    }
}

impl LoadedSubject {
    /// In a few words: `scenarios on embedded`.
    pub fn name(&self) -> String {
        match &self.kind {
            Kind::Scenarios(subject) => format!("scenarios on {}", subject.system.name),
            Kind::Suite(spec, found) => format!("{} in {}", found.versions, spec.folder.display()),
            Kind::Command(spec, _) => match spec.arguments.first() {
                None => format!("the suite of {}", spec.profile),
                Some(argument) => format!("the suite of {}: {argument}", spec.profile),
            },
        }
    }

    /// Equal as long as the cases, and what they run against, mean the same.
    pub fn hash(&self) -> ContentHash {
        match &self.kind {
            Kind::Scenarios(subject) => subject.hash(),
            Kind::Suite(_, found) => found.hash(),
            Kind::Command(_, found) => found.hash(),
        }
    }

    /// The names of the environment that its files speak of: their values are secrets.
    pub fn environment(&self) -> BTreeSet<String> {
        match &self.kind {
            Kind::Scenarios(subject) => subject.environment().clone(),
            Kind::Suite(..) | Kind::Command(..) => BTreeSet::new(),
        }
    }

    /// Whether the event loop's life can be chosen.
    pub fn chooses_event_loop(&self) -> bool {
        match &self.kind {
            Kind::Scenarios(subject) => subject.chooses_event_loop(),
            Kind::Suite(..) | Kind::Command(..) => false,
        }
    }

    /// Whether a fresh start is cheap enough to run each case alone.
    pub fn starts_cheaply(&self) -> bool {
        match &self.kind {
            Kind::Scenarios(subject) => subject.starts_cheaply(),
            Kind::Suite(_, found) => found.start == Start::Fork && found.cases.len() <= FORKED_ALONE,
            Kind::Command(..) => false,
        }
    }

    /// Whether what is tested is part of this program, as the shipped systems are.
    pub fn is_shipped(&self) -> bool {
        match &self.kind {
            Kind::Scenarios(subject) => match &subject.system.kind {
                SystemKind::Embedded => true,
                SystemKind::Process(process) => {
                    process.command.first().is_some_and(|program| program == "${steadfast}")
                }
                SystemKind::Url(_) => false,
            },
            Kind::Suite(..) | Kind::Command(..) => false,
        }
    }

    /// Equal as long as what the cases run against is described alike: whatever the cases are.
    pub fn surroundings(&self) -> ContentHash {
        match &self.kind {
            Kind::Scenarios(subject) => subject.system.hash.clone(),
            Kind::Suite(_, found) => ContentHash::of([&found.versions]),
            Kind::Command(spec, _) => ContentHash::of([&spec.profile]),
        }
    }

    /// By kind of resource: `yes`, or why it is not measured.
    pub fn measured(&self) -> BTreeMap<String, String> {
        match &self.kind {
            Kind::Scenarios(subject) => subject.measured(),
            Kind::Suite(spec, _) => {
                let told = if crate::platform::tells() { "yes" } else { "only Linux tells" };
                of_suite(spec.providers.is_some(), told)
            }
            Kind::Command(spec, _) => of_suite(
                spec.providers.is_some(),
                "the processes of a runner come and go: none of them is the suite's own",
            ),
        }
    }

    /// The hash seeds that its rounds take turns with; none where it has no such thing.
    pub fn hash_seeds(&self) -> Vec<u32> {
        match &self.kind {
            Kind::Scenarios(_) | Kind::Command(..) => Vec::new(),
            Kind::Suite(spec, _) => spec.hash_seeds.clone(),
        }
    }

    /// How long a worker may take to make it ready.
    pub fn start_within(&self) -> Duration {
        match &self.kind {
            Kind::Scenarios(_) => Duration::from_secs(60),
            Kind::Suite(..) | Kind::Command(..) => COLLECT_WITHIN,
        }
    }
}

/// What is measured of a suite: calls to providers if they are ours, and `resources`.
fn of_suite(providers_are_ours: bool, resources: &str) -> BTreeMap<String, String> {
    let calls =
        if providers_are_ours { "yes" } else { "a suite's providers are its own: --providers FILE starts mock ones" };
    let resources = ResourceKind::ALL.into_iter().map(|kind| (kind.to_string(), resources.to_owned()));
    resources.chain([("provider calls".to_owned(), calls.to_owned())]).collect()
}
