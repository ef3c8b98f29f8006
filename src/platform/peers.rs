//! Who is at the other end of a connection on this machine.

use rustix::net::{AddressFamily, SocketFlags, SocketType, netlink, socket_with};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr};

/// The message that asks for sockets (`SOCK_DIAG_BY_FAMILY`), and that it is a request.
const BY_FAMILY: u16 = 20;
const REQUEST: u16 = 1;

/// Numbers of the address families and of TCP.
const INET: u8 = 2;
const INET6: u8 = 10;
const TCP: u8 = 6;

/// Where the user stands in an answer: behind the header, the socket's state, its identity and its queues.
const USER_AT: usize = 16 + 4 + 48 + 12;

/// The account that the TCP socket at `own`, connected to `peer`, belongs to. `None` where the system does not tell.
pub fn owner_of_socket(own: SocketAddr, peer: SocketAddr) -> Option<u32> {
    let descriptor =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::SOCK_DIAG));
    let mut kernel = File::from(descriptor.ok()?);
    let request = request(own, peer)?;
    kernel.write_all(&request).ok()?;
    let mut answer = [0; 512];
    let length = kernel.read(&mut answer).ok()?;
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let user = answer.get(..length)?.get(USER_AT..USER_AT + 4)?;
    (kind == BY_FAMILY).then(|| user.try_into().ok().map(u32::from_ne_bytes)).flatten()
}

/// See sock_diag(7): a header, what is wanted, and which socket.
fn request(own: SocketAddr, peer: SocketAddr) -> Option<Vec<u8>> {
    let family = match (own, peer) {
        (SocketAddr::V4(_), SocketAddr::V4(_)) => INET,
        (SocketAddr::V6(_), SocketAddr::V6(_)) => INET6,
        _ => return None,
    };
    let mut body = vec![family, TCP, 0, 0];
    // In any state.
    body.extend(u32::MAX.to_ne_bytes());
    body.extend(own.port().to_be_bytes());
    body.extend(peer.port().to_be_bytes());
    for address in [own.ip(), peer.ip()] {
        let mut bytes = match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        bytes.resize(16, 0);
        body.extend(bytes);
    }
    // On any interface, whatever its cookie.
    body.extend(0_u32.to_ne_bytes());
    body.extend([0xff; 8]);
    let length = u32::try_from(16 + body.len()).ok()?;
    let mut message = length.to_ne_bytes().to_vec();
    message.extend(BY_FAMILY.to_ne_bytes());
    message.extend(REQUEST.to_ne_bytes());
    message.extend(1_u32.to_ne_bytes());
    message.extend(0_u32.to_ne_bytes());
    message.extend(body);
    Some(message)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_socket_of_ours_is_ours() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else { continue };
            let client = TcpStream::connect(listener.local_addr().expect("an address")).expect("connected");
            let (served, _) = listener.accept().expect("accepted");
            let (own, peer) = (served.peer_addr().expect("a peer"), served.local_addr().expect("an address"));
            assert_eq!(client.local_addr().ok(), Some(own));
            let owner = owner_of_socket(own, peer);
            assert!(owner.is_none() || owner == Some(rustix::process::geteuid().as_raw()), "{owner:?}");
        }
    }
}
