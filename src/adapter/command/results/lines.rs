//! Lines of text, as runners write them for people.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::fields::{Fields, fill};
use crate::adapter::command::profile::{JsonResults, LineResults, Word};
use crate::adapter::command::results::json::JsonReader;
use crate::adapter::command::results::told::Told;
use regex::Regex;

/// The field of what a case writes.
const OUTPUT: &str = "output";

/// Reads what lines say of cases.
#[derive(Debug)]
pub(in crate::adapter::command) struct LineReader {
    patterns: Vec<Regex>,
    id: String,
    inner: JsonReader,
    /// The groups of the line with which the case began that is under way.
    under_way: Option<Fields>,
}

impl LineReader {
    pub fn new(lines: &LineResults) -> Result<Self, CommandError> {
        let patterns = lines.patterns.iter().map(|text| Regex::new(text)).collect::<Result<_, regex::Error>>()?;
        let inner = JsonResults {
            id: lines.id.clone(),
            outcome: "word".to_owned(),
            words: lines.words.clone(),
            details: vec![OUTPUT.to_owned()],
            millis: Some("millis".to_owned()),
            failure: lines.failure.clone(),
            ..JsonResults::default()
        };
        Ok(Self { patterns, id: lines.id.clone(), inner: JsonReader::new(&inner)?, under_way: None })
    }

    pub fn line(&mut self, line: &[u8]) -> Vec<Told> {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches(['\n', '\r']);
        let Some((pattern, groups)) = self.patterns.iter().find_map(|p| Some((p, p.captures(text)?))) else {
            return self.output(text);
        };
        let names = pattern.capture_names().flatten();
        let fields: Fields =
            names.filter_map(|name| Some((name.to_owned(), groups.name(name)?.as_str().to_owned()))).collect();
        // A case prints what it likes: only its own end is believed while it is under way.
        let id = |fields: &Fields| fill(&self.id, fields).ok();
        if self.under_way.as_ref().is_some_and(|under_way| id(under_way) != id(&fields)) {
            return self.output(text);
        }
        let told: Vec<Told> = self.inner.told(fields.clone()).into_iter().collect();
        if let [told] = told.as_slice() {
            self.under_way = (told.word == Word::Started).then_some(fields);
        }
        told
    }

    /// What the case under way writes.
    fn output(&mut self, text: &str) -> Vec<Told> {
        if let Some(mut fields) = self.under_way.clone().filter(|fields| fill(&self.id, fields).is_ok()) {
            fields.insert("word".to_owned(), OUTPUT.to_owned());
            fields.insert(OUTPUT.to_owned(), format!("{text}\n"));
            self.inner.told(fields);
        }
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_what_stands_between_its_begin_and_its_end() {
        let yaml = r"{ match: ['^\[ RUN +\] (?<id>.+)$(?<word>)', '^\[ +(?<word>OK|FAILED) +\] (?<id>\S+) \((?<millis>\d+) ms\)$'],
                      words: { '': started }, failure: '(?<file>\S+):(?<line>\d+): (?<message>.*)' }";
        let mut reader = LineReader::new(&serde_saphyr::from_str(yaml).expect("lines")).expect("a reader");
        assert_eq!(reader.line(b"[ RUN      ] A.b\n")[0].word, Word::Started);
        assert_eq!(reader.line(b"a.cc:3: bad\n"), []);
        assert_eq!(reader.line(b"[       OK ] A.c (0 ms)\n"), [], "it was printed by A.b");
        let told = reader.line(b"[  FAILED  ] A.b (12 ms)\n").remove(0);
        assert_eq!((told.id.as_str(), told.word, told.message.as_str()), ("A.b", Word::Failed, "bad"));
        assert_eq!((told.micros, told.details.as_str()), (Some(12_000), "a.cc:3: bad\n[       OK ] A.c (0 ms)\n"));
        assert_eq!(told.place.map(|place| place.line), Some(3));
        assert_eq!(reader.line(b"[       OK ] A.c (0 ms)\n")[0].word, Word::Passed);
    }
}
