//! How fast those are that do the same: one that is much slower than the others holds everybody up.

use std::collections::BTreeMap;

/// Who takes so many times as long as the others is lame.
pub const LAME: f64 = 3.0;

/// From how many times on a pace is believed.
const ENOUGH: usize = 3;

/// What one took, compared with the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The lower median of what it took.
    pub median: u64,
    /// How many times as long as the lower median of the others' medians that is.
    pub times: f64,
}

/// The pace of each that was seen often enough, where another was.
pub fn paces<'s, K: Ord + Clone>(seen: impl IntoIterator<Item = (K, &'s [u64])>) -> BTreeMap<K, Pace> {
    let often = seen.into_iter().filter(|(_, took)| took.len() >= ENOUGH);
    let medians: Vec<(K, u64)> = often.map(|(who, took)| (who, median(took.to_vec()))).collect();
    let pace = |own: u64, who: &K| {
        let others: Vec<u64> = medians.iter().filter(|(other, _)| other != who).map(|(_, one)| *one).collect();
        let times = (!others.is_empty()).then(|| own as f64 / median(others).max(1) as f64)?;
        Some((who.clone(), Pace { median: own, times }))
    };
    medians.iter().filter_map(|(who, own)| pace(*own, who)).collect()
}

/// The lower median.
fn median(mut seen: Vec<u64>) -> u64 {
    seen.sort_unstable();
    seen.get(seen.len().saturating_sub(1) / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_compared_with_the_median_of_the_others() {
        let seen: [(&str, &[u64]); 4] =
            [("a", &[100, 300, 200]), ("b", &[600, 600, 600]), ("c", &[100, 100, 100, 900]), ("d", &[9_000, 9_000])];
        let found = paces(seen);
        assert_eq!(found.keys().copied().collect::<Vec<_>>(), ["a", "b", "c"], "d was seen too little");
        assert_eq!(found["b"], Pace { median: 600, times: 6.0 });
        assert_eq!(found["a"], Pace { median: 200, times: 2.0 });
    }

    #[test]
    fn nobody_is_compared_with_nobody() {
        assert_eq!(paces([("a", &[1, 2, 3][..])]), BTreeMap::new());
    }
}
