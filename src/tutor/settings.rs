//! A learner's own settings.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a learner has set; the defaults are those of a new learner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) local_only: bool,
    pub(super) budget_enforcement: bool,
    pub(super) may_override_budget: bool,
    pub(super) auto_fallback_to_ollama: bool,
    pub(super) models: PreferredModels,
    /// By language, or language and region: the voice that speaks it where it is installed.
    pub(super) voices: BTreeMap<String, String>,
}

/// Local models that the learner prefers where they are installed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct PreferredModels {
    pub(super) use_case: BTreeMap<String, String>,
    pub(super) language: BTreeMap<String, String>,
    pub(super) general: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            local_only: false,
            budget_enforcement: true,
            may_override_budget: false,
            auto_fallback_to_ollama: false,
            models: PreferredModels::default(),
            voices: BTreeMap::new(),
        }
    }
}
