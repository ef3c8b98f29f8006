//! A machine that allows too little: the limit is named, and no case is blamed.

use crate::cli::kit::{Project, Running};
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
