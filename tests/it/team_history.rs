//! A history that a team shares in PostgreSQL: a real server, several writers, and no password in anything that is told.

use crate::cli::kit::{BROKEN, Ended, GREETING, Project, Running, until};
use postgres::{Client, NoTls};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The password of the server, which must appear nowhere.
const PASSWORD: &str = "correct-horse-battery";

/// A user without rights: the server refuses to run as root.
const NOBODY: u32 = 65534;

const RUN: &[&str] = &["run", "--rounds", "2", "--no-alone", "--jobs", "1", "-q"];

/// A server in a folder of its own. Dropping it ends it.
struct Server {
    child: Child,
    port: u16,
    certificate: PathBuf,
    _folder: tempfile::TempDir,
}

/// Where the server's programs are, if they are installed.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
fn programs() -> Option<PathBuf> {
    let has = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|entry| entry.path().join("bin"));
    let found = std::env::split_paths(&path).chain(debian).find(has);
    if found.is_none() {
        eprintln!("skipped: there is no PostgreSQL (initdb, postgres) here");
    }
    found
}

impl Server {
    fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        std::fs::write(folder.path().join("password"), PASSWORD).expect("a file");
        let certified = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let (certificate, key) = (folder.path().join("server.crt"), folder.path().join("server.key"));
        std::fs::write(&certificate, certified.cert.pem()).expect("a file");
        std::fs::write(&key, certified.signing_key.serialize_pem()).expect("a file");
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("only its owner reads it");
        let is_root = std::fs::metadata(folder.path()).expect("a folder").uid() == 0;
        if is_root {
            for path in [folder.path(), &folder.path().join("password"), &certificate, &key] {
                chown(path, Some(NOBODY), Some(NOBODY)).expect("root may");
            }
        }
        let command = |program: &str| {
            let program = programs.join(program);
            let mut command = match is_root {
                true => Command::new("setpriv"),
                false => Command::new(&program),
            };
            if is_root {
                let user = NOBODY.to_string();
                command.args(["--reuid", &user, "--regid", &user, "--clear-groups"]).arg(&program);
            }
            command.env("LC_ALL", "C.UTF-8").env("TMPDIR", folder.path()).current_dir(folder.path());
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command
        };
        let mut initdb = command("initdb");
        initdb.arg("-D").arg(&data).args(["-U", "ana", "-A", "scram-sha-256", "-E", "UTF8", "--no-sync", "--pwfile"]);
        assert!(initdb.arg(folder.path().join("password")).status().expect("initdb starts").success());
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let mut server = command("postgres");
        server.arg("-D").arg(&data).arg("-k").arg(folder.path()).args(["-p", &port.to_string()]);
        for setting in ["listen_addresses=127.0.0.1", "fsync=off", "ssl=on"] {
            server.args(["-c", setting]);
        }
        server.arg("-c").arg(format!("ssl_cert_file={}", certificate.display()));
        server.arg("-c").arg(format!("ssl_key_file={}", key.display()));
        let child = server.spawn().expect("postgres starts");
        let server = Self { child, port, certificate, _folder: folder };
        until("the server answers", || Client::connect(&server.url(""), NoTls).is_ok());
        Some(server)
    }

    fn url(&self, more: &str) -> String {
        format!("postgres://ana:{PASSWORD}@127.0.0.1:{}/postgres{more}", self.port)
    }

    fn number(&self, sql: &str) -> i64 {
        let mut client = Client::connect(&self.url(""), NoTls).expect("it answers");
        client.query_one(sql, &[]).expect(sql).get(0)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        let _ = self.child.wait();
    }
}

/// A month of JUnit files, written at this hour: a test that flips on a commit, and one that holds.
fn month(project: &Project, folder: &str, hour: u32) {
    for day in 1..=8 {
        let outcome = if day == 3 { "<failure message=\"assert 1 == 2\"/>" } else { "" };
        let text = format!(
            "<testsuites><testsuite name=\"pytest\" tests=\"2\" timestamp=\"2026-10-{day:02}T{hour:02}:00:00+00:00\">\
             <testcase classname=\"tests.test_a\" name=\"test_flips\" time=\"0.01\">{outcome}</testcase>\
             <testcase classname=\"tests.test_a\" name=\"test_holds\" time=\"0.01\"/></testsuite></testsuites>"
        );
        project.write(&format!("{folder}/{:07x}aa/{day}/junit.xml", 0x00ab_cde0 + day / 2), text);
    }
}

/// Nothing of a project, and nothing that was said, has the password.
#[track_caller]
fn keeps_the_secret(project: &Project, said: &[&Ended]) {
    for ended in said {
        assert!(!ended.out.contains(PASSWORD) && !ended.err.contains(PASSWORD), "{}\n{}", ended.out, ended.err);
    }
    let files = project.files("reports");
    assert!(files.len() > 5, "{files:?}");
    for file in files {
        let bytes = std::fs::read(&file).expect("a file");
        let holds = bytes.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes());
        assert!(!holds, "{} has the password", file.display());
    }
}

fn runs_are_remembered_for_all(server: &Server) {
    let url = server.url("");
    let (one, other) = (Project::that_passes(), Project::that_passes());
    let wrong = |project: &Project| project.write("scenarios/wrong.yaml", BROKEN);
    wrong(&one);
    wrong(&other);
    let with = |project: &Project, seed: &str| {
        let arguments: Vec<&str> = RUN.iter().copied().chain(["--history", &url, "--seed", seed]).collect();
        project.run(&arguments).exits(1)
    };
    let first = with(&one, "1").says(&["broken  wrong"]);
    assert!(!one.path("reports/history.sqlite").exists(), "there is no file beside the database");
    // Another machine, the same suite: it knows what the first one found.
    let second = with(&other, "2").says(&["history    known since"]);
    let header = &one.journal()[0]["event"]["run_started"]["background"]["command"];
    assert!(header.as_str().is_some_and(|command| command.contains("ana:[secret]@127.0.0.1")), "{header}");
    keeps_the_secret(&one, &[&first]);
    keeps_the_secret(&other, &[&second]);
    let history = one.run(&["history", "--history", &url]).exits(0).says(&["scenarios on embedded: 2 runs"]);
    let run = history
        .out
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .find(|word| word.len() > 15 && word.starts_with("20"));
    std::fs::remove_dir_all(one.path("reports/runs")).expect("the runs");
    let diff = one.run(&["diff", run.expect("a run"), "latest", "--history", &url]);
    assert!(diff.out.contains("1 the same"), "{}{}", diff.out, diff.err);
}

fn it_says_what_a_file_says(server: &Server) {
    let (project, url) = (Project::new(), server.url("?application_name=x"));
    month(&project, "ci", 8);
    project.write("steadfast.toml", "report_dir = \"out\"\n");
    let both = |arguments: &[&str]| {
        let of = |place: &str| {
            let arguments: Vec<&str> = arguments.iter().copied().chain(["--history", place]).collect();
            let ended = project.run(&arguments).exits(0);
            ended.out
        };
        let (file, database) = (of("here.sqlite"), of(&url));
        assert_eq!(file, database, "{arguments:?}");
        file
    };
    assert!(both(&["history", "import", "ci", "--suite", "month"]).contains("8 runs imported"));
    both(&["history", "import", "ci", "--suite", "month"]);
    let flaky = both(&["history", "flaky", "--suite", "month"]);
    assert!(flaky.contains("test_flips: failed 1 of 8 times, both ways on 1 of its commits"), "{flaky}");
    for format in ["text", "json", "html"] {
        assert!(both(&["history", "--suite", "month", "--format", format]).contains("month"));
    }
    both(&["history", "tests/test_a.py::test_holds", "--suite", "month"]);
    assert!(both(&["history", "prune", "--keep-days", "36500"]).starts_with("0 runs"));
    // Everything that was imported is older than a day, and what ran just now is not.
    let before = server.number("SELECT count(*) FROM steadfast.runs");
    project.run(&["history", "prune", "--keep-days", "1", "--history", &url]).exits(0).says(&["8 runs forgotten"]);
    assert_eq!(server.number("SELECT count(*) FROM steadfast.runs"), before - 8);
    assert_eq!(server.number("SELECT count(*) FROM steadfast.names WHERE name LIKE '%test_flips'"), 0);
}

fn several_write_at_once(server: &Server) {
    let (project, url) = (Project::new(), server.url(""));
    let writers: Vec<Running> = (0..4)
        .map(|number| {
            let (folder, suite) = (format!("ci-{number}"), format!("writer {number}"));
            month(&project, &folder, number);
            project.start(&["history", "import", &folder, "--suite", &suite, "--history", &url])
        })
        .collect();
    for writer in writers {
        writer.wait().exits(0).says(&["8 runs imported"]);
    }
    assert_eq!(server.number("SELECT count(*) FROM steadfast.runs WHERE suite LIKE 'writer %'"), 32);
    let torn = "SELECT count(*) FROM steadfast.runs WHERE suite LIKE 'writer %' AND
                    (SELECT count(*) FROM steadfast.cases WHERE cases.run = runs.number) <> 2";
    assert_eq!(server.number(torn), 0);
}

fn the_file_and_the_environment_name_it(server: &Server) {
    let without = server.url("").replace(&format!(":{PASSWORD}"), "");
    let project = Project::that_passes().with("steadfast.toml", format!("history = \"{without}\"\n"));
    let run = |folder: &Path, arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = project.command(arguments);
        command.current_dir(folder).envs(environment.iter().copied());
        Running::of(command).wait()
    };
    std::fs::create_dir(project.path("below")).expect("a folder");
    let password = [("PGPASSWORD", PASSWORD)];
    let ended = run(&project.path("below"), RUN, &password).exits(0).says(&["PASSED"]);
    keeps_the_secret(&project, &[&ended]);
    let ended = run(&project.path(""), &["history"], &password).exits(0);
    assert!(ended.out.contains("scenarios on embedded"), "{}", ended.out);
    // Without the password, or with a wrong one, the server's word is told.
    run(&project.path(""), &["history"], &[]).exits(2).says(&["password", "--no-history"]);
    let wrong = [("STEADFAST_HISTORY", server.url("").replace(PASSWORD, "wrong-horse-battery"))];
    let wrong = wrong.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>();
    let ended = run(&project.path(""), &["history"], &wrong).exits(2).says(&["password authentication failed"]);
    assert!(!ended.err.contains("wrong-horse"), "{}", ended.err);
    let shown = run(&project.path(""), &["run", "--show-config"], &wrong).exits(0).says(&["ana:[secret]@127.0.0.1"]);
    assert!(!shown.out.contains("wrong-horse"), "{}", shown.out);
}

fn the_way_can_be_encrypted(server: &Server) {
    let project = Project::that_passes();
    let believed = server.url(&format!("?sslmode=verify-full&sslrootcert={}", server.certificate.display()));
    project.run(&["history", "--history", &believed]).exits(0);
    // A server whose certificate nobody vouches for gets no password.
    let ended = project.run(&["history", "--history", &server.url("?sslmode=require")]).exits(2);
    let ended = ended.says(&["ertificate", "--no-history"]);
    assert!(!ended.err.contains(PASSWORD), "{}", ended.err);
    let elsewhere = believed.replace("127.0.0.1", "localhost");
    project.run(&["history", "--history", &elsewhere]).exits(2).says(&["ertificate"]);
}

fn a_newer_one_is_left_as_it_is(server: &Server) {
    let mut client = Client::connect(&server.url(""), NoTls).expect("it answers");
    client.batch_execute("UPDATE steadfast.version SET number = 99").expect("its owner may");
    let project = Project::new().with("scenarios/greeting.yaml", GREETING);
    let arguments: Vec<String> =
        RUN.iter().map(|word| (*word).to_owned()).chain(["--history".to_owned(), server.url("")]).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    project.run(&arguments).exits(2).says(&["is a history of version 99", "was left as it is"]);
    assert_eq!(server.number("SELECT number FROM steadfast.version"), 99);
}

#[test]
fn a_team_shares_a_history_in_postgresql() {
    let Some(server) = Server::start() else { return };
    runs_are_remembered_for_all(&server);
    it_says_what_a_file_says(&server);
    several_write_at_once(&server);
    the_file_and_the_environment_name_it(&server);
    the_way_can_be_encrypted(&server);
    a_newer_one_is_left_as_it_is(&server);
}

#[test]
fn a_server_that_is_not_there_is_told_without_the_password() {
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let url = format!("postgres://ana:{PASSWORD}@127.0.0.1:{port}/tests");
    let project = Project::that_passes();
    let ended = project.run(&["history", "--history", &url]).exits(2);
    let ended = ended.says(&["ana:[secret]@127.0.0.1", "refused", "--no-history"]);
    assert!(!ended.err.contains(PASSWORD), "{}", ended.err);
    let wrong = format!("postgres://ana:{PASSWORD}@127.0.0.1:port/tests");
    let ended = project.run(&["history", "--history", &wrong]).exits(2);
    assert!(!ended.err.contains(PASSWORD) && ended.err.contains("option `port`"), "{}", ended.err);
}
