//! The plan of a run.

use crate::model::statistics::{Confidence, Rate};
use crate::model::{CaseId, CaseIndex, ContentHash, RoundId, Seed};
use crate::plan::build::Rounds;
use crate::plan::group::Group;
use crate::plan::permutation::permutation;
use crate::plan::shuffle::{shuffled, shuffled_cases, shuffled_groups};
use crate::plan::square::{orders_for_pairs, row};
use crate::plan::{
    Arrangement, Grouping, MarkingOrders, MarksLeft, Orders, PlanError, PlanHeader, PlanRequest, PlannedCase,
    PlannedRound, RoundCount,
};
use std::collections::BTreeSet;

/// The rounds of a run, in the order in which they are to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    request: PlanRequest,
    ids: Vec<CaseId>,
    groups: Vec<Group>,
    rounds: Vec<PlannedRound>,
}

impl Plan {
    /// Plans rounds for `cases`, which stand in declared order.
    ///
    /// `mixed` is declared, reverse, each case alone and their aftermath if asked for, three shuffles, and a round in
    /// which every case runs twice. `shuffle` is five shuffles; `pairs` and `all` are as many rounds as it takes; the others
    /// are one round. `rounds` sets how many rounds of all cases there are: orders without chance are taken first,
    /// shuffles fill up what is left (an order that never changes is repeated). `max_flake_rate` adds shuffles until
    /// there are as many as its bound needs. Rounds that run each case twice, or one case alone, and aftermath
    /// rounds come on top, and so do rounds of the cases that are looked at more closely: nine for each usual round of all
    /// cases, or for each of `rounds`.
    ///
    /// No two shuffles have one order, nor that of another round, as long as there are orders left; then they begin
    /// again, so that few cases get each order evenly often. Their seeds always differ, so each is a trial. With a
    /// single case, `reverse` and `alone` are left out: they would be the declared order again.
    pub fn new(request: PlanRequest, cases: &[PlannedCase]) -> Result<Self, PlanError> {
        if u32::try_from(cases.len()).is_err() {
            return Err(PlanError::TooManyCases(cases.len()));
        }
        let mut known = BTreeSet::new();
        if let Some(twin) = cases.iter().find(|case| !known.insert(&case.id)) {
            return Err(PlanError::DuplicateId(twin.id.clone()));
        }
        let ids: Vec<CaseId> = cases.iter().map(|case| case.id.clone()).collect();
        let groups = request.grouping.groups(cases);
        let rounds = Rounds::new(&request, &ids, &groups).all()?;
        Ok(Self { request, ids, groups, rounds })
    }

    /// The rounds, in the order in which they are to run. A round's id is its place.
    pub fn rounds(&self) -> &[PlannedRound] {
        &self.rounds
    }

    /// A round by its id.
    pub fn round(&self, id: RoundId) -> Option<&PlannedRound> {
        self.rounds.get(id.0 as usize)
    }

    /// The order of a round, as the cases' numbers in declared order; empty for a round that is not in the plan, and for
    /// an aftermath, whose order depends on what cases leave. Computed anew at each call.
    pub fn order(&self, id: RoundId) -> Vec<CaseIndex> {
        self.round(id).map(|round| self.arranged(round)).unwrap_or_default()
    }

    /// The orders of the cases that leave marks, for aftermath rounds.
    pub fn marking_orders<'a>(&'a self, marks: &'a MarksLeft) -> MarkingOrders<'a> {
        MarkingOrders::new(marks, &self.ids, self.request.seed)
    }

    /// The order of a round as ids.
    pub fn order_ids(&self, id: RoundId) -> Vec<CaseId> {
        self.order(id).into_iter().filter_map(|case| self.case(case)).cloned().collect()
    }

    /// The id of a case by its number in declared order.
    pub fn case(&self, case: CaseIndex) -> Option<&CaseId> {
        self.ids.get(case.index())
    }

    /// The ids of all cases, in declared order.
    pub fn cases(&self) -> &[CaseId] {
        &self.ids
    }

    /// The root seed.
    pub fn seed(&self) -> Seed {
        self.request.seed
    }

    /// Which cases stay together.
    pub fn grouping(&self) -> Grouping {
        self.request.grouping
    }

    /// The rate that the shuffled rounds are to exclude, if one was asked for.
    pub fn max_flake_rate(&self) -> Option<Rate> {
        self.request.max_flake_rate
    }

    /// How sure the plan's evidence is to be.
    pub fn confidence(&self) -> Confidence {
        self.request.confidence
    }

    /// How many trials the plan has, counting each case of each round.
    pub fn trials(&self) -> u64 {
        self.rounds.iter().map(|round| self.size(round) as u64).sum()
    }

    /// How many cases a round runs; of one whose order is not known yet, at most.
    pub fn len_of(&self, id: RoundId) -> usize {
        self.rounds.get(id.0 as usize).map_or(0, |round| self.size(round))
    }

    /// The plan in short, for a journal's header.
    pub fn header(&self) -> PlanHeader {
        let mut rounds: Vec<RoundCount> = Vec::new();
        for kind in self.rounds.iter().map(PlannedRound::kind) {
            match rounds.iter_mut().find(|known| known.kind == kind) {
                Some(known) => known.count += 1,
                None => rounds.push(RoundCount { kind, count: 1 }),
            }
        }
        PlanHeader {
            orders: match &self.request.orders {
                Orders::By(strategy) => strategy.to_string(),
                Orders::Given(_) => "given".to_owned(),
            },
            seed: self.request.seed,
            grouping: self.request.grouping,
            cases: self.ids.len() as u32,
            rounds,
            max_flake_rate: self.request.max_flake_rate,
            confidence: self.request.confidence,
            hash: self.hash(),
        }
    }

    /// Names the whole plan: equal for plans with the same cases, groups and rounds, on every machine.
    pub fn hash(&self) -> ContentHash {
        let cases = self.ids.iter().map(|id| id.as_str().to_owned());
        let groups = self.groups.iter().map(|group| format!("{}: {:?}", group.name, group.cases));
        let rounds = self.rounds.iter().map(|round| format!("{} {:?}", round.seed, round.arrangement));
        let given = format!("{:?}", self.given());
        let sizes = format!("plan 3: {} {} {}", self.ids.len(), self.groups.len(), self.rounds.len());
        let closer = (!self.request.closer.is_empty()).then(|| format!("{:?}", self.request.closer));
        ContentHash::of(std::iter::once(sizes).chain(cases).chain(groups).chain(rounds).chain([given]).chain(closer))
    }

    fn arranged(&self, round: &PlannedRound) -> Vec<CaseIndex> {
        let cases = CaseIndex::first(self.ids.len());
        match round.arrangement {
            Arrangement::Declared => cases.collect(),
            Arrangement::Reverse => cases.rev().collect(),
            Arrangement::Shuffle => shuffled(round.seed, &self.groups, &self.ids),
            Arrangement::Pairs { row } => self.paired(row as usize),
            Arrangement::Permutation { number } => {
                permutation(self.ids.len(), number).into_iter().map(CaseIndex::at).collect()
            }
            Arrangement::Twice => {
                shuffled(round.seed, &self.groups, &self.ids).into_iter().flat_map(|case| [case, case]).collect()
            }
            Arrangement::Passes => cases.clone().chain(cases).collect(),
            Arrangement::Closer => shuffled_cases(round.seed, &self.request.closer, &self.ids),
            Arrangement::Alone { case } => vec![case],
            Arrangement::Aftermath { .. } => Vec::new(),
            Arrangement::Given => self.given().to_vec(),
        }
    }

    fn size(&self, round: &PlannedRound) -> usize {
        match round.arrangement {
            Arrangement::Twice | Arrangement::Passes => self.ids.len() * 2,
            Arrangement::Closer => self.request.closer.len(),
            Arrangement::Alone { .. } => 1,
            Arrangement::Given => self.given().len(),
            Arrangement::Declared
            | Arrangement::Reverse
            | Arrangement::Shuffle
            | Arrangement::Pairs { .. }
            | Arrangement::Aftermath { .. }
            | Arrangement::Permutation { .. } => self.ids.len(),
        }
    }

    /// Groups by a row of their square, and the cases of each group by a row of theirs. The symbols of the squares
    /// are the groups and cases as the root seed shuffles them, so that another seed tries
    /// other neighbours' neighbours.
    pub(super) fn paired(&self, number: usize) -> Vec<CaseIndex> {
        let seed = self.request.seed.derive("pairs");
        let groups = shuffled_groups(seed, &self.groups);
        let by_row = row(groups.len(), number).map(|place| groups[place]);
        by_row
            .flat_map(|group| {
                let cases = shuffled_cases(seed, &group.cases, &self.ids);
                row(cases.len(), number).map(|place| cases[place]).collect::<Vec<CaseIndex>>()
            })
            .collect()
    }

    /// How many rows the largest square has: that of the groups, or that of a group's cases.
    pub(super) fn rows_for_pairs(&self) -> usize {
        let largest = self.groups.iter().map(|group| group.cases.len()).chain([self.groups.len()]).max();
        orders_for_pairs(largest.unwrap_or(0))
    }

    /// All cases, shuffled by a seed.
    pub(super) fn shuffled_by(&self, seed: Seed) -> Vec<CaseIndex> {
        shuffled(seed, &self.groups, &self.ids)
    }

    fn given(&self) -> &[CaseIndex] {
        match &self.request.orders {
            Orders::Given(order) => order,
            Orders::By(_) => &[],
        }
    }
}
