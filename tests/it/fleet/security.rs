//! TLS with an authority of the user's own, credentials, roles, and what the broker's store holds.

use crate::cli::kit::{Project, Running, until};
use crate::fleet::kit::{Access, Fleet, PATIENCE, Server, interrupted};
use async_nats::ConnectOptions;
use flate2::read::GzDecoder;
use futures_util::StreamExt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// The nkey of NATS's own documentation: a seed that protects nothing.
const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
const PASSWORD: &str = "Wm3-plain-password-of-the-coordinator";

/// A server that speaks TLS, and that knows a coordinator by a password and a worker by its nkey.
struct Guarded {
    folder: TempDir,
    server: Server,
}

impl Guarded {
    fn start() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path
        };
        let (authority, certificate, key) = certificates();
        write("ca.pem", &authority);
        write("coordinator.creds", &format!("coordinator:{PASSWORD}\n"));
        write("worker.creds", &format!("# the worker's\n{SEED}\n"));
        let (certificate, key) = (write("server.pem", &certificate), write("server.key", &key));
        let roles = ["coordinator", "worker"].map(|role| {
            let text = Project::new().run(&["worker", "--permissions", role]).exits(0).out;
            write(&format!("{role}.conf"), &text)
        });
        let text = format!(
            "tls {{ cert_file: \"{}\", key_file: \"{}\" }}\nauthorization {{ users = [\n  {{ user: coordinator, password: \"{PASSWORD}\", \
             {} }}\n  {{ nkey: {PUBLIC}, {} }}\n] }}\n",
            certificate.display(),
            key.display(),
            std::fs::read_to_string(&roles[0]).expect("a file"),
            std::fs::read_to_string(&roles[1]).expect("a file"),
        );
        let server = Server::with("tls", &text)?;
        Some(Self { folder, server })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn access(&self) -> Access {
        let words = |creds: &str| {
            let words = ["--creds".to_owned(), self.path(creds).display().to_string(), "--tls-ca".to_owned()];
            [&words[..], &[self.path("ca.pem").display().to_string()]].concat()
        };
        Access { coordinator: words("coordinator.creds"), worker: words("worker.creds") }
    }
}

/// An authority, and a certificate with its key by which this machine's loopback is known.
fn certificates() -> (String, String, String) {
    let mut of_authority = rcgen::CertificateParams::new(Vec::new()).expect("no names");
    of_authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let (own, key) = (rcgen::KeyPair::generate().expect("a key"), rcgen::KeyPair::generate().expect("a key"));
    let authority = of_authority.self_signed(&own).expect("a certificate").pem();
    let issuer = rcgen::Issuer::new(of_authority, own);
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let signed = rcgen::CertificateParams::new(names).expect("names").signed_by(&key, &issuer);
    (authority, signed.expect("a certificate").pem(), key.serialize_pem())
}

#[test]
fn a_fleet_runs_over_tls_with_the_two_roles_and_with_nothing_less() {
    let Some(guarded) = Guarded::start() else { return };
    let access = guarded.access();
    let ca = access.worker[2..].to_vec();
    let (creds, seed) = (access.worker[1].clone(), SEED);
    let fleet = Fleet::scenarios_at(guarded.server, access);
    // Who is not known, or does not know the server, takes no part.
    let url = fleet.server.url();
    let refused = |words: &[&str]| {
        let words = [&["worker", "--connect", url.as_str(), "--idle", "1s"], words].concat();
        let ended = fleet.project.start(&words).wait_within(PATIENCE).exits(4);
        assert!(!(ended.out + &ended.err).contains(seed));
    };
    refused(&["--creds", &creds]);
    refused(&[&ca[0], &ca[1]]);
    fleet.project.write("wrong.creds", "coordinator:another-password\n");
    refused(&["--creds", "wrong.creds", &ca[0], &ca[1]]);
    fleet.project.write("empty.creds", "# nothing\n");
    let words = ["worker", "--connect", url.as_str(), "--creds", "empty.creds"];
    fleet.project.run(&words).exits(2).says(&["empty.creds", "USER:PASSWORD"]);
    let worker = fleet.worker(&["--once"]);
    let ended = fleet.coordinator(&[]).wait_within(PATIENCE).exits(1);
    assert!(!(ended.out + &ended.err).contains(PASSWORD));
    worker.wait_within(PATIENCE).exits(0);
    for file in fleet.project.files("reports") {
        let text = std::fs::read(&file).expect("a file");
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains(PASSWORD) && !text.contains(SEED), "{}", file.display());
    }
    fleet.assert_nothing_left();
}

/// What is asked of a server in the name of a worker, and must be refused.
const FORBIDDEN: &[&str] = &[
    "$JS.API.STREAM.DELETE.STEADFAST_default_ROUNDS",
    "$JS.API.STREAM.PURGE.STEADFAST_default_RESULTS",
    "$JS.API.STREAM.UPDATE.STEADFAST_default_ROUNDS",
    "$JS.API.STREAM.CREATE.STEADFAST_other_ROUNDS",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.INFO.STEADFAST_default_RESULTS",
    "$JS.API.STREAM.MSG.GET.STEADFAST_default_RESULTS",
    "$JS.API.STREAM.MSG.GET.STEADFAST_default_PIECES",
    "$JS.API.STREAM.MSG.DELETE.STEADFAST_default_RESULTS",
    "$JS.API.DIRECT.GET.STEADFAST_default_RESULTS",
    "$JS.API.CONSUMER.CREATE.STEADFAST_default_RESULTS.mine",
    "$JS.API.CONSUMER.DELETE.STEADFAST_default_ROUNDS.workers",
    "$JS.API.CONSUMER.MSG.NEXT.STEADFAST_default_RESULTS.any",
    "$JS.API.STREAM.MSG.GET.STEADFAST_other_HEADER",
    "steadfast.default.rounds.run.key",
    "steadfast.default.header.state",
    "steadfast.default.header.owner",
    "steadfast.default.header.invitation.run.0",
    "steadfast.other.results.run.key",
];

/// What a worker must not hear.
const UNHEARD: &[&str] = &[">", "steadfast.default.results.>", "steadfast.default.told", "_INBOX.>", "$JS.API.>"];

#[test]
fn a_workers_credentials_can_do_no_more_than_its_role_says() {
    let Some(guarded) = Guarded::start() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("an event loop");
    runtime.block_on(async {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let options = ConnectOptions::new()
            .nkey(SEED.to_owned())
            .add_root_certificates(guarded.path("ca.pem"))
            .require_tls(true)
            .event_callback(move |event| {
                let _ = tell.send(event.to_string().to_lowercase());
                std::future::ready(())
            });
        let client = options.connect(guarded.server.url()).await.expect("a worker is let in");
        let mut is_refused = async |kind: &str, subject: &str| {
            let wanted = format!("{kind} to \"{}\"", subject.to_lowercase());
            loop {
                let said = tokio::time::timeout(Duration::from_secs(60), told.recv()).await;
                let said = said.unwrap_or_else(|_| panic!("{wanted} is not refused")).expect("somebody tells");
                if said.contains("permissions violation") {
                    assert!(said.contains(&wanted), "{wanted}: {said}");
                    return;
                }
            }
        };
        for subject in FORBIDDEN {
            client.publish_with_reply(*subject, "_INBOX_STEADFAST_WORKER.x", "{}".into()).await.expect("it is sent");
            is_refused("publish", subject).await;
        }
        for subject in UNHEARD {
            let heard = client.subscribe(*subject).await.expect("it is sent");
            is_refused("subscription", subject).await;
            drop(heard);
        }
        // What the role says is allowed: nothing more is refused.
        let mut state = client.subscribe("steadfast.default.header.state").await.expect("it is sent");
        client.publish("steadfast.default.told", "{}".into()).await.expect("it is sent");
        client.flush().await.expect("the server answers");
        assert!(tokio::time::timeout(Duration::from_millis(1), state.next()).await.is_err());
        while let Ok(said) = told.try_recv() {
            assert!(!said.contains("violation"), "{said}");
        }
    });
}

/// A secret that no rule of shapes knows: only its variable says what it is.
const SECRET: &str = "correct/horse+battery staple";

/// In which ways a store could hold it.
fn forms() -> Vec<Vec<u8>> {
    let bytes = SECRET.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent = percent_encoding::utf8_percent_encode(SECRET, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut forms = vec![SECRET.to_owned(), percent, SECRET.replace(' ', "+"), hex.to_uppercase(), hex];
    forms.extend([SECRET.replace('/', "\\/"), SECRET.chars().rev().collect()]);
    // Where it begins in base64 depends on what stands before it: what does not depend on that is searched for.
    forms.extend((0..3).map(|before| {
        let text = base64(&[&b"xxx"[..before], bytes].concat());
        text[before.div_ceil(3) * 4..text.len() - 4].to_owned()
    }));
    forms.into_iter().map(String::into_bytes).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let of = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = of(0) << 16 | of(1) << 8 | of(2);
        (0..4).for_each(|at| text.push(LETTERS[(bits >> (18 - 6 * at) & 63) as usize] as char));
    }
    text
}

/// Every text in a store's folder: the files as they are, and whatever in them was compressed.
fn texts(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut texts = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let Ok(bytes) = std::fs::read(&path) else { continue };
            for at in 0..bytes.len().saturating_sub(2) {
                if bytes[at..].starts_with(&[0x1f, 0x8b, 8]) {
                    let mut text = Vec::new();
                    // What follows it in the file is no part of it.
                    let _ = GzDecoder::new(&bytes[at..]).read_to_end(&mut text);
                    texts.push((path.clone(), text));
                }
            }
            texts.push((path, bytes));
        }
    }
    texts
}

fn contains(text: &[u8], form: &[u8]) -> bool {
    text.windows(form.len()).any(|window| window == form)
}

#[test]
fn no_secret_stands_in_the_brokers_store() {
    let Some(fleet) = Fleet::telling_a_secret() else { return };
    let with_secret = |mut command: std::process::Command| {
        command.env("SHOP_SECRET", SECRET);
        Running::of(command)
    };
    // Nothing that is stored by now says it, though each round fails with it in its message.
    let mut fleet = fleet;
    let coordinator = with_secret(fleet.coordinator_command(&[]));
    let worker = with_secret(fleet.worker_command(&[]));
    until("rounds end", || fleet.rounds() >= 3 || coordinator.has_ended());
    assert!(!coordinator.has_ended(), "{}", coordinator.out());
    fleet.server.kill();
    let stored = texts(&fleet.server.store());
    let told = stored.iter().filter(|(_, text)| contains(text, b"the key was refused")).count();
    assert!(told > 0, "no failure is stored: there is nothing to look at");
    for form in forms() {
        for (path, text) in &stored {
            assert!(!contains(text, &form), "{} stands in {}", String::from_utf8_lossy(&form), path.display());
        }
    }
    fleet.server.go_on();
    coordinator.wait_within(PATIENCE).exits(1);
    interrupted(worker);
    fleet.assert_nothing_left();
}

#[test]
fn a_worker_without_the_secret_takes_no_part() {
    let Some(fleet) = Fleet::with_a_scenarios_secret() else { return };
    let mut command = fleet.coordinator_command(&[]);
    command.env("SHOP_SECRET", SECRET);
    let coordinator = Running::of(command);
    until("it began", || fleet.project.path("reports/latest/events.jsonl").exists());
    let worker = fleet.worker(&[]);
    until("somebody ends", || worker.has_ended() || coordinator.has_ended());
    assert!(!coordinator.has_ended(), "{}", coordinator.out());
    let told = ["the variable SHOP_SECRET: set at the coordinator, unset here"];
    worker.wait_within(PATIENCE).exits(2).says(&told);
    interrupted(coordinator);
    fleet.assert_nothing_left();
}
