//! The search turned inside out: it hands out questions and takes answers.
//!
//! # Rationale
//!
//! The search is written as plain code that asks and goes on. It draws no random numbers and reads no clock, so it is
//! a function of the answers. A [`Search`] keeps the answers and runs that function over them until it meets a
//! question without one. So it can be stopped and resumed from a journal of orders and replies, several probes can be
//! under way, and there is no second implementation that could differ. What comes *after* an open question is found
//! by assuming either answer: the likeliest of these questions are worth running ahead of time.

use crate::minimise::hunt::{ended_here, first_found, hunt};
use crate::minimise::session::Source;
use crate::minimise::{Answer, Limits, Minimised, Problem, Question, Reply};
use crate::model::CaseIndex;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// A search that can wait, and be written down, between any two probes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    problem: Problem,
    limits: Limits,
    /// What was answered, order by order.
    replies: Vec<(Vec<CaseIndex>, Vec<Reply>)>,
    /// What walks came to.
    #[serde(default)]
    walks: Vec<(Vec<CaseIndex>, usize, Reply)>,
}

/// What a search wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Answers. The first question must be answered for the search to go on; the others are likely to be asked next.
    /// None of them depends on another one's having run.
    Ask(Vec<Question>),
    /// Nothing: this is the result.
    Done(Minimised),
}

impl Search {
    /// A search that has asked nothing yet.
    pub fn new(problem: Problem, limits: Limits) -> Self {
        Self { problem, limits, replies: Vec::new(), walks: Vec::new() }
    }

    /// The same search with other limits: larger ones let it go on where it stopped.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What is being minimised.
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Takes the reply to a question, by its order. Replies may come in any order, and for questions that are not
    /// asked in the end: those are kept, and cost nothing.
    pub fn record(&mut self, order: Vec<CaseIndex>, reply: Reply) {
        match self.replies.binary_search_by(|(known, _)| known.cmp(&order)) {
            Ok(place) => self.replies[place].1.push(reply),
            Err(place) => self.replies.insert(place, (order, vec![reply])),
        }
    }

    /// Takes the reply to a question, whichever kind it is of.
    pub fn learn(&mut self, question: Question, reply: Reply) {
        match question.walk {
            None => self.record(question.order, reply),
            Some(length) => self.walks.push((question.order, length, reply)),
        }
    }

    /// What to do next, with at most `width` questions (at least one), likeliest first.
    pub fn step(&self, width: usize) -> Step {
        match self.run(&[]) {
            Ok(result) => Step::Done(result),
            Err(first) => Step::Ask(self.ahead(first, width)),
        }
    }

    /// What was confirmed already, while the search goes on for what else there is.
    pub fn found(&self) -> Option<Minimised> {
        first_found(&self.problem, self.limits, &mut Replay { search: self, assumed: &[], used: BTreeMap::new() })
    }

    /// How far it came, as the result of a search that time ended.
    pub fn so_far(&self) -> Minimised {
        ended_here(&self.problem, self.limits, &mut Replay { search: self, assumed: &[], used: BTreeMap::new() })
    }

    /// Best-first through the tree of assumed answers.
    fn ahead(&self, first: Question, width: usize) -> Vec<Question> {
        let mut wanted: Vec<Question> = Vec::new();
        let mut slots: BTreeSet<(Vec<CaseIndex>, usize)> = BTreeSet::new();
        let mut open = vec![Branch { assumed: Vec::new(), chance: 1.0, question: first }];
        let mut looked_at = 0;
        while wanted.len() < width.max(1) && looked_at < width * 4 {
            looked_at += 1;
            let best = (0..open.len()).max_by(|a, b| open[*a].chance.total_cmp(&open[*b].chance));
            let Some(branch) = best.map(|best| open.swap_remove(best)) else {
                break;
            };
            let nth = branch.assumed.iter().filter(|(order, _)| *order == branch.question.order).count();
            if slots.insert((branch.question.order.clone(), nth)) {
                wanted.push(branch.question.clone());
            }
            if wanted.len() < width {
                open.extend(branch.answered().filter_map(|(assumed, chance)| {
                    let question = self.run(&assumed).err()?;
                    Some(Branch { assumed, chance, question })
                }));
            }
        }
        wanted
    }

    fn run(&self, assumed: &[(Vec<CaseIndex>, Answer)]) -> Result<Minimised, Question> {
        let mut replay = Replay { search: self, assumed, used: BTreeMap::new() };
        hunt(&self.problem, self.limits, &mut replay)
    }
}

/// A way on that answers which are not there yet may take.
struct Branch {
    assumed: Vec<(Vec<CaseIndex>, Answer)>,
    chance: f64,
    question: Question,
}

impl Branch {
    /// Both ways on from here.
    fn answered(&self) -> impl Iterator<Item = (Vec<(Vec<CaseIndex>, Answer)>, f64)> {
        let fails = self.question.chance.clamp(0.01, 0.99);
        [(Answer::Fails, fails), (Answer::Passes, 1.0 - fails)].into_iter().map(|(answer, share)| {
            let mut assumed = self.assumed.clone();
            assumed.push((self.question.order.clone(), answer));
            (assumed, self.chance * share)
        })
    }
}

/// Recorded replies, each used once, then assumed ones.
struct Replay<'a> {
    search: &'a Search,
    assumed: &'a [(Vec<CaseIndex>, Answer)],
    used: BTreeMap<Vec<CaseIndex>, usize>,
}

impl Source for Replay<'_> {
    fn reply(&mut self, question: &Question) -> Option<Reply> {
        if let Some(length) = question.walk {
            let mut walks = self.search.walks.iter();
            return walks.find(|(order, of, _)| *of == length && *order == question.order).map(|walk| walk.2.clone());
        }
        let used = self.used.entry(question.order.clone()).or_default();
        let replies = &self.search.replies;
        let place = replies.binary_search_by(|(known, _)| known.cmp(&question.order));
        let recorded = place.map(|place| replies[place].1.as_slice()).unwrap_or_default();
        let reply = recorded.get(*used).cloned().or_else(|| {
            let mut assumed = self.assumed.iter().filter(|(order, _)| *order == question.order);
            let (_, answer) = assumed.nth(*used - recorded.len())?;
            Some(Reply::new(answer.clone(), Duration::ZERO))
        });
        *used += usize::from(reply.is_some());
        reply
    }
}
