//! The arguments of what works with memory: `history`, `diff`, `quarantine`.

use crate::cli::history_place::PlaceParser;
use crate::cli::values::parse_day;
use crate::history::HistoryPlace;
use clap::{Args, Subcommand, ValueEnum, ValueHint};
use jiff::civil::Date;
use std::path::PathBuf;

/// Where runs and the history are.
#[derive(Debug, Clone, Args)]
pub(super) struct MemoryArguments {
    /// Where runs are kept
    #[arg(long, default_value = "reports", value_name = "DIR")]
    pub report_dir: PathBuf,
    /// Where runs are remembered: a file, a folder of files (`FOLDER/`) that a bucket can hold, or a URL of PostgreSQL [default: history.sqlite in the report folder]
    #[arg(long, value_name = "FILE|URL", value_parser = PlaceParser, value_hint = ValueHint::AnyPath)]
    pub history: Option<HistoryPlace>,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct HistoryArguments {
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
    /// Only this case
    #[arg(value_name = "CASE")]
    pub id: Option<String>,
    /// Only this case
    #[arg(long, value_name = "ID", conflicts_with = "id")]
    pub case: Option<String>,
    /// Only this suite, by the name that reports give it: `scenarios on embedded`
    #[arg(long, value_name = "NAME")]
    pub suite: Option<String>,
    /// In which format
    #[arg(long, value_enum, default_value = "text")]
    pub format: TrendFormat,
    #[command(flatten)]
    pub memory: MemoryArguments,
}

#[derive(Debug, Subcommand)]
pub(super) enum HistoryCommand {
    /// Take over JUnit files of other runners, and say which tests are flaky by them
    Import(ImportArguments),
    /// Tests that failed and passed on one commit, by the JUnit files that were imported
    Flaky {
        /// Only this suite
        #[arg(long, value_name = "NAME")]
        suite: Option<String>,
        /// In which format
        #[arg(long, value_enum, default_value = "text")]
        format: DiffFormat,
        #[command(flatten)]
        memory: MemoryArguments,
    },
    /// Forget runs that are older than so many days
    Prune {
        /// How many days are kept
        #[arg(long, value_name = "N")]
        keep_days: u32,
        #[command(flatten)]
        memory: MemoryArguments,
    },
}

#[derive(Debug, Args)]
pub(super) struct ImportArguments {
    /// JUnit files, or folders with them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// What these runs are called [default: `imported` and the name that the file gives itself]
    #[arg(long, value_name = "NAME")]
    pub suite: Option<String>,
    /// The commit that they ran on [default: what the file or a folder's name says]
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// The branch that they ran on
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    #[command(flatten)]
    pub memory: MemoryArguments,
}

/// A format of trends.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum TrendFormat {
    Text,
    Json,
    Html,
}

#[derive(Debug, Args)]
pub(super) struct DiffArguments {
    /// The run to compare with: its folder, its name, or `latest`
    pub before: String,
    /// The run to look at
    #[arg(default_value = "latest")]
    pub after: String,
    /// In which format
    #[arg(long, value_enum, default_value = "text")]
    pub format: DiffFormat,
    #[command(flatten)]
    pub memory: MemoryArguments,
}

/// A format of a comparison.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum DiffFormat {
    Text,
    Json,
}

impl MemoryArguments {
    /// Where runs are remembered.
    pub fn place(&self) -> HistoryPlace {
        let usual = || self.report_dir.join(crate::cli::run_arguments::HISTORY).into();
        self.history.clone().unwrap_or_else(usual)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum QuarantineCommand {
    /// Take over what a run found, so that only new findings fail from now on
    Add(QuarantineAddArguments),
    /// The entries, and how long they hold
    List,
    /// Remove the entries of these cases
    Remove {
        /// The ids of the cases
        #[arg(required = true, value_name = "CASE")]
        cases: Vec<String>,
    },
    /// Remove the entries that have expired, and those that a run shows to be no longer needed
    Prune {
        /// The run: its folder, its name, or `latest`
        #[arg(long, default_value = "latest", value_name = "RUN")]
        from: String,
        /// Where runs are kept
        #[arg(long, default_value = "reports", value_name = "DIR")]
        report_dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct QuarantineAddArguments {
    /// The run whose findings are taken over: its folder, its name, or `latest`
    #[arg(long, value_name = "RUN")]
    pub from: String,
    /// Only this case of them; may be given several times
    #[arg(long, value_name = "ID")]
    pub case: Vec<String>,
    /// Who sees to them
    #[arg(long)]
    pub owner: String,
    /// The last day on which they do not fail the gate
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = parse_day)]
    pub until: Date,
    /// Where it is written down
    #[arg(long, value_name = "URL")]
    pub issue: Option<String>,
    /// Add to a quarantine that has entries already: it may only shrink otherwise
    #[arg(long)]
    pub grow: bool,
    /// Print the change as a patch for `git apply`, and leave the file as it is
    #[arg(long)]
    pub patch: bool,
    /// Where runs are kept
    #[arg(long, default_value = "reports", value_name = "DIR")]
    pub report_dir: PathBuf,
}
