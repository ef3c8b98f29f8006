//! Programs that ask neither the environment nor a library whom they may reach: a shell, curl, a static program, C below
//! Python. The kernel holds them, and their healthy twins reach their providers and this machine's services.

use crate::cli::kit::{Ended, Project, Running};
use crate::command::kit::has_python;
use crate::hostile::kit::{RUN, as_another, suite};
use crate::pytest::kit::{Suite, notes};
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Tries to reach an address of this machine that is not loopback, which stands for another machine, and a service on
/// loopback. Says which network it was in.
const TRIES: &str = r#"
say() { echo "$1" >>"$SEEN"; }
try() { name=$1; shift; if timeout 60 "$@" >/dev/null 2>&1; then say "$name went"; else say "$name held"; fi; }
say "network $(readlink /proc/self/ns/net)"
try bash bash -c "exec 3<>/dev/tcp/$OTHER_HOST/$OTHER_PORT && head -n 1 <&3 | grep -q hello"
command -v curl && try curl curl -sf --noproxy "*" "http://$OTHER_HOST:$OTHER_PORT/"
[ -x "$STATIC" ] && try static "$STATIC" "$OTHER_HOST" "$OTHER_PORT"
[ -n "$CARD" ] && try raw python3 -I -S -c "$RAW"
[ -n "$CARD" ] && try packets python3 -I -S -c "$PACKETS"
try service bash -c "exec 3<>/dev/tcp/127.0.0.1/$SERVICE && head -n 1 <&3 | grep -q hello"
"#;

/// Python below every library, for which one must be root: a raw socket finds a way to another machine, and one for whole
/// packets has a network card. Neither sends anything.
const RAW: &str = r#"import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, 1).connect(("192.0.2.7", 0))"#;
const PACKETS: &str =
    r#"import os, socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW).bind((os.environ["CARD"], 0))"#;

/// A network card of this machine, if raw sockets work here.
#[allow(clippy::print_stderr, reason = "a test that looks at less says so")]
fn card() -> String {
    let cards = "import socket; print(*(name for _, name in socket.if_nameindex() if name != 'lo'))";
    let python = |program: &str, card: &str| {
        let output = Command::new("python3").args(["-I", "-S", "-c", program]).env("CARD", card).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let named = python(cards, "").unwrap_or_default();
    let works = |card: &&str| python(RAW, card).is_some() && python(PACKETS, card).is_some();
    let found = named.split_whitespace().find(works).map(str::to_owned);
    found.unwrap_or_else(|| {
        eprintln!("raw sockets are not tried: they don't work here, or there is no python3 or no network card");
        String::new()
    })
}

/// A program that needs no library of this machine.
const STATIC: &str = r#"
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
int main(int count, char **words) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    if (count != 3 || inet_pton(AF_INET, words[1], &to.sin_addr) != 1) return 2;
    return connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to) ? 1 : 0;
}
"#;

/// A server of this machine that says a word to whoever asks, and counts who did.
struct Service {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl Service {
    fn at(ip: IpAddr) -> Self {
        let listener = TcpListener::bind((ip, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        // It ends with the test. Who looks for services asks nothing, so that every connection is a try.
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                count.fetch_add(1, Ordering::SeqCst);
                let _ = client.write_all(b"HTTP/1.0 200 hello\r\n\r\n");
                let _ = client.set_read_timeout(Some(std::time::Duration::from_millis(200)));
                let _ = client.read(&mut [0; 1024]);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// An address of this machine that is not loopback. No datagram is sent to learn it.
fn own_address() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("192.0.2.7:9").ok()?;
    let ip = socket.local_addr().ok()?.ip();
    (!ip.is_loopback() && TcpListener::bind((ip, 0)).is_ok()).then_some(ip)
}

/// Those whom programs try to reach.
struct Targets {
    other: Service,
    service: Service,
    program: tempfile::TempDir,
    card: String,
}

impl Targets {
    /// Nothing where this machine has no address but loopback.
    #[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
    fn new() -> Option<Self> {
        let Some(ip) = own_address() else {
            eprintln!("skipped: this machine has no address but loopback");
            return None;
        };
        let program = tempfile::tempdir().expect("a folder");
        std::fs::set_permissions(program.path(), std::fs::Permissions::from_mode(0o755)).expect("opened");
        std::fs::write(program.path().join("t.c"), STATIC).expect("a file");
        let made = Command::new("cc").current_dir(program.path()).args(["-static", "-o", "static", "t.c"]).output();
        if !made.is_ok_and(|made| made.status.success()) {
            eprintln!("there is no static program: cc can't make one here");
        }
        Some(Self { other: Service::at(ip), service: Service::at([127, 0, 0, 1].into()), program, card: card() })
    }

    fn environment(&self, seen: PathBuf) -> Vec<(&'static str, String)> {
        vec![
            ("OTHER_HOST", self.other.address.ip().to_string()),
            ("OTHER_PORT", self.other.address.port().to_string()),
            ("SERVICE", self.service.address.port().to_string()),
            ("STATIC", self.program.path().join("static").display().to_string()),
            ("CARD", self.card.clone()),
            ("RAW", RAW.to_owned()),
            ("PACKETS", PACKETS.to_owned()),
            ("SEEN", seen.display().to_string()),
        ]
    }

    /// Looks at what was seen: everything is as the fence that the run noted has it.
    #[track_caller]
    #[allow(clippy::print_stderr, reason = "a test that looks at less says so")]
    fn check(&self, project: &Project, ended: &Ended, expected: Option<Up>) {
        let notes = notes(project);
        let fences: Vec<&String> = notes.iter().filter(|note| note.starts_with("fence: ")).collect();
        assert_eq!(fences.len(), 1, "{notes:?}{}{}", ended.out, ended.err);
        let up = if fences[0].starts_with("fence: the kernel's") { Up::Kernel } else { Up::Within };
        if expected.is_none() && up == Up::Within {
            eprintln!("the kernel allows no fence here: {}", fences[0]);
        }
        assert!(expected.is_none_or(|expected| expected == up), "{fences:?}");
        let seen = project.read("seen");
        let own = std::fs::read_link("/proc/self/ns/net").expect("it has one");
        let own = own.display().to_string();
        // A suite's own runner is asked by itself, in this machine's network, after the rounds.
        let (outside, fenced): (Vec<&str>, Vec<&str>) =
            seen.split("network ").filter(|tries| !tries.is_empty()).partition(|tries| tries.starts_with(&own));
        assert_eq!(fenced.is_empty(), up == Up::Within, "{fences:?} {seen}");
        let (rounds, wanted) = if up == Up::Kernel { (&fenced, "held") } else { (&outside, "went") };
        for tries in rounds {
            // Without the kernel's fence the account decides about raw sockets, as it did before the run.
            let raw = |line: &&str| line.starts_with("raw") || line.starts_with("packets");
            let counts = |line: &&str| up == Up::Kernel || !raw(line);
            let tries: Vec<&str> = tries.lines().skip(1).filter(counts).collect();
            let (services, others): (Vec<&str>, Vec<&str>) = tries.iter().partition(|line| line.starts_with("service"));
            assert_eq!(services, ["service went"], "this machine's own services are there: {seen}");
            assert!(!others.is_empty() && others.iter().all(|line| line.ends_with(wanted)), "{fences:?} {seen}");
        }
        let asked = self.other.asked();
        assert_eq!(asked > 0, !outside.is_empty(), "it was asked {asked} times: {seen}");
        project.assert_nothing_left();
    }
}

/// Which fence was up.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Up {
    Kernel,
    Within,
}

/// A suite in the shell whose case tries everything, and asks its provider as the environment says.
fn in_the_shell() -> Project {
    let script = "case $1 in list) echo tries; exit;; esac\nmock=${OLLAMA_HOST#http://}; mock=${mock%/}\nbash -c \"exec \
                  3<>/dev/tcp/${mock%:*}/${mock#*:}\" || exit 1\nbash tries.sh >/dev/null; true\n";
    suite(script).with("tries.sh", TRIES).with("providers.yaml", "providers: { ollama: { reply: Hello } }\n")
}

fn among_providers() -> Vec<&'static str> {
    RUN.iter().copied().chain(["--providers", "providers.yaml"]).collect()
}

#[test]
fn the_kernel_holds_programs_of_a_suite_and_every_report_says_which_fence_was_up() {
    let Some(targets) = Targets::new() else { return };
    let project = in_the_shell();
    let mut command = project.command(&among_providers());
    command.envs(targets.environment(project.path("seen")));
    let ended = Running::of(command).wait().exits(0);
    targets.check(&project, &ended, None);
    let notes = notes(&project);
    let fence = notes.iter().find(|note| note.starts_with("fence: ")).expect("it was noted");
    // An apostrophe is written otherwise in HTML.
    let words = fence.split(';').next().expect("words").trim_end_matches("'s");
    for file in ["report.json", "report.html", "summary.md"] {
        let text = project.read(&format!("reports/latest/{file}"));
        assert!(text.contains(words), "{file} tells nothing of the fence");
    }
    project.run(&["report", "latest", "--format", "terminal"]).exits(0).says(&[words]);
}

#[test]
fn the_kernels_fence_stays_down_where_that_is_asked_for() {
    let Some(targets) = Targets::new() else { return };
    let project = in_the_shell();
    let mut command = project.command(&among_providers());
    command.envs(targets.environment(project.path("seen"))).env("STEADFAST_FENCE", "within");
    let ended = Running::of(command).wait().exits(0);
    targets.check(&project, &ended, Some(Up::Within));
}

/// Ways to a process that may not make a network: where root lacks a capability, as in most containers, and where the
/// kernel has no network left to give.
const REFUSALS: [&[&str]; 2] = [
    &["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"],
    &[
        "unshare",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        "echo 0 >/proc/sys/user/max_net_namespaces && exec \"$@\"",
        "sh",
    ],
];

#[test]
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn where_the_kernel_refuses_a_network_the_run_is_the_same_and_says_which_fence_was_up() {
    for way in REFUSALS {
        let Some(targets) = Targets::new() else { return };
        let through = |command: &mut Command, last: &Command| {
            command.args(&way[1..]).arg(last.get_program()).args(last.get_args());
        };
        let mut trial = Command::new(way[0]);
        through(&mut trial, &Command::new("true"));
        if !trial.output().is_ok_and(|ended| ended.status.success()) {
            eprintln!("{} gets no process that may less", way[0]);
            continue;
        }
        let project = in_the_shell();
        let direct = project.command(&among_providers());
        let mut command = Command::new(way[0]);
        through(&mut command, &direct);
        command.env_clear().envs(direct.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(project.path("")).envs(targets.environment(project.path("seen")));
        let ended = Running::of(command).wait().exits(0);
        targets.check(&project, &ended, Some(Up::Within));
        let notes = notes(&project);
        assert!(notes.iter().any(|note| note.contains("the kernel allows no network of its own here")), "{notes:?}");
    }
}

#[test]
fn an_account_without_rights_is_fenced_too() {
    let Some(targets) = Targets::new() else { return };
    let project = in_the_shell();
    // It must be able to read the program, and to work in the project.
    let place = tempfile::tempdir_in("/tmp").expect("a folder");
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o1777)).expect("opened");
    let program = place.path().join("steadfast");
    std::fs::copy(project.command(&[]).get_program(), &program).expect("copied");
    let mut variables = String::new();
    for (name, value) in targets.environment(project.path("seen")) {
        variables += &format!("export {name}='{value}'; ");
    }
    for name in ["suite.yaml", "suite.sh", "tries.sh", "providers.yaml"] {
        std::fs::set_permissions(project.path(name), std::fs::Permissions::from_mode(0o644)).expect("opened");
    }
    std::fs::set_permissions(project.path(""), std::fs::Permissions::from_mode(0o1777)).expect("opened");
    let temporary = place.path().display();
    let arguments = among_providers().join(" ");
    let script = format!("{variables} export TMPDIR={temporary} HOME={temporary}; {} {arguments}", program.display());
    let Some(mut other) = as_another(&script, &project.path("")) else { return };
    let output = other.output().expect("a shell");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ended = Ended { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }.exits(0);
    targets.check(&project, &ended, None);
}

/// A suite of pytest: a healthy test that asks its provider, and tests that go past everything that Python is told.
const PYTEST: &str = r#"
import ctypes, json, os, socket, struct, subprocess, sys, urllib.request

def say(name, went):
    with open(os.environ["SEEN"], "a") as seen:
        print(name, "went" if went else "held", file=seen)

def test_its_provider_answers():
    body = {"model": "claude-sonnet-4-5", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]}
    headers = {"x-api-key": os.environ["ANTHROPIC_API_KEY"], "anthropic-version": "2023-06-01", "content-type": "application/json"}
    # Its address stands in the code: the proxy leads to the mock.
    asked = urllib.request.Request("https://api.anthropic.com/v1/messages", json.dumps(body).encode(), headers)
    assert json.load(urllib.request.urlopen(asked, timeout=60))["content"][0]["text"].startswith("Hello")

def test_its_own_server_answers():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname(), timeout=60)
    server.accept()[0].sendall(b"x")
    assert client.recv(1) == b"x"

def test_programs():
    subprocess.run(["bash", "tries.sh"], cwd=os.path.dirname(__file__), stdout=subprocess.DEVNULL)

def test_c_below_python():
    libc = ctypes.CDLL(None, use_errno=True)
    to = struct.pack("=H", socket.AF_INET) + struct.pack("!H", int(os.environ["OTHER_PORT"])) + socket.inet_aton(os.environ["OTHER_HOST"]) + bytes(8)
    with socket.socket() as made:
        say("ctypes", libc.connect(made.fileno(), to, len(to)) == 0)

def test_python_that_is_told_nothing():
    program = "import os, socket; socket.create_connection((os.environ['OTHER_HOST'], int(os.environ['OTHER_PORT'])), 60)"
    told = subprocess.run([sys.executable, "-I", "-S", "-c", program], stderr=subprocess.DEVNULL)
    say("isolated", told.returncode == 0)
"#;

fn in_pytest(more: &[(&str, &str)], expected: Option<Up>) {
    let Some(suite) = Suite::empty() else { return };
    let Some(targets) = Targets::new() else { return };
    let suite = suite.with("test_tries.py", PYTEST).with("tries.sh", TRIES);
    suite.project.write("providers.yaml", "providers: { claude: { reply: Hello } }\n");
    let arguments = ["run", "--suite", "pytest:suite", "--python", suite.python(), "--providers", "providers.yaml"];
    let plan =
        ["--effort", "quick", "--orders", "declared", "--rounds", "1", "--no-alone", "--seed", "1", "--no-leaks"];
    let mut command = suite.project.command(&[&arguments[..], &plan].concat());
    command.envs(targets.environment(suite.project.path("seen"))).envs(more.iter().copied());
    let ended = Running::of(command).wait().exits(0);
    let report = suite.project.report();
    assert!(crate::cli::kit::verdicts(&report).iter().all(|(_, verdict)| verdict == "stable"), "{report:#}");
    targets.check(&suite.project, &ended, expected);
}

#[test]
fn the_kernel_holds_what_goes_past_python_and_its_healthy_twins_pass() {
    in_pytest(&[], None);
}

#[test]
fn without_the_kernels_fence_the_same_tests_get_out() {
    in_pytest(&[("STEADFAST_FENCE", "within")], Some(Up::Within));
}

/// A system that tries everything before it asks its provider and answers.
const SYSTEM: &str = r#"
import http.server, json, os, subprocess, sys, urllib.request

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, body):
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self):
        self.answer({})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        subprocess.run(["bash", "tries.sh"], stdout=subprocess.DEVNULL)
        body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": asked["message"]}]}
        headers = {"x-api-key": "k", "anthropic-version": "2023-06-01", "content-type": "application/json"}
        url = "https://api.anthropic.com/v1/messages"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers)
        self.answer({"text": json.load(urllib.request.urlopen(request, timeout=60))["content"][0]["text"], "provider": "claude"})

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"#;

#[test]
fn the_kernel_holds_programs_of_a_system_that_is_started() {
    let Some(targets) = Targets::new() else { return };
    if !has_python() {
        return;
    }
    let system = "system: service\nprocess: { command: [python3, app.py, '${port}'], directory: . , ready_within: 60s }\nproviders:\n  \
                  claude: { wire: anthropic, hosts: [api.anthropic.com] }\ncan: [journal]\nverbs:\n  chat: { post: /chat, auth: \
                  none, body: { message: '${message}', language: '${language}' }, answer: [text, provider] }\n";
    let chat = "scenario: it answers\nproviders: { claude: { reply: Hello } }\nsteps:\n  - chat: { language: en, message: Hi }\n    \
                within: 120s\n    expect: { status: 200, text: Hello }\ntimeout: 240s\n";
    let project = Project::new().with("app.py", SYSTEM).with("tries.sh", TRIES).with("service.yaml", system);
    project.write("scenarios/one.yaml", chat);
    let arguments =
        ["run", "--system", "service.yaml", "--orders", "declared", "--rounds", "1", "--no-alone", "--seed", "1"];
    let mut command = project.command(&arguments);
    command.envs(targets.environment(project.path("seen")));
    let ended = Running::of(command).wait().exits(0);
    targets.check(&project, &ended, None);
}
