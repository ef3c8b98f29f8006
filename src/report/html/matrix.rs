//! Pair coverage as a matrix: which cases ran before which.

use crate::record::Record;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// Beyond so many cases the matrix takes more memory than it is worth.
const CASES: usize = 10_000;

/// Rows and columns that are drawn at most; with more cases, a row stands for a few neighbours.
const SIDE: usize = 60;

/// Pair coverage as a matrix. Row a, column b: the share of pairs in which a case of a ran before one of b.
#[derive(Debug, Serialize)]
pub(super) struct Matrix {
    /// How many rows it has.
    side: usize,
    /// What a row stands for: its first case, and its last if they differ.
    spans: Vec<(usize, usize)>,
    /// The shares in percent, row by row; `None` where there is no pair.
    shares: Vec<Option<u8>>,
    /// Path data for an SVG, level by level from 0 (none) to 4 (all).
    paths: BTreeMap<String, String>,
}

impl Matrix {
    /// The matrix of the planned rounds; `None` if there are fewer than two cases or too many.
    pub(super) fn new(record: &Record) -> Option<Self> {
        let cases = record.header.cases.len();
        if !(2..=CASES).contains(&cases) {
            return None;
        }
        let before = before(record, cases);
        let spans = spans(cases);
        let side = spans.len();
        let mut shares = Vec::with_capacity(side * side);
        let mut paths: BTreeMap<String, String> = BTreeMap::new();
        for (row, a) in spans.iter().enumerate() {
            for (column, b) in spans.iter().enumerate() {
                let share = share(&before, *a, *b);
                if let Some(share) = share {
                    let path = paths.entry(format!("level{}", level(share))).or_default();
                    // Writing to a string can't fail.
                    let _ = write!(path, "M{column} {row}h.9v.9h-.9z");
                }
                shares.push(share);
            }
        }
        Some(Self { side, spans, shares, paths })
    }
}

/// For each case a set of bits: those that ran before it in some round.
fn before(record: &Record, cases: usize) -> Vec<Vec<u64>> {
    let words = cases.div_ceil(64);
    let mut before = vec![vec![0_u64; words]; cases];
    for round in record.rounds.iter().filter(|round| round.is_planned()) {
        let mut seen = vec![0_u64; words];
        let forks = round.aftermath.as_ref().map(|shape| shape.forks(round.slots.len()));
        let begins: BTreeSet<usize> = forks.into_iter().flatten().map(|fork| fork.start.index()).collect();
        let mut before_forks = None;
        for (place, slot) in round.slots.iter().enumerate() {
            if begins.contains(&place) {
                seen.clone_from(before_forks.get_or_insert_with(|| seen.clone()));
            }
            if slot.outcome.is_none() {
                continue;
            }
            let case = slot.case.index();
            let Some(own) = before.get_mut(case) else { continue };
            for (own, seen) in own.iter_mut().zip(&seen) {
                *own |= seen;
            }
            seen[case / 64] |= 1 << (case % 64);
        }
    }
    before
}

/// Neighbours in declared order, as even in number as may be.
fn spans(cases: usize) -> Vec<(usize, usize)> {
    let side = cases.min(SIDE);
    (0..side).map(|at| (at * cases / side, (at + 1) * cases / side - 1)).collect()
}

/// The share of pairs (a, b) seen in that order, in whole percent, never rounded up to 100.
fn share(before: &[Vec<u64>], a: (usize, usize), b: (usize, usize)) -> Option<u8> {
    let (mut pairs, mut seen) = (0_u64, 0_u64);
    for (later, ran_before) in before.iter().enumerate().take(b.1 + 1).skip(b.0) {
        for earlier in (a.0..=a.1).filter(|earlier| *earlier != later) {
            pairs += 1;
            seen += ran_before[earlier / 64] >> (earlier % 64) & 1;
        }
    }
    (pairs > 0).then(|| u8::try_from(seen * 100 / pairs).unwrap_or(100))
}

fn level(share: u8) -> u8 {
    match share {
        0 => 0,
        1..50 => 1,
        50..90 => 2,
        90..100 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_is_in_one_span() {
        for cases in [2, 59, 60, 61, 400, 4_999] {
            let spans = spans(cases);
            assert!(spans.len() <= SIDE);
            let covered: Vec<usize> = spans.iter().flat_map(|(from, to)| *from..=*to).collect();
            assert_eq!(covered, (0..cases).collect::<Vec<usize>>());
        }
    }

    #[test]
    fn a_share_is_of_the_pairs_that_there_are() {
        // 0 ran before 1, and nothing else is known.
        let before = vec![vec![0], vec![1]];
        assert_eq!(share(&before, (0, 0), (1, 1)), Some(100));
        assert_eq!(share(&before, (1, 1), (0, 0)), Some(0));
        assert_eq!(share(&before, (0, 0), (0, 0)), None);
        assert_eq!(share(&before, (0, 1), (0, 1)), Some(50));
    }
}
