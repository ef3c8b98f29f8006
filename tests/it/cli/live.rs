//! `--live`: a host on this machine plays the real provider.

use crate::cli::kit::Project;
use std::collections::BTreeMap;
use steadfast::model::{Position, RoundId, Seed, TrialKey};
use steadfast::provider::*;

const KEY: &str = "sk-users-own-key-12345";

/// A host that accepts the user's key, and nobody else's.
fn host() -> Providers {
    let decl = ProviderDecl {
        name: ProviderName::new("anthropic"),
        wire: Wire::Anthropic,
        hosts: Vec::new(),
        key: Some(KEY.to_owned()),
        replay: None,
        prices: BTreeMap::new(),
    };
    let options = ProvidersOptions { attribution: Attribution::ByArrival, ..ProvidersOptions::default() };
    let host = Providers::start(&[decl], options).expect("it starts");
    let reply = Reply { usage: Usage::Given { input: 100, output: 100 }, ..Reply::text("Bonjour, et bienvenue.") };
    let script = ProviderScript::Always(Behaviour::plain(Answer::Reply(reply)));
    let script = Script { any: Some(script), ..Script::default() };
    host.begin(TrialKey { round: RoundId(0), position: Position(0) }, Seed::new(0), script);
    host
}

const LIVE: &str = "\
scenario: a real model greets
live: [claude]
answers: { of: 3, at_least: 2 }
steps:
  - chat: { language: fr, provider: claude, message: Please greet me. }
    expect: { status: 200, provider: claude, text: { contains: bienvenue }, cost: { at_least: 0.0000001 } }
calls: { claude: 1 }
";

#[test]
fn live_cases_ask_the_real_provider_within_their_limit_and_nowhere_else() {
    let host = host();
    let url = host.url(&ProviderName::new("anthropic")).expect("it is declared");
    let real = format!("claude={url}");
    let project = Project::that_passes().with("scenarios/live.yaml", LIVE);
    let key = [("ANTHROPIC_API_KEY", KEY.to_owned())];

    let usual = project.run(&["run", "--rounds", "1", "--no-history"]);
    assert_eq!(usual.code, Some(0), "{}{}", usual.out, usual.err);
    let cases = project.report()["cases"].as_array().expect("cases").len();
    assert_eq!(cases, 4, "the live case is neither run nor skipped");

    let limited = ["run", "--no-history", "--live", &real, "--record", "tapes", "--spend-limit", "0.50"];
    let live = project.run_with(&limited, &key);
    assert_eq!(live.code, Some(0), "{}{}", live.out, live.err);
    assert!(live.out.contains("3 live calls"), "{}", live.out);
    let report = project.report();
    assert_eq!(report["cases"].as_array().expect("cases").len(), 1, "only the live case was run");
    assert!(report.to_string().contains("3 of 3 answers were as expected (100 %"), "{report:#}");
    assert!(project.read("tapes/claude.jsonl").contains("bienvenue"));
    for file in ["tapes", "reports"].into_iter().flat_map(|folder| project.files(folder)) {
        let bytes = std::fs::read(&file).expect("a file");
        assert!(!String::from_utf8_lossy(&bytes).contains(KEY), "the key stands in {}", file.display());
    }

    let asked = host.calls_since(Seq(0)).len();
    let poor = project.run_with(&["run", "--no-history", "--live", &real, "--spend-limit", "0.0001"], &key);
    assert_eq!(poor.code, Some(3), "what was not run is unproven: {}{}", poor.out, poor.err);
    assert!(poor.out.contains("a live call was not made: --spend-limit 0.0001"), "{}", poor.out);
    assert_eq!(host.calls_since(Seq(0)).len(), asked, "no call was started");

    let unlimited = project.run_with(&["run", "--live", &real], &key);
    assert_eq!(unlimited.code, Some(2));
    assert!(unlimited.err.contains("--spend-limit"), "{}", unlimited.err);
    let far = project.run_with(&["run", "--live", "claude", "--spend-limit", "1"], &key);
    assert_eq!(far.code, Some(2), "{}{}", far.out, far.err);
    assert!(far.err.contains("--allow-network"), "{}", far.err);
    host.shutdown();
}

#[test]
fn mocks_are_compared_with_real_providers_within_a_limit_of_money() {
    let host = host();
    let url = host.url(&ProviderName::new("anthropic")).expect("it is declared");
    let real = format!("claude={url}");
    let project = Project::that_passes();
    let key = [("ANTHROPIC_API_KEY", KEY.to_owned())];
    let verify = |more: &[&str]| {
        let arguments = [["providers", "verify", "--live"].as_slice(), more].concat();
        project.run_with(&arguments, &key)
    };

    let alike = verify(&[&real, "--spend-limit", "0.50", "--record", "real"]);
    assert_eq!(alike.code, Some(0), "{}{}", alike.out, alike.err);
    alike.says(&["5 exchanges compared: the mocks answer as the real ones did", "spent 0.0003 of 0.5"]);
    let tape = project.read("real/claude.jsonl");
    assert!(tape.lines().count() == 5 && tape.contains("bienvenue") && !tape.contains(KEY), "{tape}");
    project.run(&["providers", "verify", "--recording", "real"]).exits(0).says(&["5 exchanges compared"]);

    let asked = host.calls_since(Seq(0)).len();
    let poor = verify(&[&real, "--spend-limit", "0"]);
    assert_eq!(poor.code, Some(3), "{}{}", poor.out, poor.err);
    poor.says(&["not asked: claude: --spend-limit 0", "spent 0"]);
    let free = host.calls_since(Seq(0)).into_iter().skip(asked);
    assert!(free.into_iter().all(|call| call.endpoint.as_str() == "models"), "what is free was asked");

    // A host that speaks another form: what it says of a path that it does not know is not what the mock says.
    let other = verify(&[&format!("mistral={url}"), "--spend-limit", "0.50"]);
    assert_eq!(other.code, Some(1), "{}{}", other.out, other.err);
    other.says(&["mistral POST /v1/chat/completions", "    real  ", "    mock  "]);

    for wrong in [&[real.as_str()][..], &["claude", "--spend-limit", "1"], &["nobody", "--spend-limit", "1"]] {
        assert_eq!(verify(wrong).code, Some(2), "{wrong:?}");
    }
    host.shutdown();
}
