//! The rounds of a run.

use crate::adapter::LoadedSubject;
use crate::app::forecast::Forecast;
use crate::app::marks::Tried;
use crate::app::since::{Since, since};
use crate::app::{Accounting, AloneRounds, AppError, Effort, RunOptions};
use crate::disk::{LONGEST_INPUT, read_text};
use crate::engine::RoundUnit;
use crate::model::statistics::{Confidence, Rate, RateError};
use crate::model::{CaseId, CaseIndex, ContentHash, EventLoop, RoundId, RoundKind, Seed, Stress};
use crate::plan::{
    Addition, AftermathOrder, Alone, MarkingOrders, MarksLeft, Orders, Plan, PlanRequest, PlannedCase, PlannedRound,
    ResolvedOrder, Shard, Strategy, Twice, resolve_order,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::{Duration, Instant};

/// How many aftermath rounds are planned: the marking cases as declared, and in reverse.
const AFTERMATHS: u32 = 2;

/// The plan, once for each life of event loops that is asked for.
pub(super) struct Plans {
    plans: Vec<(EventLoop, Plan)>,
    /// The noise around rounds.
    stress: Option<Stress>,
    /// The hash seeds that rounds take turns with, for subjects that have them.
    hash_seeds: Vec<u32>,
    /// What a hash seed of its own costs a round, where it can have one.
    own_hash_seed_takes: Option<Duration>,
    /// The order that was given, if one was.
    given: Option<Vec<CaseIndex>>,
    /// How long rounds are added to the plan; nothing where it is fixed.
    effort: Effort,
    /// Whether rounds that run each case twice begin early. They take longest: last, they would keep one worker busy
    /// while the others idle. A suite, whose time may end first, has them last.
    longest_first: bool,
    /// The file of each case.
    files: Vec<String>,
    /// What a change touches, where that was asked.
    since: Option<Since>,
    /// What a reader should know of it.
    pub notes: Vec<String>,
}

impl Plans {
    pub fn make(options: &RunOptions, subject: &dyn LoadedSubject) -> Result<Self, AppError> {
        let cases = planned_cases(subject);
        let mut notes = Vec::new();
        let is_mixed = options.order.is_none() && options.strategy == Strategy::Mixed;
        let alone = is_mixed && options.alone == AloneRounds::WhereCheap && subject.starts_cheaply();
        if is_mixed && options.alone == AloneRounds::WhereCheap && !alone {
            notes.push("cases are run alone only where they are suspects: each start is a new process".to_owned());
        }
        let mut event_loops = options.event_loops.clone();
        if !subject.chooses_event_loop() {
            if event_loops.len() > 1 {
                notes.push("--event-loop is not applicable: the system has its own event loops".to_owned());
            }
            event_loops = vec![EventLoop::Round];
        }
        let orders = match &options.order {
            None => Orders::By(options.strategy),
            Some(file) => Orders::Given(given_order(file, &cases, &mut notes)?),
        };
        let since = since(options, subject)?;
        notes.extend(since.as_ref().map(|since| since.note.clone()));
        let is_fixed = !is_mixed || options.rounds.is_some() || options.max_flake_rate.is_some();
        let effort = if is_fixed || subject.has_fixed_plan() { Effort::QUICK } else { options.effort };
        let usage = |error: RateError| AppError::Usage(error.to_string());
        let mut plans = Vec::new();
        for event_loop in event_loops {
            let request = PlanRequest {
                orders: orders.clone(),
                rounds: options.rounds,
                grouping: options.group.unwrap_or_else(|| subject.grouping()),
                closer: match (&since, &options.order) {
                    (Some(since), None) => since.cases.clone(),
                    (Some(_), Some(_)) | (None, _) => Vec::new(),
                },
                alone: if alone { Alone::EveryCase } else { Alone::SuspectsOnly },
                aftermath: if alone && subject.forks() { AFTERMATHS } else { 0 },
                twice: if subject.runs_again() { Twice::WhereMixed } else { Twice::InPasses },
                max_flake_rate: options.max_flake_rate.map(Rate::new).transpose().map_err(usage)?,
                confidence: Confidence::new(options.confidence).map_err(usage)?,
                ..PlanRequest::new(options.seed)
            };
            let plan = Plan::new(request, &cases).map_err(|error| AppError::Usage(error.to_string()))?;
            plans.push((event_loop, plan));
        }
        let given = match orders {
            Orders::Given(order) => Some(order),
            Orders::By(_) => None,
        };
        let files = cases.into_iter().map(|case| case.file).collect();
        Ok(Self {
            plans,
            stress: options.stress,
            hash_seeds: subject.hash_seeds(),
            own_hash_seed_takes: subject.own_hash_seed_takes(),
            given,
            effort,
            longest_first: subject.has_fixed_plan(),
            files,
            since,
            notes,
        })
    }

    /// How many rounds are planned.
    pub fn rounds(&self) -> u32 {
        u32::try_from(self.plans.iter().map(|(_, plan)| plan.rounds().len()).sum::<usize>()).unwrap_or(u32::MAX)
    }

    /// The commit since which changes get more rounds.
    pub fn since(&self) -> Option<String> {
        self.since.as_ref().map(|since| since.commit.clone())
    }

    /// How long rounds are added to it.
    pub fn effort(&self) -> Effort {
        self.effort
    }

    /// The plan that rounds are added to, if they are.
    pub fn extendable(&self) -> Option<&Plan> {
        self.plans.first().map(|(_, plan)| plan).filter(|_| self.effort.adds())
    }

    /// The file of a case.
    pub fn file_of(&self, case: CaseIndex) -> String {
        self.files.get(case.index()).cloned().unwrap_or_default()
    }

    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self.plans.iter().map(|(event_loop, plan)| format!("{event_loop:?} {}", plan.hash())))
    }

    /// Why no round has the case: an order that was given need not name all.
    pub fn leaves_out(&self, id: &CaseId, subject: &dyn LoadedSubject) -> Option<String> {
        let given = self.given.as_ref()?;
        let is_named = |index: &CaseIndex| subject.cases().get(index.index()).is_some_and(|case| case.id == *id);
        (!given.iter().any(is_named)).then(|| "the given order does not name it".to_owned())
    }

    pub fn counts(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for (_, plan) in &self.plans {
            for round in plan.rounds() {
                *counts.entry(round.kind().as_str().to_owned()).or_insert(0) += 1;
            }
        }
        counts
    }

    pub fn forecast(&self, subject: &dyn LoadedSubject, options: &RunOptions) -> Forecast {
        let trials: u64 = self.plans.iter().map(|(_, plan)| plan.trials()).sum();
        let is_suite = !subject.has_fixed_plan();
        Forecast {
            cases: subject.cases().len(),
            trials: usize::try_from(trials).unwrap_or(usize::MAX),
            rounds: self.rounds(),
            jobs: options.jobs,
            effort: self.effort,
            forks: subject.forks(),
            // The first round has started it once already.
            starts: if is_suite { u32::try_from(self.hash_seeds.len().max(2) - 1).unwrap_or(u32::MAX) } else { 0 },
            accounts: options.accounting == Accounting::On,
            asks_own_runner: is_suite,
            max_time: options.max_time,
            begun: Instant::now(),
            first: None,
        }
    }

    /// Rounds of all cases take turns with the hash seeds; a case alone and an aftermath run under the first one.
    fn hash_seed(&self, kind: RoundKind, number: u32) -> Option<u32> {
        let takes_turns = |kind: RoundKind| !matches!(kind, RoundKind::Alone | RoundKind::Aftermath);
        if !takes_turns(kind) {
            return self.hash_seeds.first().copied();
        }
        // Rounds that don't take turns stand between the others: they are not counted.
        let others =
            self.numbered().take(number as usize).filter(|(_, _, round, _)| !takes_turns(round.kind())).count();
        self.hash_seeds.get((number as usize).saturating_sub(others) % self.hash_seeds.len().max(1)).copied()
    }

    /// The rounds that are still to be run, up to the first whose order is not known yet.
    pub fn units<'s>(
        &'s self,
        case_timeout: Duration,
        attempts: &'s BTreeMap<RoundId, Option<u32>>,
    ) -> impl Iterator<Item = RoundUnit> + 's {
        let known = self.numbered().take_while(|(_, _, round, _)| round.kind() != RoundKind::Aftermath);
        let mut known: Vec<_> = known.collect();
        if self.longest_first {
            // The very first round tells whether the subject is up.
            known.sort_by_key(|(_, _, round, number)| (*number > 0, round.kind() != RoundKind::Twice));
        }
        known.into_iter().filter_map(move |(event_loop, plan, round, number)| {
            let attempt = next_attempt(attempts, number)?;
            let unit = self.unit(number, round.kind(), round.seed, plan.order(round.id), case_timeout);
            Some(RoundUnit { attempt, event_loop, ..unit })
        })
    }

    /// The rounds that are still to be run, from the first on whose order depends on what cases leave.
    pub fn units_after<'s>(
        &'s self,
        marks: &'s MarksLeft,
        tried: &'s Tried,
        case_timeout: Duration,
        attempts: &'s BTreeMap<RoundId, Option<u32>>,
    ) -> impl Iterator<Item = RoundUnit> + 's {
        let rest = self.numbered().skip_while(|(_, _, round, _)| round.kind() != RoundKind::Aftermath);
        let mut marking: Option<MarkingOrders<'s>> = None;
        rest.filter_map(move |(event_loop, plan, round, number)| {
            let unit = if round.kind() == RoundKind::Aftermath {
                let marking = marking.get_or_insert_with(|| plan.marking_orders(marks));
                // Without a marking case there is nothing to be tried after.
                let (order, shape) = match marking.marking() {
                    0 => Default::default(),
                    _ => {
                        let AftermathOrder { order, shape } = tried.after(marking, &|case| self.file_of(case));
                        (order, shape)
                    }
                };
                let unit = self.unit(number, round.kind(), round.seed, order, case_timeout);
                RoundUnit { aftermath: Some(shape), ..unit }
            } else {
                self.unit(number, round.kind(), round.seed, plan.order(round.id), case_timeout)
            };
            let attempt = next_attempt(attempts, number)?;
            Some(RoundUnit { attempt, event_loop, ..unit })
        })
    }

    /// The rounds of a shard: its share of all whose order is known from the plan alone.
    pub fn units_of<'s>(&'s self, shard: Shard, case_timeout: Duration) -> impl Iterator<Item = RoundUnit> + 's {
        let known: Vec<_> = self.numbered().filter(|(_, _, round, _)| is_known(round.kind())).collect();
        // A round costs its trials, and a start.
        let costs: Vec<u64> = known.iter().map(|(_, plan, round, _)| 1 + plan.len_of(round.id) as u64).collect();
        shard.share(&costs).into_iter().filter_map(move |place| {
            let (event_loop, plan, round, number) = *known.get(place)?;
            let unit = self.unit(number, round.kind(), round.seed, plan.order(round.id), case_timeout);
            Some(RoundUnit { event_loop, ..unit })
        })
    }

    /// The rounds that shards run, all of them together.
    pub fn sharded(&self) -> impl Iterator<Item = RoundId> + '_ {
        self.numbered().filter(|(_, _, round, _)| is_known(round.kind())).map(|(_, _, _, number)| RoundId(number))
    }

    /// The first round whose order depends on what cases left in the rounds before it.
    pub fn first_aftermath(&self) -> Option<RoundId> {
        let found = self.numbered().find(|(_, _, round, _)| !is_known(round.kind()));
        found.map(|(_, _, _, number)| RoundId(number))
    }

    /// A round that is added to the plan, under a hash seed that no other round has where `has_own_seed`.
    pub fn added(&self, number: u32, addition: Addition, has_own_seed: bool, case_timeout: Duration) -> RoundUnit {
        let Addition { kind, seed, order, shape } = addition;
        let unit = self.unit(number, kind, seed, order, case_timeout);
        let hash_seed = if has_own_seed { Some(seed.for_hashes("of its own")) } else { unit.hash_seed };
        RoundUnit { aftermath: shape, added: true, hash_seed, ..unit }
    }

    /// What a hash seed of its own costs a round, where it can have one.
    pub fn own_hash_seed_takes(&self) -> Option<Duration> {
        self.own_hash_seed_takes
    }

    /// The planned rounds with their numbers in the run.
    fn numbered(&self) -> impl Iterator<Item = (EventLoop, &Plan, &PlannedRound, u32)> {
        let rounds = self
            .plans
            .iter()
            .flat_map(|(event_loop, plan)| plan.rounds().iter().map(move |round| (*event_loop, plan, round)));
        rounds.zip(0_u32..).map(|((event_loop, plan, round), number)| (event_loop, plan, round, number))
    }

    fn unit(
        &self,
        number: u32,
        kind: RoundKind,
        seed: Seed,
        order: Vec<CaseIndex>,
        case_timeout: Duration,
    ) -> RoundUnit {
        let event_loop = self.plans.first().map_or_else(EventLoop::default, |(event_loop, _)| *event_loop);
        let unit = RoundUnit::new(RoundId(number), kind, seed, order, case_timeout);
        RoundUnit { event_loop, stress: self.stress, hash_seed: self.hash_seed(kind, number), ..unit }
    }
}

/// Whether the order of such rounds is known from the plan alone.
fn is_known(kind: RoundKind) -> bool {
    kind != RoundKind::Aftermath
}

/// The next attempt at a round; `None` if it was completed.
fn next_attempt(attempts: &BTreeMap<RoundId, Option<u32>>, number: u32) -> Option<u32> {
    attempts.get(&RoundId(number)).copied().unwrap_or(Some(0))
}

fn planned_cases(subject: &dyn LoadedSubject) -> Vec<PlannedCase> {
    let planned = subject.cases().iter().map(|case| PlannedCase {
        id: case.id.clone(),
        file: case.file.clone(),
        module: case.module.clone(),
        tags: case.tags.iter().cloned().collect(),
    });
    planned.collect()
}

/// Reads an order: case ids, one per line; `#` begins a comment.
fn given_order(file: &Path, cases: &[PlannedCase], notes: &mut Vec<String>) -> Result<Vec<CaseIndex>, AppError> {
    let text = read_text(file, LONGEST_INPUT).map_err(|error| AppError::io(file)(error.into()))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let ids: Vec<CaseId> = lines.map(CaseId::from).collect();
    let ResolvedOrder { order, missing } = resolve_order(&ids, cases);
    if order.is_empty() {
        let text = format!("{}: names none of the cases; `steadfast list` prints their ids", file.display());
        return Err(AppError::Usage(text));
    }
    for id in missing.into_iter().collect::<BTreeSet<_>>() {
        notes.push(format!("{}: there is no case `{id}`: left out", file.display()));
    }
    Ok(order)
}
