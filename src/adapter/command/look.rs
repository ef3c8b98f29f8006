//! What a suite consists of, as its runner lists it.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::drivers;
use crate::adapter::command::error::CommandError;
use crate::adapter::command::launch::{Places, folder, listing, of_scratch};
use crate::adapter::command::listing::{Listed, ListedCase, arranged, problems, read, without_nul};
use crate::adapter::command::process::{Process, Silence, in_words};
use crate::adapter::command::profile::{Profile, RunGroup, RunOrder};
use crate::adapter::command::shuffle::remember_suites;
use crate::adapter::shared::surroundings::Surroundings;
use crate::disk::{LONGEST_INPUT, LONGEST_RESULT, read_bytes};
use crate::event::CaseInfo;
use crate::model::{CaseId, CaseIndex, ContentHash, Position};
use crate::plan::Grouping;
use crate::scenario::parse_filter;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a runner may take to list its cases: it may have to compile them.
pub(in crate::adapter) const LIST_WITHIN: Duration = Duration::from_secs(600);

/// The longest listing, in bytes.
const LONGEST_LISTING: usize = 256 << 20;

/// The pause between two looks at a runner that says nothing.
const LOOK: Duration = Duration::from_millis(20);

/// The same at one that has closed its output.
const PAUSE: Duration = Duration::from_millis(1);

/// What was found.
#[derive(Debug, Clone)]
pub struct CommandLook {
    /// The chosen cases, in declared order.
    pub cases: Vec<CaseInfo>,
    /// Things to know.
    pub notes: Vec<String>,
    /// What stays together in an order, where nobody says.
    pub grouping: Grouping,
    /// The same cases, with all that the listing says of them.
    pub(super) listed: Vec<ListedCase>,
}

/// Lists the cases.
///
/// # Errors
/// If the profile is wrong, the cases can't be listed, or none is chosen: for people.
pub fn look_at_command(spec: &CommandSpec) -> Result<CommandLook, CommandError> {
    let profile = Profile::load(&spec.root, &spec.profile)?;
    let scratch = crate::disk::temporary_folder().map_err(CommandError::Temporary)?;
    let around = around(spec)?;
    CommandLook::take(spec, &profile, scratch.path(), "", around.as_ref())
}

/// The providers around the suite, if it has any; a trial is open, for what is asked while cases are listed.
pub(super) fn around(spec: &CommandSpec) -> Result<Option<Surroundings>, CommandError> {
    let Some(file) = &spec.providers else { return Ok(None) };
    let mut around = Surroundings::start(file, &spec.root, spec.tapes.as_ref())?;
    around.begin_alone(Position(0));
    Ok(Some(around))
}

impl CommandLook {
    /// Lists the cases in a process that is marked by an environment entry `NAME=value`.
    pub(super) fn take(
        spec: &CommandSpec,
        profile: &Profile,
        scratch: &Path,
        mark: &str,
        around: Option<&Surroundings>,
    ) -> Result<Self, CommandError> {
        let folder = folder(spec, profile);
        // Runners that resolve links name files by where they really are.
        let real = folder.canonicalize().unwrap_or_else(|_| folder.clone());
        let text = output(spec, profile, &real, scratch, mark, around)?;
        let in_listing = |error| CommandError::Listing { profile: spec.profile.clone(), source: Box::new(error) };
        let found = read(&profile.list, &text, &real).map_err(in_listing)?;
        let Listed { cases: mut listed, mut notes } =
            if profile.hands_cases_by_file() { found } else { without_nul(found) };
        let all = listed.len();
        let whole = if profile.run.shuffled.is_some() { listed.clone() } else { Vec::new() };
        if let Some(filter) = &spec.filter {
            let parsed = parse_filter(filter)?;
            listed.retain(|case| parsed.matches_id(&case.id, &BTreeSet::new()));
            if listed.is_empty() && all > 0 {
                return Err(CommandError::NothingChosen { filter: filter.clone(), all });
            }
        }
        if listed.is_empty() {
            let shown = String::from_utf8_lossy(&text);
            let wrote = shown.trim().chars().take(500).collect();
            return Err(CommandError::NoCases { profile: spec.profile.clone(), wrote });
        }
        remember_suites(profile, &whole, &mut listed);
        if !spec.known.is_empty() {
            let arranged = arranged(&spec.known, listed);
            listed = arranged.cases;
            notes.extend(arranged.notes);
        }
        if profile.run.shuffled.is_some() {
            notes.push(
                "this runner runs cases in the order in which it lists them, or in that of a seed: a process plays any \
                 order of a few cases and those of its seeds of many, and rounds are played in the nearest of these"
                    .to_owned(),
            );
        } else if profile.run.order == RunOrder::AsListed {
            notes.push(
                "this runner runs cases in the order in which it lists them: an order is run in ascending stretches, a \
                 process each, and a pair counts as seen where one process ran both"
                    .to_owned(),
            );
        } else if profile.is_one_by_one() {
            notes.push("each case has a process of its own: what one leaves in memory, no other sees".to_owned());
        }
        notes.extend(profile.notes.iter().cloned());
        let grouping = match profile.run.group {
            RunGroup::None => Grouping::None,
            RunGroup::File => Grouping::File,
            RunGroup::Module => Grouping::Module,
        };
        Ok(Self { grouping, ..Self::of(listed, notes, &folder) })
    }

    /// What these cases come to.
    pub(super) fn of(listed: Vec<ListedCase>, notes: Vec<String>, folder: &Path) -> Self {
        let mut texts = BTreeMap::new();
        let cases = listed.iter().map(|case| subject_case(case, folder, &mut texts)).collect();
        Self { cases, notes, grouping: Grouping::None, listed }
    }

    /// The places of an order whose cases the runner lists no more: it can't be asked for them.
    pub(super) fn gone(&self, order: &[CaseIndex]) -> BTreeSet<Position> {
        let is_gone = |case: CaseIndex| self.listed.get(case.index()).is_some_and(|case| !case.is_listed());
        Position::all().zip(order).filter(|(_, case)| is_gone(**case)).map(|(position, _)| position).collect()
    }

    /// The same cases, with all that the listing says of them.
    pub(in crate::adapter) fn listed(&self) -> &[ListedCase] {
        &self.listed
    }

    /// Equal as long as the cases mean the same.
    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self.cases.iter().flat_map(|case| [case.id.as_str(), case.hash.as_str()]))
    }
}

fn subject_case(case: &ListedCase, folder: &Path, texts: &mut BTreeMap<String, ContentHash>) -> CaseInfo {
    let text = texts.entry(case.file.clone()).or_insert_with(|| {
        let bytes = if case.file.is_empty() {
            Vec::new()
        } else {
            read_bytes(&folder.join(&case.file), LONGEST_INPUT).unwrap_or_default()
        };
        ContentHash::of([bytes])
    });
    CaseInfo {
        id: CaseId::from(case.id.as_str()),
        title: case.id.clone(),
        file: case.file.clone(),
        line: case.line,
        module: case.module.clone(),
        tags: BTreeSet::new(),
        hash: ContentHash::of([case.id.as_str(), text.as_str()]),
        skip: None,
        leaks: Vec::new(),
    }
}

/// What the command that lists writes.
fn output(
    spec: &CommandSpec,
    profile: &Profile,
    folder: &Path,
    scratch: &Path,
    mark: &str,
    around: Option<&Surroundings>,
) -> Result<Vec<u8>, CommandError> {
    let (drivers, temporary) = (scratch.join("drivers"), scratch.join("tmp"));
    drivers::write(&profile.drivers, &spec.root, &drivers)?;
    let mut command = listing(spec, profile, Places { scratch, drivers: &drivers, temporary: &temporary })?;
    command.envs(around.map(|around| around.environment(spec.python_path.as_deref())).unwrap_or_default());
    let mut process = Process::start(command, mark)?;
    let deadline = Instant::now() + LIST_WITHIN;
    let mut text = Vec::new();
    loop {
        match process.line(LOOK) {
            Ok(line) if text.len() + line.len() > LONGEST_LISTING => {
                return Err(CommandError::LongListing(LONGEST_LISTING));
            }
            Ok(line) => text.extend(line),
            Err(Silence::Gone) if process.has_ended() => break,
            Err(_) if Instant::now() > deadline => {
                return Err(CommandError::SlowListing(LIST_WITHIN.as_secs()));
            }
            Err(Silence::Overdue) => _ = process.has_ended(),
            // It has closed its output; how it ends is still to be seen.
            Err(Silence::Gone) => std::thread::sleep(PAUSE),
        }
    }
    let status = process.end();
    if let Some(from) = &profile.list.from {
        let file = folder.join(of_scratch("list.from", from, scratch)?);
        text = match read_bytes(&file, LONGEST_RESULT) {
            Ok(text) => text,
            // How the program ended says why it wrote none.
            Err(error) if error.is_absent() => Vec::new(),
            Err(source) => return Err(CommandError::ListFile { path: file, source }),
        };
    }
    if !status.is_some_and(|status| status.success()) {
        let how = in_words(status);
        let wrote = problems(&profile.list, &text, folder).unwrap_or_else(|| process.tail());
        return Err(CommandError::Unlisted { profile: spec.profile.clone(), how, wrote });
    }
    Ok(text)
}
