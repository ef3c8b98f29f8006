//! `steadfast selfcheck` from outside: in a folder where nothing is, and with scenarios that accuse a healthy tutor.

use super::kit::Project;

const SHIPPED: &str = include_str!("../../../scenarios/auth/a-token-expires.yaml");

const WRONG: &str = "\
scenario: a wrong expectation
steps:
  - languages:
    expect: { status: 404 }
";

#[test]
fn defects_are_found_from_any_folder_with_the_scenarios_inside() {
    let project = Project::new();
    let only = "tokens_never_expire,conversations_of_anyone";
    let ended = project.run(&["selfcheck", "--seed", "5eed", "--only", only]).exits(0);
    let ended = ended.says(&["2 of 2 defects found for what they are", "nothing is accused"]);
    for line in ["tokens_never_expire      broken           found", "conversations_of_anyone  broken           found"] {
        assert!(ended.out.contains(line), "{line}: {}", ended.out);
    }
    assert!(ended.out.contains("auth/a-token-expires"), "{}", ended.out);
    let matrices = project.files("reports/selfcheck").into_iter().filter(|file| file.ends_with("matrix.md"));
    assert_eq!(matrices.count(), 1);
    project.assert_nothing_left();
}

#[test]
fn a_defect_that_nobody_knows_is_refused_with_the_known_ones() {
    let project = Project::new();
    let ended = project.run(&["selfcheck", "--only", "tokens_never_expire,such"]).exits(2);
    ended.says(&["there is no defect `such`", "stale_health, cache_ignores_language"]);
}

#[test]
fn a_healthy_tutor_that_is_accused_is_told_and_fails() {
    let project = Project::new()
        .with("scenarios/auth/a-token-expires.yaml", SHIPPED)
        .with("scenarios/auth/always-wrong.yaml", WRONG);
    let arguments = ["selfcheck", "--project", ".", "--only", "tokens_never_expire"];
    let ended = project.run(&arguments).exits(1);
    ended.says(&["1 accused", "auth/always-wrong (broken)"]);
}

#[test]
fn a_defect_that_no_scenario_shows_is_missed() {
    let project = Project::new()
        .with("scenarios/auth/greeting.yaml", super::kit::GREETING)
        .with("scenarios/auth/a-token-expires.yaml", SHIPPED.replace("2026-11-", "2026-10-"));
    let arguments = ["selfcheck", "--project", ".", "--only", "languages_without_token"];
    let ended = project.run(&arguments).exits(1);
    ended.says(&["0 of 1 defects found for what they are", "languages_without_token: missed"]);
}
