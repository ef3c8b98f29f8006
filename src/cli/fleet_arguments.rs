//! The arguments of a fleet, for its coordinator and for its workers.

use crate::app::FleetOptions;
use crate::cli::leave_arguments::LeaveArguments;
use crate::cli::values::{ValueError, parse_duration};
use crate::fleet::{Address, FleetName, Role};
use crate::platform::host_name;
use clap::Args;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Shown below the help of `worker`.
const EXAMPLES: &str = "\
Examples:
  steadfast worker --connect nats://127.0.0.1 --jobs 2                       rounds of whatever run the fleet has
  steadfast worker --connect tls://nats.example.org --creds worker.creds     on another machine
  steadfast worker --connect tls://nats.example.org --once --idle 5m         in a job that ends with the run
  steadfast worker --permissions worker                                      what nats-server must allow a worker";

/// Where a fleet meets.
#[derive(Debug, Clone, Args)]
pub(super) struct FleetArguments {
    /// The fleet, where a server has several
    #[arg(long, value_name = "NAME", default_value = "default", help_heading = "Fleet")]
    pub fleet: FleetName,
    /// The file with the credentials for the server: what nsc writes, the seed of an nkey, or USER:PASSWORD
    #[arg(long, value_name = "FILE", help_heading = "Fleet")]
    pub creds: Option<PathBuf>,
    /// Certificates of authorities to trust for the server, besides those of the system
    #[arg(long, value_name = "FILE", help_heading = "Fleet")]
    pub tls_ca: Option<PathBuf>,
    /// The name of this host in the run's facts [default: its own]
    #[arg(long, value_name = "NAME", help_heading = "Fleet")]
    pub host_name: Option<String>,
}

/// A role of a fleet, as typed.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum RoleWord {
    Worker,
    Coordinator,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Worker => Self::Worker,
            RoleWord::Coordinator => Self::Coordinator,
        }
    }
}

/// The fleet of a run.
#[derive(Debug, Clone, Args)]
pub(super) struct CoordinatorArguments {
    /// Let the workers of a fleet run the rounds: the NATS server where they meet, such as tls://nats.example.org
    #[arg(long, value_name = "URL", conflicts_with_all = ["shard", "dry_run"], help_heading = "Fleet")]
    pub workers: Option<String>,
    /// After how long without a sign of its worker a round goes to another one
    #[arg(long, value_name = "30s", value_parser = parse_duration, default_value = "30s", help_heading = "Fleet")]
    pub lease: Duration,
    /// How long to wait while no worker is there
    #[arg(long, value_name = "10m", value_parser = parse_duration, default_value = "10m", help_heading = "Fleet")]
    pub wait_for_workers: Duration,
    /// Serve the fleet's figures to Prometheus: an address, or a port on this machine
    #[arg(long, value_name = "ADDR", value_parser = metrics_address, requires = "workers", help_heading = "Fleet")]
    pub metrics: Option<SocketAddr>,
    #[command(flatten)]
    pub meeting: FleetArguments,
}

/// An address with a port; a port alone is one of loopback.
fn metrics_address(text: &str) -> Result<SocketAddr, ValueError> {
    let on_loopback = text.parse().ok().map(|port: u16| SocketAddr::from(([127, 0, 0, 1], port)));
    on_loopback.or_else(|| text.parse().ok()).ok_or_else(|| ValueError::Address(text.to_owned()))
}

impl FleetArguments {
    /// The server that is meant.
    pub fn address(&self, url: String) -> Address {
        Address { url, credentials: self.creds.clone(), authorities: self.tls_ca.clone() }
    }

    /// The name of this host.
    pub fn host(&self) -> String {
        self.host_name.clone().unwrap_or_else(host_name)
    }
}

impl CoordinatorArguments {
    /// The fleet that is meant, if one is.
    pub fn meant(self) -> Option<FleetOptions> {
        let url = self.workers?;
        Some(FleetOptions {
            address: self.meeting.address(url),
            host: self.meeting.host(),
            name: self.meeting.fleet,
            lease: self.lease,
            patience: self.wait_for_workers,
            metrics: self.metrics,
        })
    }
}

/// The arguments of `worker`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WorkerArguments {
    /// Play rounds of a fleet's runs: the NATS server where it meets [default: serve another steadfast over pipes]
    #[arg(long, value_name = "URL")]
    pub connect: Option<String>,
    /// Print the permissions that nats-server must give this role of the fleet, and end
    #[arg(long, value_name = "ROLE", conflicts_with = "connect")]
    pub permissions: Option<RoleWord>,
    /// Play in a network of its own; the socket leads to this machine's services
    #[arg(long, value_name = "SOCKET", hide = true)]
    pub fence: Option<PathBuf>,
    /// Try whether the kernel allows such a network
    #[arg(long, hide = true)]
    pub try_fence: bool,
    /// Rounds side by side
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub jobs: u32,
    /// End after so long without a round
    #[arg(long, value_name = "10m", value_parser = parse_duration, default_value = "10m")]
    pub idle: Duration,
    /// End with the run
    #[arg(long)]
    pub once: bool,
    /// Where it keeps what it has at work
    #[arg(long, value_name = "DIR")]
    pub report_dir: Option<PathBuf>,
    #[command(flatten)]
    pub meeting: FleetArguments,
    #[command(flatten)]
    pub leave: LeaveArguments,
}
