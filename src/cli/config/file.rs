//! `steadfast.toml`: found, read, and checked.

use crate::cli::config::settable::{Settable, Takes};
use crate::disk::read_text;
use crate::model::Place;
use crate::scenario::{Problem, Problems, SourceFile, Span, did_you_mean};
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The file's name.
pub(in crate::cli) const FILE_NAME: &str = "steadfast.toml";

/// The largest file that is read, in bytes.
const LARGEST: u64 = 1 << 20;

/// A value as the file has it.
#[derive(Debug, Clone)]
pub(super) struct FileValue {
    /// As the command line would have it; for a switch `true` or `false`.
    pub values: Vec<String>,
    /// Where its key stands.
    pub place: Place,
    span: Range<usize>,
}

/// What a file says, checked as far as keys and types go.
#[derive(Debug)]
pub(super) struct ConfigFile {
    source: Arc<SourceFile>,
    /// What holds for every profile, by key.
    pub common: BTreeMap<String, FileValue>,
    /// What a profile says, by its name and key.
    pub profiles: BTreeMap<String, BTreeMap<String, FileValue>>,
}

/// The folder of the nearest `steadfast.toml`: the current folder or one above it, up to the root of the repository. A
/// file above that belongs to somebody else is passed over: a folder like `/tmp` is not part of a project.
pub(super) fn find(from: &Path) -> Option<PathBuf> {
    use std::os::unix::fs::MetadataExt;
    let me = rustix::process::geteuid().as_raw();
    for folder in from.ancestors() {
        let is_mine = |file: &std::fs::Metadata| folder == from || [me, 0].contains(&file.uid());
        // Whatever has the name is told of when it is read: a pipe or a link that leads nowhere is not taken for absent.
        if std::fs::symlink_metadata(folder.join(FILE_NAME)).is_ok_and(|file| is_mine(&file)) {
            return Some(folder.to_owned());
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

impl ConfigFile {
    /// Reads the file in a folder.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn read(folder: &Path, settable: &[Settable]) -> Result<Self, Problems> {
        let unreadable = |reason: String| {
            let problem = Problem::of_file(FILE_NAME, reason);
            Problems::from(problem.with_help("make it readable, or take it away"))
        };
        let text = read_text(&folder.join(FILE_NAME), LARGEST).map_err(|error| unreadable(error.to_string()))?;
        Self::parse(&text, settable)
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// Everything that is wrong with it, at once.
    pub fn parse(text: &str, settable: &[Settable]) -> Result<Self, Problems> {
        // What is wrong is shown with its line, and that must not tell a password.
        let source = Arc::new(SourceFile::new(FILE_NAME, crate::history::with_stars(text)));
        let mut reader = Reader { source: &source, settable, problems: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let problem = reader.problem(error.span().unwrap_or(0..0), error.message().to_owned());
            reader.problems.push(problem.with_help("this is no TOML: see https://toml.io for how it is written"));
        }
        let (mut common, mut profiles) = (BTreeMap::new(), BTreeMap::new());
        // What could not be read as TOML would only be told a second time, in worse words.
        if reader.problems.is_empty() {
            for (key, value) in table.get_ref().iter() {
                match (key.get_ref().as_ref(), value.get_ref()) {
                    ("profile", DeValue::Table(table)) => profiles = reader.profiles(table),
                    ("profile", _) => {
                        let problem = reader.problem(value.span(), "`profile` is a table of profiles");
                        reader.problems.push(problem.with_help("write [profile.ci] and its keys below"));
                    }
                    _ => reader.value(key.get_ref(), key.span(), value, &mut common),
                }
            }
        }
        let problems = reader.problems;
        if problems.is_empty() { Ok(Self { source, common, profiles }) } else { Err(Problems::new(problems)) }
    }

    /// A value that its argument refuses.
    pub fn refused(&self, value: &FileValue, message: String, help: String) -> Problem {
        Problem::new(&self.source, span(&self.source, value.span.clone()), message).with_help(help)
    }
}

struct Reader<'a> {
    source: &'a Arc<SourceFile>,
    settable: &'a [Settable],
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&self, range: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::new(self.source, span(self.source, range), message)
    }

    fn profiles(&mut self, table: &DeTable<'_>) -> BTreeMap<String, BTreeMap<String, FileValue>> {
        let mut profiles = BTreeMap::new();
        for (name, value) in table.iter() {
            let DeValue::Table(keys) = value.get_ref() else {
                let problem = self.problem(name.span(), format!("`{}` is not a profile's table", name.get_ref()));
                self.problems.push(problem.with_help(format!("write [profile.{}] and its keys below", name.get_ref())));
                continue;
            };
            let mut profile = BTreeMap::new();
            for (key, value) in keys.iter() {
                self.value(key.get_ref(), key.span(), value, &mut profile);
            }
            profiles.insert(name.get_ref().to_string(), profile);
        }
        profiles
    }

    fn value(
        &mut self,
        key: &str,
        key_span: Range<usize>,
        value: &Spanned<DeValue<'_>>,
        into: &mut BTreeMap<String, FileValue>,
    ) {
        let known = self.settable.iter().filter(|settable| settable.is_for_files());
        let Some(settable) = known.clone().find(|settable| settable.key == key) else {
            let one_call = self.settable.iter().any(|settable| settable.key == key);
            let help = if one_call {
                format!("give --{} on the command line: it belongs to one call", key.replace('_', "-"))
            } else {
                did_you_mean(key, "known", known.map(|settable| settable.key.as_str()).chain(["profile"]))
            };
            let problem = self.problem(key_span, format!("unknown key `{key}`")).with_help(help);
            self.problems.push(problem);
            return;
        };
        match values(settable, value.get_ref()) {
            Ok(values) => {
                let at = span(self.source, key_span);
                let place = Place { file: FILE_NAME.to_owned(), line: at.line, column: at.column };
                into.insert(key.to_owned(), FileValue { values, place, span: value.span() });
            }
            Err(wanted) => {
                let kind = value.get_ref().type_str();
                let problem = self.problem(value.span(), format!("`{key}` is {wanted}, and not of type {kind}"));
                self.problems.push(problem.with_help(format!("{key}: {}", settable.help)));
            }
        }
    }
}

/// A value as the command line would have it, or what is wanted instead.
fn values(settable: &Settable, value: &DeValue<'_>) -> Result<Vec<String>, &'static str> {
    let plain = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    };
    match (settable.takes, value) {
        (Takes::Nothing, DeValue::Boolean(switched)) => Ok(vec![switched.to_string()]),
        (Takes::Nothing, _) => Err("true or false"),
        (Takes::Many, DeValue::Array(array)) => {
            array.iter().map(|value| plain(value.get_ref())).collect::<Option<_>>().ok_or("a list of texts")
        }
        (Takes::Many, value) => plain(value).map(|text| vec![text]).ok_or("a list of texts"),
        (Takes::One, value) => plain(value).map(|text| vec![text]).ok_or("a text or a number"),
    }
}

/// A byte range with its line and column.
fn span(source: &SourceFile, range: Range<usize>) -> Span {
    let before = source.text.get(..range.start).unwrap_or(&source.text);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    Span {
        offset: before.len(),
        length: range.len().max(1),
        line: number(before.matches('\n').count() + 1),
        column: number(before[start..].chars().count() + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::arguments::Arguments;
    use crate::cli::config::settable::arguments_of;
    use clap::CommandFactory;
    use proptest::prelude::*;

    static SETTABLE: std::sync::LazyLock<Vec<Settable>> =
        std::sync::LazyLock::new(|| arguments_of(&Arguments::command(), "run"));

    /// Whatever the text, parsing ends, and what is wrong has a place in it.
    fn check(text: &str) {
        if let Err(problems) = ConfigFile::parse(text, &SETTABLE) {
            for problem in problems.iter() {
                let place = problem.place();
                assert!(place.line as usize <= text.matches('\n').count() + 1, "{place} in {text:?}");
                assert!(problem.suggestion().is_some(), "{problem} does not say what to do");
            }
            assert!(problems.to_string().contains("problem"));
        }
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn any_text_is_read_or_refused_with_places(text in "\\PC{0,120}") {
            check(&text);
        }

        #[test]
        fn what_looks_like_a_configuration_too(
            keys in prop::collection::vec(
                prop::sample::select(vec!["rounds", "rouds", "fail_on", "no_alone", "profile", "\"é\"", "[profile.ci]", "[a"]),
                0..8,
            ),
            values in prop::collection::vec(
                prop::sample::select(vec![" = 1", " = true", " = \"x", " = [\"a\", 2]", " = { a = 1 }", " = 0x1f", " = 'é'", ""]),
                8,
            ),
        ) {
            let lines: Vec<String> = keys.iter().zip(values).map(|(key, value)| format!("{key}{value}")).collect();
            check(&lines.join("\n"));
        }
    }

    #[test]
    fn deep_nesting_is_no_way_to_the_end_of_the_stack() {
        check(&format!("paths = {}", "[".repeat(20_000)));
        check(&"[a.".repeat(20_000));
    }
}
