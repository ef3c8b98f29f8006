//! Cases that failed, and what the run knows about why.

use crate::minimise::{Answer, Costs, Problem};
use crate::model::statistics::Tally;
use crate::model::{EventLoop, OutcomeKind, RoundKind, Stress};
use crate::record::{FailureSeen, Record, RoundRecord, is_failure};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How much likelier a case of the same file is to be a cause than any other: files share what they touch.
const SAME_FILE: f64 = 4.0;

/// How much likelier a case that leaves marks when it runs alone is to be a cause than one that leaves none.
const MARKING: f64 = 16.0;

/// A case that failed.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub case: u32,
    /// Its way of failing.
    pub fingerprint: String,
    /// The failure to show.
    pub failure: FailureSeen,
    /// Where the order makes a difference: the cases before it in an order in which it failed; for one that fails alone,
    /// in an order in which it passed.
    pub before: Vec<u32>,
    pub event_loop: EventLoop,
    /// The noise under which it failed.
    pub stress: Option<Stress>,
    /// The hash seed under which it failed.
    pub hash_seed: Option<u32>,
    /// Failures alone, as planned.
    pub alone: Tally,
    /// Failures in the rounds that made it a suspect.
    pub seen: Tally,
    /// Whether it failed only where it had run before in the same round.
    pub ran_before_itself: bool,
}

impl Suspect {
    /// Whether it failed because it did not end.
    pub fn hangs(&self) -> bool {
        self.failure.outcome.kind() == OutcomeKind::TimedOut
    }

    /// The order in which it was seen, the suspect last.
    pub fn order(&self) -> Vec<u32> {
        self.before.iter().copied().chain([self.case]).collect()
    }

    /// Answers that the journal has from earlier probes of this suspect.
    pub fn known_probes(&self, record: &Record) -> Vec<(Vec<u32>, Answer)> {
        let probes = record.rounds.iter().filter(|round| {
            round.kind == RoundKind::Probe
                && round.is_complete()
                && round.event_loop == self.event_loop
                && round.hash_seed == self.hash_seed
        });
        let mine = probes.filter_map(|round| {
            let last = round.slots.last().filter(|slot| slot.case == self.case)?;
            let answer = match last.outcome? {
                OutcomeKind::Passed => Answer::Passes,
                outcome if is_failure(outcome) => Answer::Fails,
                _ => return None,
            };
            Some((round.order().collect(), answer))
        });
        mine.collect()
    }
}

/// The suspects of a record, by case: those that failed in planned rounds.
pub(super) fn suspects(record: &Record) -> BTreeMap<u32, Suspect> {
    suspects_in(record, RoundRecord::is_planned)
}

/// Those that failed in no planned round, and then in a probe of other suspects, which has an order of its own.
pub(super) fn late_suspects(record: &Record, known: &BTreeSet<u32>) -> BTreeMap<u32, Suspect> {
    let of_a_search = |round: &RoundRecord| matches!(round.kind, RoundKind::Probe | RoundKind::Walk);
    let mut late = suspects_in(record, of_a_search);
    late.retain(|case, _| !known.contains(case));
    late
}

fn suspects_in(record: &Record, wanted: impl Fn(&RoundRecord) -> bool) -> BTreeMap<u32, Suspect> {
    let each = record.failures.iter().filter_map(|(case, failures)| {
        let seen = failures.iter().filter(|seen| record.round(seen.round).is_some_and(&wanted)).collect();
        Some((*case, suspect(record, *case, seen, &wanted)?))
    });
    each.collect()
}

fn suspect(
    record: &Record,
    case: u32,
    seen: Vec<&FailureSeen>,
    wanted: impl Fn(&RoundRecord) -> bool,
) -> Option<Suspect> {
    // The failure with the fewest cases before it is the cheapest to look into. One of a lone round has none, and one
    // that came after the case itself says nothing of the others.
    let together = |failure: &&&FailureSeen| record.round(failure.round).is_some_and(|round| round.slots.len() > 1);
    let after_itself = |failure: &&FailureSeen| record.before(failure).contains(&case);
    let shortest = seen
        .iter()
        .filter(together)
        .min_by_key(|failure| (after_itself(failure), record.before(failure).len()))
        .or_else(|| seen.first())
        .copied()?;
    let alone = tally(record, case, |round| round.is_planned() && round.kind == RoundKind::Alone);
    let passed = passes(record, case);
    // Whoever comes first in a round is alone as well.
    let is_brittle = seen.iter().any(|failure| record.before(failure).is_empty()) && !passed.is_empty();
    let round = record.round(shortest.round)?;
    let before =
        if is_brittle { passed.into_iter().min_by_key(Vec::len).unwrap_or_default() } else { record.before(shortest) };
    Some(Suspect {
        case,
        fingerprint: shortest.outcome.failure()?.fingerprint.clone(),
        failure: shortest.clone(),
        before: without(before, case),
        event_loop: round.event_loop,
        stress: round.stress,
        hash_seed: round.hash_seed,
        alone,
        seen: tally(record, case, wanted),
        ran_before_itself: seen.iter().all(after_itself),
    })
}

fn without(mut before: Vec<u32>, case: u32) -> Vec<u32> {
    before.retain(|other| *other != case);
    before
}

fn tally(record: &Record, case: u32, wanted: impl Fn(&RoundRecord) -> bool) -> Tally {
    let mut rate = Tally::default();
    for round in record.rounds.iter().filter(|round| wanted(round)) {
        for outcome in round.slots.iter().filter(|slot| slot.case == case).filter_map(|slot| slot.outcome) {
            if outcome != OutcomeKind::Skipped {
                rate.count(is_failure(outcome));
            }
        }
    }
    rate
}

/// What ran before the case in the rounds of several cases in which it passed.
fn passes(record: &Record, case: u32) -> Vec<Vec<u32>> {
    let rounds = record.rounds.iter().filter(|round| round.is_planned() && round.slots.len() > 1);
    let passed = rounds.filter_map(|round| {
        let place = round.slots.iter().position(|slot| slot.case == case)?;
        let has_passed = round.slots.get(place)?.outcome == Some(OutcomeKind::Passed);
        has_passed.then(|| round.before(u32::try_from(place).unwrap_or(u32::MAX)))
    });
    passed.collect()
}

/// What is to be minimised, with everything that the run tells beforehand.
pub(super) fn problem(record: &Record, suspect: &Suspect, found: &[Vec<u32>]) -> Problem {
    let mut problem = Problem::new(suspect.case, suspect.before.iter().copied());
    let file = record.case(suspect.case).map(|info| info.file.as_str());
    let is_near = |case: &u32| record.case(*case).map(|info| info.file.as_str()) == file;
    problem.weights = problem.before.iter().copied().filter(is_near).map(|case| (case, SAME_FILE)).collect();
    let marking = marking(record);
    for case in problem.before.iter().filter(|case| marking.contains(case)) {
        *problem.weights.entry(*case).or_insert(1.0) *= MARKING;
    }
    problem.costs = costs(record);
    problem.leads = leads(record, suspect);
    if problem.leads.is_empty() {
        let marking: Vec<u32> = problem.before.iter().copied().filter(|case| marking.contains(case)).collect();
        problem.leads = if marking.len() * 4 > suspect.before.len() { Vec::new() } else { marking };
    }
    problem.hypotheses = found.to_vec();
    if suspect.alone.failures() == 0 {
        let in_its_way = |order: &Vec<u32>| !order.is_empty();
        problem.passed = passes(record, suspect.case).into_iter().filter(in_its_way).collect();
        let everybody = 0..u32::try_from(record.header.cases.len()).unwrap_or(0);
        problem.others = everybody.filter(|case| *case != suspect.case && !suspect.before.contains(case)).collect();
    }
    problem
}

/// The cases that left strong marks when they ran alone.
fn marking(record: &Record) -> BTreeSet<u32> {
    let alone = record.rounds.iter().filter(|round| round.kind == RoundKind::Alone);
    let is_marking = |round: &&RoundRecord| round.marks.values().flatten().any(|mark| mark.kind.is_strong());
    alone.filter(is_marking).filter_map(|round| round.slots.first()).map(|slot| slot.case).collect()
}

/// The cases that left the state other than it was, as it still was when the suspect began to fail. Who loaded a module is
/// hardly ever to blame: that counts only where nothing else was left behind.
fn leads(record: &Record, suspect: &Suspect) -> Vec<u32> {
    let Some(round) = record.round(suspect.failure.round) else { return Vec::new() };
    let mut dirty: BTreeMap<&str, u32> = BTreeMap::new();
    for (place, dirt) in round.dirt.range(..suspect.failure.position) {
        for name in &dirt.made {
            dirty.entry(name).or_insert(*place);
        }
        for name in &dirt.cleaned {
            dirty.remove(name.as_str());
        }
    }
    let is_load = |name: &str| name.starts_with("loads ");
    let places = |loads: bool| -> BTreeSet<u32> {
        dirty.iter().filter(|(name, _)| is_load(name) == loads).map(|(_, place)| *place).collect()
    };
    let (changed, loaded) = (places(false), places(true));
    let chosen = if changed.is_empty() { loaded } else { changed };
    if chosen.len() * 4 > suspect.before.len() {
        return Vec::new();
    }
    let cases = chosen.into_iter().filter_map(|place| round.slots.get(place as usize)).map(|slot| slot.case);
    cases.filter(|case| suspect.before.contains(case)).collect()
}

/// What probes cost, as the rounds so far show it.
fn costs(record: &Record) -> Costs {
    let mut spent: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    let mut overhead: Option<u64> = None;
    for round in record.rounds.iter().filter(|round| round.is_complete()) {
        let mut inside = 0;
        for slot in &round.slots {
            let entry = spent.entry(slot.case).or_default();
            *entry = (entry.0 + u64::from(slot.micros), entry.1 + 1);
            inside += u64::from(slot.micros);
        }
        let around = round.millis.saturating_sub(inside / 1_000);
        overhead = Some(overhead.map_or(around, |least| least.min(around)));
    }
    let mean = |(case, (micros, times)): (u32, (u64, u64))| (case, Duration::from_micros(micros / times.max(1)));
    Costs { overhead: Duration::from_millis(overhead.unwrap_or(5)), cases: spent.into_iter().map(mean).collect() }
}
