//! Which ordered pairs of cases a run has seen.

use crate::model::CaseIndex;
use crate::plan::{Coverage, PairCoverage};
use crate::record::Record;

/// The shares of pairs whose cases shared memory, seen in planned rounds that ran to their end.
pub(super) fn of(record: &Record) -> Coverage {
    let mut coverage = PairCoverage::new(record.header.cases.len());
    for round in record.rounds.iter().filter(|round| round.is_planned() && round.is_complete() && round.slots.len() > 1)
    {
        let order: Vec<CaseIndex> = round.order().collect();
        match &round.aftermath {
            // A pair counts where both ran in one memory: what is between two of them is no pair.
            None => {
                let mut from = 0;
                for first in round.fresh.iter().map(|first| first.index()).chain([order.len()]) {
                    coverage.add(order.get(from..first).unwrap_or_default());
                    from = first;
                }
            }
            Some(shape) => coverage.add_aftermath(&order, shape),
        }
    }
    coverage.coverage()
}
