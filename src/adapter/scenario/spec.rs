//! Scenarios against a system, as they were chosen.

use crate::adapter::{LiveSpec, Reach, Sandbox};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Scenarios against a system, as they were chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioSpec {
    /// The project's folder.
    pub root: PathBuf,
    /// Files and folders of scenarios, relative to it.
    pub paths: Vec<PathBuf>,
    /// `embedded`, `process`, or a system file.
    pub system: String,
    /// Which of the cases.
    pub filter: Option<String>,
    /// This program, which starts itself as the tutor.
    pub program: PathBuf,
    /// Values of the environment that scenarios name.
    pub secrets: std::collections::BTreeMap<String, String>,
    /// PYTHONPATH, which a system that is started keeps behind ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_path: Option<String>,
    /// The active environment of Python, whose interpreter runs an ASGI application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_env: Option<PathBuf>,
    /// How far a system that is started is kept apart.
    #[serde(default)]
    pub sandbox: Sandbox,
    /// How far requests may go.
    #[serde(default)]
    pub reach: Reach,
    /// The folder into which exchanges with providers are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<PathBuf>,
    /// The providers that are real.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<LiveSpec>,
    /// Secrets that no recording may hold: only workers get them.
    #[serde(default, skip_serializing_if = "std::collections::BTreeSet::is_empty")]
    pub hidden: std::collections::BTreeSet<String>,
    /// Names of defects of the embedded tutor. Tests and the self-check set them; no argument does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub defects: Vec<String>,
}
