//! What a run is asked for, as meant.

use crate::adapter::{LiveSpec, LoadedSubject, Reach, Sandbox, SuiteOptions, Workplace};
use crate::app::Effort;
use crate::app::WhyOptions;
use crate::app::secrets::Secrets;
use crate::fleet::{Address, FleetName};
use crate::history::HistoryPlace;
use crate::model::{EventLoop, FindingKind, LeakAllowance, Seed, Stress};
use crate::plan::{Grouping, Shard, Strategy};
use crate::report::JunitDetail;
use crate::tutor::Defect;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The fleet that runs the rounds.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// The server that coordinator and workers meet at.
    pub address: Address,
    /// Which fleet it is, where a server has several.
    pub name: FleetName,
    /// After how long without a sign of its worker a round goes to another one.
    pub lease: Duration,
    /// How long no worker may be there.
    pub patience: Duration,
    /// The name of this host.
    pub host: String,
    /// Where its figures are served, if anywhere.
    pub metrics: Option<SocketAddr>,
}

/// How this program starts itself for a round.
#[derive(Debug, Clone)]
pub struct ToolInfo {
    /// The program file, which serves as its own worker.
    pub program: PathBuf,
    /// How the user called it, for commands that repeat something.
    pub called: String,
    /// The whole command line as it was typed, for a report's header.
    pub typed: Option<String>,
    /// The environment that scenarios may name.
    pub environment: BTreeMap<String, String>,
    /// The operating system that it was built for.
    pub system: &'static str,
    /// The architecture of the processor.
    pub architecture: &'static str,
    /// The folder for everything temporary.
    pub temporary: PathBuf,
    /// PYTHONPATH, which programs keep behind ours.
    pub python_path: Option<String>,
    /// VIRTUAL_ENV: the active environment of Python.
    pub virtual_env: Option<PathBuf>,
    /// What is kept out of everything that is written; known once there is a subject.
    pub secrets: BTreeSet<String>,
    /// Passwords that stand on the command line.
    pub passwords: Vec<String>,
    /// Variables that are called as secrets are, and whose values stay all the same.
    pub kept: BTreeSet<String>,
}

impl ToolInfo {
    /// The same, with the secrets that must not be written, and knowing of the environment only what the subject's files
    /// name. The rest is nobody's secret: a folder's name, removed from a journal, would leave it of no use.
    pub(super) fn knowing(&self, subject: &dyn LoadedSubject, folders: &[&Path]) -> Self {
        let mut tool = self.clone();
        let names = subject.environment();
        let found = Secrets::find(self, &names, subject, folders);
        tool.environment.retain(|name, _| names.contains(name));
        (tool.secrets, tool.kept) = (found.values, found.kept);
        tool.secrets.extend(tool.passwords.iter().cloned());
        tool
    }

    /// What workers are told of it.
    pub(super) fn workplace(&self) -> Workplace {
        Workplace {
            program: self.program.clone(),
            python_path: self.python_path.clone(),
            virtual_env: self.virtual_env.clone(),
        }
    }

    /// What is said once of variables whose values are not replaced.
    pub(super) fn note_of_kept(&self) -> Option<String> {
        if self.kept.is_empty() {
            return None;
        }
        let names: Vec<&str> = self.kept.iter().map(String::as_str).collect();
        Some(format!(
            "not replaced in what is written, since the value is a common word or part of a case's name: {}",
            names.join(", ")
        ))
    }
}

/// Whether each case is also run alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AloneRounds {
    /// Where a fresh start is cheap.
    WhereCheap,
    /// Colours are never used.
    Never,
}

/// Whether what cases leave behind is accounted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accounting {
    /// Wherever the subject lets it be seen.
    On,
    /// Nowhere: the report says that nothing was measured.
    Off,
}

/// What a run is asked for.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The project's folder.
    pub root: PathBuf,
    /// Files and folders of scenarios.
    pub paths: Vec<PathBuf>,
    /// `embedded`, `process`, or a system file.
    pub system: String,
    /// A suite instead of scenarios.
    pub suite: Option<SuiteOptions>,
    /// The interpreter that was named, whether a suite is or not: the run that is gone on with may have one.
    pub python: Option<PathBuf>,
    /// The name by which the history knows the suite, if one was given.
    pub suite_name: Option<String>,
    /// The one case that is asked about, if one is.
    pub question: Option<WhyOptions>,
    /// Which of the cases.
    pub filter: Option<String>,
    /// How orders are chosen.
    pub strategy: Strategy,
    /// One given order: case ids, one per line.
    pub order: Option<PathBuf>,
    /// Which cases stay together.
    pub group: Option<Grouping>,
    /// How many rounds; what that counts depends on the strategy.
    pub rounds: Option<u32>,
    /// The revision since which changes get more rounds.
    pub since: Option<String>,
    /// Which part of the plan, if not all of it.
    pub shard: Option<Shard>,
    /// How long rounds are added to the plan of a suite, where nothing else says how many there are.
    pub effort: Effort,
    /// The root of all randomness.
    pub seed: Seed,
    /// The fleet that runs the rounds, if they are not run here.
    pub fleet: Option<FleetOptions>,
    /// Whether each case is also run alone.
    pub alone: AloneRounds,
    /// The noise around rounds.
    pub stress: Option<Stress>,
    /// How far a system that is started is kept apart.
    pub sandbox: Sandbox,
    /// How far requests to a system may go.
    pub reach: Reach,
    /// How long an event loop lives; one plan after the other where there are two.
    pub event_loops: Vec<EventLoop>,
    /// Findings that fail the gate.
    pub fail_on: BTreeSet<FindingKind>,
    /// The confidence of statements, in (0, 1).
    pub confidence: f64,
    /// The rate of failing rounds to exclude.
    pub max_flake_rate: Option<f64>,
    /// Whether the run goes on where every case of its first round fails for one reason.
    pub keep_going: bool,
    /// Whether the run ends once its first failure is examined.
    pub fail_fast: bool,
    /// When to stop.
    pub max_time: Option<Duration>,
    /// Rounds side by side.
    pub jobs: usize,
    /// The deadline of a case that has none of its own.
    pub case_timeout: Duration,
    /// Where runs are kept.
    pub report_dir: PathBuf,
    /// Where runs are remembered; without it, nothing is remembered and nothing is known.
    pub history: Option<HistoryPlace>,
    /// Where else a JUnit file goes.
    pub junit: Option<PathBuf>,
    /// What a testcase of JUnit is.
    pub junit_detail: JunitDetail,
    /// Where else `report.json` goes.
    pub json: Option<PathBuf>,
    /// Where else `report.html` goes.
    pub html: Option<PathBuf>,
    /// Where else `summary.md` goes.
    pub markdown: Option<PathBuf>,
    /// Whether what cases leave behind is accounted for.
    pub accounting: Accounting,
    /// What any case may leave behind.
    pub leaks: Vec<LeakAllowance>,
    /// Whether a resumed run may have whatever its journal asks for.
    pub trust: bool,
    /// The providers that are real, and what they may cost.
    pub live: Option<LiveSpec>,
    /// Where exchanges with providers are recorded.
    pub record: Option<PathBuf>,
    /// Defects of the embedded tutor: for tests and the self-check, no argument sets them.
    pub defects: Vec<Defect>,
}
