//! The sockets of a process and its descendants that lead off this machine, as the system shows them at one moment.
//!
//! It is a look now and then: a connection that ends between two looks is not seen. A Python program is also watched
//! from within, which misses nothing that goes through its `socket` module; for any other program this is all there is.

use crate::platform::{self, process};
use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};

/// Where such a socket leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outward {
    pub to: SocketAddr,
}

/// Looks at these processes.
pub(super) fn outward(pids: &[i32]) -> BTreeSet<Outward> {
    let descriptors = pids.iter().flat_map(|pid| process::descriptors(*pid));
    let inodes: BTreeSet<u64> = descriptors.filter_map(|(_, target)| process::socket_inode(&target)).collect();
    // A program may have a network of its own: the table is that of each process, and the first one's in practice.
    let Some(first) = pids.first().filter(|_| !inodes.is_empty()) else { return BTreeSet::new() };
    let remote = platform::remote_addresses(*first, &inodes);
    remote.into_iter().filter(|to| leads_off(to.ip())).map(|to| Outward { to }).collect()
}

/// Whether an address lies on another machine.
fn leads_off(ip: IpAddr) -> bool {
    !ip.is_loopback() && !ip.is_unspecified()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(ip: &str, expected: bool) {
        assert_eq!(leads_off(ip.parse().expect("an address")), expected, "{ip}");
    }

    #[test]
    fn an_address_of_another_machine_leads_off() {
        check("192.168.2.10", true);
        check("2001:db8::1", true);
    }

    #[test]
    fn loopback_and_no_address_do_not() {
        check("127.0.0.1", false);
        check("::1", false);
        check("0.0.0.0", false);
    }
}
