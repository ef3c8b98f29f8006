//! Shuffles that stay put: sorted by a keyed hash of each case's id.
//!
//! A case's place among the others follows from the seed and the ids alone. So when a case is added, or only some
//! run, the rest keep their relative order, which is what replaying and minimising want. The hash must be strong:
//! with CRC32, which is affine, ids of equal length can only be XOR-ed by one constant, and all seeds together reach
//! 4 of the 24 orders of four cases. SipHash-2-4 (Aumasson and Bernstein, 2012) reaches all of them evenly.

use crate::model::{CaseId, CaseIndex, Seed};
use crate::plan::group::Group;

/// Groups sorted by their names, and the cases in each by their ids, both by hashes keyed with `seed`.
pub(super) fn shuffled(seed: Seed, groups: &[Group], ids: &[CaseId]) -> Vec<CaseIndex> {
    shuffled_groups(seed, groups).into_iter().flat_map(|group| shuffled_cases(seed, &group.cases, ids)).collect()
}

/// Groups sorted by a hash of their names.
pub(super) fn shuffled_groups(seed: Seed, groups: &[Group]) -> Vec<&Group> {
    let names = seed.derive("groups");
    let mut sorted: Vec<&Group> = groups.iter().collect();
    sorted.sort_by_cached_key(|group| (names.hash(group.name.as_bytes()), &group.name));
    sorted
}

/// Cases sorted by a hash of their ids; equal hashes, should they ever happen, by the ids.
pub(super) fn shuffled_cases(seed: Seed, cases: &[CaseIndex], ids: &[CaseId]) -> Vec<CaseIndex> {
    let id = |case: CaseIndex| ids[case.index()].as_str();
    let mut keyed: Vec<(u64, CaseIndex)> = cases.iter().map(|case| (seed.hash(id(*case).as_bytes()), *case)).collect();
    keyed.sort_unstable_by(|(a_hash, a), (b_hash, b)| a_hash.cmp(b_hash).then_with(|| id(*a).cmp(id(*b))));
    keyed.into_iter().map(|(_, case)| case).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids(names: impl IntoIterator<Item = String>) -> Vec<CaseId> {
        names.into_iter().map(CaseId::from).collect()
    }

    fn all(ids: &[CaseId]) -> Vec<CaseIndex> {
        CaseIndex::first(ids.len()).collect()
    }

    /// Pearson's statistic for counts that should be equal.
    fn chi_square(counts: &[u32]) -> f64 {
        let expected = counts.iter().sum::<u32>() as f64 / counts.len() as f64;
        counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn every_order_of_four_ids_of_equal_length_is_equally_frequent() {
        let ids = ids(["tests/a", "tests/b", "tests/c", "tests/d"].map(str::to_owned));
        let mut counts = [0_u32; 256];
        for seed in 0..24_000 {
            let order = shuffled_cases(Seed::new(seed), &all(&ids), &ids);
            counts[order.iter().fold(0, |code, case| code * 4 + case.index())] += 1;
        }
        let seen: Vec<u32> = counts.into_iter().filter(|count| *count > 0).collect();
        assert_eq!(seen.len(), 24);
        // The 99.9 % quantile of chi-square with 23 degrees of freedom.
        assert!(chi_square(&seen) < 49.73, "{}", chi_square(&seen));
    }

    #[test]
    fn every_adjacent_pair_is_equally_frequent() {
        let n = 20;
        let ids = ids((0..n).map(|case| format!("tests/test_{case:02}")));
        let mut counts = vec![0_u32; n * n];
        for seed in 0..4_000 {
            let order = shuffled_cases(Seed::new(seed), &all(&ids), &ids);
            order.windows(2).for_each(|pair| counts[pair[0].index() * n + pair[1].index()] += 1);
        }
        let pairs: Vec<u32> = (0..n * n).filter(|place| place / n != place % n).map(|place| counts[place]).collect();
        assert!(pairs.iter().all(|count| *count > 0));
        // 379 degrees of freedom; the 99.9 % quantile is 469.6 (Wilson and Hilferty's approximation).
        assert!(chi_square(&pairs) < 469.6, "{}", chi_square(&pairs));
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn a_subset_keeps_its_relative_order(seed in any::<u64>(), keep in proptest::collection::vec(any::<bool>(), 1..60)) {
            let ids = ids((0..keep.len()).map(|case| format!("case {case}")));
            let seed = Seed::new(seed);
            let some: Vec<CaseIndex> = all(&ids).into_iter().filter(|case| keep[case.index()]).collect();
            let mut expected = shuffled_cases(seed, &all(&ids), &ids);
            expected.retain(|case| keep[case.index()]);
            prop_assert_eq!(shuffled_cases(seed, &some, &ids), expected);
        }
    }
}
