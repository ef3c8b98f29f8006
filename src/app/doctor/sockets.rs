//! The sockets of a process and its descendants that lead off this machine, as `/proc` shows them at one moment.
//!
//! It is a look now and then: a connection that ends between two looks is not seen. A Python program is also watched
//! from within, which misses nothing that goes through its `socket` module; for any other program this is all there is.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

/// Where such a socket leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Outward {
    pub to: SocketAddr,
}

/// Looks at these processes.
pub(super) fn outward(pids: &[i32]) -> BTreeSet<Outward> {
    let mut inodes = BTreeSet::new();
    for pid in pids {
        for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
            let link = std::fs::read_link(entry.path()).unwrap_or_default();
            let inode: Option<u64> =
                link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            inodes.extend(inode);
        }
    }
    let mut found = BTreeSet::new();
    // A program may have a network of its own: the table is that of each process, and the first one's in practice.
    let Some(first) = pids.first().filter(|_| !inodes.is_empty()) else { return found };
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let text = std::fs::read_to_string(Path::new("/proc").join(first.to_string()).join("net").join(table));
        let lines = text.unwrap_or_default();
        found.extend(lines.lines().skip(1).filter_map(|line| remote(line, &inodes)).map(|to| Outward { to }));
    }
    found
}

/// Where the socket of a line leads, if it is one of these and does not stay on this machine.
fn remote(line: &str, inodes: &BTreeSet<u64>) -> Option<SocketAddr> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let inode: u64 = fields.get(9)?.parse().ok()?;
    let address = address(fields.get(2)?)?;
    let ip = match address.ip() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip => ip,
    };
    (inodes.contains(&inode) && address.port() != 0 && !ip.is_loopback() && !ip.is_unspecified())
        .then_some(SocketAddr::new(ip, address.port()))
}

/// `0100007F:1F90`: words in the machine's order, little-endian on every machine this is built for.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<u32> = (0..ip.len() / 8)
        .map(|word| u32::from_str_radix(ip.get(word * 8..word * 8 + 8)?, 16).ok())
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let ip = match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(bytes) => IpAddr::V4(Ipv4Addr::from(bytes)),
        Err(_) => IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.as_slice()).ok()?)),
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "   1: 0F02000A:C4B2 0A02A8C0:01BB 01 00000000:00000000 00:00000000 00000000  1000        0 4242 1";

    fn check(line: &str, inode: u64, expected: Option<&str>) {
        let seen = remote(line, &[inode].into());
        assert_eq!(seen.map(|address| address.to_string()), expected.map(str::to_owned));
    }

    #[test]
    fn a_socket_of_the_program_that_leads_off_this_machine_is_told() {
        check(LINE, 4242, Some("192.168.2.10:443"));
    }

    #[test]
    fn the_socket_of_another_program_is_not() {
        check(LINE, 4243, None);
    }

    #[test]
    fn loopback_and_listening_sockets_are_not() {
        check(&LINE.replace("0A02A8C0:01BB", "0100007F:01BB"), 4242, None);
        check(&LINE.replace("0A02A8C0:01BB", "00000000:0000"), 4242, None);
        let mapped = LINE.replace("0A02A8C0:01BB", "0000000000000000FFFF00000100007F:01BB");
        check(&mapped, 4242, None);
    }

    #[test]
    fn a_line_that_is_none_is_passed_over() {
        check("", 4242, None);
        check("a b c d e f g h i 4242", 4242, None);
    }
}
