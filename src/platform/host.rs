//! What the system tells of the machine.

use std::fs;

/// The name of this host.
pub fn host_name() -> String {
    let name = line_of("/proc/sys/kernel/hostname");
    if name.is_empty() { "unknown".to_owned() } else { name }
}

/// The version of the kernel; empty where it is not told.
pub fn kernel() -> String {
    line_of("/proc/sys/kernel/osrelease")
}

/// The model of the processor; empty where it is not told.
pub fn processor() -> String {
    value_in("/proc/cpuinfo", "model name")
}

/// The machine's memory in MiB; 0 where it is not told.
pub fn memory_mib() -> u64 {
    let told = value_in("/proc/meminfo", "MemTotal");
    told.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}

/// How many cores this process may use.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn line_of(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default().trim().to_owned()
}

/// What stands behind the first `name:` of a file.
fn value_in(path: &str, name: &str) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let named = text.lines().filter_map(|line| line.split_once(':')).find(|(found, _)| found.trim() == name);
    named.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told() {
        assert!(cores() > 0);
        if crate::platform::tells() {
            assert!(!kernel().is_empty());
            assert!(memory_mib() > 0);
        }
    }
}
