//! A NATS server of one test, and a project whose runs have a fleet there.

use crate::cli::kit::{BROKEN, Ended, GREETING, Project, Running, until};
pub use crate::shards::{ORDER_DEPENDENT, PLAN};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

pub const PATIENCE: Duration = Duration::from_secs(300);

/// Ends a coordinator or a worker as somebody at a terminal would.
pub fn interrupted(running: Running) -> Ended {
    running.interrupt();
    running.wait_within(PATIENCE).exits(130)
}

/// A server with a store of its own. Dropping it ends it.
pub struct Server {
    folder: TempDir,
    program: PathBuf,
    scheme: &'static str,
    port: u16,
    monitor: u16,
    child: Option<Child>,
}

impl Server {
    /// A server that is up and open to everybody here; nothing where no program for one is.
    pub fn start() -> Option<Self> {
        Self::with("nats", "")
    }

    /// The same with more in its configuration.
    #[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
    pub fn with(scheme: &'static str, more: &str) -> Option<Self> {
        let program = std::env::var_os("STEADFAST_NATS_SERVER").map_or_else(|| "nats-server".into(), PathBuf::from);
        if !Command::new(&program).arg("--version").output().is_ok_and(|run| run.status.success()) {
            eprintln!("skipped: {} can't be started; STEADFAST_NATS_SERVER names a NATS server", program.display());
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (port, monitor) = (free_port(), free_port());
        let text = format!(
            "listen: 127.0.0.1:{port}\nhttp: 127.0.0.1:{monitor}\njetstream {{ store_dir: \"{}\" }}\n{more}",
            folder.path().join("store").display()
        );
        std::fs::write(folder.path().join("server.conf"), text).expect("a file");
        let mut server = Self { folder, program, scheme, port, monitor, child: None };
        server.go_on();
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port)
    }

    /// Where its store lies.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// Kills it at once.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it, with what its store has.
    pub fn go_on(&mut self) {
        let mut command = Command::new(&self.program);
        command.arg("-c").arg(self.folder.path().join("server.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().expect("the server starts"));
        until("the server is up", || TcpStream::connect(("127.0.0.1", self.port)).is_ok());
        until("its store is open", || self.ask("/healthz").contains("\"ok\""));
    }

    fn ask(&self, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.monitor)) else { return String::new() };
        let _ = write!(stream, "GET {path} HTTP/1.0\r\n\r\n");
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text);
        text
    }

    fn streams(&self) -> Vec<Value> {
        let answer = self.ask("/jsz?consumers=true");
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let told: Value = serde_json::from_str(body).unwrap_or_default();
        told["account_details"][0]["stream_detail"].as_array().cloned().unwrap_or_default()
    }

    /// Sends a message, as a connection does that was cut for a while, and waits until the server has it.
    pub fn send(&self, subject: &str) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        write!(stream, "CONNECT {{\"verbose\":false}}\r\nPUB {subject} 1\r\nx\r\nPING\r\n").expect("sent");
        let mut said = Vec::new();
        while !said.ends_with(b"PONG\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("an answer");
            said.push(byte[0]);
        }
    }

    /// Whether a round is with another worker now, because the first one was silent for too long.
    pub fn has_handed_on(&self) -> bool {
        let streams = self.streams();
        let mut consumers = streams.iter().filter_map(|stream| stream["consumer_detail"].as_array()).flatten();
        consumers.any(|consumer| consumer["name"] == "workers" && consumer["num_redelivered"].as_u64() > Some(0))
    }

    /// How many messages each stream has.
    pub fn messages(&self) -> Vec<(String, u64)> {
        let streams = self.streams();
        let of = |stream: &Value| {
            let name = stream["name"].as_str().expect("a name").to_owned();
            (name, stream["state"]["messages"].as_u64().expect("a number"))
        };
        streams.iter().map(of).collect()
    }

    /// Nothing of a run is left: what it was at work on last, and who had it.
    #[track_caller]
    pub fn assert_empty(&self) {
        let is_left = |(name, count): &(String, u64)| *count > u64::from(name.ends_with("HEADER")) * 2;
        let left: Vec<(String, u64)> = self.messages().into_iter().filter(is_left).collect();
        assert_eq!(left, vec![], "messages are left");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// By what the two sides of a fleet are known to its server.
#[derive(Debug, Default)]
pub struct Access {
    pub coordinator: Vec<String>,
    pub worker: Vec<String>,
}

/// A project that a fleet runs.
pub struct Fleet {
    pub project: Project,
    pub server: Server,
    access: Access,
    subject: Vec<String>,
    leave: Vec<String>,
    /// How many rounds of all cases there are.
    rounds: &'static str,
}

impl Fleet {
    fn of(project: Project) -> Option<Self> {
        Some(Self::at(project, Server::start()?, Access::default()))
    }

    fn at(project: Project, server: Server, access: Access) -> Self {
        Self { project, server, access, subject: Vec::new(), leave: Vec::new(), rounds: "5" }
    }

    pub fn scenarios() -> Option<Self> {
        Some(Self::scenarios_at(Server::start()?, Access::default()))
    }

    pub fn scenarios_at(server: Server, access: Access) -> Self {
        let project = Project::new().with("scenarios/greeting.yaml", GREETING).with("scenarios/wrong.yaml", BROKEN);
        Self::at(project, server, access)
    }

    /// Scenarios that name a variable of the environment.
    pub fn with_a_scenarios_secret() -> Option<Self> {
        let scenario = GREETING.replace("message: How do I greet? }", "message: \"Is ${env.SHOP_SECRET} known?\" }");
        Self::of(Project::new().with("scenarios/greeting.yaml", scenario))
    }

    /// A suite that fails with a secret of its environment in the message; nothing where no pytest is.
    pub fn telling_a_secret() -> Option<Self> {
        let mut fleet = Self::pytest()?;
        let test = "import os, time\ndef test_key():\n    time.sleep(0.1)\n    key = os.environ['SHOP_SECRET']\n    \
                    print(key)\n    assert False, f'the key was refused: {key}'\ndef test_right():\n    pass\n";
        fleet.project.write("suite/test_shop.py", test);
        fleet.rounds = "12";
        Some(fleet)
    }

    /// Cases that take a while: a tenth of a second each.
    pub fn slow() -> Option<Self> {
        let slow = GREETING.replace("reply: Hello }", "reply: Hello, after: 100ms }");
        Self::of(Project::new().with("scenarios/greeting.yaml", slow).with("scenarios/wrong.yaml", BROKEN))
    }

    /// A suite whose test leaves a file in the tree under test, and fails where it finds one; nothing where no pytest is.
    pub fn leaving_files() -> Option<Self> {
        let fleet = Self::pytest()?;
        let test = "import pathlib\ndef test_writes():\n    left = pathlib.Path(__file__).with_name('left.txt')\n    \
                    is_there = left.exists()\n    left.write_text('left')\n    assert is_there is False\ndef test_right():\n    pass\n";
        fleet.project.write("suite/test_shop.py", test);
        Some(fleet)
    }

    /// The same project once more, as another machine has it.
    pub fn checkout(&self) -> Project {
        let copy = Project::new();
        for file in self.project.files("suite") {
            let path = file.strip_prefix(self.project.path("")).expect("it lies in the project");
            let is_source = path.extension().is_some_and(|ending| ending == "py");
            if is_source {
                copy.write(&path.display().to_string(), std::fs::read(&file).expect("a file"));
            }
        }
        copy
    }

    /// Nothing where no pytest is.
    pub fn pytest() -> Option<Self> {
        let server = Server::start()?;
        let python = crate::pytest::kit::python()?.display().to_string();
        let project = Project::new().with("suite/test_shop.py", ORDER_DEPENDENT).with("suite/shop.py", "price = 1\n");
        let leave = vec!["--python".to_owned(), python];
        let subject = ["--suite", "pytest:suite", "--first-difference"]
            .map(str::to_owned)
            .into_iter()
            .chain(leave.clone())
            .collect();
        Some(Self { subject, leave, ..Self::at(project, server, Access::default()) })
    }

    /// Nothing where no Python is.
    pub fn unittest() -> Option<Self> {
        let server = Server::start()?;
        if !crate::command::kit::has_python() {
            return None;
        }
        let project = Project::new().with(
            "test_shop.py",
            "import unittest\nclass Shop(unittest.TestCase):\n    def test_a(self): pass\n    def test_b(self): self.fail('b')\n    def test_c(self): pass\n",
        );
        let subject = ["--suite", "command:unittest"].map(str::to_owned).into();
        Some(Self { subject, ..Self::at(project, server, Access::default()) })
    }

    /// A suite whose cases wait until there is a file, and where that is. Rounds may run in copies of the project.
    pub fn waiting() -> Option<(Self, PathBuf)> {
        let server = Server::start()?;
        let go = server.store().with_file_name("go");
        let script =
            format!("case $1 in list) echo a; echo b;; *) until [ -e {} ]; do sleep 0.05; done;; esac", go.display());
        let profile = "list: { command: [sh, suite.sh, list] }\nrun: { command: [sh, suite.sh, '${case}'] }\nresults: { exit_code: {} }\n";
        let subject = ["--suite", "command:suite.yaml"].map(str::to_owned).into();
        let project = Project::new().with("suite.yaml", profile).with("suite.sh", script);
        Some((Self { subject, ..Self::at(project, server, Access::default()) }, go))
    }

    fn words<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let subject = self.subject.iter().map(String::as_str);
        let plan = PLAN.iter().map(|word| if *word == "5" { self.rounds } else { word });
        ["run"].into_iter().chain(subject).chain(plan).chain(more.iter().copied()).collect()
    }

    /// The run on this machine alone, to its end.
    pub fn alone(&self, more: &[&str]) -> Ended {
        Running::of(self.alone_command(more)).wait_within(PATIENCE)
    }

    pub fn alone_command(&self, more: &[&str]) -> Command {
        self.project.command(&self.words(more))
    }

    /// Starts a coordinator.
    pub fn coordinator(&self, more: &[&str]) -> Running {
        Running::of(self.coordinator_command(more))
    }

    pub fn coordinator_command(&self, more: &[&str]) -> Command {
        let url = self.server.url();
        let access: Vec<&str> = self.access.coordinator.iter().map(String::as_str).collect();
        let fleet = [&["--workers", url.as_str(), "--lease", "2s"], &access[..], more].concat();
        self.project.command(&self.words(&fleet))
    }

    /// Goes on with the latest run.
    pub fn resumed(&self) -> Running {
        let url = self.server.url();
        let words =
            ["run", "--resume", "latest", "--no-history", "--jobs", "2", "--workers", url.as_str(), "--lease", "2s"];
        let leave = self.leave.iter().map(String::as_str);
        self.project.start(&words.into_iter().chain(leave).collect::<Vec<_>>())
    }

    /// Starts a worker.
    pub fn worker(&self, more: &[&str]) -> Running {
        Running::of(self.worker_command(more))
    }

    pub fn worker_command(&self, more: &[&str]) -> Command {
        let url = self.server.url();
        let words = ["worker", "--connect", url.as_str()];
        let leave = self.access.worker.iter().chain(&self.leave).map(String::as_str);
        self.project.command(&words.into_iter().chain(more.iter().copied()).chain(leave).collect::<Vec<_>>())
    }

    /// How many rounds the latest run's journal has to their end.
    pub fn rounds(&self) -> usize {
        let text = std::fs::read_to_string(self.project.path("reports/latest/events.jsonl")).unwrap_or_default();
        text.matches("\"round_finished\"").count()
    }

    /// How many rounds of each kind the latest run's journal has.
    pub fn kinds(&self) -> BTreeMap<String, u32> {
        let mut kinds = BTreeMap::new();
        for entry in self.project.journal() {
            if let Some(kind) = entry["event"]["round_started"]["kind"].as_str() {
                *kinds.entry(kind.to_owned()).or_default() += 1;
            }
        }
        kinds
    }

    /// Nothing is left: no process, no file, no message.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        self.project.assert_nothing_left();
        self.server.assert_empty();
    }
}

/// Two reports are the same.
#[track_caller]
pub fn similar(found: &Value, expected: &Value, told: &str) {
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&found[key], value, "{key}: {told}");
    }
    assert_eq!(found, expected, "{told}");
}
