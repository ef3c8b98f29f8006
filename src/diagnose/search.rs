//! The search for the smallest order that shows a suspect's failure, within the suspect's share of the time.

use super::examine::{Depth, Examiner};
use crate::diagnose::DiagnoseError;
use crate::diagnose::suspects::{Suspect, problem};
use crate::engine::Stopped;
use crate::minimise::{Conclusion, Limits, Minimised, Phase, Question, Reply, Search, Step};
use crate::model::{CaseIndex, OutcomeKind};
use std::time::Duration;

/// The most time that a search takes where nobody says.
const SEARCH_TIME: Duration = Duration::from_secs(120);

/// From how many cases on an order is walked rather than halved.
const WALKED: usize = 16;

/// The share of the time that the first pass over the suspects may take.
const FIRST_PASS: f64 = 0.5;

/// The share of what is left that a suspect may take in a later pass.
const LATER_TURN: f64 = 0.6;

impl Examiner<'_> {
    /// What one of so many suspects may spend. The first pass gives each an even share of half of the time, for what is
    /// cheap. Of the rest, a suspect may take most: to examine some to the end is worth more than to begin with all.
    pub(super) fn share(&self, waiting: usize, pass: usize) -> Limits {
        let usual = self.limits.unwrap_or(Limits { time: SEARCH_TIME, ..Limits::default() });
        let now = self.prober.log.now();
        let left = self.deadlines.diagnosis.map(|until| until.saturating_duration_since(now));
        let even = 1.0 / waiting.max(1) as f64;
        let part = if pass == 0 && waiting > 1 { even * FIRST_PASS } else { even.max(LATER_TURN) };
        let share = left.map(|left| left.mul_f64(part));
        Limits { time: share.map_or(usual.time, |share| share.min(usual.time)), ..usual }
    }

    /// Runs the search to its end or to the limits; nothing if the engine was stopped.
    pub(super) fn search(
        &mut self,
        suspect: &Suspect,
        limits: Limits,
        depth: Depth,
    ) -> Result<Option<Minimised>, DiagnoseError> {
        let mut search = match self.chart.open.remove(&suspect.case) {
            Some((search, spent)) => search.with_limits(Limits { time: spent + limits.time, ..limits }),
            None => self.begin_search(suspect, limits),
        };
        // What was asked to explain it is evidence as well: that it failed alone then is not forgotten.
        for (order, reply) in self.prober.asked.drain(..) {
            search.record(order, reply);
        }
        // Whoever watches need not wait until all is known, and a run that ends early keeps what it has.
        let mut told = self.chart.told_of.contains(&suspect.case);
        loop {
            match search.step(self.setting.jobs) {
                Step::Done(found) => {
                    self.chart.open.insert(suspect.case, (search, found.took));
                    return Ok(Some(found));
                }
                Step::Ask(questions) => {
                    let is_beyond =
                        |question: &Question| matches!(question.phase, Phase::Alternatives | Phase::Cleaners);
                    if !told && questions.first().is_some_and(is_beyond) {
                        told = true;
                        if let Some(found) = search.found() {
                            self.chart.told_of.insert(suspect.case);
                            self.conclude(suspect, &found, &[])?;
                            if depth == Depth::First {
                                self.chart.open.insert(suspect.case, (search, found.took));
                                return Ok(Some(found));
                            }
                        }
                    }
                    let replies = self.prober.put(&questions)?;
                    for (question, reply) in questions.into_iter().zip(replies) {
                        if let Some(reply) = reply {
                            search.learn(question, reply);
                        }
                    }
                    if self.prober.stopped != Stopped::Not {
                        self.chart.open.insert(suspect.case, (search, Duration::ZERO));
                        return Ok(None);
                    }
                }
            }
        }
    }

    pub(super) fn begin_search(&self, suspect: &Suspect, limits: Limits) -> Search {
        let sequences = self.chart.found.iter().flat_map(|(_, found)| found.sequences());
        let hypotheses: Vec<Vec<CaseIndex>> = sequences.map(|sequence| sequence.members.clone()).collect();
        let mut problem = problem(self.record, suspect, &hypotheses);
        problem.walks_from = self.walks_from(suspect);
        let mut search = Search::new(problem, limits);
        for (order, answer) in suspect.known_probes(self.record) {
            search.record(order, Reply::new(answer, Duration::ZERO));
        }
        search
    }

    /// The same with what explains those failures of the run that these sequences leave unexplained; incomplete where
    /// some stay so.
    pub(super) fn with_every_failure(
        &mut self,
        suspect: &Suspect,
        mut found: Minimised,
        waiting: usize,
        pass: usize,
    ) -> Result<Minimised, DiagnoseError> {
        let mut tried: Vec<Vec<CaseIndex>> = vec![suspect.before.clone()];
        while let Some(before) =
            suspect.unexplained(self.record, &found).into_iter().find(|order| !tried.contains(order))
        {
            found.set_complete(false);
            // Each of these searches has its share of what is left by then.
            let limits = self.share(waiting, pass);
            if tried.len() > limits.sequences as usize || self.prober.stopped != Stopped::Not {
                break;
            }
            tried.push(before.clone());
            let again = Suspect { before, ..suspect.clone() };
            let search = self.begin_search(&again, limits);
            self.chart.open.insert(suspect.case, (search, Duration::ZERO));
            let more = self.search(&again, limits, Depth::Whole)?;
            self.chart.open.remove(&suspect.case);
            let Some(more) = more else { break };
            let is_all = matches!(more.conclusion, Conclusion::Confirmed { complete: true, .. });
            found.add(more);
            if suspect.unexplained(self.record, &found).is_empty() {
                found.set_complete(is_all);
            }
        }
        Ok(found)
    }

    /// From how many cases on an order is walked. A suspect that ends its process, or does not end, can't be tried in a
    /// fork on the way.
    fn walks_from(&self, suspect: &Suspect) -> Option<usize> {
        let fails = matches!(suspect.failure.outcome.kind(), OutcomeKind::Failed | OutcomeKind::Errored);
        (self.setting.subject.forks() && fails).then_some(WALKED)
    }
}
