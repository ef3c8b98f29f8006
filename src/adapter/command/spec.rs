//! Which suite, and how it is run.

use crate::adapter::command::listing::ListedCase;
use crate::adapter::shared::kept::KeptTree;
use crate::adapter::shared::surroundings::Tapes;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A suite with a runner of its own, as it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CommandSpec {
    /// The project's folder.
    pub root: PathBuf,
    /// A shipped profile by its name, or a file, relative to the project's folder.
    pub profile: String,
    /// What stands for `${python}` in the profile's commands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PathBuf>,
    /// What stands for `${args}` in the profile's commands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Which of the cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// PYTHONPATH, which its programs keep behind ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_path: Option<String>,
    /// The file that says what the mock providers around it do, relative to the project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<PathBuf>,
    /// Where exchanges with them are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tapes: Option<Tapes>,
    /// Whether each round runs in a fresh copy of the project.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copied: bool,
    /// How often the runner's own parallel mode is played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// The cases of the run, in its order. Workers are handed them whole, so that a runner lists once in a run. Who goes
    /// on with a run hands over ids and files; then the listing is brought into their order. Empty in journals
    /// and repro files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<ListedCase>,
    /// The project's tree as it was when the run began. Only whoever runs it says where that is, and no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptTree>,
}

/// What whoever begins a run hands to its workers.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(in crate::adapter) struct Handed {
    /// The cases, as the runner listed them.
    pub cases: Vec<ListedCase>,
    /// Where the tree is kept.
    pub kept: Option<KeptTree>,
}
