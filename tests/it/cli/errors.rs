//! Every error ends with what to do.

use crate::cli::kit::Project;

/// Runs a command that must fail, and looks for what it says to do: `what` on the last line but blank ones.
#[track_caller]
fn advises(project: &Project, arguments: &[&str], advice: &str) {
    let ended = project.run(arguments);
    assert_ne!(ended.code, Some(0), "{arguments:?} should fail:\n{}", ended.out);
    let lines: Vec<&str> = ended.err.lines().filter(|line| !line.trim().is_empty()).collect();
    // The count of problems and clap's pointer to the help stand behind the advice.
    let end = lines.iter().rev().take(4).copied().collect::<Vec<_>>().join("\n");
    assert!(end.contains(advice), "{arguments:?} does not advise `{advice}`:\n{}", ended.err);
}

#[test]
fn every_error_of_a_user_ends_with_what_to_do() {
    let project = Project::that_passes()
        .with("none.json", "{}")
        .with("newer.json", r#"{"version": 99}"#)
        .with("not-a-run/events.jsonl", "{}\n")
        .with("empty/events.jsonl", "")
        .with("large.yaml", vec![b'#'; 5_000_000])
        .with("broken.yaml", "system: [\n");
    for (arguments, advice) in [
        (&["run", "nowhere"][..], "steadfast init"),
        (&["run", "scenarios", "/etc"], "copy it into the project"),
        (&["run", "--filter", ""], "tag:NAME"),
        (&["run", "--filter", "nothing*"], "steadfast list"),
        (&["run", "--order", "nowhere.txt"], "look whether the path is right"),
        (&["run", "--order", "none.json"], "steadfast list"),
        (&["run", "--system", "nowhere"], "embedded"),
        (&["run", "--system", "broken.yaml"], "caret"),
        (&["run", "--resume", "latest"], "`steadfast run` makes one"),
        (&["run", "--report-dir", "none.json"], "choose another path"),
        (&["run", "--max-flake-rate", "0.1", "--orders", "declared"], "use --orders mixed or shuffle"),
        (&["run", "--profile", "ci"], "steadfast init"),
        (&["run", "--orders", "sideways"], "--help"),
        (&["report", "nowhere"], "`steadfast run` makes one"),
        (&["report", "not-a-run"], "start a new run"),
        (&["report", "empty"], "start a new run"),
        (&["repro", "nowhere.json"], "look whether the path is right"),
        (&["repro", "none.json"], "repros/"),
        (&["repro", "newer.json"], "use the newer program"),
        (&["explain", "nothing-of-the-sort"], "known:"),
        (&["check", "large.yaml"], "split it"),
        (&["frobnicate"], "--help"),
    ] {
        advises(&project, arguments, advice);
    }
    project.assert_nothing_left();
}
