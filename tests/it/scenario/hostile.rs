//! Whatever a file holds, loading ends soon, within bounds, and reads nothing outside the project.

use super::{Files, problems, shown, with_steps};
use proptest::prelude::*;
use std::fs;

/// A file with most of what the format has, as a seed of mutations.
const RICH: &str = r#"scenario: a title
tags: [budget, fallback]
needs: [reset]
matrix: { language: [en, fr], provider: [claude, mistral] }
exclude: [{ language: fr, provider: claude }]
given:
  budget: { limit: 30.00, used: 30.50 }
  models: [neural-chat:7b]
  now: 2025-01-31T23:59:59Z
  learners: { bob: { local_only: true } }
  health: { claude: down }
providers:
  "${provider}": [{ fail: rate_limited, retry_after: 1s, times: 2 }, { stream: [a, b], then: { fail: overloaded } }]
  ollama: { rules: [{ when: { message: "Hello" }, reply: "Salut !", after: 20ms }] }
steps:
  - chat: &hello { language: "${language}", message: "Hello", stream: true }
    expect: { status: 200, provider: ollama, cost: 0, warning: { used: 1 }, stream: { events: [start, done] } }
    capture: { c: conversation }
  - concurrently: [{ chat: *hello, times: 3, as: bob }]
    expect: { provider: { ollama: 3 } }
  - for_each: { use_case: [a, b] }
    steps: [{ models: { use_case: "${use_case}" } }]
  - eventually: [{ conversation: { id: "${c}" }, expect: { "$.messages[0]": { present: true } } }]
  - http: { post: /x, json: { a: [1, 2] } }
    expect: { body: { matches: "^x", not: { contains: y } } }
calls: { any: { at_least: 1 }, ollama: { generate: 1, model: x }, order: [ollama] }
leaks: [{ kind: connection, reason: kept }]
"#;

/// Loads a file that may be anything; what is wrong with it is told in a message of a bounded size.
fn ends(text: &[u8]) -> Vec<String> {
    let files = Files::of_bytes(&[("scenarios/s.yaml", text)]);
    match files.load() {
        Ok(_) => Vec::new(),
        Err(problems) => {
            assert!(problems.to_string().len() < 1_000_000, "the message is huge");
            shown(&problems)
        }
    }
}

fn check(text: &str, expected: &str) {
    let found = ends(text.as_bytes());
    assert!(found.iter().any(|problem| problem.contains(expected)), "{found:?}");
}

#[test]
fn the_seed_of_the_mutations_is_a_good_file() {
    assert_eq!(ends(RICH.as_bytes()), Vec::<String>::new());
}

#[test]
fn aliases_that_multiply_are_stopped() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let inner = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{inner}]\n"));
    }
    check(&text, "the file holds more than 100000 values once its aliases are followed");
}

#[test]
fn an_alias_of_itself_is_stopped() {
    check("a: &a [*a]\n", "an alias can't stand inside what it stands for");
}

#[test]
fn deep_nesting_is_stopped() {
    let too_deep = "lists and mappings stand in each other more than 48 deep";
    check(&"[".repeat(100_000), too_deep);
    check(&format!("a: {}{}", "[".repeat(60), "]".repeat(60)), too_deep);
    let mut text = String::new();
    for depth in 0..300 {
        text.push_str(&format!("{}a:\n", " ".repeat(depth)));
    }
    check(&text, too_deep);
    let mut aliases = String::from("a0: &a0 [[[[[[[[[[x]]]]]]]]]]\n");
    for level in 1..10 {
        aliases.push_str(&format!("a{level}: &a{level} [[[[[[[[[[*a{}]]]]]]]]]]\n", level - 1));
    }
    check(&aliases, too_deep);
}

#[test]
fn a_huge_file_is_refused() {
    check(&"a".repeat(2 * 1024 * 1024), "is larger than 1048576 bytes");
}

#[test]
fn one_huge_line_makes_a_small_message() {
    check(&format!("scenario: s\n{}: 1\nsteps: [budget: ]\n", "k".repeat(1_000)), "unknown key `kkkkk");
    check(&format!("scenario: s\nsteps: [{}]\n", "5, ".repeat(30_000)), "a step is wanted, not an integer");
}

#[test]
fn huge_numbers_are_refused() {
    check("scenario: s\ngiven: { budget: { used: 1e999999999 } }\nsteps: [budget: ]\n", "out of range");
    check(
        &format!("scenario: s\ngiven: {{ budget: {{ used: {} }} }}\nsteps: [budget: ]\n", "9".repeat(10_000)),
        "out of range",
    );
    check("scenario: s\ntimeout: 99999999999999999999h\nsteps: [budget: ]\n", "is no duration");
    check("scenario: s\nsteps: [{ budget: , expect: { status: 99999999999999999999 } }]\n", "an integer is wanted");
}

#[test]
fn a_huge_regular_expression_is_refused() {
    check(
        &with_steps("  - http: { get: /x }\n    expect: { body: { matches: '((a{1000}){1000}){1000}' } }\n"),
        "not a regular expression",
    );
}

#[test]
fn loops_and_lanes_that_multiply_are_stopped() {
    let values = (0..900).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ");
    let inner = format!("for_each: {{ b: [{values}] }}\n        steps: [models: {{ language: \"${{a}}${{b}}\" }}]");
    let steps = format!("  - for_each: {{ a: [{values}] }}\n    steps:\n      - {inner}\n");
    let found = problems(&with_steps(&steps));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("more than 10000 steps") || found[0].contains("too large"), "{found:?}");
    let lanes = "  - concurrently:\n".to_owned() + &"      - { budget: , times: 1000 }\n".repeat(50);
    check(&with_steps(&lanes), "the case has more than 10000 steps");
}

#[test]
fn cells_of_a_large_file_are_stopped() {
    let values = (0..5_000).map(|n| format!("v{n}")).collect::<Vec<_>>().join(", ");
    let steps = "  - models: { language: \"${l}\" }\n".repeat(2_000);
    check(&format!("scenario: s\nmatrix: {{ l: [{values}] }}\nsteps:\n{steps}"), "too large, or too many");
}

#[test]
fn nothing_outside_the_project_is_read() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret.json"), "secret").unwrap();
    fs::write(outside.path().join("s.yaml"), "scenario: s\nsteps: [budget: ]\n").unwrap();
    let secret = outside.path().join("secret.json");
    let refused = |fixture: &str, expected: &str| {
        let text = format!("scenario: s\nproviders: {{ ollama: {{ fixture: \"{fixture}\" }} }}\nsteps: [budget: ]\n");
        let files = Files::new(&[("scenarios/s.yaml", &text), ("f/x.json", "{}")]);
        #[cfg(unix)]
        std::os::unix::fs::symlink(outside.path(), files.0.path().join("link")).unwrap();
        let found = shown(&files.load().unwrap_err());
        assert!(found[0].contains(expected), "{fixture}: {found:?}");
    };
    refused(secret.to_str().unwrap(), "lies outside the project's folder");
    refused("../secret.json", "lies outside the project's folder");
    refused("f/../../secret.json", "lies outside the project's folder");
    #[cfg(unix)]
    refused("link/secret.json", "lies outside the project's folder");
    refused("f", "there is no `f`");
    refused("", "there is no ``");

    let files = Files::new(&[("scenarios/a.yaml", "scenario: s\nsteps: [budget: ]\n")]);
    let found = shown(&files.load_paths(&[outside.path().to_str().unwrap()]).unwrap_err());
    assert!(found[0].contains("lies outside"), "{found:?}");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(outside.path().join("s.yaml"), files.0.path().join("scenarios/l.yaml")).unwrap();
        let found = shown(&files.load().unwrap_err());
        assert!(found[0].contains("lies outside"), "{found:?}");
    }
}

#[test]
fn paths_that_lead_nowhere_are_told() {
    let files = Files::new(&[("empty/README.md", "x"), ("scenarios/a.yaml", "scenario: s\nsteps: [budget: ]\n")]);
    assert_eq!(shown(&files.load_paths(&["nowhere"]).unwrap_err()), ["0:0 there is no `nowhere`"]);
    assert_eq!(shown(&files.load_paths(&["empty"]).unwrap_err()), ["0:0 no scenario is in this folder"]);
}

/// A good file after a few cuts, copies and changed characters.
fn mutated() -> impl Strategy<Value = String> {
    let pieces = [
        "${",
        "}",
        "[",
        "]",
        "{",
        "&a ",
        "*a",
        "- ",
        ": ",
        "\n",
        "\t",
        "\"",
        "'",
        "|\n",
        "? ",
        "!x ",
        "%",
        "\u{0}",
        "é",
        "99999999999999999999",
    ];
    let cut = (any::<prop::sample::Index>(), 0..20_usize, prop::sample::select(pieces.to_vec()));
    prop::collection::vec(cut, 1..6).prop_map(|cuts| {
        let mut text: Vec<char> = RICH.chars().collect();
        for (at, length, piece) in cuts {
            let at = at.index(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, piece.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..crate::properties::same_inputs() })]

    #[test]
    fn arbitrary_text_is_a_problem_and_no_panic(text in "\\PC{0,200}") {
        ends(text.as_bytes());
    }

    #[test]
    fn arbitrary_bytes_are_a_problem_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        ends(&bytes);
    }

    #[test]
    fn text_of_yamls_own_characters_is_no_panic(text in "[-a:\\[\\]{},&*!|>'\"%@` \n#?$]{0,80}") {
        ends(text.as_bytes());
    }

    #[test]
    fn a_good_file_that_was_mutated_is_no_panic(text in mutated()) {
        ends(text.as_bytes());
    }
}
