//! The JSON Schemas agree with the loader, as an independent validator sees it.

use super::{Files, problems, with_steps};
use serde_json::Value;
use steadfast::scenario::{BUILT_IN, schema, system_schema};

/// A YAML file as JSON, read by something else than the loader.
fn json(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn validator(schema: &Value) -> jsonschema::Validator {
    jsonschema::draft202012::new(schema).unwrap()
}

/// A file that loader and schema take.
fn good(text: &str) {
    let files = Files::new(&[("scenarios/s.yaml", text), ("f/a.json", "{}")]);
    files.load().unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    let validator = validator(&schema());
    let errors: Vec<String> = validator.iter_errors(&json(text)).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{text}\n{errors:?}");
}

/// A file that neither loader nor schema takes.
fn bad(text: &str) {
    assert!(!problems(text).is_empty());
    assert!(!validator(&schema()).is_valid(&json(text)), "the schema takes it:\n{text}");
}

#[test]
fn schemas_are_schemas() {
    assert!(jsonschema::draft202012::meta::is_valid(&schema()));
    assert!(jsonschema::draft202012::meta::is_valid(&system_schema()));
}

#[test]
fn good_scenarios_are_valid() {
    good("scenario: s\nskip: not covered\n");
    good(
        r#"scenario: everything
tags: [a]
needs: [reset, clock]
matrix: { language: [en, fr], provider: [claude] }
examples: [{ used: [1, 2.5], alert: GREEN }]
exclude: [{ language: fr, used: 1 }]
given:
  budget: { limit: 30.00, used: "${used}" }
  models: [a, { name: b }]
  now: 2025-01-31T23:59:59Z
  provider_timeout: 200ms
  learner: { name: eve, local_only: true }
  learners: { bob: { models: { general: a } }, cid: }
  health: { claude: down, ollama: up }
providers:
  "${provider}": { reply: a, usage: none, finish: stop, times: 1 }
timeout: 1m
leaks: [{ kind: connection, count: 1, name: "x*", reason: kept }]
steps: [languages: ]
"#
        .replace(", times: 1", "")
        .replace("\"${provider}\": { reply: a", "\"${provider}\": { reply: \"${language}\", message: a")
        .replace(", message: a", "")
        .replace("steps: [languages: ]", "steps: [{ budget: , expect: { alert_level: \"${alert}\" } }]")
        .as_str(),
    );
    good(
        r#"scenario: providers
providers:
  claude: [{ fail: rate_limited, status: 430, message: m, retry_after: 1s, times: 2 }, { hang: true, after: 1s }]
  mistral: { rules: [{ when: { message: a, model: b, text: c, stream: true }, stream: [a, b], every: 5ms, then: { fail: overloaded } }] }
  deepseek: [{ malformed: html }, { malformed: null }, { reset: start }, { truncate: 10 }, { trickle: 5ms }, { wrong_length: +10, reply: a }]
  ollama: { fixture: f/a.json, status: 500, content_type: text/plain, headers: { a: 1 }, hold_until: { calls: 3 } }
  any: { reply: a, usage: { input: 1, output: 2 }, finish: none, model: m }
steps: [budget: ]
"#,
    );
    good(&with_steps(
        r#"  - register: { name: a, password: b }
  - chat: { message: hi, language: en, stream: true, hang_up_after: 2 }
    as: ada
    within: 2s
    expect: { status: 200, provider: claude, cost: 0, warning.used: 1, warning: { limit: 30 }, text: { contains: a, not: { matches: b } },
              stream: { events: [start], text: a, chunks: { at_least: 1 }, first_within: 1s, max_gap: 1s }, log: x, header.a: b, "$.a": 1, hint: null }
    capture: { c: conversation, d: $.x }
  - conversation: { id: "${c}${d}" }
  - http: { post: /x, headers: { a: 1 }, json: { a: 1 }, auth: none }
    expect: { status: { one_of: [200, 201] }, body: { length: { at_most: 5 } }, "$.a": { is: list, present: true } }
  - restart:
  - look: true
    expect: { log: { absent: false, is: string } }
  - concurrently: [{ budget: , times: 2 }, [budget: ], { steps: [budget: ], times: 2 }]
    expect: { status: { 200: 5 }, used_budget: { at_most: 3 } }
  - eventually: [{ settings: { local_only: true }, expect: { models: { general: a } } }]
    within: 1s
    every: 5ms
  - for_each: { l: [en] }
    steps: [{ models: { language: "${l}" }, expect: { models: [a] } }]
"#,
    ));
    good(
        "scenario: calls\nsteps: [budget: ]\ncalls: { any: 1, claude: { messages: 1, count: 1, model: m }, ollama: [{ stream: true }], order: [claude] }\nattempts: { claude: { at_least: 3 } }\n",
    );
}

#[test]
fn bad_scenarios_are_invalid() {
    bad("scenario: s\nsteps: [budget: ]\ntagz: [a]\n");
    bad("steps: [budget: ]\n");
    bad("scenario: s\n");
    bad("scenario: s\nsteps: []\n");
    bad("scenario: s\nsteps: [budget: ]\ntimeout: 5\n");
    bad("scenario: s\nsteps: [budget: ]\nneeds: [clok]\n");
    bad("scenario: s\nsteps: [budget: ]\ngiven: { budgt: {} }\n");
    bad("scenario: s\nsteps: [budget: ]\ngiven: { health: { claude: sick } }\n");
    bad("scenario: s\nsteps: [budget: ]\nproviders: { claude: { fail: rate_limitd } }\n");
    bad("scenario: s\nsteps: [budget: ]\nproviders: { claude: { after: 1s } }\n");
    bad("scenario: s\nsteps: [budget: ]\nproviders: { claude: { repla: a } }\n");
    bad("scenario: s\nsteps: [budget: ]\ncalls: { claude: { mesages: 1 } }\n");
    bad("scenario: s\nmatrix: { x: [] }\nsteps: [budget: ]\n");
    bad(&with_steps("  - chatt: {}\n"));
    bad(&with_steps("  - chat: { message: hi }\n"));
    bad(&with_steps("  - chat: { mesage: hi, language: en }\n"));
    bad(&with_steps("  - { budget: , models: }\n"));
    bad(&with_steps("  - { budget: , expect: { used: 1 } }\n"));
    bad(&with_steps("  - { budget: , expect: { alert_level: PURPLE } }\n"));
    bad(&with_steps("  - { budget: , expect: { used_budget: { at_lest: 1 } } }\n"));
    bad(&with_steps("  - http: { get: /x, put: /y }\n"));
}

#[test]
fn the_shipped_system_files_are_valid() {
    let validator = validator(&system_schema());
    for (name, text) in BUILT_IN {
        let errors: Vec<String> = validator.iter_errors(&json(text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
    assert!(!validator.is_valid(&json("system: x\nkindd: url\n")));
    assert!(!validator.is_valid(&json("system: x\nverbs: { chat: { post: /chat, answer: { txt: $.text } } }\n")));
}

/// Every scenario file of this project.
pub fn shipped() -> Vec<std::path::PathBuf> {
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "yaml") {
                files.push(path);
            }
        }
    }
    files
}

#[test]
fn every_shipped_scenario_is_valid() {
    let validator = validator(&schema());
    for path in shipped() {
        let text = std::fs::read_to_string(&path).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json(&text)).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", path.display());
    }
}
