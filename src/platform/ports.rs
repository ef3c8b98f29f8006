//! The ports that the kernel hands out by itself.

/// The lowest of them (`ip_local_port_range`, ip(7)); `None` where the kernel does not say.
pub fn first_ephemeral_port() -> Option<u16> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    range.split_whitespace().next()?.parse().ok()
}
