//! What a program leaves behind is found from outside of it, whatever it is written in. Needs a `python3`.

use crate::cli::kit::{Project, case};
use std::process::Command;

/// A server that leaves something behind with each request to `/KIND`, and nothing with one to `/nothing`.
const SERVICE: &str = r#"
import http.server, os, socket, subprocess, sys, tempfile, threading

KEPT = []

def leave(kind):
    if kind == "thread":
        threading.Thread(target=threading.Event().wait, name="left", daemon=True).start()
    elif kind == "listener":
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        KEPT.append(listener)
    elif kind == "descriptor":
        KEPT.append(open(os.path.abspath(__file__)))
    elif kind == "process":
        # Detached: its parent is gone by the time anybody looks.
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.execvp("sleep", ["sleep", "600"])
            os._exit(0)
        os.wait()
    elif kind == "temporary_file":
        handle, path = tempfile.mkstemp()
        os.close(handle)
    elif kind == "memory":
        KEPT.append(bytearray(os.urandom(1)) * (512 * 1024))

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        leave(self.path.strip("/"))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass

http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

const SYSTEM: &str =
    "system: service\nprocess: { command: [python3, service.py, \"${port}\"], directory: ., ready: / }\n";

fn service(kind: &str) -> Option<Project> {
    if !Command::new("python3").arg("--version").output().is_ok_and(|found| found.status.success()) {
        #[allow(clippy::print_stderr, reason = "a test that skips says so")]
        {
            eprintln!("skipped: needs a python3");
        }
        return None;
    }
    let get = |path: &str| {
        format!("scenario: asks for {path}\nsteps:\n  - http: {{ get: /{path} }}\n    expect: {{ status: 200 }}\n")
    };
    let project = Project::new().with("service.py", SERVICE).with("service.yaml", SYSTEM);
    Some(project.with("scenarios/leaves.yaml", get(kind)).with("scenarios/spares.yaml", get("nothing")))
}

fn check(kind: &str, owner: &str) {
    let Some(project) = service(kind) else { return };
    project.run(&["run", "--system", "service.yaml", "--seed", "1", "--rounds", "1"]).exits(1);
    project.assert_nothing_left();
    let report = project.report();
    assert!(case(&report, "spares")["leaks"].is_null(), "{report:#}");
    let leaves = case(&report, "leaves");
    assert_eq!(leaves["verdict"], "leaky", "{leaves:#}");
    let leaks = leaves["leaks"].as_array().expect("leaks");
    let told = leaks.iter().find(|leak| leak["kind"] == kind).unwrap_or_else(|| panic!("{leaves:#}"));
    assert!(told["owner"].as_str().is_some_and(|told| told.contains(owner)), "{told:#}");
    let command = leaves["command"].as_str().expect("a command");
    assert!(command.contains("--filter leaves"), "{command}");
    assert!(project.read("reports/latest/report.html").contains("<figure class=\"course\">"));
    assert!(told["growth_per_trial"].as_f64().is_some_and(|growth| growth >= 1.0), "{told:#}");
}

#[test]
fn a_thread_per_request_of_a_program_is_found() {
    check("thread", "");
}

#[test]
fn a_listener_of_a_program_is_found() {
    check("listener", "a listening socket");
}

#[test]
fn a_file_that_a_program_keeps_open_is_found_by_its_path() {
    check("descriptor", "service.py");
}

#[test]
fn a_process_that_a_program_starts_and_detaches_from_is_found() {
    check("process", "sleep");
}

#[test]
fn a_temporary_file_of_a_program_is_found() {
    check("temporary_file", "tmp*");
}

#[test]
fn memory_of_a_program_is_found() {
    check("memory", "the processes of the system");
}

#[test]
fn a_program_that_leaves_nothing_is_not_accused() {
    let Some(project) = service("nothing-at-all") else { return };
    project.run(&["run", "--system", "service.yaml", "--seed", "1", "--rounds", "1"]).exits(0);
    project.assert_nothing_left();
}

/// A server of two workers that answers each request on an event loop of its own. Asked for `/keeps`, it keeps the
/// connection that it opened there, to itself, for the next request; asked for anything else, it closes it.
const WORKERS: &str = r#"
import asyncio, http.server, os, socket, sys

KEPT = []

async def connect(keeps):
    reader, writer = await asyncio.open_connection("127.0.0.1", BACKEND)
    if keeps:
        KEPT.append((reader, writer))
    else:
        writer.close()
        await writer.wait_closed()

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asyncio.run(connect(self.path == "/keeps"))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass

backend = socket.create_server(("127.0.0.1", 0))
BACKEND = backend.getsockname()[1]
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=16)
for _ in range(2):
    if os.fork() == 0:
        server = http.server.HTTPServer(listener.getsockname(), Handler, bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        server.serve_forever()
os.wait()
"#;

#[test]
fn what_outlives_its_event_loop_in_a_worker_is_told_with_its_place() {
    let Some(project) = service("keeps") else { return };
    let project = project.with("service.py", WORKERS);
    project.run(&["run", "--system", "service.yaml", "--seed", "1", "--rounds", "1", "--no-leaks"]).exits(1);
    project.assert_nothing_left();
    let report = project.report();
    let spares = case(&report, "spares");
    assert_eq!((&spares["verdict"], spares["leaks"].is_null()), (&"stable".into(), true), "{spares:#}");
    let leaves = case(&report, "leaves");
    assert_eq!(leaves["findings"], serde_json::json!(["loop_bound"]), "{leaves:#}");
    let place = leaves["leaks"][0]["where"].as_str().unwrap_or_default();
    assert!(place.contains("service.py:7 in connect"), "{leaves:#}");
}
