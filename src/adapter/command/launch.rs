//! How a runner is started.

use crate::adapter::command::CommandSpec;
use crate::adapter::command::error::CommandError;
use crate::adapter::command::fields::{Fields, fill};
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::profile::{ARGS, CASE, CASES, PlainRun, Profile};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of one process.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places<'a> {
    /// A folder for this start alone.
    pub scratch: &'a Path,
    /// Where the profile's drivers are.
    pub drivers: &'a Path,
    /// Where its programs put temporary files: the round's.
    pub temporary: &'a Path,
}

/// The folder that commands run in.
pub(super) fn folder(spec: &CommandSpec, profile: &Profile) -> PathBuf {
    if profile.folder.as_os_str().is_empty() { spec.root.clone() } else { spec.root.join(&profile.folder) }
}

/// The command that lists the cases.
///
/// # Errors
/// If it can't be made of the profile: for people.
pub(super) fn listing(spec: &CommandSpec, profile: &Profile, places: Places<'_>) -> Result<Command, CommandError> {
    let mut words = Vec::new();
    for word in &profile.list.command {
        match word.as_str() {
            ARGS => words.extend(spec.arguments.iter().cloned()),
            word => words.push(filled("list.command", word, &surroundings(spec, places))?),
        }
    }
    command(spec, profile, words, places)
}

/// The command that runs these cases in one process, shuffled by `seed` where their order takes one. A file that names them
/// is written below `scratch`.
///
/// # Errors
/// If it can't be made of the profile: for people.
pub(super) fn running(
    spec: &CommandSpec,
    profile: &Profile,
    cases: &[&ListedCase],
    seed: Option<u64>,
    places: Places<'_>,
) -> Result<Command, CommandError> {
    let written: Vec<String> =
        cases.iter().map(|case| filled("run.case", &profile.run.case, &case.fields)).collect::<Result<_, _>>()?;
    let mut fields = surroundings(spec, places);
    // What a command says of the cases themselves, it says of all cases of a process alike.
    fields.extend(cases.first().into_iter().flat_map(|case| case.fields.clone()));
    fields.extend(written.first().map(|case| ("case".to_owned(), case.clone())));
    if let Some(join) = &profile.run.join {
        fields.insert("cases".to_owned(), written.join(join));
    }
    if profile.hands_cases_by_file() {
        let file = places.scratch.join("cases");
        let text: String = written.iter().map(|case| format!("{case}\n")).collect();
        crate::disk::write_private(&file, text).map_err(CommandError::write(&file))?;
        fields.insert("cases_file".to_owned(), file.display().to_string());
    }
    let mut words = Vec::new();
    for word in &profile.run.command {
        match word.as_str() {
            ARGS => words.extend(spec.arguments.iter().cloned()),
            CASES if profile.run.join.is_none() => words.extend(written.iter().cloned()),
            CASE => words.extend(written.first().cloned()),
            word => words.push(filled("run.command", word, &fields)?),
        }
    }
    if let (Some(seed), Some(shuffled)) = (seed, &profile.run.shuffled) {
        let seed: Fields = [("seed".to_owned(), seed.to_string())].into();
        for word in &shuffled.words {
            words.push(filled("run.shuffled", word, &seed)?);
        }
    }
    command(spec, profile, words, places)
}

/// The command with which a user runs all cases.
///
/// # Errors
/// If it can't be made of the profile: for people.
pub(super) fn plain(
    spec: &CommandSpec,
    profile: &Profile,
    plain: &PlainRun,
    places: Places<'_>,
) -> Result<Command, CommandError> {
    let mut words = Vec::new();
    for word in &plain.command {
        match word.as_str() {
            ARGS => words.extend(spec.arguments.iter().cloned()),
            word => words.push(filled("plain.command", word, &surroundings(spec, places))?),
        }
    }
    command(spec, profile, words, places)
}

/// How the results of a process that runs these cases name them.
///
/// # Errors
/// If that can't be made of the profile: for people.
pub(super) fn names(told_as: Option<&str>, cases: &[&ListedCase]) -> Result<Vec<String>, CommandError> {
    let name = |case: &&ListedCase| match told_as {
        None => Ok(case.id.clone()),
        Some(template) => filled("run.told_as", template, &case.fields),
    };
    cases.iter().map(name).collect()
}

fn surroundings(spec: &CommandSpec, places: Places<'_>) -> Fields {
    let python = spec.python.as_deref().unwrap_or(Path::new("python3"));
    let named = [("scratch", places.scratch), ("drivers", places.drivers), ("python", python)];
    named.map(|(name, path)| (name.to_owned(), path.display().to_string())).into()
}

/// The text with the place of this process's own files filled in.
pub(super) fn of_scratch(key: &str, template: &str, scratch: &Path) -> Result<String, CommandError> {
    filled(key, template, &[("scratch".to_owned(), scratch.display().to_string())].into())
}

fn filled(key: &str, template: &str, fields: &Fields) -> Result<String, CommandError> {
    fill(template, fields).map_err(|name| {
        let known: Vec<&str> = fields.keys().map(String::as_str).collect();
        CommandError::Template { key: key.to_owned(), name, known: known.join(", ") }
    })
}

fn command(
    spec: &CommandSpec,
    profile: &Profile,
    words: Vec<String>,
    places: Places<'_>,
) -> Result<Command, CommandError> {
    let temporary = places.temporary;
    crate::disk::make_folders(temporary).map_err(CommandError::write(temporary))?;
    let mut words = words.into_iter();
    let program = words
        .next()
        .filter(|program| !program.starts_with('-'))
        .ok_or_else(|| CommandError::NoProgram { profile: spec.profile.clone() })?;
    let folder = folder(spec, profile);
    // A path is relative to the folder that commands run in; a bare name is looked for on PATH.
    let program = if program.contains('/') { folder.join(program) } else { PathBuf::from(program) };
    let mut command = Command::new(program);
    command.args(words).current_dir(&folder).env("TMPDIR", temporary);
    for (name, value) in &profile.env {
        command.env(name, filled("env", value, &surroundings(spec, places))?);
    }
    Ok(command)
}
