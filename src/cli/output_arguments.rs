//! Where the results of commands that judge a run go, besides the run's own folder.

use crate::cli::history_place::PlaceParser;
use crate::cli::run_choices::Annotations;
use crate::history::HistoryPlace;
use clap::{Args, ValueHint};
use std::path::PathBuf;

/// What `why` and `merge` share.
#[derive(Debug, Clone, Args)]
pub(super) struct OutputArguments {
    /// Another copy of the JUnit report
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Another copy of the HTML report
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Another copy of the Markdown summary
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Another copy of report.json
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Where runs are remembered: a file, a folder of files (`FOLDER/`) that a bucket can hold, or a URL of PostgreSQL [default: history.sqlite in the report folder]
    #[arg(long, value_name = "FILE|URL", value_parser = PlaceParser, value_hint = ValueHint::AnyPath)]
    pub history: Option<HistoryPlace>,
    /// Remember nothing of this run, and know nothing of earlier ones
    #[arg(long, conflicts_with = "history")]
    pub no_history: bool,
    /// Print annotations for this service
    #[arg(long, value_enum)]
    pub annotations: Option<Annotations>,
}
