//! A machine that allows too little: the limit is named, and no case is blamed.

use crate::cli::kit::{GREETING, Project, Running};
use crate::hostile::kit::suite;
use std::io::Read;
use std::process::{Command, Stdio};

/// A command under a limit of the shell's.
fn limited(project: &Project, limit: &str, arguments: &[&str]) -> Running {
    let program = project.command(arguments);
    let words: Vec<_> = program.get_args().map(ToOwned::to_owned).collect();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("{limit}; exec \"$0\" \"$@\"")]).arg(program.get_program()).args(words);
    command.current_dir(project.path("")).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Running::of(command)
}

#[test]
fn too_few_files_memory_or_too_small_files_are_named() {
    for (limit, said) in [
        ("ulimit -n 48", "this machine allows 48 open files"),
        ("ulimit -v 450000", "MB of memory (ulimit -v)"),
        ("ulimit -f 1000", "this machine allows files of"),
    ] {
        let project = Project::that_passes();
        limited(&project, limit, &["run", "--rounds", "1", "--no-alone", "--jobs", "1"]).wait().exits(4).says(&[said]);
        assert!(!project.path("reports/latest").exists(), "nothing was begun");
        project.assert_nothing_left();
    }
}

#[test]
fn a_soft_limit_is_raised_as_far_as_that_is_allowed() {
    let project = Project::that_passes();
    limited(&project, "ulimit -S -n 48", &["run", "--rounds", "1", "--no-alone", "--jobs", "1"]).wait().exits(0);
}

/// What fills the folder that it is given.
const GREEDY: &str = "case $1 in list) echo a; echo b; echo c;; *) head -c 20000000 /dev/zero >$TMPDIR/big; code=$?; rm $TMPDIR/big; exit $code;; esac";

/// A shell with a small disk at `small`, where namespaces can be had. Where they can't, says so.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn with_small_disk(project: &Project, size: &str, script: &str, arguments: &[&str]) -> Option<Running> {
    std::fs::create_dir(project.path("small")).expect("a folder");
    let unshare = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command
    };
    let mount = format!("mount -t tmpfs -o size={size} none small");
    let mut trial = unshare(&mount);
    trial.current_dir(project.path("")).stderr(Stdio::null());
    if !trial.status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: no namespace of its own can be had for a small disk");
        return None;
    }
    let program = project.command(arguments);
    let words: Vec<_> = program.get_args().map(ToOwned::to_owned).collect();
    let mut command = unshare(&format!("{mount} && {script}"));
    command.arg(program.get_program()).args(words).current_dir(project.path("")).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(Running::of(command))
}

const SUITE: &[&str] = &["run", "--suite", "command:suite.yaml", "--rounds", "40", "--no-alone", "--jobs", "1"];

#[test]
fn a_disk_that_cases_fill_is_named_and_no_case_is_blamed() {
    let project = suite(GREEDY);
    let script = "TMPDIR=$PWD/small exec \"$0\" \"$@\"";
    let Some(running) = with_small_disk(&project, "12m", script, SUITE) else { return };
    let ended = running.wait().exits(4).says(&["no space is left on the disk", "all cases of a round failed for it"]);
    assert!(!ended.out.contains("broken"), "{}", ended.out);
}

/// What can't be written whole is not left half: the next try finds the folder as this one did.
#[test]
fn a_disk_that_is_full_is_named_whatever_was_to_be_written_there() {
    for (arguments, free, stays) in [(&["demo", "shop"][..], 8192, "shop"), (&["init"], 0, "steadfast.toml")] {
        let project = Project::new();
        let script = format!(
            "cd small; head -c 1000000 /dev/zero >full 2>/dev/null; truncate -s -{free} full; \
             \"$0\" \"$@\"; code=$?; test ! -e {stays} || echo half of it stays >&2; exit $code"
        );
        let Some(running) = with_small_disk(&project, "64k", &script, arguments) else { return };
        let ended = running.wait().exits(4);
        assert!(ended.err.contains("no space is left on the disk"), "{}", ended.err);
        assert!(!ended.err.contains("half of it"), "{}", ended.err);
    }
}

#[test]
fn a_full_disk_and_a_full_temporary_folder_are_named_before_anything_is_run() {
    for script in ["TMPDIR=$PWD/small exec \"$0\" \"$@\"", "cp suite.* small; cd small; exec \"$0\" \"$@\""] {
        let project = suite("case $1 in list) echo a;; *) exit 0;; esac");
        let fill = format!("head -c 4000000 /dev/zero >small/full; {script}");
        let Some(running) = with_small_disk(&project, "6m", &fill, SUITE) else { return };
        running.wait().exits(4).says(&["are free on this disk"]);
    }
}

/// A file's limit that only cases reach, and one of memory: both have the same words for every case.
#[test]
fn what_every_case_fails_for_is_the_limit() {
    for (limit, script, said) in [
        (
            "ulimit -f 20000",
            "head -c 20000000 /dev/zero >$TMPDIR/big || { echo 'File too large' >&2; exit 1; }",
            "ulimit -f",
        ),
        ("true", "echo 'MemoryError' >&2; exit 1", "no memory left"),
        ("true", "echo \"RuntimeError: can't start new thread\" >&2; exit 1", "processes and threads"),
        ("true", "echo 'OSError: [Errno 24] Too many open files' >&2; exit 1", "open files (ulimit -n)"),
    ] {
        let project = suite(&format!("case $1 in list) echo a; echo b;; *) {script};; esac"));
        limited(&project, limit, SUITE).wait().exits(4).says(&[said]);
    }
}

/// One that a single case complains of may be that case's own doing.
#[test]
fn a_case_that_fails_for_a_limit_alone_is_still_told() {
    let project =
        suite("case $1 in list) echo a; echo b;; a) echo 'OSError: [Errno 24] Too many open files' >&2; exit 1;; esac");
    project.run(SUITE).exits(1).says(&["broken", "for want of what this machine allows"]);
}

#[test]
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn too_few_processes_are_named() {
    // Another account, since no such limit holds for root; one that nobody else uses, since the limit counts all of its.
    let as_other = |script: &str| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", "64301", "--regid", "64301", "--clear-groups", "sh", "-c", script]);
        command
    };
    if !as_other("ulimit -u 20").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: only root can become another account");
        return;
    }
    for (arguments, processes) in
        [(SUITE, [1, 3, 6, 8]), (&["run", "--rounds", "1", "--no-alone", "--jobs", "1"][..], [1, 3, 8, 9])]
    {
        for processes in processes {
            let project =
                suite("case $1 in list) echo a; echo b;; *) exit 0;; esac").with("scenarios/one.yaml", GREETING);
            let program = project.command(arguments);
            let words: Vec<_> = program.get_args().map(ToOwned::to_owned).collect();
            let open = "chmod -R a+rwX . $TMPDIR";
            let opened =
                Command::new("sh").args(["-c", open]).current_dir(project.path("")).env("TMPDIR", ".").status();
            assert!(opened.is_ok_and(|status| status.success()));
            let mut command = as_other(&format!("ulimit -u {processes}; exec \"$0\" \"$@\""));
            command.arg(program.get_program()).args(words).current_dir(project.path("")).env_clear();
            command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TMPDIR", "/tmp");
            Running::of(command).wait().exits(4).says(&["processes and threads of this account (ulimit -u)"]);
        }
    }
}

#[test]
fn a_temporary_folder_that_is_not_there_is_named() {
    let project = Project::that_passes();
    let mut command = project.command(&["run", "--rounds", "1", "--no-alone"]);
    command.env("TMPDIR", project.path("nowhere"));
    Running::of(command).wait().exits(2).says(&["nowhere"]);
}

#[test]
fn a_reader_that_is_gone_ends_completions_quietly() {
    let project = Project::new();
    let mut child = project
        .command(&["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    let status = child.wait().expect("it ends");
    assert_eq!((status.code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_url_that_paths_can_not_be_put_behind_is_refused() {
    for url in ["http://127.0.0.1:9/#top", "http://127.0.0.1:9/?key=x"] {
        let system = format!("system: far\nextends: embedded\nurl: \"{url}\"\nreset: none\ncan: []\n");
        let project = Project::that_passes().with("far.yaml", system);
        project.run(&["run", "--system", "far.yaml", "--rounds", "1", "--no-alone"]).exits(2).says(&["a `?` or a `#`"]);
    }
}
