//! Tapes of servers that nobody here wrote (`checks/foreign_servers/run` makes them): they are played byte by byte, and the mocks
//! differ from them in what is known.

use super::kit::*;
use std::collections::BTreeMap;
use std::path::PathBuf;
use steadfast::provider::*;

const TAPES: [&str; 4] = ["claude", "gpt", "mistral", "piper"];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/tapes/foreign")
}

fn tape(provider: &str) -> Tape {
    let bytes = std::fs::read(folder().join(format!("{provider}.jsonl"))).expect("a tape");
    Tape::read(provider, &bytes, None, Pace::Instant).expect("a tape")
}

/// `STEADFAST_BLESS=1` writes anew what is known.
#[test]
fn the_mocks_differ_from_foreign_servers_in_what_is_known() {
    let scratch = tempfile::tempdir().expect("a folder");
    let mut told = String::new();
    for provider in TAPES {
        let compared = verify(&tape(provider), &scratch.path().join(provider)).expect("it compares");
        for ((request, difference), times) in compared.differences {
            let Difference { what, real, mock } = difference;
            told.push_str(&format!("{request}: {what}: real {real}; mock {mock}; {times}\n"));
        }
    }
    let known = folder().join("differences.txt");
    if std::env::var_os("STEADFAST_BLESS").is_some() {
        std::fs::write(&known, &told).expect("a file");
    }
    assert_eq!(told, std::fs::read_to_string(known).expect("what is known"));
}

#[test]
fn foreign_tapes_are_played_byte_by_byte() {
    for provider in TAPES {
        let tape = tape(provider);
        let wire = tape.exchanges().next().expect("an exchange").wire;
        let scripts = BTreeMap::from([(name(wire.as_str()), ProviderScript::Replay(tape.clone()))]);
        let kit = Kit::new(Script { providers: scripts, ..Script::default() });
        for exchange in tape.exchanges().filter(|exchange| exchange.ended == End::Completed) {
            let method = reqwest::Method::from_bytes(exchange.request.method.as_bytes()).expect("a method");
            let mut request = kit.client.request(method, kit.url(wire) + &exchange.request.target);
            for (name, value) in &exchange.request.headers {
                let value = if value == "[removed]" { "Bearer sk-right" } else { value };
                request = request.header(name, value);
            }
            let request = request.body(exchange.request.body.0.clone());
            let (status, body) = kit.runtime.block_on(async {
                let answer = request.send().await.expect("an answer");
                (answer.status().as_u16(), answer.bytes().await.expect("a body"))
            });
            let recorded = exchange.answer.as_ref().expect("it was answered");
            assert_eq!(status, recorded.status);
            assert!(body == recorded.body(), "{provider}: {} has other bytes", exchange.request.target);
        }
        kit.providers.shutdown();
    }
}
