//! Quarantine without lying, through the program: what is known is held back and still told, until a day; what is new
//! fails; entries that have expired or are no longer needed fail.

use crate::cli::kit::{BROKEN, Ended, Project, case};
use serde_json::Value;

const RUN: &[&str] = &["run", "--seed", "7", "--jobs", "1", "--no-history"];

fn project() -> Project {
    Project::that_passes().with("scenarios/wrong.yaml", BROKEN)
}

/// An entry as a person writes it.
fn entry(id: &str, until: &str, more: &str) -> String {
    format!("\n[[case]]\nid = \"{id}\"\nowner = \"ana\"\nuntil = {until}\n{more}")
}

fn healed() -> String {
    BROKEN.replace("{ status: 200, provider: mistral }", "{ status: 200 }")
}

fn add(project: &Project, more: &[&str]) -> Ended {
    let arguments = ["quarantine", "add", "--from", "latest", "--owner", "ana", "--until", "2999-12-31"];
    project.run(&arguments.iter().chain(more).copied().collect::<Vec<&str>>())
}

fn status(report: &Value) -> Vec<&str> {
    let entries = report["quarantine"]["entries"].as_array().expect("entries");
    entries.iter().filter_map(|entry| entry["status"].as_str()).collect()
}

#[test]
fn a_patch_is_what_adding_would_change() {
    let project = project();
    project.run(RUN).exits(1);
    project.write("quarantine.toml", entry("another", "2999-12-31", "# a comment\n"));
    let patch = add(&project, &["--grow", "--patch"]).exits(0).out;
    assert!(
        patch.starts_with("--- a/quarantine.toml\n+++ b/quarantine.toml\n@@ -")
            && patch.contains("\n+id = \"wrong\"\n"),
        "{patch}"
    );
    assert!(!project.read("quarantine.toml").contains("wrong"), "the file is left as it is");
    project.write("q.patch", &patch);
    let applied = std::process::Command::new("git").args(["apply", "q.patch"]).current_dir(project.path(".")).output();
    let applied = applied.expect("git runs");
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
    let patched = project.read("quarantine.toml");
    project.write("quarantine.toml", entry("another", "2999-12-31", "# a comment\n"));
    add(&project, &["--grow"]).exits(0);
    assert_eq!(project.read("quarantine.toml"), patched);
}

#[test]
fn what_a_first_run_found_is_held_back_and_only_what_is_new_fails() {
    let project = project();
    project.run(RUN).exits(1);
    add(&project, &["--issue", "https://example.org/7"]).exits(0).says(&["wrong", "1 added, until 2999-12-31"]);
    add(&project, &[]).exits(0).says(&["nothing to add: the run has no finding that fails, or each"]);
    let text = project.read("quarantine.toml");
    assert!(text.contains("id = \"wrong\"") && text.contains("findings = [\"broken\"]") && text.contains("seen = \""));
    project.run(RUN).exits(0).says(&[
        "PASSED  1 finding in 1 of 5 cases, none that fails the gate",
        "1 case in quarantine: 1 held back",
        "broken (quarantined)",
        "ana, until 2999-12-31, https://example.org/7",
    ]);
    let report = project.report();
    assert_eq!((report["gate"].as_str(), report["quarantine"]["size"].as_u64()), (Some("passed"), Some(1)));
    assert_eq!(case(&report, "wrong")["verdict"], "broken", "the verdict is what it is");
    assert_eq!((case(&report, "wrong")["quarantined"].as_bool(), status(&report)), (Some(true), vec!["excuses"]));
    assert!(project.read("reports/latest/summary.md").contains("1 case in quarantine: 1 held back"));
    assert!(project.read("reports/latest/report.html").contains("1 case in quarantine: 1 held back"));
    assert!(!project.read("reports/latest/junit.xml").contains("<failure"), "what the gate lets pass is not red");
    project.write("scenarios/another.yaml", BROKEN);
    project.run(RUN).exits(1).says(&["FAILED", "another"]);
    let report = project.report();
    assert_eq!(case(&report, "another")["quarantined"], Value::Null);
    assert_eq!(case(&report, "wrong")["quarantined"], true, "also where both fail alike");
    assert!(project.read("reports/latest/junit.xml").contains("<failure"));
}

#[test]
fn the_quarantine_may_only_shrink_unless_it_is_meant_to_grow() {
    let project = project();
    project.run(RUN).exits(1);
    add(&project, &[]).exits(0);
    add(&project, &[]).exits(0).says(&["nothing to add"]);
    project.write("scenarios/another.yaml", BROKEN);
    project.run(RUN).exits(1);
    let before = project.read("quarantine.toml");
    add(&project, &[]).exits(2).says(&["may only shrink", "another", "--grow"]);
    assert_eq!(project.read("quarantine.toml"), before);
    add(&project, &["--grow", "--case", "nobody"]).exits(2).says(&["found nothing that fails the gate in `nobody`"]);
    add(&project, &["--grow", "--case", "another"]).exits(0).says(&["another", "1 added"]);
    project.run(RUN).exits(0).says(&["2 cases in quarantine: 2 held back"]);
    project.run(&["quarantine", "list"]).exits(0).says(&[
        "wrong",
        "another",
        "ana, until 2999-12-31",
        "2 in quarantine.toml",
    ]);
    project.run(&["quarantine", "remove", "another"]).exits(0).says(&["1 removed, 1 left"]);
    assert_eq!(project.read("quarantine.toml"), before, "the rest is as it was");
    project.run(&["quarantine", "remove", "another"]).exits(2).says(&["has no entry of `another`"]);
    let past = ["quarantine", "add", "--from", "latest", "--owner", "ana", "--until", "2020-01-01"];
    project.run(&past).exits(2).says(&["is not after today"]);
}

#[test]
fn an_entry_that_has_expired_fails_and_excuses_nothing() {
    let project = project().with("quarantine.toml", entry("wrong", "2020-01-01", ""));
    project.run(RUN).exits(1).says(&["quarantine.toml:2: `wrong` expired on 2020-01-01", "ask ana"]);
    assert_eq!(status(&project.report()), ["expired"]);
    project.write("scenarios/wrong.yaml", healed());
    let annotated = project.run(&[RUN, &["--annotations", "github"]].concat()).exits(1);
    annotated.says(&["FAILED  1 in quarantine expired", "::error file=quarantine.toml,line=2,title=quarantine::"]);
    project.run(&["quarantine", "prune"]).exits(0).says(&["wrong: expired", "1 removed"]);
    project.run(RUN).exits(0);
}

#[test]
fn an_entry_fails_once_enough_trials_show_that_it_is_not_needed() {
    let project = project();
    project.run(RUN).exits(1);
    add(&project, &[]).exits(0);
    project.write("scenarios/wrong.yaml", healed());
    project.run(RUN).exits(1).says(&["`wrong` no longer fails (8 trials)"]);
    assert_eq!(status(&project.report()), ["unneeded"]);
    assert!(project.read("reports/latest/summary.md").contains("no longer fails"));
    project.run(&["quarantine", "prune", "--from", "latest"]).exits(0).says(&["wrong: no longer needed", "1 removed"]);
    project.run(RUN).exits(0);
    assert!(!project.read("quarantine.toml").contains("[[case]]"));
}

#[test]
fn an_entry_of_a_rare_failure_that_did_not_show_cries_no_wolf() {
    let rare = entry(
        "greeting[language=en,provider=claude]",
        "2999-12-31",
        "seen = \"1 of 50\"\nfindings = [\"intermittent\"]\n",
    );
    let unsaid = entry("greeting[language=fr,provider=claude]", "2999-12-31", "");
    let absent = entry("not/in/this/run", "2999-12-31", "");
    let project = Project::that_passes().with("quarantine.toml", rare + &unsaid + &absent);
    let arguments = ["run", "--rounds", "40", "--no-alone", "--seed", "1", "--no-history"];
    project.run(&arguments).exits(0).says(&["3 cases in quarantine: 2 without a finding so far, 1 not in this run"]);
    assert_eq!(status(&project.report()), ["waits", "waits", "not_in_run"]);
}

#[test]
fn a_finding_that_is_worse_than_what_is_known_fails() {
    let known = entry("wrong", "2999-12-31", "findings = [\"intermittent\"]\n");
    let project = project().with("quarantine.toml", known);
    project.run(RUN).exits(1).says(&["1 with more than it says"]);
    assert_eq!(status(&project.report()), ["exceeded"]);
}

#[test]
fn mistakes_in_the_file_are_told_by_line_before_anything_is_started() {
    let project = project().with("quarantine.toml", "[[case]]\nid = \"wrong\"\nuntil = 2026-13-40\n");
    project.run(RUN).exits(2).says(&["quarantine.toml:3"]);
    project.write("quarantine.toml", "[[case]]\nid = \"wrong\"\nuntil = \"soon\"\nwho = \"me\"\n");
    project.run(RUN).exits(2).says(&[
        "quarantine.toml:1: the entry has no `owner`",
        "quarantine.toml:3: `until`",
        "quarantine.toml:4: unknown key `who`",
    ]);
    assert!(!project.path("reports").exists(), "nothing was started");
}

#[test]
fn a_report_is_a_function_of_the_journal_whatever_becomes_of_the_file() {
    let project = project();
    project.run(RUN).exits(1);
    add(&project, &[]).exits(0);
    project.run(RUN).exits(0);
    let before = project.read("reports/latest/report.json");
    project.write("quarantine.toml", "");
    assert_eq!(project.run(&["report", "--format", "json"]).exits(0).out, before);
    project.run(&["run", "--resume", "latest"]).exits(0);
}
