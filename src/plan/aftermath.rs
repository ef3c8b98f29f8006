//! Aftermath orders: the cases that leave marks one after another, then every other case in a fork of what they left.
//!
//! A case that cleans up leaves nothing when it runs alone from a fresh start, so it is not among the marking cases, and
//! hides nothing there. That separates polluters from cleaners, which no recorded order can.

use crate::model::{Aftermath, CaseId, CaseIndex, Seed, StateMark};
use crate::plan::shuffle::shuffled_cases;
use std::collections::{BTreeMap, BTreeSet};

/// What cases leave behind when they run alone, by their numbers in declared order.
pub type MarksLeft = BTreeMap<CaseIndex, Vec<StateMark>>;

/// The order of an aftermath round, and which of its cases run first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AftermathOrder {
    /// The marking cases, then the others in declared order.
    pub order: Vec<CaseIndex>,
    /// How many marking cases there are, and which of the others share a fork.
    pub shape: Aftermath,
}

/// A part of the state, and the value that it has after a case.
type Part<'a> = (&'a str, Option<&'a str>);

/// The orders of the marking cases, one after another.
///
/// The first is the declared one, the second its reverse. From the third on, where marks contradict each other (several
/// cases set one variable), cases that were never the last to write some part come last; the rest is shuffled.
///
/// Cases with nothing but weak marks (loaded modules, filled caches) come before all others: one that cleans up may
/// load a module too, and would hide what ran before it.
#[derive(Debug, Clone)]
pub struct MarkingOrders<'a> {
    ids: &'a [CaseId],
    seed: Seed,
    weak: Vec<CaseIndex>,
    strong: Vec<CaseIndex>,
    /// The parts with several values, by the cases that write them.
    contested: BTreeMap<CaseIndex, BTreeSet<&'a str>>,
    /// Who was last to write a part in an order so far.
    were_last: BTreeSet<(CaseIndex, &'a str)>,
    made: u32,
}

impl<'a> MarkingOrders<'a> {
    /// For the cases with these ids. Those that can't be run without harm to the rest of a round must not be in `marks`.
    pub fn new(marks: &'a MarksLeft, ids: &'a [CaseId], seed: Seed) -> Self {
        let known = || marks.iter().filter(|(case, marks)| case.index() < ids.len() && !marks.is_empty());
        let is_strong = |marks: &[StateMark]| marks.iter().any(|mark| mark.kind.is_strong());
        let strong: Vec<CaseIndex> = known().filter(|(_, marks)| is_strong(marks)).map(|(case, _)| *case).collect();
        let mut weak: Vec<CaseIndex> = known().filter(|(_, marks)| !is_strong(marks)).map(|(case, _)| *case).collect();
        // Where most cases leave weak marks, these are the framework's own, and tell nothing.
        if (weak.len() + strong.len()) * 2 > ids.len() {
            weak.clear();
        }
        let mut values: BTreeMap<&str, BTreeSet<Part<'_>>> = BTreeMap::new();
        for mark in known().flat_map(|(_, marks)| marks) {
            values.entry(&mark.name).or_default().insert((&mark.name, mark.after.as_deref()));
        }
        let is_contested = |mark: &&StateMark| values.get(mark.name.as_str()).is_some_and(|values| values.len() > 1);
        let contested = strong.iter().filter_map(|case| {
            let names = marks.get(case)?.iter().filter(is_contested).map(|mark| mark.name.as_str());
            Some((*case, names.collect()))
        });
        let contested = contested.filter(|(_, names): &(CaseIndex, BTreeSet<&str>)| !names.is_empty()).collect();
        Self { ids, seed, weak, strong, contested, were_last: BTreeSet::new(), made: 0 }
    }

    /// How many cases are marking.
    pub fn marking(&self) -> usize {
        self.weak.len() + self.strong.len()
    }

    /// Whether some case has not yet been the last to write a part that several cases write in different ways.
    pub fn has_contradictions_left(&self) -> bool {
        self.contested.keys().any(|case| self.uncovered(*case) > 0)
    }

    fn uncovered(&self, case: CaseIndex) -> usize {
        let names = self.contested.get(&case).into_iter().flatten();
        names.filter(|name| !self.were_last.contains(&(case, **name))).count()
    }

    /// The marking cases, in an order that was not there yet, as long as there are such.
    pub fn next_order(&mut self) -> Vec<CaseIndex> {
        let number = self.made;
        self.made += 1;
        let mut strong = self.strong.clone();
        let mut weak = self.weak.clone();
        match number {
            0 => {}
            1 => {
                strong.reverse();
                weak.reverse();
            }
            _ => {
                let seed = self.seed.derive(&format!("aftermath {number}"));
                weak = shuffled_cases(seed, &weak, self.ids);
                strong = shuffled_cases(seed, &strong, self.ids);
                strong.sort_by_key(|case| self.uncovered(*case));
            }
        }
        let mut last: BTreeMap<&str, CaseIndex> = BTreeMap::new();
        for case in &strong {
            last.extend(self.contested.get(case).into_iter().flatten().map(|name| (*name, *case)));
        }
        self.were_last.extend(last.into_iter().map(|(name, case)| (case, name)));
        [weak, strong].concat()
    }
}

impl AftermathOrder {
    /// The marking cases first, then `others`: each in a fork of its own, or one fork for each run of neighbours that
    /// `group` gives one name.
    pub fn new(
        marking: Vec<CaseIndex>,
        others: impl IntoIterator<Item = CaseIndex>,
        group: Option<&dyn Fn(CaseIndex) -> String>,
    ) -> Self {
        let first: BTreeSet<CaseIndex> = marking.iter().copied().collect();
        let others: Vec<CaseIndex> = others.into_iter().filter(|case| !first.contains(case)).collect();
        let stretches = match group {
            None => Vec::new(),
            Some(name) => {
                let neighbours = others.chunk_by(|a, b| name(*a) == name(*b));
                neighbours.map(|chunk| u32::try_from(chunk.len()).unwrap_or(u32::MAX)).collect()
            }
        };
        let shape = Aftermath { marking: u32::try_from(marking.len()).unwrap_or(u32::MAX), stretches };
        Self { order: [marking, others].concat(), shape }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::MarkKind;

    fn mark(name: &str, after: &str) -> StateMark {
        StateMark::new(MarkKind::Variable, name, None, Some(after.into()))
    }

    fn load(name: &str) -> StateMark {
        StateMark { kind: MarkKind::Load, ..mark(name, "a module") }
    }

    fn ids(count: usize) -> Vec<CaseId> {
        (0..count).map(|number| CaseId::from(format!("case {number}"))).collect()
    }

    #[test]
    fn marking_cases_come_as_declared_then_in_reverse_and_weak_ones_first() {
        let marks = MarksLeft::from([
            (CaseIndex(1), vec![mark("a", "1")]),
            (CaseIndex(3), vec![load("json")]),
            (CaseIndex(5), vec![mark("b", "1"), load("csv")]),
            (CaseIndex(6), Vec::new()),
        ]);
        let ids = ids(8);
        let mut orders = MarkingOrders::new(&marks, &ids, Seed::new(1));
        assert_eq!(orders.marking(), 3);
        assert_eq!(orders.next_order(), CaseIndex::list([3, 1, 5]));
        assert_eq!(orders.next_order(), CaseIndex::list([3, 5, 1]));
        assert!(!orders.has_contradictions_left());
    }

    #[test]
    fn weak_marks_of_most_cases_tell_nothing() {
        let common = CaseIndex::first(6).map(|case| (case, vec![load("framework")]));
        let marks = common.chain([(CaseIndex(6), vec![mark("a", "1")])]).collect();
        let ids = ids(8);
        assert_eq!(MarkingOrders::new(&marks, &ids, Seed::new(1)).next_order(), [CaseIndex(6)]);
    }

    #[test]
    fn each_of_the_cases_that_contradict_each_other_is_once_the_last() {
        let marks: MarksLeft = CaseIndex::first(7).map(|case| (case, vec![mark("x", &case.to_string())])).collect();
        let ids = ids(20);
        let mut orders = MarkingOrders::new(&marks, &ids, Seed::new(7));
        let mut last = BTreeSet::new();
        let mut made = 0;
        while orders.has_contradictions_left() {
            last.extend(orders.next_order().last().copied());
            made += 1;
        }
        assert_eq!((last.len(), made), (7, 7));
        assert_eq!(orders.next_order().len(), 7, "and there are shuffles after that");
    }

    #[test]
    fn the_others_follow_in_forks_of_their_own_or_by_group() {
        let marking = || CaseIndex::list([4, 1]);
        let each = AftermathOrder::new(marking(), CaseIndex::first(6), None);
        assert_eq!(each.order, CaseIndex::list([4, 1, 0, 2, 3, 5]));
        assert_eq!(each.shape.forks(6).len(), 4);
        let by_half = |case: CaseIndex| (case.0 / 3).to_string();
        let grouped = AftermathOrder::new(marking(), CaseIndex::first(6), Some(&by_half));
        assert_eq!(grouped.shape.stretches, [2, 2]);
    }
}
