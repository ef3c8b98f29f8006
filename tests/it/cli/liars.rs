//! The truth on the wire: systems that lie are found, and honest ones are never accused.

use crate::cli::fake::{chat, project};
use crate::cli::kit::{Project, case, verdicts};
use serde_json::Value;

const CLAUDE: &str = "{ claude: { reply: Bonjour } }";
const BOTH: &str = "{ claude: { reply: Bonjour }, ollama: { reply: Salut } }";
const ONE_ROUND: &[&str] =
    &["run", "--system", "fake.yaml", "--orders", "declared", "--rounds", "1", "--no-alone", "--seed", "1"];

/// Runs the fake with these scenarios: name, text.
fn run(scenarios: &[(&str, String)], code: i32) -> (Project, Value) {
    let project = project(&[]);
    for (name, text) in scenarios {
        project.write(&format!("scenarios/{name}.yaml"), text);
    }
    project.run(ONE_ROUND).exits(code);
    project.assert_nothing_left();
    let report = project.report();
    (project, report)
}

#[track_caller]
fn fails_naming(report: &Value, id: &str, texts: &[&str]) {
    let found = case(report, id);
    assert_ne!(found["verdict"], "stable", "{id} was believed");
    let message = found["message"].as_str().unwrap_or_default();
    for text in texts {
        assert!(message.contains(text), "{id}: `{text}` is not in: {message}");
    }
}

#[test]
fn every_lie_is_named() {
    let ok = "{ status: 200 }";
    let (_, report) = run(
        &[
            ("1-mislabel", chat("a local answer labelled claude", BOTH, "mislabel me", "{ provider: claude }", "")),
            ("2-canned", chat("a canned answer", "{ claude: { fail: overloaded } }", "canned", ok, "")),
            ("3-remember", chat("an honest answer", CLAUDE, "remember this", ok, "")),
            ("4-replay", chat("the same answer again", CLAUDE, "replay that", ok, "")),
            ("5-stale", chat("another case's answer as cached", CLAUDE, "stale that", ok, "")),
            ("6-false", chat("a new answer as cached", CLAUDE, "falsely-cached", ok, "")),
            ("7-unasked", chat("a call nobody wanted", CLAUDE, "unasked question", ok, "")),
        ],
        1,
    );
    fails_naming(&report, "1-mislabel", &["the answer says claude", "given by ollama"]);
    fails_naming(&report, "2-canned", &["I am doing fine", "came from no provider"]);
    fails_naming(&report, "4-replay", &["Bonjour", "in another case", "state was carried over"]);
    fails_naming(&report, "5-stale", &["says that it is cached", "no earlier answer of this case"]);
    fails_naming(&report, "6-false", &["says that it is cached", "no earlier answer of this case"]);
    fails_naming(&report, "7-unasked", &["a call that no script covers", "mistral", "unasked question", "claude"]);
    let honest = case(&report, "3-remember");
    assert_eq!(honest["verdict"], "stable", "the honest one among them: {honest:#}");
}

#[test]
fn honest_systems_are_never_accused() {
    let cached = "scenario: the same question twice\nproviders: { claude: [{ reply: Bonjour }] }\nsteps:\n  - chat: { language: \
                  en, message: \"cached ${trial}\" }\n    expect: { status: 200, cached: false }\n  - chat: { language: en, \
                  message: \"cached ${trial}\" }\n    expect: { status: 200, cached: true, provider: claude, text: Bonjour }\ncalls: \
                  { claude: 1 }\n";
    let together = "scenario: the same question at once\nproviders: { claude: { reply: Bonjour, hold_until: { calls: 4 } } }\n\
                    steps:\n  - concurrently:\n      - chat: { language: en, message: honest and alike }\n        times: 4\n    \
                    expect: { status: { 200: 4 }, provider: { claude: 4 } }\ncalls: { claude: 4 }\n";
    let fails_first = "{ claude: { fail: overloaded }, ollama: { reply: Salut } }";
    let third = "{ claude: [{ fail: overloaded, times: 2 }, { reply: Bonjour }] }";
    let honest = "{ status: 200, provider: claude, text: Bonjour }";
    let local = "{ status: 200, provider: ollama, text: Salut }";
    let (_, report) = run(
        &[
            ("cached", cached.to_owned()),
            ("together", together.to_owned()),
            (
                "fallback",
                chat("a fallback", fails_first, "fallback please", local, "calls: { claude: 1, ollama: 1 }\n"),
            ),
            (
                "retries",
                chat("an SDK's retries", third, "retries", honest, "calls: { claude: 1 }\nattempts: { claude: 3 }\n"),
            ),
            ("looks", chat("health and tags", CLAUDE, "looks-around", honest, "calls: { claude: 1, ollama: 0 }\n")),
            ("honest", chat("plain", CLAUDE, "honest", honest, "calls: { claude: 1 }\n")),
        ],
        0,
    );
    assert!(verdicts(&report).iter().all(|(_, verdict)| verdict == "stable"), "{:?}", verdicts(&report));
}

#[test]
fn a_late_retry_is_blamed_on_its_own_case() {
    let once = "{ claude: [{ fail: overloaded }] }";
    let next = chat("the next", CLAUDE, "honest question", "{ status: 200, text: Bonjour }", "calls: { claude: 1 }\n");
    let late = chat("tries again later", once, "late question", "{ status: 503 }", "calls: { claude: 1 }\n");
    let (_, report) = run(&[("1-late", late), ("2-next", next)], 1);
    fails_naming(&report, "1-late", &["after the case had ended", "late question"]);
    assert_eq!(case(&report, "2-next")["verdict"], "stable", "{:#}", case(&report, "2-next"));
}

#[test]
fn a_scripted_answer_that_nobody_asks_for_is_noted() {
    let (project, report) = run(&[("spare", chat("one too many", BOTH, "honest", "{ status: 200 }", ""))], 0);
    assert_eq!(case(&report, "spare")["verdict"], "stable");
    let noted = project.journal().iter().any(|entry| {
        let notes = entry.pointer("/event/trial_finished/notes").and_then(Value::as_array);
        notes.is_some_and(|notes| {
            notes.iter().any(|note| note.to_string().contains("ollama: the answer scripted in line 3"))
        })
    });
    assert!(noted, "{}", project.read("reports/latest/events.jsonl"));
    project.run(&["report"]).exits(0).says(&["was never asked for"]);
}
