//! The first five minutes: what `init` writes works, and what reports say is explained.

use crate::cli::kit::{Project, verdicts};
use serde_json::Value;

#[test]
fn what_init_writes_passes_the_check_and_the_run() {
    let project = Project::new();
    let ended = project.run(&["init", "--ci", "github,gitlab"]).exits(0);
    for file in
        ["steadfast.toml", "scenarios/hello/greeting.yaml", ".github/workflows/steadfast.yml", ".gitlab/steadfast.yml"]
    {
        assert!(ended.out.contains(&format!("wrote {file}")), "{}", ended.out);
    }
    assert!(
        ended.out.contains("no tests of a known runner") && ended.out.contains("STEADFAST_RELEASE"),
        "{}",
        ended.out
    );
    project.run(&["check"]).exits(0).says(&["4 cases"]);
    project.run(&["run", "--profile", "local"]).exits(0).says(&["PASSED"]);
    assert_eq!(verdicts(&project.report()).len(), 4);
    for profile in ["ci", "nightly"] {
        project.run(&["run", "--profile", profile, "--show-config"]).exits(0).says(&[&format!("profile {profile}")]);
    }
    for workflow in [".github/workflows/steadfast.yml", ".gitlab/steadfast.yml"] {
        let workflow = project.read(workflow);
        let value: Value = serde_saphyr::from_str(&workflow).expect("a workflow is YAML");
        assert!(value.is_object());
        assert!(workflow.contains("STEADFAST_RELEASE") && !workflow.contains("cargo install"), "{workflow}");
        for word in ["SETUP", "NOTE", "RELEASES", "ARCHIVE", "IMAGE"] {
            assert!(!workflow.split(|c: char| !c.is_ascii_alphabetic()).any(|part| part == word), "{word}: {workflow}");
        }
        assert!(workflow.contains("STEADFAST_PROFILE"));
    }
    project.assert_nothing_left();
}

#[test]
fn init_writes_what_several_machines_share() {
    let project = Project::that_passes();
    project.run(&["init", "--ci", "github,gitlab,slurm,kubernetes", "--shards", "3"]).exits(0);
    let github = project.read(".github/workflows/steadfast.yml");
    let value: Value = serde_saphyr::from_str(&github).expect("a workflow is YAML");
    assert_eq!(value["jobs"]["shard"]["strategy"]["matrix"]["shard"], serde_json::json!([1, 2, 3]));
    assert_eq!(value["jobs"]["merge"]["needs"], "shard");
    let gitlab: Value = serde_saphyr::from_str(&project.read(".gitlab/steadfast.yml")).expect("YAML");
    assert_eq!(gitlab["steadfast-shard"]["parallel"], 3);
    let job: Value = serde_saphyr::from_str(&project.read("steadfast-job.yaml")).expect("YAML");
    assert_eq!((&job["spec"]["completionMode"], &job["spec"]["completions"]), (&"Indexed".into(), &3.into()));
    assert!(project.read("steadfast.sbatch").contains("#SBATCH --array=1-3"));
    // The lines that they run are lines that the program takes.
    let sbatch = project.path("steadfast.sbatch").display().to_string();
    let folder =
        std::path::Path::new(env!("CARGO_BIN_EXE_steadfast")).parent().expect("a folder").display().to_string();
    let path = format!("{folder}:{}", std::env::var("PATH").unwrap_or_default());
    for task in ["1", "2", "3"] {
        let mut command = std::process::Command::new("bash");
        command.arg(&sbatch).current_dir(project.path("")).env("PATH", &path).env("ROUNDS", "3");
        command
            .env_remove("LANG")
            .env_remove("LC_ALL")
            .env_remove("TZ")
            .env("SLURM_ARRAY_TASK_ID", task)
            .env("SLURM_ARRAY_JOB_ID", "77");
        let ended = command.output().expect("bash starts");
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    project.run(&["merge", "shards/77", "--missing", "run"]).exits(0).says(&["PASSED"]);
}

#[test]
fn init_writes_over_nothing() {
    let project = Project::that_passes().with("steadfast.toml", "rounds = 2\n");
    project.run(&["init"]).exits(0).says(&["kept  steadfast.toml", "wrote .github/workflows/steadfast.yml"]);
    assert_eq!(project.read("steadfast.toml"), "rounds = 2\n");
    assert!(!project.path("scenarios/hello").exists(), "a project with scenarios needs no other");
    project.write(".github/workflows/steadfast.yml", "mine");
    let again = project.run(&["init"]).exits(0);
    assert!(!again.out.contains("wrote"), "{}", again.out);
    assert_eq!(project.read(".github/workflows/steadfast.yml"), "mine");
    let none = Project::new();
    none.run(&["init", "--ci", "none"]).exits(0);
    assert!(!none.path(".github").exists());
}

#[test]
fn every_finding_is_explained_and_a_slip_is_understood() {
    let project = Project::new();
    let list = project.run(&["explain"]).exits(0).out;
    for topic in ["broken", "order_dependent", "intermittent", "loop_bound", "leak", "unproven", "roles", "evidence"] {
        assert!(list.lines().any(|line| line.starts_with(topic)), "{topic} is not in {list}");
        project.run(&["explain", topic]).exits(0).says(&[topic, "What to do"]);
    }
    project.run(&["explain", "temporary file"]).exits(0).says(&["temporary file\n\nA file in the temporary folder"]);
    project.run(&["explain", "flaky"]).exits(0).says(&["intermittent"]);
    project.run(&["explain", "loop-bund"]).exits(2).says(&["`loop-bund`", "did you mean `loop_bound`?"]);
    project.run(&["explain", "weather"]).exits(2).says(&["known: broken, order_dependent"]);
}

#[test]
fn help_is_grouped_and_has_examples_and_the_man_page_has_every_command() {
    let project = Project::new();
    let help = project.run(&["run", "--help"]).exits(0).out;
    for heading in ["Subject:", "Plan:", "Gate:", "Reports:", "Configuration:", "Examples:"] {
        assert!(help.contains(heading), "{heading} is not in\n{help}");
    }
    let all = project.run(&["--help"]).exits(0).out;
    assert!(all.contains("Examples:") && all.contains("Exit:"), "{all}");
    let man = project.run(&["man"]).exits(0).out;
    let in_help = all.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A command's line is indented by two; what it is for can take more lines, which are indented further.
    let names = in_help.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    for name in names.filter(|name| *name != "help") {
        assert!(man.contains(&format!("STEADFAST {}", name.to_uppercase())), "{name} is not in the man page");
        let help = project.run(&[name, "--help"]).exits(0).out;
        assert!(help.contains("Usage: steadfast"), "{help}");
    }
    assert!(man.contains("max\\-flake\\-rate"), "the options of `run` are in it");
}
