//! What a run adds to its plan while there is time, in the order of what it promises for each second.

use crate::model::{Aftermath, CaseIndex, RoundKind, Seed};
use crate::plan::{AftermathOrder, MarkingOrders, MarksLeft, Plan};
use std::ops::Range;

/// So many shuffled rounds without a failure exclude failures in more than 1 % of rounds with 95 % confidence. Where every
/// adjacent pair was seen as well, more time tells little.
const ENOUGH_SHUFFLES: u32 = 299;

/// One aftermath for so many shuffles, where the order of the marking cases can make a difference.
const SHUFFLES_PER_AFTERMATH: u32 = 2;

/// A round that is added to the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addition {
    /// Its kind: aftermath, pairs or shuffle.
    pub kind: RoundKind,
    /// The seed of the round.
    pub seed: Seed,
    /// The order that the round plays.
    pub order: Vec<CaseIndex>,
    /// The shape of an aftermath.
    pub shape: Option<Aftermath>,
}

/// Chooses what comes next.
///
/// First come aftermaths, as long as some case was never the last to write a part of the state that others write in
/// another way. Then, if there is time for all of them, the orders in which every case runs directly after every other.
/// Then shuffles, with an aftermath of the marking cases in another order now and then.
pub struct Additions<'a> {
    plan: &'a Plan,
    marking: MarkingOrders<'a>,
    others: Vec<CaseIndex>,
    /// The name of the fork that a case shares with its neighbours, where each can't have its own.
    group: Option<&'a dyn Fn(CaseIndex) -> String>,
    aftermaths: u32,
    pairs: Range<u32>,
    has_begun_pairs: bool,
    shuffles: u32,
    turn: u32,
}

impl<'a> Additions<'a> {
    /// For a plan that was run. `others` are the cases that are tried after the marking ones, each in a fork of its own,
    /// or in one fork with its neighbours that have the same `group`.
    pub fn new(
        plan: &'a Plan,
        marks: &'a MarksLeft,
        others: Vec<CaseIndex>,
        group: Option<&'a dyn Fn(CaseIndex) -> String>,
    ) -> Self {
        let planned = |kind| plan.rounds().iter().filter(|round| round.kind() == kind).count() as u32;
        let aftermaths = planned(RoundKind::Aftermath);
        let mut marking = plan.marking_orders(marks);
        (0..aftermaths).for_each(|_| drop(marking.next_order()));
        let rows = if planned(RoundKind::Pairs) > 0 { 0 } else { plan.rows_for_pairs() };
        Self {
            plan,
            marking,
            others,
            group,
            aftermaths,
            pairs: 0..u32::try_from(rows).unwrap_or(u32::MAX),
            has_begun_pairs: false,
            shuffles: planned(RoundKind::Shuffle),
            turn: 0,
        }
    }

    /// The next round, where there is time for so many more rounds of all cases; nothing where more tells little.
    pub fn next(&mut self, affordable: usize) -> Option<Addition> {
        // Where nobody ran alone, nothing is known of marks.
        let is_marked = self.aftermaths > 0 && self.marking.marking() > 0;
        if is_marked && self.marking.has_contradictions_left() {
            return Some(self.aftermath());
        }
        self.has_begun_pairs |= self.pairs.len() <= affordable;
        let row = if self.has_begun_pairs { self.pairs.next() } else { None };
        if let Some(row) = row {
            let seed = self.seed(RoundKind::Pairs, row);
            return Some(Addition { kind: RoundKind::Pairs, seed, order: self.plan.paired(row as usize), shape: None });
        }
        self.turn += 1;
        if is_marked && self.marking.marking() > 2 && self.turn.is_multiple_of(SHUFFLES_PER_AFTERMATH + 1) {
            return Some(self.aftermath());
        }
        if self.shuffles >= ENOUGH_SHUFFLES {
            return None;
        }
        let seed = self.seed(RoundKind::Shuffle, self.shuffles);
        self.shuffles += 1;
        Some(Addition { kind: RoundKind::Shuffle, seed, order: self.plan.shuffled_by(seed), shape: None })
    }

    fn aftermath(&mut self) -> Addition {
        let AftermathOrder { order, shape } =
            AftermathOrder::new(self.marking.next_order(), self.others.iter().copied(), self.group);
        let seed = self.seed(RoundKind::Aftermath, self.aftermaths);
        self.aftermaths += 1;
        Addition { kind: RoundKind::Aftermath, seed, order, shape: Some(shape) }
    }

    fn seed(&self, kind: RoundKind, number: u32) -> Seed {
        self.plan.seed().derive(&format!("round {kind} {number}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CaseId, MarkKind, StateMark};
    use crate::plan::{Alone, PairCoverage, PlanRequest, PlannedCase};

    fn plan(cases: usize) -> Plan {
        let case = |number| PlannedCase {
            id: CaseId::from(format!("case {number}")),
            file: "f".into(),
            module: "f".into(),
            tags: Vec::new(),
        };
        let cases: Vec<PlannedCase> = (0..cases).map(case).collect();
        let request = PlanRequest { alone: Alone::EveryCase, aftermath: 2, ..PlanRequest::new(Seed::new(3)) };
        Plan::new(request, &cases).expect("a plan")
    }

    fn sets(variable: &str, value: u32) -> Vec<StateMark> {
        vec![StateMark::new(MarkKind::Variable, variable, None, Some(value.to_string()))]
    }

    #[test]
    fn few_cases_see_every_adjacent_pair_and_the_rest_is_shuffled_until_more_tells_little() {
        let plan = plan(12);
        let marks = MarksLeft::new();
        let mut additions = Additions::new(&plan, &marks, CaseIndex::first(12).collect(), None);
        let mut coverage = PairCoverage::new(12);
        let mut kinds = Vec::new();
        while let Some(addition) = additions.next(100) {
            coverage.add(&addition.order);
            kinds.push(addition.kind);
        }
        assert_eq!(coverage.coverage().adjacent, 1.0);
        assert!(kinds[..12].iter().all(|kind| *kind == RoundKind::Pairs), "{kinds:?}");
        assert_eq!(kinds.len(), 12 + 299 - 3);
    }

    #[test]
    fn contradictions_come_first_and_pairs_only_where_there_is_time_for_all_of_them() {
        let plan = plan(40);
        let marks: MarksLeft = CaseIndex::first(5).map(|case| (case, sets("x", case.0))).collect();
        let mut additions = Additions::new(&plan, &marks, CaseIndex::first(40).collect(), None);
        let kinds: Vec<RoundKind> = (0..9).filter_map(|_| additions.next(20)).map(|addition| addition.kind).collect();
        use RoundKind::{Aftermath as A, Shuffle as S};
        // Two of the five were last in the planned ones.
        assert_eq!(kinds, [A, A, A, S, S, A, S, S, A]);
    }
}
