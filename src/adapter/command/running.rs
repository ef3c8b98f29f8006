//! How cases are run: what a profile says of a runner's processes, and of the orders that they play.

use crate::adapter::command::formats::id;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How cases are run.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Running {
    pub command: Vec<String>,
    /// How a case is written in the command or in the file of cases.
    #[serde(default = "id")]
    pub case: String,
    /// What stands between two cases in one argument; without it each case is an argument, or a line of the file.
    #[serde(default)]
    pub join: Option<String>,
    /// How the results of one process name a case; by default as its id.
    #[serde(default)]
    pub told_as: Option<String>,
    #[serde(default)]
    pub order: RunOrder,
    /// How a runner that keeps to its list is made to run its cases in another order.
    #[serde(default)]
    pub shuffled: Option<Shuffled>,
    /// A number made of a case's fields: in one process no case comes after one of a higher number.
    #[serde(default)]
    pub rank: Option<String>,
    /// What stays together in an order, unless `--group` says otherwise.
    #[serde(default)]
    pub group: RunGroup,
    /// The most cases that one process is given.
    #[serde(default)]
    pub at_most: Option<usize>,
    /// Whether what was built in the project's tree is only good there: then rounds run in a copy of it only where that
    /// can be laid over the tree, or `--sandbox full` asks for one.
    #[serde(default)]
    pub in_place: bool,
    /// What the runner itself writes to, relative to the folder that commands run in: no case leaves that.
    #[serde(default)]
    pub writes: Vec<PathBuf>,
    /// Whether the drivers tell what the case named by `STEADFAST_WATCH` leaves changed, and put back what is listed in
    /// `STEADFAST_RESTORE`, parts by their names.
    #[serde(default)]
    pub watches: bool,
    /// Whether a process runs a case again that it is asked for again: without it, another process does.
    #[serde(default)]
    pub repeats: bool,
    /// How many seconds a process may take before its first case, to compile say.
    #[serde(default = "start_within")]
    pub start_within: u64,
}

/// How a runner that keeps to its list shuffles by a seed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shuffled {
    /// Which order a seed gives.
    pub by: ShuffleKind,
    /// What is added to the command: `${seed}` is the seed.
    pub words: Vec<String>,
    /// Cases with one of these fields and values are not shuffled.
    #[serde(default)]
    pub except: BTreeMap<String, String>,
}

/// How a runner shuffles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ShuffleKind {
    /// `--shuffle-seed` of Rust's own harness, as 1.95 has it; 1.63 plays each order backwards.
    Libtest,
    /// `--gtest_random_seed` of GoogleTest.
    Googletest,
}

/// Who decides the order in which a process runs its cases.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RunOrder {
    /// It runs them as they are named.
    #[default]
    AsGiven,
    /// It runs them as they are listed, however they are named.
    AsListed,
}

/// What stays together in an order where nobody says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RunGroup {
    /// Nothing: any case may come after any other.
    #[default]
    None,
    /// The cases of a file, which share no memory with those of others.
    File,
    /// The cases of a module, a package say.
    Module,
}

fn start_within() -> u64 {
    60
}
