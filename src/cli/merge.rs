//! `merge`, from its arguments to the summary.

use crate::app::{self, MergeOptions, Missing, RunOptions};
use crate::cli::Exit;
use crate::cli::arguments::{Arguments, Command};
use crate::cli::config::{self, ConfigError, Surroundings};
use crate::cli::door;
use crate::cli::leave::{grants, tested_root};
use crate::cli::live::{Live, Telling};
use crate::cli::look::style;
use crate::cli::merge_arguments::{MergeArguments, MissingRounds};
use crate::cli::running::tell_finished;
use crate::cli::signals::Stoppable;
use crate::cli::suite_arguments;
use crate::cli::surroundings::{environment, tool};
use crate::cli::trouble::Trouble;
use crate::model::{Seed, SystemClock};
use clap::{CommandFactory, Parser};
use std::io::{self, IsTerminal};
use std::path::Path;

/// Merges what the arguments name.
pub(super) fn merge(arguments: MergeArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let root = tested_root(&arguments.leave)?;
    let grants = grants(&arguments.leave)?;
    let (annotations, color) = (arguments.annotations, arguments.color);
    let telling = if arguments.quiet { Telling::Nothing } else { Telling::Usual };
    let missing = match arguments.missing {
        MissingRounds::Refuse => Missing::Refuse,
        MissingRounds::Run => Missing::Run,
        MissingRounds::Allow => Missing::Allow,
    };
    let folders = arguments.folders.clone();
    let jobs = arguments.jobs.map(|jobs| jobs as usize);
    let merging = MergeOptions { folders, missing, jobs, run: options(arguments, &root)? };
    let mut told = door::err();
    let mut live = Live::new(&mut told, io::stderr().is_terminal(), telling);
    let mut stop = |handle| stoppable.set(handle);
    let finished = app::merge(&merging, &grants, &tool, &SystemClock, &mut live, &mut stop);
    live.finish();
    tell_finished(&finished?, &tool, annotations, style(color))
}

/// The options of the merged run: what is typed, over what `run` would take from the configuration.
fn options(typed: MergeArguments, root: &Path) -> Result<RunOptions, Trouble> {
    let mut words: Vec<std::ffi::OsString> = vec!["steadfast".into(), "run".into()];
    if let Some(folder) = &typed.report_dir {
        words.extend(["--report-dir".into(), folder.into()]);
    }
    let around = Surroundings { typed: words, environment: environment(), folder: std::env::current_dir()? };
    let effective = config::effective(&Arguments::command(), &around)?;
    let configured = Arguments::try_parse_from(&effective.arguments).map_err(ConfigError::from)?;
    let Command::Run(run) = configured.command else {
        unreachable!("the words say `run`");
    };
    let (suite, _) = suite_arguments::meant(run.suite.clone(), false, root)?;
    let configured = run.options(suite, root.to_owned(), Seed::new(0), 1);
    let history = match typed.no_history {
        true => None,
        false => typed.history.or(configured.history),
    };
    Ok(RunOptions {
        max_time: typed.max_time.or(configured.max_time),
        case_timeout: typed.case_timeout.unwrap_or(configured.case_timeout),
        junit: typed.junit.or(configured.junit),
        html: typed.html.or(configured.html),
        markdown: typed.markdown.or(configured.markdown),
        json: typed.json.or(configured.json),
        history,
        shard: None,
        ..configured
    })
}
