//! Wrong input: told with its place and what to do, before anything is started.

use crate::cli::kit::{Ended, Project};

/// Ten mistakes, one on each of the lines that the test names.
const TEN_MISTAKES: &str = r#"scenario: ten mistakes
tags: [fine, "not fine!"]
matrix: { language: [en], unused: [1] }
givven: {}
given:
  budget: { limit: plenty }
providers:
  claud: { reply: Hello }
  mistral: { repli: Hello }
  ollama: { fail: sometimes }
steps:
  - chat: { language: "${language}", message: "${nobody}" }
    expect: { status: 200, providr: claude }
calls: { gpt: 1 }
"#;

#[track_caller]
fn refused(project: &Project, arguments: &[&str], says: &[&str]) -> Ended {
    let ended = project.run(arguments).exits(2).says(says);
    assert!(!project.path("reports/runs").exists(), "a run folder was made");
    project.assert_nothing_left();
    ended
}

#[test]
fn ten_mistakes_are_ten_errors_with_their_places_and_nothing_is_started() {
    let project = Project::that_passes().with("scenarios/wrong.yaml", TEN_MISTAKES);
    let ended = refused(&project, &["run"], &["10 problems in 1 file"]);
    for (line, what) in [
        (2, "not fine!"),
        (3, "`unused` is never used"),
        (4, "givven"),
        (6, "plenty"),
        (8, "claud"),
        (9, "repli"),
        (10, "sometimes"),
        (12, "nobody"),
        (13, "providr"),
        (14, "gpt"),
    ] {
        let place = format!("scenarios/wrong.yaml:{line}:");
        assert!(ended.err.contains(&place), "{place} is not in\n{}", ended.err);
        assert!(ended.err.contains(what), "{what} is not in\n{}", ended.err);
    }
    let checked = project.run(&["check"]).exits(2);
    assert_eq!(checked.err, ended.err, "`check` says the same");
}

#[test]
fn a_project_without_scenarios_is_told_what_to_do() {
    refused(&Project::new(), &["run"], &["scenarios", "there is no"]);
    let empty = Project::new().with("scenarios/notes.txt", "later");
    refused(&empty, &["run"], &["no scenario is in this folder", ".yaml"]);
    refused(&Project::that_passes(), &["run", "scenarios/greting.yaml"], &["there is no `scenarios/greting.yaml`"]);
}

#[test]
fn what_lies_outside_the_project_or_is_no_text_is_refused() {
    let project = Project::that_passes().with("scenarios/latin.yaml", b"scenario: caf\xe9\n");
    refused(&project, &["run"], &["latin.yaml:1:14", "UTF-8"]);
    std::fs::remove_file(project.path("scenarios/latin.yaml")).expect("it was there");
    std::os::unix::fs::symlink("/etc/hostname", project.path("scenarios/host.yaml")).expect("a link");
    refused(&project, &["run"], &["outside the project"]);
    std::fs::remove_file(project.path("scenarios/host.yaml")).expect("it was there");
    std::fs::create_dir(project.path("scenarios/folder.yaml")).expect("a folder");
    project.run(&["list"]).exits(0);
    refused(&project, &["run", "scenarios", "/etc"], &["outside the project"]);
}

#[test]
fn a_filter_that_chooses_nothing_is_wrong_usage() {
    let project = Project::that_passes();
    refused(&project, &["run", "--filter", "tag:gretings"], &["matches none of 4 cases", "steadfast list"]);
    refused(&project, &["run", "--filter", ""], &["filter"]);
}

#[test]
fn wrong_arguments_say_what_is_wanted() {
    let project = Project::that_passes();
    refused(&project, &["run", "--seed", "xyz"], &["hex digits"]);
    refused(&project, &["run", "--max-time", "10"], &["10m"]);
    refused(&project, &["run", "--max-time", "0s"], &["no time at all"]);
    refused(&project, &["run", "--max-flake-rate", "2"], &["between 0 and 1"]);
    refused(&project, &["run", "--confidence", "1"], &["between 0 and 1"]);
    refused(&project, &["run", "--rounds", "0"], &["--rounds"]);
    refused(&project, &["run", "--jobs", "0"], &["--jobs"]);
    refused(&project, &["run", "--fail-on", "everything"], &["broken"]);
    refused(&project, &["run", "--orders", "sideways"], &["mixed"]);
    refused(&project, &["run", "--event-loop", "never"], &["round"]);
    refused(&project, &["run", "--system", "embeded"], &["embedded"]);
    refused(&project, &["run", "--resume", "latest"], &["no run `latest`"]);
    refused(&project, &["report"], &["no run `latest`"]);
    refused(&project, &["repro", "nothing.json"], &["nothing.json"]);
}

#[test]
fn an_order_of_unknown_cases_is_refused_and_a_missing_file_named() {
    let project = Project::that_passes().with("order.txt", "# old names\nhello[language=en]\n");
    refused(&project, &["run", "--order", "order.txt"], &["order.txt", "steadfast list"]);
    refused(&project, &["run", "--order", "nowhere.txt"], &["nowhere.txt"]);
}

#[test]
fn every_order_of_many_cases_is_refused_with_the_limit() {
    let many: Vec<String> = (0..7).map(|number| format!("l{number}")).collect();
    let scenario = format!(
        "scenario: many\nmatrix: {{ word: [{}] }}\nproviders: {{ claude: {{ reply: Hello }} }}\nsteps:\n  - chat: {{ \
         language: en, provider: claude, message: \"${{word}}\" }}\n    expect: {{ status: 200 }}\n",
        many.join(", ")
    );
    refused(&Project::new().with("scenarios/many.yaml", scenario), &["run", "--orders", "all"], &["6"]);
}

#[test]
fn a_report_folder_that_can_not_be_made_is_named() {
    let project = Project::that_passes().with("reports", "a file stands here");
    project.run(&["run"]).exits(2).says(&["reports"]);
    project.assert_nothing_left();
}
