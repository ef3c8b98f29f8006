//! `--record` and `replay`, as a user has them.

use crate::cli::kit::Project;

/// Replies, recorded once and then played for the same case, in the scenario and in the system file.
#[test]
fn a_run_that_was_recorded_passes_on_its_tapes() {
    let scenario = |providers: &str| {
        format!(
            "scenario: a greeting\n{providers}steps:\n  - chat: {{ language: en, provider: claude, message: \
             \"How do I greet? ${{env.SECRET_WORD}}\" }}\n    expect: {{ status: 200, provider: claude, text: Hello there }}\n"
        )
    };
    let scripted = scenario("providers: { claude: { reply: Hello there } }\n");
    let project = Project::new().with("scenarios/greeting.yaml", scripted);
    let once = ["run", "--orders", "declared", "--no-leaks", "--no-history"];
    let secret = [("SECRET_WORD", "correct-horse-battery".to_owned())];
    let recorded = project.run_with(&[&once[..], &["--record", "tapes"]].concat(), &secret);
    assert_eq!(recorded.code, Some(0), "{}{}", recorded.out, recorded.err);
    let tape = project.read("tapes/claude.jsonl");
    assert!(tape.contains("Hello there") && !tape.contains("correct-horse-battery"), "{tape}");
    let again = project.run_with(&[&once[..], &["--record", "tapes"]].concat(), &secret);
    assert_eq!(again.code, Some(2), "a tape is not added to: {}", again.err);

    project.write("scenarios/greeting.yaml", scenario("providers: { claude: { replay: tapes/claude.jsonl } }\n"));
    let played = project.run_with(&once, &secret);
    assert_eq!(played.code, Some(0), "{}{}", played.out, played.err);

    project.write("scenarios/greeting.yaml", scenario(""));
    let provider = "{ wire: anthropic, replay: tapes/claude.jsonl, speed: instant, env: CLAUDE_BASE_URL, key_env: CLAUDE_API_KEY }";
    project.write("taped.yaml", format!("system: taped\nextends: embedded\nproviders: {{ claude: {provider} }}\n"));
    let played = project.run_with(&[&once[..], &["--system", "taped.yaml"]].concat(), &secret);
    assert_eq!(played.code, Some(0), "{}{}", played.out, played.err);

    let other = scenario("").replace("How do I greet?", "What is this?");
    project.write("scenarios/greeting.yaml", other);
    let unknown = project.run_with(&[&once[..], &["--system", "taped.yaml"]].concat(), &secret);
    assert_eq!(unknown.code, Some(1), "{}{}", unknown.out, unknown.err);
    let told = unknown.out.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
    assert!(
        told.contains("does not know this request; the nearest is its exchange 1: $.messages[0].content"),
        "{told}"
    );
}
