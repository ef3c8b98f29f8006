//! What can be configured.

use clap::{Arg, ArgAction, Command, ValueHint};

/// Arguments that make no sense in a file: each belongs to one call of the program.
const NOT_IN_FILE: &[&str] = &["resume", "profile", "show_config", "allow_network", "keyword", "dry_run", "shard"];

/// Arguments that make no sense in the environment either.
const NOWHERE: &[&str] = &["resume", "trust", "show_config", "dry_run", "help", "version"];

/// What other commands than `run` take over from the configuration.
const SHARED: &[&str] = &["paths", "system", "report_dir", "history", "quarantine"];

/// What `why` does not take over: a question has an order of its own, or none.
const NOT_FOR_WHY: &[&str] = &["order", "case", "junit_in"];

/// How many values an argument takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// None: it is there or not.
    Nothing,
    /// It takes one value.
    One,
    /// It takes any number of values.
    Many,
}

/// An argument of a command.
#[derive(Debug, Clone)]
pub(super) struct Settable {
    /// Its name in clap.
    pub id: String,
    /// Its name in the file.
    pub key: String,
    /// Its option, without dashes; none for a positional argument.
    pub long: Option<String>,
    /// How many values it takes.
    pub takes: Takes,
    /// Whether it names a file or folder.
    pub is_path: bool,
    /// Whether it stands behind `--`.
    pub is_last: bool,
    /// Its default, if it has one.
    pub default: Vec<String>,
    /// What it may be, if that can be listed.
    pub possible: Vec<String>,
    /// What it is for.
    pub help: String,
}

impl Settable {
    fn of(argument: &Arg) -> Self {
        let id = argument.get_id().to_string();
        let long = argument.get_long().map(str::to_owned);
        let takes = match argument.get_action() {
            ArgAction::Append => Takes::Many,
            ArgAction::Set => Takes::One,
            _ => Takes::Nothing,
        };
        let text = |value: &clap::builder::OsStr| value.to_string_lossy().into_owned();
        Self {
            key: long.as_deref().unwrap_or(&id).replace('-', "_"),
            takes,
            is_path: takes != Takes::Nothing && argument.get_value_hint() == ValueHint::AnyPath,
            is_last: argument.is_last_set(),
            default: argument.get_default_values().iter().map(text).collect(),
            possible: match takes {
                Takes::Nothing => Vec::new(),
                _ => argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect(),
            },
            help: argument.get_help().map(ToString::to_string).unwrap_or_default(),
            id,
            long,
        }
    }

    /// Whether `steadfast.toml` may set it.
    pub fn is_for_files(&self) -> bool {
        self.is_for_environment() && !NOT_IN_FILE.contains(&self.key.as_str())
    }

    /// Whether the environment may set it.
    pub fn is_for_environment(&self) -> bool {
        !self.is_last && !NOWHERE.contains(&self.key.as_str())
    }

    /// Whether a command takes it over from the configuration.
    pub fn is_for(&self, command: &str) -> bool {
        command == "run"
            || (command == "why" && !NOT_FOR_WHY.contains(&self.key.as_str()))
            || SHARED.contains(&self.key.as_str())
    }

    /// The environment's name for it.
    pub fn variable(&self) -> String {
        format!("STEADFAST_{}", self.key.to_uppercase())
    }
}

/// The arguments of a command, in the order of its help.
pub(super) fn arguments_of(program: &Command, command: &str) -> Vec<Settable> {
    let found = program.find_subcommand(command);
    found.map(|command| command.get_arguments().map(Settable::of).collect()).unwrap_or_default()
}
