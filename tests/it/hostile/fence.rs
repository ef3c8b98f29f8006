//! Programs that look for a way past the proxy: every name and every address is judged by where it leads.

use crate::cli::kit::Project;
use std::process::Command;

/// Addresses that lead nowhere (RFC 5737), names that lead nowhere (RFC 6761), and this machine.
const PYTHON: &str = r#"
import socket
out = open("seen", "w")
def tries(name, call):
    try:
        call()
        print(name, "went", file=out)
    except Exception as error:
        print(name, "steadfast" if "steadfast" in str(error) else "failed", file=out)
def connect(host):
    taken = socket.socket()
    taken.settimeout(2)
    taken.connect((host, 80))
def datagram():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
tries("bytearray", lambda: connect(bytearray(b"192.0.2.7")))
tries("bytes", lambda: connect(b"192.0.2.7"))
tries("sendmsg", lambda: datagram().sendmsg([b"x"], [], 0, ("192.0.2.7", 53)))
tries("fast-open", lambda: socket.socket().sendto(b"x", 0x20000000, ("192.0.2.7", 80)))
tries("by-address", lambda: socket.gethostbyaddr("192.0.2.7"))
tries("name-info", lambda: socket.getnameinfo(("192.0.2.7", 80), 0))
tries("name", lambda: socket.getaddrinfo("127.evil.invalid", 80))
tries("here", lambda: datagram().sendmsg([b"x"], [], 0, ("127.0.0.1", 53535)))
tries("localhost", lambda: socket.getaddrinfo("localhost", 80))
out.close()
"#;

const NODE: &str = r#"
const dns = require('dns'), net = require('net'), dgram = require('dgram'), fs = require('fs');
const seen = [];
const tries = (name, start) => new Promise((next) => {
  let told = false;
  start((error) => {
    if (told) return;
    told = true;
    seen.push(`${name} ${!error ? 'went' : String(error.message).includes('steadfast') ? 'steadfast' : 'failed'}`);
    next();
  });
});
const own = (host, options, done) => (options.all ? done(null, [{ address: '192.0.2.9', family: 4 }]) : done(null, '192.0.2.9', 4));
(async () => {
  await tries('name', (done) => dns.lookup('127.evil.invalid', done));
  await tries('resolve', (done) => dns.resolve4('evil.invalid', done));
  await tries('promised', (done) => dns.promises.resolve('evil.invalid').then(() => done(), done));
  await tries('resolver', (done) => new dns.promises.Resolver().resolve4('evil.invalid').then(() => done(), done));
  await tries('port-host', (done) => new net.Socket().on('error', done).connect(80, '192.0.2.7', done));
  await tries('own-lookup', (done) => net.connect({ port: 80, host: 'a.invalid', lookup: own }, done).on('error', done));
  await tries('datagram', (done) => dgram.createSocket('udp4').send('x', 53, '192.0.2.7', done));
  await tries('here', (done) => dgram.createSocket('udp4').send('x', 53535, '127.0.0.1', done));
  await tries('localhost', (done) => dns.lookup('localhost', done));
  fs.writeFileSync('seen', seen.join('\n') + '\n');
  process.exit(0);
})();
"#;

/// Runs a program among the providers, and looks what became of each try.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn check(program: &str, file: &str, script: &str, tries: usize) {
    if !Command::new(program).arg("--version").output().is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: there is no {program}");
        return;
    }
    let project = Project::new().with(file, script);
    let ended = project.run(&["providers", "doctor", "--", program, file]);
    let seen = std::fs::read_to_string(project.path("seen"))
        .unwrap_or_else(|error| panic!("{error}: {}{}", ended.out, ended.err));
    assert_eq!(seen.lines().count(), tries, "{seen}");
    for line in seen.lines() {
        let is_here = line.starts_with("here") || line.starts_with("localhost");
        assert_eq!(line.ends_with(" went"), is_here, "{line}");
        assert!(is_here || line.ends_with(" steadfast"), "it was not the fence that held: {line}");
    }
}

#[test]
fn python_finds_no_way_past_the_proxy() {
    check("python3", "tries.py", PYTHON, 9);
}

#[test]
fn node_finds_no_way_past_the_proxy() {
    check("node", "tries.js", NODE, 9);
}
