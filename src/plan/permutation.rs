//! All orders of a few cases.

/// Up to how many cases all orders are run: 6 have 720.
pub const MOST_PERMUTED: usize = 6;

/// How many orders `n` symbols have.
pub(super) fn factorial(n: usize) -> u32 {
    (1..=n as u32).product()
}

/// Permutation `number` of `n` symbols in lexicographic order, by its digits in the factorial number system (Lehmer,
/// 1960). Numbers from `n!` on start again.
pub(super) fn permutation(n: usize, number: u32) -> Vec<usize> {
    let mut left: Vec<usize> = (0..n).collect();
    let mut rest = number % factorial(n).max(1);
    let mut order = Vec::with_capacity(n);
    for symbols in (1..=n).rev() {
        let each = factorial(symbols - 1);
        order.push(left.remove((rest / each) as usize));
        rest %= each;
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn each_number_is_an_order_of_its_own() {
        for n in 1..=MOST_PERMUTED {
            let orders: Vec<Vec<usize>> = (0..factorial(n)).map(|number| permutation(n, number)).collect();
            assert!(orders.is_sorted());
            assert_eq!(orders.into_iter().collect::<BTreeSet<_>>().len(), factorial(n) as usize);
        }
    }
}
