//! Who leaks. One round of every case with a ledger says who may; what those leave is decided by running them again and
//! again; a task that was alive when its event loop ended is given every chance to end by itself. `docs/leaks.md` tells
//! it to users.

use crate::adapter::LeakSearch;
use crate::diagnose::DiagnoseError;
use crate::diagnose::Setting;
use crate::diagnose::{Deadlines, RunLog};
use crate::engine::{RoundUnit, Rounds, Stop, Stopped};
use crate::event::{Event, Header, Note};
use crate::leak::{REPEATS, REPEATS_OF_MEMORY};
use crate::model::{CaseIndex, EventLoop, Measured, OutcomeKind, Position, ResourceKind, RoundId, RoundKind};
use crate::record::{Record, RoundRecord, is_failure};
use crate::verdict::growing_in_memory;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// How many suspects are repeated in one round. Fewer make the rounds that run side by side more alike in length.
const TOGETHER: usize = 48;

/// How many cases are looked at closely for tasks of one place, or for memory: the others that leave such go by them.
const OF_A_KIND: usize = 3;

/// A survey that grew by so many KiB for each of its trials grew as a whole.
const GROWN: u64 = 32;

/// So much is always spent on the suspects of a suite, in microseconds of its cases.
const SHORT_MICROS: u64 = 30_000_000;

/// Whether the run accounts for resources at all.
pub fn accounts_for_resources(header: &Header) -> bool {
    let accounts = |kind: &ResourceKind| header.subject.measured.get(kind.as_str()).is_some_and(Measured::is_measured);
    ResourceKind::ALL.iter().any(accounts)
}

/// Looks for leaks, as far as the deadline allows.
pub fn look_for_leaks(
    engine: &mut dyn Rounds,
    setting: &Setting<'_>,
    deadlines: Deadlines,
    log: &mut dyn RunLog,
) -> Result<Stopped, DiagnoseError> {
    let header = setting.header;
    if !accounts_for_resources(header) {
        return Ok(Stopped::Not);
    }
    let record = log.record();
    let deadline = deadlines.all;
    let next = record.next_round();
    // Whatever a suite's rounds take turns with: leaks are looked for under the first one.
    let hash_seed = record.rounds.first().and_then(|round| round.hash_seed);
    let stopped = Stopped::Not;
    let mut search = Search { engine, setting, log, deadline, next, hash_seed, stopped };
    search.run(&record)?;
    if search.stopped == Stopped::Asked(Stop::TimeLimit) {
        search.note("time was up before all that may leak was looked at: what is not told here was not measured")?;
    }
    Ok(search.stopped)
}

struct Search<'a> {
    engine: &'a mut dyn Rounds,
    setting: &'a Setting<'a>,
    log: &'a mut dyn RunLog,
    deadline: Option<Instant>,
    next: u32,
    hash_seed: Option<u32>,
    stopped: Stopped,
}

impl Search<'_> {
    fn run(&mut self, record: &Record) -> Result<(), DiagnoseError> {
        let cases = eligible(record);
        let hands = self.hands(&cases);
        self.rounds(hands.into_iter(), RoundKind::Survey, EventLoop::Round)?;
        let surveyed = self.log.record();
        self.tell_of_failures(&surveyed)?;
        let mut suspects: Vec<CaseIndex> = suspects(&surveyed).into_iter().collect();
        if self.setting.subject.leak_search() == LeakSearch::Suite {
            let all = suspects.len();
            suspects = affordable(&surveyed, suspects);
            if suspects.len() < all {
                let left_out = all - suspects.len();
                self.note(&format!(
                    "{left_out} more cases left something behind and were not repeated, because that would take longer \
                     than the suite itself; those that were repeated stand for them"
                ))?;
            }
        }
        // One after another, each round would wait for what ends by itself: together they wait once.
        let together = if self.setting.header.policy.jobs > 1 { TOGETHER } else { suspects.len().max(1) };
        let repeated = suspects.chunks(together).map(|together| together.repeat(REPEATS));
        self.rounds(repeated, RoundKind::Repeated, EventLoop::Round)?;
        let grown = growing_in_memory(&self.log.record());
        let longer = grown.into_iter().take(OF_A_KIND).map(|case| vec![case; REPEATS_OF_MEMORY]);
        self.rounds(longer, RoundKind::Repeated, EventLoop::Round)?;
        let alone = with_tasks(record).into_iter().map(|case| vec![case]);
        self.rounds(alone, RoundKind::Repeated, EventLoop::Case)
    }

    /// The cases of each of the rounds that run side by side. A run that goes on elsewhere deals as it did.
    fn hands(&self, cases: &[CaseIndex]) -> Vec<Vec<CaseIndex>> {
        let jobs = (self.setting.header.policy.jobs as usize).clamp(1, cases.len().max(1));
        if self.setting.subject.leak_search() == LeakSearch::Suite {
            // Neighbours share what their module and class set up.
            return cases.chunks(cases.len().div_ceil(jobs).max(1)).map(<[CaseIndex]>::to_vec).collect();
        }
        // Dealt out like cards: slow cases stand side by side.
        (0..jobs).map(|job| cases.iter().copied().skip(job).step_by(jobs).collect()).collect()
    }

    fn rounds(
        &mut self,
        orders: impl Iterator<Item = Vec<CaseIndex>>,
        kind: RoundKind,
        event_loop: EventLoop,
    ) -> Result<(), DiagnoseError> {
        let units: Vec<RoundUnit> = orders.map(|order| self.unit(order, kind, event_loop)).collect();
        if self.stopped == Stopped::Not && !units.is_empty() {
            self.stopped = self.engine.run(&mut units.into_iter(), self.deadline, self.log)?;
        }
        Ok(())
    }

    fn unit(&mut self, order: Vec<CaseIndex>, kind: RoundKind, event_loop: EventLoop) -> RoundUnit {
        let id = RoundId(self.next);
        self.next += 1;
        let seed = self.setting.header.seed.derive(&format!("ledger {id}"));
        let unit = RoundUnit::new(id, kind, seed, order, self.setting.case_timeout);
        RoundUnit { event_loop, hash_seed: self.hash_seed, ..unit }
    }

    /// What failed in a survey and nowhere else is said: it proves nothing of orders, and is worth knowing.
    fn tell_of_failures(&mut self, record: &Record) -> Result<(), DiagnoseError> {
        let failed =
            surveys(record).flat_map(|round| round.slots.iter()).filter(|slot| slot.outcome.is_some_and(is_failure));
        let only_there: Vec<CaseIndex> =
            failed.map(|slot| slot.case).filter(|case| !record.failures.contains_key(case)).collect();
        let text = match self.setting.subject.leak_search() {
            LeakSearch::Scenarios => {
                "failed in the round that accounts for resources, on one event loop for all cases, and in no other \
                 round: `--event-loop both` looks closer"
            }
            LeakSearch::Suite => {
                "failed in the round that accounts for resources, and in no other round: more rounds look closer"
            }
        };
        for case in only_there {
            self.tell(Note::of_case(case, text.to_owned()))?;
        }
        Ok(())
    }

    fn note(&mut self, text: &str) -> Result<(), DiagnoseError> {
        self.tell(Note::of_run(text))
    }

    fn tell(&mut self, note: Note) -> Result<(), DiagnoseError> {
        self.log.fact(Event::Noted(note)).map_err(DiagnoseError::io(self.setting.folder))
    }
}

fn surveys(record: &Record) -> impl Iterator<Item = &RoundRecord> {
    record.rounds.iter().filter(|round| round.kind == RoundKind::Survey)
}

/// The cases that can be run without harm to the rest of a round: none that crashed the system or hung.
fn eligible(record: &Record) -> Vec<CaseIndex> {
    let mut ran = BTreeMap::new();
    for slot in record.rounds.iter().flat_map(|round| &round.slots) {
        let Some(outcome) = slot.outcome else { continue };
        let harmless = !matches!(outcome, OutcomeKind::Crashed | OutcomeKind::TimedOut | OutcomeKind::Skipped);
        *ran.entry(slot.case).or_insert(true) &= harmless;
    }
    ran.into_iter().filter(|(_, harmless)| *harmless).map(|(case, _)| case).collect()
}

/// The cases that left something in a survey which was still there at its end. Memory that is kept shows late: what was
/// free before is used first. Where a survey grew as a whole, each of its cases may be the one.
fn suspects(record: &Record) -> BTreeSet<CaseIndex> {
    let mut suspects = BTreeSet::new();
    for round in surveys(record) {
        let memory = round.retained.values().flatten().filter(|one| one.kind == ResourceKind::Memory);
        let grown: u64 = memory.map(|one| one.count).sum();
        if grown / (round.slots.len() as u64).max(1) >= GROWN {
            suspects.extend(round.order());
        }
        suspects.extend(round.retained.keys().filter_map(|at| round.slots.get(at.index())).map(|slot| slot.case));
    }
    suspects
}

/// As many suspects as can be repeated in the time that the survey took, or in a short one. Those that left things come
/// before those that added memory only, which the first use of anything does; and of those that left things of one kind
/// and owner, each kind has its turn.
fn affordable(record: &Record, suspects: Vec<CaseIndex>) -> Vec<CaseIndex> {
    let mut turns: BTreeMap<(ResourceKind, String), usize> = BTreeMap::new();
    let mut costs = BTreeMap::new();
    let mut ranks = BTreeMap::new();
    for round in surveys(record) {
        for (position, slot) in Position::all().zip(&round.slots) {
            costs.insert(slot.case, u64::from(slot.micros) * REPEATS as u64);
            let left = round.retained.get(&position).into_iter().flatten();
            let Some(thing) = left.into_iter().find(|one| one.kind != ResourceKind::Memory) else { continue };
            let turn = turns.entry((thing.kind, thing.owner.clone())).or_default();
            ranks.insert(slot.case, *turn);
            *turn += 1;
        }
    }
    let survey: u64 = costs.values().sum::<u64>() / REPEATS as u64;
    let mut left = survey.max(SHORT_MICROS);
    let mut ordered = suspects;
    ordered.sort_by_key(|case| (!ranks.contains_key(case), ranks.get(case).copied(), *case));
    let within = |case: &CaseIndex| {
        left = left.checked_sub(costs.get(case).copied().unwrap_or(0))?;
        Some(*case)
    };
    ordered.iter().map_while(within).collect()
}

/// Cases at whose end tasks were alive, a few of each place.
fn with_tasks(record: &Record) -> BTreeSet<CaseIndex> {
    let mut places: BTreeMap<&str, BTreeSet<CaseIndex>> = BTreeMap::new();
    for round in record.rounds.iter().filter(|round| round.is_planned() && round.event_loop == EventLoop::Case) {
        for (position, retained) in &round.retained {
            let Some(slot) = round.slots.get(position.index()) else { continue };
            for task in retained.iter().filter(|one| one.kind == ResourceKind::Task) {
                places.entry(&task.owner).or_default().insert(slot.case);
            }
        }
    }
    places.into_values().flat_map(|cases| cases.into_iter().take(OF_A_KIND)).collect()
}
