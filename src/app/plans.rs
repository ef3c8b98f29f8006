//! The rounds of a run.

use crate::adapter::LoadedSubject;
use crate::app::session::Forecast;
use crate::app::{AloneRounds, AppError, RunOptions};
use crate::engine::RoundUnit;
use crate::model::statistics::{Confidence, Rate, RateError};
use crate::model::{CaseId, ContentHash, EventLoop, RoundId, RoundKind, Stress};
use crate::plan::{Alone, Orders, Plan, PlanRequest, PlannedCase, ResolvedOrder, Strategy, Twice, resolve_order};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// The plan, once for each life of event loops that is asked for.
pub(super) struct Plans {
    plans: Vec<(EventLoop, Plan)>,
    /// The noise around rounds.
    stress: Option<Stress>,
    /// The hash seeds that rounds take turns with, for subjects that have them.
    hash_seeds: Vec<u32>,
    /// The order that was given, if one was.
    given: Option<Vec<u32>>,
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
            notes.push("a fresh start is dear here: only suspects are run alone".to_owned());
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
        let usage = |error: RateError| AppError::Usage(error.to_string());
        let mut plans = Vec::new();
        for event_loop in event_loops {
            let request = PlanRequest {
                orders: orders.clone(),
                rounds: options.rounds,
                grouping: options.group,
                alone: if alone { Alone::EveryCase } else { Alone::SuspectsOnly },
                twice: Twice::WhereMixed,
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
        Ok(Self { plans, stress: options.stress, hash_seeds: subject.hash_seeds(), given, notes })
    }

    fn rounds(&self) -> usize {
        self.plans.iter().map(|(_, plan)| plan.rounds().len()).sum()
    }

    pub fn hash(&self) -> ContentHash {
        ContentHash::of(self.plans.iter().map(|(event_loop, plan)| format!("{event_loop:?} {}", plan.hash())))
    }

    /// Why no round has the case: an order that was given need not name all.
    pub fn leaves_out(&self, id: &CaseId, subject: &dyn LoadedSubject) -> Option<String> {
        let given = self.given.as_ref()?;
        let is_named = |index: &u32| subject.cases().get(*index as usize).is_some_and(|case| case.id == *id);
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

    pub fn forecast(&self, subject: &dyn LoadedSubject, jobs: usize) -> Forecast {
        let trials: u64 = self.plans.iter().map(|(_, plan)| plan.trials()).sum();
        Forecast {
            cases: subject.cases().len(),
            trials: usize::try_from(trials).unwrap_or(usize::MAX),
            rounds: u32::try_from(self.rounds()).unwrap_or(u32::MAX),
            jobs,
            made: false,
        }
    }

    /// Rounds of all cases take turns with the hash seeds; a case alone runs under the first one.
    fn hash_seed(&self, kind: RoundKind, number: u32) -> Option<u32> {
        let turn = if kind == RoundKind::Alone { 0 } else { number as usize % self.hash_seeds.len().max(1) };
        self.hash_seeds.get(turn).copied()
    }

    /// The rounds that are still to be run, with the attempt that is next for each.
    pub fn units<'s>(
        &'s self,
        case_timeout: Duration,
        attempts: &'s BTreeMap<RoundId, Option<u32>>,
    ) -> impl Iterator<Item = RoundUnit> + 's {
        let numbered = self
            .plans
            .iter()
            .flat_map(|(event_loop, plan)| plan.rounds().iter().map(move |round| (*event_loop, plan, round)));
        numbered.zip(0_u32..).filter_map(move |((event_loop, plan, round), number)| {
            let id = RoundId(number);
            // A round that was completed has no next attempt.
            let attempt = match attempts.get(&id) {
                Some(next) => (*next)?,
                None => 0,
            };
            Some(RoundUnit {
                round: id,
                attempt,
                kind: round.kind(),
                seed: round.seed,
                event_loop,
                stress: self.stress,
                hash_seed: self.hash_seed(round.kind(), number),
                watch: None,
                walk: None,
                aftermath: None,
                added: false,
                order: plan.order(round.id),
                from: 0,
                case_deadline_ms: u64::try_from(case_timeout.as_millis()).unwrap_or(u64::MAX),
            })
        })
    }
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
fn given_order(file: &Path, cases: &[PlannedCase], notes: &mut Vec<String>) -> Result<Vec<u32>, AppError> {
    let text = std::fs::read_to_string(file).map_err(AppError::io(file))?;
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
