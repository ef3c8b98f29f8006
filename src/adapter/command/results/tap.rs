//! The Test Anything Protocol, versions 12 to 14: test lines, directives, diagnostics.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::profile::{TapResults, Word};
use crate::adapter::command::results::told::{Told, first_line};
use regex::Regex;

/// Reads TAP as it comes.
#[derive(Debug)]
pub(in crate::adapter::command) struct TapReader {
    pattern: Option<Regex>,
    /// A test that did not pass, whose diagnostics may follow.
    failed: Option<Told>,
}

impl TapReader {
    pub fn new(tap: &TapResults) -> Result<Self, CommandError> {
        let pattern = tap.pattern.as_deref().map(Regex::new).transpose()?;
        Ok(Self { pattern, failed: None })
    }

    pub fn line(&mut self, line: &str) -> Vec<Told> {
        let line = line.trim_end();
        let (is_ok, rest) = match (line.strip_prefix("ok"), line.strip_prefix("not ok")) {
            (Some(rest), _) if is_test(rest) => (true, rest),
            (_, Some(rest)) if is_test(rest) => (false, rest),
            _ => {
                self.diagnostic(line);
                return Vec::new();
            }
        };
        let mut told: Vec<Told> = self.end();
        let (description, directive) = parts(rest);
        let id = self.id(&description);
        let word = match (directive.to_lowercase(), is_ok) {
            (directive, _) if directive.starts_with("skip") => Word::Skipped,
            // What is still to be done may fail.
            (directive, false) if directive.starts_with("todo") => Word::Skipped,
            (_, true) => Word::Passed,
            (_, false) => Word::Failed,
        };
        let mut test = Told::plain(id, word);
        if word == Word::Skipped {
            test.message = directive.split_once(' ').map_or(directive.as_str(), |(_, why)| why).trim().to_owned();
        }
        if word == Word::Failed {
            self.failed = Some(test);
        } else {
            told.push(test);
        }
        told
    }

    /// What is still to be told.
    pub fn end(&mut self) -> Vec<Told> {
        let mut failed: Vec<Told> = self.failed.take().into_iter().collect();
        for test in &mut failed {
            test.message = first_line(&test.details);
        }
        failed
    }

    fn diagnostic(&mut self, line: &str) {
        let Some(failed) = &mut self.failed else { return };
        let text = match line.strip_prefix('#') {
            Some(text) => text.strip_prefix(' ').unwrap_or(text),
            None => match line.trim() {
                "---" | "..." => return,
                _ if line.starts_with(' ') => line.strip_prefix("  ").unwrap_or(line),
                _ => return,
            },
        };
        failed.details.push_str(text);
        failed.details.push('\n');
    }

    fn id(&self, description: &str) -> String {
        let Some(groups) = self.pattern.as_ref().and_then(|pattern| pattern.captures(description)) else {
            return description.to_owned();
        };
        groups.name("id").map_or(description, |id| id.as_str()).to_owned()
    }
}

fn is_test(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with([' ', '\t'])
}

/// The description and the directive of what stands after `ok`.
fn parts(rest: &str) -> (String, String) {
    let rest = rest.trim_start();
    let unnumbered = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let rest = if unnumbered.is_empty() || unnumbered.starts_with(' ') { unnumbered.trim_start() } else { rest };
    let rest = rest.strip_prefix("- ").unwrap_or(rest);
    let mut description = String::new();
    let mut chars = rest.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some((_, c @ ('#' | '\\'))) => description.push(c),
                Some((_, c)) => description.extend(['\\', c]),
                None => description.push('\\'),
            },
            '#' if is_directive(rest.get(at + 1..).unwrap_or_default()) => {
                let directive = rest.get(at + 1..).unwrap_or_default().trim().to_owned();
                return (description.trim_end().to_owned(), directive);
            }
            c => description.push(c),
        }
    }
    (description.trim_end().to_owned(), String::new())
}

fn is_directive(text: &str) -> bool {
    let text = text.trim_start().to_lowercase();
    text.starts_with("skip") || text.starts_with("todo")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Word, String)> {
        let mut reader = TapReader::new(&TapResults::default()).expect("a reader");
        let mut told: Vec<Told> = text.lines().flat_map(|line| reader.line(line)).collect();
        told.extend(reader.end());
        told.into_iter().map(|told| (told.id, told.word, told.message)).collect()
    }

    #[test]
    fn test_lines_are_read_with_their_directives_and_diagnostics() {
        let text = "TAP version 13\n1..7\nok 1 - adds\nnot ok 2 - divides \\# by 0\n# expected 1\n# was 2\nok 3 - x # SKIP no net\n\
                    ok 4 issue #12\nnot ok 5 - later # TODO write\nok\n    ok 1 - a subtest\nnot ok - yaml\n  ---\n  message: bad\n  ...\n";
        let told = read(text);
        let expected: Vec<(String, Word, String)> = [
            ("adds", Word::Passed, ""),
            ("divides # by 0", Word::Failed, "expected 1"),
            ("x", Word::Skipped, "no net"),
            ("issue #12", Word::Passed, ""),
            ("later", Word::Skipped, "write"),
            ("", Word::Passed, ""),
            ("yaml", Word::Failed, "message: bad"),
        ]
        .map(|(id, word, message)| (id.to_owned(), word, message.to_owned()))
        .into();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_pattern_takes_the_id_out_of_a_description() {
        let tap = TapResults { pattern: Some("^(?<id>.+) in [0-9]+ms$".to_owned()) };
        let mut reader = TapReader::new(&tap).expect("a reader");
        assert_eq!(reader.line("ok 1 a b in 12ms")[0].id, "a b");
    }
}
