//! A suite that was found.

/// A suite that a project seems to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSuite {
    /// What `--suite` takes: `pytest:.`, `command:jest`.
    pub suite: String,
    /// What shows it: `package.json names jest`.
    pub because: String,
}
