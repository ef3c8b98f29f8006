//! Processes: which there are, whose children they are, since when they run, what they hold.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The id of this process.
pub fn own() -> i32 {
    i32::try_from(std::process::id()).unwrap_or_default()
}

/// Every process that this one may see.
pub fn all() -> impl Iterator<Item = i32> {
    numbered(PathBuf::from("/proc")).map(|(pid, _)| pid)
}

/// The parent of a process.
pub fn parent(pid: i32) -> Option<i32> {
    stat(pid)?.get(1)?.parse().ok()
}

/// When a living process started, in clock ticks since boot. With the id it names a process for good: ids are used
/// again, both together are not. `None` for one that has ended and was not waited for.
pub fn start_time(pid: i32) -> Option<u64> {
    let stat = stat(pid)?;
    is_running(&stat).then(|| stat.get(19)?.parse().ok()).flatten()
}

/// Whose child a process is, and since when.
#[derive(Debug, Clone, Copy)]
pub struct Birth {
    /// The id of the process.
    pub pid: i32,
    /// The id of its parent.
    pub parent: i32,
    /// When it started, as [`start_time`] has it.
    pub started: Option<u64>,
}

/// Whose child a process is and since when, told at one moment.
pub fn birth(pid: i32) -> Option<Birth> {
    let stat = stat(pid)?;
    let started = is_running(&stat).then(|| stat.get(19)?.parse().ok()).flatten();
    Some(Birth { pid, parent: stat.get(1)?.parse().ok()?, started })
}

/// The children of a process that have ended and were not waited for, each with its group.
pub fn zombies(of: u32) -> Vec<(i32, i32)> {
    let dead = |pid: i32| {
        let stat = stat(pid)?;
        let (parent, group): (u32, i32) = (stat.get(1)?.parse().ok()?, stat.get(2)?.parse().ok()?);
        (stat.first()? == "Z" && parent == of).then_some((pid, group))
    };
    all().filter_map(dead).collect()
}

/// Whether this process ignores a signal, as its parent wished.
pub fn ignores(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    signal > 0 && mask & (1 << (signal - 1)) != 0
}

/// Whether a process is another of this very program, called in the same way.
pub fn is_called_as_this(pid: i32) -> bool {
    let program = |pid: &str| fs::read_link(format!("/proc/{pid}/exe")).ok();
    let words = |pid: &str| fs::read(format!("/proc/{pid}/cmdline")).ok();
    let (pid, this) = (pid.to_string(), "self");
    program(&pid).is_some() && program(&pid) == program(this) && words(&pid) == words(this)
}

/// The account that a process runs as.
pub fn user(pid: i32) -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(format!("/proc/{pid}")).ok().map(|process| process.uid())
}

/// Whether a process works in a folder, or in one below it; also where the folder is gone.
pub fn works_in(pid: i32, folder: &Path) -> bool {
    fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|works| works.starts_with(folder))
}

/// Whether a process can be spoken to by a terminal. One of which nothing is known counts as one.
pub fn has_terminal(pid: i32) -> bool {
    stat(pid).and_then(|stat| stat.get(4)?.parse::<i64>().ok()).is_none_or(|terminal| terminal != 0)
}

/// Whether it runs still: one that has ended and was not waited for holds nothing any more.
pub fn is_alive(pid: i32) -> bool {
    stat(pid).is_some_and(|stat| is_running(&stat))
}

/// Whether the environment that a process was started with has such an entry, and may be read.
pub fn has_environment_entry(pid: i32, is_meant: impl Fn(&[u8]) -> bool) -> bool {
    fs::read(format!("/proc/{pid}/environ")).is_ok_and(|entries| entries.split(|byte| *byte == 0).any(is_meant))
}

/// The command line of a process, as it is now: a fork has its parent's until it runs its own program.
pub fn command_line(pid: i32) -> Option<Vec<String>> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let line = line.strip_suffix(b"\0").unwrap_or(&line);
    Some(line.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect())
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

/// The threads of a process with their names.
pub fn threads(pid: i32) -> Vec<(i32, String)> {
    let named = |(thread, path): (i32, PathBuf)| {
        Some((thread, fs::read_to_string(path.join("comm")).ok()?.trim_end().to_owned()))
    };
    numbered(format!("/proc/{pid}/task").into()).filter_map(named).collect()
}

/// The open descriptors of a process with what they lead to: a path, or a kind and an inode such as `socket:[4242]`.
/// Those that are needed to list them are left out.
pub fn descriptors(pid: i32) -> Vec<(i32, String)> {
    let read =
        |(number, path): (i32, PathBuf)| Some((number, fs::read_link(path).ok()?.to_string_lossy().into_owned()));
    let descriptors = numbered(format!("/proc/{pid}/fd").into()).filter_map(read);
    descriptors.filter(|(_, target)| !target.starts_with("/proc/")).collect()
}

/// The files that processes hold open only to write to them and that nothing which this run started does: the log to which a
/// shell leads the run's own output, or that of a server. A database is read as well, and is no log.
pub fn written_beside() -> BTreeSet<PathBuf> {
    let family: BTreeSet<i32> = descendants(first_of_this_program()).into_iter().collect();
    let beside = all().filter(|process| !family.contains(process));
    beside
        .flat_map(|process| descriptors(process).into_iter().map(move |descriptor| (process, descriptor)))
        .filter(|(process, (number, target))| target.starts_with('/') && is_open_for_writing_only(*process, *number))
        .map(|(_, (_, target))| PathBuf::from(target))
        .collect()
}

/// The process that this one descends from through processes of the same program: the run, for one of its engines.
fn first_of_this_program() -> i32 {
    let program = |pid: i32| fs::read_link(format!("/proc/{pid}/exe")).ok();
    let this = program(own());
    let elders = std::iter::successors(Some(own()), |pid| parent(*pid).filter(|elder| program(*elder) == this));
    elders.last().unwrap_or_else(own)
}

fn is_open_for_writing_only(pid: i32, descriptor: i32) -> bool {
    let about = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}")).unwrap_or_default();
    let flags = about.lines().find_map(|line| line.strip_prefix("flags:"));
    // The last two bits of the octal number say how it was opened; one is for writing only.
    flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok()).is_some_and(|flags| flags & 3 == 1)
}

/// The inode of the socket that a descriptor leads to; `None` if it leads to something else.
pub fn socket_inode(descriptor: &str) -> Option<u64> {
    descriptor.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn children(pid: i32) -> Vec<i32> {
    let of = |(_, path): (i32, PathBuf)| fs::read_to_string(path.join("children")).unwrap_or_default();
    let lists: Vec<String> = numbered(format!("/proc/{pid}/task").into()).map(of).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|pid| pid.parse().ok()).collect()
}

/// The fields of `/proc/PID/stat` after the command's name, which may have blanks and brackets of its own: what follows
/// the last bracket is plain.
fn stat(pid: i32) -> Option<Vec<String>> {
    let line = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(line.rsplit_once(')')?.1.split_whitespace().map(str::to_owned).collect())
}

fn is_running(stat: &[String]) -> bool {
    !matches!(stat.first().map(String::as_str), None | Some("Z" | "X"))
}

/// What has a number for its name in a folder.
fn numbered(folder: PathBuf) -> impl Iterator<Item = (i32, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::process::{Command, Stdio};

    #[test]
    fn a_child_is_known_until_it_ends() {
        let mut command = Command::new("sleep");
        let mut child = command.arg("600").env("MARK", "4242").stdin(Stdio::null()).spawn().expect("a child");
        let pid = i32::try_from(child.id()).expect("a process id");
        assert!(descendants(own()).contains(&pid));
        assert!(all().any(|one| one == pid));
        assert_eq!(parent(pid), Some(own()));
        assert!(start_time(pid).is_some());
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
        // While it is being executed, it has an empty one.
        while command_line(pid) != Some(vec!["sleep".to_owned(), "600".to_owned()]) {
            assert!(std::time::Instant::now() < deadline, "{:?}", command_line(pid));
        }
        assert!(has_environment_entry(pid, |entry| entry == b"MARK=4242"));
        assert!(!has_environment_entry(pid, |entry| entry == b"MARK=424"));
        child.kill().expect("killed");
        while is_alive(pid) {
            assert!(std::time::Instant::now() < deadline, "killed, and alive still");
        }
        assert_eq!(start_time(pid), None, "one that was not waited for");
        child.wait().expect("waited for");
        assert!(!descendants(own()).contains(&pid));
    }

    #[test]
    fn what_others_write_is_known_and_what_descendants_write_is_not_theirs() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().canonicalize().expect("a folder").join(name);
        let ours = fs::File::create(at("ours")).expect("a file");
        fs::write(at("read"), "").expect("a file");
        let read = fs::File::open(at("read")).expect("a file");
        let both =
            fs::OpenOptions::new().read(true).write(true).create(true).truncate(true).open(at("both")).expect("a file");
        let theirs = fs::File::create(at("theirs")).expect("a file");
        let mut child = Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(theirs).spawn().expect("a child");
        let beside = written_beside();
        assert!(beside.contains(&at("ours")) && !beside.contains(&at("read")), "{beside:?}");
        assert!(!beside.contains(&at("both")) && !beside.contains(&at("theirs")), "{beside:?}");
        child.kill().and_then(|()| child.wait()).expect("ended");
        drop((ours, read, both));
    }

    #[test]
    fn an_open_file_is_a_descriptor_and_a_thread_has_a_name() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let path = file.path().display().to_string();
        assert!(descriptors(own()).iter().any(|(_, target)| *target == path));
        assert!(threads(own()).iter().any(|(thread, _)| *thread == own()));
    }
}
