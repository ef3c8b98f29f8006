//! `steadfast.toml`, the environment and the command line: who wins, and who says so.

use crate::cli::kit::{Ended, GREETING, Project, Running};
use serde_json::Value;

const CONFIG: &str = "\
seed = \"11\"
rounds = 3
no_alone = true
fail_on = [\"broken\", \"order_dependent\"]
report_dir = \"out\"

[profile.ci]
rounds = 2
max_time = \"5m\"

[profile.nightly]
max_flake_rate = 0.01
no_alone = false
";

fn project() -> Project {
    Project::that_passes().with("steadfast.toml", CONFIG)
}

fn with(project: &Project, variables: &[(&str, &str)], arguments: &[&str]) -> Ended {
    let mut command = project.command(arguments);
    command.envs(variables.iter().copied());
    Running::of(command).wait()
}

/// The lines of `--show-config` that speak of a key.
#[track_caller]
fn shown(project: &Project, variables: &[(&str, &str)], arguments: &[&str], expected: &[(&str, &str)]) {
    let arguments: Vec<&str> = ["run", "--show-config"].iter().chain(arguments).copied().collect();
    let ended = with(project, variables, &arguments).exits(0);
    for (value, origin) in expected {
        let line = ended.out.lines().find(|line| line.starts_with(value));
        let line = line.unwrap_or_else(|| panic!("no line begins with `{value}`:\n{}", ended.out));
        assert!(line.ends_with(&format!("# {origin}")), "{line}");
    }
    assert!(!project.path("out").exists() && !project.path("reports").exists(), "something was run");
}

#[test]
fn arguments_win_over_environment_over_profile_over_file_over_defaults() {
    let project = project();
    let file = [("rounds = 3 ", "steadfast.toml:2:1"), ("confidence = 0.95 ", "default")];
    shown(&project, &[], &[], &file);
    shown(&project, &[], &[], &[("fail_on = [\"broken\", \"order_dependent\"] ", "steadfast.toml:4:1")]);
    shown(&project, &[], &["--profile", "ci"], &[("rounds = 2 ", "steadfast.toml:8:1, profile ci")]);
    shown(&project, &[("STEADFAST_PROFILE", "ci")], &[], &[("max_time = \"5m\" ", "steadfast.toml:9:1, profile ci")]);
    let variables = [("STEADFAST_ROUNDS", "4"), ("STEADFAST_FAIL_ON", "leak,broken"), ("STEADFAST_NO_ALONE", "no")];
    let expected = [
        ("rounds = 4 ", "environment: STEADFAST_ROUNDS"),
        ("fail_on = [\"leak\", \"broken\"] ", "environment: STEADFAST_FAIL_ON"),
        ("no_alone = false ", "environment: STEADFAST_NO_ALONE"),
    ];
    shown(&project, &variables, &["--profile", "ci"], &expected);
    shown(&project, &variables, &["--profile", "ci", "--rounds", "5"], &[("rounds = 5 ", "command line")]);
    shown(&project, &[], &["--profile", "nightly"], &[("no_alone = false ", "steadfast.toml:13:1, profile nightly")]);
    let unset = with(&project, &[], &["run", "--show-config"]).exits(0);
    assert!(unset.out.contains("# max_flake_rate"), "{}", unset.out);
}

#[test]
fn what_is_shown_is_toml_that_means_the_same() {
    let project = project();
    let shown = with(&project, &[("STEADFAST_JOBS", "2")], &["run", "--profile", "ci", "--show-config"]).exits(0).out;
    let lines = shown.lines().filter(|line| !line.starts_with("profile")).map(|line| format!("{line}\n"));
    let again = Project::that_passes().with("steadfast.toml", lines.collect::<String>());
    let values = |text: &str| {
        let lines = text.lines().filter(|line| !line.starts_with("profile") && !line.starts_with('#'));
        lines.map(|line| line.split("  #").next().unwrap_or_default().trim().to_owned()).collect::<Vec<_>>()
    };
    let shown_again = again.run(&["run", "--show-config"]).exits(0).out;
    assert_eq!(values(&shown_again), values(&shown));
}

#[test]
fn a_run_does_what_the_configuration_says_also_from_a_folder_below() {
    let project = project().with("scenarios/deep/more.yaml", GREETING);
    let mut command = project.command(&["run", "--profile", "ci", "--rounds", "1", "deep", "--junit", "own.xml"]);
    command.current_dir(project.path("scenarios"));
    Running::of(command).wait().exits(0).says(&["4 cases", "declared", "seed 0000000000000011"]);
    let report: Value = serde_json::from_str(&project.read("out/latest/report.json")).expect("a report");
    assert_eq!(report["rounds"], 2, "one of all cases, and one that has each twice");
    assert_eq!(report["cases"][0]["id"], "deep/more[language=en,provider=claude]");
    assert!(project.path("scenarios/own.xml").is_file(), "what is typed is meant from where it is typed");
    let mut command = project.command(&["report", "--format", "markdown"]);
    command.current_dir(project.path("scenarios"));
    Running::of(command).wait().exits(0);
    project.run(&["check"]).exits(0).says(&["8 cases"]);
    project.assert_nothing_left();
}

#[test]
fn every_mistake_is_told_with_its_place_and_what_to_do() {
    let text = "rouds = 3\nmax_time = 600\nfail_on = [\"leeks\"]\nno_alone = 1\nresume = \"latest\"\n\n[profile.ci]\n\
                orders = \"sideways\"\nsystem = [[1]]\n[profile.ci.deeper]\n";
    let project = Project::that_passes().with("steadfast.toml", text);
    let first = project.run(&["run"]).exits(2).says(&[
        "steadfast.toml:1:1",
        "unknown key `rouds`",
        "did you mean `rounds`?",
        "steadfast.toml:4:12",
        "`no_alone` is true or false",
        "steadfast.toml:5:1",
        "give --resume on the command line",
        "steadfast.toml:9:10",
        "steadfast.toml:10:",
        "unknown key `deeper`",
    ]);
    assert!(!first.err.contains("panicked"));
    let text =
        "max_time = 600\nfail_on = [\"leeks\"]\n[profile.ci]\norders = \"sideways\"\n[profile.night]\njobs = 0\n";
    project.write("steadfast.toml", text);
    project.run(&["run"]).exits(2).says(&[
        "steadfast.toml:1:12",
        "`600` is no value for `max_time`",
        "10m",
        "steadfast.toml:2:11",
        "leak",
        "steadfast.toml:4:10",
        "mixed",
        "steadfast.toml:6:8",
    ]);
    project.write("steadfast.toml", "rounds = = 3\n");
    project.run(&["check"]).exits(2).says(&["steadfast.toml:1:10", "toml.io"]);
    project.write("steadfast.toml", b"seed = \"\xff\"\n");
    project.run(&["run"]).exits(2).says(&["steadfast.toml", "UTF-8"]);
    assert!(!project.path("reports").exists());
}

#[test]
fn a_wrong_environment_or_profile_says_what_is_wanted() {
    let project = project();
    with(&project, &[("STEADFAST_ORDERS", "sideways")], &["run"]).exits(2).says(&["STEADFAST_ORDERS", "mixed"]);
    with(&project, &[("STEADFAST_NO_ALONE", "perhaps")], &["run"])
        .exits(2)
        .says(&["STEADFAST_NO_ALONE", "true or false"]);
    project.run(&["run", "--profile", "nihgtly"]).exits(2).says(&["no profile `nihgtly`", "did you mean `nightly`?"]);
    let none = Project::that_passes();
    none.run(&["run", "--profile", "ci"]).exits(2).says(&["no profile `ci`", "steadfast init"]);
    // What other programs keep under the same prefix is not ours to judge.
    with(&project, &[("STEADFAST_OWNER", "x"), ("STEADFAST_ROUNDS", "")], &["check"]).exits(0);
}

#[test]
fn the_search_for_a_file_ends_at_the_repository() {
    let project = Project::that_passes().with("steadfast.toml", "rounds = 2\n").with("inner/.git/HEAD", "");
    let at = |folder: &str| {
        let mut command = project.command(&["run", "--show-config"]);
        command.current_dir(project.path(folder));
        Running::of(command).wait().exits(0).out
    };
    assert!(at("scenarios").contains("rounds = 2"));
    assert!(at("inner").contains("there is no steadfast.toml"));
}

#[test]
fn the_schema_of_the_file_is_the_committed_one_and_accepts_what_is_written() {
    let schema = Project::new().run(&["schema", "config"]).exits(0).out;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema/config.schema.json");
    if std::env::var_os("STEADFAST_BLESS").is_some() {
        std::fs::write(path, &schema).expect("a file that can be written");
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == schema,
        "STEADFAST_BLESS=1 cargo test --test it cli::config writes docs/schema/config.schema.json"
    );
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let value: Value = toml::from_str(CONFIG).expect("TOML");
    assert!(validator.is_valid(&value));
    let wrong: Value = toml::from_str("[profile.ci]\nrouds = 2").expect("TOML");
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn what_excludes_another_layers_word_takes_its_place() {
    let project = Project::that_passes().with("steadfast.toml", "system = \"process\"\nhistory = \"kept.sqlite\"\n");
    let suite = ("suite = \"command:suite.yaml\" ", "command line");
    shown(&project, &[], &["--suite", "command:suite.yaml"], &[suite, ("system = \"embedded\" ", "default")]);
    shown(&project, &[], &["--no-history"], &[("no_history = true ", "command line")]);
    let of_a_suite = "suite = \"pytest:.\"\npython = \"python3\"\n[profile.own]\nsystem = \"process\"\n";
    let project = Project::that_passes().with("steadfast.toml", of_a_suite);
    shown(&project, &[], &["--profile", "own"], &[("system = \"process\" ", "steadfast.toml:4:1, profile own")]);
    let embedded = [("STEADFAST_SYSTEM", "embedded")];
    shown(&project, &embedded, &[], &[("system = \"embedded\" ", "environment: STEADFAST_SYSTEM")]);
    // One layer that contradicts itself is refused.
    let project = Project::that_passes().with("steadfast.toml", "system = \"process\"\nsuite = \"pytest:.\"\n");
    project.run(&["run", "--show-config"]).exits(2).says(&["cannot be used with"]);
}
