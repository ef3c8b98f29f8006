//! Fisher's exact test (The Design of Experiments, 1935).

use crate::model::statistics::Tally;
use statrs::function::factorial::ln_binomial;

/// How likely it is that `first` has as many failures as it has, or more, if both fail at one rate: the upper tail of
/// the hypergeometric distribution. Small: `first` fails more often than `second`.
pub fn fisher_one_sided(first: Tally, second: Tally) -> f64 {
    let (n, m) = (u64::from(first.trials()), u64::from(second.trials()));
    let failures = u64::from(first.failures()) + u64::from(second.failures());
    let all = ln_binomial(n + m, failures);
    let most = failures.min(n);
    let tail: f64 = (u64::from(first.failures())..=most)
        .filter(|inside| failures - inside <= m)
        .map(|inside| (ln_binomial(n, inside) + ln_binomial(m, failures - inside) - all).exp())
        .sum();
    tail.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(first: (u32, u32), second: (u32, u32), expected: f64) {
        let p = fisher_one_sided(Tally::new(first.0, first.1), Tally::new(second.0, second.1));
        assert!((p - expected).abs() < 1e-4, "{first:?} against {second:?}: {p}");
    }

    #[test]
    fn the_tail_is_exact() {
        check((5, 5), (0, 5), 1.0 / 252.0);
        check((3, 3), (0, 3), 1.0 / 20.0);
        check((5, 30), (0, 30), 0.0261);
        check((0, 5), (0, 5), 1.0);
        check((0, 5), (5, 5), 1.0);
        check((3, 4), (1, 4), 17.0 / 70.0);
        check((0, 0), (0, 0), 1.0);
    }
}
