//! The tutor alone, started as `steadfast tutor` is. What only the embedded tutor uses is dead code here.
#![allow(dead_code, unused_imports, missing_docs)]

mod tutor;

use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use tutor::{Config, Endpoint, Endpoints, Place, StderrLog};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name).expect("the system file names it");
        arguments[at + 1].clone()
    };
    let endpoint = |name: &str| {
        let url = std::env::var(format!("{name}_BASE_URL")).expect("the harness names every provider");
        Endpoint::new(url, std::env::var(format!("{name}_API_KEY")).ok())
    };
    let config = Config {
        store: Place::File(PathBuf::from(value("--store"))),
        endpoints: Endpoints {
            claude: endpoint("CLAUDE"),
            mistral: endpoint("MISTRAL"),
            deepseek: endpoint("DEEPSEEK"),
            ollama: endpoint("OLLAMA"),
            piper: endpoint("PIPER"),
        },
        admin_token: Some(value("--admin-token")),
        password_iterations: 1000,
        log: Arc::new(StderrLog),
        ..Config::default()
    };
    let port = value("--port").parse().expect("a port");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("the port is free");
    let event_loop = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("an event loop");
    let ended = async {
        use tokio::signal::unix::{SignalKind, signal};
        signal(SignalKind::terminate()).expect("signals").recv().await;
    };
    event_loop.block_on(tutor::serve(config, listener, ended)).expect("it serves until it is told to end");
}
