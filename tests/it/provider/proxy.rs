//! The proxy that leads programs to the providers and nowhere else.

use super::kit::*;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use steadfast::model::{Seed, TrialKey};
use steadfast::platform::{http_client, tls_client};
use steadfast::provider::*;
use tempfile::TempDir;
use tokio_rustls::rustls::RootCertStore;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

fn decls() -> Vec<ProviderDecl> {
    let at = |name: &str, wire, host: &str| ProviderDecl { hosts: vec![host.to_owned()], ..decl(name, wire) };
    vec![
        at("claude", Wire::Anthropic, "api.anthropic.com"),
        at("deepseek", Wire::Deepseek, "api.deepseek.com"),
        at("ollama", Wire::Ollama, "localhost:11434"),
    ]
}

struct Inside {
    enclosure: Enclosure,
    folder: TempDir,
    runtime: tokio::runtime::Runtime,
}

impl Inside {
    fn new(script: Script) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut enclosure = Enclosure::start(&decls(), script, folder.path(), None).expect("it starts");
        enclosure.begin(trial(0), Seed::new(1));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { enclosure, folder, runtime }
    }

    fn variable(&self, name: &str) -> String {
        self.enclosure.environment(None).remove(name).unwrap_or_else(|| panic!("{name} is set"))
    }

    /// A client as a program has it that honours the environment.
    fn client(&self) -> reqwest::Client {
        let pem = std::fs::read(self.variable("SSL_CERT_FILE")).expect("the authority's certificate");
        let mut trusted = RootCertStore::empty();
        let certificates = CertificateDer::pem_slice_iter(&pem).map(|found| found.expect("a certificate"));
        trusted.add_parsable_certificates(certificates);
        self.client_trusting(trusted)
    }

    /// A client that takes the run's proxy.
    fn client_trusting(&self, trusted: RootCertStore) -> reqwest::Client {
        let proxy = reqwest::Proxy::all(self.variable("HTTPS_PROXY")).expect("a proxy");
        let config = tls_client().expect("safe versions").with_root_certificates(trusted).with_no_client_auth();
        http_client().proxy(proxy).tls_backend_preconfigured(config).build().expect("a client")
    }

    fn ask(&self, client: &reqwest::Client, url: &str) -> reqwest::Result<(u16, String)> {
        let body = json!({"model": "deepseek-chat", "messages": [{"role": "user", "content": "Hi"}]});
        self.runtime.block_on(async {
            let answer = client.post(url).bearer_auth("sk-right").json(&body).send().await?;
            let status = answer.status().as_u16();
            Ok((status, answer.text().await?))
        })
    }

    /// What the proxy answers to these bytes.
    fn raw(&self, bytes: &[u8]) -> String {
        let proxy = self.variable("STEADFAST_PROXY");
        let mut stream = TcpStream::connect(proxy).expect("the proxy listens");
        stream.set_read_timeout(Some(SOON)).expect("a timeout");
        stream.write_all(bytes).expect("it reads");
        let mut answer = Vec::new();
        // A reset ends the answer as well.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    fn end(&mut self) -> EnclosedTrial {
        self.enclosure.end(SOON)
    }
}

fn two(trial: &EnclosedTrial) -> Vec<(&str, &StrayKind, Option<TrialKey>)> {
    trial.strays.attempts.iter().map(|stray| (stray.host.as_str(), &stray.kind, stray.trial)).collect()
}

#[test]
fn a_hard_coded_https_address_leads_to_its_mock() {
    let mut inside = Inside::new(always(reply("Salut")));
    let client = inside.client();
    for path in ["/chat/completions", "/v1/chat/completions"] {
        let (status, text) = inside.ask(&client, &format!("https://api.deepseek.com{path}")).expect("an answer");
        assert_eq!(status, 200, "{text}");
        assert!(text.contains("Salut [sf-"), "{text}");
    }
    let trial = inside.end();
    assert_eq!(trial.calls.calls.len(), 2);
    assert_eq!(trial.strays.count, 0);
    let reach = inside.enclosure.reach();
    let expected = [("claude", Reach::Never), ("deepseek", Reach::Reached), ("ollama", Reach::Never)];
    assert_eq!(reach, expected.map(|(provider, reach)| (name(provider), reach)));
    drop(client);
    inside.enclosure.shutdown();
}

#[test]
fn a_plain_http_address_leads_to_its_mock_too() {
    let mut inside = Inside::new(always(reply("Salut")));
    let client = inside.client();
    for _ in 0..2 {
        let (status, text) = inside.ask(&client, "http://api.deepseek.com/chat/completions").expect("an answer");
        assert_eq!(status, 200, "{text}");
    }
    assert_eq!(inside.end().calls.calls.len(), 2);
}

#[test]
fn a_fault_reaches_the_client_through_the_tls() {
    for fault in [Fault::Reset(ResetAt::Middle), Fault::Truncate(ResetAt::Middle), Fault::Reset(ResetAt::Start)] {
        let behaviour = Behaviour { fault: Some(fault), ..reply("a text that is long enough to be cut") };
        let mut inside = Inside::new(always(behaviour));
        let client = inside.client();
        let answer = inside.ask(&client, "https://api.deepseek.com/chat/completions");
        assert!(answer.is_err(), "{fault:?}: {answer:?}");
        let trial = inside.end();
        assert_eq!((trial.calls.calls.len(), trial.quiet.in_flight), (1, 0), "{fault:?}");
    }
}

#[test]
fn every_other_host_is_refused_by_name_and_noted_for_the_trial_under_way() {
    let mut inside = Inside::new(Script::default());
    let tunnel = inside.raw(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n");
    assert!(tunnel.starts_with("HTTP/1.1 403 example.com refused by steadfast\r\n"), "{tunnel}");
    let plain = inside.raw(b"GET http://10.1.2.3:81/x HTTP/1.1\r\nHost: 10.1.2.3:81\r\n\r\n");
    assert!(plain.contains("10.1.2.3:81 is no provider"), "{plain}");
    let first = inside.end();
    let refused = &StrayKind::Refused;
    assert_eq!(two(&first), [("example.com:443", refused, Some(trial(0))), ("10.1.2.3:81", refused, Some(trial(0)))]);
    inside.enclosure.begin(trial(1), Seed::new(1));
    inside.raw(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n");
    let second = inside.end();
    assert_eq!(two(&second), [("example.com:443", refused, Some(trial(1)))]);
}

#[test]
fn a_host_that_is_asked_for_again_and_again_is_told_once_and_counted() {
    let mut inside = Inside::new(Script::default());
    for _ in 0..5 {
        inside.raw(b"CONNECT example.com:443 HTTP/1.1\r\n\r\n");
    }
    let trial = inside.end();
    assert_eq!((trial.strays.attempts.len(), trial.strays.count), (1, 5));
}

#[test]
fn this_machine_is_spared_also_by_a_client_that_asks_the_proxy_for_it() {
    let mut inside = Inside::new(always(reply("Salut")));
    let mock = inside.variable("ANTHROPIC_BASE_URL");
    let host = mock.trim_start_matches("http://").to_owned();
    let through = inside.raw(format!("GET {mock}/v1/models HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes());
    assert!(through.starts_with("HTTP/1.1 401"), "it came to the mock, which wants a key: {through}");
    let request =
        format!("CONNECT {host} HTTP/1.1\r\n\r\nGET /v1/models HTTP/1.1\r\nConnection: close\r\nHost: x\r\n\r\n");
    let tunnelled = inside.raw(request.as_bytes());
    assert!(tunnelled.starts_with("HTTP/1.1 200") && tunnelled.contains("401"), "{tunnelled}");
    assert_eq!(inside.end().strays.count, 0);
}

#[test]
fn a_client_that_does_not_trust_the_run_is_told_from_one_that_never_came() {
    let mut inside = Inside::new(always(reply("Salut")));
    let stranger = inside.client_trusting(RootCertStore::empty());
    assert!(inside.ask(&stranger, "https://api.deepseek.com/chat/completions").is_err());
    eventually("it is in the books", || inside.enclosure.reach().contains(&(name("deepseek"), Reach::Direct)));
    let trial = inside.end();
    assert!(matches!(trial.strays.attempts[0].kind, StrayKind::Distrusted { .. }), "{:?}", trial.strays);
}

#[test]
fn what_went_past_the_proxy_is_told_with_its_client() {
    let mut inside = Inside::new(Script::default());
    inside.raw(b"GET http://direct.steadfast.invalid/?host=api.deepseek.com&port=443&client=aiohttp HTTP/1.1\r\n\r\n");
    inside.raw(b"GET http://direct.steadfast.invalid/?host=ex%C3%A4mple.com&client=x%0Ay HTTP/1.1\r\n\r\n");
    let trial = inside.end();
    let past = |client: &str| StrayKind::PastProxy { client: client.to_owned() };
    let (aiohttp, other) = (past("aiohttp"), past("xy"));
    let seen: Vec<_> = two(&trial).into_iter().map(|(host, kind, _)| (host, kind)).collect();
    assert_eq!(seen, [("api.deepseek.com:443", &aiohttp), ("exämple.com", &other)]);
    assert!(inside.enclosure.reach().contains(&(name("deepseek"), Reach::Direct)));
}

#[test]
fn a_provider_that_is_scripted_and_never_asked_is_known() {
    let script = Script {
        providers: BTreeMap::from(["claude", "deepseek"].map(|p| (name(p), ProviderScript::Always(reply("Salut"))))),
        ..Script::default()
    };
    let mut inside = Inside::new(script);
    let client = inside.client();
    inside.ask(&client, "https://api.deepseek.com/chat/completions").expect("an answer");
    inside.end();
    assert_eq!(inside.enclosure.never_asked(), [name("claude")]);
}

#[test]
fn what_is_no_request_to_a_proxy_harms_nobody() {
    let mut inside = Inside::new(always(reply("Salut")));
    let endless = vec![b'a'; 200_000];
    let nonsense: [&[u8]; 5] = [
        b"\x16\x03\x01\x00\x05hello\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n",
        b"CONNECT api.deepseek.com:443 HTTP/1.1\r\n\r\n\x16\x03\x01 this is no handshake",
        &endless,
    ];
    for bytes in nonsense {
        let proxy = inside.variable("STEADFAST_PROXY");
        let mut stream = TcpStream::connect(proxy).expect("the proxy listens");
        let _ = stream.write_all(bytes);
        drop(stream);
    }
    let client = inside.client();
    let (status, _) = inside.ask(&client, "https://api.deepseek.com/chat/completions").expect("an answer");
    assert_eq!(status, 200);
    inside.end();
    inside.enclosure.shutdown();
    drop(inside.folder);
}
