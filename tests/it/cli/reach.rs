//! A scenario and a system file reach nothing beyond this machine, the project and the run's own folders.

use crate::cli::fake::chat;
use crate::cli::kit::{Project, Running};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};

const RUN: &[&str] = &["run", "--orders", "declared", "--rounds", "1", "--no-alone", "--system"];

fn project(system: &str) -> Project {
    let scenario = chat("a chat", "{ claude: { reply: Bonjour } }", "Hello", "{ status: 200 }", "");
    Project::new().with("s.yaml", system).with("scenarios/chat.yaml", scenario)
}

fn run(project: &Project, more: &[&str]) -> crate::cli::kit::Ended {
    let arguments: Vec<&str> = RUN.iter().chain(&["s.yaml"]).chain(more).copied().collect();
    project.run(&arguments)
}

#[test]
fn a_system_on_another_machine_needs_to_be_allowed() {
    for url in ["https://example.com", "http://127.0.0.1@example.com", "http://192.0.2.1:80", "http://0.0.0.0:1"] {
        let project = project(&format!("system: s\nextends: embedded\nurl: {url}\nreset: none\ncan: []\n"));
        run(&project, &[]).exits(2).says(&["--allow-network", "of another machine"]);
        assert!(!project.path("reports/runs").exists(), "nothing was started");
        project.run(&["check", "--system", "s.yaml"]).exits(0);
    }
    // Only known once the environment is: told by the worker.
    let project = project("system: s\nextends: embedded\nurl: \"http://${env.WHERE}\"\nreset: none\ncan: []\n");
    let arguments: Vec<&str> = RUN.iter().chain(&["s.yaml"]).copied().collect();
    let mut command = project.command(&arguments);
    command.env("WHERE", "192.0.2.1:80");
    let ended = Running::of(command).wait();
    assert!([1, 2, 4].contains(&ended.code.unwrap_or_default()), "{:?}", ended.code);
    ended.says(&["--allow-network"]);
    project.assert_nothing_left();
}

#[test]
fn a_system_on_this_machine_is_asked_itself_and_no_redirect_or_proxy_is_followed() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // Sends everybody on to another address, which the client must not follow.
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _ = stream.read(&mut [0; 65536]);
            let _ = stream.write_all(
                b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/secret\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            );
        }
    });
    let system = format!("system: s\nextends: embedded\nurl: http://127.0.0.1:{port}\nreset: none\ncan: []\n");
    let raw = "scenario: raw\nsteps:\n  - http: { get: /x, auth: none }\n    expect: { status: 302 }\n";
    let project = Project::new().with("s.yaml", system).with("scenarios/raw.yaml", raw);
    let arguments: Vec<&str> = RUN.iter().chain(&["s.yaml"]).copied().collect();
    let mut command = project.command(&arguments);
    command.env("http_proxy", "http://192.0.2.1:9").env("HTTP_PROXY", "http://192.0.2.1:9");
    let ended = Running::of(command).wait().exits(0);
    assert!(ended.out.contains("PASSED"), "{}", ended.out);
    project.assert_nothing_left();
}

#[test]
fn a_reset_by_sql_opens_no_file_outside_and_attaches_none() {
    let outside = tempfile::tempdir().expect("a folder");
    let target = outside.path().join("precious.db");
    std::fs::write(&target, "").expect("a file");
    let process = "process: { command: [\"${steadfast}\", tutor, --port, \"${port}\"], ready: /health }";
    let with = |file: &str, statement: &str| {
        project(&format!(
            "system: s\nextends: process\n{process}\nreset: {{ sql: {{ file: {file:?}, statements: [{statement:?}] }} }}\n"
        ))
    };
    let create = "CREATE TABLE stolen (x)";
    for file in [target.display().to_string(), "../precious.db".to_owned()] {
        run(&with(&file, create), &[]).exits(1).says(&["outside the project"]);
    }
    let linked = with("link.db", create);
    std::os::unix::fs::symlink(&target, linked.path("link.db")).expect("a link");
    run(&linked, &[]).exits(1).says(&["outside the project"]);
    let attach = format!("ATTACH DATABASE '{}' AS other", target.display());
    run(&with("own.db", &attach), &[]).exits(1).says(&["attached"]);
    assert_eq!(std::fs::read(&target).expect("it is there"), b"", "it was written to");
    let own = with("own.db", "CREATE TABLE IF NOT EXISTS own (x)");
    let ended = run(&own, &[]);
    assert!(own.path("own.db").is_file(), "{}", ended.out);
    own.assert_nothing_left();
}

#[test]
fn no_key_of_a_scenario_or_system_file_reads_a_file_outside() {
    let outside = tempfile::tempdir().expect("a folder");
    std::fs::write(outside.path().join("base.yaml"), "system: b\nextends: embedded\n").expect("a file");
    std::fs::write(outside.path().join("body.json"), "{}").expect("a file");
    let far = outside.path().display();
    for system in
        [format!("system: s\nextends: {far}/base.yaml\n"), "system: s\nextends: ../../base.yaml\n".to_owned(), {
            format!("system: s\nextends: process\nprocess: {{ command: [x], directory: {far} }}\n")
        }]
    {
        let ended = run(&project(&system), &[]).exits(2);
        assert!(ended.err.contains("outside the project") || ended.err.contains("no system"), "{}", ended.err);
    }
    let linked = project("system: s\nextends: link/base.yaml\n");
    std::os::unix::fs::symlink(outside.path(), linked.path("link")).expect("a link");
    run(&linked, &[]).exits(2).says(&["outside the project"]);
    for fixture in [format!("{far}/body.json"), "../body.json".to_owned(), "link/body.json".to_owned()] {
        let text =
            chat("a fixture", &format!("{{ claude: {{ fixture: {fixture:?} }} }}"), "Hello", "{ status: 200 }", "");
        let project = Project::new().with("scenarios/fixture.yaml", text);
        std::os::unix::fs::symlink(outside.path(), project.path("link")).expect("a link");
        project.run(&["run"]).exits(2).says(&["outside the project"]);
    }
    let project = Project::that_passes();
    let system = outside.path().join("base.yaml").display().to_string();
    project.run(&["run", "--system", &system]).exits(2).says(&["outside the project"]);
}
