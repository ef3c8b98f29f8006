//! Two failure rates compared by pairs of trials, for as long as one likes.

/// Whether the first of two rates is the higher one, told from trials made in pairs: one of each.
///
/// Pairs that end alike say nothing. If both rates were one, each of the others would go either way like a fair coin
/// (A. Wald, Sequential Analysis, 1947, on double dichotomies). The evidence is the likelihood ratio of a coin that
/// prefers the first, averaged over all such coins and one that always does, against the fair one. It is a martingale under the fair coin: by
/// Ville's inequality it ever reaches 1/p with a probability of at most p, however often one looks and whenever one stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pairs {
    first_only: u32,
    second_only: u32,
}

impl Pairs {
    /// Counts a pair: whether its first trial failed, and whether its second one did.
    pub fn count(&mut self, first_failed: bool, second_failed: bool) {
        self.first_only += u32::from(first_failed && !second_failed);
        self.second_only += u32::from(second_failed && !first_failed);
    }

    /// How likely evidence so strong for a higher first rate is, ever, if the rates are one: at most so much.
    pub fn chance(&self) -> f64 {
        (1.0 / self.evidence()).min(1.0)
    }

    /// Whether the second rate shows so often beside the first that to go on is hopeless: the pairs that differ have come
    /// out against the first four times at least, and in more than a third.
    pub fn is_hopeless(&self) -> bool {
        self.second_only >= 4 && self.first_only < 2 * self.second_only
    }

    /// The mean of (2p)^first (2 − 2p)^second, half of it over p from 1/2 to 1 and half of it at p = 1.
    fn evidence(&self) -> f64 {
        const STEPS: u32 = 400;
        let (first, second) = (f64::from(self.first_only), f64::from(self.second_only));
        let ratio = |step: u32| {
            let share = 0.5 + 0.5 * (f64::from(step) + 0.5) / f64::from(STEPS);
            (first * (2.0 * share).ln() + second * (2.0 - 2.0 * share).ln()).exp()
        };
        let any = (0..STEPS).map(ratio).sum::<f64>() / f64::from(STEPS);
        let always = if self.second_only == 0 { first.exp2() } else { 0.0 };
        any.midpoint(always)
    }
}

#[cfg(test)]
mod tests {
    use super::Pairs;
    use crate::model::Seed;

    fn after(first_only: u32, second_only: u32) -> Pairs {
        Pairs { first_only, second_only }
    }

    #[test]
    fn pairs_that_end_alike_say_nothing() {
        let mut pairs = Pairs::default();
        for _ in 0..100 {
            pairs.count(true, true);
            pairs.count(false, false);
        }
        assert!((pairs.chance() - 1.0).abs() < 1e-9, "{}", pairs.chance());
    }

    #[test]
    fn fifteen_pairs_that_agree_leave_one_chance_in_ten_thousand() {
        // 2^(n-1) + 2^n / (n + 1) is 9,216 for 14 and 18,432 for 15.
        assert!(after(14, 0).chance() > 1e-4);
        assert!(after(15, 0).chance() <= 1e-4, "{}", after(15, 0).chance());
        assert!(after(17, 2).chance() > 1e-4);
        assert!(after(0, 17).chance() >= 1.0);
    }

    #[test]
    fn equal_rates_hardly_ever_look_different_however_often_one_looks() {
        let root = Seed::new(7);
        let found = (0..4_000_u32).filter(|trial| {
            let mut pairs = Pairs::default();
            (0..200_u32).any(|pair| {
                let hash = root.hash(&[trial.to_le_bytes(), pair.to_le_bytes()].concat());
                pairs.count(hash & 3 == 0, (hash >> 2) & 3 == 0);
                pairs.chance() <= 0.05
            })
        });
        let share = found.count() as f64 / 4_000.0;
        assert!(share > 0.001 && share <= 0.05, "{share}");
    }

    #[test]
    fn what_comes_out_against_the_first_is_given_up() {
        assert!(after(7, 4).is_hopeless());
        assert!(!after(8, 4).is_hopeless());
        assert!(!after(0, 3).is_hopeless());
    }
}
