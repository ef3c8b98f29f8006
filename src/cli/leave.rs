//! What whoever calls gives leave for, and in which tree.

use crate::app::{AppError, Grants, RunOptions};
use crate::cli::arguments::{Arguments, Command};
use crate::cli::config::{self, ConfigError, Surroundings};
use crate::cli::leave_arguments::LeaveArguments;
use crate::cli::suite_arguments;
use crate::cli::surroundings::{environment, project};
use crate::cli::trouble::Trouble;
use crate::model::Seed;
use clap::{CommandFactory, Parser};
use std::path::{Path, PathBuf};

/// The folder whose tree is tested: the current one, if no other is named.
pub(super) fn tested_root(leave: &LeaveArguments) -> Result<PathBuf, Trouble> {
    match &leave.root {
        None => project(),
        Some(root) => Ok(root.canonicalize().map_err(|source| AppError::Io { path: root.clone(), source })?),
    }
}

/// The options that `run` would take from the project's configuration, for a command that runs something in its stead.
pub(super) fn configured_run(report_dir: Option<&Path>, root: &Path) -> Result<RunOptions, Trouble> {
    let mut words: Vec<std::ffi::OsString> = vec!["steadfast".into(), "run".into()];
    if let Some(folder) = report_dir {
        words.extend(["--report-dir".into(), folder.into()]);
    }
    let around = Surroundings { typed: words, environment: environment(), folder: std::env::current_dir()? };
    let effective = config::effective(&Arguments::command(), &around)?;
    let configured = Arguments::try_parse_from(&effective.arguments).map_err(ConfigError::from)?;
    let Command::Run(run) = configured.command else {
        unreachable!("the words say `run`");
    };
    let (suite, _) = suite_arguments::meant(run.suite.clone(), false, root)?;
    Ok(run.options(suite, root.to_owned(), Seed::new(0), 1))
}

/// What is given leave for: on the command line, and by what `run` would take from the project's configuration.
pub(super) fn grants(leave: &LeaveArguments) -> Result<Grants, Trouble> {
    let typed = vec!["steadfast".into(), "run".into()];
    let around = Surroundings { typed, environment: environment(), folder: std::env::current_dir()? };
    let effective = config::effective(&Arguments::command(), &around)?;
    let configured = Arguments::try_parse_from(&effective.arguments).map_err(ConfigError::from)?;
    let given = Grants {
        everything: leave.trust,
        network: leave.allow_network,
        pythons: leave.python.iter().cloned().collect(),
        systems: leave.system.iter().cloned().collect(),
        arguments: vec![leave.suite_arguments.clone()],
        suites: Vec::new(),
    };
    Ok(match configured.command {
        Command::Run(run) => {
            let root = project()?;
            let (suite, _) = suite_arguments::meant(run.suite.clone(), false, &root)?;
            given.and_of(&run.options(suite, root, Seed::new(0), 1))
        }
        _ => given,
    })
}
