//! Whether the runner alone, with all cases at once, comes to the same as the first round.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::launch::{self, Places, folder, names};
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::process::{Process, Silence, in_words};
use crate::adapter::command::profile::{PlainRun, Profile, Word};
use crate::adapter::command::results::{Reader, Told};
use crate::adapter::command::world::World;
use crate::model::{CaseIndex, OutcomeKind, RoundKind};
use crate::record::Record;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How many differences are told.
const TOLD: usize = 20;

/// How many times as long as the round the runner may take, and what it may take besides to begin.
const TIMES: u32 = 10;

/// The pause between two looks at it.
const LOOK: Duration = Duration::from_millis(20);

/// The runner, ready to run all cases once.
#[derive(Debug)]
pub(super) struct Plain<'a> {
    pub spec: &'a CommandSpec,
    pub cases: &'a [ListedCase],
    /// The tree as it was when the run began.
    pub world: &'a mut World,
}

impl Plain<'_> {
    /// Runs it, and compares what it says with the round in declared order, in a sentence a line; nothing where there is
    /// no such round, and where the profile does not say how.
    pub fn agreement(&mut self, record: &Record, until: Option<Instant>) -> Vec<String> {
        let Ok(profile) = Profile::load(&self.spec.root, &self.spec.profile) else { return Vec::new() };
        let Some(plain) = &profile.plain else { return Vec::new() };
        let declared = record.rounds.iter().find(|round| round.kind == RoundKind::Declared && round.is_complete());
        let Some(round) = declared else { return Vec::new() };
        let name = format!("plain {}", self.spec.profile);
        let took = Duration::from_millis(round.millis);
        if until.is_some_and(|until| until.saturating_duration_since(Instant::now()) < took) {
            return vec![format!("time was up before {name} could be compared with the declared round")];
        }
        let within = took * TIMES + Duration::from_secs(profile.run.start_within);
        let within = until.map_or(within, |until| within.min(until.saturating_duration_since(Instant::now())));
        let theirs = match self.outcomes(&profile, plain, within) {
            Ok(outcomes) => outcomes,
            Err(error) => return vec![format!("{name} could not be compared: {error}")],
        };
        let (mut agree, mut differ) = (0, Vec::new());
        for slot in &round.slots {
            let Some(id) = record.case(slot.case).map(|info| &info.id) else { continue };
            match (slot.outcome.map(End::of), theirs.get(&slot.case).copied()) {
                (Some(ours), Some(theirs)) if ours == theirs => agree += 1,
                (Some(ours), Some(theirs)) => {
                    differ.push(format!("{id}: {} in {name}, {} here", theirs.word(), ours.word()));
                }
                (None, _) | (_, None) => {}
            }
        }
        let compared = agree + differ.len();
        let others = round.slots.len().saturating_sub(compared);
        let mut told = vec![match others {
            0 => format!("{name} agrees {agree} of {compared}"),
            _ => format!("{name} agrees {agree} of {compared}; it told nothing of the other {others}"),
        }];
        let unless = if plain.shuffles { "by chance or by the order, which it shuffles" } else { "by chance" };
        told.extend(differ.into_iter().take(TOLD).map(|difference| {
            format!("{difference}: unless the test fails {unless}, this is a fault of steadfast; please report it")
        }));
        told
    }

    /// How each case ended of which it tells, by the case's place.
    fn outcomes(
        &mut self,
        profile: &Profile,
        plain: &PlainRun,
        within: Duration,
    ) -> Result<BTreeMap<CaseIndex, End>, String> {
        // What the rounds left in the tree is taken away, or passed by.
        self.world.end();
        self.world.begin()?;
        let spec = CommandSpec { root: self.world.root(&self.spec.root).to_owned(), ..self.spec.clone() };
        let placed: Vec<ListedCase> = self.cases.iter().map(|case| self.world.placed(case)).collect();
        let told_as = plain.told_as.as_deref().or(profile.run.told_as.as_deref());
        let names = names(told_as, &placed.iter().collect::<Vec<_>>())?;
        let mut ends: BTreeMap<CaseIndex, End> = BTreeMap::new();
        // Cases of one name come in the order in which they were declared.
        let mut waiting: BTreeMap<&str, VecDeque<CaseIndex>> = BTreeMap::new();
        for (case, name) in CaseIndex::all().zip(&names) {
            waiting.entry(name.as_str()).or_default().push_back(case);
        }
        let told = listen(&spec, profile, plain, within)?;
        // Who began, and of whom no end was told, has passed where the runner says that all have.
        let mut begun: Vec<&str> = Vec::new();
        let mut passed = Vec::new();
        for one in &told {
            match one.word {
                Word::Started => begun.push(&one.id),
                Word::AllPassed => {
                    passed.extend(std::mem::take(&mut begun).into_iter().map(|id| Told::plain(id, Word::Passed)))
                }
                _ => begun.retain(|id| *id != one.id),
            }
        }
        for told in told.iter().chain(&passed) {
            let Some(end) = End::told(told.word) else { continue };
            if let Some(case) = waiting.get_mut(told.id.as_str()).and_then(VecDeque::pop_front) {
                ends.insert(case, end);
            }
        }
        Ok(ends)
    }
}

/// Runs it to its end, and says all that it told.
fn listen(spec: &CommandSpec, profile: &Profile, plain: &PlainRun, within: Duration) -> Result<Vec<Told>, String> {
    let scratch = crate::disk::temporary_folder().map_err(|error| error.to_string())?;
    let (scratch, temporary) = (scratch.path(), scratch.path().join("tmp"));
    let drivers = scratch.join("drivers");
    super::drivers::write(&profile.drivers, &spec.root, &drivers)?;
    let folder = folder(spec, profile);
    let places = Places { scratch, drivers: &drivers, temporary: &temporary };
    let command = launch::plain(spec, profile, plain, places)?;
    let mut reader = Reader::of(plain.results.as_ref().unwrap_or(&profile.results))?;
    let mut process = Process::start(command, "")?;
    let deadline = Instant::now() + within;
    let mut told = Vec::new();
    loop {
        match process.line(LOOK) {
            Ok(line) => told.extend(reader.line(&line)),
            Err(Silence::Gone) if process.has_ended() => break,
            Err(_) if Instant::now() > deadline => {
                return Err(format!("it did not end within {} s", within.as_secs()));
            }
            Err(Silence::Overdue) => _ = process.has_ended(),
            Err(Silence::Gone) => std::thread::sleep(LOOK),
        }
    }
    let status = process.end();
    told.extend(reader.end(&folder, scratch)?);
    if told.is_empty() {
        return Err(format!("it told of no case how it ended ({}); it wrote: {}", in_words(status), process.tail()));
    }
    Ok(told)
}

/// How a case ended, as far as runners agree in words for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Passed,
    Failed,
    Skipped,
}

impl End {
    fn of(outcome: OutcomeKind) -> Self {
        match outcome {
            OutcomeKind::Passed => Self::Passed,
            OutcomeKind::Skipped => Self::Skipped,
            OutcomeKind::Failed | OutcomeKind::Errored | OutcomeKind::TimedOut | OutcomeKind::Crashed => Self::Failed,
        }
    }

    fn told(word: Word) -> Option<Self> {
        match word {
            Word::Passed => Some(Self::Passed),
            Word::Failed | Word::Errored => Some(Self::Failed),
            Word::Skipped => Some(Self::Skipped),
            Word::Started | Word::Output | Word::Note | Word::AllPassed | Word::Unasked => None,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}
