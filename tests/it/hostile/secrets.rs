//! Secrets that a subject writes in every shape that programs write them in, and names that must stay what they are.

use crate::cli::kit::Running;
use crate::hostile::kit::{RUN, suite};

/// How many secrets are planted, each in a case of its own.
const PLANTED: usize = 45;

/// Names of variables whose values are secrets, by a word in them.
const NAMES: [&str; 9] = [
    "API_KEY",
    "DEPLOY_TOKEN",
    "CLIENT_SECRET",
    "DB_PASS",
    "SMTP_PASSWORD",
    "GPG_PASSPHRASE",
    "AWS_CREDENTIALS",
    "SENTRY_DSN",
    "cacheToken",
];

fn variable(number: usize) -> String {
    format!("V{number}_{}", NAMES[number % NAMES.len()])
}

/// Each unlike the others, with characters that encodings change.
fn secret(number: usize) -> String {
    format!("Zq{number:02}vX+9/Lm{number:02}tW=rK")
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let number =
            chunk.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..=chunk.len() {
            out.push(char::from(ALPHABET[number >> (18 - 6 * at) & 63]));
        }
    }
    out
}

/// Twenty-one shapes of a secret.
fn shapes(secret: &str) -> Vec<String> {
    let each = |form: &dyn Fn(char) -> String| secret.chars().map(form).collect::<String>();
    let (head, tail) = secret.split_at(7);
    let json = serde_json::json!({ "body": secret }).to_string();
    vec![
        secret.to_owned(),
        format!("{head}\u{1b}[31m{tail}\u{1b}[0m"),
        each(&|letter| format!("\u{1b}[1m{letter}")),
        format!("{head}\r{tail}"),
        format!("{head}\u{200b}{tail}\u{feff}"),
        each(&|letter| format!("{letter}\u{2060}")),
        each(&|letter| format!("&#{};", u32::from(letter))),
        each(&|letter| format!("&#x{:x};", u32::from(letter))),
        secret.replace('+', "&plus;").replace('/', "&sol;"),
        base64(secret.as_bytes()),
        base64(format!("user:{secret}").as_bytes()),
        base64(format!("a:{secret}").as_bytes()).replace('+', "-").replace('/', "_"),
        each(&|letter| format!("{:02x}", u32::from(letter))),
        each(&|letter| format!("{:02X}", u32::from(letter))),
        each(&|letter| format!("%{:02X}", u32::from(letter))),
        secret.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"),
        secret.replace('+', "%252B").replace('/', "%252F").replace('=', "%253D"),
        serde_json::json!({ "outer": json }).to_string(),
        each(&|letter| format!("\\u{:04x}", u32::from(letter))),
        each(&|letter| format!("\\x{:02x}", u32::from(letter))),
        format!("{head}\n    {tail}"),
    ]
}

/// A text as a reader makes it out: what is hidden gone, lines joined.
fn made_out(text: &str) -> String {
    let hidden = regex::Regex::new(
        r"\x1b\[[0-9;]*m|\\u001b\[[0-9;]*m|\\x1b\[[0-9;]*m|\\r|\\x0d|\\u200b|\\ufeff|\\u2060|\\n *|[\x00-\x08\x0b-\x1f\u{200b}\u{feff}\u{2060}]|\n *",
    );
    hidden.expect("a pattern").replace_all(text, "").into_owned()
}

#[test]
fn secrets_stand_nowhere_in_any_shape() {
    let cases: Vec<String> = (0..PLANTED).map(|number| format!("echo case{number}")).collect();
    let cases = cases.join("; ");
    let mut project = suite(&format!("case $1 in list) {cases};; *) cat texts/$1 >&2; exit 1;; esac"));
    for number in 0..PLANTED {
        let text: String = shapes(&secret(number)).iter().map(|shape| format!("it is {shape} it was\n")).collect();
        project = project.with(&format!("texts/case{number}"), text);
    }
    let with_secrets = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.envs((0..PLANTED).map(|number| (variable(number), secret(number))));
        Running::of(command).wait()
    };
    let run = with_secrets(&[RUN, &["--annotations", "github"]].concat()).exits(1);
    let mut texts = vec![("stdout".to_owned(), run.out), ("stderr".to_owned(), run.err)];
    for command in [&["report"][..], &["history"], &["report", "--format", "junit"], &["report", "--format", "html"]] {
        let shown = with_secrets(command).exits(0);
        texts.push((command.join(" "), shown.out + &shown.err));
    }
    for file in project.files("reports") {
        let bytes = std::fs::read(&file).expect("a file");
        texts.push((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    assert!(texts.iter().any(|(_, text)| text.contains("[secret]")), "something was removed");
    for (name, text) in &texts {
        let plain = made_out(text);
        for number in 0..PLANTED {
            for (shape, written) in shapes(&secret(number)).iter().enumerate() {
                let written = made_out(written);
                assert!(!plain.contains(&written), "secret {number} stands in {name} in shape {shape}: {written}");
            }
        }
    }
}

#[test]
fn names_paths_and_commands_stay_whole() {
    let project = suite(
        "case $1 in list) echo postgres-test; echo layout-us;; *) echo \"$DB_PASSWORD at $PWD by $KEYBOARD_LAYOUT\" >&2; exit 1;; esac",
    );
    let mut command = project.command(RUN);
    let folder = project.path("").display().to_string();
    command.env("DB_PASSWORD", "postgres").env("KEYBOARD_LAYOUT", "layout").env("SSH_ASKPASS", "/usr/bin/ssh-askpass");
    command.env("CONFIG_KEY", &folder).env("OLDPWD", &folder);
    let ended = Running::of(command).wait().exits(1).says(&["not replaced", "DB_PASSWORD"]);
    assert!(!ended.out.contains("[secret]"), "{}", ended.out);
    let report = project.read("reports/latest/report.json");
    assert!(report.contains("postgres-test") && report.contains("layout-us"), "{report}");
    assert!(!report.contains("[secret]"), "{report}");
}

#[test]
fn secrets_of_a_file_of_variables_are_kept() {
    let project = suite("case $1 in list) echo one;; *) cat .env >&2; exit 1;; esac")
        .with(".env", "export DATABASE_URL=postgres://ana:Wq7zPlain@db/x\nMY_TOKEN='Kt8-of-the-file'\n")
        .with(".env.example", "OTHER_TOKEN=an-example-stays\n");
    let ended = project.run(RUN).exits(1);
    let journal = project.read("reports/latest/events.jsonl");
    for secret in ["Wq7zPlain", "Kt8-of-the-file"] {
        assert!(!journal.contains(secret) && !ended.out.contains(secret), "{secret}");
    }
}
