//! `merge`, from its arguments to the summary.

use crate::app::{self, MergeOptions, Missing, RunOptions};
use crate::cli::Exit;
use crate::cli::door;
use crate::cli::leave::{configured_run, grants, tested_root};
use crate::cli::live::{Live, Telling};
use crate::cli::look::style;
use crate::cli::merge_arguments::{MergeArguments, MissingRounds};
use crate::cli::running::tell_finished;
use crate::cli::signals::Stoppable;
use crate::cli::surroundings::tool;
use crate::cli::trouble::Trouble;
use crate::model::SystemClock;
use std::io::{self, IsTerminal};
use std::path::Path;

/// Merges what the arguments name.
pub(super) fn merge(arguments: MergeArguments, stoppable: &Stoppable) -> Result<Exit, Trouble> {
    let tool = tool()?;
    let root = tested_root(&arguments.leave)?;
    let grants = grants(&arguments.leave)?;
    let (annotations, color) = (arguments.outputs.annotations, arguments.color);
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
    let configured = configured_run(typed.report_dir.as_deref(), root)?;
    let history = match typed.outputs.no_history {
        true => None,
        false => typed.outputs.history.or(configured.history),
    };
    Ok(RunOptions {
        max_time: typed.max_time.or(configured.max_time),
        case_timeout: typed.case_timeout.unwrap_or(configured.case_timeout),
        junit: typed.outputs.junit.or(configured.junit),
        html: typed.outputs.html.or(configured.html),
        markdown: typed.outputs.markdown.or(configured.markdown),
        json: typed.outputs.json.or(configured.json),
        history,
        shard: None,
        fleet: None,
        ..configured
    })
}
