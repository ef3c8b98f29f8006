//! Clients that send what no client should.

use super::kit::*;
use std::io::Write;
use steadfast::provider::*;

fn still_answers(kit: &Kit) {
    for wire in chats() {
        assert_eq!(kit.ask(wire, &hello(wire, false)).status, 200, "{wire:?}");
    }
}

#[test]
fn garbage_is_refused_and_does_no_harm() {
    let kit = Kit::new(always(reply("Hi")));
    let garbage: [&[u8]; 8] = [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\0\0\0\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nhost: example.org\r\nconnection: close\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http://[::bad/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    ];
    for wire in chats() {
        for bytes in garbage {
            let (came, _) = exchange(&kit, wire, bytes);
            assert!(!came.starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&came));
        }
    }
    still_answers(&kit);
}

#[test]
fn a_request_without_a_path_is_a_call_that_nothing_covers() {
    let kit = Kit::new(always(reply("Hi")));
    _ = exchange(&kit, Wire::Openai, b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let ended = kit.providers.end();
    assert_eq!((ended.unscripted.len(), ended.calls[0].status), (1, Some(400)));
}

#[test]
fn bodies_that_are_no_request_are_refused_in_the_providers_shape() {
    let kit = Kit::new(always(reply("Hi")));
    let deep = "[".repeat(100_000);
    let bodies =
        ["", "{", "null", "[]", "\"x\"", "{\"model\": 5, \"messages\": {}, \"max_tokens\": \"many\"}", &deep, "\u{0}"];
    for wire in chats() {
        for body in bodies {
            let request = kit.request(wire, &serde_json::Value::Null).body(body.to_owned());
            let seen = kit.send(request).expect("an answer");
            assert!((400..500).contains(&seen.status), "{wire:?} {:.40}: {seen:?}", body);
            assert!(seen.json().is_object());
        }
    }
    still_answers(&kit);
}

#[test]
fn a_body_beyond_the_bound_is_413() {
    let options = ProvidersOptions { max_body: 10_000, ..ProvidersOptions::default() };
    let kit = Kit::with(always(reply("Hi")), options);
    for wire in chats() {
        let request = kit.request(wire, &serde_json::Value::Null).body("x".repeat(1_000_000));
        let seen = kit.send(request).expect("an answer");
        assert_eq!(seen.status, 413, "{wire:?}");
        assert!(seen.json().is_object());
    }
    still_answers(&kit);
}

#[test]
fn internal_headers_from_outside_mean_nothing() {
    let kit = Kit::new(always(reply("Hi")));
    let request = kit
        .request(Wire::Mistral, &hello(Wire::Mistral, false))
        .header("x-steadfast-call", "99999")
        .header("x-steadfast-delivery", "{\"hang\":true}")
        .header("x-steadfast-too-large", "1");
    assert_eq!(kit.send(request).expect("an answer").status, 200);
    assert!(kit.only_call().is_answered());
}

#[test]
fn a_client_that_gives_up_within_its_request_leaves_nothing_in_flight() {
    let kit = Kit::new(always(reply("Hi")));
    let mut stream = connect(&kit, Wire::Openai);
    stream
        .write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{\"model\"")
        .expect("it takes the request");
    eventually("the head is read", || kit.providers.in_flight() == 1);
    drop(stream);
    eventually("the hang-up is noticed", || kit.providers.in_flight() == 0);
    still_answers(&kit);
}

#[test]
fn a_journal_that_is_full_tells_what_it_dropped() {
    let journal = JournalLimits { calls: 3, text_bytes: 15 };
    let kit = Kit::with(always(reply("Hi")), ProvidersOptions { journal, ..ProvidersOptions::default() });
    for _ in 0..5 {
        assert_eq!(kit.ask(Wire::Ollama, &hello(Wire::Ollama, false)).status, 200);
    }
    let ended = kit.providers.end();
    assert_eq!((ended.calls.len(), ended.dropped), (3, 2));
    let with_texts: Vec<_> = ended.calls.iter().map(|call| !call.messages.is_empty()).collect();
    assert_eq!(with_texts, [true, false, false]);
}
