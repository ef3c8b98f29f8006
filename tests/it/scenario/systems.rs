//! How system files are read and refused.

use super::{Files, shown};
use std::time::Duration;
use steadfast::provider::Wire;
use steadfast::scenario::{BindingAuth, Capability, Problems, Reset, System, SystemKind, Verb, load_system};

fn system(files: &[(&str, &str)], name: &str) -> Result<System, Problems> {
    load_system(name, Files::new(files).0.path())
}

fn good(text: &str) -> System {
    system(&[("s.yaml", text), ("service/app.py", "")], "s.yaml")
        .unwrap_or_else(|problems| panic!("{text}\n{problems}"))
}

fn check(text: &str, expected: &[&str]) {
    let problems = system(&[("s.yaml", text)], "s.yaml").expect_err(text);
    assert_eq!(shown(&problems), expected, "{text}");
}

#[test]
fn the_embedded_system_binds_every_verb() {
    let embedded = system(&[], "embedded").unwrap();
    assert!(matches!(embedded.kind, SystemKind::Embedded));
    assert_eq!(embedded.verbs.keys().copied().collect::<Vec<_>>(), Verb::ALL);
    assert!(embedded.change_settings.is_some());
    assert_eq!(embedded.can.len(), Capability::ALL.len());
    let wires: Vec<_> = embedded.providers.iter().map(|known| (known.name.as_str(), known.wire)).collect();
    let expected = [
        ("claude", Wire::Anthropic),
        ("mistral", Wire::Mistral),
        ("deepseek", Wire::Deepseek),
        ("ollama", Wire::Ollama),
        ("piper", Wire::Piper),
    ];
    assert_eq!(wires, expected);
    let Reset::Http(reset) = &embedded.reset else { panic!() };
    assert_eq!((reset.method.as_str(), reset.auth), ("POST", BindingAuth::Admin));
    assert_eq!(embedded.verbs[&Verb::Register].auth, BindingAuth::Nobody);
    let chat = &embedded.verbs[&Verb::Chat];
    for field in Verb::Chat.fields() {
        assert!(chat.answer.contains_key(*field), "{field}");
    }
    assert!(chat.answer.contains_key("warning.alternative") && chat.stream.is_some());
    let language = embedded.call_language.unwrap();
    assert_eq!(&language.captures("You teach. Reply in language: zh-cn. Be kind.").unwrap()[1], "zh-cn");
    assert_eq!(&language.captures("Reply in language: fr.").unwrap()[1], "fr");
}

#[test]
fn the_process_speaks_as_the_embedded_system_does() {
    let (embedded, process) = (system(&[], "embedded").unwrap(), system(&[], "process").unwrap());
    assert_eq!(process.name, "process");
    assert_eq!(process.providers, embedded.providers);
    assert_eq!(format!("{:?}", process.verbs), format!("{:?}", embedded.verbs));
    assert_ne!(process.hash, embedded.hash);
    let SystemKind::Process(started) = process.kind else { panic!() };
    assert_eq!(started.command[0], "${steadfast}");
    assert_eq!(started.env["CLAUDE_BASE_URL"], "${url.claude}");
    assert_eq!(started.env["CLAUDE_API_KEY"], "${key.claude}");
    assert_eq!((started.ready.as_str(), started.ready_within), ("/ready", Duration::from_secs(10)));
}

const OWN: &str = r#"system: mine
process:
  command: [python, -m, tutor, --port, "${port}"]
  directory: service
  env: { DATABASE: "${dir}/x.db", SECRET: "${env.SECRET}" }
providers:
  gpt: { wire: openai, hosts: [api.openai.com], env: { OPENAI_BASE_URL: "${url.gpt}/v1" }, key_env: OPENAI_API_KEY }
can: [journal]
auth: { learner: { header: Authorization, value: "Bearer ${token}" } }
reset: { sql: { file: "${dir}/x.db", statements: [DELETE FROM messages] } }
verbs:
  chat: { post: /api/chat, body: { text: "${message}", lang: "${language}" }, answer: { text: $.reply, provider: $.by } }
names: { provider: { openai: gpt } }
"#;

#[test]
fn a_system_of_ones_own_declares_its_providers() {
    let own = good(OWN);
    let SystemKind::Process(started) = &own.kind else { panic!() };
    assert_eq!(started.env["OPENAI_BASE_URL"], "${url.gpt}/v1");
    assert_eq!(started.env["OPENAI_API_KEY"], "${key.gpt}");
    assert!(started.directory.as_ref().is_some_and(|directory| directory.ends_with("/service")));
    assert_eq!(started.base_url, "http://127.0.0.1:${port}");
    assert_eq!(own.providers[0].wire, Wire::Openai);
    assert_eq!(own.names["provider"]["openai"], "gpt");
    assert!(own.can.contains(&Capability::Reset), "a reset by sql is one");
    assert!(matches!(own.reset, Reset::Sql { .. }));
}

#[test]
fn a_file_says_only_what_differs_from_the_one_it_extends() {
    let files = [
        (
            "a.yaml",
            "system: a\nextends: process\nprocess: { ready_within: 30s }\nverbs: { history: , budget: { get: /money, answer: { used_budget: $.spent } } }\n",
        ),
        (
            "deep/b.yaml",
            "system: b\nextends: ../a.yaml\nurl: http://127.0.0.1:8000/\nreset: none\ncan: [stream]\nproviders: { deepseek: }\n",
        ),
    ];
    let a = system(&files, "a.yaml").unwrap();
    let SystemKind::Process(started) = &a.kind else { panic!() };
    assert_eq!((started.ready_within, started.ready.as_str()), (Duration::from_secs(30), "/ready"));
    assert!(!a.verbs.contains_key(&Verb::History));
    assert_eq!(a.verbs[&Verb::Budget].path, "/money");
    assert!(a.verbs[&Verb::Budget].answer.contains_key("error"), "refusals are read as before");
    let b = system(&files, "deep/b.yaml").unwrap();
    assert!(matches!(&b.kind, SystemKind::Url(url) if url == "http://127.0.0.1:8000"));
    assert_eq!((b.providers.len(), b.can.len()), (4, 1));
}

#[test]
fn what_is_wrong_with_a_system_file_is_told_all_at_once() {
    check(
        "system: s\nkindd: url\nextends: embeded\nurl: ftp://x\nproviders: { gpt: { wire: opnai, hosts: x } }\ncan: [fly]\nreset: maybe\nverbs:\n  chatt: { post: /x }\n  chat: { post: x, body: \"${mesage}\", answer: { txt: $.text, text: \"$[\" } }\ncall_language: x\n",
        &[
            "2:1 unknown key `kindd`",
            "3:10 there is no system `embeded`",
            "4:6 `ftp://x` is no URL",
            "5:27 `opnai` is not a wire format",
            "5:41 a list of host names is wanted, not a text",
            "6:7 `fly` is not something that a system can do",
            "7:8 `maybe` is no way to reset",
            "9:3 unknown key `chatt`",
            "10:17 `x` is no path",
            "10:26 nothing is known by the name `mesage`",
            "10:49 unknown field `txt`",
            "10:69 not a JSONPath (RFC 9535): parser error",
            "11:16 the expression has no group",
        ],
    );
}

#[test]
fn what_is_missing_is_told() {
    check("kind: embedded\n", &["1:1 `system` is missing"]);
    check("system: s\n", &["1:1 nothing says how the system is run"]);
    check("system: s\nkind: process\n", &["1:1 `process` is missing"]);
    check("system: s\nprocess: { ready: /x }\n", &["2:10 `command` is missing"]);
    check("system: s\nprocess: { command: [x], directory: nowhere }\n", &["2:37 there is no `nowhere`"]);
    check(
        "system: s\nprocess: { command: [x], directory: ../.. }\n",
        &["2:37 `../..` lies outside the project's folder"],
    );
    check("system: s\nurl: http://x\ncan: [reset]\n", &["1:1 a system that can `reset` says how"]);
    check(
        "system: s\nurl: http://x\nverbs: { budget: { get: /b } }\n",
        &["1:1 requests carry a learner's token, and nothing says in which header"],
    );
    assert_eq!(
        shown(&system(&[], "nowhere.yaml").unwrap_err()),
        ["0:0 there is no system of this name and no such file"]
    );
}

#[test]
fn files_that_extend_each_other_for_ever_are_told() {
    let problems =
        system(&[("a.yaml", "system: a\nextends: b.yaml\n"), ("b.yaml", "system: b\nextends: a.yaml\n")], "a.yaml");
    assert_eq!(shown(&problems.unwrap_err()), ["2:10 more than 8 system files extend one another"]);
}
