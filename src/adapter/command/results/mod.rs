//! What runners say of cases, in the forms in which they say it.

mod exit;
mod json;
mod judge;
mod junit;
mod lines;
mod tail;
mod tap;
mod told;

use crate::adapter::command::error::CommandError;
use crate::adapter::command::launch::of_scratch;
use crate::adapter::command::profile::Results;
use crate::disk::{LONGEST_RESULT, read_bytes};
pub(super) use exit::ExitReader;
use json::JsonReader;
use judge::Judge;
use lines::LineReader;
use std::fs;
use std::path::{Path, PathBuf};
use tail::Tail;
use tap::TapReader;
pub(super) use told::Told;

/// Reads outcomes as they come, or when the runner has ended.
#[derive(Debug)]
pub(super) enum Reader {
    Tap(TapReader),
    Objects(JsonReader),
    Lines(LineReader),
    /// The same in a file that grows as the runner works.
    GrowingLines(LineReader, String, Tail),
    /// Objects in a file that grows as the runner works.
    Growing(JsonReader, String, Tail),
    /// Objects on standard output, and how the cases ended in a file that a driver writes.
    Judged(Judge, String, Tail),
    /// A document on standard output.
    Document(JsonReader, Vec<u8>),
    /// A document in a file.
    File(JsonReader, String),
    Junit(Vec<String>, String),
    /// How the process ends says it.
    ExitCode(ExitReader),
}

/// The most of a document that is read, in bytes.
const LARGEST: usize = 512 << 20;

impl Reader {
    /// A reader for one process.
    ///
    /// # Errors
    /// If a pattern is none: for people.
    pub fn of(results: &Results) -> Result<Self, CommandError> {
        Ok(match results {
            Results::Tap(tap) => Self::Tap(TapReader::new(tap)?),
            Results::JsonLines(json) => match &json.file {
                None => match &json.verdicts {
                    None => Self::Objects(JsonReader::new(json)?),
                    Some(file) => Self::Judged(Judge::new(JsonReader::new(json)?), file.clone(), Tail::default()),
                },
                Some(file) => Self::Growing(JsonReader::new(json)?, file.clone(), Tail::default()),
            },
            Results::Lines(lines) => match &lines.file {
                None => Self::Lines(LineReader::new(lines)?),
                Some(file) => Self::GrowingLines(LineReader::new(lines)?, file.clone(), Tail::default()),
            },
            Results::Json(json) => match &json.file {
                None => Self::Document(JsonReader::new(json)?, Vec::new()),
                Some(file) => Self::File(JsonReader::new(json)?, file.clone()),
            },
            Results::Junit(junit) => Self::Junit(junit.files.clone(), junit.id.clone()),
            Results::ExitCode(exit) => Self::ExitCode(ExitReader::new(exit)?),
        })
    }

    /// Whether it says of each case how it ended as it ends.
    pub fn is_live(&self) -> bool {
        match self {
            Self::Tap(_)
            | Self::Objects(_)
            | Self::Lines(_)
            | Self::GrowingLines(..)
            | Self::Growing(..)
            | Self::Judged(..)
            | Self::ExitCode(_) => true,
            Self::Document(..) | Self::File(..) | Self::Junit(..) => false,
        }
    }

    /// What a line of standard output says.
    pub fn line(&mut self, line: &[u8]) -> Vec<Told> {
        match self {
            Self::Tap(tap) => tap.line(&String::from_utf8_lossy(line)),
            Self::Objects(json) => json.line(line),
            Self::Lines(lines) => lines.line(line),
            Self::Judged(judge, ..) => {
                judge.hold(line);
                Vec::new()
            }
            Self::Document(_, text) => {
                if text.len() < LARGEST {
                    text.extend_from_slice(line);
                }
                Vec::new()
            }
            Self::Growing(..) | Self::GrowingLines(..) | Self::File(..) | Self::Junit(..) | Self::ExitCode(_) => {
                Vec::new()
            }
        }
    }

    /// What the lines say that were added to a growing file since the last look.
    pub fn grown(&mut self, folder: &Path, scratch: &Path) -> Vec<Told> {
        let path = |file: &str| of_scratch("results", file, scratch).ok().map(|file| folder.join(file));
        match self {
            Self::Growing(json, file, tail) => {
                let lines = path(file).map(|file| tail.lines(&file)).unwrap_or_default();
                lines.iter().flat_map(|line| json.line(line)).collect()
            }
            Self::Judged(judge, file, tail) => {
                let lines = path(file).map(|file| tail.lines(&file)).unwrap_or_default();
                judge.judged(&lines)
            }
            Self::GrowingLines(reader, file, tail) => {
                let lines = path(file).map(|file| tail.lines(&file)).unwrap_or_default();
                lines.iter().flat_map(|line| reader.line(line)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// How much is there of files that are written when all cases have ended; `None` while there are none, and where
    /// outcomes are told otherwise.
    pub fn written(&self, folder: &Path, scratch: &Path) -> Option<u64> {
        let files = match self {
            Self::File(_, file) => std::slice::from_ref(file),
            Self::Junit(files, _) => files,
            _ => return None,
        };
        let files = found(folder, scratch, files).ok()?;
        let sizes = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len());
        Some(sizes.sum()).filter(|written| *written > 0)
    }

    /// What there is to say when the runner has ended; files are looked for in `folder` and taken away.
    ///
    /// # Errors
    /// If what is there can't be read: for people.
    pub fn end(&mut self, folder: &Path, scratch: &Path) -> Result<Vec<Told>, CommandError> {
        match self {
            Self::Tap(tap) => Ok(tap.end()),
            Self::Objects(json) => Ok(json.end()),
            Self::Lines(_) => Ok(Vec::new()),
            Self::Growing(..) | Self::GrowingLines(..) => Ok(self.grown(folder, scratch)),
            Self::Judged(..) => {
                let mut told = self.grown(folder, scratch);
                if let Self::Judged(judge, ..) = self {
                    told.extend(judge.end());
                }
                Ok(told)
            }
            Self::ExitCode(_) => Ok(Vec::new()),
            Self::Document(json, text) => json.document(text),
            Self::File(json, file) => {
                let mut told = Vec::new();
                for file in found(folder, scratch, std::slice::from_ref(file))? {
                    told.extend(json.document(&taken(&file)?)?);
                }
                Ok(told)
            }
            Self::Junit(files, id) => {
                let mut told = Vec::new();
                for file in found(folder, scratch, files)? {
                    let text = taken(&file)?;
                    let in_file = |error| CommandError::ResultsFile { path: file.clone(), source: Box::new(error) };
                    told.extend(junit::read(&text, id).map_err(in_file)?);
                }
                Ok(told)
            }
        }
    }

    /// Takes away what an earlier process left where the next one writes: it must not be read again.
    pub fn clear(&self, folder: &Path, scratch: &Path) -> Result<(), CommandError> {
        let files = match self {
            Self::File(_, file)
            | Self::Growing(_, file, _)
            | Self::Judged(_, file, _)
            | Self::GrowingLines(_, file, _) => std::slice::from_ref(file),
            Self::Junit(files, _) => files,
            Self::Tap(_) | Self::Objects(_) | Self::Lines(_) | Self::Document(..) | Self::ExitCode(_) => &[],
        };
        for file in found(folder, scratch, files)? {
            fs::remove_file(&file).map_err(CommandError::write(&file))?;
        }
        Ok(())
    }
}

fn taken(file: &Path) -> Result<Vec<u8>, CommandError> {
    read_bytes(file, LONGEST_RESULT).map_err(|source| CommandError::Read { path: file.to_owned(), source })
}

/// The files of these names: a `*` in the last part of a name stands for anything.
fn found(folder: &Path, scratch: &Path, files: &[String]) -> Result<Vec<PathBuf>, CommandError> {
    let mut found = Vec::new();
    for file in files {
        let path = folder.join(of_scratch("results", file, scratch)?);
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.contains('*') {
            found.extend(path.is_file().then_some(path));
            continue;
        }
        let glob = globset::Glob::new(&name)?.compile_matcher();
        let entries = path.parent().and_then(|parent| fs::read_dir(parent).ok()).into_iter().flatten().flatten();
        let mut here: Vec<PathBuf> = entries.filter(|e| glob.is_match(e.file_name())).map(|e| e.path()).collect();
        here.sort();
        found.extend(here);
    }
    Ok(found)
}
