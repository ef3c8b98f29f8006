//! Somebody with an account on the machine looks for a folder to put something into, or to read from.

use crate::cli::kit::{Project, Running, until};
use crate::hostile::kit::{RUN, as_another, endings, hanging, line, suite};
use rustix::process::Signal;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

/// How long a folder for tests may be, below the temporary folder: a socket's path has 107 bytes.
const LONGEST: usize = 24;

/// Everything below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            found.push(entry.path());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn what_is_temporary_is_open_to_nobody_else_and_short_and_equally_long() {
    let project = suite(
        "case $1 in list) echo one; echo two; echo $TMPDIR >>places;; two) echo $TMPDIR >>places; echo x >started; exec sleep 600;; \
         *) echo $TMPDIR >>places;; esac",
    );
    let run = project.start(RUN);
    line(&project, "started");
    let tops = project.temporary_files();
    assert!(!tops.is_empty());
    for top in &tops {
        let mode = top.metadata().expect("it is there").mode() & 0o777;
        assert_eq!(mode, 0o700, "{}", top.display());
    }
    // What a program of the suite makes is its own affair; there is none here.
    // A copy of the project's tree keeps the modes that it has there, in a folder that is closed.
    let is_copied =
        |path: &Path| path.parent().is_some_and(|above| above.iter().any(|part| part == "tree" || part == "kept"));
    for path in tops.iter().flat_map(|top| below(top)).filter(|path| !is_copied(path)) {
        let Ok(found) = path.symlink_metadata() else { continue };
        assert_eq!(found.mode() & 0o077, 0, "others may read or write {}", path.display());
    }
    let temporary = tops[0].parent().expect("the temporary folder").display().to_string();
    let places = project.read("places");
    let lengths: Vec<usize> = places.lines().map(|place| place.len() - temporary.len() - 1).collect();
    // The listing, and two cases.
    assert!(lengths.len() >= 3, "{places}");
    assert!(lengths.iter().all(|length| *length <= LONGEST), "{places}");
    assert!(lengths[1..].iter().all(|length| *length == lengths[1]), "{places}");
    run.signal(Signal::INT);
    run.signal(Signal::INT);
    run.wait().exits(130);
    project.assert_nothing_left();
}

#[test]
fn another_account_can_neither_read_nor_place_anything() {
    let project = hanging();
    let run = project.start(RUN);
    line(&project, "started");
    let tops = project.temporary_files();
    let temporary = tops[0].parent().expect("the temporary folder").to_owned();
    // As /tmp is: everybody may make something there.
    std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o1777)).expect("opened");
    let script = "i=0; while [ $i -lt 1000 ]; do i=$((i+1)); for d in sf-*; do ls $d && echo read; echo x >$d/sitecustomize.py && echo \
                  placed; mv $d $d.old && echo moved; done; done 2>/dev/null; mkdir sf-planted && echo x >sf-planted/owner.json; true";
    if let Some(mut other) = as_another(script, &temporary) {
        let output = other.output().expect("a shell");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{output:?}");
    }
    run.signal(Signal::TERM);
    run.signal(Signal::TERM);
    run.wait().exits(130);
    let left = project.temporary_files();
    assert!(left.iter().all(|path| path.ends_with("sf-planted")), "{left:?}");
}

#[test]
fn what_a_killed_listing_made_is_taken_away_by_the_next_run() {
    let project = suite("case $1 in list) [ -e listed ] || { echo $$ >listed; exec sleep 600; }; echo one;; esac");
    let list = project.start(&["list", "--suite", "command:suite.yaml"]);
    let pid = line(&project, "listed");
    assert!(!project.temporary_files().is_empty());
    list.signal(Signal::KILL);
    assert_eq!(list.wait().code, None);
    let pid = rustix::process::Pid::from_raw(pid.parse().expect("a pid")).expect("a pid");
    let _ = rustix::process::kill_process(pid, Signal::KILL);
    project.run(RUN).exits(0);
    project.assert_nothing_left();
}

#[test]
fn a_listing_that_is_interrupted_leaves_nothing() {
    for signal in endings() {
        let project = suite("case $1 in list) echo $$ >listed; exec sleep 600;; esac");
        let list = project.start(&["list", "--suite", "command:suite.yaml"]);
        let pid = line(&project, "listed");
        list.signal(signal);
        list.wait().exits(130);
        until("the listing is ended", || !crate::hostile::kit::lives(&pid));
        project.assert_nothing_left();
    }
}

#[test]
fn another_account_can_not_talk_to_a_mock() {
    let held = "scenario: held\ngiven: { models: [mistral:7b] }\nproviders: { claude: { reply: Bonjour, hold_until: { calls: 2 } } }\nsteps:\n  - \
                chat: { language: en, provider: claude, message: Hello }\n    within: 60s\n    expect: {}\ntimeout: 60s\n";
    let project = Project::new().with("scenarios/held.yaml", held);
    let run =
        project.start(&["run", "--orders", "declared", "--rounds", "1", "--no-alone", "--seed", "1", "--jobs", "1"]);
    assert_another_account_hears_nothing(&project, run, 250);
}

/// Around a suite the providers stand behind a proxy, and what it hands on comes from this account.
#[test]
fn another_account_can_not_talk_to_the_proxy_of_a_suite() {
    let project = suite("case $1 in list) echo held;; *) exec sleep 600;; esac")
        .with("providers.yaml", "providers: { ollama: { reply: Hello } }\n");
    let mut command = project.command(&[RUN, &["--providers", "providers.yaml", "--case-timeout", "10m"]].concat());
    // In a network of the round's own, nobody else could even ask.
    command.env("STEADFAST_FENCE", "within");
    let run = Running::of(command);
    assert_another_account_hears_nothing(&project, run, 100);
}

/// Whatever port of a run's worker another account asks, through a proxy too, nothing but a refusal comes back.
fn assert_another_account_hears_nothing(project: &Project, run: Running, tries: u32) {
    let worker = || {
        let is_worker = |pid: &i32| {
            std::fs::read_to_string(format!("/proc/{pid}/cmdline")).is_ok_and(|line| line.contains("steadfast\0worker"))
        };
        project.processes().into_iter().find(is_worker)
    };
    let journal = || std::fs::read_to_string(project.path("reports/latest/events.jsonl")).unwrap_or_default();
    until("the held case has begun", || journal().contains("\"trial_started\"") && worker().is_some());
    let ports = listeners(worker().expect("a worker"));
    assert!(!ports.is_empty());
    let list: Vec<String> = ports.iter().map(u16::to_string).collect();
    // What it hears is counted: an answer begins with HTTP.
    let script = format!(
        "trap \"\" PIPE; for n in $(seq {tries}); do for p in {}; do exec 3<>/dev/tcp/127.0.0.1/$p || continue; \
         printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; read -r -t 5 line <&3 && echo \"$line\"; exec 3<&-; done; done 2>/dev/null; true",
        list.join(" ")
    );
    let script = format!("bash -c '{}'", script.replace('\'', "'\\''"));
    if let Some(mut other) = as_another(&script, Path::new("/")) {
        let output = other.output().expect("a shell");
        let heard = String::from_utf8_lossy(&output.stdout);
        // Behind the fronts stand servers that answer nothing but what the fronts hand on.
        assert!(heard.lines().all(|line| line.contains(" 421 ")), "it was answered: {heard:.200}");
    }
    run.signal(Signal::INT);
    run.signal(Signal::INT);
    run.wait().exits(130);
}

/// The ports that a process listens on.
fn listeners(pid: i32) -> Vec<u16> {
    let links = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let inodes: Vec<String> = links
        .filter_map(|link| {
            std::fs::read_link(link.path())
                .ok()?
                .to_str()?
                .strip_prefix("socket:[")?
                .strip_suffix(']')
                .map(str::to_owned)
        })
        .collect();
    let table = std::fs::read_to_string(format!("/proc/{pid}/net/tcp")).unwrap_or_default();
    let listening = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let ours = listening.filter(|row| {
        row.get(3) == Some(&"0A") && row.get(9).is_some_and(|inode| inodes.iter().any(|own| own == inode))
    });
    ours.filter_map(|row| u16::from_str_radix(row.get(1)?.rsplit(':').next()?, 16).ok()).collect()
}

/// What waits where the leftovers' file is written, under a name that one can guess, is not opened.
#[test]
fn a_pipe_beside_the_leftovers_keeps_nothing_waiting() {
    let project = suite("case $1 in list) echo a;; *) exit 1;; esac");
    project.run(RUN).exits(1);
    let run = project.path("reports/latest").canonicalize().expect("a run");
    assert!(Command::new("mkfifo").arg(run.join("leftovers.fresh")).status().is_ok_and(|status| status.success()));
    project.start(&["minimise", "latest", "--max-time", "20s"]).wait_within(std::time::Duration::from_secs(120));
}
