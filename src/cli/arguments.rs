//! The command line as typed.

use crate::adapter::SuiteChoice;
use crate::cli::comment::CommentArguments;
use crate::cli::fleet_arguments::WorkerArguments;
use crate::cli::keywords::keyword_filter;
use crate::cli::leave_arguments::LeaveArguments;
use crate::cli::look::Color;
use crate::cli::memory_arguments::{DiffArguments, HistoryArguments, QuarantineCommand};
use crate::cli::merge_arguments::MergeArguments;
use crate::cli::run_arguments::RunArguments;
use crate::cli::run_choices::Detail;
use crate::cli::values::{parse_duration, parse_live, parse_model, parse_money};
use crate::cli::why_arguments::WhyArguments;
use crate::model::{Money, Seed};
use crate::report::Format;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;
use std::time::Duration;

/// Will this ever fail by chance? Runs cases in shuffled orders and repeated rounds, and names every one that is
/// broken, intermittent, order-dependent or leaking.
#[derive(Debug, Parser)]
#[command(name = "steadfast", version, max_term_width = 100, after_help = EXAMPLES)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  steadfast demo                             a small project with a flaky test, explained step by step
  steadfast run                              the tests of this project, whatever runs them
  steadfast run tests/test_cart.py -k sale   some tests of pytest
  steadfast run scenarios/budget --rounds 20 more shuffles of some of them
  steadfast run --max-flake-rate 0.01        exclude failures in 1 % of rounds (299 shuffles)
  steadfast repro reports/latest/repros/X    run a finding again
  steadfast why test_total --junit-in ci.xml it failed in CI: what made it fail?
  steadfast init                             a configuration and a CI workflow for this project
  steadfast explain order_dependent          what a finding means, and what usually helps

Exit: 0 nothing found, 1 found, 2 usage or input, 3 unproven, 4 subject failed, 130 interrupted.";

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the cases and say which of them can be trusted
    Run(Box<RunArguments>),
    /// Find out why one case failed somewhere, such as in CI
    Why(Box<WhyArguments>),
    /// Run a repro again and say whether it still shows
    Repro(ReproArguments),
    /// Shrink the orders of a run's findings further, or with other limits
    Minimise(MinimiseArguments),
    /// Make one run of the shards of `run --shard`: diagnose it, judge it, report it
    Merge(Box<MergeArguments>),
    /// Validate scenarios and system file without running anything
    Check(InputArguments),
    /// List the cases
    List(InputArguments),
    /// Render a run again, from its journal
    Report(ReportArguments),
    /// Make a small project with a flaky test, run it, and explain what is found
    Demo {
        /// A folder that is not there yet
        #[arg(default_value = "steadfast-demo")]
        folder: PathBuf,
        /// An interpreter that has pytest [default: VIRTUAL_ENV, .venv or venv, python3]
        #[arg(long, value_name = "EXE")]
        python: Option<PathBuf>,
    },
    /// Write a configuration for the tests that are here, and a CI workflow; nothing that is there is touched
    Init {
        /// For which service a workflow is written
        #[arg(long, value_enum, default_value = "github", value_delimiter = ',')]
        ci: Vec<Ci>,
        /// How many machines share each run [default: 1; of slurm and kubernetes 8]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=256))]
        shards: Option<u32>,
    },
    /// Say what a word of the reports means and what usually helps
    Explain {
        /// The word, such as `loop_bound`; lists all without one
        topic: Option<String>,
    },
    /// Prove that every bug built into the reference tutor is found, and nothing else
    Selfcheck(SelfCheckArguments),
    /// How suites and cases have done over time
    History(HistoryArguments),
    /// Write what a run found into a pull request, as one comment that is kept up to date
    Comment(CommentArguments),
    /// What is new, fixed or changed from one run to another
    Diff(DiffArguments),
    /// Cases whose known findings do not fail the gate, until a day
    Quarantine {
        #[command(subcommand)]
        what: QuarantineCommand,
    },
    /// Serve the reference tutor alone
    Tutor(TutorArguments),
    /// Serve the mock providers alone, or see whether a program reaches them
    Providers(ProvidersArguments),
    /// Try a system file, or begin one
    System {
        #[command(subcommand)]
        what: SystemCommand,
    },
    /// Run rounds for another steadfast: for a fleet, or over pipes
    Worker(Box<WorkerArguments>),
    /// Print the JSON Schema of scenario files, system files, report.json or steadfast.toml
    Schema {
        /// Of which files
        #[arg(value_enum, default_value = "scenario")]
        of: SchemaOf,
    },
    /// Print a completion script
    Completions {
        /// For which shell
        shell: Shell,
    },
    /// Print the man page
    Man,
}

/// A service that runs a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Ci {
    Github,
    Gitlab,
    Slurm,
    Kubernetes,
    None,
}

/// The schemas that can be printed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum SchemaOf {
    Scenario,
    System,
    Report,
    Config,
    Tape,
}

#[derive(Debug, Args)]
pub(super) struct InputArguments {
    /// Scenario files and folders [default: scenarios]
    pub paths: Vec<PathBuf>,
    /// The system: `embedded`, `process`, or a system file
    #[arg(long, default_value = "embedded", value_name = "NAME|FILE")]
    pub system: String,
    /// A suite instead of scenarios: `pytest:DIR`, `command:FILE` or `auto` [default: auto, in a project without scenarios]
    #[arg(long, value_name = "KIND:WHAT|auto", conflicts_with = "system")]
    pub suite: Option<SuiteChoice>,
    /// The interpreter of a suite [default: VIRTUAL_ENV, .venv or venv, python3]
    #[arg(long, value_name = "EXE")]
    pub python: Option<PathBuf>,
    /// Arguments for the suite's own runner
    #[arg(last = true, value_name = "ARGS")]
    pub suite_arguments: Vec<String>,
    /// Only these cases: globs on ids, `tag:NAME`, `!` for not
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Only cases with these words in their ids: `cart and not slow`
    #[arg(short = 'k', long = "keyword", value_name = "WORDS", value_parser = keyword_filter, conflicts_with = "filter")]
    pub keyword: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct ReproArguments {
    /// The repro file
    pub file: PathBuf,
    /// How many times [default: enough to miss it with less than 5 %, at least 5]
    #[arg(long, value_name = "N")]
    pub times: Option<u32>,
    /// Rounds side by side
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub jobs: usize,
    /// For `git bisect run`: exit 125 where the repro can't be run
    #[arg(long)]
    pub bisect: bool,
    #[command(flatten)]
    pub leave: LeaveArguments,
}

#[derive(Debug, Args)]
pub(super) struct MinimiseArguments {
    /// The run: its folder, its name, or `latest`
    pub run: String,
    /// The case; all that failed without one
    pub case: Option<String>,
    /// How many probes a case may take, those of the journal included
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub max_probes: u32,
    /// How much time a case may take
    #[arg(long, value_name = "30m", value_parser = parse_duration, default_value = "30m")]
    pub max_time: Duration,
    /// Probes side by side
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub jobs: usize,
    /// The deadline of a case that has none of its own
    #[arg(long, value_name = "30s", value_parser = parse_duration, default_value = "30s")]
    pub case_timeout: Duration,
    /// Where runs are kept
    #[arg(long, default_value = "reports", value_name = "DIR")]
    pub report_dir: PathBuf,
    #[command(flatten)]
    pub leave: LeaveArguments,
}

#[derive(Debug, Args)]
pub(super) struct ReportArguments {
    /// The run: its folder, its name, or `latest`
    #[arg(default_value = "latest")]
    pub run: String,
    /// In which format
    #[arg(long, value_parser = formats(), default_value = "terminal")]
    pub format: Format,
    /// When the terminal's summary has colours
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
    /// With `--format junit`: what a testcase is, a case over all rounds or a trial
    #[arg(long, value_enum, default_value = "case")]
    pub junit_detail: Detail,
    /// Where runs are kept
    #[arg(long, default_value = "reports", value_name = "DIR")]
    pub report_dir: PathBuf,
}

/// The formats of a report, by the words that they have.
fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(Format::as_str)).try_map(|word| word.parse::<Format>())
}

#[derive(Debug, Args)]
pub(super) struct SelfCheckArguments {
    /// Only these defects, by name, separated by commas
    #[arg(long, value_name = "DEFECT", value_delimiter = ',')]
    pub only: Vec<String>,
    /// The root of all randomness
    #[arg(long, value_name = "HEX")]
    pub seed: Option<Seed>,
    /// Defects side by side [default: the number of cores, at most 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub jobs: Option<u32>,
    /// How many trials the healthy tutor must stand in shuffled rounds [default: 10000; with --only one round]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub healthy_trials: Option<u32>,
    /// A project whose `scenarios/` to take in place of those that this program carries inside
    #[arg(long, value_name = "DIR")]
    pub project: Option<PathBuf>,
    /// Where runs are kept: a folder of its own for each self-check, below `selfcheck/`
    #[arg(long, default_value = "reports", value_name = "DIR")]
    pub report_dir: PathBuf,
}

#[derive(Debug, Args)]
pub(super) struct TutorArguments {
    /// The port to listen on, on the loopback interface; 0 takes a free one and prints it
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// The SQLite file of the store; in memory without one
    #[arg(long, value_name = "FILE")]
    pub store: Option<PathBuf>,
    /// The administrator's token; without one nobody is administrator
    #[arg(long, env = "TUTOR_ADMIN_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub admin_token: Option<String>,
    /// The month's limit in USD
    #[arg(long, env = "TUTOR_MONTHLY_LIMIT", default_value = "30.00", value_name = "USD")]
    pub limit: String,
    /// How long to wait for a provider, in milliseconds
    #[arg(long, env = "TUTOR_PROVIDER_TIMEOUT_MS", default_value_t = 60_000, value_name = "MS")]
    pub provider_timeout_ms: u64,
    /// Rounds of the password hash
    #[arg(long, default_value_t = 600_000, value_name = "N")]
    pub password_iterations: u32,
    /// Where Claude is
    #[arg(long, env = "CLAUDE_BASE_URL", default_value = "https://api.anthropic.com", value_name = "URL")]
    pub claude_url: String,
    /// The key that Claude's mock accepts
    #[arg(long, env = "CLAUDE_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub claude_key: Option<String>,
    /// Where Mistral is
    #[arg(long, env = "MISTRAL_BASE_URL", default_value = "https://api.mistral.ai", value_name = "URL")]
    pub mistral_url: String,
    /// The key that Mistral's mock accepts
    #[arg(long, env = "MISTRAL_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub mistral_key: Option<String>,
    /// Where DeepSeek is
    #[arg(long, env = "DEEPSEEK_BASE_URL", default_value = "https://api.deepseek.com", value_name = "URL")]
    pub deepseek_url: String,
    /// The key that DeepSeek's mock accepts
    #[arg(long, env = "DEEPSEEK_API_KEY", hide_env_values = true, value_name = "KEY")]
    pub deepseek_key: Option<String>,
    /// Where Ollama is
    #[arg(long, env = "OLLAMA_BASE_URL", default_value = "http://127.0.0.1:11434", value_name = "URL")]
    pub ollama_url: String,
    /// Where Piper is
    #[arg(long, env = "PIPER_BASE_URL", default_value = "http://127.0.0.1:5000", value_name = "URL")]
    pub piper_url: String,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ProvidersArguments {
    #[command(subcommand)]
    pub command: Option<ProvidersCommand>,
    /// What the providers do: a file with the `providers` (and `models`) of a scenario; plain answers without one
    #[arg(long, value_name = "FILE")]
    pub script: Option<PathBuf>,
    /// The first of five ports, for claude, mistral, deepseek, ollama and piper; 0 takes free ones
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// The key that they accept; any one without it
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Record every exchange into this folder, a tape for each provider, without secrets
    #[arg(long, value_name = "DIR")]
    pub record: Option<PathBuf>,
    /// Pass calls on to the real providers, with your own keys: their names, separated by commas; `NAME=URL` where one is elsewhere
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_live, requires = "spend_limit")]
    pub live: Vec<(String, Option<String>)>,
    /// What live calls may cost together, in USD: none is started whose worst case would pass it
    #[arg(long, value_name = "USD", requires = "live", value_parser = parse_money)]
    pub spend_limit: Option<Money>,
    /// Let real providers be on other machines
    #[arg(long)]
    pub allow_network: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum SystemCommand {
    /// Start a system, try each verb once, and say which scenarios can run on it
    Check {
        /// The system file, or the name of a shipped system
        file: String,
    },
    /// Begin a system file from an OpenAPI document, on standard output
    Init {
        /// The document: a file, or a URL on this machine, such as http://127.0.0.1:8000/openapi.json
        document: String,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ProvidersCommand {
    /// Run a program among the mock providers, and say which of them it reaches, and how
    Doctor(DoctorArguments),
    /// Compare the mocks with real providers, or with what was recorded of them: exit 1 and each difference with both sides
    Verify(VerifyArguments),
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["recording", "live"])))]
pub(super) struct VerifyArguments {
    /// A folder of tapes, as `--record` writes them
    #[arg(long, value_name = "DIR", conflicts_with = "live")]
    pub recording: Option<PathBuf>,
    /// Ask the real providers, with your own keys: their names, separated by commas; `NAME=URL` where one is elsewhere
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = parse_live, requires = "spend_limit")]
    pub live: Vec<(String, Option<String>)>,
    /// What that may cost together, in USD: nothing is asked whose worst case would pass it
    #[arg(long, value_name = "USD", requires = "live", value_parser = parse_money)]
    pub spend_limit: Option<Money>,
    /// Let real providers be on other machines
    #[arg(long, requires = "live")]
    pub allow_network: bool,
    /// The system file that declares the providers and their prices
    #[arg(long, value_name = "NAME|FILE", default_value = crate::adapter::DEFAULT_SYSTEM)]
    pub system: String,
    /// The model to ask, where it is not the first one with a price, or that is installed
    #[arg(long, value_name = "NAME=MODEL", value_delimiter = ',', value_parser = parse_model, requires = "live")]
    pub model: Vec<(String, String)>,
    /// Keep what the real providers answered in this folder, a tape for each, without secrets
    #[arg(long, value_name = "DIR", requires = "live")]
    pub record: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct DoctorArguments {
    /// What the providers do: a file with `providers`, and `models`; plain answers without one
    #[arg(long, value_name = "FILE")]
    pub providers: Option<PathBuf>,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub program: Vec<std::ffi::OsString>,
}
