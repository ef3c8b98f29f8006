//! Whose resources are looked at.

use std::path::PathBuf;

/// Whose resources are looked at.
#[derive(Debug, Clone)]
pub(in crate::adapter) struct Scope {
    /// The harness's own process has the system in it.
    pub embedded: bool,
    /// The temporary folder of the system.
    pub temporary: Option<PathBuf>,
}
