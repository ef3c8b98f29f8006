//! How many cases of the main job run in a second, and whether that, and what the workers hold, stays as it is.
//!
//! `cargo bench --bench chat` writes 4,326 chat cases into a temporary folder and runs them on the embedded system, in
//! shuffled rounds; about half a minute. `cargo bench --bench chat -- --full` adds 25 rounds: a collapse, such as
//! running out of ports, does not show before some 30,000 cases. The figures depend on the machine; nothing is asserted
//! of them, only that every case passes.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// How many cases the suite has.
const CASES: usize = 4_326;

/// What is wanted of two rounds side by side on two cores, in cases per second.
const RATE: f64 = 2_000.0;

/// What is wanted of the last trials' rate over that of the first.
const RATIO: f64 = 0.8;

/// How many trials are the first, and the last.
const ENDS: usize = 10_000;

/// The pause between two looks at the workers.
const LOOK: Duration = Duration::from_millis(100);

fn main() -> ExitCode {
    let full = std::env::args().any(|argument| argument == "--full");
    match bench(full) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(full: bool) -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    write_suite(&root.join("scenarios"))?;
    println!("{CASES} chat cases, embedded, shuffled\n");
    println!("{:<26} {:>9} {:>9} {:>12} {:>9}", "", "cases/s", "wall s", "of process/s", "target");
    for seed in 1..=3 {
        let run = run(root, Plan { rounds: 2, jobs: 2, seed })?;
        print_rate(&format!("2 rounds, 2 jobs, seed {seed}"), &run, &format!("{RATE:.0}"));
    }
    let alone = run(root, Plan { rounds: 2, jobs: 1, seed: 1 })?;
    print_rate("2 rounds, 1 job, seed 1", &alone, "-");
    if full {
        let run = run(root, Plan { rounds: 25, jobs: 2, seed: 1 })?;
        print_rate("25 rounds, 2 jobs, seed 1", &run, &format!("{RATE:.0}"));
        print_course(&run);
    }
    Ok(())
}

/// Writes 45 files of 96 cases and one of 6. Every case has a message of its own.
fn write_suite(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let languages = "[en, fr, de, es, zh, ja, it, pt]";
    let providers = "[claude, mistral, deepseek, ollama]";
    for file in 0..45 {
        let text = scenario(file, languages, providers, "[1, 2, 3]");
        fs::write(folder.join(format!("chat-{file:02}.yaml")), text)?;
    }
    fs::write(folder.join("chat-45.yaml"), scenario(45, "[en, fr, de]", "[claude, ollama]", "[1]"))
}

fn scenario(file: usize, languages: &str, providers: &str, questions: &str) -> String {
    format!(
        "scenario: a learner asks, and is answered by the provider of their choice ({file})
matrix:
  language: {languages}
  provider: {providers}
  question: {questions}
given:
  models: [neural-chat:7b]
providers:
  \"${{provider}}\": {{ reply: \"That is answer {file}.${{question}}.\" }}
steps:
  - chat: {{ language: \"${{language}}\", provider: \"${{provider}}\", message: \"Question {file}.${{question}} in ${{language}} for ${{provider}}?\" }}
    expect: {{ status: 200, provider: \"${{provider}}\" }}
"
    )
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    rounds: usize,
    jobs: usize,
    seed: u64,
}

/// What was seen of a run.
#[derive(Debug)]
struct Seen {
    /// From start to exit.
    process: Duration,
    /// When each trial ended, in milliseconds since the run began.
    trials: Vec<u64>,
    /// When each round began and ended, in the order of their ends.
    rounds: Vec<(u64, u64)>,
    looks: Vec<Look>,
    /// Sockets in TIME_WAIT before the run, at most while it ran, and after it.
    time_wait: [usize; 3],
}

/// The workers at a moment: the largest of each.
#[derive(Debug, Clone, Copy, Default)]
struct Look {
    /// Milliseconds since the run began, once its journal is known.
    at: u64,
    rss_kb: u64,
    peak_kb: u64,
    threads: u64,
    descriptors: u64,
}

/// Runs the program on the suite and watches its workers.
fn run(root: &Path, plan: Plan) -> io::Result<Seen> {
    let reports = root.join("reports");
    if reports.exists() {
        fs::remove_dir_all(&reports)?;
    }
    let output = root.join("output");
    let before = time_wait();
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_steadfast"))
        .current_dir(root)
        .args(["run", "--orders", "shuffle", "--no-alone", "--no-leaks"])
        .args(["--rounds", &plan.rounds.to_string(), "--jobs", &plan.jobs.to_string()])
        .args(["--seed", &format!("{:x}", plan.seed)])
        .stdin(Stdio::null())
        .stdout(fs::File::create(&output)?)
        .stderr(Stdio::null())
        .spawn()?;
    let mut looks = Vec::new();
    let mut most = before;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        looks.extend(look(&child).map(|look| (SystemTime::now(), look)));
        if looks.len() % 10 == 0 {
            most = most.max(time_wait());
        }
        std::thread::sleep(LOOK);
    };
    let process = begun.elapsed();
    let after = time_wait();
    if !status.success() {
        return Err(io::Error::other(format!("{status}\n{}", fs::read_to_string(&output)?)));
    }
    let journal = find_journal(&reports)?;
    let created = fs::metadata(&journal)?.created()?;
    let since = |time: SystemTime| millis(time.duration_since(created).unwrap_or_default());
    let looks = looks.into_iter().map(|(time, look)| Look { at: since(time), ..look }).collect();
    let (trials, rounds) = read_journal(&journal)?;
    if trials.len() != CASES * plan.rounds || rounds.is_empty() {
        return Err(io::Error::other(format!("{} trials in {} rounds were reported", trials.len(), rounds.len())));
    }
    Ok(Seen { process, trials, rounds, looks, time_wait: [before, most.max(after), after] })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn find_journal(reports: &Path) -> io::Result<PathBuf> {
    for entry in fs::read_dir(reports.join("runs"))? {
        let journal = entry?.path().join("events.jsonl");
        if journal.is_file() {
            return Ok(journal);
        }
    }
    Err(io::Error::other("the run left no journal"))
}

/// When trials ended, and when rounds began and ended, in milliseconds.
type Times = (Vec<u64>, Vec<(u64, u64)>);

/// When trials ended, and when rounds began and ended.
fn read_journal(path: &Path) -> io::Result<Times> {
    let mut trials = Vec::new();
    let mut begun = BTreeMap::new();
    let mut rounds = Vec::new();
    for line in fs::read_to_string(path)?.lines() {
        let entry: Value = serde_json::from_str(line)?;
        let at = entry["at"].as_u64().unwrap_or_default();
        let event = &entry["event"];
        let round = |name: &str| event[name]["round"].to_string();
        if event.get("trial_finished").is_some() {
            trials.push(at);
        } else if event.get("round_started").is_some() {
            begun.insert(round("round_started"), at);
        } else if event.get("round_finished").is_some() {
            rounds.push((begun.get(&round("round_finished")).copied().unwrap_or_default(), at));
        }
    }
    Ok((trials, rounds))
}

/// What the workers hold now, or `None` where there are none (yet, or any more).
fn look(child: &Child) -> Option<Look> {
    let tasks = fs::read_dir(format!("/proc/{}/task", child.id())).ok()?;
    let children = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    let workers: Vec<String> =
        children.flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect();
    let looks = workers.iter().filter_map(|pid| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let field = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').split_whitespace().next()?.parse().ok()
        };
        Some(Look {
            at: 0,
            rss_kb: field("VmRSS")?,
            peak_kb: field("VmHWM")?,
            threads: field("Threads")?,
            descriptors: fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64,
        })
    });
    looks.reduce(Look::max)
}

impl Look {
    fn max(self, other: Self) -> Self {
        Self {
            at: self.at.max(other.at),
            rss_kb: self.rss_kb.max(other.rss_kb),
            peak_kb: self.peak_kb.max(other.peak_kb),
            threads: self.threads.max(other.threads),
            descriptors: self.descriptors.max(other.descriptors),
        }
    }
}

/// Sockets of this machine in TIME_WAIT.
fn time_wait() -> usize {
    let waiting = |text: String| text.lines().filter(|line| line.split_whitespace().nth(3) == Some("06")).count();
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|path| fs::read_to_string(path).ok()).map(waiting).sum()
}

impl Seen {
    /// How long rounds ran, from the first one's begin to the last one's end, in seconds.
    fn wall(&self) -> f64 {
        let from = self.rounds.iter().map(|(from, _)| *from).min().unwrap_or_default();
        let to = self.rounds.iter().map(|(_, to)| *to).max().unwrap_or_default();
        to.saturating_sub(from) as f64 / 1e3
    }

    /// The rates of the first and of the last trials. What ran when one worker had no round left is not counted.
    fn rates_at_the_ends(&self) -> Option<(f64, f64)> {
        let all_busy_until = self.rounds.iter().rev().nth(1).map(|(_, to)| *to)?;
        let trials: Vec<u64> = self.trials.iter().copied().filter(|at| *at <= all_busy_until).collect();
        let (first, last) = (trials.get(..ENDS)?, trials.get(trials.len().checked_sub(ENDS)?..)?);
        let rate = |trials: &[u64]| Some(trials.len() as f64 / (trials.last()? - trials.first()?).max(1) as f64 * 1e3);
        Some((rate(first)?, rate(last)?))
    }
}

fn print_rate(name: &str, run: &Seen, target: &str) {
    let trials = run.trials.len() as f64;
    let (rounds, process) = (trials / run.wall(), trials / run.process.as_secs_f64());
    println!("{name:<26} {rounds:>9.0} {:>9.1} {process:>12.0} {target:>9}", run.wall());
}

fn print_course(run: &Seen) {
    println!(
        "\n{:<8} {:>9} {:>9} {:>9} {:>9} {:>12}",
        "round", "cases/s", "rss MB", "peak MB", "threads", "descriptors"
    );
    for (number, (from, to)) in run.rounds.iter().enumerate() {
        let rate = CASES as f64 / (to - from).max(1) as f64 * 1e3;
        let looks = run.looks.iter().filter(|look| (*from..=*to).contains(&look.at));
        let most = looks.copied().fold(Look::default(), Look::max);
        let (rss, peak) = (most.rss_kb as f64 / 1024.0, most.peak_kb as f64 / 1024.0);
        let (number, threads, descriptors) = (number + 1, most.threads, most.descriptors);
        println!("{number:<8} {rate:>9.0} {rss:>9.1} {peak:>9.1} {threads:>9} {descriptors:>12}");
    }
    println!("of the two workers the larger; all but cases/s are to stay flat");
    let [before, most, after] = run.time_wait;
    println!("\nsockets in TIME_WAIT: {before} before, at most {most} meanwhile, {after} after (to stay flat)");
    if let Some((first, last)) = run.rates_at_the_ends() {
        println!(
            "the first {ENDS} trials: {first:.0}/s, the last: {last:.0}/s, ratio {:.2} (target {RATIO})",
            last / first
        );
    }
}
