//! Faults of the connection, as a client sees them and as the journal tells them.

use super::kit::*;
use std::time::Duration;
use steadfast::provider::*;

#[test]
fn a_reset_before_the_status_line_is_a_reset() {
    let kit = Kit::new(always(Behaviour { fault: Some(Fault::Reset(ResetAt::Start)), ..reply("Hi") }));
    let (came, end) = exchange(&kit, Wire::Mistral, &raw_request(Wire::Mistral, &hello(Wire::Mistral, false)));
    assert_eq!(came, b"");
    assert_eq!(end.map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionReset));
    assert_eq!(kit.only_call().ended, Ended::Reset { bytes: 0 });
    assert_eq!(kit.only_call().status, None);
}

#[test]
fn what_hangs_is_reset_when_the_trial_is_over() {
    let kit = Kit::new(always(Behaviour::plain(Answer::Hang)));
    let waiting = std::thread::scope(|scope| {
        let client =
            scope.spawn(|| exchange(&kit, Wire::Openai, &raw_request(Wire::Openai, &hello(Wire::Openai, false))));
        eventually("the call is in flight", || kit.providers.in_flight() == 1);
        let quiet = kit.providers.quiet_blocking(Duration::from_secs(5));
        assert_eq!((quiet.cut, quiet.in_flight), (0, 0));
        client.join().expect("the client ends")
    });
    assert_eq!(waiting.1.map_err(|error| error.kind()), Err(std::io::ErrorKind::ConnectionReset));
    assert_eq!(kit.providers.end().calls[0].ended, Ended::Hung);
}
