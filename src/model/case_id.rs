//! The name of a case: what history, reports and repro files hang on.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A case's stable id: `path[key=value,…]` for a scenario, the runner's own id for a test of a suite.
///
/// Cheap to clone: ids travel with every event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CaseId(Arc<str>);

impl CaseId {
    /// Names a case. Any text is allowed: suites have ids with any character.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for CaseId {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<String> for CaseId {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}
