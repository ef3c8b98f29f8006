//! The arguments of `run`, as typed and as meant.

use crate::adapter::{Explain, LiveSpec, NamedSuite, Reach, Sandbox, Start, SuiteChoice};
use crate::app::{Accounting, AloneRounds, Effort, RunOptions};
use crate::cli::fleet_arguments::CoordinatorArguments;
use crate::cli::history_place::PlaceParser;
use crate::cli::keywords::keyword_filter;
use crate::cli::live::Telling;
use crate::cli::look::Color;
use crate::cli::run_choices::{Annotations, Detail, EventLoops, FailOn, SandboxKind};
use crate::cli::values::{parse_duration, parse_live, parse_money, parse_share};
use crate::history::HistoryPlace;
use crate::model::{EventLoop, FindingKind, GateDefault, LeakAllowance, Money, Seed, Stress};
use crate::plan::{Grouping, Shard, Strategy};
use clap::{Args, ValueHint};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Shown below the help of `run`.
const EXAMPLES: &str = "\
Examples:
  steadfast run                               what steadfast.toml says, else the suite or scenarios that are here
  steadfast run tests/test_cart.py -k sale    some tests of pytest
  steadfast run --profile nightly             with what steadfast.toml says of the night
  steadfast run --filter 'tag:budget'         some of the cases
  steadfast run --max-flake-rate 0.01         exclude failures in 1 % of rounds (299 shuffles)
  steadfast run --stress latency --rounds 20  rare races: every answer a little late
  steadfast run --system process --jobs 2     the tutor as a program of its own
  steadfast run --resume latest               go on with a run that was interrupted";
/// The file beside the reports that remembers runs.
pub(super) const HISTORY: &str = "history.sqlite";

#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct RunArguments {
    /// Scenario files and folders [default: scenarios]
    pub paths: Vec<PathBuf>,
    /// The system: `embedded`, `process`, or a system file
    #[arg(long, default_value = "embedded", value_name = "NAME|FILE", help_heading = "Subject")]
    pub system: String,
    /// A suite instead of scenarios: `pytest:DIR`, the folder that pytest is started in, `command:FILE`, a profile of its runner, or `auto`, what the project's files show [default: auto, in a project without scenarios]
    #[arg(long, value_name = "KIND:WHAT|auto", conflicts_with = "system")]
    pub suite: Option<SuiteChoice>,
    /// The name by which the history knows the suite [default: its kind, the repository's name and the folder inside it]
    #[arg(long, value_name = "NAME", help_heading = "Subject")]
    pub suite_name: Option<String>,
    /// The interpreter of a suite [default: VIRTUAL_ENV, .venv or venv, python3]
    #[arg(long, value_name = "EXE")]
    pub python: Option<PathBuf>,
    /// Start the suite's runner anew for each round, instead of forking one that has collected the suite
    #[arg(long, requires = "suite")]
    pub fresh_process: bool,
    /// Start mock providers around a suite, and let its programs reach nobody else: a file with their `providers`
    #[arg(long, value_name = "FILE", requires = "suite")]
    pub providers: Option<PathBuf>,
    /// Tell what each polluter that was found changes of the process's state, and not only those of the repros
    #[arg(long, requires = "suite")]
    pub explain: bool,
    /// Follow each finding's test line by line, whatever it takes, and tell the first line at which two runs of it part
    #[arg(long, requires = "suite")]
    pub first_difference: bool,
    /// Then run the suite's runner alone in its own parallel mode, so many times (10): what fails only there needs two at once
    #[arg(long, value_name = "ROUNDS", requires = "suite", num_args = 0..=1, require_equals = true, default_missing_value = "10")]
    pub parallel: Option<u32>,
    /// Arguments for the suite's own runner
    #[arg(last = true, value_name = "ARGS")]
    pub suite_arguments: Vec<String>,
    /// Only these cases: globs on ids, `tag:NAME`, `!` for not
    #[arg(long, value_name = "EXPR", help_heading = "Subject")]
    pub filter: Option<String>,
    /// Only cases with these words in their ids: `cart and not slow`
    #[arg(
        short = 'k',
        long = "keyword",
        value_name = "WORDS",
        value_parser = keyword_filter,
        conflicts_with = "filter",
        help_heading = "Subject"
    )]
    pub keyword: Option<String>,
    /// Let the system under test be on another machine (by default requests go to this one only)
    #[arg(long, help_heading = "Subject")]
    pub allow_network: bool,
    /// With --resume: accept whatever the run's journal asks for (the network, an interpreter, arguments of the suite)
    #[arg(long, requires = "resume", help_heading = "Subject")]
    pub trust: bool,
    /// Ask the real providers, with your own keys: their names, separated by commas; `NAME=URL` where one is elsewhere. Runs the cases that say `live`
    #[arg(
        long,
        value_name = "NAMES",
        value_delimiter = ',',
        value_parser = parse_live,
        requires = "spend_limit",
        conflicts_with_all = ["suite", "resume", "shard"],
        help_heading = "Subject"
    )]
    pub live: Vec<(String, Option<String>)>,
    /// What live calls may cost together, in USD: none is started whose worst case would pass it
    #[arg(long, value_name = "USD", requires = "live", value_parser = parse_money, help_heading = "Subject")]
    pub spend_limit: Option<Money>,
    /// Record every exchange with a provider into this folder, a tape for each, without secrets
    #[arg(long, value_name = "DIR", conflicts_with = "resume", help_heading = "Reports")]
    pub record: Option<PathBuf>,
    /// A profile of steadfast.toml: ci, nightly, local, or one of your own
    #[arg(long, value_name = "NAME", help_heading = "Configuration")]
    pub profile: Option<String>,
    /// Say what would hold and where each value comes from, and end
    #[arg(long, help_heading = "Configuration")]
    pub show_config: bool,
    /// Say what would be run, and run nothing
    #[arg(long, help_heading = "Plan")]
    pub dry_run: bool,
    /// Tell nothing while it runs: only the result
    #[arg(short, long, help_heading = "Reports")]
    pub quiet: bool,
    /// Tell every failure and every round while it runs
    #[arg(short, long, conflicts_with = "quiet", help_heading = "Reports")]
    pub verbose: bool,
    /// When output has colours
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN", help_heading = "Reports")]
    pub color: Color,

    /// How many rounds of all cases, fixed orders first [default: as many as the orders need]
    #[arg(long, value_name = "N", help_heading = "Plan", value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: Option<u32>,
    /// Give cases whose file changed since this revision, or that import what changed, ten times the rounds
    #[arg(long, value_name = "REV", help_heading = "Plan")]
    pub since: Option<String>,
    /// Run this part of a plan that several machines share, such as 2/8, and judge nothing: `merge` does
    #[arg(long, value_name = "I/N", help_heading = "Plan", conflicts_with_all = ["resume", "dry_run"])]
    pub shard: Option<Shard>,
    #[command(flatten)]
    pub coordinator: CoordinatorArguments,
    /// How long rounds of a suite are added to its plan: quick (not at all), default (10 suite times), thorough (100), or N
    /// suite times, and at least as many seconds
    #[arg(long, value_name = "EFFORT", default_value = "default", help_heading = "Plan")]
    pub effort: Effort,
    /// How orders are chosen: mixed, shuffle, reverse, declared, pairs, all
    #[arg(long, default_value = "mixed", help_heading = "Plan")]
    pub orders: Strategy,
    /// One given order: a file with case ids, one per line
    #[arg(long, value_name = "FILE", help_heading = "Plan")]
    pub order: Option<PathBuf>,
    /// Which cases stay together: file, module, tag, none [default: file where a runner's files share no memory, else none]
    #[arg(long, value_name = "GROUP", help_heading = "Plan")]
    pub group: Option<Grouping>,
    /// The root of all randomness; the same seed gives the same plan
    #[arg(long, value_name = "HEX", help_heading = "Plan")]
    pub seed: Option<Seed>,
    /// How long an event loop lives, where the system lets it be chosen
    #[arg(long, value_enum, default_value = "case", help_heading = "Plan")]
    pub event_loop: EventLoops,
    /// Noise around the rounds, so that rare races show sooner: cpu or latency
    #[arg(long, value_name = "cpu|latency", help_heading = "Plan")]
    pub stress: Option<Stress>,
    /// How far a started system or a pytest suite is kept apart: TMPDIR, or HOME and a fresh copy of the project too
    #[arg(long, value_enum, default_value = "tmp", help_heading = "Plan")]
    pub sandbox: SandboxKind,
    /// Go on where every case of the first round fails for one reason, such as a server that is down
    #[arg(long, help_heading = "Plan")]
    pub keep_going: bool,
    /// Stop at the first failure, examine it, and leave the rest of the plan: `--resume latest` runs it
    #[arg(long, conflicts_with = "shard", help_heading = "Plan")]
    pub fail_fast: bool,
    /// Don't run each case alone as well
    #[arg(long, help_heading = "Plan")]
    pub no_alone: bool,
    /// Rounds side by side [default: the number of cores, at most 4; embedded twice as many, of a suite 1]
    #[arg(long, value_name = "N", help_heading = "Plan", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub jobs: Option<u32>,
    /// Stop after so long; 40 % of it is kept for diagnosis
    #[arg(long, value_name = "10m", value_parser = parse_duration, help_heading = "Plan")]
    pub max_time: Option<Duration>,
    /// The deadline of a case that has none of its own
    #[arg(long, value_name = "30s", value_parser = parse_duration, default_value = "30s", help_heading = "Plan")]
    pub case_timeout: Duration,

    /// The confidence of every statement
    #[arg(long, value_name = "0.95", default_value_t = 0.95, value_parser = parse_share, help_heading = "Gate")]
    pub confidence: f64,
    /// Plan as many rounds as exclude this rate of failing rounds
    #[arg(long, value_name = "RATE", value_parser = parse_share, help_heading = "Gate")]
    pub max_flake_rate: Option<f64>,
    /// Findings that fail the gate, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_enum, help_heading = "Gate")]
    pub fail_on: Vec<FailOn>,
    /// What any case may leave behind, and why; may be given several times. See docs/leaks.md
    #[arg(long, value_name = "KIND [NAME] [<= N]: REASON", help_heading = "Gate")]
    pub allow_leak: Vec<LeakAllowance>,
    /// Don't account for what cases leave behind: one round less
    #[arg(long, help_heading = "Plan")]
    pub no_leaks: bool,

    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "reports", help_heading = "Reports")]
    pub report_dir: PathBuf,
    /// Another copy of the JUnit report
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub junit: Option<PathBuf>,
    /// What a testcase of JUnit is: a case over all rounds, or a trial
    #[arg(long, value_enum, default_value = "case", help_heading = "Reports")]
    pub junit_detail: Detail,
    /// Write patches that mend what was found into this folder: fixtures that put back what a polluter leaves. Nothing is applied
    #[arg(long, value_name = "DIR", help_heading = "Reports")]
    pub patch: Option<PathBuf>,
    /// Another copy of the HTML report
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub html: Option<PathBuf>,
    /// Another copy of the Markdown summary
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub markdown: Option<PathBuf>,
    /// Another copy of report.json
    #[arg(long, value_name = "FILE", help_heading = "Reports")]
    pub json: Option<PathBuf>,
    /// Where runs are remembered: a file, a folder of files (`FOLDER/`) that a bucket can hold, or a URL of PostgreSQL [default: history.sqlite in the report folder]
    #[arg(long, value_name = "FILE|URL", value_parser = PlaceParser, value_hint = ValueHint::AnyPath, help_heading = "Reports")]
    pub history: Option<HistoryPlace>,
    /// Remember nothing of this run, and know nothing of earlier ones
    #[arg(long, help_heading = "Reports", conflicts_with = "history")]
    pub no_history: bool,
    /// Print annotations for this service
    #[arg(long, value_enum, help_heading = "Reports")]
    pub annotations: Option<Annotations>,
    /// Go on with a run that was killed or interrupted: its folder, its name, or `latest`
    #[arg(long, value_name = "RUN", help_heading = "Reports")]
    pub resume: Option<String>,
}

impl RunArguments {
    /// How much is told while it runs.
    pub fn telling(&self) -> Telling {
        match (self.quiet, self.verbose) {
            (true, _) => Telling::Nothing,
            (false, true) => Telling::Everything,
            (false, false) => Telling::Usual,
        }
    }

    /// The options that are meant.
    pub fn options(self, suite: Option<NamedSuite>, root: PathBuf, seed: Seed, cores: usize) -> RunOptions {
        let paths = if self.paths.is_empty() { vec![PathBuf::from("scenarios")] } else { self.paths };
        let history = match self.no_history {
            true => None,
            false => Some(self.history.unwrap_or_else(|| self.report_dir.join(HISTORY).into())),
        };
        let is_suite = suite.is_some();
        let usual = FindingKind::ALL.into_iter().filter(|kind| match kind.gate_default() {
            GateDefault::Fails => true,
            GateDefault::FailsScenarios => !is_suite,
            GateDefault::Warns | GateDefault::Unproven | GateDefault::Remark => false,
        });
        let fail_on: BTreeSet<FindingKind> = match self.fail_on.is_empty() {
            true => usual.collect(),
            false => self.fail_on.into_iter().map(FailOn::kind).collect(),
        };
        // Rounds of a suite share its files, ports and databases: side by side only if somebody says so. Rounds of the
        // embedded system wait for slow providers half of the time.
        let jobs = match (&suite, self.system.as_str()) {
            (Some(_), _) => 1,
            (None, "embedded") => (2 * cores).clamp(1, 8),
            (None, _) => cores.clamp(1, 4),
        };
        let start = if self.fresh_process { Start::Fresh } else { Start::Fork };
        let explain = if self.explain { Explain::All } else { Explain::Repro };
        let python = self.python.clone();
        let suite = suite.map(|suite| {
            let suite = suite.options(self.python, self.suite_arguments, start, explain, self.providers);
            suite.with_first_difference(self.first_difference).with_parallel(self.parallel)
        });
        let live = self.spend_limit.filter(|_| !self.live.is_empty()).map(|limit| LiveSpec {
            hosts: self.live.into_iter().collect(),
            limit,
            purse: PathBuf::new(),
        });
        // Each answer costs: one order, unless more is asked for.
        let is_live = live.is_some();
        RunOptions {
            root,
            paths,
            system: self.system,
            suite,
            python,
            suite_name: self.suite_name,
            question: None,
            filter: self.filter.or(self.keyword),
            strategy: if is_live && self.rounds.is_none() { Strategy::Declared } else { self.orders },
            order: self.order,
            group: self.group,
            rounds: self.rounds,
            since: self.since,
            shard: self.shard,
            fleet: self.coordinator.meant(),
            effort: self.effort,
            seed: self.seed.unwrap_or(seed),
            alone: if self.no_alone || is_live { AloneRounds::Never } else { AloneRounds::WhereCheap },
            stress: self.stress,
            sandbox: match self.sandbox {
                SandboxKind::Tmp => Sandbox::Tmp,
                SandboxKind::Full => Sandbox::Full,
            },
            reach: if self.allow_network { Reach::Network } else { Reach::Loopback },
            event_loops: match self.event_loop {
                EventLoops::Case => vec![EventLoop::Case],
                EventLoops::Round => vec![EventLoop::Round],
                EventLoops::Both => vec![EventLoop::Case, EventLoop::Round],
            },
            fail_on,
            confidence: self.confidence,
            max_flake_rate: self.max_flake_rate,
            max_time: self.max_time,
            jobs: self.jobs.map_or(jobs, |jobs| jobs as usize),
            case_timeout: self.case_timeout,
            report_dir: self.report_dir,
            history,
            junit: self.junit,
            junit_detail: self.junit_detail.meant(),
            json: self.json,
            html: self.html,
            markdown: self.markdown,
            leaks: self.allow_leak,
            accounting: if self.no_leaks || is_live { Accounting::Off } else { Accounting::On },
            trust: self.trust,
            keep_going: self.keep_going,
            fail_fast: self.fail_fast,
            live,
            record: self.record,
            defects: Vec::new(),
        }
    }
}
