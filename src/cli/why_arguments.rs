//! The arguments of `why`, as typed and as those of `run` that they mean.

use crate::adapter::SuiteChoice;
use crate::app::{Effort, ToldBy, WhyOptions};
use crate::cli::arguments::{Arguments, Command};
use crate::cli::look::Color;
use crate::cli::output_arguments::OutputArguments;
use crate::cli::run_arguments::RunArguments;
use crate::cli::run_choices::SandboxKind;
use crate::cli::values::parse_duration;
use crate::model::Seed;
use clap::{Args, Parser};
use std::path::PathBuf;
use std::time::Duration;

/// Shown below the help of `why`.
const EXAMPLES: &str = "\
Examples:
  steadfast why test_total                          one test of the suite that is here: alone, and after all others
  steadfast why test_total --junit-in ci.xml        in the order in which CI ran
  steadfast why test_total --order ran-before.txt   in the order of a list of ids
  steadfast why test_total --effort thorough        for longer, where it did not fail

Exit: 1 it failed here and is explained as far as it goes, 3 it did not fail.";

#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct WhyArguments {
    /// The case: its runner's own id, a part of it that no other has, or its name in a JUnit file
    pub case: String,
    /// A JUnit file of the run in which it failed, or a folder of them: the order to begin with. May be given several times
    #[arg(long, value_name = "FILE", conflicts_with = "order")]
    pub junit_in: Vec<PathBuf>,
    /// The order to begin with: a file with ids, one per line
    #[arg(long, value_name = "FILE")]
    pub order: Option<PathBuf>,
    /// Scenario files and folders [default: scenarios]
    pub paths: Vec<PathBuf>,
    /// The system: `embedded`, `process`, or a system file
    #[arg(long, default_value = "embedded", value_name = "NAME|FILE")]
    pub system: String,
    /// A suite instead of scenarios: `pytest:DIR`, `command:FILE` or `auto` [default: auto, in a project without scenarios]
    #[arg(long, value_name = "KIND:WHAT|auto", conflicts_with = "system")]
    pub suite: Option<SuiteChoice>,
    /// The name by which the history knows the suite [default: its kind, the repository's name and the folder inside it]
    #[arg(long, value_name = "NAME")]
    pub suite_name: Option<String>,
    /// The interpreter of a suite [default: VIRTUAL_ENV, .venv or venv, python3]
    #[arg(long, value_name = "EXE")]
    pub python: Option<PathBuf>,
    /// Start the suite's runner anew for each round, instead of forking one that has collected the suite
    #[arg(long)]
    pub fresh_process: bool,
    /// Start mock providers around a suite, and let its programs reach nobody else: a file with their `providers`
    #[arg(long, value_name = "FILE", requires = "suite")]
    pub providers: Option<PathBuf>,
    /// Arguments for the suite's own runner
    #[arg(last = true, value_name = "ARGS")]
    pub suite_arguments: Vec<String>,
    /// Look for the cause among these cases only: globs on ids, `tag:NAME`, `!` for not
    #[arg(long, value_name = "EXPR")]
    pub filter: Option<String>,
    /// Let the system under test be on another machine (by default requests go to this one only)
    #[arg(long)]
    pub allow_network: bool,
    /// A profile of steadfast.toml: ci, nightly, local, or one of your own
    #[arg(long, value_name = "NAME")]
    pub profile: Option<String>,
    /// How long it is tried beyond the planned tries while it does not fail: quick (not at all), default (10 suite times),
    /// thorough (100), or N suite times, and at least as many seconds
    #[arg(long, value_name = "EFFORT", default_value = "default")]
    pub effort: Effort,
    /// The root of all randomness; the same seed gives the same orders
    #[arg(long, value_name = "HEX")]
    pub seed: Option<Seed>,
    /// How far a started system or a pytest suite is kept apart: TMPDIR, or HOME and a fresh copy of the project too
    #[arg(long, value_enum, default_value = "tmp")]
    pub sandbox: SandboxKind,
    /// Rounds side by side [default: the number of cores, at most 4; embedded twice as many, of a suite 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub jobs: Option<u32>,
    /// Stop after so long; 40 % of it is kept for diagnosis
    #[arg(long, value_name = "10m", value_parser = parse_duration)]
    pub max_time: Option<Duration>,
    /// The deadline of a case that has none of its own
    #[arg(long, value_name = "30s", value_parser = parse_duration, default_value = "30s")]
    pub case_timeout: Duration,
    /// Where runs are kept
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub report_dir: PathBuf,
    #[command(flatten)]
    pub outputs: OutputArguments,
    /// Tell nothing while it runs: only the result
    #[arg(short, long)]
    pub quiet: bool,
    /// Tell every failure and every round while it runs
    #[arg(short, long, conflicts_with = "quiet")]
    pub verbose: bool,
    /// When output has colours
    #[arg(long, value_enum, default_value = "auto", value_name = "WHEN")]
    pub color: Color,
}

impl WhyArguments {
    /// What is asked, and the run that answers it.
    ///
    /// # Errors
    /// Never, as long as `run` needs no argument.
    pub fn meant(self) -> Result<(WhyOptions, RunArguments), clap::Error> {
        let Command::Run(usual) = Arguments::try_parse_from(["steadfast", "run"])?.command else {
            unreachable!("the words say `run`");
        };
        let told = match (self.junit_in.is_empty(), self.order) {
            (false, _) => Some(ToldBy::Junit(self.junit_in)),
            (true, order) => order.map(ToldBy::List),
        };
        let run = RunArguments {
            paths: self.paths,
            system: self.system,
            suite: self.suite,
            suite_name: self.suite_name,
            python: self.python,
            fresh_process: self.fresh_process,
            providers: self.providers,
            suite_arguments: self.suite_arguments,
            filter: self.filter,
            allow_network: self.allow_network,
            effort: self.effort,
            seed: self.seed,
            sandbox: self.sandbox,
            jobs: self.jobs,
            max_time: self.max_time,
            case_timeout: self.case_timeout,
            report_dir: self.report_dir,
            junit: self.outputs.junit,
            html: self.outputs.html,
            markdown: self.outputs.markdown,
            json: self.outputs.json,
            history: self.outputs.history,
            no_history: self.outputs.no_history,
            annotations: self.outputs.annotations,
            quiet: self.quiet,
            verbose: self.verbose,
            color: self.color,
            // What other cases leave behind is not what was asked.
            no_leaks: true,
            ..*usual
        };
        Ok((WhyOptions { case: self.case, told }, run))
    }
}
