//! One plain JSON endpoint, tested by several programs side by side: a POST, two JSONPath expectations, one case each.
//!
//! `cargo bench --bench endpoint` serves the endpoint on loopback, writes the same 4,326 cases for each program, and has
//! them run in turns, three times, with one job and with two (twice as many cases then, as rounds are what runs side by
//! side here). Hurl is HURL or on PATH; a Python with pytest, pytest-xdist and httpx is STEADFAST_BENCH_PYTHON. What is
//! missing is left out, with a line. Seconds are those of the whole process, loading and reports included. Nothing is
//! asserted of them, only that every case passes.

#![allow(clippy::print_stdout, reason = "a bench prints its table")]

use axum::Json;
use axum::extract::State;
use axum::routing::post;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use std::{env, fs, io};

/// How many cases there are.
const CASES: usize = 4_326;

/// How often each program runs.
const TURNS: usize = 3;

/// How many starts are timed.
const STARTS: usize = 11;

fn main() -> ExitCode {
    match bench() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn bench() -> io::Result<()> {
    let endpoint = Endpoint::serve()?;
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    write_scenarios(&root.join("all"), &endpoint, CASES)?;
    write_scenarios(&root.join("one"), &endpoint, 1)?;
    write_hurl(&root.join("hurl"), &endpoint)?;
    write_pytest(&root.join("pytest"), &endpoint)?;
    let programs = programs();
    println!("{CASES} cases with one job, {} with two; seconds of the whole process, median of {TURNS}\n", 2 * CASES);
    println!("{:<16} {:>5} {:>9} {:>9} {:>14}", "", "jobs", "seconds", "cases/s", "steadfast is");
    for jobs in [1, 2] {
        let mut seconds: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        // In turns: what else the machine does hits all of them.
        for _ in 0..TURNS {
            for program in &programs {
                let before = endpoint.requests();
                let begun = Instant::now();
                program.run(root, &endpoint, jobs)?;
                seconds.entry(program.name()).or_default().push(begun.elapsed().as_secs_f64());
                let (asked, cases) = (endpoint.requests() - before, (CASES * jobs) as u64);
                if asked != cases {
                    return Err(io::Error::other(format!("{} asked {asked} times, not {cases}", program.name())));
                }
            }
        }
        let median = |name: &str| seconds.get(name).map(|all| middle(all)).unwrap_or_default();
        for program in &programs {
            let (took, name) = (median(program.name()), program.name());
            let times = format!("{:.1} times", took / median("steadfast"));
            println!("{name:<16} {jobs:>5} {took:>9.2} {:>9.0} {times:>14}", (CASES * jobs) as f64 / took);
        }
    }
    println!("\nfrom the start of the process to the first request, median of {STARTS}:");
    for (name, what) in [("one", "1 case"), ("all", "4,326 cases")] {
        let mut millis = Vec::new();
        for _ in 0..STARTS {
            endpoint.forget();
            let begun = Instant::now();
            steadfast(&root.join(name), 1)?;
            let first = endpoint.first().ok_or_else(|| io::Error::other("nothing was asked"))?;
            millis.push(first.duration_since(begun).as_secs_f64() * 1e3);
        }
        println!("{what:<16} {:>9.0} ms", middle(&millis));
    }
    Ok(())
}

fn middle(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// The endpoint, on threads of its own.
struct Endpoint {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    first: Mutex<Option<Instant>>,
}

impl Endpoint {
    fn serve() -> io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let seen = Arc::new(Seen::default());
        let state = Arc::clone(&seen);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        std::thread::spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                let routes = axum::Router::new().route("/echo", post(echo)).route("/", axum::routing::get(|| async {}));
                axum::serve(listener, routes.with_state(state)).await
            })
        });
        Ok(Self { address, seen })
    }

    fn requests(&self) -> u64 {
        self.seen.requests.load(Ordering::Relaxed)
    }

    fn forget(&self) {
        *self.seen.first.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn first(&self) -> Option<Instant> {
        *self.seen.first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn echo(State(seen): State<Arc<Seen>>, Json(body): Json<Value>) -> Json<Value> {
    seen.requests.fetch_add(1, Ordering::Relaxed);
    seen.first.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(Instant::now);
    Json(json!({ "kind": "echo", "given": { "n": body["n"] } }))
}

fn write_scenarios(root: &Path, endpoint: &Endpoint, cases: usize) -> io::Result<()> {
    fs::create_dir_all(root.join("scenarios"))?;
    let system = format!("system: echo\nurl: http://{}\nreset: none\nauth: {{}}\nverbs: {{}}\n", endpoint.address);
    fs::write(root.join("system.yaml"), system)?;
    for (file, numbers) in (0..cases).collect::<Vec<_>>().chunks(100).enumerate() {
        let numbers: Vec<String> = numbers.iter().map(|number| format!("n{number}")).collect();
        let text = format!(
            "scenario: it says what it heard ({file})\nmatrix: {{ n: [{}] }}\nsteps:\n  - http: {{ post: /echo, json: {{ n: \
             \"${{n}}\" }}, auth: none }}\n    expect: {{ $.kind: echo, $.given.n: \"${{n}}\" }}\n",
            numbers.join(", ")
        );
        fs::write(root.join(format!("scenarios/echo-{file:02}.yaml")), text)?;
    }
    Ok(())
}

fn write_hurl(folder: &Path, endpoint: &Endpoint) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for number in 0..CASES {
        let text = format!(
            "POST http://{}/echo\n{{ \"n\": \"n{number}\" }}\nHTTP *\n[Asserts]\njsonpath \"$.kind\" == \"echo\"\njsonpath \
             \"$.given.n\" == \"n{number}\"\n",
            endpoint.address
        );
        fs::write(folder.join(format!("echo-{number:04}.hurl")), text)?;
    }
    Ok(())
}

fn write_pytest(folder: &Path, endpoint: &Endpoint) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let text = format!(
        "import os\nimport httpx\nimport pytest\n\n\n@pytest.fixture(scope='session')\ndef client():\n    with \
         httpx.Client(base_url='http://{}') as client:\n        yield client\n\n\n@pytest.mark.parametrize('n', [f'n{{n}}' for \
         n in range(int(os.environ['CASES']))])\ndef test_echo(client, n):\n    answer = client.post('/echo', json={{'n': n}}).\
         json()\n    assert answer['kind'] == 'echo'\n    assert answer['given']['n'] == n\n",
        endpoint.address
    );
    fs::write(folder.join("test_echo.py"), text)
}

enum Program {
    Steadfast,
    BareClient,
    Hurl(PathBuf),
    Pytest(PathBuf),
}

/// What is here.
fn programs() -> Vec<Program> {
    let mut found = vec![Program::Steadfast, Program::BareClient];
    let hurl = PathBuf::from(env::var_os("HURL").unwrap_or_else(|| "hurl".into()));
    match finish(Command::new(&hurl).arg("--version")) {
        Ok(()) => found.push(Program::Hurl(hurl)),
        Err(_) => println!("no hurl on PATH, nor named by HURL: left out"),
    }
    match env::var_os("STEADFAST_BENCH_PYTHON") {
        Some(python) => found.push(Program::Pytest(python.into())),
        None => println!("STEADFAST_BENCH_PYTHON names no Python with pytest, pytest-xdist and httpx: left out"),
    }
    found
}

impl Program {
    fn name(&self) -> &'static str {
        match self {
            Self::Steadfast => "steadfast",
            Self::BareClient => "bare reqwest",
            Self::Hurl(_) => "hurl",
            Self::Pytest(_) => "pytest, httpx",
        }
    }

    fn run(&self, root: &Path, endpoint: &Endpoint, jobs: usize) -> io::Result<()> {
        match self {
            Self::Steadfast => steadfast(&root.join("all"), jobs),
            Self::BareClient => bare_client(endpoint, jobs),
            Self::Hurl(program) => {
                let mut command = Command::new(program);
                command.args(["--test", "--jobs", &jobs.to_string(), "--repeat", &jobs.to_string()]);
                finish(command.arg(root.join("hurl")))
            }
            Self::Pytest(python) => {
                let mut command = Command::new(python);
                command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]);
                if jobs > 1 {
                    command.args(["-n", &jobs.to_string()]);
                }
                finish(command.env("CASES", (CASES * jobs).to_string()).current_dir(root.join("pytest")))
            }
        }
    }
}

/// One round for each job, without what the others don't do: no history, no accounting of resources.
fn steadfast(root: &Path, jobs: usize) -> io::Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_steadfast"));
    command.args(["run", "--system", "system.yaml", "--orders", "shuffle", "--no-alone", "--no-leaks", "--no-history"]);
    command.args(["--rounds", &jobs.to_string(), "--jobs", &jobs.to_string(), "--seed", "1"]);
    finish(command.current_dir(root))
}

/// The limit: nothing but the requests, on as many threads, with connections that are kept.
fn bare_client(endpoint: &Endpoint, jobs: usize) -> io::Result<()> {
    let url = format!("http://{}/echo", endpoint.address);
    let threads: Vec<_> = (0..jobs)
        .map(|_| {
            let url = url.clone();
            std::thread::spawn(move || -> io::Result<()> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                let client = steadfast::platform::http_client().build().expect("a client");
                runtime.block_on(async {
                    for number in 0..CASES {
                        let n = format!("n{number}");
                        let answer = client.post(&url).json(&json!({ "n": n })).send().await;
                        let answer: Value = answer.map_err(io::Error::other)?.json().await.map_err(io::Error::other)?;
                        if answer["kind"] != "echo" || answer["given"]["n"] != n.as_str() {
                            return Err(io::Error::other(format!("another answer: {answer}")));
                        }
                    }
                    Ok(())
                })
            })
        })
        .collect();
    threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| io::Error::other("a client died"))?)
}

fn finish(command: &mut Command) -> io::Result<()> {
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).chars().take(4_000).collect::<String>();
    Err(io::Error::other(format!("{command:?}: {}\n{}\n{}", output.status, text(&output.stdout), text(&output.stderr))))
}
