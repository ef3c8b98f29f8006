//! A network of a process's own, in which there is nothing but loopback: what a program does there, the kernel keeps from
//! every other machine.

use crate::platform::sockets::own_addresses;
use nix::sched::{CloneFlags, unshare};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::IpAddr;

/// Messages and flags of rtnetlink(7).
const NEW_LINK: u16 = 16;
const NEW_ADDRESS: u16 = 20;
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
const CREATE: u16 = 0x400;
const ERROR: u16 = 2;

/// The first interface of every network, its flag for "up", and what an address is called on it.
const LOOPBACK: u32 = 1;
const UP: u32 = 1;
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;
/// Nobody else is there who could have the address already.
const UNASKED: u8 = 2;

/// What a new network has by default and this machine may have otherwise.
const PORTS: [&str; 2] = ["/proc/sys/net/ipv4/ip_local_port_range", "/proc/sys/net/ipv4/ip_unprivileged_port_start"];

/// Takes this process, and whatever it starts from now on, into a network of its own. There the machine's own addresses
/// lead to loopback, so that its name stands for something.
///
/// Whoever is not root needs a namespace of users for it, with nobody but himself in it; the kernel makes one only for a
/// process that has a single thread. The programs that it starts have no more rights there than elsewhere. Where this
/// fails halfway, the process is of no use any more: another one tries first.
///
/// # Errors
/// If the kernel refuses: in many containers, and where it lets nobody but root make namespaces.
pub fn leave_network() -> io::Result<()> {
    let addresses = own_addresses();
    let ports = PORTS.map(|name| (name, fs::read(name)));
    let (user, group) = (rustix::process::geteuid(), rustix::process::getegid());
    if user.is_root() {
        unshare(CloneFlags::CLONE_NEWNET)?;
    } else {
        unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET)?;
        fs::write("/proc/self/setgroups", "deny")?;
        fs::write("/proc/self/uid_map", format!("{0} {0} 1", user.as_raw()))?;
        fs::write("/proc/self/gid_map", format!("{0} {0} 1", group.as_raw()))?;
    }
    let mut kernel = Kernel::open()?;
    kernel.ask(NEW_LINK, ACKNOWLEDGE, &loopback_up())?;
    for address in addresses {
        // Without it only the machine's name leads nowhere.
        let _ = kernel.ask(NEW_ADDRESS, ACKNOWLEDGE | CREATE, &on_loopback(address));
    }
    for (name, value) in ports {
        let _ = value.and_then(|value| fs::write(name, value));
    }
    Ok(())
}

/// What is asked of the kernel about interfaces.
struct Kernel(File);

impl Kernel {
    fn open() -> io::Result<Self> {
        // Protocol 0 of this family is rtnetlink.
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
        Ok(Self(File::from(socket)))
    }

    fn ask(&mut self, message: u16, flags: u16, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(16 + body.len()).map_err(io::Error::other)?;
        let mut request = length.to_ne_bytes().to_vec();
        request.extend(message.to_ne_bytes());
        request.extend((REQUEST | flags).to_ne_bytes());
        request.extend([0; 8]);
        request.extend(body);
        self.0.write_all(&request)?;
        let mut answer = [0; 1024];
        let length = self.0.read(&mut answer)?;
        let is_error = answer.get(4..6) == Some(&ERROR.to_ne_bytes());
        match answer.get(16..20).filter(|_| is_error && length >= 20).and_then(|code| code.try_into().ok()) {
            Some(code) => match i32::from_ne_bytes(code) {
                0 => Ok(()),
                code => Err(io::Error::from_raw_os_error(-code)),
            },
            None => Err(io::Error::other("the kernel's answer is no acknowledgement")),
        }
    }
}

/// `ifinfomsg`: the interface goes up.
fn loopback_up() -> Vec<u8> {
    let mut body = vec![0; 4];
    body.extend([LOOPBACK, UP, UP].iter().flat_map(|word| word.to_ne_bytes()));
    body
}

/// `ifaddrmsg` with its attributes: an address on loopback.
fn on_loopback(address: IpAddr) -> Vec<u8> {
    let (family, bytes) = match address {
        IpAddr::V4(address) => (AddressFamily::INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AddressFamily::INET6, address.octets().to_vec()),
    };
    let family = u8::try_from(family.as_raw()).unwrap_or_default();
    let bits = u8::try_from(bytes.len() * 8).unwrap_or_default();
    let mut body = vec![family, bits, UNASKED, 0];
    body.extend(LOOPBACK.to_ne_bytes());
    for kind in [LOCAL, ADDRESS] {
        let length = u16::try_from(4 + bytes.len()).unwrap_or_default();
        body.extend([length, kind].iter().flat_map(|word| word.to_ne_bytes()));
        body.extend(&bytes);
    }
    body
}
