//! Objects of JSON: one per line as they come, or in a document.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::fields::{Fields, fill, of_json};
use crate::adapter::command::listing::items;
use crate::adapter::command::profile::{JsonResults, Word};
use crate::adapter::command::results::told::{Told, first_line};
use crate::model::{Place, StateMark};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The most of a case's output that is kept, in bytes.
const KEPT: usize = 256 << 10;

/// Reads what objects say of cases.
#[derive(Debug)]
pub(in crate::adapter::command) struct JsonReader {
    json: JsonResults,
    failure: Option<Regex>,
    except: Option<Regex>,
    pattern: Option<Regex>,
    last_line: Option<Regex>,
    /// What cases wrote that have not ended.
    output: BTreeMap<String, String>,
}

impl JsonReader {
    pub fn new(json: &JsonResults) -> Result<Self, CommandError> {
        let pattern = |text: &Option<String>| text.as_deref().map(Regex::new).transpose();
        let (failure, except) = (pattern(&json.failure)?, pattern(&json.except)?);
        let (last_line, pattern) = (pattern(&json.last_line)?, pattern(&json.pattern)?);
        Ok(Self { json: json.clone(), failure, except, pattern, last_line, output: BTreeMap::new() })
    }

    /// What a line says: the object in it, also where somebody else wrote the begin of the line.
    pub fn line(&mut self, line: &[u8]) -> Vec<Told> {
        let text = String::from_utf8_lossy(line);
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find('{')) {
            from += at;
            let rest = text.get(from..).unwrap_or_default();
            let mut objects = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            let mut told = Vec::new();
            while let Some(Ok(object)) = objects.next() {
                told.extend(self.marks(&object).or_else(|| self.told(of_json(&object))));
            }
            if !told.is_empty() || objects.byte_offset() > 0 {
                return told;
            }
            from += 1;
        }
        Vec::new()
    }

    /// What a driver saw a case leave changed. Only a driver writes into a file of its own.
    fn marks(&self, object: &Value) -> Option<Told> {
        self.json.file.as_ref()?;
        let marks = Vec::<StateMark>::deserialize(object.get("marks")?).ok()?;
        Some(Told { marks, ..Told::plain(object.get("id")?.as_str()?, Word::Marks) })
    }

    /// What a document says.
    pub fn document(&mut self, text: &[u8]) -> Result<Vec<Told>, CommandError> {
        let text = String::from_utf8_lossy(text);
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        let from = text.find(['{', '[']).unwrap_or_default();
        let mut documents = serde_json::Deserializer::from_str(text.get(from..).unwrap_or_default()).into_iter();
        let document: Value = match documents.next() {
            Some(Ok(document)) => document,
            Some(Err(error)) => return Err(CommandError::ResultsForm(error)),
            None => return Ok(Vec::new()),
        };
        let found = items(&document, self.json.items.as_deref())?;
        Ok(found.into_iter().filter_map(|fields| self.told(fields)).collect())
    }

    /// What cases say by the last line that they wrote, where nobody told how they ended: what a test prints without a
    /// newline hides from its runner where the result begins.
    pub fn end(&mut self) -> Vec<Told> {
        let Some(pattern) = &self.last_line else { return Vec::new() };
        let mut told = Vec::new();
        for (id, output) in std::mem::take(&mut self.output) {
            // What belongs to the result stands below it, indented.
            let last = output.lines().rev().find(|line| !line.starts_with([' ', '\t']));
            let word = last.and_then(|line| pattern.captures(line)?.name("word"));
            if let Some(word) = word.and_then(|word| Word::usual(word.as_str())) {
                told.push(Told { details: output.clone(), ..Told::plain(id, word) });
            }
        }
        told.iter_mut().for_each(|told| self.look_into(told));
        told
    }

    /// The same with what the case wrote, and what that says of the failure.
    pub fn with_output(&mut self, told: Told) -> Told {
        let details = self.output.remove(&told.id).unwrap_or_default();
        let mut told = Told { details, ..told };
        self.look_into(&mut told);
        told
    }

    /// What an object with these fields says.
    pub(super) fn told(&mut self, mut fields: Fields) -> Option<Told> {
        let is_meant = |(name, value): (&String, &String)| fields.get(name) == Some(value);
        if !self.json.only.iter().all(is_meant) {
            return None;
        }
        // Only a driver writes lines into a file of its own; what a test prints is nobody's remark.
        if let (true, None, Some(note)) =
            (self.json.file.is_some(), fields.get(&self.json.outcome), fields.get("note").cloned())
        {
            return Some(Told { message: note, ..Told::plain("", Word::Note) });
        }
        let word = fields.get(&self.json.outcome)?;
        let word = self.json.words.get(word).copied().or_else(|| Word::usual(word))?;
        let Ok(mut id) = fill(&self.json.id, &fields) else {
            let all = &self.json.all_passed;
            let is_said = !all.is_empty() && all.iter().all(|(name, value)| fields.get(name) == Some(value));
            if is_said {
                self.output.clear();
            }
            // What all ids of the group begin with.
            let mut group = fields.clone();
            if let Err(missing) = fill(&self.json.id, &fields) {
                group.insert(missing.0, String::new());
            }
            let prefix = fill(&self.json.id, &group).unwrap_or_default();
            return is_said.then(|| Told::plain(prefix, Word::AllPassed));
        };
        let inner = self
            .pattern
            .as_ref()
            .and_then(|pattern| pattern.captures(&id)?.name("id").map(|id| id.as_str().to_owned()));
        if let Some(inner) = inner {
            id = inner;
        }
        if self.except.as_ref().is_some_and(|except| except.is_match(&id)) {
            return None;
        }
        let first =
            |names: &[String]| names.iter().find_map(|name| fields.get(name).filter(|text| !text.is_empty())).cloned();
        let (message, details) = (first(&self.json.message), first(&self.json.details).unwrap_or_default());
        if word == Word::Output {
            let output = self.output.entry(id).or_default();
            if output.len() < KEPT {
                output.push_str(&details);
            }
            return None;
        }
        let mut told = Told::plain(id, word);
        if word != Word::Started {
            told.details = self.output.remove(&told.id).unwrap_or_default() + &details;
        }
        told.micros = micros(&mut fields, &self.json);
        told.message = message.unwrap_or_default().trim().to_owned();
        let tries = self.json.tries.as_ref().and_then(|name| fields.get(name)?.parse::<u32>().ok()).unwrap_or(1);
        if tries > 1 && told.word == Word::Passed {
            told.word = Word::Failed;
            told.message = format!("failed, and the runner tried it again: it passed at the {} try", ordinal(tries));
        }
        self.look_into(&mut told);
        told.place = self.json.at.as_ref().and_then(|at| place(fields.get(at)?)).or(told.place);
        Some(told)
    }

    /// Takes message and place out of the details.
    fn look_into(&self, told: &mut Told) {
        if !matches!(told.word, Word::Failed | Word::Errored) {
            return;
        }
        let details = if told.details.is_empty() { told.message.clone() } else { told.details.clone() };
        if let Some(groups) = self.failure.as_ref().and_then(|failure| failure.captures(&details)) {
            if let (true, Some(message)) = (told.message.is_empty(), groups.name("message")) {
                told.message = message.as_str().trim().to_owned();
            }
            let line = groups.name("line").and_then(|line| line.as_str().parse().ok());
            told.place = groups.name("file").zip(line).map(|(file, line)| Place {
                file: file.as_str().to_owned(),
                line,
                column: 1,
            });
        }
        if told.message.is_empty() {
            told.message = first_line(&told.details);
        }
    }
}

/// A place that is told as `file:line`.
fn place(at: &str) -> Option<Place> {
    let (file, line) = at.rsplit_once(':')?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: 1 })
}

/// A number in a row: `3rd`.
fn ordinal(number: u32) -> String {
    let end = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}

fn micros(fields: &mut Fields, json: &JsonResults) -> Option<u64> {
    let mut number = |name: &Option<String>| fields.remove(name.as_ref()?)?.parse::<f64>().ok();
    let seconds = number(&json.seconds).or_else(|| number(&json.millis).map(|millis| millis / 1e3))?;
    (seconds >= 0.0).then_some((seconds * 1e6) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader(yaml: &str) -> JsonReader {
        JsonReader::new(&serde_saphyr::from_str(yaml).expect("results")).expect("a reader")
    }

    #[test]
    fn a_line_of_the_plain_form_is_read() {
        let mut reader = reader("{}");
        assert_eq!(reader.line(br#"{"id": "a\nb", "outcome": "started"}"#)[0].word, Word::Started);
        let told = reader.line(br#"{"id": "a", "outcome": "failed", "message": "m", "details": "d", "seconds": 0.5}"#);
        assert_eq!((told[0].message.as_str(), told[0].details.as_str(), told[0].micros), ("m", "d", Some(500_000)));
        assert_eq!(reader.line(b"{\"id\": \"a\", \"outcome\": \"what\"}"), []);
        assert_eq!(reader.line(b"{ not JSON"), []);
    }

    #[test]
    fn what_others_write_before_an_object_does_not_hide_it() {
        let mut reader = reader("{ where: { type: test }, id: '${name}', outcome: event }");
        let told = reader.line(br#"{x} 5% { "type": "test", "name": "a", "event": "ok" }"#);
        assert_eq!(told[0].word, Word::Passed);
    }

    #[test]
    fn output_is_gathered_and_looked_into() {
        let mut reader =
            reader("{ id: '${T}', outcome: A, details: [O], failure: '(?<file>\\S+):(?<line>\\d+): (?<message>.*)' }");
        reader.line(br#"{"T": "a", "A": "output", "O": "x.go:3: bad\n"}"#);
        reader.line(br#"{"T": "b", "A": "output", "O": "other\n"}"#);
        let told = reader.line(br#"{"T": "a", "A": "fail"}"#).remove(0);
        assert_eq!((told.message.as_str(), told.details.as_str()), ("bad", "x.go:3: bad\n"));
        assert_eq!(told.place.map(|place| place.line), Some(3));
    }

    #[test]
    fn a_place_that_is_told_counts_more_than_the_end_of_the_details() {
        let mut reader = reader("{ at: at, failure: '(?s).*File \"(?<file>[^\"]+)\", line (?<line>[0-9]+)' }");
        let details = r#""details": "File \"test_a.py\", line 4\nFile \"/usr/lib/json.py\", line 9""#;
        let mut place = |at: &str| {
            let line = format!(r#"{{"id": "a", "outcome": "failed", {at}{details}}}"#);
            reader.line(line.as_bytes()).remove(0).place.map(|place| (place.file, place.line))
        };
        assert_eq!(place(r#""at": "test_a.py:4", "#), Some(("test_a.py".to_owned(), 4)));
        assert_eq!(place(r#""at": "nowhere", "#), Some(("/usr/lib/json.py".to_owned(), 9)));
        assert_eq!(place(""), Some(("/usr/lib/json.py".to_owned(), 9)));
    }

    #[test]
    fn a_result_behind_what_a_test_wrote_without_a_newline_is_found_at_the_end() {
        let yaml = "{ id: '${P}.${T}', outcome: A, details: [O], all_passed: { A: pass },
                      last_line: '--- (?<word>PASS|FAIL|SKIP): ' }";
        let mut one = reader(yaml);
        one.line(br#"{"P": "p", "T": "a", "A": "output", "O": "50 %--- PASS: a (0.00s)\n"}"#);
        one.line(br#"{"P": "p", "T": "b", "A": "output", "O": "--- FAIL: b (0.00s)\n"}"#);
        one.line(br#"{"P": "p", "T": "b", "A": "fail"}"#);
        one.line(br#"{"P": "p", "T": "d", "A": "output", "O": "no: --- FAIL: d (0.00s)\n    x.go:3: bad\n"}"#);
        one.line(br#"{"P": "p", "T": "c", "A": "output", "O": "--- PASS: c (0.00s)\npanic: no\n"}"#);
        assert_eq!(one.line(br#"{"P": "p", "A": "fail"}"#), [], "only that all have passed says something of each");
        let told: Vec<(String, Word)> = one.end().into_iter().map(|told| (told.id, told.word)).collect();
        assert_eq!(told, [("p.a".to_owned(), Word::Passed), ("p.d".to_owned(), Word::Failed)]);
        assert_eq!(reader(yaml).line(br#"{"P": "p", "A": "pass"}"#)[0].word, Word::AllPassed);
    }

    #[test]
    fn what_passed_only_when_it_was_tried_again_has_failed() {
        let mut reader = reader("{ tries: invocations }");
        assert_eq!(reader.line(br#"{"id": "a", "outcome": "passed", "invocations": 1}"#)[0].word, Word::Passed);
        let again = reader.line(br#"{"id": "a", "outcome": "passed", "invocations": 3}"#).remove(0);
        assert_eq!(again.word, Word::Failed);
        assert!(again.message.contains("at the 3rd try"), "{}", again.message);
    }

    #[test]
    fn a_document_has_its_cases_where_a_path_says() {
        let mut reader = reader("{ items: '$.examples[*]', outcome: status, millis: ms }");
        let told = reader
            .document(b"words\n{\"examples\": [{\"id\": \"a\", \"status\": \"pending\", \"ms\": 2}]}")
            .expect("JSON");
        assert_eq!((told[0].word, told[0].micros), (Word::Skipped, Some(2_000)));
        assert_eq!(reader.document(b"").expect("nothing"), []);
        assert!(reader.document(b"{\"examples\": [").is_err());
    }
}
