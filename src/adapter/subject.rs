//! What use cases may ask of a subject, whatever kind it is.
//!
//! A kind implements [`LoadedSubject`] in its own folder and says there what it can do. Nothing above this module asks
//! which kind it has in hand.

use crate::adapter::problem::SuiteProblem;
use crate::adapter::shared::python::Installed;
use crate::adapter::shared::tree::Files;
use crate::event::{CaseInfo, RunnerLine};
use crate::model::{CaseIndex, ContentHash, Measured, Outcome, ResourceKind, RoundKind};
use crate::plan::Grouping;
use crate::record::{Record, RoundRecord};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::{Duration, Instant};

/// How long a suite may take to be collected, with some time around it.
const COLLECT_WITHIN: Duration = Duration::from_secs(660);

/// A subject that was loaded: its cases, and what can be asked of it.
pub trait LoadedSubject: fmt::Debug {
    /// Its cases, in declared order.
    fn cases(&self) -> &[CaseInfo];

    /// Things noted while loading.
    fn notes(&self) -> &[String];

    /// In a few words: `scenarios on embedded`.
    fn name(&self) -> String;

    /// What a round of it is, for readers of reports: `the tests in one order, in a process of pytest of its own`.
    fn round(&self) -> &'static str;

    /// What kind of suite it is, without versions and without a path of this machine.
    fn suite(&self) -> String {
        self.name()
    }

    /// The names by which older programs remembered the suite, as patterns of SQL's LIKE.
    fn formerly(&self) -> Vec<String> {
        vec![as_pattern(&self.name())]
    }

    /// The folder that it stands in, relative to the project; empty for the project's own.
    fn place(&self) -> &str {
        ""
    }

    /// The interpreter that runs it, where it has one, and what is installed for it.
    fn python(&self) -> Option<Installed> {
        None
    }

    /// Equal as long as the cases, and what they run against, mean the same.
    fn hash(&self) -> ContentHash;

    /// Equal as long as what the cases run against is described alike: whatever the cases are.
    fn surroundings(&self) -> ContentHash;

    /// By kind of resource: whether it is measured.
    fn measured(&self) -> BTreeMap<String, Measured>;

    /// Whether its programs are kept from other machines: those that are started among mock providers.
    fn is_fenced(&self) -> bool {
        false
    }

    /// How long a worker may take to make it ready.
    fn start_within(&self) -> Duration {
        COLLECT_WITHIN
    }

    /// The names of the environment that its files speak of: their values are secrets.
    fn environment(&self) -> BTreeSet<String> {
        BTreeSet::new()
    }

    /// What its files set in the environment of what they start, as they write it: values can be secrets.
    fn variables_set(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// Whether the event loop's life can be chosen.
    fn chooses_event_loop(&self) -> bool {
        false
    }

    /// Whether a fresh start is cheap enough to run each case alone.
    fn starts_cheaply(&self) -> bool {
        false
    }

    /// Whether its plan is fixed: no rounds are added to it while there is time.
    fn has_fixed_plan(&self) -> bool {
        false
    }

    /// Whether what is tested is part of this program, as the shipped systems are.
    fn is_shipped(&self) -> bool {
        false
    }

    /// The hash seeds that its rounds take turns with; none where it has no such thing.
    fn hash_seeds(&self) -> Vec<u32> {
        Vec::new()
    }

    /// What a hash seed of its own costs a round besides its trials: the suite is collected once more. `None` where a
    /// round has none, or where the user chose it.
    fn own_hash_seed_takes(&self) -> Option<Duration> {
        None
    }

    /// What stays together in an order, where nobody says.
    fn grouping(&self) -> Grouping {
        Grouping::None
    }

    /// Whether a case can be tried in a fork in the middle of an order.
    fn forks(&self) -> bool {
        false
    }

    /// Whether one process can run a case a second time.
    fn runs_again(&self) -> bool {
        true
    }

    /// Whether one process runs this order from start to end. A new start in between hides what was left in memory, just
    /// as a cleaner does.
    fn runs_through(&self, _order: &[CaseIndex]) -> bool {
        true
    }

    /// What is played in place of this order where no process can play it: the nearest order that one can. A probe ends with
    /// the case that it is about. `None` where this order is played.
    fn played_for(&self, _order: &[CaseIndex], _kind: RoundKind) -> Option<Vec<CaseIndex>> {
        None
    }

    /// Whose changes of state it can tell; `None` if it can't tell any.
    fn explains(&self) -> Option<Explain> {
        None
    }

    /// Whether two runs of a case can be followed line by line, to find where they part.
    fn follows_lines(&self) -> bool {
        self.explains().is_some()
    }

    /// Whether somebody asked for the first difference of two runs, whatever it takes to find it.
    fn follows_on_request(&self) -> bool {
        false
    }

    /// Whether what a case leaves on disk may be there in a later round.
    fn may_leave_files(&self) -> bool {
        false
    }

    /// How its leaks are looked for.
    fn leak_search(&self) -> LeakSearch {
        LeakSearch::Suite
    }

    /// The cases with all that was found out of them while they were listed, for workers that need not list them again.
    fn listed(&self) -> Option<serde_json::Value> {
        None
    }

    /// The line with which its own runner shows a finding, tried once, or that the runner alone does not show it. `None`
    /// where there is no such line.
    fn own_line(&self, _finding: &OwnLine<'_>) -> Option<RunnerAlone> {
        None
    }

    /// The time zone that decides whether the case fails, if it goes with this hash seed and it is the zone that decides.
    fn deciding_time_zone(&self, _case: &CaseInfo, _hash_seed: u32, _case_deadline: Duration) -> Option<String> {
        None
    }

    /// The files that stand beside its cases now, for a look at what appeared when the rounds have ended.
    fn files_beside(&self) -> Files {
        Files::unknown()
    }

    /// Its own runner, if there is one that can be started by itself: what it is called, such as "plain pytest".
    fn own_runner(&self) -> Option<String> {
        None
    }

    /// How its own runner, started by itself, ends each case of the round in declared order.
    ///
    /// # Errors
    /// Why that can't be told: for people.
    fn plain(&self, _asked: &AskedOfRunner<'_>) -> Result<Plain, SuiteProblem> {
        Err(SuiteProblem::NoRunner)
    }

    /// How often its runner's own parallel mode is to be played; 0 where nobody asks for it.
    fn parallel_rounds(&self) -> u32 {
        0
    }

    /// How its own runner ends each case in its parallel mode, where several cases run at once.
    ///
    /// # Errors
    /// Why that can't be told: for people.
    fn parallel(&self, _asked: &AskedOfRunner<'_>) -> Result<Plain, SuiteProblem> {
        Err(SuiteProblem::NoRunner)
    }

    /// Whether a case passes in its own runner with the machine's own temporary folder in place of a round's.
    fn passes_in_own_folder(&self, _case: &CaseInfo, _hash_seed: Option<u32>, _case_deadline: Duration) -> bool {
        false
    }
}

/// What the subject's own runner came to.
#[derive(Debug, Clone, Default)]
pub struct Plain {
    /// How each case ended.
    pub outcomes: BTreeMap<CaseIndex, Outcome>,
    /// Whether it ran them in declared order, and tells a failure from an error as we do: else all failures are alike,
    /// and what an order explains is no difference.
    pub is_like_ours: bool,
    /// Why it did not come to its end, if it did not.
    pub cut_short: Option<String>,
    /// How it failed though it told of no case that did, if it did: `exit code 1; it last wrote: …`.
    pub failed_whole: Option<String>,
}

/// What the subject's own runner is asked to run.
#[derive(Debug, Clone, Copy)]
pub struct AskedOfRunner<'a> {
    /// The record of the run so far.
    pub record: &'a Record,
    /// The round in declared order.
    pub declared: &'a RoundRecord,
    /// What one case may take.
    pub case_deadline: Duration,
    /// When the run ends, finished or not.
    pub until: Option<Instant>,
}

/// What the subject's own runner makes of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunnerAlone {
    /// It shows it.
    Shows(RunnerLine),
    /// It does not, and why: for people.
    Otherwise(String),
}

/// A finding, as the subject's own runner is asked to show it.
#[derive(Debug, Clone, Copy)]
pub struct OwnLine<'a> {
    /// The record of the run so far.
    pub record: &'a Record,
    /// The order that shows it, the case that fails last.
    pub order: &'a [CaseIndex],
    /// Its way of failing.
    pub fingerprint: &'a str,
    /// The hash seed under which it was seen.
    pub hash_seed: Option<u32>,
    /// The deadline of a case.
    pub case_deadline: Duration,
    /// Whether it may pass all the same, since chance or the surroundings decide.
    pub by_chance: bool,
}

/// Whose changes of state are told where a finding was minimised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Explain {
    /// Those of the repro's polluters.
    #[default]
    Repro,
    /// Those of all polluters that were found.
    All,
}

/// How leaks are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeakSearch {
    /// In small cases that share nothing but the system: all that left something are repeated.
    Scenarios,
    /// In the tests of a suite: neighbours share what their module sets up, and no more are repeated than the suite's
    /// own time allows.
    Suite,
}

/// A text as a pattern of SQL's LIKE that matches nothing else.
pub(super) fn as_pattern(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// What is measured of a suite: calls to providers if they are ours, and `resources`.
pub(super) fn measured_of_suite(providers_are_ours: bool, resources: &Measured) -> BTreeMap<String, Measured> {
    let calls = if providers_are_ours {
        Measured::Yes
    } else {
        Measured::not("a suite's providers are its own: --providers FILE starts mock ones")
    };
    let resources = ResourceKind::ALL.into_iter().map(|kind| (kind.to_string(), resources.clone()));
    resources.chain([("provider calls".to_owned(), calls)]).collect()
}
