//! What is not ours lives on, what is ours ends, and no file says which is which.

use crate::cli::kit::{BROKEN, Project, Running, until};
use crate::hostile::kit::{RUN, as_another, endings, hanging, line, lives, suite};
use rustix::process::{Pid, Signal, kill_process};
use std::process::Command;

/// A command that becomes the program after it has started a server, as the entrypoint of a container does. The server
/// forks once more when it is told to.
fn entrypoint(project: &Project, arguments: &[&str]) -> Command {
    let program = project.command(arguments);
    let mut shell = project.command(&[]);
    let arguments: Vec<String> = program.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
    let script = "sh -c 'until [ -e go ]; do sleep 0.1; done; sleep 600 & echo $! >grandchild; wait' & echo $! >server; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(program.get_program()).args(arguments);
    command
        .current_dir(project.path(""))
        .env_clear()
        .envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.arg("");
    command
}

fn end(pid: &str) {
    let pid = Pid::from_raw(pid.parse().expect("a pid")).expect("a pid");
    let _ = kill_process(pid, Signal::KILL);
}

#[test]
fn what_was_there_before_the_program_lives_on() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    let run = Running::of(entrypoint(&project, &["run", "--rounds", "1", "--no-alone"]));
    let server = line(&project, "server");
    project.write("go", "");
    let grandchild = line(&project, "grandchild");
    run.wait().exits(1).says(&["FAILED"]);
    let alive = [lives(&server), lives(&grandchild)];
    end(&grandchild);
    end(&server);
    assert_eq!(alive, [true, true], "neighbours were ended");
}

#[test]
fn beside_others_too_a_signal_leaves_nothing() {
    for signal in endings() {
        let project = hanging();
        let run = Running::of(entrypoint(&project, RUN));
        let (server, case) = (line(&project, "server"), line(&project, "started"));
        run.signal(signal);
        run.signal(signal);
        run.wait().exits(130);
        let alive = lives(&server);
        end(&server);
        assert!(alive && !lives(&case));
        until("the server and its child are gone", || project.processes().is_empty());
        project.assert_nothing_left();
    }
}

#[test]
fn one_signal_or_two_of_any_kind_leave_nothing() {
    for signal in endings() {
        for times in [1, 2] {
            let project = hanging();
            let run = project.start(&[RUN, &["--case-timeout", "2s"]].concat());
            let case = line(&project, "started");
            (0..times).for_each(|_| run.signal(signal));
            run.wait().exits(130);
            assert!(!lives(&case), "{signal:?}");
            project.assert_nothing_left();
        }
    }
}

#[test]
fn a_run_that_is_not_to_hear_of_its_terminal_does_not() {
    let project =
        suite("case $1 in list) echo waits;; *) echo $$ >started; until [ -e go ]; do sleep 0.1; done;; esac");
    let program = project.command(RUN);
    let words: Vec<_> = program.get_args().map(ToOwned::to_owned).collect();
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]).arg(program.get_program()).args(words);
    command.current_dir(project.path("")).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let run = Running::of(command);
    line(&project, "started");
    run.signal(Signal::HUP);
    project.write("go", "");
    run.wait().exits(0);
}

#[test]
fn a_copy_of_a_live_runs_notes_ends_nothing() {
    let project = hanging();
    let run = project.start(RUN);
    let case = line(&project, "started");
    let notes = project.files("reports").into_iter().find(|file| file.ends_with("leftovers.json")).expect("notes");
    let text = std::fs::read(&notes).expect("they can be read");
    let name = notes.parent().and_then(|folder| folder.file_name()).expect("a folder").to_string_lossy().into_owned();
    project.write(&format!("other/runs/{name}/leftovers.json"), &text);
    project.write("scenarios/none.yaml", "scenario: none\nskip: not yet\n");
    project.run(&["run", "--report-dir", "other", "--rounds", "1"]);
    assert!(lives(&case), "the run whose notes were copied goes on");
    run.signal(Signal::INT);
    run.signal(Signal::INT);
    run.wait().exits(130);
    project.assert_nothing_left();
}

#[test]
fn notes_that_somebody_else_can_have_written_are_not_believed() {
    let project = hanging();
    let run = project.start(RUN);
    line(&project, "started");
    run.signal(Signal::KILL);
    assert_eq!(run.wait().code, None);
    let notes = project.files("reports").into_iter().find(|file| file.ends_with("leftovers.json")).expect("notes");
    let name = notes.parent().and_then(|folder| folder.file_name()).expect("a folder").to_string_lossy().into_owned();
    let text = std::fs::read_to_string(&notes).expect("text");
    // A process of ours, which carries no mark of the run.
    let mut bystander = Command::new("sleep").arg("600").spawn().expect("a process");
    let group = bystander.id();
    let lie =
        text.replace("\"owned\":[", &format!("\"owned\":[{{\"group\":{group},\"started\":null,\"mark\":\"PATH=x\"}},"));
    project.write(&format!("reports/runs/{name}/leftovers.json"), lie);
    project.write("suite.sh", "echo one");
    project.run(RUN).exits(0);
    let alive = matches!(bystander.try_wait(), Ok(None));
    let _ = bystander.kill();
    let _ = bystander.wait();
    assert!(alive, "it was ended on the word of a file");
    project.assert_nothing_left();
}

#[test]
fn notes_of_another_account_are_not_believed() {
    let project = suite("echo one").with("precious/file", "mine");
    let lie = format!("{{\"scratch\":{:?},\"owned\":[]}}", project.path("precious").display().to_string());
    project.write("reports/runs/theirs/leftovers.json", lie);
    let folder = project.path("reports/runs/theirs");
    if as_another("true", &folder).is_some() {
        std::os::unix::fs::chown(folder.join("leftovers.json"), Some(65534), Some(65534)).expect("given away");
    }
    project.run(RUN).exits(0);
    assert_eq!(project.read("precious/file"), "mine");
    assert!(folder.join("leftovers.json").exists());
}

#[test]
fn dead_orphans_are_reaped_while_a_round_goes_on() {
    let orphans = "i=0; while [ $i -lt 100 ]; do i=$((i+1)); setsid sh -c 'true &' ; done";
    let project =
        suite(&format!("case $1 in list) echo waits;; *) {orphans}; echo $$ >started; exec sleep 600;; esac"));
    let run = project.start(RUN);
    let case = line(&project, "started");
    let worker = parent(&case);
    let zombies = || {
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().into_string().ok());
        pids.filter(|pid| pid.parse::<i32>().is_ok() && parent(pid) == worker && !lives(pid)).count()
    };
    until("the dead are reaped", || zombies() == 0);
    run.signal(Signal::INT);
    run.signal(Signal::INT);
    run.wait().exits(130);
    project.assert_nothing_left();
}

/// A case that leaves a process behind with an empty environment and a session of its own, whose parent is gone.
fn hiding(place: &str) -> Project {
    suite(&format!(
        "case $1 in list) echo waits;; *) [ -e again ] && exit 0; here=$PWD; (cd {place} && env -i setsid sh -c \"echo \\$\\$ \
         >$here/hidden; exec sleep 600\" &); until [ -s hidden ]; do sleep 0.05; done; echo $$ >started; exec sleep 600;; esac"
    ))
}

/// The parent of a process.
fn parent(pid: &str) -> String {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1).map(str::to_owned));
    parent.unwrap_or_default()
}

#[test]
fn what_hides_from_a_killed_run_is_ended_by_the_next_one() {
    for (place, is_worker_killed) in [(".", false), (".", true), ("$TMPDIR", true)] {
        let project = hiding(place);
        let run = project.start(RUN);
        let (case, hidden) = (line(&project, "started"), line(&project, "hidden"));
        // Somebody of the same account at work in the project is nobody's.
        let mut bystander = Command::new("sleep");
        let mut bystander = bystander.arg("600").current_dir(project.path("")).spawn().expect("a process");
        let worker = parent(&case);
        run.signal(Signal::KILL);
        if is_worker_killed {
            end(&worker);
        }
        assert_eq!(run.wait().code, None);
        project.write("again", "");
        project.run(RUN).exits(0);
        until("what hid is gone", || !lives(&hidden));
        let alive = matches!(bystander.try_wait(), Ok(None));
        let _ = bystander.kill();
        let _ = bystander.wait();
        assert!(alive, "a bystander was ended");
        assert!(!lives(&case));
        project.assert_nothing_left();
    }
}
