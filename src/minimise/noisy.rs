//! The search where it shows only sometimes.
//!
//! First a single cause is assumed, beside the hypothesis that several must come together: then any set of suspects
//! can be asked about, the likeliest first, and such sets are small and cheap. When sets keep vanishing, the
//! hypothesis of several wins, and the search goes by prefixes, as in `prefix.rs`, but with a posterior over where
//! the last member stands.

use crate::minimise::bayes::{Belief, Posterior, Worth};
use crate::minimise::frame::{Frame, Shown};
use crate::minimise::rates::Rates;
use crate::minimise::session::{Halt, Session};
use crate::model::CaseIndex;

/// How likely it is beforehand that several cases must come together.
const SEVERAL: f64 = 0.15;

/// How likely it is beforehand, with some members known, that they suffice.
const ENOUGH: f64 = 0.5;

/// How likely it is beforehand that an earlier step was wrong.
const LOST: f64 = 0.02;

/// From which belief on a hypothesis is taken for the answer; the confirmation follows.
const SURE: f64 = 0.98;

/// From which belief on the search goes by prefixes.
const GIVEN_UP: f64 = 0.6;

/// A cut must have at least this share of the best cut's information to be preferred for its cost.
const WORTHWHILE: f64 = 0.95;

/// A sequence out of `scope` that most likely shows it, or nothing if the answers fit no such sequence. The whole
/// scope must be known to show it at the rate in `rates`.
pub(super) fn likeliest(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    scope: Vec<CaseIndex>,
) -> Result<Option<Vec<CaseIndex>>, Halt> {
    if scope.len() <= 1 {
        return Ok(Some(scope).filter(|scope| !scope.is_empty()));
    }
    match single(session, frame, rates, &scope)? {
        Single::Found(case) => Ok(Some(vec![case])),
        Single::Several(scope) => several(session, frame, rates, scope),
    }
}

enum Single {
    Found(CaseIndex),
    /// Several cases out of this smaller scope.
    Several(Vec<CaseIndex>),
}

fn single(session: &mut Session<'_>, frame: &Frame, rates: &Rates, scope: &[CaseIndex]) -> Result<Single, Halt> {
    let n = scope.len();
    let mut sets = Sets::new(session, rates, scope);
    loop {
        let beliefs = sets.posterior.beliefs();
        let top = likeliest_of(&beliefs[..n]);
        if beliefs[top].mass >= SURE {
            return Ok(Single::Found(scope[top]));
        }
        if beliefs[n].mass >= GIVEN_UP {
            let mut shown = sets.shown;
            shown.sort_unstable();
            return Ok(Single::Several(shown.into_iter().map(|place| scope[place]).collect()));
        }
        let (mut set, chance) = sets.best_set(&beliefs);
        set.sort_unstable();
        let cases: Vec<CaseIndex> = set.iter().map(|place| scope[*place]).collect();
        let shown = session.ask(frame, &cases, chance)?;
        sets.learn(set, shown);
    }
}

/// The state of a search for a single cause. Hypothesis `n` is that several cases must come together.
struct Sets {
    posterior: Posterior,
    seconds: Vec<f64>,
    overhead: f64,
    /// The smallest set that has shown it: several members, if there are several, all lie in it.
    shown: Vec<usize>,
}

impl Sets {
    fn new(session: &Session<'_>, rates: &Rates, scope: &[CaseIndex]) -> Self {
        let problem = session.problem;
        let weights: Vec<f64> = scope.iter().map(|case| problem.weight(*case)).collect();
        let total: f64 = weights.iter().sum();
        let mut prior: Vec<f64> = weights.iter().map(|weight| weight / total * (1.0 - SEVERAL)).collect();
        prior.push(SEVERAL);
        Self {
            posterior: Posterior::new(&prior, rates.grid(), rates.absent_rate()),
            seconds: scope.iter().map(|case| problem.costs.seconds(*case)).collect(),
            overhead: problem.costs.overhead_seconds(),
            shown: (0..scope.len()).collect(),
        }
    }

    /// The set to ask about, and how likely it is to show it. The likeliest suspects come first, cheap ones
    /// before dear ones.
    fn best_set(&self, beliefs: &[Belief]) -> (Vec<usize>, f64) {
        let n = self.seconds.len();
        let mut ranked: Vec<usize> = (0..n).collect();
        ranked.sort_by(|a, b| {
            let by_mass = beliefs[*b].mass.total_cmp(&beliefs[*a].mass);
            by_mass.then_with(|| self.seconds[*a].total_cmp(&self.seconds[*b]))
        });
        let in_shown = self.membership();
        let (mut worth, mut covered, mut cost) = (Worth::of_nothing(self.posterior.absent()), 0, self.overhead);
        let cuts = ranked[..n - 1].iter().map(|place| {
            worth = worth.with(beliefs[*place], 1.0);
            covered += usize::from(in_shown[*place]);
            cost += self.seconds[*place];
            let both: Worth = worth.with(beliefs[n], self.reach_of_several(covered));
            Cut { bits: both.bits(), chance: both.chance(), cost }
        });
        let cuts: Vec<Cut> = cuts.collect();
        let best = best_cut(&cuts);
        ranked.truncate(best + 1);
        (ranked, cuts[best].chance)
    }

    fn learn(&mut self, set: Vec<usize>, shown: Shown) {
        let n = self.seconds.len();
        let mut inside = vec![false; n];
        set.iter().for_each(|place| inside[*place] = true);
        let several = self.reach_of_several(self.shown.iter().filter(|place| inside[**place]).count());
        let reach = |hypothesis: usize| match inside.get(hypothesis) {
            Some(true) => 1.0,
            Some(false) => 0.0,
            None => several,
        };
        self.posterior.learn(reach, shown);
        if shown.shows() && set.len() < self.shown.len() && self.posterior.absent() < 0.01 {
            self.shown = set;
        }
    }

    /// How likely a set has two cases that must come together, if it has so many of those among which both are.
    fn reach_of_several(&self, covered: usize) -> f64 {
        let pairs = |cases: usize| (cases * cases.saturating_sub(1)) as f64;
        if self.shown.len() < 2 { 0.0 } else { pairs(covered) / pairs(self.shown.len()) }
    }

    fn membership(&self) -> Vec<bool> {
        let mut member = vec![false; self.seconds.len()];
        self.shown.iter().for_each(|place| member[*place] = true);
        member
    }
}

fn several(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    mut scope: Vec<CaseIndex>,
) -> Result<Option<Vec<CaseIndex>>, Halt> {
    let mut kept: Vec<CaseIndex> = Vec::new();
    loop {
        match last_member(session, frame, rates, &scope, &kept)? {
            Last::At(place) => {
                kept.insert(0, scope[place]);
                scope.truncate(place);
            }
            Last::Enough => return Ok(Some(kept)),
            Last::Lost => return Ok(None),
        }
    }
}

enum Last {
    /// The last member that is still missing stands here.
    At(usize),
    /// What is kept suffices.
    Enough,
    /// The answers fit neither.
    Lost,
}

/// Hypotheses `0..n` are places in the scope; `n` is that what is kept suffices, `n + 1` that the search is lost.
fn last_member(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    scope: &[CaseIndex],
    kept: &[CaseIndex],
) -> Result<Last, Halt> {
    let n = scope.len();
    let problem = session.problem;
    let mut posterior = Posterior::new(&places_prior(session, scope, kept), rates.grid(), rates.absent_rate());
    loop {
        let beliefs = posterior.beliefs();
        let top = likeliest_of(&beliefs);
        if beliefs[top].mass >= SURE {
            return Ok(if top < n {
                Last::At(top)
            } else if top == n {
                Last::Enough
            } else {
                Last::Lost
            });
        }
        let mut worth = Worth::of_nothing(posterior.absent()).with(beliefs[n], 1.0);
        let mut cost = problem.costs.overhead_seconds();
        let mut cuts = vec![Cut { bits: worth.bits(), chance: worth.chance(), cost }];
        cuts.extend(scope.iter().zip(&beliefs).map(|(case, belief)| {
            worth = worth.with(*belief, 1.0);
            cost += problem.costs.seconds(*case);
            Cut { bits: worth.bits(), chance: worth.chance(), cost }
        }));
        let cut = best_cut(&cuts);
        let shown = session.ask(frame, &[&scope[..cut], kept].concat(), cuts[cut].chance)?;
        let reach = |hypothesis: usize| f64::from(u8::from(hypothesis < cut || hypothesis == n));
        posterior.learn(reach, shown);
    }
}

fn places_prior(session: &Session<'_>, scope: &[CaseIndex], kept: &[CaseIndex]) -> Vec<f64> {
    let enough = if kept.is_empty() { 0.0 } else { ENOUGH };
    let total: f64 = scope.iter().map(|case| session.problem.weight(*case)).sum();
    let places = scope.iter().map(|case| session.problem.weight(*case) / total * (1.0 - enough - LOST));
    places.chain([enough, LOST]).collect()
}

/// A question that could be asked.
struct Cut {
    bits: f64,
    chance: f64,
    cost: f64,
}

/// The cut with the most information per second, among those that have nearly the most information.
fn best_cut(cuts: &[Cut]) -> usize {
    let most = cuts.iter().map(|cut| cut.bits).fold(0.0, f64::max);
    let enough = |cut: &Cut| cut.bits >= WORTHWHILE * most;
    let per_second = |cut: &Cut| if enough(cut) { cut.bits / cut.cost } else { -1.0 };
    let best = (0..cuts.len()).max_by(|a, b| per_second(&cuts[*a]).total_cmp(&per_second(&cuts[*b])));
    best.unwrap_or(0)
}

fn likeliest_of(beliefs: &[Belief]) -> usize {
    (0..beliefs.len()).max_by(|a, b| beliefs[*a].mass.total_cmp(&beliefs[*b].mass)).unwrap_or(0)
}
