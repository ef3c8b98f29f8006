//! The arguments of what works with memory: `history`, `diff`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Where runs and the history are.
#[derive(Debug, Clone, Args)]
pub(super) struct MemoryArguments {
    /// Where runs are kept
    #[arg(long, default_value = "reports", value_name = "DIR")]
    pub report_dir: PathBuf,
    /// The file that remembers runs [default: history.sqlite in the report folder]
    #[arg(long, value_name = "FILE")]
    pub history: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct HistoryArguments {
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
    /// The file that remembers runs.
    pub fn file(&self) -> PathBuf {
        self.history.clone().unwrap_or_else(|| self.report_dir.join(crate::cli::run_arguments::HISTORY))
    }
}
