//! What the operating system tells of processes, sockets and memory, and what is asked of it: the one place that reads
//! `/proc`. A port to another system begins and, as far as it can, ends in this folder.
//!
//! Where a system does not tell, every answer is empty and [`tells`] says so: a run then reports what it could not
//! measure and never takes silence for proof. `docs/platforms.md` has what works where.

#[cfg_attr(not(target_os = "linux"), path = "no_fence.rs")]
mod fence;
mod host;
mod lineage;
mod memory;
mod orphans;
mod peers;
mod ports;
pub mod process;
mod serving;
mod sockets;
mod tls;

pub use fence::leave_network;
pub use host::{cores, host_name, kernel, memory_mib, processor};
pub use lineage::Lineage;
pub use memory::anonymous_memory;
pub use orphans::{adopt_orphans, adopts_orphans};
pub use peers::owner_of_socket;
pub use ports::first_ephemeral_port;
pub use serving::ServingThread;
pub use sockets::{TcpSocket, TcpState, listeners, remote_addresses, tcp_sockets};
pub use tls::{cryptography, http_client, tls_client};

/// Whether this system tells what its processes hold.
pub fn tells() -> bool {
    cfg!(target_os = "linux")
}
