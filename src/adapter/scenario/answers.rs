//! A real model's answers vary: of a live case the rate is judged at which they are as expected, and not one of them.

use crate::adapter::scenario::case_run::Verdictless;
use crate::model::statistics::{Confidence, Tally, lower_bound};
use crate::model::{Failure, Outcome};
use crate::scenario::{Answers, Case};

/// The answers of one trial so far.
#[derive(Debug)]
pub(super) struct AnswersSeen {
    wanted: Answers,
    tally: Tally,
    first_wrong: Option<Failure>,
    notes: Vec<String>,
}

impl AnswersSeen {
    /// What a case wants: one answer, unless it asks a real provider.
    pub fn of(case: &Case) -> Self {
        Self::new(if case.live.is_empty() { Answers { of: 1, at_least: 1 } } else { case.answers })
    }

    fn new(wanted: Answers) -> Self {
        Self { wanted, tally: Tally::default(), first_wrong: None, notes: Vec::new() }
    }

    /// How many answers are wanted.
    pub fn wanted(&self) -> u32 {
        self.wanted.of
    }

    /// Counts an answer. Says what came of the trial, once nothing more is to be asked.
    pub fn add(&mut self, done: Verdictless) -> Option<Verdictless> {
        let is_told = self.wanted.of == 1 || done.not_made.is_some();
        if is_told || matches!(done.outcome, Outcome::Skipped { .. } | Outcome::Crashed(_)) {
            return Some(done);
        }
        self.tally.count(done.outcome.is_failure());
        self.first_wrong = self.first_wrong.take().or_else(|| done.outcome.failure().cloned());
        for note in &done.notes {
            if !self.notes.contains(note) {
                self.notes.push(note.clone());
            }
        }
        (self.tally.trials() >= self.wanted.of).then(|| self.judged(done))
    }

    /// What the rate comes to.
    fn judged(&mut self, last: Verdictless) -> Verdictless {
        let Answers { of, at_least } = self.wanted;
        let good = self.tally.passes();
        let sure = lower_bound(Tally::new(good, of), Confidence::default());
        let (rate, sure) = (f64::from(good) * 100.0 / f64::from(of), (sure * 100.0).floor());
        let told =
            format!("{good} of {of} answers were as expected ({rate:.0} %; with 95 % confidence at least {sure} %)");
        let mut notes = vec![told.clone()];
        notes.append(&mut self.notes);
        let outcome = match self.first_wrong.take() {
            Some(mut failure) if good < at_least => {
                failure.message = format!("{told}, and {at_least} are wanted; one that was not:\n{}", failure.message);
                Outcome::Failed(failure)
            }
            Some(failure) => {
                notes.push(format!("an answer that was not as expected: {}", failure.message));
                Outcome::Passed
            }
            None => Outcome::Passed,
        };
        Verdictless { outcome, notes, ..last }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What answers come to, of which each is right or wrong.
    fn check(wanted: Answers, right: &[bool], passes: bool, told: &str) {
        let mut seen = AnswersSeen::new(wanted);
        let mut ended = None;
        for is_right in right {
            assert!(ended.is_none(), "it ended too early");
            let wrong = || Outcome::Failed(Failure::new("text: expected fr, was de".to_owned(), None));
            let outcome = if *is_right { Outcome::Passed } else { wrong() };
            ended = seen.add(Verdictless { outcome, ..Verdictless::skipped(String::new()) });
        }
        let ended = ended.expect("it ends with the last answer");
        assert_eq!(!ended.outcome.is_failure(), passes, "{ended:?}");
        let message = ended.outcome.failure().map(|failure| failure.message.clone()).unwrap_or_default();
        assert!(ended.notes.iter().chain([&message]).any(|text| text.contains(told)), "{told}: {ended:?}");
    }

    #[test]
    fn a_rate_is_judged_and_not_a_single_answer() {
        let usual = Answers::default();
        check(usual, &[true; 5], true, "5 of 5 answers were as expected (100 %; with 95 % confidence at least 54 %)");
        check(usual, &[true, false, true, true, true], true, "an answer that was not as expected: text: expected fr");
        check(usual, &[true, false, true, true, false], false, "3 of 5 answers were as expected (60 %;");
        check(Answers { of: 2, at_least: 2 }, &[true, false], false, "and 2 are wanted; one that was not:\ntext: exp");
    }

    #[test]
    fn what_could_not_be_asked_ends_the_trial() {
        let mut seen = AnswersSeen::new(Answers::default());
        let done = Verdictless { not_made: Some("limit".to_owned()), ..Verdictless::errored(String::new()) };
        assert_eq!(seen.add(done).and_then(|done| done.not_made).as_deref(), Some("limit"));
        assert!(AnswersSeen::new(Answers::default()).add(Verdictless::skipped("no".to_owned())).is_some());
    }
}
