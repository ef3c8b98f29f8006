//! The rounds that try one case, stage by stage.

use crate::adapter::LoadedSubject;
use crate::app::why::WhyOptions;
use crate::app::why::names::Names;
use crate::app::why::recorded::Recorded;
use crate::app::{AppError, RunOptions};
use crate::engine::RoundUnit;
use crate::event::{Header, Question};
use crate::model::{CaseId, CaseIndex, ContentHash, EventLoop, RoundId, RoundKind, Seed, Stress};
use std::collections::BTreeMap;
use std::time::Duration;

/// How often the case is tried alone before anything else.
const ALONE: u32 = 3;

/// How many orders the marking cases are tried in: as declared, and in reverse.
const AFTERMATHS: u32 = 2;

/// How many shuffled orders are planned.
const SHUFFLES: u32 = 3;

/// A question about a case, as it is asked of a suite.
#[derive(Debug, Clone)]
pub(in crate::app) struct Asked {
    /// The case that is asked about.
    pub case: CaseIndex,
    /// The order in which it ran elsewhere.
    recorded: Option<Recorded>,
    /// The planned rounds.
    pub stages: Vec<Stage>,
    /// The cases that are run; those that are skipped are not.
    pub cases: Vec<CaseIndex>,
    /// The ids of all cases, in declared order.
    pub ids: Vec<CaseId>,
    /// Whether a fresh start is cheap.
    pub starts_cheaply: bool,
    seed: Seed,
    event_loop: EventLoop,
    stress: Option<Stress>,
    hash_seeds: Vec<u32>,
    case_timeout: Duration,
}

/// Rounds of one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::app) struct Stage {
    /// The kind of its rounds.
    pub kind: RoundKind,
    /// The number of the first in the run.
    pub first: u32,
    /// Their orders. Those of aftermaths depend on what cases leave: they are empty here.
    pub orders: Vec<Vec<CaseIndex>>,
    /// Whether they can tell nothing of a case that failed in every round so far.
    pub is_for_the_passing: bool,
}

impl Asked {
    /// Finds the case, and plans how it is tried.
    ///
    /// # Errors
    /// If there is no such case or several, or what was recorded can't be used.
    pub fn of(asked: &WhyOptions, options: &RunOptions, subject: &dyn LoadedSubject) -> Result<Self, AppError> {
        let all = subject.cases();
        let names = Names::of(all);
        let case = names.meant(&asked.case)?;
        let recorded = asked.told.as_ref().map(|told| Recorded::read(told, &names, case)).transpose()?;
        let runs =
            |number: &CaseIndex| *number == case || all.get(number.index()).is_some_and(|info| info.skip.is_none());
        let cases = CaseIndex::first(all.len()).filter(runs).collect();
        let event_loop = match options.event_loops.first() {
            Some(event_loop) if subject.chooses_event_loop() => *event_loop,
            _ => EventLoop::Round,
        };
        let mut made = Self {
            case,
            recorded,
            stages: Vec::new(),
            cases,
            ids: all.iter().map(|case| case.id.clone()).collect(),
            starts_cheaply: subject.starts_cheaply(),
            seed: options.seed,
            event_loop,
            stress: options.stress,
            hash_seeds: subject.hash_seeds(),
            case_timeout: options.case_timeout,
        };
        made.plan(subject.forks());
        Ok(made)
    }

    /// What promises most for each second comes first.
    fn plan(&mut self, forks: bool) {
        let case = self.case;
        let others: Vec<CaseIndex> = self.cases.iter().copied().filter(|other| *other != case).collect();
        self.stage(RoundKind::Alone, vec![vec![case]; ALONE as usize], false);
        if let Some(recorded) = &self.recorded {
            let prefix: Vec<CaseIndex> = recorded.told.before.iter().copied().chain([case]).collect();
            let whole = recorded.order.clone();
            let orders = if whole == prefix || !whole.contains(&case) { vec![prefix] } else { vec![prefix, whole] };
            self.stage(RoundKind::Given, orders, false);
        }
        if others.is_empty() {
            return;
        }
        self.stage(RoundKind::Declared, vec![self.cases.clone()], false);
        self.stage(RoundKind::Reverse, vec![self.cases.iter().rev().copied().collect()], false);
        if self.starts_cheaply {
            if forks {
                self.stage(RoundKind::Alone, others.iter().map(|other| vec![*other]).collect(), true);
                self.stage(RoundKind::Aftermath, vec![Vec::new(); AFTERMATHS as usize], true);
            }
            let right_before = self.likeliest_first(others).into_iter().map(|other| vec![other, case]);
            self.stage(RoundKind::Pairs, right_before.collect(), false);
        }
        let shuffles = (0..SHUFFLES).map(|number| self.shuffled(number)).collect();
        self.stage(RoundKind::Shuffle, shuffles, false);
    }

    fn stage(&mut self, kind: RoundKind, orders: Vec<Vec<CaseIndex>>, is_for_the_passing: bool) {
        let first = self.stages.last().map_or(0, |stage| stage.first + stage.len());
        self.stages.push(Stage { kind, first, orders, is_for_the_passing });
    }

    /// Those that ran before the case where it failed, nearest first; then all others.
    fn likeliest_first(&self, mut others: Vec<CaseIndex>) -> Vec<CaseIndex> {
        let Some(recorded) = &self.recorded else { return others };
        let before = &recorded.told.before;
        others.sort_by_key(|other| before.iter().rev().position(|ran| ran == other).unwrap_or(usize::MAX));
        others
    }

    /// A shuffle of all cases.
    pub fn shuffled(&self, number: u32) -> Vec<CaseIndex> {
        let seed = self.round_seed(RoundKind::Shuffle, number);
        let hash = |case: &CaseIndex| self.ids.get(case.index()).map(|id| seed.hash(id.as_str().as_bytes()));
        let mut order = self.cases.clone();
        order.sort_by_cached_key(hash);
        order
    }

    /// How many rounds are planned.
    pub fn rounds(&self) -> u32 {
        self.stages.last().map_or(0, |stage| stage.first + stage.len())
    }

    /// The header of a run that asks this.
    pub fn in_header(&self, header: Header) -> Header {
        let mut planned: BTreeMap<String, u32> = BTreeMap::new();
        for stage in &self.stages {
            *planned.entry(stage.kind.as_str().to_owned()).or_default() += stage.len();
        }
        let rounds = self.stages.iter().map(|stage| format!("{} {:?}", stage.kind, stage.orders));
        let plan = ContentHash::of(std::iter::once(format!("why {} {}", self.case, self.seed)).chain(rounds));
        let recorded = self.recorded.as_ref().map(|recorded| recorded.told.clone());
        Header { plan, planned, question: Some(Question { case: self.case, recorded }), ..header }
    }

    /// What a reader should know of it.
    pub fn notes(&self) -> &[String] {
        self.recorded.as_ref().map_or(&[], |recorded| &recorded.notes)
    }

    /// A round of it. Orders of all cases take turns with the hash seeds, and so does the case alone.
    pub fn unit(&self, number: u32, kind: RoundKind, turn: u32, order: Vec<CaseIndex>) -> RoundUnit {
        let takes_turns = matches!(kind, RoundKind::Declared | RoundKind::Reverse | RoundKind::Shuffle);
        let turn = if takes_turns { turn as usize } else { 0 };
        let hash_seed = self.hash_seeds.get(turn % self.hash_seeds.len().max(1)).copied();
        let seed = self.round_seed(kind, number);
        let unit = RoundUnit::new(RoundId(number), kind, seed, order, self.case_timeout);
        RoundUnit { event_loop: self.event_loop, stress: self.stress, hash_seed, ..unit }
    }

    pub fn seed(&self) -> Seed {
        self.seed
    }

    fn round_seed(&self, kind: RoundKind, number: u32) -> Seed {
        self.seed.derive(&format!("why {kind} {number}"))
    }
}

impl Stage {
    fn len(&self) -> u32 {
        u32::try_from(self.orders.len()).unwrap_or(u32::MAX)
    }
}
