//! Cases that failed, and what the run knows about why.

use crate::event::StatePart;
use crate::minimise::{Answer, Conclusion, Costs, Minimised, Problem, Role};
use crate::model::statistics::Tally;
use crate::model::{CaseIndex, EventLoop, OutcomeKind, Position, RoundKind, Stress};
use crate::record::{FailureSeen, Record, RoundRecord, Slot, is_failure};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How much likelier a case of the same file is to be a cause than any other: files share what they touch.
const SAME_FILE: f64 = 4.0;

/// How much likelier a case that leaves marks when it runs alone is to be a cause than one that leaves none.
const MARKING: f64 = 16.0;

/// A case that failed.
#[derive(Debug, Clone)]
pub(super) struct Suspect {
    pub case: CaseIndex,
    /// Its way of failing.
    pub fingerprint: String,
    /// The failure to show.
    pub failure: FailureSeen,
    /// Where the order makes a difference: the cases before it in an order in which it failed; for one that fails alone,
    /// in an order in which it passed.
    pub before: Vec<CaseIndex>,
    /// Whether it passed in that order.
    pub passes_after: bool,
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
    /// The order of a round in which cases ran twice and it failed, up to it, if it failed in no other kind of round.
    pub only_twice: Option<Vec<CaseIndex>>,
}

impl Suspect {
    /// Whether it failed because it did not end.
    pub fn hangs(&self) -> bool {
        self.failure.outcome.kind() == OutcomeKind::TimedOut
    }

    /// What it is, if the order decides: where it fails alone, `before` is an order in which it passed.
    pub fn role(&self) -> Role {
        if self.passes_after { Role::Brittle } else { Role::Victim }
    }

    /// The same case with an order in which it passed, if there is one and this is none.
    pub fn as_brittle(&self, record: &Record) -> Option<Self> {
        let before = passes(record, self.case).into_iter().min_by_key(Vec::len).filter(|_| !self.passes_after)?;
        Some(self.passing_after(before))
    }

    /// The same case with an order in which it passed.
    pub fn passing_after(&self, before: Vec<CaseIndex>) -> Self {
        Self { before: without(before, self.case), passes_after: true, ..self.clone() }
    }

    /// The order in which it was seen, the suspect last.
    pub fn order(&self) -> Vec<CaseIndex> {
        self.before.iter().copied().chain([self.case]).collect()
    }

    /// The cases that ran before it in no round of the run.
    pub fn never_before(&self, record: &Record) -> Vec<CaseIndex> {
        let mut never: BTreeSet<CaseIndex> = CaseIndex::first(record.header.cases.len()).collect();
        never.retain(|case| *case != self.case && record.header.cases[case.index()].skip.is_none());
        for round in record.rounds.iter().filter(|round| round.is_planned() || round.kind == RoundKind::Probe) {
            let failed = |slot: &Slot| slot.case == self.case && slot.outcome.is_some_and(is_failure);
            if let Some(place) = round.slots.iter().rposition(failed) {
                for case in round.before(Position::at(place)) {
                    never.remove(&case);
                }
            }
        }
        never.into_iter().collect()
    }

    /// The orders of the run in which it ended otherwise than these sequences let expect, up to it.
    pub fn unexplained(&self, record: &Record, found: &Minimised) -> Vec<Vec<CaseIndex>> {
        let Conclusion::Confirmed { role, sequences, .. } = &found.conclusion else { return Vec::new() };
        let acts = |order: &Vec<CaseIndex>| sequences.iter().any(|sequence| acts_in(&sequence.members, order));
        // Of a victim each failure is to be explained; of a brittle case each pass. The others may have been hidden.
        let wanted = *role == Role::Victim;
        let shown = trials_in_order(record, self).filter(|(_, failed)| *failed == wanted);
        let mut orders: Vec<Vec<CaseIndex>> =
            shown.map(|(order, _)| order).filter(|order| !order.is_empty() && !acts(order)).collect();
        orders.sort_by_key(Vec::len);
        orders
    }

    /// How often the rounds of the run agree with these members as its cause: shown after them, and not shown without.
    /// Nothing, if one round does not agree.
    pub fn agreeing(&self, record: &Record, role: Role, members: &[CaseIndex]) -> Option<(u32, u32)> {
        let (mut shown, mut vanished) = (0, 0);
        for (order, failed) in trials_in_order(record, self) {
            let shows = failed == (role == Role::Victim);
            match (acts_in(members, &order), shows) {
                (true, true) => shown += 1,
                (false, false) => vanished += 1,
                (true, false) | (false, true) => return None,
            }
        }
        Some((shown, vanished))
    }

    /// Its failures in rounds of several cases.
    pub fn together(&self, record: &Record) -> Tally {
        let mut together = Tally::default();
        let trials = trials_in_order(record, self).filter(|(order, _)| !order.is_empty());
        trials.for_each(|(_, failed)| together.count(failed));
        together
    }

    /// The number of rounds in which it passed before it failed in all later ones.
    pub fn failing_since(&self, record: &Record) -> Option<usize> {
        let before = self.changed_once(record)?;
        let first = trials_in_order(record, self).next();
        first.is_some_and(|(_, failed)| !failed).then_some(before)
    }

    /// The same with an order in which it passed, whichever it has.
    pub fn or_brittle(self, record: &Record) -> Option<Self> {
        if self.passes_after { Some(self) } else { self.as_brittle(record) }
    }

    /// Whether its outcomes changed once and for all: it ended in one way in the first rounds of the run, and in the
    /// other in all later ones, whatever their orders. With the number of rounds before the change.
    pub fn changed_once(&self, record: &Record) -> Option<usize> {
        let outcomes: Vec<bool> = trials_in_order(record, self).map(|(_, failed)| failed).collect();
        let before = outcomes.iter().take_while(|failed| Some(*failed) == outcomes.first()).count();
        let after = outcomes.get(before..)?;
        (!after.is_empty() && after.iter().all(|failed| Some(failed) != outcomes.first())).then_some(before)
    }

    /// Answers that the journal has from earlier probes of this suspect.
    pub fn known_probes(&self, record: &Record) -> Vec<(Vec<CaseIndex>, Answer)> {
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
pub(super) fn suspects(record: &Record) -> BTreeMap<CaseIndex, Suspect> {
    suspects_in(record, RoundRecord::is_planned)
}

/// Those that failed in no planned round, and then in a probe of other suspects, which has an order of its own.
pub(super) fn late_suspects(record: &Record, known: &BTreeSet<CaseIndex>) -> BTreeMap<CaseIndex, Suspect> {
    let of_a_search = |round: &RoundRecord| matches!(round.kind, RoundKind::Probe | RoundKind::Walk);
    let mut late = suspects_in(record, of_a_search);
    late.retain(|case, _| !known.contains(case));
    late
}

fn suspects_in(record: &Record, wanted: impl Fn(&RoundRecord) -> bool) -> BTreeMap<CaseIndex, Suspect> {
    let each = record.failures.iter().filter_map(|(case, failures)| {
        let seen = failures.iter().filter(|seen| record.round(seen.round).is_some_and(&wanted)).collect();
        Some((*case, suspect(record, *case, seen, &wanted)?))
    });
    each.collect()
}

fn suspect(
    record: &Record,
    case: CaseIndex,
    seen: Vec<&FailureSeen>,
    wanted: impl Fn(&RoundRecord) -> bool,
) -> Option<Suspect> {
    // The failure with the fewest cases before it is the cheapest to look into. One of a lone round has none, and one
    // that came after the case itself says nothing of the others.
    let together = |failure: &&&FailureSeen| record.round(failure.round).is_some_and(|round| round.slots.len() > 1);
    let after_itself = |failure: &&FailureSeen| record.before(failure).contains(&case);
    let is_twice =
        |failure: &&FailureSeen| record.round(failure.round).is_some_and(|round| round.kind == RoundKind::Twice);
    let shortest = seen
        .iter()
        .filter(together)
        .min_by_key(|failure| (is_twice(failure), after_itself(failure), record.before(failure).len()))
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
        passes_after: is_brittle,
        event_loop: round.event_loop,
        stress: round.stress,
        hash_seed: round.hash_seed,
        alone,
        seen: tally(record, case, wanted),
        ran_before_itself: seen.iter().all(after_itself),
        only_twice: seen.iter().all(is_twice).then(|| record.before(shortest).into_iter().chain([case]).collect()),
    })
}

fn without(mut before: Vec<CaseIndex>, case: CaseIndex) -> Vec<CaseIndex> {
    before.retain(|other| *other != case);
    before
}

fn tally(record: &Record, case: CaseIndex, wanted: impl Fn(&RoundRecord) -> bool) -> Tally {
    let mut rate = Tally::default();
    for round in record.rounds.iter().filter(|round| wanted(round)) {
        // What a second run in one round comes to is an experiment of ours.
        let first = round.slots.iter().find(|slot| slot.case == case).and_then(|slot| slot.outcome);
        if let Some(outcome) = first.filter(|outcome| *outcome != OutcomeKind::Skipped) {
            rate.count(is_failure(outcome));
        }
    }
    rate
}

/// Whether it is a round of the plan that runs no case a second time.
fn runs_each_once(round: &RoundRecord) -> bool {
    round.is_planned() && round.kind != RoundKind::Twice
}

/// What ran before a case in each round of the plan, and whether it failed then, in the order of the rounds. Rounds
/// under other conditions than the suspect's are left out.
fn trials_in_order<'r>(record: &'r Record, suspect: &'r Suspect) -> impl Iterator<Item = (Vec<CaseIndex>, bool)> + 'r {
    let alike = |round: &&RoundRecord| {
        runs_each_once(round) && round.event_loop == suspect.event_loop && round.hash_seed == suspect.hash_seed
    };
    record.rounds.iter().filter(alike).filter_map(|round| {
        let place = round.slots.iter().position(|slot| slot.case == suspect.case)?;
        let outcome = round.slots.get(place)?.outcome.filter(|outcome| *outcome != OutcomeKind::Skipped)?;
        Some((round.before(Position::at(place)), is_failure(outcome)))
    })
}

/// Whether the members ran in an order, in their order.
fn acts_in(members: &[CaseIndex], order: &[CaseIndex]) -> bool {
    let mut left = order.iter();
    members.iter().all(|member| left.any(|case| case == member))
}

/// What ran before the case in the rounds of several cases in which it passed.
fn passes(record: &Record, case: CaseIndex) -> Vec<Vec<CaseIndex>> {
    let rounds = record.rounds.iter().filter(|round| runs_each_once(round) && round.slots.len() > 1);
    let passed = rounds.filter_map(|round| {
        let place = round.slots.iter().position(|slot| slot.case == case)?;
        let has_passed = round.has_passed(place);
        has_passed.then(|| round.before(Position::at(place)))
    });
    passed.collect()
}

/// What is to be minimised, with everything that the run tells beforehand.
pub(super) fn problem(record: &Record, suspect: &Suspect, found: &[Vec<CaseIndex>]) -> Problem {
    let mut problem = Problem::new(suspect.case, suspect.before.iter().copied());
    let file = record.case(suspect.case).map(|info| info.file.as_str());
    let is_near = |case: &CaseIndex| record.case(*case).map(|info| info.file.as_str()) == file;
    problem.weights = problem.before.iter().copied().filter(is_near).map(|case| (case, SAME_FILE)).collect();
    let marking = marking(record);
    for case in problem.before.iter().filter(|case| marking.contains(case)) {
        *problem.weights.entry(*case).or_insert(1.0) *= MARKING;
    }
    problem.costs = costs(record);
    problem.leads = leads(record, suspect);
    if problem.leads.is_empty() {
        let marking: Vec<CaseIndex> = problem.before.iter().copied().filter(|case| marking.contains(case)).collect();
        problem.leads = if marking.len() * 4 > suspect.before.len() { Vec::new() } else { marking };
    }
    problem.accused = accused(record, suspect);
    problem.is_recorded = true;
    problem.hypotheses = found.to_vec();
    if suspect.alone.failures() == 0 {
        let in_its_way = |order: &Vec<CaseIndex>| !order.is_empty();
        problem.passed = passes(record, suspect.case).into_iter().filter(in_its_way).collect();
        let everybody = CaseIndex::first(record.header.cases.len());
        problem.others = everybody.filter(|case| *case != suspect.case && !suspect.before.contains(case)).collect();
    }
    problem
}

/// The cases that left strong marks when they ran alone.
fn marking(record: &Record) -> BTreeSet<CaseIndex> {
    let alone = record.rounds.iter().filter(|round| round.kind == RoundKind::Alone);
    let is_marking = |round: &&RoundRecord| round.marks.values().flatten().any(|mark| mark.kind.is_strong());
    alone.filter(is_marking).filter_map(|round| round.slots.first()).map(|slot| slot.case).collect()
}

/// The cases that left the state other than it was, as it still was when the suspect began to fail; or to pass, where it
/// fails alone. Who loaded a module is hardly ever to blame: that counts only where nothing else was left behind.
pub(super) fn leads(record: &Record, suspect: &Suspect) -> Vec<CaseIndex> {
    let shown = if suspect.passes_after {
        passed_after(record, suspect)
    } else {
        record.round(suspect.failure.round).map(|round| (round, suspect.failure.position))
    };
    let Some((round, position)) = shown else { return Vec::new() };
    let mut dirty: BTreeMap<&StatePart, Position> = BTreeMap::new();
    for (place, dirt) in round.dirt.range(..position) {
        for part in &dirt.made {
            dirty.entry(part).or_insert(*place);
        }
        // What a case set for another can outlive the mark that shows it: there nothing counts as cleaned.
        for part in dirt.cleaned.iter().filter(|_| !suspect.passes_after) {
            dirty.remove(part);
        }
    }
    let places = |loads: bool| -> BTreeSet<Position> {
        dirty.iter().filter(|(part, _)| part.is_load() == loads).map(|(_, place)| *place).collect()
    };
    let (changed, loaded) = (places(false), places(true));
    let chosen = if changed.is_empty() { loaded } else { changed };
    if chosen.len() * 4 > suspect.before.len() {
        return Vec::new();
    }
    let cases = chosen.into_iter().filter_map(|place| round.slots.get(place.index())).map(|slot| slot.case);
    cases.filter(|case| suspect.before.contains(case)).collect()
}

/// The round in which the suspect passed after the cases that are before it, and its place there.
fn passed_after<'r>(record: &'r Record, suspect: &Suspect) -> Option<(&'r RoundRecord, Position)> {
    let rounds = record.rounds.iter().filter(|round| runs_each_once(round));
    let mut places = rounds.filter_map(|round| {
        let place = round.slots.iter().position(|slot| slot.case == suspect.case)?;
        let has_passed = round.has_passed(place);
        Some((round, Position::at(place))).filter(|_| has_passed)
    });
    places.find(|(round, place)| round.before(*place) == suspect.before)
}

/// What the rounds of the run accuse: for a victim the cases that ran before it whenever it failed, and never when it
/// passed; for what is brittle those that ran before it whenever it passed, and never when it failed. Nothing where
/// that spares nothing.
fn accused(record: &Record, suspect: &Suspect) -> Vec<CaseIndex> {
    let shows = suspect.role() == Role::Victim;
    let mut accused: BTreeSet<CaseIndex> = suspect.before.iter().copied().collect();
    for (order, failed) in trials_in_order(record, suspect) {
        let order: BTreeSet<CaseIndex> = order.into_iter().collect();
        accused.retain(|case| order.contains(case) == (failed == shows));
    }
    let spared = accused.len() < suspect.before.len();
    suspect.before.iter().copied().filter(|case| spared && accused.contains(case)).collect()
}

/// What probes cost, as the rounds so far show it.
fn costs(record: &Record) -> Costs {
    let mut spent: BTreeMap<CaseIndex, (u64, u64)> = BTreeMap::new();
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
    let mean = |(case, (micros, times)): (CaseIndex, (u64, u64))| (case, Duration::from_micros(micros / times.max(1)));
    Costs { overhead: Duration::from_millis(overhead.unwrap_or(5)), cases: spent.into_iter().map(mean).collect() }
}
