//! Faults of the connection, as a client sees them and as the journal tells them.

use super::kit::*;
use std::io::{ErrorKind, Read, Write};
use std::time::Duration;
use steadfast::provider::*;

fn with_fault(fault: Fault) -> Kit {
    let reply = Reply { chunks: vec!["one ".into(), "two ".into(), "three".into()], as_given: true, ..Reply::text("") };
    Kit::new(always(Behaviour { fault: Some(fault), ..Behaviour::plain(Answer::Reply(reply)) }))
}

/// What a client gets of the body, and how the connection ends.
fn body(kit: &Kit, wire: Wire, stream: bool) -> (Option<String>, Result<(), ErrorKind>) {
    let (came, end) = exchange(kit, wire, &raw_request(wire, &hello(wire, stream)));
    let came = String::from_utf8(came).expect("text");
    let body = came.split_once("\r\n\r\n").map(|(_, body)| body.to_owned());
    (body, end.map_err(|error| error.kind()))
}

#[test]
fn a_reset_before_the_status_line_is_a_reset() {
    for wire in chats() {
        let kit = with_fault(Fault::Reset(ResetAt::Start));
        assert_eq!(body(&kit, wire, false), (None, Err(ErrorKind::ConnectionReset)));
        assert_eq!((kit.only_call().ended, kit.only_call().status), (Ended::Reset { bytes: 0 }, None));
    }
}

#[test]
fn a_reset_strikes_where_it_is_told_to() {
    let reset = Err(ErrorKind::ConnectionReset);
    for wire in chats() {
        for stream in [false, true] {
            let kit = with_fault(Fault::Reset(ResetAt::Headers));
            assert_eq!(body(&kit, wire, stream), (Some(String::new()), reset));
            assert_eq!((kit.only_call().ended, kit.only_call().status), (Ended::Reset { bytes: 0 }, Some(200)));

            let kit = with_fault(Fault::Reset(ResetAt::Byte(10)));
            let (came, end) = body(&kit, wire, stream);
            let came = came.expect("the head came");
            let came = if stream { came.split_once("\r\n").expect("a chunk").1 } else { &came };
            assert_eq!((came.len(), end), (10, reset));
            assert_eq!(kit.only_call().ended, Ended::Reset { bytes: 10 });

            let kit = with_fault(Fault::Reset(ResetAt::Middle));
            assert_eq!(body(&kit, wire, stream).1, reset);
            let Ended::Reset { bytes } = kit.only_call().ended else { panic!("{:?}", kit.only_call().ended) };
            assert!(bytes > 50);
            assert!(!kit.only_call().is_answered());
        }
    }
}

#[test]
fn a_truncated_answer_ends_in_good_order_and_too_early() {
    for wire in chats() {
        for stream in [false, true] {
            for at in [ResetAt::Byte(25), ResetAt::Middle, ResetAt::Byte(u64::MAX), ResetAt::Headers] {
                let kit = with_fault(Fault::Truncate(at));
                let (came, end) = body(&kit, wire, stream);
                assert_eq!(end, Ok(()), "{wire:?} {at:?}");
                let misses_its_end = stream && at != ResetAt::Byte(u64::MAX);
                assert!(!(misses_its_end && came.expect("the head came").contains("[sf-")));
                assert!(matches!(kit.only_call().ended, Ended::Cut { .. }));
                assert!(!kit.only_call().is_answered());
                let error = kit.send(kit.request(wire, &hello(wire, stream))).expect_err("half an answer is none");
                assert!(error.is_body() || error.is_decode(), "{error:?}");
            }
        }
    }
}

#[test]
fn a_wrong_length_promises_more_or_less_than_there_is() {
    for wire in chats() {
        let kit = with_fault(Fault::WrongLength(20));
        assert!(kit.send(kit.request(wire, &hello(wire, false))).is_err());
        let kit = with_fault(Fault::WrongLength(-20));
        let seen = kit.ask(wire, &hello(wire, false));
        assert!(serde_json::from_str::<serde_json::Value>(&seen.text).is_err(), "{}", seen.text);
        let (came, end) = exchange(&kit, wire, &raw_request(wire, &hello(wire, false)));
        let came = String::from_utf8(came).expect("text");
        let (head, body) = came.split_once("\r\n\r\n").expect("the head came");
        assert!(head.contains(&format!("content-length: {}", body.len() - 20)), "{came}");
        assert!(end.is_ok());
        // More than all of it can't be missing.
        assert_eq!(with_fault(Fault::WrongLength(i64::MIN)).ask(wire, &hello(wire, true)).text, "");
    }
}

#[test]
fn a_trickled_answer_is_whole_and_slow() {
    let pause = Duration::from_micros(200);
    for stream in [false, true] {
        let kit = with_fault(Fault::Trickle(pause));
        let seen = kit.ask(Wire::Anthropic, &hello(Wire::Anthropic, stream));
        let call = kit.only_call();
        assert_eq!(call.ended, Ended::Completed);
        let bytes = u32::try_from(seen.text.len()).expect("a short text");
        assert!(call.answered.expect("it ended") - call.arrived >= pause * (bytes - 1));
    }
}

#[test]
fn what_hangs_is_reset_when_the_trial_is_over() {
    let kit = Kit::new(always(Behaviour::plain(Answer::Hang)));
    let (_, end) = std::thread::scope(|scope| {
        let client = scope.spawn(|| body(&kit, Wire::Openai, false));
        eventually("the call is in flight", || kit.providers.in_flight() == 1);
        let quiet = kit.providers.quiet_blocking(SOON);
        assert_eq!((quiet.cut, quiet.in_flight), (0, 0));
        client.join().expect("the client ends")
    });
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
    assert_eq!(kit.providers.end().calls[0].ended, Ended::Hung);
}

#[test]
fn what_takes_too_long_is_cut_at_the_deadline() {
    let kit = Kit::new(always(Behaviour { after: Duration::from_secs(600), ..reply("Hi") }));
    let (_, end) = std::thread::scope(|scope| {
        let client = scope.spawn(|| body(&kit, Wire::Ollama, false));
        eventually("the call is in flight", || kit.providers.calls_since(Seq(0)).len() == 1);
        let quiet = kit.providers.quiet_blocking(Duration::from_millis(10));
        assert_eq!((quiet.cut, quiet.in_flight), (1, 0));
        client.join().expect("the client ends")
    });
    assert_eq!(end, Err(ErrorKind::ConnectionReset));
    assert_eq!(kit.providers.end().calls[0].ended, Ended::Reset { bytes: 0 });
}

#[test]
fn a_client_that_hangs_up_is_noticed_wherever_the_answer_is() {
    let slow = Duration::from_secs(600);
    let streamed = Reply { chunks: vec!["a".into(), "b".into()], as_given: true, ..Reply::text("") };
    let behaviours = [
        Behaviour::plain(Answer::Hang),
        Behaviour { hold_until: Some(Barrier { calls: 9 }), ..reply("Hi") },
        Behaviour { after: slow, ..reply("Hi") },
        Behaviour { fault: Some(Fault::Trickle(slow)), ..reply("Hi") },
        Behaviour { every: slow, ..Behaviour::plain(Answer::Reply(streamed)) },
    ];
    for behaviour in behaviours {
        let goes_out = behaviour.fault.is_some() || !behaviour.every.is_zero();
        let kit = Kit::new(always(behaviour));
        let mut stream = connect(&kit, Wire::Ollama);
        stream.write_all(&raw_request(Wire::Ollama, &hello(Wire::Ollama, true))).expect("it takes the request");
        eventually("the call arrives", || kit.providers.calls_since(Seq(0)).len() == 1);
        if goes_out {
            assert!(stream.read(&mut [0; 4096]).expect("something comes") > 0);
        }
        drop(stream);
        eventually("the hang-up is noticed", || kit.providers.in_flight() == 0);
        let Ended::ClientGone { bytes } = kit.only_call().ended else { panic!("{:?}", kit.only_call()) };
        assert_eq!(bytes > 0, goes_out);
    }
}
