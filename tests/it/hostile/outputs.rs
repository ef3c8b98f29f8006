//! Reports that would destroy what stands where they go, and runs that get in each other's way.

use crate::cli::kit::{BROKEN, Project, until};
use crate::hostile::kit::{RUN, line, suite};
use serde_json::Value;
use std::os::unix::fs::FileTypeExt;
use std::process::Command;

const SHORT: &[&str] = &["run", "--rounds", "1", "--no-alone", "--seed", "1"];

fn with(more: &[&str]) -> Vec<String> {
    SHORT.iter().chain(more).map(|word| (*word).to_owned()).collect()
}

#[track_caller]
fn run(project: &Project, more: &[&str]) -> crate::cli::kit::Ended {
    let arguments = with(more);
    project.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn devices_and_pipes_are_written_to_and_stay_what_they_are() {
    let project = Project::that_passes();
    let ended = run(&project, &["--json", "/dev/stdout", "--junit", "/dev/null", "--html", "/dev/null"]).exits(0);
    assert!(std::fs::symlink_metadata("/dev/null").expect("it is there").file_type().is_char_device());
    assert!(std::fs::symlink_metadata("/dev/stdout").expect("it is there").is_symlink());
    let from = ended.out.find("{\n").expect("the report stands in the output");
    let report: Value =
        serde_json::Deserializer::from_str(&ended.out[from..]).into_iter().next().expect("a value").expect("whole");
    assert_eq!(report["gate"], "passed");
    // A file that the output goes to is gone on with, not begun anew: the summary is there as well.
    assert!(ended.out.contains("PASSED"), "{}", ended.out);
    let pipe = project.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()));
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::read_to_string(pipe)
    });
    run(&project, &["--markdown", "pipe"]).exits(0);
    assert!(reader.join().expect("it reads").expect("text").starts_with("## PASSED"));
    assert!(std::fs::symlink_metadata(&pipe).expect("it is there").file_type().is_fifo());
}

#[test]
fn nothing_but_an_earlier_report_is_replaced() {
    let project =
        Project::that_passes().with("notes.md", "# Mine\n").with("page.html", "<!doctype html><title>Mine</title>");
    project.write("todo.md", "## TODO: buy milk\n");
    project.write("package/__init__.py", "");
    let policy = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\"><title>Mine</title>";
    project.write("policy.html", policy);
    run(&project, &[]).exits(0);
    let other = project.path("reports/latest").canonicalize().expect("a run").join("report.json");
    let before = std::fs::read(&other).expect("a report");
    for (option, path) in [
        ("--json", "scenarios/greeting.yaml"),
        ("--junit", "scenarios/greeting.yaml"),
        ("--markdown", "notes.md"),
        ("--html", "page.html"),
        ("--history", "notes.md"),
        ("--markdown", "todo.md"),
        ("--json", "package/__init__.py"),
        ("--html", "policy.html"),
        ("--json", "reports/latest/report.json"),
        ("--json", "reports/latest/events.jsonl"),
        ("--json", "scenarios"),
    ] {
        let text = |path: &str| std::fs::read(project.path(path)).unwrap_or_default();
        let stands = text(path);
        run(&project, &[option, path]).exits(2);
        assert_eq!(text(path), stands, "{option} {path}");
    }
    assert_eq!(std::fs::read(&other).expect("a report"), before);
    run(&project, &["--json", "one", "--html", "./one"]).exits(2).says(&["give each a file"]);
    for _ in 0..2 {
        run(
            &project,
            &["--json", "out/r.json", "--junit", "out/j.xml", "--html", "out/r.html", "--markdown", "out/s.md"],
        )
        .exits(0);
    }
    let out: Vec<String> = std::fs::read_dir(project.path("out"))
        .expect("reports")
        .flatten()
        .map(|file| file.file_name().to_string_lossy().into())
        .collect();
    assert_eq!(out.len(), 4, "nothing else is left beside them: {out:?}");
}

#[test]
fn two_runs_that_name_one_file_never_mix() {
    let project = Project::that_passes();
    let arguments: &[&str] =
        &["--json", "out.json", "--junit", "out.xml", "--html", "out.html", "--history", "history"];
    let arguments: Vec<String> = with(arguments);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runs: Vec<_> = (0..4).map(|_| project.start(&arguments)).collect();
    for run in runs {
        let ended = run.wait().exits(0);
        assert!(!ended.err.contains("warning"), "{}", ended.err);
    }
    let report: Value = serde_json::from_str(&project.read("out.json")).expect("one whole report");
    assert_eq!(report["gate"], "passed");
    assert!(project.read("out.html").trim_end().ends_with("</html>"));
    project.run(&["history", "--history", "history"]).exits(0);
    let folders = std::fs::read_dir(project.path("reports/runs")).expect("runs").flatten();
    assert_eq!(folders.filter(|folder| folder.path().join("report.json").exists()).count(), 4);
}

#[test]
fn a_run_whose_folder_is_removed_never_passes() {
    let slow = suite("case $1 in list) echo waits;; *) echo $$ >started; until [ -e go ]; do sleep 0.1; done;; esac");
    let run = slow.start(RUN);
    line(&slow, "started");
    // The run may put a file there while it is removed.
    let reports = slow.path("reports");
    until("the reports are gone", || std::fs::remove_dir_all(&reports).is_ok() || !reports.exists());
    slow.write("go", "");
    run.wait().exits(4).says(&["removed or moved while the run went on"]);
    until("the temporary folder is empty", || slow.temporary_files().is_empty());
    assert!(!slow.path("reports/latest/report.json").exists());
}

#[test]
fn a_run_whose_folder_is_moved_never_passes() {
    let slow = suite("case $1 in list) echo waits;; *) echo $$ >started; until [ -e go ]; do sleep 0.1; done;; esac");
    let run = slow.start(RUN);
    line(&slow, "started");
    std::fs::rename(slow.path("reports/runs"), slow.path("moved")).expect("moved");
    slow.write("go", "");
    run.wait().exits(4).says(&["removed or moved while the run went on"]);
}

#[test]
fn reports_can_be_written_by_nobody_else_whatever_the_mask() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", BROKEN);
    let program = project.command(SHORT);
    let words: Vec<_> = program.get_args().map(ToOwned::to_owned).collect();
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0; exec \"$0\" \"$@\""]).arg(program.get_program()).args(words);
    command.current_dir(project.path("")).env_clear();
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    crate::cli::kit::Running::of(command).wait().exits(1);
    let mut paths = project.files("reports");
    let folders: Vec<_> = paths.iter().filter_map(|path| path.parent().map(ToOwned::to_owned)).collect();
    paths.extend(folders);
    for path in paths {
        let mode = std::os::unix::fs::MetadataExt::mode(&path.metadata().expect("it is there"));
        assert_eq!(mode & 0o022, 0, "others may write {}", path.display());
    }
}

#[test]
fn a_file_that_is_called_latest_stays() {
    let project = Project::that_passes().with("out/latest", "mine");
    run(&project, &["--report-dir", "out"]).exits(0);
    assert_eq!(project.read("out/latest"), "mine");
}
