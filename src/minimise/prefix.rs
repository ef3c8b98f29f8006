//! The shortest prefix that shows it, found by halving, again and again.
//!
//! The last case of the shortest such prefix is necessary: it is kept, and the search goes on in what is before it.
//! Relative order stays, so chains in which A must run before B work. At each moment the scope and what is kept are
//! known to show it together, so the result always shows it, even where answers are not monotone because of cleaners;
//! it may then have a member too many, which the confirmation finds.
//!
//! With a cause late in the order each probe of a prefix costs nearly the whole suite. So when a prefix does not show
//! it and the expected saving is larger than the cost of asking, what comes *after* the prefix is tried without it,
//! and if it shows, later prefixes are left out unasked, up to a check: for a single cause the search then costs one
//! or two suites in all. If it vanishes, something in the prefix is needed too, and one check of whether a member
//! suffices is saved.

use crate::minimise::frame::{Frame, Shown, Sign};
use crate::minimise::session::{Halt, Session};
use crate::model::CaseIndex;

/// How likely it is that what follows a prefix suffices without it.
const CHANCE_TO_DROP: f64 = 0.7;

/// How many prefixes are left out on an assumption before it is checked.
const MOST_ASSUMED: u32 = 3;

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
pub(super) fn shortest(
    session: &mut Session<'_>,
    frame: &Frame,
    scope: Vec<CaseIndex>,
) -> Result<Vec<CaseIndex>, Halt> {
    let mut scope = suspects_first(session, frame, scope)?;
    let mut kept: Vec<CaseIndex> = Vec::new();
    let mut insufficient = true;
    while !scope.is_empty() {
        if !insufficient && session.ask(frame, &kept, 0.6)?.shows() {
            return Ok(kept);
        }
        let last = match walked(session, frame, &scope, &kept)? {
            Some(last) => last,
            None => last_member(session, frame, &scope, &kept)?,
        };
        kept.insert(0, scope[last.place]);
        insufficient = last.insufficient;
        scope.truncate(last.place);
        scope.drain(..last.start);
    }
    Ok(kept)
}

/// Where some cases are much more suspect than the rest and cost little, they are tried alone: a suspect set of a
/// hundred cheap cases is one probe of a second.
fn suspects_first(session: &mut Session<'_>, frame: &Frame, scope: Vec<CaseIndex>) -> Result<Vec<CaseIndex>, Halt> {
    let problem = session.problem;
    let total: f64 = scope.iter().map(|case| problem.weight(*case)).sum();
    let fair = total / scope.len().max(1) as f64;
    let suspects: Vec<CaseIndex> = scope.iter().copied().filter(|case| problem.weight(*case) > fair * 2.0).collect();
    let mass: f64 = suspects.iter().map(|case| problem.weight(*case)).sum::<f64>() / total.max(1e-9);
    let few = !suspects.is_empty() && suspects.len() * 4 <= scope.len();
    if few && mass >= 0.3 && session.ask(frame, &suspects, mass)?.shows() {
        return Ok(suspects);
    }
    Ok(scope)
}

/// The last member of the shortest prefix, where a walk tells it.
fn walked(
    session: &mut Session<'_>,
    frame: &Frame,
    scope: &[CaseIndex],
    kept: &[CaseIndex],
) -> Result<Option<Last>, Halt> {
    if frame.sign != Sign::Failing || !frame.head.is_empty() {
        return Ok(None);
    }
    let after = session.ask_walk(scope, kept)?;
    Ok(after.map(|after| Last { place: after - 1, start: 0, insufficient: false }))
}

fn last_member(
    session: &mut Session<'_>,
    frame: &Frame,
    scope: &[CaseIndex],
    kept: &[CaseIndex],
) -> Result<Last, Halt> {
    let mut halving = Halving::new(Ladder::new(session, scope), scope.len());
    while let Some(ask) = halving.next() {
        let (part, chance) = halving.part(ask);
        let shown = session.ask(frame, &[&scope[part], kept].concat(), chance)?;
        halving.learn(ask, shown);
    }
    Ok(halving.last())
}

/// The search for the last member.
struct Halving {
    ladder: Ladder,
    /// What is proven.
    known: Window,
    /// What is proven or assumed.
    trial: Window,
    /// How many prefixes have been left out on an assumption that is not proven yet.
    assumed: u32,
    dropping: Dropping,
}

/// Where the last member lies: with what is kept, `start..high` of the scope shows it and `start..low` does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    start: usize,
    low: usize,
    high: usize,
}

/// Whether what comes after a prefix does without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dropping {
    NotYet,
    /// It did once. From then on prefixes that vanish are left out on the assumption that they don't matter.
    Proven,
    /// It did not: something in the prefix is needed too.
    Refuted,
}

/// What to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ask {
    /// The prefix up to here.
    Prefix(usize),
    /// What comes after the prefix that vanished, without it.
    Rest,
    /// What is left on an assumption.
    Assumed,
}

impl Halving {
    fn new(ladder: Ladder, cases: usize) -> Self {
        let known = Window { start: 0, low: 0, high: cases };
        Self { ladder, known, trial: known, assumed: 0, dropping: Dropping::NotYet }
    }

    fn next(&self) -> Option<Ask> {
        let found = self.trial.high - self.trial.low <= 1;
        if self.assumed >= MOST_ASSUMED || (found && self.assumed > 0) {
            Some(Ask::Assumed)
        } else if found {
            None
        } else if self.dropping == Dropping::NotYet && self.ladder.is_worth_dropping(self.trial) {
            Some(Ask::Rest)
        } else {
            Some(Ask::Prefix(self.ladder.best_cut(self.trial)))
        }
    }

    /// The part of the scope that a question is about, and how likely it is to show it.
    fn part(&self, ask: Ask) -> (std::ops::Range<usize>, f64) {
        let Window { start, low, high } = self.trial;
        match ask {
            Ask::Prefix(cut) => (start..cut, self.ladder.chance(self.trial, cut)),
            Ask::Rest | Ask::Assumed => (low..high, CHANCE_TO_DROP),
        }
    }

    fn learn(&mut self, ask: Ask, shown: Shown) {
        match (ask, shown) {
            (Ask::Prefix(cut), Shown::Shows) => self.prove(Window { high: cut, ..self.trial }),
            (Ask::Prefix(cut), Shown::Vanishes) if self.dropping == Dropping::Proven => {
                self.trial = Window { start: cut, low: cut, ..self.trial };
                self.assumed += 1;
            }
            (Ask::Prefix(cut), Shown::Vanishes) => self.prove(Window { low: cut, ..self.trial }),
            (Ask::Rest | Ask::Assumed, Shown::Shows) => {
                self.dropping = Dropping::Proven;
                self.prove(Window { start: self.trial.low, ..self.trial });
            }
            (Ask::Rest | Ask::Assumed, Shown::Vanishes) => {
                self.dropping = Dropping::Refuted;
                self.prove(self.known);
            }
        }
    }

    fn prove(&mut self, window: Window) {
        self.known = window;
        self.trial = window;
        self.assumed = 0;
    }

    fn last(&self) -> Last {
        let insufficient = self.dropping == Dropping::Refuted;
        Last { place: self.known.high - 1, start: self.known.start, insufficient }
    }
}

/// Weights and costs of a scope, added up from its start.
struct Ladder {
    weights: Vec<f64>,
    seconds: Vec<f64>,
    overhead: f64,
}

impl Ladder {
    fn new(session: &Session<'_>, scope: &[CaseIndex]) -> Self {
        let problem = session.problem;
        Self {
            weights: sums(scope.iter().map(|case| problem.weight(*case))),
            seconds: sums(scope.iter().map(|case| problem.costs.seconds(*case))),
            overhead: problem.costs.overhead_seconds(),
        }
    }

    /// The chance that the last member lies before `cut`.
    fn chance(&self, window: Window, cut: usize) -> f64 {
        let part = |from: usize, to: usize| self.weights[to] - self.weights[from];
        (part(window.low, cut) / part(window.low, window.high)).clamp(0.0, 1.0)
    }

    fn cost(&self, from: usize, to: usize) -> f64 {
        self.overhead + self.seconds[to] - self.seconds[from]
    }

    /// The cut with the most information per second, among those that have nearly the most information.
    fn best_cut(&self, window: Window) -> usize {
        let cuts = window.low + 1..window.high;
        let information = |cut: usize| entropy(self.chance(window, cut));
        let most = cuts.clone().map(information).fold(0.0, f64::max);
        let per_second = |cut: usize| information(cut) / self.cost(window.start, cut);
        cuts.filter(|cut| information(*cut) >= WORTHWHILE * most)
            .max_by(|a, b| per_second(*a).total_cmp(&per_second(*b)))
            .unwrap_or(window.low.midpoint(window.high))
    }

    /// Whether asking what follows a prefix without it saves more than it costs: each of the probes to come would be
    /// spared the prefix.
    fn is_worth_dropping(&self, window: Window) -> bool {
        let probes_to_come = ((window.high - window.low) as f64).log2();
        let saved = CHANCE_TO_DROP * probes_to_come * (self.seconds[window.low] - self.seconds[window.start]);
        saved > self.cost(window.low, window.high)
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
