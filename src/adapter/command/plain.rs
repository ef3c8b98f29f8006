//! The runner alone, with all cases at once: what the first round is compared with.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::error::CommandError;
use crate::adapter::command::launch::{self, Places, folder, names};
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::process::{Process, Silence, in_words};
use crate::adapter::command::profile::{PlainRun, Profile, Word};
use crate::adapter::command::results::{Reader, Told};
use crate::adapter::command::round::TO_END;
use crate::adapter::command::world::World;
use crate::adapter::{AskedOfRunner, Plain};
use crate::model::{CaseIndex, Failure, Outcome};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// How many times as long as the round the runner may take, and what it may take besides to begin.
const TIMES: u32 = 10;

/// How many of its last lines are told where it fails and no case does.
const LAST_LINES: usize = 6;

/// The pause between two looks at it.
const LOOK: Duration = Duration::from_millis(20);

/// The runner, ready to run all cases once.
#[derive(Debug)]
pub(super) struct Runner<'a> {
    pub spec: &'a CommandSpec,
    pub profile: &'a Profile,
    pub cases: &'a [ListedCase],
    /// The tree as it was when the run began.
    pub world: &'a mut World,
}

impl Runner<'_> {
    /// Runs it, in whatever order it has.
    pub fn plain(&mut self, asked: &AskedOfRunner<'_>) -> Result<Plain, CommandError> {
        let plain = self.profile.plain.as_ref().ok_or(CommandError::NoSuchRun("plain"))?;
        self.run(plain, asked)
    }

    /// Runs it in its own parallel mode.
    pub fn parallel(&mut self, asked: &AskedOfRunner<'_>) -> Result<Plain, CommandError> {
        let mut parallel = self.profile.parallel.clone().ok_or(CommandError::NoSuchRun("parallel"))?;
        if let Some(plain) = &self.profile.plain {
            parallel.told_as = parallel.told_as.or_else(|| plain.told_as.clone());
            parallel.results = parallel.results.or_else(|| plain.results.clone());
        }
        self.run(&parallel, asked)
    }

    fn run(&mut self, plain: &PlainRun, asked: &AskedOfRunner<'_>) -> Result<Plain, CommandError> {
        let took = Duration::from_millis(asked.declared.millis);
        let within = took * TIMES + Duration::from_secs(self.profile.run.start_within);
        let within = asked.until.map_or(within, |until| within.min(until.saturating_duration_since(Instant::now())));
        // What the rounds left in the tree is taken away, or passed by.
        self.world.end();
        self.world.begin()?;
        let spec = CommandSpec { root: self.world.root(&self.spec.root).to_owned(), ..self.spec.clone() };
        let placed: Vec<ListedCase> = self.cases.iter().map(|case| self.world.placed(case)).collect();
        let told_as = plain.told_as.as_deref().or(self.profile.run.told_as.as_deref());
        let names = names(told_as, &placed.iter().collect::<Vec<_>>())?;
        let heard = Listener { spec: &spec, profile: self.profile, plain, world: self.world, within, names: &names }
            .listen()?;
        let outcomes = outcomes(&names, &heard.told);
        Ok(Plain { outcomes, is_like_ours: false, cut_short: None, failed_whole: heard.failed_whole() })
    }
}

/// How each case ended of which it told, by the case's place. `names` are what the runner calls them.
fn outcomes(names: &[String], told: &[Told]) -> BTreeMap<CaseIndex, Outcome> {
    let mut ends: BTreeMap<CaseIndex, Outcome> = BTreeMap::new();
    // Cases of one name come in the order in which they were declared.
    let mut waiting: BTreeMap<&str, VecDeque<CaseIndex>> = BTreeMap::new();
    for (case, name) in CaseIndex::all().zip(names) {
        waiting.entry(name.as_str()).or_default().push_back(case);
    }
    // Who began, and of whom no end was told, has passed where the runner says that all have.
    let mut begun: Vec<&str> = Vec::new();
    let mut passed = Vec::new();
    for one in told {
        match one.word {
            Word::Started => begun.push(&one.id),
            Word::AllPassed => {
                passed.extend(std::mem::take(&mut begun).into_iter().map(|id| Told::plain(id, Word::Passed)))
            }
            _ => begun.retain(|id| *id != one.id),
        }
    }
    // Where all of a group have passed, what looks like a failure of one of them was printed by another.
    let groups: Vec<&str> =
        told.iter().filter(|told| told.word == Word::AllPassed).map(|told| told.id.as_str()).collect();
    let has_passed = |id: &str| groups.iter().any(|group| !group.is_empty() && id.starts_with(group));
    for told in told.iter().chain(&passed) {
        let Some(end) = outcome(told) else { continue };
        let end = if end.is_failure() && has_passed(&told.id) { Outcome::Passed } else { end };
        if let Some(case) = waiting.get_mut(told.id.as_str()).and_then(VecDeque::pop_front) {
            ends.insert(case, end);
        }
    }
    ends
}

/// What the runner told, and how it ended.
struct Heard {
    told: Vec<Told>,
    status: Option<ExitStatus>,
    /// The end of what it wrote.
    tail: String,
}

impl Heard {
    /// How it failed though no case did: something around them, such as a teardown of a class, did.
    fn failed_whole(&self) -> Option<String> {
        let status = self.status.filter(|status| !status.success())?;
        let fails = |told: &Told| matches!(told.word, Word::Failed | Word::Errored);
        if self.told.iter().any(fails) {
            return None;
        }
        let mut said = self.told.iter().filter(|told| told.word == Word::Note).map(|told| told.message.as_str());
        let wrote: Vec<&str> = self.tail.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let why = match said.next_back() {
            Some(said) => said.to_owned(),
            None => format!("it last wrote: {}", wrote[wrote.len().saturating_sub(LAST_LINES)..].join(" / ")),
        };
        Some(format!("{}; {why}", in_words(Some(status))))
    }
}

/// Listens to the runner, alone with all cases.
struct Listener<'a> {
    spec: &'a CommandSpec,
    profile: &'a Profile,
    plain: &'a PlainRun,
    world: &'a World,
    /// How long it may take.
    within: Duration,
    /// What it calls the cases.
    names: &'a [String],
}

impl Listener<'_> {
    /// Runs it to its end, and says all that it told. One that has told of all cases and does not end is ended.
    fn listen(self) -> Result<Heard, CommandError> {
        let Self { spec, profile, plain, world, within, names } = self;
        let scratch = crate::disk::temporary_folder().map_err(CommandError::Temporary)?;
        let (scratch, temporary) = (scratch.path(), scratch.path().join("tmp"));
        let drivers = scratch.join("drivers");
        super::drivers::write(&profile.drivers, &spec.root, &drivers)?;
        let folder = world.found(&folder(spec, profile));
        let places = Places { scratch, drivers: &drivers, temporary: &temporary };
        let command = world.enclosed(launch::plain(spec, profile, plain, places)?);
        let mut reader = Reader::of(plain.results.as_ref().unwrap_or(&profile.results))?;
        let mut process = Process::start(command, "")?;
        let deadline = Instant::now() + within;
        let mut told = Vec::new();
        let mut missing: BTreeSet<&str> = names.iter().map(String::as_str).collect();
        let mut whole_since = None;
        let status = loop {
            let mut fresh = Vec::new();
            match process.line(LOOK) {
                Ok(line) => fresh = reader.line(&line),
                Err(Silence::Gone) if process.has_ended() => break process.end(),
                Err(_) if Instant::now() > deadline => {
                    return Err(CommandError::Overdue(within.as_secs()));
                }
                Err(Silence::Overdue) => _ = process.has_ended(),
                Err(Silence::Gone) => std::thread::sleep(LOOK),
            }
            fresh.extend(reader.grown(&folder, scratch));
            for one in fresh.iter().filter(|one| outcome(one).is_some()) {
                missing.remove(one.id.as_str());
            }
            told.extend(fresh);
            // What a test opened and left open keeps it: how it would end by itself, nobody knows.
            if missing.is_empty() && whole_since.get_or_insert_with(Instant::now).elapsed() > TO_END {
                _ = process.end();
                break None;
            }
        };
        told.extend(reader.end(&folder, scratch)?);
        if told.is_empty() {
            return Err(CommandError::Silent { how: in_words(status), wrote: process.tail() });
        }
        Ok(Heard { told, status, tail: process.tail() })
    }
}

/// How a case ended, as far as runners agree in words for it.
fn outcome(told: &Told) -> Option<Outcome> {
    match told.word {
        Word::Passed => Some(Outcome::Passed),
        Word::Failed | Word::Errored => Some(Outcome::Failed(Failure::new(&told.message, told.place.clone()))),
        Word::Skipped => Some(Outcome::Skipped { reason: told.message.clone() }),
        Word::Started | Word::Output | Word::Note | Word::Marks | Word::AllPassed | Word::Unasked => None,
    }
}
