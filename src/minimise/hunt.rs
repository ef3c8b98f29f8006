//! The whole search, step by step.

use crate::minimise::alternatives::alternatives;
use crate::minimise::cleaners::cleaners;
use crate::minimise::confirm::ALIKE;
use crate::minimise::confirmed::{Confirmation, confirm, find_confirmed};
use crate::minimise::frame::Untold;
use crate::minimise::frame::{Frame, Shown};
use crate::minimise::prefix::shortest;
use crate::minimise::rates::Rates;
use crate::minimise::reproduce::{Reproduced, reproduce};
use crate::minimise::session::{Halt, Live, Session, Source};
use crate::minimise::{Conclusion, Limit, Limits, Minimised, Oracle, Phase, Problem, Question, Role, Sequence};
use crate::model::CaseIndex;
use crate::model::statistics::{Tally, fisher_one_sided};

/// How likely a difference between two equal rates is to be taken for a real one, after a search that led nowhere.
const CHANCE: f64 = 0.001;

/// How often a case passes alone before evidence is followed that others make it fail.
const ALONE: u32 = 3;

/// How many sequences that were found for other suspects are tried first.
const HYPOTHESES: usize = 3;

/// Shrinks a problem with an oracle that answers at once.
pub fn minimise<O: Oracle + ?Sized>(problem: &Problem, limits: Limits, oracle: &mut O) -> Minimised {
    hunt(problem, limits, &mut Live(oracle)).expect("an oracle that answers at once leaves no question open")
}

/// Runs the search as far as there are answers: to its end, or to the first question that is open.
pub(super) fn hunt(problem: &Problem, limits: Limits, source: &mut dyn Source) -> Result<Minimised, Question> {
    let mut session = Session::new(problem, limits, source);
    match conclude(&mut session) {
        Ok(Conclusion::Unexplained { .. }) if is_chance(&session) => Ok(session.conclude(Conclusion::Intermittent)),
        Ok(conclusion) => Ok(session.conclude(conclusion)),
        Err(Halt::Limit(_)) if is_chance(&session) => Ok(session.conclude(Conclusion::Intermittent)),
        Err(Halt::Limit(by)) => {
            let best = session.best.take();
            Ok(session.conclude(Conclusion::Exhausted { by, best }))
        }
        Err(Halt::Untold(Untold { why })) => Ok(session.conclude(Conclusion::Untold { why })),
        Err(Halt::Pending(question)) => Err(question),
    }
}

/// The end of a search that comes to no more answers: as if time had ended it at its first open question.
pub(super) fn ended_here(problem: &Problem, limits: Limits, source: &mut dyn Source) -> Minimised {
    let mut session = Session::new(problem, limits, source);
    let by = match conclude(&mut session) {
        Ok(conclusion) => return session.conclude(conclusion),
        Err(Halt::Untold(Untold { why })) => return session.conclude(Conclusion::Untold { why }),
        Err(Halt::Limit(by)) => by,
        Err(Halt::Pending(_)) => Limit::Time,
    };
    if let Some((role, sequence)) = session.found.take() {
        let (sequences, cleaners) = (vec![sequence], Vec::new());
        return session.conclude(Conclusion::Confirmed { role, sequences, complete: false, cleaners });
    }
    let best = session.best.take();
    session.conclude(Conclusion::Exhausted { by, best })
}

/// What was confirmed first, as far as there are answers.
pub(super) fn first_found(problem: &Problem, limits: Limits, source: &mut dyn Source) -> Option<Minimised> {
    let mut session = Session::new(problem, limits, source);
    // How far it comes does not matter here.
    let _ = conclude(&mut session);
    let (role, sequence) = session.found.take()?;
    let (sequences, cleaners) = (vec![sequence], Vec::new());
    Some(session.conclude(Conclusion::Confirmed { role, sequences, complete: false, cleaners }))
}

/// Whether the order makes no difference, all in all. That it does was concluded from few runs, and a coin agrees with
/// itself three times now and then; a search that led nowhere has since seen more. Where all runs still agree, it is the
/// search that failed.
fn is_chance(session: &Session<'_>) -> bool {
    let (in_order, alone) = (session.in_order, session.alone);
    let agree = |tally: Tally| tally.failures() == 0 || tally.all_failed();
    if in_order.trials() == 0 || alone.trials() == 0 || (agree(in_order) && agree(alone)) {
        return false;
    }
    fisher_one_sided(in_order, alone).min(fisher_one_sided(alone, in_order)) > CHANCE
}

fn conclude(session: &mut Session<'_>) -> Result<Conclusion, Halt> {
    if let Some((role, first, rates)) = by_evidence(session)? {
        return with_more(session, &Frame::plain(role), &rates, role, first);
    }
    let (role, rates) = match reproduce(session)? {
        // Nobody ran before it: the order and alone are the same thing, and what differs is chance.
        Reproduced::As(..) if session.problem.before.is_empty() => return Ok(Conclusion::Intermittent),
        Reproduced::As(role, rates) => (role, rates),
        Reproduced::Not => return Ok(Conclusion::DoesNotReproduce),
        Reproduced::Always => return Ok(Conclusion::FailsAlways),
        Reproduced::Alike => return Ok(Conclusion::Intermittent),
    };
    let frame = Frame::plain(role);
    session.phase = Phase::Search;
    session.best = None;
    let Some(first) = find_first(session, &frame, &rates)? else {
        let best = session.best.take().unwrap_or_else(|| session.problem.before.clone());
        return Ok(Conclusion::Unexplained { role, best });
    };
    with_more(session, &frame, &rates, role, first)
}

fn with_more(
    session: &mut Session<'_>,
    frame: &Frame,
    rates: &Rates,
    role: Role,
    first: Sequence,
) -> Result<Conclusion, Halt> {
    session.found = Some((role, first.clone()));
    let after = frame.sign.showings(first.with_all);
    let mut more = More { sequences: vec![first], complete: false, cleaners: Vec::new() };
    match more.look(session, frame, rates, role) {
        // What was confirmed by then stays confirmed; only "complete" can't be said.
        Ok(()) | Err(Halt::Limit(_) | Halt::Untold(_)) => {}
        Err(pending @ Halt::Pending(_)) => return Err(pending),
    }
    // The first was confirmed against a suspect that had never shown alone. It may have since: then all of that counts.
    let alone = frame.sign.showings(session.alone);
    if rates.are_certain() && alone.failures() > 0 && fisher_one_sided(after, alone) > ALIKE {
        session.found = None;
        let best = more.sequences.into_iter().next().map(|sequence| sequence.members).unwrap_or_default();
        return Ok(Conclusion::Unexplained { role, best });
    }
    Ok(Conclusion::Confirmed { role, sequences: more.sequences, complete: more.complete, cleaners: more.cleaners })
}

/// A first sequence without runs of the whole order first: found by what cases left behind, by what the recorded rounds
/// accuse, or by a walk, and then confirmed. That it shows after these and not without them is the proof, so runs of the
/// whole order would add none.
fn by_evidence(session: &mut Session<'_>) -> Result<Option<(Role, Sequence, Rates)>, Halt> {
    let problem = session.problem;
    let has_evidence = !problem.leads.is_empty() || problem.walks_from.is_some() || problem.is_recorded;
    if problem.before.is_empty() || !has_evidence {
        return Ok(None);
    }
    let Some(role) = role_alone(session)? else { return Ok(None) };
    let frame = Frame::plain(role);
    let rates = Rates { present: Tally::new(1, 1), absent: frame.sign.showings(session.alone) };
    session.phase = Phase::Search;
    let mut candidates = None;
    let mut hypotheses: Vec<&Vec<CaseIndex>> = problem.hypotheses.iter().take(HYPOTHESES).collect();
    hypotheses.push(&problem.leads);
    for members in hypotheses {
        let fits = !members.is_empty() && !members.contains(&problem.suspect);
        if fits && session.ask(&frame, members, 0.7)?.shows() {
            candidates = Some(shortest(session, &frame, members.clone())?);
            break;
        }
    }
    if candidates.is_none()
        && role == Role::Victim
        && let Some(after) = session.ask_walk(&problem.before, &[])?
    {
        let last = problem.before[after - 1];
        candidates = match session.ask(&frame, &[last], 0.7)? {
            Shown::Shows => Some(vec![last]),
            // The same walk is answered at once, and the search goes on before its end.
            Shown::Vanishes => Some(shortest(session, &frame, problem.before.clone())?),
        };
    } else if candidates.is_none() && problem.is_recorded {
        // It was seen in this order, and never alone: the order is halved at once. If it was chance, the confirmation
        // finds out for the price of a few short runs.
        let accused = if problem.accused.is_empty() { &problem.before } else { &problem.accused };
        candidates = Some(shortest(session, &frame, accused.clone())?);
    }
    let Some(candidates) = candidates.filter(|members| !members.is_empty()) else {
        session.phase = Phase::Reproduce;
        return Ok(None);
    };
    match confirm(session, &frame, &rates, candidates)? {
        Confirmation::Minimal(sequence) => Ok(Some((role, sequence, rates.as_seen_by(session, &frame)))),
        Confirmation::Refuted(_) => {
            session.phase = Phase::Reproduce;
            Ok(None)
        }
    }
}

/// What the suspect can be by how it ends alone; nothing where it does not always end alike.
fn role_alone(session: &mut Session<'_>) -> Result<Option<Role>, Halt> {
    let frame = Frame::plain(Role::Victim);
    while session.alone.trials() < ALONE {
        session.ask_alone(&frame, 0.1)?;
        // What fails alone is looked into only where it was seen to pass in an order.
        if session.alone.failures() > 0 && !(session.problem.is_recorded && session.alone.all_failed()) {
            return Ok(None);
        }
    }
    Ok(Some(if session.alone.failures() == 0 { Role::Victim } else { Role::Brittle }))
}

/// What is looked for once a first sequence is confirmed.
struct More {
    sequences: Vec<Sequence>,
    complete: bool,
    cleaners: Vec<CaseIndex>,
}

impl More {
    fn look(&mut self, session: &mut Session<'_>, frame: &Frame, rates: &Rates, role: Role) -> Result<(), Halt> {
        session.phase = Phase::Alternatives;
        let problem = session.problem;
        let complete = alternatives(session, frame, rates, &mut self.sequences, (&problem.before, &[]))?;
        if role == Role::Victim && session.limits.cleaners > 0 {
            session.phase = Phase::Cleaners;
            self.cleaners = cleaners(session, rates, &self.sequences)?;
        }
        let hiding = self.cleaners.iter().any(|cleaner| session.problem.before.contains(cleaner));
        session.phase = Phase::Alternatives;
        // A cleaner in the order can hide a polluter before it.
        let hidden = (problem.before.as_slice(), self.cleaners.as_slice());
        let complete = complete && (!hiding || alternatives(session, frame, rates, &mut self.sequences, hidden)?);
        self.complete = complete && self.beyond_the_order(session, frame, rates)?;
        Ok(())
    }

    /// What cases that did not run before it do: all the others before it, in one order and in the other. True where
    /// that shows nothing more, or where nobody knows the others.
    fn beyond_the_order(&mut self, session: &mut Session<'_>, frame: &Frame, rates: &Rates) -> Result<bool, Halt> {
        let problem = session.problem;
        if problem.others.is_empty() || !rates.are_certain() {
            return Ok(true);
        }
        let mut everything: Vec<CaseIndex> = problem.before.iter().chain(&problem.others).copied().collect();
        let mut complete = true;
        for _ in 0..2 {
            let scope = (everything.as_slice(), self.cleaners.as_slice());
            complete &= alternatives(session, frame, rates, &mut self.sequences, scope)?;
            everything.reverse();
        }
        Ok(complete)
    }
}

fn find_first(session: &mut Session<'_>, frame: &Frame, rates: &Rates) -> Result<Option<Sequence>, Halt> {
    let problem = session.problem;
    for hypothesis in problem.hypotheses.iter().filter(|members| !members.is_empty()).take(HYPOTHESES) {
        if hypothesis.contains(&problem.suspect) {
            continue;
        }
        let shown = session.ask_until_shown(frame, hypothesis, rates.runs_to_miss(), 0.7)?;
        if shown.shows()
            && let Confirmation::Minimal(sequence) = confirm(session, frame, rates, hypothesis.clone())?
        {
            return Ok(Some(sequence));
        }
    }
    find_confirmed(session, frame, rates, problem.before.clone())
}
