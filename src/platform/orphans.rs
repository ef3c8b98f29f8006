//! Whose child a process becomes when its parent ends.

use std::io;

/// From now on, descendants of this process whose parents are gone are its own children.
///
/// # Errors
/// If the kernel refuses. Where it does not know such a thing, nothing happens: orphans go where they always went.
pub fn adopt_orphans() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

/// Whether this process adopts orphans.
pub fn adopts_orphans() -> bool {
    #[cfg(target_os = "linux")]
    return rustix::process::child_subreaper().is_ok_and(|reaper| reaper.is_some());
    #[cfg(not(target_os = "linux"))]
    return false;
}
