//! What whoever calls gives leave for, as typed.

use clap::Args;
use std::path::PathBuf;

/// What whoever runs gives leave for: a file that asks for it is not enough.
#[derive(Debug, Args)]
pub(super) struct LeaveArguments {
    /// Test this checkout's tree [default: the current folder's]
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Accept whatever the file asks for (the network, an interpreter, a system, arguments of the suite)
    #[arg(long)]
    pub trust: bool,
    /// Let the system under test be on another machine
    #[arg(long)]
    pub allow_network: bool,
    /// Run the suite with this Python, whatever the file says
    #[arg(long, value_name = "EXE")]
    pub python: Option<PathBuf>,
    /// Start this system, whatever the file says
    #[arg(long, value_name = "NAME|FILE")]
    pub system: Option<String>,
    /// Give the suite's runner these arguments, whatever the file says
    #[arg(last = true, value_name = "ARGS")]
    pub suite_arguments: Vec<String>,
}
