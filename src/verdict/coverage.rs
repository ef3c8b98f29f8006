//! Which ordered pairs of cases a run has seen.

use crate::plan::{Coverage, PairCoverage};
use crate::record::Record;

/// The shares seen in planned rounds that ran to their end.
pub(super) fn of(record: &Record) -> Coverage {
    let mut coverage = PairCoverage::new(record.header.cases.len());
    for round in record.rounds.iter().filter(|round| round.is_planned() && round.is_complete() && round.slots.len() > 1)
    {
        let order: Vec<u32> = round.order().collect();
        match &round.aftermath {
            None => coverage.add(&order),
            Some(shape) => coverage.add_aftermath(&order, shape),
        }
    }
    coverage.coverage()
}
