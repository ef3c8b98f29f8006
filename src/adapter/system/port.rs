//! Ports to promise to a system that is about to start.
//!
//! A port that the kernel hands out and that is closed again is soon somebody else's: another run's provider may get it
//! before the system listens, answers in its place, and the system fails for no fault of its own. So ports are taken
//! from below the range of which the kernel hands out (`ip_local_port_range`, ip(7)): nobody gets one there by chance.

use crate::platform::first_ephemeral_port;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Below are the ports of well-known services, many of which run on a developer's machine.
const LOWEST: u16 = 10_240;

/// Where the kernel does not say: the usual lower end.
const USUAL_RANGE: u16 = 32_768;

/// A range with fewer ports is not worth it.
const FEWEST: u16 = 1_000;

/// A port on loopback that nobody listens on, and that nobody is given unless by name.
///
/// # Errors
/// If there is no free port.
pub(in crate::adapter) fn free_port() -> io::Result<u16> {
    let end = first_ephemeral_port().unwrap_or(USUAL_RANGE);
    if end < LOWEST + FEWEST {
        return Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port());
    }
    let ports = u32::from(end - LOWEST);
    // Processes that run side by side begin far from each other, and no process promises a port twice in a row.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    static BEGIN: LazyLock<u32> = LazyLock::new(|| RandomState::new().hash_one(std::process::id()) as u32);
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..ports {
        let offset = BEGIN.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % ports;
        let port = LOWEST + u16::try_from(offset).unwrap_or(0);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promised_port_is_free_and_not_one_that_the_kernel_hands_out() {
        let port = free_port().expect("a port");
        let range = first_ephemeral_port().unwrap_or(USUAL_RANGE);
        assert!(range < LOWEST + FEWEST || (LOWEST..range).contains(&port), "{port}");
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is free");
    }

    #[test]
    fn a_port_that_is_taken_is_passed_over() {
        let held: Vec<_> =
            (0..20).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, free_port().expect("a port")))).collect();
        assert!(held.iter().all(Result::is_ok), "{held:?}");
    }
}
