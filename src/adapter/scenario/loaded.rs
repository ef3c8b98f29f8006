//! Scenarios that were loaded, as use cases see them.

use crate::adapter::scenario::subject::{ScenarioSubject, load_scenarios};
use crate::adapter::{LeakSearch, LoadedSubject, Sandbox, ScenarioSpec, SubjectProblem};
use crate::event::CaseInfo;
use crate::model::{ContentHash, Measured};
use crate::scenario::SystemKind;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How long a worker may take to make them ready.
const START_WITHIN: Duration = Duration::from_secs(60);

/// Scenarios that were loaded.
#[derive(Debug)]
pub(in crate::adapter) struct LoadedScenarios {
    subject: ScenarioSubject,
    cases: Vec<CaseInfo>,
    sandbox: Sandbox,
}

impl LoadedScenarios {
    /// Loads scenarios and system, and chooses the cases.
    pub fn load(spec: ScenarioSpec) -> Result<Self, SubjectProblem> {
        let sandbox = spec.sandbox;
        let subject = load_scenarios(spec)?;
        Ok(Self { cases: subject.listed(), subject, sandbox })
    }
}

impl LoadedSubject for LoadedScenarios {
    fn cases(&self) -> &[CaseInfo] {
        &self.cases
    }

    fn notes(&self) -> &[String] {
        &self.subject.notes
    }

    fn name(&self) -> String {
        format!("scenarios on {}", self.subject.system.name)
    }

    fn round(&self) -> &'static str {
        "the cases in one order, on one system that lives on from case to case"
    }

    fn hash(&self) -> ContentHash {
        self.subject.hash()
    }

    fn surroundings(&self) -> ContentHash {
        self.subject.system.hash.clone()
    }

    fn measured(&self) -> BTreeMap<String, Measured> {
        self.subject.measured()
    }

    fn is_fenced(&self) -> bool {
        self.subject.is_fenced()
    }

    fn start_within(&self) -> Duration {
        START_WITHIN
    }

    fn environment(&self) -> BTreeSet<String> {
        self.subject.environment().clone()
    }

    fn variables_set(&self) -> BTreeMap<String, String> {
        match &self.subject.system.kind {
            SystemKind::Process(process) => process.env.clone(),
            SystemKind::Embedded | SystemKind::Url(_) => BTreeMap::new(),
        }
    }

    fn chooses_event_loop(&self) -> bool {
        self.subject.chooses_event_loop()
    }

    fn has_fixed_plan(&self) -> bool {
        true
    }

    fn starts_cheaply(&self) -> bool {
        self.subject.starts_cheaply()
    }

    fn is_shipped(&self) -> bool {
        match &self.subject.system.kind {
            SystemKind::Embedded => true,
            SystemKind::Process(process) => process.command.first().is_some_and(|program| program == "${steadfast}"),
            SystemKind::Url(_) => false,
        }
    }

    fn may_leave_files(&self) -> bool {
        !matches!(self.subject.system.kind, SystemKind::Embedded) && self.sandbox == Sandbox::Tmp
    }

    fn leak_search(&self) -> LeakSearch {
        LeakSearch::Scenarios
    }
}
