//! What cases leave behind: growth is a leak, and what belongs to an event loop that has ended is bound to it.

use crate::leak::{Allowed, Growth, allowed, growth};
use crate::model::{EventLoop, FindingKind, LeakAllowance, LoopBound, ResourceKind, Retained, RoundKind};
use crate::record::{Record, RoundRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Memory that goes along with anything else that grows, in KiB: a connection has its buffers, a thread its stack. Only
/// what is more is told beside it.
const MEMORY_OF_OTHERS: f64 = 256.0;

/// A resource that a case leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Leak {
    /// The kind: a [`ResourceKind`], or `loop_bound` and what it is.
    pub kind: String,
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

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// What cases leave, and what of it is allowed.
#[derive(Debug, Default)]
pub(super) struct Leaks {
    pub found: BTreeMap<u32, Vec<Leak>>,
    /// Sentences on what is allowed, with the reasons.
    pub allowed: BTreeMap<u32, Vec<String>>,
}

/// Finds the leaks of a record.
pub(super) fn find(record: &Record) -> Leaks {
    let mut leaks = Leaks::default();
    for (case, bound) in bound(record) {
        let kinds = ["loop_bound", bound.kind.as_str()];
        let owner = bound.held_by.clone().unwrap_or_else(|| bound.class.clone());
        let place = bound.created.first().cloned();
        let asked = Allowed { kinds: &kinds, owner: &owner, place: place.as_deref(), count: 1.0 };
        let leak = Leak {
            kind: format!("loop_bound {}", bound.kind),
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
    for (case, kind, (seen, growth, left)) in growing.clone() {
        let others = growing.iter().filter(|(other, kind, _)| *other == case && *kind != ResourceKind::Memory);
        let others: f64 = others.map(|(.., (_, growth, _))| growth.per_trial).sum();
        if kind == ResourceKind::Memory && growth.per_trial < others * MEMORY_OF_OTHERS {
            continue;
        }
        let kinds = [kind.as_str()];
        let asked =
            Allowed { kinds: &kinds, owner: &seen.owner, place: seen.place.as_deref(), count: growth.per_trial };
        let leak = Leak {
            kind: kind.to_string(),
            finding: FindingKind::Leak,
            count: left.iter().sum(),
            growth: Some(growth),
            course: left
                .iter()
                .scan(0, |total, one| {
                    *total += one;
                    Some(*total)
                })
                .collect(),
            text: sentence(kind, &seen, growth),
            owner: Some(seen.owner.clone()),
            place: seen.place.clone(),
        };
        leaks.enter(record, case, &asked, leak);
    }
    leaks
}

impl Leaks {
    fn enter(&mut self, record: &Record, case: u32, asked: &Allowed<'_>, leak: Leak) {
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
fn sentence(kind: ResourceKind, seen: &Retained, growth: Growth) -> String {
    let place = seen.place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
    let place = if seen.place.as_deref() == Some(&seen.owner) { String::new() } else { place };
    let per_trial = (growth.per_trial * 10.0).round() / 10.0;
    format!("leak: +{per_trial} {} per trial over {} trials: {}{place}", kind.unit(), growth.trials, seen.owner)
}

/// What is bound to an event loop that has ended, case by case. A probe in the subject tells it of itself. A task is
/// told by its place: it was alive when its case ended, and in a round of its own it outlived every grace; other cases
/// that left a task of the same place, and were not looked at so closely, left the same.
fn bound(record: &Record) -> Vec<(u32, LoopBound)> {
    let told = record.loop_bound.iter().flat_map(|(case, bound)| bound.iter().map(|bound| (*case, bound.clone())));
    let mut all: BTreeSet<(u32, LoopBound)> = told.collect();
    let confirmed: BTreeMap<String, LoopBound> = all
        .iter()
        .filter(|(_, bound)| bound.kind == ResourceKind::Task.as_str())
        .filter_map(|(_, bound)| Some((bound.created.first()?.clone(), bound.clone())))
        .collect();
    let looked_at = |round: &&RoundRecord| round.kind == RoundKind::Repeated && round.event_loop == EventLoop::Case;
    let closely: BTreeSet<u32> = record
        .rounds
        .iter()
        .filter(looked_at)
        .filter(|round| round.is_complete())
        .flat_map(RoundRecord::order)
        .collect();
    for round in record.rounds.iter().filter(|round| round.is_planned() && round.event_loop == EventLoop::Case) {
        for (position, retained) in &round.retained {
            let Some(slot) = round.slots.get(*position as usize) else { continue };
            let tasks = retained.iter().filter(|one| one.kind == ResourceKind::Task);
            let places = tasks.filter_map(|one| confirmed.get(one.place.as_ref()?));
            if !closely.contains(&slot.case) {
                all.extend(places.map(|bound| (slot.case, bound.clone())));
            }
        }
    }
    all.into_iter().collect()
}

/// What grows with each trial of a case, in the rounds that repeat it.
fn growing(record: &Record) -> Vec<(u32, ResourceKind, (Retained, Growth, Vec<u64>))> {
    let repeated = |round: &&RoundRecord| {
        round.kind == RoundKind::Repeated && round.event_loop == EventLoop::Round && round.is_complete()
    };
    let mut found: BTreeMap<(u32, ResourceKind, String), (Retained, Growth, Vec<u64>)> = BTreeMap::new();
    for round in record.rounds.iter().filter(repeated) {
        let mut trials: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for (position, slot) in (0_u32..).zip(&round.slots) {
            trials.entry(slot.case).or_default().push(position);
        }
        for (case, positions) in trials {
            let left: Vec<&[Retained]> =
                positions.iter().map(|position| round.retained.get(position).map_or(&[][..], Vec::as_slice)).collect();
            for (kind, seen, growth, course) in of_case(&left) {
                found.insert((case, kind, seen.owner.clone()), (seen, growth, course));
            }
        }
    }
    found.into_iter().map(|((case, kind, _), leak)| (case, kind, leak)).collect()
}

/// What grows, by kind and owner; by kind alone where its things have a name each.
fn of_case(left: &[&[Retained]]) -> Vec<(ResourceKind, Retained, Growth, Vec<u64>)> {
    let mut found = Vec::new();
    let kinds: BTreeSet<ResourceKind> = left.iter().flat_map(|trial| trial.iter().map(|one| one.kind)).collect();
    for kind in kinds {
        let of_kind = || left.iter().flat_map(move |trial| trial.iter().filter(move |one| one.kind == kind));
        let owners: BTreeSet<&str> = of_kind().map(|one| one.owner.as_str()).collect();
        let counts = |wanted: &dyn Fn(&Retained) -> bool| -> Vec<u64> {
            let of_trial = |trial: &&[Retained]| {
                trial.iter().filter(|one| one.kind == kind && wanted(one)).map(|one| one.count).sum()
            };
            left.iter().map(of_trial).collect()
        };
        let before = found.len();
        for owner in &owners {
            let counts = counts(&|one| one.owner == *owner);
            let last = of_kind().rfind(|one| one.owner == *owner).cloned();
            if let (Some(growth), Some(last)) = (growth(&counts), last) {
                found.push((kind, last, growth, counts));
            }
        }
        let counts = counts(&|_| true);
        if found.len() == before
            && let (Some(growth), Some(last)) = (growth(&counts), of_kind().next_back())
        {
            let several = Retained { owner: format!("{} names, {} for one", owners.len(), last.owner), ..last.clone() };
            found.push((kind, several, growth, counts));
        }
    }
    found
}
