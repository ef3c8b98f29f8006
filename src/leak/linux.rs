//! What `/proc` tells of a process. Elsewhere than on Linux there is none, and every answer is empty.

use crate::leak::{Census, Identity, Item, common_name};
use crate::model::ResourceKind;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The most files of a temporary folder that are looked at: beyond that, only the first ones in the order of the file
/// system are.
const FILES: usize = 10_000;

/// Whether this machine tells at all.
pub fn tells() -> bool {
    cfg!(target_os = "linux")
}

/// The descriptors of a process, but for those that `/proc` itself needs to list them.
pub fn descriptors(pid: i32, census: &mut Census) {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return };
    for entry in entries.flatten() {
        let Some(number) = number(&entry.file_name()) else { continue };
        let Ok(target) = fs::read_link(entry.path()) else { continue };
        let target = target.to_string_lossy().into_owned();
        if target.starts_with("/proc/") {
            continue;
        }
        let inode = target.strip_prefix("socket:[").and_then(|rest| rest.strip_suffix(']'));
        let (identity, owner) = match inode.and_then(|inode| inode.parse().ok()) {
            Some(inode) => (Identity::Socket(pid, inode), "a socket".to_owned()),
            None => (Identity::Descriptor(pid, number, target.clone()), common_name(&target)),
        };
        let place = (!target.contains(":[") && !target.starts_with("anon_inode:")).then_some(target);
        census.insert(identity, Item { kind: ResourceKind::Descriptor, owner, place });
    }
}

/// The threads of a process, by their names.
pub fn threads(pid: i32, census: &mut Census) {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/task")) else { return };
    for entry in entries.flatten() {
        let Some(thread) = number(&entry.file_name()) else { continue };
        let Ok(name) = fs::read_to_string(entry.path().join("comm")) else { continue };
        let name = name.trim_end();
        let item = Item { kind: ResourceKind::Thread, owner: common_name(name), place: Some(name.to_owned()) };
        census.insert(Identity::Thread(pid, thread), item);
    }
}

/// The living descendants of a process, itself not counted.
pub fn descendants(pid: i32) -> Vec<i32> {
    let mut family = vec![pid];
    let mut next = 0;
    while let Some(elder) = family.get(next).copied() {
        family.extend(children(elder));
        next += 1;
    }
    family.into_iter().skip(1).filter(|pid| is_alive(*pid)).collect()
}

/// Processes, by their commands.
pub fn processes(pids: &[i32], census: &mut Census) {
    for pid in pids {
        if let Some((started, item)) = start_time(*pid).zip(process(*pid)) {
            census.insert(Identity::Process(*pid, started), item);
        }
    }
}

/// A process by its command, as it is now: a fork is its parent until it runs its own program.
pub fn process(pid: i32) -> Option<Item> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = String::from_utf8_lossy(&line).replace('\0', " ");
    let program = line.split(' ').next().unwrap_or_default();
    let program = Path::new(program).file_name().map(|name| name.to_string_lossy().into_owned());
    Some(Item {
        kind: ResourceKind::Process,
        owner: program.filter(|name| !name.is_empty()).unwrap_or_else(|| "a process".to_owned()),
        place: Some(line.trim_end().chars().take(200).collect()),
    })
}

/// The files of a folder and of the folders in it, but for what is directly in it and has a name that begins with
/// `spared`.
pub fn files(folder: &Path, spared: Option<&str>, census: &mut Census) {
    let mut folders = vec![folder.to_path_buf()];
    let mut left = FILES;
    while let Some(next) = folders.pop() {
        let Ok(entries) = fs::read_dir(&next) else { continue };
        for entry in entries.flatten() {
            if left == 0 {
                return;
            }
            left -= 1;
            let path = entry.path();
            let is_spared = |prefix: &str| next == folder && entry.file_name().to_string_lossy().starts_with(prefix);
            if spared.is_some_and(is_spared) {
                continue;
            }
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path.clone());
            }
            let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
            let item = Item { kind: ResourceKind::TemporaryFile, owner: common_name(&name), place: Some(name) };
            census.insert(Identity::File(path), item);
        }
    }
}

/// The memory of a process that no file stands behind, in KiB, what was swapped out included.
pub fn memory(pid: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let of = |field: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(field));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    };
    of("RssAnon:") + of("VmSwap:")
}

/// What is known of a TCP socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpSocket {
    /// Its own port.
    pub port: u16,
    /// The port at the other end; 0 of a listening one.
    pub peer_port: u16,
    /// Its state.
    pub state: TcpState,
}

/// The states that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TcpState {
    /// It waits for connections.
    Listening,
    /// The other end has closed the connection, and this one has not: the strongest sign of one that was forgotten.
    CloseWait,
    /// Any other.
    Other,
}

/// The TCP sockets of a process's network, by inode. Costs milliseconds on a busy machine.
pub fn tcp_sockets(pid: i32) -> BTreeMap<u64, TcpSocket> {
    let mut sockets = BTreeMap::new();
    for table in ["tcp", "tcp6"] {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{table}")).unwrap_or_default();
        sockets.extend(table.lines().skip(1).filter_map(tcp_socket));
    }
    sockets
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

fn children(pid: i32) -> Vec<i32> {
    let mut children = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        children.extend(list.split_whitespace().filter_map(|pid| pid.parse::<i32>().ok()));
    }
    children
}

/// Whether it runs still: one that has ended and was not waited for holds nothing any more.
fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| !matches!(stat.first().map(String::as_str), None | Some("Z" | "X")))
}

fn start_time(pid: i32) -> Option<u64> {
    stat(pid)?.get(19)?.parse().ok()
}

/// The fields of `/proc/PID/stat` after the command's name, which may have blanks and brackets of its own.
fn stat(pid: i32) -> Option<Vec<String>> {
    let line = fs::read_to_string(PathBuf::from(format!("/proc/{pid}/stat"))).ok()?;
    Some(line.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn number(name: &std::ffi::OsStr) -> Option<i32> {
    name.to_str()?.parse().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};
    use std::process::{Command, Stdio};

    fn own() -> i32 {
        i32::try_from(std::process::id()).expect("a process id")
    }

    #[test]
    fn an_open_file_is_a_descriptor_with_its_path() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let mut census = Census::new();
        descriptors(own(), &mut census);
        let path = file.path().display().to_string();
        assert!(census.values().any(|item| item.place.as_deref() == Some(&path)), "{census:?}");
    }

    #[test]
    fn sockets_are_told_by_their_ports_and_state() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        let (server, _) = listener.accept().expect("accepted");
        let of = |wanted: &dyn Fn(&TcpSocket) -> bool| tcp_sockets(own()).values().copied().find(|one| wanted(one));
        let listening = of(&|one| one.port == port && one.peer_port == 0).expect("the listener");
        assert_eq!(listening.state, TcpState::Listening);
        assert_eq!(of(&|one| one.peer_port == port).expect("the client").state, TcpState::Other);
        drop(server);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while of(&|one| one.peer_port == port).expect("the client").state != TcpState::CloseWait {
            assert!(std::time::Instant::now() < deadline, "the other end was closed and that was never seen");
        }
        drop(client);
    }

    #[test]
    fn a_child_is_a_descendant_until_it_ends() {
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a child");
        let pid = i32::try_from(child.id()).expect("a process id");
        assert!(descendants(own()).contains(&pid));
        let mut census = Census::new();
        processes(&[pid], &mut census);
        assert_eq!(census.len(), 1);
        child.kill().expect("killed");
        child.wait().expect("waited for");
        assert!(!descendants(own()).contains(&pid));
    }

    #[test]
    fn files_are_found_in_folders_of_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("a-1")).expect("a folder");
        fs::write(folder.path().join("a-1/b-2.txt"), "x").expect("written");
        fs::create_dir(folder.path().join("spared-1")).expect("a folder");
        fs::write(folder.path().join("spared-1/b-2.txt"), "x").expect("written");
        let mut census = Census::new();
        files(folder.path(), Some("spared-"), &mut census);
        let owners: Vec<&str> = census.values().map(|item| item.owner.as_str()).collect();
        assert_eq!(owners, ["a-*", "a-*/b-*.txt"]);
    }

    #[test]
    fn memory_that_is_kept_shows() {
        let before = memory(own());
        let kept = vec![1_u8; 64 << 20];
        let after = memory(own());
        assert!(after >= before + (48 << 10), "{before} KiB before, {after} KiB after");
        drop(kept);
    }
}
