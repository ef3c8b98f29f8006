//! What a started system may touch, and noise around rounds.

use crate::cli::kit::{Project, is_planned};

/// The reference tutor as a process that leaves a file beside the scenarios, and tells where its TMPDIR and HOME are.
const MESSY: &str = r#"
system: messy
extends: process
process:
  command: [sh, -c, 'echo dirt > dirt; echo "$TMPDIR $HOME" > "$FAKE_TOLD"; exec "$0" "$@"', "${steadfast}",
            tutor, --port, "${port}", --admin-token, "${admin_token}", --password-iterations, "1"]
  env:
    FAKE_TOLD: TOLD
    CLAUDE_BASE_URL: "${url.claude}"
    CLAUDE_API_KEY: "${key.claude}"
    MISTRAL_BASE_URL: "${url.mistral}"
    MISTRAL_API_KEY: "${key.mistral}"
    DEEPSEEK_BASE_URL: "${url.deepseek}"
    DEEPSEEK_API_KEY: "${key.deepseek}"
    OLLAMA_BASE_URL: "${url.ollama}"
"#;

fn messy() -> Project {
    let project = Project::that_passes();
    let told = project.path("told").display().to_string();
    project.write("messy.yaml", MESSY.replace("TOLD", &told));
    project
}

#[test]
fn a_started_system_has_a_temporary_folder_of_its_own() {
    let project = messy();
    project.run(&["run", "--system", "messy.yaml", "--rounds", "1"]).exits(0);
    let told = project.read("told");
    let temporary = told.split_whitespace().next().unwrap_or_default();
    assert!(temporary.ends_with("/tmp") && temporary.contains("/sf-"), "{told}");
    assert!(project.path("dirt").exists(), "without a full sandbox it runs in the project");
    project.assert_nothing_left();
}

#[test]
fn a_full_sandbox_keeps_the_project_and_home_clean() {
    let project = messy();
    project.run(&["run", "--system", "messy.yaml", "--rounds", "1", "--sandbox", "full"]).exits(0);
    let told = project.read("told");
    assert!(told.trim().ends_with("/home") && told.contains("/sf-"), "{told}");
    assert!(!project.path("dirt").exists(), "the project is dirty");
    project.assert_nothing_left();
}

#[test]
fn stress_is_recorded_and_accuses_nobody_who_is_healthy() {
    for stress in ["cpu", "latency"] {
        let project = Project::that_passes();
        project.run(&["run", "--stress", stress, "--no-alone", "--seed", "1"]).exits(0);
        let journal = project.journal();
        let rounds: Vec<&serde_json::Value> = journal
            .iter()
            .filter_map(|entry| entry.pointer("/event/round_started"))
            .filter(|round| is_planned(round))
            .collect();
        assert!(!rounds.is_empty() && rounds.iter().all(|round| round["stress"] == stress), "{rounds:?}");
    }
    Project::that_passes().run(&["run", "--stress", "heat"]).exits(2).says(&["cpu or latency"]);
}
