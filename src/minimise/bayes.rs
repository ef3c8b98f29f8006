//! What is believed about the cause while answers are a matter of chance.
//!
//! Hypotheses are weighed together with the rate at which it shows, which is learned on the way. The question worth
//! most is the one whose answer tells most about the hypotheses: for a set of mass `m` and a rate `q` that is `H(qm)
//! − m·H(q)` bits (the mutual information of a Z-channel), and more generally, where it can also show without its
//! cause, at a rate `a`, `H(qm + a(1 − m)) − m·H(q) − (1 − m)·H(a)`. Such greedy questions are close to the best
//! there are (Horstein, IEEE Transactions on Information Theory 1963; Ben-Or and Hassidim, FOCS 2008).

use crate::minimise::frame::Shown;
use crate::minimise::prefix::entropy;

/// Weights of hypotheses, each split over the values that the rate may have.
#[derive(Debug, Clone)]
pub(super) struct Posterior {
    rates: Vec<f64>,
    absent: f64,
    /// One row of `rates.len()` weights for each hypothesis.
    joint: Vec<f64>,
}

/// A hypothesis as the next question sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Belief {
    /// How likely it is.
    pub mass: f64,
    /// How often it would show, if the question covers this hypothesis.
    pub rate: f64,
}

impl Posterior {
    /// Starts from weights of the hypotheses (any unit, not all 0), equally likely rates, and the rate at which it
    /// shows without its cause.
    pub fn new(prior: &[f64], rates: Vec<f64>, absent: f64) -> Self {
        let each = 1.0 / (prior.iter().sum::<f64>().max(1e-300) * rates.len() as f64);
        let joint = prior.iter().flat_map(|weight| std::iter::repeat_n(weight * each, rates.len())).collect();
        Self { rates, absent, joint }
    }

    /// Learns from an answer. `reach` says for each hypothesis how surely the question had what that one says it
    /// takes: 1, 0, or a chance between.
    pub fn learn(&mut self, reach: impl Fn(usize) -> f64, shown: Shown) {
        let mut total = 0.0;
        for (hypothesis, row) in self.joint.chunks_exact_mut(self.rates.len()).enumerate() {
            let reach = reach(hypothesis);
            for (weight, rate) in row.iter_mut().zip(&self.rates) {
                let chance = self.absent + (rate - self.absent) * reach;
                *weight *= if shown.shows() { chance } else { 1.0 - chance };
                total += *weight;
            }
        }
        // Only an answer that every hypothesis excludes would leave nothing, and none excludes any: 0 < a < q < 1.
        self.joint.iter_mut().for_each(|weight| *weight /= total);
    }

    /// What is believed of each hypothesis.
    pub fn beliefs(&self) -> Vec<Belief> {
        let belief = |row: &[f64]| {
            let mass: f64 = row.iter().sum();
            let shows: f64 = row.iter().zip(&self.rates).map(|(weight, rate)| weight * rate).sum();
            Belief { mass, rate: if mass > 0.0 { shows / mass } else { self.absent } }
        };
        self.joint.chunks_exact(self.rates.len()).map(belief).collect()
    }

    /// The rate at which it shows without its cause.
    pub fn absent(&self) -> f64 {
        self.absent
    }
}

/// The worth of a question, added up hypothesis by hypothesis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Worth {
    absent: f64,
    shows: f64,
    doubt: f64,
}

impl Worth {
    /// A question that covers none of the hypotheses.
    pub fn of_nothing(absent: f64) -> Self {
        Self { absent, shows: absent, doubt: entropy(absent) }
    }

    /// The same question, covering one hypothesis more, with `reach` as at [`Posterior::learn`].
    pub fn with(self, belief: Belief, reach: f64) -> Self {
        let chance = self.absent + (belief.rate - self.absent) * reach;
        Self {
            absent: self.absent,
            shows: self.shows + belief.mass * (chance - self.absent),
            doubt: self.doubt + belief.mass * (entropy(chance) - entropy(self.absent)),
        }
    }

    /// What the answer tells, in bits.
    pub fn bits(self) -> f64 {
        (entropy(self.shows) - self.doubt).max(0.0)
    }

    /// How likely it is to show.
    pub fn chance(self) -> f64 {
        self.shows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_is_worth_the_information_of_a_z_channel() {
        let (q, m) = (0.5, 0.4);
        let worth = Worth::of_nothing(0.0).with(Belief { mass: m, rate: q }, 1.0);
        assert!((worth.bits() - (entropy(q * m) - m * entropy(q))).abs() < 1e-12);
    }

    #[test]
    fn a_showing_rules_out_what_is_outside_and_a_pass_shrinks_what_is_inside() {
        let mut posterior = Posterior::new(&[1.0; 4], vec![0.5], 1e-9);
        posterior.learn(|hypothesis| f64::from(u8::from(hypothesis < 2)), Shown::Shows);
        let mass = |posterior: &Posterior| posterior.beliefs().iter().map(|b| b.mass).collect::<Vec<f64>>();
        assert!(mass(&posterior)[2] < 1e-8);
        posterior.learn(|hypothesis| f64::from(u8::from(hypothesis < 1)), Shown::Vanishes);
        let found = mass(&posterior);
        assert!((found[0] - 1.0 / 3.0).abs() < 1e-6 && (found[1] - 2.0 / 3.0).abs() < 1e-6, "{found:?}");
    }
}
