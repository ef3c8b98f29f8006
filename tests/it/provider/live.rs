//! Live mode: calls go on to a host that plays the real provider, with the user's key and within a limit of money.

use super::kit::*;
use futures_util::StreamExt;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use steadfast::model::{Money, Seed};
use steadfast::provider::*;

fn dollars(text: &str) -> Money {
    text.parse().expect("an amount")
}

/// A front before the host that a kit plays. The host accepts `sk-right` only; the system is handed another key.
struct Passing {
    front: Providers,
    purse: Arc<Purse>,
    folder: tempfile::TempDir,
}

impl Passing {
    fn new(host: &Kit, wire: Wire, limit: &str, script: Script) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let purse = Arc::new(Purse::new(&folder.path().join("spending"), dollars(limit)));
        let price = Price { input: dollars("0.00025"), output: dollars("0.00125"), ..Price::default() };
        let decl = ProviderDecl { key: None, prices: BTreeMap::from([("m".to_owned(), price)]), ..decl("real", wire) };
        let real = LiveHost { base: host.url(wire), key: Some("sk-right".to_owned()) };
        let live = Live { hosts: BTreeMap::from([(name("real"), real)]), purse: purse.clone() };
        let recorder = Recorder::new(&folder.path().join("tapes"), BTreeSet::new()).expect("a folder");
        let options =
            ProvidersOptions { live: Some(live), recorder: Some(Arc::new(recorder)), ..ProvidersOptions::default() };
        let front = Providers::start(&[decl], options).expect("it starts");
        front.begin(trial(0), Seed::new(5), script);
        front.sent("Hello");
        Self { front, purse, folder }
    }

    /// A request of a system that knows the key that it was handed, and no other.
    fn request(&self, client: &reqwest::Client, wire: Wire, stream: bool) -> reqwest::RequestBuilder {
        let mut body = hello(wire, stream);
        body["max_tokens"] = json!(100);
        let url = self.front.url(&name("real")).expect("it is declared") + path_of(wire, &body);
        let request = client.post(url).header("anthropic-version", "2023-06-01").body(body.to_string());
        match wire {
            Wire::Anthropic => request.header("x-api-key", "key-of-real"),
            _ => request.bearer_auth("key-of-real"),
        }
    }

    fn calls(&self) -> Vec<Call> {
        self.front.calls_since(Seq(0))
    }

    fn tape(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("tapes/real.jsonl")).expect("a tape")
    }
}

/// A reply of which the usage is known.
fn priced() -> Behaviour {
    let usage = Usage::Given { input: 100, output: 100 };
    Behaviour::plain(Answer::Reply(Reply { usage, ..Reply::text("Bonjour, et bienvenue à tous.") }))
}

/// What such a reply costs.
const COST: i64 = 25_000 + 125_000;

#[test]
fn a_call_goes_on_with_the_users_key_and_comes_back_as_it_was_given() {
    for (wire, stream) in [(Wire::Anthropic, false), (Wire::Anthropic, true), (Wire::Openai, true)] {
        let host = Kit::new(always(priced()));
        let passing = Passing::new(&host, wire, "1", Script::default());
        let seen = host.send(passing.request(&host.client, wire, stream)).expect("an answer");
        assert_eq!(seen.status, 200, "{}", seen.text);
        let calls = passing.calls();
        let [call] = calls.as_slice() else { panic!("{calls:?}") };
        assert_eq!((call.matched, call.status, call.ended), (Matched::Live, Some(200), Ended::Completed));
        let said = call.said.as_deref().expect("it has a text");
        assert!(said.starts_with("Bonjour, et bienvenue à tous."), "{said}");
        assert_eq!(host.only_call().status, Some(200));
        let spent = passing.purse.spent().expect("a file");
        // OpenAI tells no usage in a stream unless it is asked: then the worst case is spent.
        let told = wire != Wire::Openai;
        assert_eq!(spent.settled.nanos() == COST, told, "{spent:?}");
        assert_eq!(spent.reserved, Money::default());
        passing.front.quiet_blocking(SOON);
        let tape = passing.tape();
        assert!(tape.contains("Bonjour") && !tape.contains("sk-right") && !tape.contains("key-of-real"), "{tape}");
        passing.front.shutdown();
    }
}

#[test]
fn a_wrong_key_is_refused_by_the_real_provider_and_costs_nothing() {
    let host = Kit::new(always(priced()));
    let script = Script { wrong_key: vec![name("real")], ..Script::default() };
    let passing = Passing::new(&host, Wire::Anthropic, "1", script);
    let seen = host.send(passing.request(&host.client, Wire::Anthropic, false)).expect("an answer");
    assert_eq!((seen.status, seen.json()["error"]["type"].as_str()), (401, Some("authentication_error")));
    let spent = passing.purse.spent().expect("a file");
    assert_eq!((spent.calls, spent.settled), (1, Money::default()));
}

#[test]
fn what_has_no_price_or_no_bound_is_not_asked() {
    let host = Kit::new(always(priced()));
    let passing = Passing::new(&host, Wire::Openai, "1", Script::default());
    let url = passing.front.url(&name("real")).expect("it is declared") + path(Wire::Openai);
    let ask = |body: serde_json::Value| {
        let request = host.client.post(&url).bearer_auth("key-of-real").body(body.to_string());
        let seen = host.send(request).expect("an answer");
        (seen.status, seen.json()["error"]["message"].as_str().unwrap_or_default().to_owned())
    };
    let message = json!([{"role": "user", "content": "Hello"}]);
    let (status, why) = ask(json!({"model": "unheard-of", "messages": message, "max_tokens": 5}));
    assert!(status == 402 && why.contains("the model `unheard-of` has no price"), "{status} {why}");
    let (status, why) = ask(json!({"model": "m", "messages": message}));
    assert!(status == 402 && why.contains("nothing bounds what this call to `m` costs"), "{status} {why}");
    assert!(passing.calls().iter().all(|call| call.matched == Matched::NotMade));
    assert!(host.providers.calls_since(Seq(0)).is_empty());
}

#[test]
fn a_provider_that_breaks_off_has_cost_the_worst_case() {
    let reset = Behaviour { fault: Some(Fault::Reset(ResetAt::Middle)), ..priced() };
    let host = Kit::new(always(reset));
    let passing = Passing::new(&host, Wire::Anthropic, "1", Script::default());
    let seen = host.send(passing.request(&host.client, Wire::Anthropic, true));
    assert!(seen.is_err(), "{seen:?}");
    passing.front.quiet_blocking(SOON);
    let spent = passing.purse.spent().expect("a file");
    assert!(spent.settled.nanos() > COST && spent.reserved == Money::default(), "{spent:?}");
}

#[test]
fn a_thousand_calls_that_race_never_pass_the_limit() {
    let host = Kit::new(always(priced()));
    let passing = Passing::new(&host, Wire::Anthropic, "0.05", Script::default());
    let statuses: Vec<u16> = host.runtime.block_on(async {
        let calls = (0..1000).map(|_| async {
            let answer = passing.request(&host.client, Wire::Anthropic, false).send().await.expect("an answer");
            let status = answer.status().as_u16();
            answer.bytes().await.expect("a body");
            status
        });
        futures_util::stream::iter(calls).buffer_unordered(100).collect().await
    });
    let count = |wanted: u16| statuses.iter().filter(|status| **status == wanted).count() as u64;
    passing.front.quiet_blocking(SOON);
    let spent = passing.purse.spent().expect("a file");
    assert_eq!((count(200), count(402)), (spent.calls, spent.refused));
    assert_eq!(count(200) + count(402), 1000);
    assert!(spent.most <= dollars("0.05"), "{spent:?}");
    assert_eq!(spent.settled.nanos(), COST * i64::try_from(spent.calls).expect("few"));
    // Close to the limit, and never beyond: one more worst case would not have fitted.
    assert!(spent.settled > dollars("0.049"), "{spent:?}");
    assert_eq!(host.providers.calls_since(Seq(0)).len() as u64, spent.calls);
}
