//! The memory of a process.

/// The memory of a process that no file stands behind, in KiB, what was swapped out included. 0 where it can't be told.
pub fn anonymous_memory(pid: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let of = |field: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    of("RssAnon:") + of("VmSwap:")
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_kept_shows() {
        let own = i32::try_from(std::process::id()).expect("a process id");
        let before = anonymous_memory(own);
        let kept = vec![1_u8; 64 << 20];
        let after = anonymous_memory(own);
        assert!(after >= before + (48 << 10), "{before} KiB before, {after} KiB after");
        drop(kept);
    }
}
