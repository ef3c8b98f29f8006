//! Systems other than Linux: they have no network of a process's own.

use std::io;

/// Refuses: there is no such network to go to.
///
/// # Errors
/// Always: no such system has one.
pub fn leave_network() -> io::Result<()> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux has such networks"))
}
