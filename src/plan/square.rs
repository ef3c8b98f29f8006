//! Row-complete Latin squares: few orders in which every case runs directly after every other.
//!
//! For an even number of symbols, E. J. Williams (Australian Journal of Scientific Research, 1949) builds `n` rows
//! from the sequence 0, n−1, 1, n−2, …: its neighbouring differences are all different modulo `n`, so adding 0, 1, …,
//! n−1 to it puts every ordered pair next to each other exactly once. For an odd number, one symbol is deleted from
//! the square of `n + 1`: what stood beside it moves together, and no pair that was adjacent is parted. That costs `n
//! + 1` rows; `n` are possible from 7 on, are hard to construct and save one round.

/// How many orders cover every adjacent ordered pair of `n` symbols: 1 for one symbol, `n` for an even number, `n +
/// 1` for an odd one.
pub fn orders_for_pairs(n: usize) -> usize {
    if n <= 1 { n } else { n.next_multiple_of(2) }
}

/// One row of the square for `n` symbols. Rows repeat after [`orders_for_pairs`].
pub(super) fn row(n: usize, row: usize) -> impl Iterator<Item = usize> {
    let size = orders_for_pairs(n).max(1);
    (0..size).map(move |column| (zigzag(size, column) + row) % size).filter(move |symbol| *symbol < n)
}

/// The sequence 0, n−1, 1, n−2, 2, …
fn zigzag(n: usize, column: usize) -> usize {
    if column.is_multiple_of(2) { column / 2 } else { n - column.div_ceil(2) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(n: usize) {
        let mut seen = vec![false; n * n];
        for number in 0..orders_for_pairs(n) {
            let symbols: Vec<usize> = row(n, number).collect();
            let mut sorted = symbols.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..n), "row {number} of {n} has each symbol once");
            symbols.windows(2).for_each(|pair| seen[pair[0] * n + pair[1]] = true);
        }
        assert!((0..n * n).all(|place| seen[place] != (place / n == place % n)), "every pair of {n}");
    }

    #[test]
    fn small_squares_cover_every_adjacent_pair() {
        (1..=20).for_each(check);
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn squares_cover_every_adjacent_pair(n in 2_usize..=200) {
            check(n);
            prop_assert_eq!(orders_for_pairs(n), n + n % 2);
        }
    }
}
