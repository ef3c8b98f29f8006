//! A suite with a runner of its own, as use cases see it.

use crate::adapter::command::own::own_line;
use crate::adapter::command::profile::Profile;
use crate::adapter::command::stretch::runs_through;
use crate::adapter::command::{CommandLook, CommandSpec, look_at_command};
use crate::adapter::subject::{OwnLine, measured_of_suite};
use crate::adapter::{LoadedSubject, SubjectProblem};
use crate::event::CaseInfo;
use crate::model::{ContentHash, Measured};
use crate::plan::Grouping;
use std::collections::BTreeMap;

/// A suite whose cases were listed.
#[derive(Debug)]
pub(in crate::adapter) struct CommandSuite {
    spec: CommandSpec,
    found: CommandLook,
}

impl CommandSuite {
    /// Lists the cases.
    pub fn load(spec: CommandSpec) -> Result<Self, SubjectProblem> {
        let found = look_at_command(&spec).map_err(SubjectProblem::Suite)?;
        Ok(Self { spec, found })
    }
}

impl LoadedSubject for CommandSuite {
    fn cases(&self) -> &[CaseInfo] {
        &self.found.cases
    }

    fn notes(&self) -> &[String] {
        &self.found.notes
    }

    fn name(&self) -> String {
        match self.spec.arguments.first() {
            None => format!("the suite of {}", self.spec.profile),
            Some(argument) => format!("the suite of {}: {argument}", self.spec.profile),
        }
    }

    fn hash(&self) -> ContentHash {
        self.found.hash()
    }

    fn surroundings(&self) -> ContentHash {
        ContentHash::of([&self.spec.profile])
    }

    fn measured(&self) -> BTreeMap<String, Measured> {
        measured_of_suite(
            self.spec.providers.is_some(),
            &Measured::not("the processes of a runner come and go: none of them is the suite's own"),
        )
    }

    fn variables_set(&self) -> BTreeMap<String, String> {
        Profile::load(&self.spec.root, &self.spec.profile).map(|profile| profile.env).unwrap_or_default()
    }

    fn grouping(&self) -> Grouping {
        self.found.grouping
    }

    fn listed(&self) -> Option<serde_json::Value> {
        serde_json::to_value(self.found.listed()).ok()
    }

    fn own_line(&self, finding: &OwnLine<'_>) -> Option<String> {
        own_line(&self.spec, self.found.listed(), finding)
    }

    fn runs_through(&self, order: &[u32]) -> bool {
        runs_through(&self.spec, self.found.listed(), order)
    }
}
