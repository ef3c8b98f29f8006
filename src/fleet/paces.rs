//! How fast hosts are: one that is much slower than the others holds everybody up.

use crate::engine::RoundResult;
use crate::model::statistics::{LAME, paces};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Rounds that are shorter tell of the moment, not of the host.
const SHORT: Duration = Duration::from_millis(200);

/// What rounds took on each host.
#[derive(Debug, Default)]
pub(super) struct Paces {
    /// The most cases that a round had: only such rounds are alike.
    cases: usize,
    /// Milliseconds of the rounds of so many cases.
    seen: BTreeMap<String, Vec<u64>>,
    told: BTreeSet<String>,
}

impl Paces {
    /// Notes a round of the plan.
    pub fn note(&mut self, host: &str, result: &RoundResult) {
        let cases = result.unit.order.len();
        if !result.unit.kind.is_planned() || cases < self.cases {
            return;
        }
        if cases > self.cases {
            self.cases = cases;
            self.seen.clear();
        }
        let millis = u64::try_from(result.duration.as_millis()).unwrap_or(u64::MAX);
        self.seen.entry(host.to_owned()).or_default().push(millis);
    }

    /// A host that is much slower than the others, and how many times; each is told once. One is always left.
    pub fn lame(&mut self) -> Option<(String, f64)> {
        let known = self.seen.iter().filter(|(host, _)| !self.told.contains(*host));
        let paces = paces(known.map(|(host, seen)| (host, seen.as_slice())));
        let (slowest, pace) = paces.into_iter().max_by_key(|(_, pace)| pace.median)?;
        if u128::from(pace.median) < SHORT.as_millis() || pace.times < LAME {
            return None;
        }
        let lame = (slowest.clone(), pace.times);
        self.told.insert(lame.0.clone());
        Some(lame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::RoundUnit;
    use crate::model::{CaseIndex, RoundId, RoundKind, Seed};

    fn round(cases: u32, millis: u64) -> RoundResult {
        let order = CaseIndex::first(cases as usize).collect();
        let unit = RoundUnit::new(RoundId(1), RoundKind::Shuffle, Seed::new(1), order, Duration::from_secs(1));
        RoundResult { duration: Duration::from_millis(millis), ..RoundResult::of_facts(unit, &[]) }
    }

    fn paces(rounds: &[(&str, u64)]) -> Paces {
        let mut paces = Paces::default();
        rounds.iter().for_each(|(host, millis)| paces.note(host, &round(5, *millis)));
        paces
    }

    #[test]
    fn a_host_that_takes_three_times_as_long_is_told_once() {
        let mut found = paces(&[("a", 300), ("a", 310), ("a", 290), ("b", 1000), ("b", 1100), ("b", 990)]);
        // Rounds of fewer cases say nothing.
        (0..9).for_each(|_| found.note("b", &round(1, 5)));
        assert_eq!(found.lame().map(|(host, _)| host).as_deref(), Some("b"));
        assert_eq!(found.lame(), None);
    }

    #[test]
    fn a_host_that_is_a_little_slower_or_alone_or_seen_too_little_is_not_told() {
        let fast = [("a", 300), ("a", 310), ("a", 290)];
        assert_eq!(paces(&[&fast[..], &[("b", 600), ("b", 850), ("b", 700)]].concat()).lame(), None);
        assert_eq!(paces(&[&fast[..], &[("b", 9000), ("b", 9000)]].concat()).lame(), None);
        assert_eq!(paces(&[("b", 9000), ("b", 9000), ("b", 9000)]).lame(), None);
        let short = [("a", 10), ("a", 10), ("a", 10), ("b", 90), ("b", 95), ("b", 90)];
        assert_eq!(paces(&short).lame(), None);
    }
}
