//! A suite with a runner of its own, as use cases see it.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::own::own_line;
use crate::adapter::command::plain::Runner;
use crate::adapter::command::profile::Profile;
use crate::adapter::command::shuffle::Fixed;
use crate::adapter::command::stretch::{Cutter, runs_through};
use crate::adapter::command::world::World;
use crate::adapter::command::{CommandLook, CommandSpec, Handed, look_at_command};
use crate::adapter::shared::python::installed;
use crate::adapter::shared::tree::Files;
use crate::adapter::subject::{Explain, OwnLine, RunnerAlone, measured_of_suite};
use crate::adapter::{AskedOfRunner, Installed, LoadedSubject, Plain, SubjectProblem, SuiteProblem};
use crate::event::CaseInfo;
use crate::model::{CaseIndex, ContentHash, Measured, RoundKind};
use crate::plan::Grouping;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};
use tempfile::TempDir;

/// What is told where no process of the runner runs a case again.
const SECOND_RUN: &str = "not looked for: what fails when a test runs a second time in one process (`non_idempotent`)";

/// A suite whose cases were listed.
#[derive(Debug)]
pub(in crate::adapter) struct CommandSuite {
    spec: CommandSpec,
    profile: Profile,
    found: CommandLook,
    /// The tree as it was before the rounds, for the runner alone.
    world: OnceLock<Option<Mutex<(World, TempDir)>>>,
}

impl CommandSuite {
    /// Lists the cases.
    pub fn load(spec: CommandSpec) -> Result<Self, SubjectProblem> {
        let mut found = look_at_command(&spec).map_err(SuiteProblem::from)?;
        let profile =
            Profile::load(&spec.root, &spec.profile).map_err(CommandError::from).map_err(SuiteProblem::from)?;
        if let Some(what) = &profile.not_looked_for
            && (spec.parallel.is_none() || profile.parallel.is_none())
        {
            found.notes.push(format!("not looked for: {what}"));
        }
        if !profile.run.repeats {
            found.notes.push(SECOND_RUN.to_owned());
        }
        Ok(Self { spec, profile, found, world: OnceLock::new() })
    }
}

impl CommandSuite {
    /// The tree as it is now: workers begin with it, and the runner alone at the end.
    fn world(&self) -> Option<Mutex<(World, TempDir)>> {
        let scratch = crate::disk::temporary_folder().ok()?;
        let world = World::of(&self.profile, false, &self.spec.root, scratch.path(), None).ok()?;
        Some(Mutex::new((world, scratch)))
    }

    /// Asks the runner alone something, in the tree as it was before the rounds.
    fn runner_alone(
        &self,
        ask: impl FnOnce(&mut Runner<'_>) -> Result<Plain, CommandError>,
    ) -> Result<Plain, SuiteProblem> {
        let world = self.world.get_or_init(|| self.world()).as_ref();
        let world = world.ok_or(CommandError::NoTree)?;
        let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
        let (spec, profile, cases) = (&self.spec, &self.profile, self.found.listed());
        Ok(ask(&mut Runner { spec, profile, cases, world: &mut world.0 })?)
    }
}

impl LoadedSubject for CommandSuite {
    fn cases(&self) -> &[CaseInfo] {
        &self.found.cases
    }

    fn notes(&self) -> &[String] {
        &self.found.notes
    }

    fn round(&self) -> &'static str {
        "the tests in one order, in as few processes of the runner as can keep to it"
    }

    fn name(&self) -> String {
        // An option is no name.
        match self.spec.arguments.first().filter(|argument| !argument.starts_with('-')) {
            None => format!("the suite of {}", self.spec.profile),
            Some(argument) => format!("the suite of {}: {argument}", self.spec.profile),
        }
    }

    fn python(&self) -> Option<Installed> {
        let words = self.profile.list.command.iter().chain(&self.profile.run.command);
        let python = self.spec.python.as_ref().filter(|_| words.into_iter().any(|word| word.contains("${python}")))?;
        installed(python, &self.spec.root, self.spec.python_path.as_deref())
    }

    fn hash(&self) -> ContentHash {
        self.found.hash()
    }

    fn surroundings(&self) -> ContentHash {
        ContentHash::of([&self.spec.profile])
    }

    fn is_fenced(&self) -> bool {
        self.spec.providers.is_some()
    }

    fn measured(&self) -> BTreeMap<String, Measured> {
        measured_of_suite(
            self.spec.providers.is_some(),
            &Measured::not("the processes of a runner come and go: none of them is the suite's own"),
        )
    }

    fn variables_set(&self) -> BTreeMap<String, String> {
        self.profile.env.clone()
    }

    fn grouping(&self) -> Grouping {
        self.found.grouping
    }

    fn listed(&self) -> Option<serde_json::Value> {
        let world = self.world.get().and_then(Option::as_ref);
        let world = world.map(|world| world.lock().unwrap_or_else(PoisonError::into_inner));
        let kept = world.and_then(|world| world.0.kept().cloned());
        serde_json::to_value(Handed { cases: self.found.listed().to_vec(), kept }).ok()
    }

    fn own_line(&self, finding: &OwnLine<'_>) -> Option<RunnerAlone> {
        own_line(&self.spec, &self.profile, self.found.listed(), finding)
    }

    /// Asked when rounds are about to begin.
    fn files_beside(&self) -> Files {
        self.world.get_or_init(|| self.world());
        Files::unknown()
    }

    fn own_runner(&self) -> Option<String> {
        self.profile.plain.as_ref()?;
        self.world.get_or_init(|| self.world()).as_ref().map(|_| format!("plain {}", self.spec.profile))
    }

    fn parallel_rounds(&self) -> u32 {
        self.spec.parallel.unwrap_or_default()
    }

    fn parallel(&self, asked: &AskedOfRunner<'_>) -> Result<Plain, SuiteProblem> {
        self.runner_alone(|runner| runner.parallel(asked))
    }

    fn plain(&self, asked: &AskedOfRunner<'_>) -> Result<Plain, SuiteProblem> {
        self.runner_alone(|runner| runner.plain(asked))
    }

    fn explains(&self) -> Option<Explain> {
        self.profile.run.watches.then_some(Explain::Repro)
    }

    fn follows_lines(&self) -> bool {
        false
    }

    fn runs_again(&self) -> bool {
        self.profile.run.repeats
    }

    fn played_for(&self, order: &[CaseIndex], kind: RoundKind) -> Option<Vec<CaseIndex>> {
        self.profile.run.shuffled.as_ref()?;
        let fixed = match kind {
            RoundKind::Probe => Fixed::Last,
            RoundKind::Reverse
            | RoundKind::Shuffle
            | RoundKind::Pairs
            | RoundKind::Permutation
            | RoundKind::Changed => Fixed::Nothing,
            // An order that somebody gave is kept to, by as many processes as it takes.
            RoundKind::Declared
            | RoundKind::Twice
            | RoundKind::Alone
            | RoundKind::Aftermath
            | RoundKind::Given
            | RoundKind::Survey
            | RoundKind::Repeated
            | RoundKind::Walk => return None,
        };
        let (profile, cases) = (&self.profile, self.found.listed());
        let played = Cutter { profile, cases, order, unshuffled: &BTreeSet::new() }.playable(fixed);
        (played != order).then_some(played)
    }

    fn runs_through(&self, order: &[CaseIndex]) -> bool {
        runs_through(&self.profile, self.found.listed(), order)
    }
}
