//! The arguments of `merge`.

use crate::cli::history_place::PlaceParser;
use crate::cli::leave_arguments::LeaveArguments;
use crate::cli::look::Color;
use crate::cli::run_arguments::Annotations;
use crate::cli::values::parse_duration;
use crate::history::HistoryPlace;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;
use std::time::Duration;

/// Shown below the help of `merge`.
const EXAMPLES: &str = "\
Examples:
  steadfast run --rounds 40 --seed 7 --shard 1/2   on one machine
  steadfast run --rounds 40 --seed 7 --shard 2/2   on another one
  steadfast merge shards                           on one that has the folders of both below shards/";

/// What is done about missing rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum MissingRounds {
    Refuse,
    Run,
    Allow,
}

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct MergeArguments {
    /// Folders that hold journals of shards, at whatever depth
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// What to do about rounds of the plan that no shard has: refuse to merge, run them here, or judge without them
    #[arg(long, value_enum, default_value = "refuse")]
    pub missing: MissingRounds,
    /// Rounds and probes side by side [default: as the shards had it]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub jobs: Option<u32>,
    /// Stop after so long
    #[arg(long, value_name = "10m", value_parser = parse_duration)]
    pub max_time: Option<Duration>,
    /// The deadline of a case that has none of its own
    #[arg(long, value_name = "30s", value_parser = parse_duration)]
    pub case_timeout: Option<Duration>,
    /// Where the merged run is kept
    #[arg(long, value_name = "DIR")]
    pub report_dir: Option<PathBuf>,
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
    /// Where runs are remembered: a file, or a URL of PostgreSQL that a team shares [default: history.sqlite in the report folder]
    #[arg(long, value_name = "FILE|URL", value_parser = PlaceParser, value_hint = ValueHint::AnyPath)]
    pub history: Option<HistoryPlace>,
    /// Remember nothing of this run, and know nothing of earlier ones
    #[arg(long, conflicts_with = "history")]
    pub no_history: bool,
    /// Print annotations for this service
    #[arg(long, value_enum)]
    pub annotations: Option<Annotations>,
    /// Tell nothing while it goes on: only the result
    #[arg(short, long)]
    pub quiet: bool,
    /// When output has colours
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    #[command(flatten)]
    pub leave: LeaveArguments,
}
