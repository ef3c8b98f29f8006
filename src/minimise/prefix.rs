//! The shortest prefix that shows it, found by halving, again and again.
//!
//! The last case of the shortest such prefix is necessary: it is kept, and the search goes on in what is before it. Relative
//! order stays, so chains in which A must run before B work. At each moment the scope and what is kept are known to
//! show it together, so the result always shows it, even where answers are not monotone because of cleaners; it
//! may then have a member too many, which the confirmation finds.
//!
//! With a cause late in the order each probe of a prefix costs nearly the whole suite. So when a prefix does not show it
//! and the expected saving is larger than the cost of asking, what comes *after* the prefix is tried without it: for
//! a single cause the search then costs about one suite in all. If that vanishes, something in the prefix is needed
//! too, and one check of whether a member suffices is saved.

use crate::minimise::frame::{Frame, Shown};
use crate::minimise::session::{Halt, Session};

/// How likely it is that what follows a prefix suffices without it.
const CHANCE_TO_DROP: f64 = 0.7;

/// A cut must have at least this share of the best cut's information to be preferred for its cost.
const WORTHWHILE: f64 = 0.9;

/// The last necessary case of a scope.
struct Last {
    /// Its place in the scope.
    place: usize,
    /// Where the scope still begins.
    start: usize,
    /// Whether it is known not to suffice.
    insufficient: bool,
}

/// A sequence of cases out of `scope`, in their order, that shows it. The whole scope must be known to show it.
pub(super) fn shortest(session: &mut Session<'_>, frame: &Frame, scope: Vec<u32>) -> Result<Vec<u32>, Halt> {
    let mut scope = suspects_first(session, frame, scope)?;
    let mut kept: Vec<u32> = Vec::new();
    let mut insufficient = true;
    while !scope.is_empty() {
        if !insufficient && session.ask(frame, &kept, 0.6)?.shows() {
            return Ok(kept);
        }
        let last = last_member(session, frame, &scope, &kept)?;
        kept.insert(0, scope[last.place]);
        insufficient = last.insufficient;
        scope.truncate(last.place);
        scope.drain(..last.start);
    }
    Ok(kept)
}

/// Where some cases are much more suspect than the rest and cost little, they are tried alone: a suspect set of a
/// hundred cheap cases is one probe of a second.
fn suspects_first(session: &mut Session<'_>, frame: &Frame, scope: Vec<u32>) -> Result<Vec<u32>, Halt> {
    let problem = session.problem;
    let total: f64 = scope.iter().map(|case| problem.weight(*case)).sum();
    let fair = total / scope.len().max(1) as f64;
    let suspects: Vec<u32> = scope.iter().copied().filter(|case| problem.weight(*case) > fair * 2.0).collect();
    let mass: f64 = suspects.iter().map(|case| problem.weight(*case)).sum::<f64>() / total.max(1e-9);
    let few = !suspects.is_empty() && suspects.len() * 4 <= scope.len();
    if few && mass >= 0.3 && session.ask(frame, &suspects, mass)?.shows() {
        return Ok(suspects);
    }
    Ok(scope)
}

fn last_member(session: &mut Session<'_>, frame: &Frame, scope: &[u32], kept: &[u32]) -> Result<Last, Halt> {
    let ladder = Ladder::new(session, scope);
    let (mut start, mut low, mut high) = (0, 0, scope.len());
    let mut insufficient = false;
    while high - low > 1 {
        let cut = ladder.best_cut(start, low, high);
        match ask_part(session, frame, &scope[start..cut], kept, ladder.chance(low, cut, high))? {
            Shown::Shows => high = cut,
            Shown::Vanishes => low = cut,
        }
        if low > start && high - low > 1 && !insufficient && ladder.is_worth_dropping(start, low, high) {
            match ask_part(session, frame, &scope[low..high], kept, CHANCE_TO_DROP)? {
                Shown::Shows => start = low,
                Shown::Vanishes => insufficient = true,
            }
        }
    }
    Ok(Last { place: high - 1, start, insufficient })
}

fn ask_part(session: &mut Session<'_>, frame: &Frame, part: &[u32], kept: &[u32], chance: f64) -> Result<Shown, Halt> {
    session.ask(frame, &[part, kept].concat(), chance)
}

/// Weights and costs of a scope, added up from its start.
struct Ladder {
    weights: Vec<f64>,
    seconds: Vec<f64>,
    overhead: f64,
}

impl Ladder {
    fn new(session: &Session<'_>, scope: &[u32]) -> Self {
        let problem = session.problem;
        Self {
            weights: sums(scope.iter().map(|case| problem.weight(*case))),
            seconds: sums(scope.iter().map(|case| problem.costs.seconds(*case))),
            overhead: problem.costs.overhead_seconds(),
        }
    }

    /// The chance that the last member, which lies in `low..high`, lies before `cut`.
    fn chance(&self, low: usize, cut: usize, high: usize) -> f64 {
        let part = |from: usize, to: usize| self.weights[to] - self.weights[from];
        (part(low, cut) / part(low, high)).clamp(0.0, 1.0)
    }

    fn cost(&self, from: usize, to: usize) -> f64 {
        self.overhead + self.seconds[to] - self.seconds[from]
    }

    /// The cut with the most information per second, among those that have nearly the most information.
    fn best_cut(&self, start: usize, low: usize, high: usize) -> usize {
        let information = |cut: usize| entropy(self.chance(low, cut, high));
        let most = (low + 1..high).map(information).fold(0.0, f64::max);
        let per_second = |cut: usize| information(cut) / self.cost(start, cut);
        (low + 1..high)
            .filter(|cut| information(*cut) >= WORTHWHILE * most)
            .max_by(|a, b| per_second(*a).total_cmp(&per_second(*b)))
            .unwrap_or(low.midpoint(high))
    }

    /// Whether asking what follows a prefix without it saves more than it costs: each of the probes to come would be
    /// spared the prefix.
    fn is_worth_dropping(&self, start: usize, low: usize, high: usize) -> bool {
        let probes_to_come = ((high - low) as f64).log2();
        let saved = CHANCE_TO_DROP * probes_to_come * (self.seconds[low] - self.seconds[start]);
        saved > self.cost(low, high)
    }
}

fn sums(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut total = 0.0;
    let running = values.map(|value| {
        total += value;
        total
    });
    std::iter::once(0.0).chain(running.collect::<Vec<f64>>()).collect()
}

/// The entropy of a yes or no, in bits.
pub(super) fn entropy(p: f64) -> f64 {
    if p <= 0.0 || p >= 1.0 { 0.0 } else { -p * p.log2() - (1.0 - p) * (1.0 - p).log2() }
}
