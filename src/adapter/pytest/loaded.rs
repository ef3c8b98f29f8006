//! A pytest suite that was collected, as use cases see it.

use crate::adapter::pytest::own_runner::{own_line, passes_by_itself, plain};
use crate::adapter::pytest::{PytestLook, PytestSpec, Start, look};
use crate::adapter::shared::kept::Kept;
use crate::adapter::shared::python::installed;
use crate::adapter::shared::tree::Files;
use crate::adapter::subject::{as_pattern, measured_of_suite};
use crate::adapter::{
    AskedOfRunner, Explain, Installed, LoadedSubject, OwnLine, Plain, RunnerAlone, SubjectProblem, SuiteProblem,
};
use crate::event::CaseInfo;
use crate::model::{CaseIndex, ContentHash, Measured, Outcome, OutcomeKind};
use std::collections::BTreeMap;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Up to how many tests of a suite each is run alone in a fork, if nobody says: a few hundredths of a second each.
const FORKED_ALONE: usize = 5_000;

/// A suite that was collected.
#[derive(Debug)]
pub(in crate::adapter) struct PytestSuite {
    spec: PytestSpec,
    found: PytestLook,
    /// What it took to collect it.
    collected_in: Duration,
    /// The tree as it was before the rounds, and where that is.
    kept: OnceLock<Option<(Kept, TempDir)>>,
}

impl PytestSuite {
    /// Collects the suite.
    pub fn load(spec: PytestSpec) -> Result<Self, SubjectProblem> {
        let begun = Instant::now();
        let found = look(&spec).map_err(SuiteProblem::from)?;
        Ok(Self { spec, found, collected_in: begun.elapsed(), kept: OnceLock::new() })
    }

    /// Keeps the tree as it is now. Mock providers around a suite have a world of their own, and read files in the tree.
    fn keep(&self) -> Option<(Kept, TempDir)> {
        if self.spec.copied.is_some() || self.spec.providers.is_some() {
            return None;
        }
        let tree = if self.spec.tree.as_os_str().is_empty() { &self.spec.folder } else { &self.spec.tree };
        let scratch = crate::disk::temporary_folder().ok()?;
        Some((Kept::make_if_small(tree, &scratch.path().join("kept"))?, scratch))
    }

    /// The suite as it was when the run began: in a copy, if it is not that any more.
    fn as_it_was(&self) -> PytestSpec {
        match self.kept.get().and_then(Option::as_ref) {
            Some((kept, _)) if kept.changed().is_some() => {
                PytestSpec { kept: Some(kept.place().clone()), ..self.spec.clone() }.in_a_copy()
            }
            _ => self.spec.clone(),
        }
    }
}

impl LoadedSubject for PytestSuite {
    fn cases(&self) -> &[CaseInfo] {
        &self.found.cases
    }

    fn notes(&self) -> &[String] {
        &self.found.notes
    }

    fn name(&self) -> String {
        let (versions, place) = (&self.found.versions, &self.spec.place);
        if place.is_empty() { versions.clone() } else { format!("{versions} in {place}") }
    }

    fn round(&self) -> &'static str {
        "the tests in one order, in a process of pytest of its own"
    }

    fn suite(&self) -> String {
        "pytest".to_owned()
    }

    /// With versions, and with the whole path of the folder.
    fn formerly(&self) -> Vec<String> {
        vec![format!("pytest % on Python % in {}", as_pattern(&self.spec.folder.display().to_string()))]
    }

    fn place(&self) -> &str {
        &self.spec.place
    }

    fn python(&self) -> Option<Installed> {
        installed(&self.spec.python, &self.spec.folder, self.spec.python_path.as_deref())
    }

    fn hash(&self) -> ContentHash {
        self.found.hash()
    }

    fn surroundings(&self) -> ContentHash {
        ContentHash::of([&self.found.versions])
    }

    fn is_fenced(&self) -> bool {
        self.spec.providers.is_some()
    }

    fn measured(&self) -> BTreeMap<String, Measured> {
        let told = if crate::platform::tells() { Measured::Yes } else { Measured::not("only Linux tells") };
        measured_of_suite(self.spec.providers.is_some(), &told)
    }

    fn starts_cheaply(&self) -> bool {
        self.found.start == Start::Fork && self.found.cases.len() <= FORKED_ALONE
    }

    fn hash_seeds(&self) -> Vec<u32> {
        self.spec.hash_seeds.clone()
    }

    fn own_hash_seed_takes(&self) -> Option<Duration> {
        match (self.spec.hash_seeds.as_slice(), self.found.start) {
            ([] | [_], _) => None,
            // Such a round starts pytest anew anyway.
            (_, Start::Fresh) => Some(Duration::ZERO),
            (_, Start::Fork) => Some(self.collected_in),
        }
    }

    fn forks(&self) -> bool {
        self.spec.start == Start::Fork
    }

    fn follows_on_request(&self) -> bool {
        self.spec.first_difference
    }

    fn explains(&self) -> Option<Explain> {
        Some(self.spec.explain)
    }

    fn may_leave_files(&self) -> bool {
        self.spec.copied.is_none()
    }

    fn own_line(&self, finding: &OwnLine<'_>) -> Option<RunnerAlone> {
        own_line(&self.as_it_was(), finding)
    }

    fn deciding_time_zone(&self, case: &CaseInfo, hash_seed: u32, case_deadline: Duration) -> Option<String> {
        let zone = self.spec.time_zone(Some(hash_seed))?;
        let at_home = PytestSpec { time_zones: Vec::new(), ..self.as_it_was() };
        passes_by_itself(&at_home, case, Some(hash_seed), case_deadline).then(|| zone.to_owned())
    }

    fn files_beside(&self) -> Files {
        // Where the tree is kept, whoever plays the rounds tells of it.
        let is_kept = self.kept.get_or_init(|| self.keep()).is_some();
        if self.spec.copied.is_some() || is_kept { Files::unknown() } else { Files::of(&self.spec.folder) }
    }

    fn listed(&self) -> Option<serde_json::Value> {
        let (kept, _) = self.kept.get()?.as_ref()?;
        serde_json::to_value(kept.place()).ok()
    }

    fn own_runner(&self) -> Option<String> {
        Some("plain pytest".to_owned())
    }

    fn plain(&self, asked: &AskedOfRunner<'_>) -> Result<Plain, SuiteProblem> {
        let as_it_was = self.as_it_was();
        let mut told = plain(&as_it_was, asked)?;
        let is_copied = as_it_was.copied != self.spec.copied;
        let ours = asked.declared.slots.iter().filter_map(|slot| Some((slot.case, slot.outcome?)));
        let ours: BTreeMap<CaseIndex, OutcomeKind> = ours.filter(|_| is_copied).collect();
        let differs =
            |(case, theirs): (&CaseIndex, &Outcome)| ours.get(case).is_some_and(|ours| *ours != theirs.kind());
        // A copy may lack what a test needs: what agrees in the folder itself is no difference.
        if told.outcomes.iter().any(differs) {
            let mut in_place = plain(&self.spec, asked)?.outcomes;
            in_place.retain(|case, theirs| ours.get(case) == Some(&theirs.kind()));
            told.outcomes.extend(in_place);
        }
        Ok(told)
    }

    fn passes_in_own_folder(&self, case: &CaseInfo, hash_seed: Option<u32>, case_deadline: Duration) -> bool {
        let own = PytestSpec { own_temporary: true, ..self.as_it_was() };
        passes_by_itself(&own, case, hash_seed, case_deadline)
    }
}
