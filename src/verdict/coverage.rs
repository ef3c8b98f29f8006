//! Which ordered pairs of cases a run has seen.

use crate::plan::{Coverage, PairCoverage};
use crate::record::Record;

/// The shares seen in planned rounds that ran to their end.
pub(super) fn of(record: &Record) -> Coverage {
    let mut coverage = PairCoverage::new(record.header.cases.len());
    for round in record.rounds.iter().filter(|round| round.is_planned() && round.is_complete() && round.slots.len() > 1)
    {
        coverage.add(&round.order().collect::<Vec<u32>>());
    }
    coverage.coverage()
}
