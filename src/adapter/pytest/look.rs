//! What a suite consists of, found without running it.

use crate::adapter::pytest::error::PytestError;
use crate::adapter::pytest::launch::Mode;
use crate::adapter::pytest::message::{Collected, CollectedCase};
use crate::adapter::pytest::naming;
use crate::adapter::pytest::server::Server;
use crate::adapter::pytest::{PytestSpec, Start};
use crate::adapter::shared::surroundings::Surroundings;
use crate::disk::{LONGEST_INPUT, read_bytes};
use crate::event::CaseInfo;
use crate::model::{CaseId, ContentHash, Position};
use crate::scenario::parse_filter;
use std::collections::{BTreeMap, BTreeSet};

/// What was found.
#[derive(Debug, Clone)]
pub struct PytestLook {
    /// The chosen cases, in declared order.
    pub cases: Vec<CaseInfo>,
    /// Things to know.
    pub notes: Vec<String>,
    /// The versions: `pytest 8.3.2 on Python 3.12.1`.
    pub versions: String,
    /// How rounds can be started.
    pub start: Start,
    /// The place of each chosen case among all that pytest collected; `None` for a known one that it did not collect.
    pub(super) places: Vec<Option<u32>>,
    /// What a reader should know of ids that are not what they were.
    pub(super) drift: Vec<String>,
}

/// Collects the suite in a process of its own.
///
/// # Errors
/// If it can't be collected, or nothing is chosen: for people.
pub fn look(spec: &PytestSpec) -> Result<PytestLook, PytestError> {
    let scratch = crate::disk::temporary_folder()?;
    let around = around(spec)?;
    let first = spec.hash_seeds.first().copied();
    let mut server = Server::start(spec, Mode::Look, first, scratch.path(), "", around.as_ref())?;
    let collected = server.collected();
    server.end();
    PytestLook::of(spec, collected?).map(PytestLook::collected_only)
}

/// The providers around the suite, if it has any; a trial is open, for what is asked while modules are imported.
pub(super) fn around(spec: &PytestSpec) -> Result<Option<Surroundings>, PytestError> {
    let Some(providers) = &spec.providers else { return Ok(None) };
    let mut around = Surroundings::start(&providers.file, &providers.root, spec.tapes.as_ref())?;
    around.begin_alone(Position(0));
    Ok(Some(around))
}

impl PytestLook {
    /// Chooses among what was collected.
    pub(super) fn of(spec: &PytestSpec, collected: Collected) -> Result<Self, PytestError> {
        let versions = format!("pytest {} on Python {}", collected.pytest, collected.python);
        let mut notes = vec![format!("{versions}: {} ({})", spec.shown_python(), spec.python_from)];
        notes.extend(collected.notes);
        let start = if spec.start == Start::Fork && !collected.forks {
            notes.push("this system can't fork: each round starts pytest anew".to_owned());
            Start::Fresh
        } else if spec.start == Start::Fork && !collected.threads.is_empty() {
            let threads = collected.threads.join(", ");
            notes.push(format!("threads are alive after collection ({threads}): each round starts pytest anew"));
            Start::Fresh
        } else if spec.start == Start::Fork && !collected.held.is_empty() {
            let files = collected.held.join(", ");
            notes.push(format!("files are open for writing after collection ({files}): each round starts pytest anew"));
            Start::Fresh
        } else {
            spec.start
        };
        let mut texts = BTreeMap::new();
        if !spec.known.is_empty() {
            let (cases, places, drift) = known(spec, &collected.cases, &mut texts);
            return Ok(Self { cases, notes, versions, start, places, drift });
        }
        let all = collected.cases.len();
        let filter = spec.filter.as_deref().map(parse_filter).transpose()?;
        let mut cases = Vec::new();
        let mut places = Vec::new();
        for (place, found) in (0_u32..).zip(collected.cases) {
            let case = case(spec, found, &mut texts);
            if filter.as_ref().is_none_or(|filter| filter.matches_id(case.id.as_str(), &case.tags)) {
                cases.push(case);
                places.push(Some(place));
            }
        }
        if cases.is_empty() {
            return Err(match &spec.filter {
                Some(filter) => PytestError::NothingChosen { filter: filter.clone(), all },
                None => PytestError::NoTests { folder: spec.folder.clone() },
            });
        }
        Ok(Self { cases, notes, versions, start, places, drift: Vec::new() })
    }

    /// Without those that are known and were not collected.
    fn collected_only(mut self) -> Self {
        let mut there = self.places.iter().map(Option::is_some);
        self.cases.retain(|_| there.next().unwrap_or(false));
        self.places.retain(Option::is_some);
        self
    }

    /// Equal as long as the cases mean the same.
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self.cases.iter().flat_map(|case| [case.id.as_str(), case.hash.as_str()]))
    }
}

/// The known cases, their places, and what a reader should know.
type Known = (Vec<CaseInfo>, Vec<Option<u32>>, Vec<String>);

/// Finds the known cases among what was collected.
fn known(spec: &PytestSpec, collected: &[CollectedCase], texts: &mut BTreeMap<String, ContentHash>) -> Known {
    let ids: Vec<&str> = spec.known.iter().map(|test| test.id.as_str()).collect();
    let found: Vec<&str> = collected.iter().map(|case| case.id.as_str()).collect();
    let places = naming::places(&ids, &found);
    let mut drift = BTreeMap::new();
    let mut cases = Vec::new();
    for (test, place) in spec.known.iter().zip(&places) {
        let now = place.and_then(|place| collected.get(place as usize));
        let function = naming::function(test.id.as_str());
        match now {
            Some(now) if now.id == test.id.as_str() => {}
            Some(_) => {
                drift.entry(function).or_insert(
                    "its parameters have other ids each time pytest collects it: they are told apart by what stays of \
                     the ids, and by their order",
                );
            }
            None => {
                drift.insert(
                    function,
                    "pytest does not collect all of its tests each time: they are skipped where they are missing",
                );
            }
        }
        let meant = CollectedCase {
            id: test.id.as_str().to_owned(),
            file: now.map_or(&test.file, |now| &now.file).clone(),
            line: now.map_or(0, |now| now.line),
            marks: now.map(|now| now.marks.clone()).unwrap_or_default(),
        };
        cases.push(case(spec, meant, texts));
    }
    let drift = drift.into_iter().map(|(function, text)| format!("{function}: {text}")).collect();
    (cases, places, drift)
}

fn case(spec: &PytestSpec, found: CollectedCase, texts: &mut BTreeMap<String, ContentHash>) -> CaseInfo {
    let text = texts.entry(found.file.clone()).or_insert_with(|| {
        let bytes = read_bytes(&spec.folder.join(&found.file), LONGEST_INPUT).unwrap_or_default();
        ContentHash::of([bytes])
    });
    let title = found.id.rsplit_once("::").map_or(found.id.as_str(), |(_, name)| name).to_owned();
    CaseInfo {
        hash: ContentHash::of([found.id.as_str(), text.as_str()]),
        id: CaseId::from(found.id),
        title,
        module: found.file.clone(),
        file: found.file,
        line: found.line,
        tags: found.marks.into_iter().collect::<BTreeSet<_>>(),
        skip: None,
        leaks: Vec::new(),
    }
}
