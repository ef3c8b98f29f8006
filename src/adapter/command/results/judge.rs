//! How cases ended as a driver in their process says it, and why as standard output does: what a test prints is no result.

use crate::adapter::command::profile::Word;
use crate::adapter::command::results::json::JsonReader;
use crate::adapter::command::results::told::Told;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A line of the driver.
#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    /// `asked` says that the driver will tell of the case; else how it ended, or that it began.
    outcome: String,
}

/// Brings together what the driver and standard output say.
#[derive(Debug)]
pub(in crate::adapter::command) struct Judge {
    output: JsonReader,
    /// What standard output says, until the driver has said how the cases ended.
    held: Vec<Told>,
    /// The cases that the driver tells of.
    decided: BTreeSet<String>,
    /// How they ended, in the order in which they did. A failure waits for its reason, and what ended later behind it.
    verdicts: VecDeque<Told>,
    reasons: BTreeMap<String, Told>,
    /// What cases wrote that passed, once standard output has told of their end.
    written: BTreeMap<String, String>,
    /// How often the first of the verdicts, a pass, was looked at in vain.
    looks: u32,
}

/// How many looks a pass waits for what its case wrote. Output that hides its own end holds nothing up for longer.
const LOOKS: u32 = 20;

impl Judge {
    pub fn new(output: JsonReader) -> Self {
        Self {
            output,
            held: Vec::new(),
            decided: BTreeSet::new(),
            verdicts: VecDeque::new(),
            reasons: BTreeMap::new(),
            written: BTreeMap::new(),
            looks: 0,
        }
    }

    /// Takes in a line of standard output.
    pub fn hold(&mut self, line: &[u8]) {
        self.held.extend(self.output.line(line));
    }

    /// What can be told once the driver has written these lines.
    pub fn judged(&mut self, lines: &[Vec<u8>]) -> Vec<Told> {
        let mut told = Vec::new();
        for Line { id, outcome } in lines.iter().filter_map(|line| serde_json::from_slice(line).ok()) {
            match Word::usual(&outcome) {
                _ if outcome == "asked" => _ = self.decided.insert(id),
                Some(Word::Started) => told.push(Told::plain(id, Word::Started)),
                Some(word) => self.verdicts.push_back(Told::plain(id, word)),
                None => {}
            }
        }
        // That all of a group have passed is told behind what is known of each.
        let (of_groups, held): (Vec<Told>, Vec<Told>) =
            std::mem::take(&mut self.held).into_iter().partition(|said| said.word == Word::AllPassed);
        if !of_groups.is_empty() {
            self.looks = LOOKS;
        }
        for said in held {
            if !self.decided.contains(&said.id) {
                told.push(said);
            } else if matches!(said.word, Word::Failed | Word::Errored) {
                self.reasons.insert(said.id.clone(), said);
            } else if said.word == Word::Passed {
                self.written.insert(said.id, said.details);
            }
        }
        while self.verdicts.front().is_some_and(|first| self.is_whole(first)) {
            told.extend(self.verdicts.pop_front().map(|verdict| self.reasoned(verdict)));
            self.looks = if of_groups.is_empty() { 0 } else { LOOKS };
        }
        told.extend(of_groups);
        self.looks = if self.verdicts.is_empty() { 0 } else { self.looks.saturating_add(1) };
        told
    }

    /// Whether all is there that a verdict waits for.
    fn is_whole(&self, verdict: &Told) -> bool {
        match verdict.word {
            Word::Failed => self.reasons.contains_key(&verdict.id),
            Word::Passed => self.looks >= LOOKS || self.written.contains_key(&verdict.id),
            _ => true,
        }
    }

    /// What is left to tell when the process has ended.
    pub fn end(&mut self) -> Vec<Told> {
        let left = std::mem::take(&mut self.verdicts);
        let mut told: Vec<Told> = left.into_iter().map(|verdict| self.reasoned(verdict)).collect();
        told.extend(self.output.end().into_iter().filter(|said| !self.decided.contains(&said.id)));
        told
    }

    fn reasoned(&mut self, verdict: Told) -> Told {
        let reason = self.reasons.remove(&verdict.id);
        if verdict.word != Word::Failed {
            let details = self.written.remove(&verdict.id).unwrap_or_default();
            return Told { details, ..verdict };
        }
        match reason {
            Some(reason) => Told { id: verdict.id, word: verdict.word, ..reason },
            None => self.output.with_output(verdict),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge() -> Judge {
        let yaml =
            "{ id: '${P}.${T}', outcome: A, details: [O], failure: '(?<file>\\S+):(?<line>\\d+): (?<message>.*)' }";
        Judge::new(JsonReader::new(&serde_saphyr::from_str(yaml).expect("results")).expect("a reader"))
    }

    fn said(judge: &mut Judge, lines: &[&str]) -> Vec<(String, Word, String)> {
        let lines: Vec<Vec<u8>> = lines.iter().map(|line| line.as_bytes().to_vec()).collect();
        judge.judged(&lines).into_iter().map(|told| (told.id, told.word, told.message)).collect()
    }

    #[test]
    fn what_a_test_prints_is_no_result_of_another() {
        let mut judge = judge();
        judge.hold(br#"{"P": "p", "T": "b", "A": "fail"}"#);
        let asked = [r#"{"id":"p.a","outcome":"asked"}"#, r#"{"id":"p.b","outcome":"asked"}"#];
        assert_eq!(said(&mut judge, &asked), []);
        let ended = [r#"{"id":"p.a","outcome":"passed"}"#, r#"{"id":"p.b","outcome":"passed"}"#];
        let mut told = said(&mut judge, &ended);
        for _ in 0..2 * LOOKS {
            told.extend(said(&mut judge, &[]));
        }
        assert_eq!(told.iter().map(|(_, word, _)| *word).collect::<Vec<_>>(), [Word::Passed, Word::Passed]);
    }

    #[test]
    fn a_failure_waits_for_its_reason_and_what_ended_later_waits_behind_it() {
        let mut judge = judge();
        said(&mut judge, &[r#"{"id":"p.a","outcome":"asked"}"#, r#"{"id":"p.b","outcome":"asked"}"#]);
        let ended = [r#"{"id":"p.a","outcome":"failed"}"#, r#"{"id":"p.b","outcome":"passed"}"#];
        assert_eq!(said(&mut judge, &ended), []);
        judge.hold(br#"{"P": "p", "T": "a", "A": "output", "O": "x.go:3: bad"}"#);
        judge.hold(br#"{"P": "p", "T": "a", "A": "fail"}"#);
        judge.hold(br#"{"P": "p", "T": "b", "A": "pass"}"#);
        let told = said(&mut judge, &[]);
        assert_eq!(told[0], ("p.a".to_owned(), Word::Failed, "bad".to_owned()));
        assert_eq!(told[1].0, "p.b");
    }

    #[test]
    fn a_pass_has_what_its_case_wrote() {
        let mut judge = judge();
        said(&mut judge, &[r#"{"id":"p.a","outcome":"asked"}"#]);
        assert_eq!(said(&mut judge, &[r#"{"id":"p.a","outcome":"passed"}"#]), []);
        judge.hold(br#"{"P": "p", "T": "a", "A": "output", "O": "x.go:3: seen"}"#);
        judge.hold(br#"{"P": "p", "T": "a", "A": "pass"}"#);
        let told = judge.judged(&[]);
        assert_eq!((told[0].word, told[0].details.as_str()), (Word::Passed, "x.go:3: seen"));
    }

    #[test]
    fn a_failure_whose_line_nobody_understood_has_what_was_written_as_its_reason() {
        let mut judge = judge();
        said(&mut judge, &[r#"{"id":"p.a","outcome":"asked"}"#, r#"{"id":"p.a","outcome":"failed"}"#]);
        judge.hold(br#"{"P": "p", "T": "a", "A": "output", "O": "x.go:3: bad"}"#);
        assert_eq!(said(&mut judge, &[]), []);
        let told = judge.end();
        assert_eq!((told[0].word, told[0].message.as_str()), (Word::Failed, "bad"));
    }
}
