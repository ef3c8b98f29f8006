//! Takes a census of what processes hold. Where the system does not tell ([`crate::platform::tells`]), it is empty.

use crate::leak::{Census, Identity, Item, common_name};
use crate::model::ResourceKind;
use crate::platform::process;
use std::fs;
use std::path::Path;

/// The most files of a temporary folder that are looked at: beyond that, only the first ones in the order of the
/// file system are.
const FILES: usize = 10_000;

/// The descriptors of a process.
pub fn descriptors(pid: i32, census: &mut Census) {
    for (number, target) in process::descriptors(pid) {
        let (identity, owner) = match process::socket_inode(&target) {
            Some(inode) => (Identity::Socket(pid, inode), "a socket".to_owned()),
            None => (Identity::Descriptor(pid, number, target.clone()), common_name(&target)),
        };
        let place = (!target.contains(":[") && !target.starts_with("anon_inode:")).then_some(target);
        census.insert(identity, Item { kind: ResourceKind::Descriptor, owner, place });
    }
}

/// The threads of a process, by their names.
pub fn threads(pid: i32, census: &mut Census) {
    for (thread, name) in process::threads(pid) {
        let item = Item { kind: ResourceKind::Thread, owner: common_name(&name), place: Some(name) };
        census.insert(Identity::Thread(pid, thread), item);
    }
}

/// Processes, by their commands.
pub fn processes(pids: &[i32], census: &mut Census) {
    for pid in pids {
        if let Some((started, item)) = process::start_time(*pid).zip(process_by_command(*pid)) {
            census.insert(Identity::Process(*pid, started), item);
        }
    }
}

/// A process by its command, as it is now: a fork is its parent until it runs its own program.
pub fn process_by_command(pid: i32) -> Option<Item> {
    let line = process::command_line(pid)?;
    let program = line.first().and_then(|title| title.split(' ').next());
    let program = program.and_then(|program| Path::new(program).file_name());
    let program = program.map(|name| name.to_string_lossy().into_owned());
    Some(Item {
        kind: ResourceKind::Process,
        owner: program.filter(|name| !name.is_empty()).unwrap_or_else(|| "a process".to_owned()),
        place: Some(line.join(" ").trim_end().chars().take(200).collect()),
    })
}

/// The files of a folder and of the folders in it, but for what is directly in it and
/// spared by its name.
pub fn files(folder: &Path, spared: fn(&str) -> bool, census: &mut Census) {
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
            if next == folder && spared(&entry.file_name().to_string_lossy()) {
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
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
    fn a_child_is_a_process_until_it_ends() {
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("a child");
        let pid = i32::try_from(child.id()).expect("a process id");
        let mut census = Census::new();
        processes(&[pid], &mut census);
        assert_eq!(census.len(), 1);
        child.kill().expect("killed");
        child.wait().expect("waited for");
        let mut census = Census::new();
        processes(&[pid], &mut census);
        assert!(census.is_empty(), "{census:?}");
    }

    #[test]
    fn files_are_found_in_folders_of_folders() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("a-1")).expect("a folder");
        fs::write(folder.path().join("a-1/b-2.txt"), "x").expect("written");
        fs::create_dir(folder.path().join("spared-1")).expect("a folder");
        fs::write(folder.path().join("spared-1/b-2.txt"), "x").expect("written");
        let mut census = Census::new();
        files(folder.path(), |name| name.starts_with("spared-"), &mut census);
        let owners: Vec<&str> = census.values().map(|item| item.owner.as_str()).collect();
        assert_eq!(owners, ["a-*", "a-*/b-*.txt"]);
    }
}
