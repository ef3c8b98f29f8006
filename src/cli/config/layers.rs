//! The layers, and the one command line that they make.

use crate::cli::config::file::{ConfigFile, find};
use crate::cli::config::meant::with_help;
use crate::cli::config::settable::{Settable, Takes, arguments_of};
use crate::cli::config::setting::{Origin, Setting};
use crate::cli::config::show::show;
use crate::cli::config::slips::{misnamed_file, unknown_variables};
use crate::scenario::{Problem, Problems, did_you_mean};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{ArgMatches, Command};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// Commands that know nothing of a project.
const WITHOUT_CONFIG: &[&str] =
    &["worker", "tutor", "providers", "schema", "completions", "man", "explain", "init", "demo"];

/// What names an input that may also be meant from the project's folder, as commands print it.
const INPUTS: &[&str] = &["file", "run", "resume", "system"];

/// What is said of suites: nothing where there is none. An interpreter may be that of a suite which is found.
const OF_SUITES: &[&str] = &["fresh_process", "providers", "explain", "first_difference", "parallel"];

/// Where the program was called.
#[derive(Debug)]
pub(in crate::cli) struct Surroundings {
    /// The arguments as typed, the program's own name first.
    pub typed: Vec<OsString>,
    /// The variables of the environment.
    pub environment: BTreeMap<String, String>,
    /// The current folder.
    pub folder: PathBuf,
}

/// Why no command line can be made.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum ConfigError {
    /// The command line is wrong (or asks for help).
    #[error(transparent)]
    CommandLine(#[from] clap::Error),
    /// The file is wrong.
    #[error("wrong configuration\n\n{0}")]
    File(#[from] Problems),
    /// The environment is wrong.
    #[error("the environment variable {variable}: {message}; {help}")]
    Environment {
        /// The name of the variable.
        variable: String,
        /// What is wrong.
        message: String,
        /// What to do.
        help: String,
    },
    /// There is no such profile.
    #[error("there is no profile `{name}`: {help}")]
    NoProfile {
        /// The name of the profile.
        name: String,
        /// What to do.
        help: String,
    },
}

/// What was asked for, over all layers.
#[derive(Debug)]
pub(in crate::cli) struct Effective {
    /// The command line that says it all.
    pub arguments: Vec<OsString>,
    /// The project's folder: everything in the command line is relative to it.
    pub root: PathBuf,
    /// Each setting with its origin, for a reader.
    pub shown: String,
    /// What somebody may have meant, and nothing reads.
    pub slips: Vec<String>,
}

/// Puts the layers over each other.
///
/// # Errors
/// If one of them is wrong.
pub(in crate::cli) fn effective(program: &Command, around: &Surroundings) -> Result<Effective, ConfigError> {
    let matches = program
        .clone()
        .try_get_matches_from(&around.typed)
        .map_err(|error| with_help(error, &around.typed, &around.folder))?;
    let as_typed = || Effective {
        arguments: around.typed.clone(),
        root: around.folder.clone(),
        shown: String::new(),
        slips: Vec::new(),
    };
    let Some((command, matches)) = matches.subcommand() else { return Ok(as_typed()) };
    // A command of commands has no settings of its own.
    if WITHOUT_CONFIG.contains(&command) || matches.subcommand().is_some() {
        return Ok(as_typed());
    }
    let elsewhere = elsewhere(matches, &around.folder);
    let root = find(elsewhere.as_deref().unwrap_or(&around.folder));
    // What the file may say is what `run` takes, whichever command asks.
    let of_run = arguments_of(program, "run");
    let file = root.as_deref().map(|root| ConfigFile::read(root, &of_run)).transpose()?;
    let root = root.or(elsewhere).unwrap_or_else(|| around.folder.clone());
    let layers = Layers { program, of_run: &of_run, file, matches, around, root: &root };
    layers.check_file()?;
    let profile = layers.profile()?;
    let mut settings = Vec::new();
    for settable in arguments_of(program, command) {
        settings.push(layers.setting(command, settable, profile.as_deref())?);
    }
    give_way(program.find_subcommand(command), &mut settings);
    let arguments = command_line(around, command, &settings);
    let mut slips = unknown_variables(&around.environment, &of_run);
    slips.extend(misnamed_file(&root).filter(|_| layers.file.is_none()));
    let shown = show(&settings, layers.file.is_some().then_some(root.as_path()));
    Ok(Effective { arguments, shown, slips, root })
}

/// Where the paths that were typed lie, if that is another project: a folder outside of the current one's. It is their
/// project then, or the nearest folder above it that has a configuration.
fn elsewhere(matches: &ArgMatches, current: &Path) -> Option<PathBuf> {
    let paths = matches.try_get_many::<PathBuf>("paths").ok().flatten()?;
    let here = find(current).unwrap_or_else(|| current.to_owned()).canonicalize().ok()?;
    let mut folders = paths.map(|path| {
        let path = current.join(path).canonicalize().ok()?;
        let folder = if path.is_dir() { Some(path.as_path()) } else { path.parent() };
        folder.filter(|folder| !folder.starts_with(&here)).map(Path::to_owned)
    });
    let first = folders.next()??;
    folders.all(|folder| folder.is_some_and(|folder| folder.starts_with(&first))).then_some(first)
}

/// What can't be said together with what a stronger layer says is not said: a suite that is typed takes the place of the
/// file's system. What one layer says by itself stays, and is refused.
fn give_way(command: Option<&Command>, settings: &mut [Setting]) {
    let Some(command) = command else { return };
    let excluded = |one: &Setting| -> Vec<String> {
        let argument = command.get_arguments().find(|argument| argument.get_id().as_str() == one.settable.id);
        let conflicts = argument.map(|argument| command.get_arg_conflicts_with(argument)).unwrap_or_default();
        conflicts.into_iter().map(|other| other.get_id().to_string()).collect()
    };
    let mut weaker: BTreeSet<String> = BTreeSet::new();
    for one in settings.iter() {
        for other in settings.iter().filter(|other| excluded(one).contains(&other.settable.id)) {
            match one.origin.strength().cmp(&other.origin.strength()) {
                Ordering::Greater => weaker.insert(other.settable.id.clone()),
                Ordering::Less => weaker.insert(one.settable.id.clone()),
                Ordering::Equal => false,
            };
        }
    }
    let is_said = |one: &Setting| one.origin != Origin::Default && !weaker.contains(&one.settable.id);
    let has_suite = settings.iter().any(|one| one.settable.id == "suite" && is_said(one));
    for setting in settings {
        let is_idle = !has_suite && OF_SUITES.contains(&setting.settable.id.as_str());
        if weaker.contains(&setting.settable.id) || (is_idle && setting.origin != Origin::CommandLine) {
            setting.values = setting.settable.default.iter().map(OsString::from).collect();
            setting.origin = Origin::Default;
        }
    }
}

struct Layers<'a> {
    program: &'a Command,
    of_run: &'a [Settable],
    file: Option<ConfigFile>,
    matches: &'a ArgMatches,
    around: &'a Surroundings,
    root: &'a Path,
}

impl Layers<'_> {
    /// Every value of the file is checked, in profiles that are not asked for too.
    fn check_file(&self) -> Result<(), Problems> {
        let Some(file) = &self.file else { return Ok(()) };
        let mut problems: Vec<Problem> = Vec::new();
        for (key, value) in file.profiles.values().flatten().chain(&file.common) {
            let settable = self.of_run.iter().find(|settable| settable.key == *key);
            let refused = settable.and_then(|settable| self.refusal(settable, &value.values));
            problems.extend(refused.map(|(message, help)| file.refused(value, message, help)));
        }
        if problems.is_empty() { Ok(()) } else { Err(Problems::new(problems)) }
    }

    /// What the command line's own checks have against a value: what is wrong, and what to do.
    fn refusal(&self, settable: &Settable, values: &[String]) -> Option<(String, String)> {
        if settable.takes == Takes::Nothing {
            let is_switch = matches!(values, [value] if value == "true" || value == "false");
            return (!is_switch)
                .then(|| (format!("`{}` is true or false", settable.key), "write true or false".into()));
        }
        let mut line: Vec<OsString> = vec!["steadfast".into(), "run".into()];
        let values: Vec<OsString> = values.iter().map(OsString::from).collect();
        line.extend(spelled(settable, &values));
        let error = self.program.clone().try_get_matches_from(line).err()?;
        if matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict) {
            // Nothing is wrong with the value: what else it needs, another layer may say.
            return None;
        }
        let list = |kind| match error.get(kind) {
            Some(ContextValue::Strings(values)) => values.join(", "),
            Some(ContextValue::String(value)) => value.clone(),
            _ => String::new(),
        };
        let possible = list(ContextKind::ValidValue);
        let refused = list(ContextKind::InvalidValue);
        if refused.is_empty() {
            // It says itself what is wrong, without the value.
            return Some((error.to_string().trim().to_owned(), settable.help.clone()));
        }
        let message = format!("`{refused}` is no value for `{}`", settable.key);
        Some(match (error.source(), possible.is_empty()) {
            (Some(source), _) => (message, source.to_string()),
            (None, false) => (message, format!("one of {possible} is wanted")),
            (None, true) => (message, settable.help.clone()),
        })
    }

    /// The profile that is asked for.
    fn profile(&self) -> Result<Option<String>, ConfigError> {
        // Other commands have no such argument; the environment's holds for them too.
        let typed = self.matches.try_get_one::<String>("profile").ok().flatten().cloned();
        let Some(name) = typed.or_else(|| self.variable("STEADFAST_PROFILE")) else { return Ok(None) };
        let known: Vec<&str> = self.file.iter().flat_map(|file| file.profiles.keys()).map(String::as_str).collect();
        if known.contains(&name.as_str()) {
            return Ok(Some(name));
        }
        let help = match (&self.file, known.is_empty()) {
            (None, _) => "there is no steadfast.toml here or above; `steadfast init` writes one".to_owned(),
            (Some(_), true) => format!("steadfast.toml has none; write [profile.{name}] and its keys below"),
            (Some(_), false) => did_you_mean(&name, "known", known.iter().copied()),
        };
        Err(ConfigError::NoProfile { name, help })
    }

    fn variable(&self, name: &str) -> Option<String> {
        self.around.environment.get(name).filter(|value| !value.is_empty()).cloned()
    }

    /// A setting's value: the first layer that has one.
    fn setting(&self, command: &str, settable: Settable, profile: Option<&str>) -> Result<Setting, ConfigError> {
        if self.matches.value_source(&settable.id) == Some(ValueSource::CommandLine) {
            let raw: Vec<&OsStr> = self.matches.get_raw(&settable.id).into_iter().flatten().collect();
            let values = match settable.takes {
                Takes::Nothing => vec!["true".into()],
                Takes::One | Takes::Many => {
                    raw.into_iter().map(|value| self.seen_from_root(&settable, value)).collect()
                }
            };
            return Ok(Setting { settable, values, origin: Origin::CommandLine });
        }
        if settable.is_for(command) && settable.is_for_environment() {
            if let Some(setting) = self.of_environment(&settable)? {
                return Ok(setting);
            }
            if let Some(file) = self.file.as_ref().filter(|_| settable.is_for_files()) {
                let of_profile = profile.and_then(|name| Some((name, file.profiles.get(name)?.get(&settable.key)?)));
                let value = of_profile.map(|(name, value)| (value, Some(name.to_owned())));
                if let Some((value, profile)) = value.or_else(|| Some((file.common.get(&settable.key)?, None))) {
                    let values = value.values.iter().map(OsString::from).collect();
                    return Ok(Setting { settable, values, origin: Origin::File(value.place.clone(), profile) });
                }
            }
        }
        let values = settable.default.iter().map(OsString::from).collect();
        Ok(Setting { settable, values, origin: Origin::Default })
    }

    fn of_environment(&self, settable: &Settable) -> Result<Option<Setting>, ConfigError> {
        let variable = settable.variable();
        let Some(text) = self.variable(&variable) else { return Ok(None) };
        let values: Vec<String> = match (settable.takes, settable.is_path) {
            (Takes::Nothing, _) => vec![switch(&text).unwrap_or(text)],
            (Takes::One, _) => vec![text],
            (Takes::Many, true) => std::env::split_paths(&text).map(|path| path.display().to_string()).collect(),
            (Takes::Many, false) => text.split(',').map(|part| part.trim().to_owned()).collect(),
        };
        if let Some((message, help)) = self.refusal(settable, &values) {
            return Err(ConfigError::Environment { variable, message, help });
        }
        let values = values.iter().map(|value| self.seen_from_root(settable, OsStr::new(value))).collect();
        Ok(Some(Setting { settable: settable.clone(), values, origin: Origin::Environment(variable) }))
    }

    /// A path that somebody typed in the current folder, as the project's folder has it.
    fn seen_from_root(&self, settable: &Settable, value: &OsStr) -> OsString {
        let (folder, root) = (&self.around.folder, self.root);
        let is_input = INPUTS.contains(&settable.id.as_str());
        let (is_here, is_there) = (folder.join(value).exists(), root.join(value).exists());
        let is_meant_here = match (settable.is_path, is_input) {
            (true, true) => is_here || !is_there,
            (true, false) => true,
            // A name or a path: it is a path if there is such a file.
            (false, true) => is_here,
            (false, false) => false,
        };
        let is_relative = Path::new(value).is_relative() && !is_url(value);
        match folder.strip_prefix(root) {
            Ok(below) if is_meant_here && is_relative => below.join(value).into_os_string(),
            Err(_) if is_meant_here && !is_url(value) => self.seen_from_elsewhere(settable, value),
            _ => value.to_owned(),
        }
    }

    /// A path that somebody typed outside of the project, whose paths lie elsewhere.
    fn seen_from_elsewhere(&self, settable: &Settable, value: &OsStr) -> OsString {
        let typed = self.around.folder.join(value);
        if settable.id != "paths" {
            return typed.into_os_string();
        }
        match typed.canonicalize().ok().as_ref().and_then(|path| path.strip_prefix(self.root).ok()) {
            Some(inside) if inside.as_os_str().is_empty() => ".".into(),
            Some(inside) => inside.as_os_str().to_owned(),
            None => typed.into_os_string(),
        }
    }
}

/// Whether it names no path, though a path could stand there.
fn is_url(value: &OsStr) -> bool {
    value.to_str().is_some_and(crate::history::is_postgres)
}

/// What a word means for a switch.
fn switch(text: &str) -> Option<String> {
    match text.to_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Some("true".to_owned()),
        "0" | "false" | "no" | "off" => Some("false".to_owned()),
        _ => None,
    }
}

/// The command line that says everything that is not a default.
fn command_line(around: &Surroundings, command: &str, settings: &[Setting]) -> Vec<OsString> {
    let program = around.typed.first().cloned().unwrap_or_else(|| "steadfast".into());
    let mut line = vec![program, command.into()];
    let said: Vec<&Setting> = settings.iter().filter(|setting| setting.origin != Origin::Default).collect();
    let (options, positional): (Vec<_>, Vec<_>) = said.into_iter().partition(|setting| setting.settable.long.is_some());
    let (last, positional): (Vec<_>, Vec<_>) = positional.into_iter().partition(|setting| setting.settable.is_last);
    for setting in options.into_iter().chain(positional) {
        line.extend(spelled(&setting.settable, &setting.values));
    }
    for setting in last {
        line.push("--".into());
        line.extend(setting.values.iter().cloned());
    }
    line
}

/// An argument as it would be typed.
fn spelled(settable: &Settable, values: &[OsString]) -> Vec<OsString> {
    let Some(long) = &settable.long else { return values.to_vec() };
    match settable.takes {
        Takes::Nothing if values.iter().any(|value| value == "true") => vec![format!("--{long}").into()],
        Takes::Nothing => Vec::new(),
        Takes::One | Takes::Many if values.is_empty() => vec![format!("--{long}").into()],
        Takes::One | Takes::Many => {
            let spell = |value: &OsString| {
                let mut option = OsString::from(format!("--{long}="));
                option.push(value);
                option
            };
            values.iter().map(spell).collect()
        }
    }
}
