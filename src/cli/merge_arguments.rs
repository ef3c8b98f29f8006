//! The arguments of `merge`.

use crate::cli::leave_arguments::LeaveArguments;
use crate::cli::look::Color;
use crate::cli::output_arguments::OutputArguments;
use crate::cli::values::parse_duration;
use clap::{Args, ValueEnum};
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
    #[command(flatten)]
    pub outputs: OutputArguments,
    /// Tell nothing while it goes on: only the result
    #[arg(short, long)]
    pub quiet: bool,
    /// When output has colours
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    #[command(flatten)]
    pub leave: LeaveArguments,
}
