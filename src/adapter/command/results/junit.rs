//! Reads results from JUnit files.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::fields::{Fields, fill};
use crate::adapter::command::profile::Word;
use crate::adapter::command::results::told::{Told, first_line};
use crate::model::Place;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// A testcase under way.
#[derive(Debug)]
struct Open {
    told: Told,
    /// Whether its status says that it was not run, whatever else stands in it.
    is_off: bool,
    /// The element whose text is read, and the text.
    inside: Option<(String, String)>,
}

/// Reads a file: each `testcase` with the id that the template makes of its attributes.
///
/// # Errors
/// If it is no XML: for people.
pub(super) fn read(text: &[u8], id: &str) -> Result<Vec<Told>, CommandError> {
    let text = String::from_utf8_lossy(text);
    let mut reader = Reader::from_str(&text);
    let mut told = Vec::new();
    let mut suites: Vec<String> = Vec::new();
    let mut open: Option<Open> = None;
    loop {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|source| CommandError::Xml { at, source })?;
        match &event {
            Event::Eof => break,
            Event::Start(tag) | Event::Empty(tag) => {
                let name = utf8(tag.local_name().as_ref());
                let is_whole = matches!(event, Event::Empty(_));
                match (name.as_str(), &mut open) {
                    ("testsuite", None) if !is_whole => {
                        suites.push(attributes(tag)?.remove("name").unwrap_or_default());
                    }
                    ("testcase", None) => {
                        let test = testcase(tag, suites.last(), id)?;
                        if is_whole {
                            told.push(test.over());
                        } else {
                            open = Some(test);
                        }
                    }
                    (_, Some(open)) => open.begin(&name, tag, is_whole)?,
                    _ => {}
                }
            }
            Event::Text(text) => {
                let text = text.xml10_content()?;
                open.iter_mut().for_each(|open| open.text(&text));
            }
            Event::CData(text) => {
                let text = text.xml10_content()?;
                open.iter_mut().for_each(|open| open.text(&text));
            }
            Event::GeneralRef(entity) => {
                let name = entity.xml10_content()?;
                let text = match entity.resolve_char_ref() {
                    Ok(Some(c)) => c.to_string(),
                    Ok(None) | Err(_) => {
                        quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default().to_owned()
                    }
                };
                open.iter_mut().for_each(|open| open.text(&text));
            }
            Event::End(tag) => match (utf8(tag.local_name().as_ref()).as_str(), &mut open) {
                ("testcase", Some(_)) => told.extend(open.take().map(Open::over)),
                (name, Some(open)) => open.end(name),
                ("testsuite", None) => _ = suites.pop(),
                _ => {}
            },
            _ => {}
        }
    }
    match open {
        Some(open) => Err(CommandError::CutOff(open.told.id)),
        None => Ok(told),
    }
}

/// What was read is a piece of a text, cut where a character ends.
fn utf8(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn attributes(tag: &BytesStart<'_>) -> Result<Fields, CommandError> {
    let mut fields = Fields::new();
    for attribute in tag.attributes() {
        let attribute = attribute?;
        let name = utf8(attribute.key.local_name().as_ref());
        let raw = utf8(&attribute.value);
        // As it stands, without the folding of line ends: ids may hold them, written as references.
        let value = quick_xml::escape::unescape(&raw).map_or_else(|_| raw.clone(), |value| value.into_owned());
        fields.insert(name, value);
    }
    Ok(fields)
}

fn testcase(tag: &BytesStart<'_>, suite: Option<&String>, id: &str) -> Result<Open, CommandError> {
    let mut fields = attributes(tag)?;
    fields.insert("suite".to_owned(), suite.cloned().unwrap_or_default());
    for name in ["name", "classname", "file"] {
        fields.entry(name.to_owned()).or_default();
    }
    let id = fill(id, &fields).map_err(CommandError::NotInTestcase)?;
    let seconds = fields.get("time").and_then(|time| time.replace(',', "").parse::<f64>().ok());
    let line = fields.get("line").and_then(|line| line.parse().ok());
    let place = fields.get("file").zip(line).map(|(file, line)| Place { file: file.clone(), line, column: 1 });
    let told = Told {
        micros: seconds.filter(|seconds| *seconds >= 0.0).map(|seconds| (seconds * 1e6) as u64),
        place,
        ..Told::plain(id, Word::Passed)
    };
    // ctest and GoogleTest say so in a status.
    let is_off = fields.get("status").is_some_and(|status| status == "disabled" || status == "notrun");
    Ok(Open { told, is_off, inside: None })
}

impl Open {
    fn begin(&mut self, name: &str, tag: &BytesStart<'_>, is_whole: bool) -> Result<(), CommandError> {
        let message = attributes(tag)?.remove("message").unwrap_or_default();
        let (word, begin) = match name {
            "failure" => (Word::Failed, ""),
            "error" => (Word::Errored, ""),
            // What passed when the runner tried it again has failed: that is what is looked for.
            "flakyFailure" | "flakyError" | "rerunFailure" | "rerunError" => {
                (Word::Failed, "failed, and the runner tried it again: ")
            }
            "skipped" => (Word::Skipped, ""),
            "system-out" | "system-err" => {
                self.inside = (!is_whole).then(|| (name.to_owned(), String::new()));
                return Ok(());
            }
            _ => return Ok(()),
        };
        if self.told.word == Word::Passed {
            self.told.word = word;
            self.told.message = if message.is_empty() { String::new() } else { format!("{begin}{message}") };
        }
        if !is_whole {
            self.inside = Some((name.to_owned(), String::new()));
        }
        Ok(())
    }

    /// The testcase has ended. A failure without words of its own has what was written.
    fn over(mut self) -> Told {
        if self.is_off && self.told.word == Word::Passed {
            self.told.word = Word::Skipped;
            self.told.message = "it is disabled".to_owned();
        }
        if matches!(self.told.word, Word::Failed | Word::Errored) && self.told.message.is_empty() {
            self.told.message = first_line(&self.told.details);
        }
        self.told
    }

    fn text(&mut self, text: &str) {
        if let Some((_, inside)) = &mut self.inside {
            inside.push_str(text);
        }
    }

    fn end(&mut self, name: &str) {
        let Some((_, text)) = self.inside.take_if(|(inside, _)| inside == name) else { return };
        if self.told.message.is_empty() && !name.starts_with("system-") {
            self.told.message = first_line(&text);
        }
        if !text.trim().is_empty() {
            self.told.details.push_str(text.trim_end());
            self.told.details.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn testcases_are_read_with_what_stands_in_them() {
        let text = br#"<?xml version="1.0"?><testsuites><testsuite name="s">
            <testcase classname="a.B" name="x &#10;&lt;1&gt;" time="1,000.5"/>
            <testcase classname="a.B" name="y"><failure message="1 != 2">at y.rs:3 &amp; on</failure><system-out><![CDATA[<hi>]]></system-out></testcase>
            <testcase name="z"><skipped message="no net"/></testcase>
            <testcase name="w"><error>
              boom</error></testcase>
            <testcase name="t" status="disabled"/><testcase name="s" status="run"/>
            <testcase name="u"><failure message=""/><system-out>expected 1 got 2</system-out></testcase>
            <testcase name="v"><flakyFailure message="once"/></testcase>
            </testsuite></testsuites>"#;
        let told = read(text, "${suite}/${classname}/${name}").expect("JUnit");
        let shown: Vec<(&str, Word, &str)> =
            told.iter().map(|told| (told.id.as_str(), told.word, told.message.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("s/a.B/x \n<1>", Word::Passed, ""),
                ("s/a.B/y", Word::Failed, "1 != 2"),
                ("s//z", Word::Skipped, "no net"),
                ("s//w", Word::Errored, "boom"),
                ("s//t", Word::Skipped, "it is disabled"),
                ("s//s", Word::Passed, ""),
                ("s//u", Word::Failed, "expected 1 got 2"),
                ("s//v", Word::Failed, "failed, and the runner tried it again: once"),
            ]
        );
        assert_eq!(told[0].micros, Some(1_000_500_000));
        assert_eq!(told[1].details, "at y.rs:3 & on\n<hi>\n");
    }

    #[test]
    fn half_a_file_is_an_error() {
        for text in ["<testsuites><testsuite><testcase name='a'>", "<testsuites><testcase name='a", "<a></b>"] {
            assert!(read(text.as_bytes(), "${name}").is_err(), "{text}");
        }
    }
}
