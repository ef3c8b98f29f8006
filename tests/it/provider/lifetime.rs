//! What providers leave behind: nothing.

use super::kit::*;
use std::io::{Read, Write};
use std::time::Duration;
use steadfast::model::Seed;
use steadfast::provider::*;

/// Threads of this process that belong to providers started here. wiremock's threads have the name of the thread that
/// started them, so that both kinds are counted by one name.
fn threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux");
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.filter(|name| name.trim() == "sf-providers").count()
}

/// Whether the connection between two ports is in TIME_WAIT on either side.
fn is_in_time_wait(port: u16, peer: u16) -> bool {
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("Linux");
    let (port, peer) = (format!(":{port:04X}"), format!(":{peer:04X}"));
    let rows = table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>());
    let is_it = |row: &Vec<&str>| {
        row[1].ends_with(&port) && row[2].ends_with(&peer) || row[1].ends_with(&peer) && row[2].ends_with(&port)
    };
    rows.filter(|row| row[3] == "06").any(|row| is_it(&row))
}

#[test]
fn seventy_servers_start_and_end() {
    let decls: Vec<_> = (0..70).map(|n| decl(&format!("p{n}"), Wire::ALL[n % 5])).collect();
    let providers = Providers::start(&decls, ProvidersOptions::default()).expect("they start");
    assert!(providers.port(&name("p69")).is_some());
    assert!(providers.shutdown().threads_ended);
}

#[test]
fn providers_end_within_a_runtime_and_when_they_are_dropped() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let providers = Providers::start(&all(), ProvidersOptions::default()).expect("they start");
        assert_eq!(providers.quiet(SOON).await.in_flight, 0);
        assert!(providers.shutdown().threads_ended);
        let providers = Providers::start(&all(), ProvidersOptions::default()).expect("they start");
        let port = providers.port(&name("ollama")).expect("it is declared");
        drop(providers);
        eventually("nobody listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_err());
    });
}

#[test]
fn a_hanging_client_does_not_keep_the_providers_from_ending() {
    let kit = Kit::new(always(Behaviour::plain(Answer::Hang)));
    let mut stream = connect(&kit, Wire::Ollama);
    stream.write_all(&raw_request(Wire::Ollama, &hello(Wire::Ollama, false))).expect("it takes the request");
    eventually("it hangs", || kit.providers.in_flight() == 1);
    let report = kit.providers.shutdown();
    assert_eq!((report.in_flight, report.threads_ended), (1, true));
    assert!(!matches!(stream.read(&mut [0; 10]), Ok(1..)), "no answer");
}

#[test]
fn the_same_name_twice_is_an_error() {
    let twice = [decl("a", Wire::Ollama), decl("a", Wire::Openai)];
    assert!(matches!(Providers::start(&twice, ProvidersOptions::default()), Err(ProviderError::Twice(_))));
}

#[test]
fn a_port_that_is_taken_is_an_error_and_a_free_one_is_used() {
    let first = Kit::new(Script::default());
    let port = first.providers.port(&name("ollama")).expect("it is declared");
    let options = ProvidersOptions { ports: [(name("a"), port)].into(), ..ProvidersOptions::default() };
    let decls = [decl("a", Wire::Ollama)];
    assert!(matches!(Providers::start(&decls, options.clone()), Err(ProviderError::Bind { .. })));
    first.providers.shutdown();
    let second = Providers::start(&decls, options).expect("the port is free again");
    assert_eq!(second.port(&name("a")), Some(port));
}

#[test]
fn connections_are_counted_and_closing_them_leaves_no_time_wait() {
    let kit = Kit::new(always(reply("Hi")));
    for _ in 0..3 {
        assert_eq!(kit.ask(Wire::Mistral, &hello(Wire::Mistral, false)).status, 200);
    }
    let port = kit.providers.port(&name("mistral")).expect("it is declared");
    assert_eq!(kit.providers.quiet_blocking(SOON).in_flight, 0);
    let books = kit.providers.connections().remove(&name("mistral")).expect("it is declared");
    assert_eq!((books.accepted, books.closed, books.open.len()), (1, 0, 1), "the client keeps its connection");
    assert!(!books.open[0].busy);
    let calls = kit.providers.end().calls;
    assert!(calls.iter().all(|call| call.connection == books.open[0].id));

    let mut peers = vec![books.open[0].peer_port];
    kit.providers.close_connections();
    let books = kit.providers.connections().remove(&name("mistral")).expect("it is declared");
    assert_eq!((books.accepted, books.closed, books.open.len()), (1, 1, 0));
    // A client that closes first gets a reset for its farewell.
    for _ in 0..3 {
        let mut stream = connect(&kit, Wire::Mistral);
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").expect("it takes the request");
        assert!(stream.read(&mut [0; 1000]).expect("an answer") > 0);
        peers.push(stream.local_addr().expect("it is connected").port());
    }
    eventually("all are closed", || kit.providers.connections()[&name("mistral")].open.is_empty());
    eventually("no socket waits", || !peers.iter().any(|peer| is_in_time_wait(port, *peer)));
    kit.providers.begin(trial(1), Seed::new(1), always(reply("Hi")));
    kit.providers.sent("Hello");
    // The client's own loop stood still meanwhile: it may have to fail once to find out.
    let request = || kit.request(Wire::Mistral, &hello(Wire::Mistral, false));
    eventually("the client connects again", || kit.send(request()).is_ok());
}

#[test]
fn thousands_of_calls_keep_the_servers_as_they_were() {
    // Beyond the number of calls after which wiremock is reset, which must lose none of them.
    let kit = Kit::new(always(reply("Hi")));
    for position in 0..250 {
        kit.providers.begin(trial(position), Seed::new(1), always(reply("Hi")));
        kit.providers.sent("Hello");
        let ask = || async {
            kit.request(Wire::Ollama, &hello(Wire::Ollama, false)).send().await.expect("an answer").status()
        };
        let statuses = kit.runtime.block_on(async {
            let statuses = tokio::join!(ask(), ask(), ask(), ask(), ask(), ask(), ask(), ask(), ask(), ask());
            assert_eq!(kit.providers.quiet(Duration::from_secs(5)).await.in_flight, 0);
            statuses
        });
        assert!(<[_; 10]>::from(statuses).iter().all(|status| status.as_u16() == 200));
        let ended = kit.providers.end();
        assert_eq!((ended.calls.len(), ended.unused.len(), ended.late.len()), (10, 0, 0));
        assert!(ended.calls.iter().all(Call::is_answered));
    }
}

#[test]
fn no_thread_is_left_when_providers_have_ended() {
    // Other tests of this program run providers of their own at the same time, and each ends them: what this waits for
    // comes true when they are done, unless somebody leaves threads behind.
    let providers: Vec<_> =
        (0..3).map(|_| Providers::start(&all(), ProvidersOptions::default()).expect("they start")).collect();
    assert!(threads() >= 3 * (1 + Wire::ALL.len()));
    for providers in providers {
        assert!(providers.shutdown().threads_ended);
    }
    eventually("every thread has ended", || threads() == 0);
}
