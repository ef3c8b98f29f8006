//! What cases leave behind: growth is a leak, and what belongs to an event loop that has ended is bound to it.

use crate::event::Conclusion;
use crate::leak::{Allowed, Growth, REPEATS_OF_MEMORY, allowed, growth};
use crate::model::{
    CaseIndex, EventLoop, FindingKind, LeakAllowance, LoopBound, MarkKind, Position, ResourceKind, Retained, Reuse,
    RoundKind,
};
use crate::record::{Record, RoundRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Memory that goes along with anything else that grows, in KiB: a connection has its buffers, a thread its stack. Only
/// what is more is told beside it.
const MEMORY_OF_OTHERS: f64 = 256.0;

/// A resource that a case leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// What kind of thing it is.
    pub kind: LeakKind,
    /// Which of the two findings it is.
    pub finding: FindingKind,
    /// How many there were at the end.
    pub count: u64,
    /// How fast it grows, if it does.
    pub growth: Option<Growth>,
    /// Who holds it, or what it is.
    pub owner: Option<String>,
    /// Where it was made.
    pub place: Option<String>,
    /// How many there were after each trial that was repeated, trial by trial; empty for what does not grow.
    pub course: Vec<u64>,
    /// The sentence of it.
    pub text: String,
}

/// What kind of thing is left behind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeakKind {
    /// Something that grows with the trials.
    Growing(ResourceKind),
    /// Something that belongs to an event loop that has ended; the probe's word for it: `client_session`, `transport`.
    LoopBound(String),
}

impl fmt::Display for LeakKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Growing(kind) => write!(f, "{kind}"),
            Self::LoopBound(kind) => write!(f, "loop_bound {kind}"),
        }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What cases leave, and what of it is allowed.
#[derive(Debug, Default)]
pub(super) struct Leaks {
    pub found: BTreeMap<CaseIndex, Vec<Leak>>,
    /// Sentences on what is allowed, with the reasons.
    pub allowed: BTreeMap<CaseIndex, Vec<String>>,
}

/// Finds the leaks of a record.
pub(super) fn find(record: &Record) -> Leaks {
    let mut leaks = Leaks::default();
    for (case, bound) in bound(record) {
        if bound.reuse == Some(Reuse::Passes) {
            leaks.allowed.entry(case).or_default().push(format!("kept, and made anew by its next user: {bound}"));
            continue;
        }
        if is_told_of_a_victim(record, &bound) {
            // Its next user fails: that is one finding, and what is bound is the cause of it.
            continue;
        }
        let kinds = ["loop_bound", bound.kind.as_str()];
        let owner = bound.held_by.clone().unwrap_or_else(|| bound.class.clone());
        let place = bound.created.first().cloned();
        let asked = Allowed { kinds: &kinds, owner: &owner, place: place.as_deref(), count: 1.0 };
        let leak = Leak {
            kind: LeakKind::LoopBound(bound.kind.clone()),
            finding: FindingKind::LoopBound,
            count: 1,
            growth: None,
            course: Vec::new(),
            text: bound.to_string(),
            owner: Some(owner.clone()),
            place: place.clone(),
        };
        leaks.enter(record, case, &asked, leak);
    }
    let growing = growing(record);
    for one in &growing {
        let others = growing.iter().filter(|other| other.case == one.case && other.kind() != ResourceKind::Memory);
        let others: f64 = others.map(|other| other.growth.per_trial).sum();
        if one.kind() == ResourceKind::Memory && one.growth.per_trial < others * MEMORY_OF_OTHERS {
            continue;
        }
        let (seen, growth) = (&one.seen, one.growth);
        let kinds = [one.kind().as_str()];
        let asked =
            Allowed { kinds: &kinds, owner: &seen.owner, place: seen.place.as_deref(), count: growth.per_trial };
        let sums = |total: &mut u64, left: &u64| {
            *total += left;
            Some(*total)
        };
        let leak = Leak {
            kind: LeakKind::Growing(one.kind()),
            finding: FindingKind::Leak,
            count: one.left.iter().sum(),
            growth: Some(growth),
            course: one.left.iter().scan(0, sums).collect(),
            text: sentence(seen, growth),
            owner: Some(seen.owner.clone()),
            place: seen.place.clone(),
        };
        leaks.enter(record, one.case, &asked, leak);
    }
    leaks
}

impl Leaks {
    fn enter(&mut self, record: &Record, case: CaseIndex, asked: &Allowed<'_>, leak: Leak) {
        let of_case = record.case(case).map(|info| info.leaks.as_slice()).unwrap_or_default();
        let everywhere: &[LeakAllowance] = &record.header.policy.leaks;
        match allowed(asked, of_case).or_else(|| allowed(asked, everywhere)) {
            Some(allowance) => {
                let text = format!("allowed ({}): {leak}", allowance.reason);
                self.allowed.entry(case).or_default().push(text);
            }
            None => self.found.entry(case).or_default().push(leak),
        }
    }
}

/// `+1.0 connection per trial over 10 trials, to mock provider ollama`.
fn sentence(seen: &Retained, growth: Growth) -> String {
    let place = seen.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
    let place = if seen.place.as_deref() == Some(&seen.owner) { String::new() } else { place };
    let per_trial = (growth.per_trial * 10.0).round() / 10.0;
    format!("leak: +{per_trial} {} per trial over {} trials: {}{place}", seen.kind.unit(), growth.trials, seen.owner)
}

/// What is bound to an event loop that has ended, case by case. A probe in the subject tells it of itself. A task is
/// told by its place: it was alive when its case ended, and in a round of its own it outlived every grace; other cases
/// that left a task of the same place, and were not looked at so closely, left the same.
pub(super) fn bound(record: &Record) -> Vec<(CaseIndex, LoopBound)> {
    let told = record.loop_bound.iter().flat_map(|(case, bound)| bound.iter().map(|bound| (*case, bound.clone())));
    let mut all: BTreeSet<(CaseIndex, LoopBound)> = told.collect();
    let confirmed: BTreeMap<String, LoopBound> = all
        .iter()
        .filter(|(_, bound)| bound.kind == ResourceKind::Task.as_str())
        .filter_map(|(_, bound)| Some((bound.created.first()?.clone(), bound.clone())))
        .collect();
    let looked_at = |round: &&RoundRecord| round.kind == RoundKind::Repeated && round.event_loop == EventLoop::Case;
    let closely: BTreeSet<CaseIndex> = record
        .rounds
        .iter()
        .filter(looked_at)
        .filter(|round| round.is_complete())
        .flat_map(RoundRecord::order)
        .collect();
    for round in record.rounds.iter().filter(|round| round.is_planned() && round.event_loop == EventLoop::Case) {
        for (position, retained) in &round.retained {
            let Some(slot) = round.slots.get(position.index()) else { continue };
            let tasks = retained.iter().filter(|one| one.kind == ResourceKind::Task);
            let places = tasks.filter_map(|one| confirmed.get(one.place.as_ref()?));
            if !closely.contains(&slot.case) {
                all.extend(places.map(|bound| (slot.case, bound.clone())));
            }
        }
    }
    tried(all)
}

/// Whether a case was shown to fail because of what is bound, kept by the same variable or fixture, whichever case left it.
fn is_told_of_a_victim(record: &Record, bound: &LoopBound) -> bool {
    let Some(owner) = bound.held_by.as_deref().map(variable) else { return false };
    let victims = record.diagnoses.values().filter(|one| matches!(one.conclusion, Conclusion::Victim { .. }));
    let mut marks = victims.flat_map(|diagnosis| &diagnosis.causes).map(|cause| &cause.mark);
    marks.any(|mark| mark.kind == MarkKind::LoopBound && is_within(&mark.name, &owner) | is_within(&owner, &mark.name))
}

/// The variable or fixture at the beginning of a chain, as code would write it: `shop.CLIENT` of `shop: CLIENT -> Client._session`
/// and of `shop.CLIENT._loop -> closed loop`.
fn variable(held_by: &str) -> String {
    let first = held_by.split(" -> ").next().unwrap_or(held_by);
    first.replacen(": ", ".", 1)
}

/// Whether one part is the other, or a part of it.
fn is_within(part: &str, whole: &str) -> bool {
    part.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[', ' ']))
}

/// With what is known of a second use: what was tried once holds for whatever is of the same type and kept by the same
/// holder, also where another case left it. A use that fails weighs more than one that passes.
fn tried(all: BTreeSet<(CaseIndex, LoopBound)>) -> Vec<(CaseIndex, LoopBound)> {
    let mut known: BTreeMap<(String, Option<String>), Reuse> = BTreeMap::new();
    for (_, bound) in &all {
        if let Some(reuse) = bound.reuse {
            let worst = known.entry((bound.class.clone(), bound.held_by.clone())).or_insert(reuse);
            *worst = (*worst).max(reuse);
        }
    }
    let with_reuse = |(case, bound): (CaseIndex, LoopBound)| {
        let reuse = known.get(&(bound.class.clone(), bound.held_by.clone())).copied().or(bound.reuse);
        (case, LoopBound { reuse, ..bound })
    };
    all.into_iter().map(with_reuse).collect::<BTreeSet<_>>().into_iter().collect()
}

/// Something that grows with each trial of a case.
#[derive(Debug, Clone)]
struct Growing {
    case: CaseIndex,
    /// What the last trial left of it.
    seen: Retained,
    growth: Growth,
    /// How many each trial left.
    left: Vec<u64>,
}

impl Growing {
    fn kind(&self) -> ResourceKind {
        self.seen.kind
    }
}

/// The cases whose memory grew in the rounds that repeat them. A heap that gets warm looks the same for a while: it is to
/// be seen whether one of these goes on growing when it is repeated longer.
pub fn growing_in_memory(record: &Record) -> BTreeSet<CaseIndex> {
    let grown = repeated(record).into_values().flatten().filter(|one| one.kind() == ResourceKind::Memory);
    grown.map(|one| one.case).collect()
}

/// What grows with each trial of a case. Memory does where one case went on growing through a long row of trials.
fn growing(record: &Record) -> Vec<Growing> {
    let mut found: Vec<Growing> = repeated(record).into_values().flatten().collect();
    let goes_on = |one: &Growing| one.kind() == ResourceKind::Memory && one.left.len() >= REPEATS_OF_MEMORY;
    if !found.iter().any(goes_on) {
        found.retain(|one| one.kind() != ResourceKind::Memory);
    }
    found
}

/// What grows in the rounds that repeat a case, by case: the last such round counts.
fn repeated(record: &Record) -> BTreeMap<CaseIndex, Vec<Growing>> {
    let repeated = |round: &&RoundRecord| {
        round.kind == RoundKind::Repeated && round.event_loop == EventLoop::Round && round.is_complete()
    };
    let mut found: BTreeMap<CaseIndex, Vec<Growing>> = BTreeMap::new();
    for round in record.rounds.iter().filter(repeated) {
        let mut trials: BTreeMap<CaseIndex, Vec<&[Retained]>> = BTreeMap::new();
        for (position, slot) in Position::all().zip(&round.slots) {
            let left = round.retained.get(&position).map_or(&[][..], Vec::as_slice);
            trials.entry(slot.case).or_default().push(left);
        }
        found.extend(trials.into_iter().map(|(case, trials)| (case, of_case(case, &trials))));
    }
    found
}

/// What grows, by kind and owner; by kind alone where its things have a name each.
fn of_case(case: CaseIndex, trials: &[&[Retained]]) -> Vec<Growing> {
    let mut found: Vec<Growing> = Vec::new();
    let kinds: BTreeSet<ResourceKind> = trials.iter().flat_map(|trial| trial.iter().map(|one| one.kind)).collect();
    for kind in kinds {
        let of_kind = || trials.iter().flat_map(move |trial| trial.iter().filter(move |one| one.kind == kind));
        let counts = |wanted: &dyn Fn(&Retained) -> bool| -> Vec<u64> {
            let of_trial = |trial: &&[Retained]| {
                trial.iter().filter(|one| one.kind == kind && wanted(one)).map(|one| one.count).sum()
            };
            trials.iter().map(of_trial).collect()
        };
        let mut enter = |left: Vec<u64>, seen: Option<Retained>| {
            found.extend(growth(&left).zip(seen).map(|(growth, seen)| Growing { case, seen, growth, left }));
            found.last().is_some_and(|one| one.kind() == kind)
        };
        let owners: BTreeSet<&str> = of_kind().map(|one| one.owner.as_str()).collect();
        let mut is_told = false;
        for owner in &owners {
            is_told |= enter(counts(&|one| one.owner == *owner), of_kind().rfind(|one| one.owner == *owner).cloned());
        }
        if !is_told {
            let several = of_kind().next_back().map(|last| Retained {
                owner: format!("{} names, {} for one", owners.len(), last.owner),
                ..last.clone()
            });
            enter(counts(&|_| true), several);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{of_case, tried};
    use crate::model::{CaseIndex, LoopBound, ResourceKind, Retained, Reuse};
    use std::collections::BTreeSet;

    fn bound(holder: &str, reuse: Option<Reuse>) -> LoopBound {
        let (kind, class) = ("client_session".to_owned(), "aiohttp.client.ClientSession".to_owned());
        LoopBound { kind, class, created: Vec::new(), held_by: Some(holder.into()), event_loop: None, reuse }
    }

    #[test]
    fn a_second_use_that_was_tried_once_tells_of_the_same_holder_everywhere() {
        use Reuse::{Fails, Passes};
        let seen = [(0, bound("a", None)), (0, bound("a", Some(Passes))), (1, bound("a", None)), (2, bound("b", None))];
        let known = tried(by_case(seen));
        let expected = vec![(0, bound("a", Some(Passes))), (1, bound("a", Some(Passes))), (2, bound("b", None))];
        assert_eq!(known, by_case(expected).into_iter().collect::<Vec<_>>());
        let mixed = [(0, bound("a", Some(Passes))), (1, bound("a", Some(Fails)))];
        let expected = vec![(0, bound("a", Some(Fails))), (1, bound("a", Some(Fails)))];
        assert_eq!(tried(by_case(mixed)), by_case(expected).into_iter().collect::<Vec<_>>());
    }

    fn by_case(bound: impl IntoIterator<Item = (u32, LoopBound)>) -> BTreeSet<(CaseIndex, LoopBound)> {
        bound.into_iter().map(|(case, bound)| (CaseIndex(case), bound)).collect()
    }

    fn thread(owner: &str) -> Vec<Retained> {
        vec![Retained { kind: ResourceKind::Thread, owner: owner.into(), place: None, count: 1 }]
    }

    #[test]
    fn each_owner_that_grows_is_told_and_no_other() {
        let trials: Vec<Vec<Retained>> =
            (0..12).map(|trial| if trial < 2 { [thread("a"), thread("b")].concat() } else { thread("a") }).collect();
        let trials: Vec<&[Retained]> = trials.iter().map(Vec::as_slice).collect();
        let found = of_case(CaseIndex(0), &trials);
        assert_eq!(found.iter().map(|one| one.seen.owner.as_str()).collect::<Vec<_>>(), ["a"]);
        assert_eq!(found.iter().map(|one| one.left.iter().sum::<u64>()).collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn what_has_a_name_each_is_told_as_several() {
        let trials: Vec<Vec<Retained>> =
            (0..12_u8).map(|trial| thread(&char::from(b'a' + trial).to_string())).collect();
        let trials: Vec<&[Retained]> = trials.iter().map(Vec::as_slice).collect();
        let found = of_case(CaseIndex(0), &trials);
        assert_eq!(found.iter().map(|one| one.seen.owner.as_str()).collect::<Vec<_>>(), ["12 names, l for one"]);
    }
}
