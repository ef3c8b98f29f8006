//! A project in a temporary folder, and the program run in it with a clean environment.

use serde_json::Value;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// After this a test gives up waiting: far more than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The pause between two looks at a condition.
const LOOK: Duration = Duration::from_millis(3);

/// A case that passes.
pub const GREETING: &str = "\
scenario: a greeting is answered
tags: [greeting]
matrix: { language: [en, fr], provider: [claude, mistral] }
providers:
  \"${provider}\": { reply: Hello }
steps:
  - chat: { language: \"${language}\", provider: \"${provider}\", message: How do I greet? }
    expect: { status: 200, provider: \"${provider}\", text: Hello }
calls: { \"${provider}\": 1 }
";

/// A case that always fails.
pub const BROKEN: &str = "\
scenario: a wrong expectation
tags: [wrong]
providers:
  claude: { reply: Hello }
steps:
  - chat: { language: en, provider: claude, message: How do I greet? }
    expect: { status: 200, provider: mistral }
";

/// Waits until something holds.
pub fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        std::thread::sleep(LOOK);
    }
}

/// A project of a user.
pub struct Project {
    folder: TempDir,
    temporary: TempDir,
}

/// What a command came to.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// A command under way. Dropping it kills it.
pub struct Running {
    child: Child,
    out: PathBuf,
    err: PathBuf,
}

impl Project {
    pub fn new() -> Self {
        let temporary = || tempfile::tempdir().expect("a temporary folder");
        Self { folder: temporary(), temporary: temporary() }
    }

    /// A project with one file of four cases that pass.
    pub fn that_passes() -> Self {
        Self::new().with("scenarios/greeting.yaml", GREETING)
    }

    /// The same with a file more.
    pub fn with(self, path: &str, text: impl AsRef<[u8]>) -> Self {
        self.write(path, text);
        self
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        let path = self.path(path);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The program with these arguments, in the project's folder, with a clean environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        // CI has another build tested as well, the one that is released.
        let built = env!("CARGO_BIN_EXE_steadfast");
        let mut command = Command::new(std::env::var_os("STEADFAST_TESTED").unwrap_or_else(|| built.into()));
        command.args(arguments).current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TMPDIR", self.temporary.path());
        // As a shell does it: a folder's name in the environment is nobody's secret.
        command.env("PWD", self.folder.path()).env("HOME", self.folder.path());
        command
    }

    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::of(self.command(arguments))
    }

    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.start(arguments).wait()
    }

    /// The same with more in its environment.
    pub fn run_with(&self, arguments: &[&str], environment: &[(&str, String)]) -> Ended {
        let mut command = self.command(arguments);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Running::of(command).wait()
    }

    /// `report.json` of the latest run.
    pub fn report(&self) -> Value {
        serde_json::from_str(&self.read("reports/latest/report.json")).expect("report.json is JSON")
    }

    /// The latest report, without what differs from run to run.
    pub fn report_of_any_run(&self) -> Value {
        let mut report = self.report();
        let fields = report.as_object_mut().expect("an object");
        for field in ["run", "started", "duration_s"] {
            fields.remove(field).expect("it is there");
        }
        // Commands name the run's folder, and how the program was called.
        fields.remove("command");
        // Where it ran decides nothing.
        fields.remove("hosts");
        for case in fields.get_mut("cases").and_then(Value::as_array_mut).expect("cases") {
            let case = case.as_object_mut().expect("an object");
            case.remove("command");
            if let Some(brief) = case.get_mut("brief").and_then(Value::as_object_mut) {
                brief.remove("repeat").expect("how it is seen again");
            }
        }
        report
    }

    /// The whole lines of the latest run's journal.
    pub fn journal(&self) -> Vec<Value> {
        let text = self.read("reports/latest/events.jsonl");
        text.lines().map(|line| serde_json::from_str(line).expect("a line of the journal is JSON")).collect()
    }

    /// Every file below the project's folder that the program wrote.
    pub fn files(&self, below: &str) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.path(below)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
                let kind = entry.file_type().expect("a kind");
                if kind.is_dir() {
                    folders.push(entry.path());
                } else if kind.is_file() {
                    files.push(entry.path());
                }
            }
        }
        files
    }

    /// Every process that was started by this project's commands: their temporary folder is this one or
    /// lies in it.
    pub fn processes(&self) -> Vec<i32> {
        let mark = format!("TMPDIR={}", self.temporary.path().display());
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        pids.filter(|pid| {
            let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
            environ.split(|byte| *byte == 0).any(|entry| entry.starts_with(mark.as_bytes()))
        })
        .collect()
    }

    /// What is in the temporary folder.
    pub fn temporary_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.temporary.path()).expect("the temporary folder is there");
        entries.flatten().map(|entry| entry.path()).collect()
    }

    /// No process and no temporary file is left, nor a note of something to be taken away.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        let told: Vec<String> = self
            .processes()
            .iter()
            .map(|pid| std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " "))
            .collect();
        assert!(told.is_empty(), "processes are left: {told:#?}");
        assert_eq!(self.temporary_files(), Vec::<PathBuf>::new(), "temporary files are left");
        let notes = self.files("reports").into_iter().filter(|file| file.ends_with("leftovers.json"));
        assert_eq!(notes.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    }
}

impl Running {
    pub fn of(mut command: Command) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder").keep();
        let (out, err) = (folder.join("out"), folder.join("err"));
        command.stdout(File::create(&out).expect("a file")).stderr(File::create(&err).expect("a file"));
        Self { child: command.spawn().expect("the program starts"), out, err }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has written so far, to either of both.
    pub fn out(&self) -> String {
        let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        read(&self.out) + &read(&self.err)
    }

    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = i32::try_from(self.pid()).ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
        rustix::process::kill_process(pid, signal).expect("the process is not reaped before it is waited for");
    }

    /// Asks it to end in good order, as soon as it hears that. Where these tests run in a shell's background, SIGINT is
    /// ignored from a process's first moment: one that comes before the program has its own handler is lost.
    pub fn interrupt(&self) {
        until("it hears an interrupt", || self.hears_interrupts() || self.has_ended());
        self.signal(rustix::process::Signal::INT);
    }

    fn hears_interrupts(&self) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        caught & (1 << (rustix::process::Signal::INT.as_raw() - 1)) != 0
    }

    /// Whether it has ended: it is a zombie until it is waited for.
    pub fn has_ended(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).unwrap_or_default();
        stat.rsplit(')').next().is_none_or(|rest| rest.trim_start().starts_with(['Z', 'X']))
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(self) -> Ended {
        self.wait_within(PATIENCE)
    }

    /// Waits for its end, as long as that.
    #[track_caller]
    pub fn wait_within(mut self, patience: Duration) -> Ended {
        let deadline = Instant::now() + patience;
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().expect("it can be waited for") {
                break status;
            }
            assert!(Instant::now() < deadline, "the command does not end; it wrote:\n{}", self.out());
            std::thread::sleep(LOOK);
        };
        let text = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        Ended { code: status.code(), out: text(&self.out), err: text(&self.err) }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = self.out.parent().map(std::fs::remove_dir_all);
    }
}

impl Ended {
    /// It ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Its output or errors say all of this.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            let said = self.out.contains(text) || self.err.contains(text);
            assert!(said, "`{text}` is not in stdout:\n{}\nstderr:\n{}", self.out, self.err);
        }
        self
    }
}

/// A case of `report.json`.
#[track_caller]
pub fn case<'r>(report: &'r Value, id: &str) -> &'r Value {
    let cases = report["cases"].as_array().expect("cases");
    cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no case {id} in {report:#}"))
}

/// Verdict by case.
pub fn verdicts(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let cases = report["cases"].as_array().expect("cases");
    cases.iter().map(|case| (text(&case["id"]), text(&case["verdict"]))).collect()
}

/// Whether a round is one of the plan: neither a probe, nor one that looks for leaks.
pub fn is_planned(round: &Value) -> bool {
    !["probe", "walk", "survey", "repeated"].iter().any(|kind| round["kind"] == *kind)
}

/// The planned orders of a journal by their rounds: kind, seed and order of every first attempt.
pub fn orders(journal: &[Value]) -> std::collections::BTreeMap<u64, (String, String, String)> {
    let started = journal.iter().filter_map(|entry| entry["event"].get("round_started"));
    let planned = started.filter(|round| round["attempt"] == 0 && is_planned(round));
    planned
        .map(|round| {
            let text = |key: &str| round[key].to_string();
            (round["round"].as_u64().expect("a number"), (text("kind"), text("seed"), text("order")))
        })
        .collect()
}
