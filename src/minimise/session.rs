//! The one place where questions are asked: it counts them, keeps to the limits, and repeats what was unsure.

use crate::minimise::frame::{Frame, Shown, Sign, Untold};
use crate::minimise::{
    Answer, Conclusion, Limit, Limits, Minimised, Oracle, Phase, Probes, Problem, Question, Reply, Role, Sequence,
};
use crate::model::CaseIndex;
use crate::model::statistics::Tally;
use std::time::Duration;

/// Why a search does not go on at this point.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Halt {
    /// An answer is not there yet.
    Pending(Question),
    /// A limit was reached.
    Limit(Limit),
    /// How the suspect ends where it must be known can't be told.
    Untold(Untold),
}

/// Where answers come from.
pub(super) trait Source {
    /// The answer to a question, if there is one yet.
    fn reply(&mut self, question: &Question) -> Option<Reply>;
}

/// Answers straight from an oracle.
pub(super) struct Live<'a, O: ?Sized>(pub &'a mut O);

impl<O: Oracle + ?Sized> Source for Live<'_, O> {
    fn reply(&mut self, question: &Question) -> Option<Reply> {
        Some(self.0.probe(question))
    }
}

/// A search under way.
pub(super) struct Session<'a> {
    pub problem: &'a Problem,
    pub limits: Limits,
    pub phase: Phase,
    pub in_order: Tally,
    pub alone: Tally,
    pub best: Option<Vec<CaseIndex>>,
    /// The first sequence that was confirmed.
    pub found: Option<(Role, Sequence)>,
    /// How many claims were looked into by pairs of runs.
    pub compared: u32,
    source: &'a mut dyn Source,
    probes: Probes,
    unsure: u32,
    took: Duration,
}

impl<'a> Session<'a> {
    pub fn new(problem: &'a Problem, limits: Limits, source: &'a mut dyn Source) -> Self {
        Self {
            problem,
            limits,
            phase: Phase::Reproduce,
            in_order: Tally::default(),
            alone: Tally::default(),
            best: None,
            found: None,
            compared: 0,
            source,
            probes: Probes::default(),
            unsure: 0,
            took: Duration::ZERO,
        }
    }

    /// Runs `cases` within a frame. `chance` is how likely it is to show. What can't be told guides the search as if it
    /// were not shown: no claim rests on it.
    pub fn ask(&mut self, frame: &Frame, cases: &[CaseIndex], chance: f64) -> Result<Shown, Halt> {
        Ok(self.told(frame, cases, chance)?.unwrap_or(Shown::Vanishes))
    }

    /// The same, and why it can't be told where it can't be, asked twice.
    pub fn told(&mut self, frame: &Frame, cases: &[CaseIndex], chance: f64) -> Result<Result<Shown, Untold>, Halt> {
        let mut order = Vec::with_capacity(frame.head.len() + cases.len() + 1);
        order.extend_from_slice(&frame.head);
        order.extend_from_slice(cases);
        order.push(self.problem.suspect);
        let question = Question { order, phase: self.phase, chance: frame.sign.turned(chance), walk: None };
        let mut untold = Untold::default();
        for _ in 0..2 {
            match frame.sign.read(&self.reply(&question)?.answer) {
                Ok(shown) => {
                    self.remember(frame, cases, shown);
                    return Ok(Ok(shown));
                }
                Err(unsure) => untold = unsure,
            }
        }
        self.unsure += 1;
        Ok(Err(untold))
    }

    /// After how many of some cases what was kept and the suspect begin to fail; nothing where that can't be told.
    pub fn ask_walk(&mut self, scope: &[CaseIndex], kept: &[CaseIndex]) -> Result<Option<usize>, Halt> {
        let Some(from) = self.problem.walks_from else { return Ok(None) };
        if scope.len() < from {
            return Ok(None);
        }
        let order = scope.iter().chain(kept).copied().chain([self.problem.suspect]).collect();
        let question = Question { order, phase: self.phase, chance: 0.9, walk: Some(scope.len()) };
        let reply = self.reply(&question)?;
        Ok(reply.after.filter(|after| reply.answer == Answer::Fails && (1..=scope.len()).contains(after)))
    }

    /// Asks the same several times at most, until it shows.
    pub fn ask_until_shown(
        &mut self,
        frame: &Frame,
        cases: &[CaseIndex],
        times: u32,
        chance: f64,
    ) -> Result<Shown, Halt> {
        for _ in 0..times {
            if self.ask(frame, cases, chance)?.shows() {
                return Ok(Shown::Shows);
            }
        }
        Ok(Shown::Vanishes)
    }

    /// Runs the suspect alone, and counts it. What it does alone is what every claim is compared with: where that can't be
    /// told, the search ends.
    pub fn ask_alone(&mut self, frame: &Frame, chance: f64) -> Result<Shown, Halt> {
        let plain = Frame { head: Vec::new(), sign: frame.sign };
        let shown = self.told(&plain, &[], chance)?.map_err(|untold| Halt::Untold(untold.seen("alone")))?;
        count(&mut self.alone, frame.sign, shown);
        Ok(shown)
    }

    /// Runs the whole order, and counts it; the search ends where that can't be told.
    pub fn ask_in_order(&mut self, frame: &Frame, chance: f64) -> Result<Shown, Halt> {
        let problem = self.problem;
        let shown = self.told(frame, &problem.before, chance)?;
        let shown = shown.map_err(|untold| Halt::Untold(untold.seen("in the order of the failure")))?;
        count(&mut self.in_order, frame.sign, shown);
        Ok(shown)
    }

    /// The end of the search.
    pub fn conclude(&self, conclusion: Conclusion) -> Minimised {
        Minimised {
            suspect: self.problem.suspect,
            in_order: self.in_order,
            alone: self.alone,
            conclusion,
            probes: self.probes,
            unsure: self.unsure,
            took: self.took,
        }
    }

    fn reply(&mut self, question: &Question) -> Result<Reply, Halt> {
        if self.probes.total() >= self.limits.probes {
            return Err(Halt::Limit(Limit::Probes));
        }
        if self.took >= self.limits.time {
            return Err(Halt::Limit(Limit::Time));
        }
        let Some(reply) = self.source.reply(question) else {
            return Err(Halt::Pending(question.clone()));
        };
        self.probes.count(question.phase);
        self.took += reply.took;
        Ok(reply)
    }

    fn remember(&mut self, frame: &Frame, cases: &[CaseIndex], shown: Shown) {
        let shorter = self.best.as_ref().is_none_or(|best| cases.len() < best.len());
        if shown.shows() && frame.head.is_empty() && !cases.is_empty() && shorter {
            self.best = Some(cases.to_vec());
        }
    }
}

/// Counts what was seen as the suspect's failures.
pub(super) fn count(tally: &mut Tally, sign: Sign, shown: Shown) {
    match (sign, shown) {
        (Sign::Failing, Shown::Shows) | (Sign::Passing, Shown::Vanishes) => tally.failed(),
        (Sign::Failing, Shown::Vanishes) | (Sign::Passing, Shown::Shows) => tally.passed(),
    }
}
