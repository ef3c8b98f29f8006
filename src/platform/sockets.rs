//! Sockets: where they lead and in which state they are.

use crate::platform::process;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What is known of a TCP socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpSocket {
    /// Its own port.
    pub port: u16,
    /// The port at the other end; 0 of a listening one.
    pub peer_port: u16,
    /// The state of the connection.
    pub state: TcpState,
}

/// The states that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    /// It waits for connections.
    Listening,
    /// The other end has closed the connection, and this one has not: the strongest sign of one that was forgotten.
    CloseWait,
    /// Any other state.
    Other,
}

/// The TCP sockets of a process's network, by inode. Costs milliseconds on a busy machine.
pub fn tcp_sockets(pid: i32) -> BTreeMap<u64, TcpSocket> {
    let mut sockets = BTreeMap::new();
    for table in ["tcp", "tcp6"] {
        sockets.extend(rows(pid, table).lines().skip(1).filter_map(tcp_socket));
    }
    sockets
}

/// Where those of the sockets `inodes` lead that lead anywhere, in the network of a process: TCP and UDP.
pub fn remote_addresses(pid: i32, inodes: &BTreeSet<u64>) -> BTreeSet<SocketAddr> {
    let mut found = BTreeSet::new();
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        found.extend(rows(pid, table).lines().skip(1).filter_map(|line| remote(line, inodes)));
    }
    found
}

/// Where programs of this machine listen that loopback leads to: TCP, in this process's network.
pub fn listeners() -> BTreeSet<SocketAddr> {
    let tables = ["tcp", "tcp6"].map(|table| rows(process::own(), table));
    let found = tables.iter().flat_map(|table| table.lines().skip(1)).filter_map(listener);
    found.flat_map(on_loopback).collect()
}

/// The address of a line's socket, if it listens.
fn listener(line: &str) -> Option<SocketAddr> {
    let mut fields = line.split_whitespace().skip(1);
    let (own, _, state) = (fields.next()?, fields.next()?, fields.next()?);
    if state == "0A" { address(own) } else { None }
}

/// The addresses of loopback by which a listener is reached.
fn on_loopback(listener: SocketAddr) -> Vec<SocketAddr> {
    let at = |ip: IpAddr| SocketAddr::new(ip, listener.port());
    match listener.ip() {
        ip if ip.is_loopback() => vec![listener],
        IpAddr::V4(ip) if ip.is_unspecified() => vec![at(Ipv4Addr::LOCALHOST.into())],
        IpAddr::V6(ip) if ip.is_unspecified() => vec![at(Ipv4Addr::LOCALHOST.into()), at(Ipv6Addr::LOCALHOST.into())],
        IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback()) => {
            ip.to_ipv4_mapped().map(|ip| at(ip.into())).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// The addresses that this machine has in its network, those of loopback and of single links left out.
#[cfg(target_os = "linux")]
pub(super) fn own_addresses() -> BTreeSet<IpAddr> {
    let trie = std::fs::read_to_string("/proc/net/fib_trie").unwrap_or_default();
    let interfaces = std::fs::read_to_string("/proc/net/if_inet6").unwrap_or_default();
    let six = interfaces.lines().filter_map(|line| u128::from_str_radix(line.get(..32)?, 16).ok());
    let six = six.map(Ipv6Addr::from).filter(|ip| !ip.is_loopback() && !ip.is_unicast_link_local());
    local_addresses(&trie).into_iter().map(IpAddr::V4).chain(six.map(IpAddr::V6)).collect()
}

/// The machine's own addresses in a table such as `|-- 10.0.0.2` and below it `/32 host LOCAL`.
fn local_addresses(trie: &str) -> BTreeSet<Ipv4Addr> {
    let mut last: Option<Ipv4Addr> = None;
    let mut found = BTreeSet::new();
    for line in trie.lines() {
        match line.split_once("|-- ") {
            Some((_, address)) => last = address.trim().parse().ok(),
            None if line.contains("/32 host LOCAL") => found.extend(last),
            None => {}
        }
    }
    found.retain(|ip| !ip.is_loopback());
    found
}

fn rows(pid: i32, table: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default()
}

/// A line of `/proc/net/tcp`: number, own address, peer's, state, …, inode.
fn tcp_socket(line: &str) -> Option<(u64, TcpSocket)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let port = |field: &str| u16::from_str_radix(field.rsplit(':').next()?, 16).ok();
    let state = match *fields.get(3)? {
        "0A" => TcpState::Listening,
        "08" => TcpState::CloseWait,
        _ => TcpState::Other,
    };
    let socket = TcpSocket { port: port(fields.get(1)?)?, peer_port: port(fields.get(2)?)?, state };
    Some((fields.get(9)?.parse().ok()?, socket))
}

/// Where the socket of a line leads, if it is one of these and has another end.
fn remote(line: &str, inodes: &BTreeSet<u64>) -> Option<SocketAddr> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let inode: u64 = fields.get(9)?.parse().ok()?;
    let address = address(fields.get(2)?)?;
    let ip = match address.ip() {
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or(IpAddr::V6(ip), IpAddr::V4),
        ip => ip,
    };
    (inodes.contains(&inode) && address.port() != 0).then_some(SocketAddr::new(ip, address.port()))
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
    fn what_listens_is_found_by_the_addresses_of_loopback_that_lead_to_it() {
        let at = |own: &str, state: &str| {
            let found =
                listener(&format!("   0: {own} 00000000:0000 {state} 00000000:00000000 00:00000000 0 0 0 42 1"));
            found.map(on_loopback).unwrap_or_default().iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(at("0100007F:1538", "0A"), ["127.0.0.1:5432"]);
        assert_eq!(at("00000000:1538", "0A"), ["127.0.0.1:5432"]);
        assert_eq!(at("00000000000000000000000000000000:1538", "0A"), ["127.0.0.1:5432", "[::1]:5432"]);
        assert_eq!(at("00000000000000000000000001000000:1538", "0A"), ["[::1]:5432"]);
        assert!(at("0F02000A:1538", "0A").is_empty(), "loopback does not lead to another address");
        assert!(at("0100007F:1538", "01").is_empty(), "a connection listens to nobody");
    }

    #[test]
    fn the_machines_own_addresses_are_those_that_the_table_calls_local() {
        let trie = "Local:\n  +-- 0.0.0.0/0 2 0 2\n     |-- 10.0.0.0\n        /24 link UNICAST\n     |-- 10.0.0.2\n        /32 \
                    host LOCAL\n     |-- 127.0.0.1\n        /32 host LOCAL\n";
        assert_eq!(local_addresses(trie), BTreeSet::from([Ipv4Addr::new(10, 0, 0, 2)]));
    }

    #[test]
    fn a_socket_of_the_program_tells_where_it_leads() {
        check(LINE, 4242, Some("192.168.2.10:443"));
    }

    #[test]
    fn the_socket_of_another_program_does_not() {
        check(LINE, 4243, None);
    }

    #[test]
    fn a_mapped_address_is_told_as_what_it_stands_for() {
        check(&LINE.replace("0A02A8C0:01BB", "0000000000000000FFFF00000100007F:01BB"), 4242, Some("127.0.0.1:443"));
    }

    #[test]
    fn a_listening_socket_leads_nowhere() {
        check(&LINE.replace("0A02A8C0:01BB", "00000000:0000"), 4242, None);
    }

    #[test]
    fn a_line_that_is_none_is_passed_over() {
        check("", 4242, None);
        check("a b c d e f g h i 4242", 4242, None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn sockets_are_told_by_their_ports_and_state() {
        use std::net::{TcpListener, TcpStream};
        let own = i32::try_from(std::process::id()).expect("a process id");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        let (server, _) = listener.accept().expect("accepted");
        let of = |wanted: &dyn Fn(&TcpSocket) -> bool| tcp_sockets(own).values().copied().find(|one| wanted(one));
        let listening = of(&|one| one.port == port && one.peer_port == 0).expect("the listener");
        assert_eq!(listening.state, TcpState::Listening);
        assert_eq!(of(&|one| one.peer_port == port).expect("the client").state, TcpState::Other);
        drop(server);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while of(&|one| one.peer_port == port).expect("the client").state != TcpState::CloseWait {
            assert!(std::time::Instant::now() < deadline, "the other end was closed and that was never seen");
        }
        drop(client);
    }
}
