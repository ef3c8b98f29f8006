//! Secrets that a subject writes in every shape that programs write them in, and names that must stay what they are.

use crate::cli::kit::Running;
use crate::hostile::kit::{RUN, suite};
use regex::Regex;
use std::sync::LazyLock;

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

/// Twenty-eight shapes of a secret.
fn shapes(secret: &str) -> Vec<String> {
    let each = |form: &dyn Fn(char) -> String| secret.chars().map(form).collect::<String>();
    let listed =
        |form: &dyn Fn(char) -> String, between: &str| secret.chars().map(form).collect::<Vec<_>>().join(between);
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
        listed(&|letter| format!("{:02x}", u32::from(letter)), ":"),
        format!("<Buffer {}>", listed(&|letter| format!("{:02x}", u32::from(letter)), " ")),
        listed(&|letter| u32::from(letter).to_string(), ", "),
        listed(&|letter| format!("'{letter}'"), ", "),
        each(&|letter| format!("\\{:03o}", u32::from(letter))),
        each(&|letter| format!("{letter}\u{8}{letter}")),
        base64(base64(format!("user:{secret}").as_bytes()).as_bytes()),
    ]
}

/// A text as a reader makes it out: what is hidden gone, lines joined.
fn made_out(text: &str) -> String {
    static HIDDEN: LazyLock<Regex> = LazyLock::new(|| {
        let hidden = r"\x1b\[[0-9;]*m|\\u001b\[[0-9;]*m|\\x1b\[[0-9;]*m|\\r|\\x0d|\\u200b|\\ufeff|\\u2060|\\n *|[\x00-\x08\x0b-\x1f\u{200b}\u{feff}\u{2060}]|\n *";
        Regex::new(hidden).expect("a pattern")
    });
    HIDDEN.replace_all(text, "").into_owned()
}

/// Every secret in every shape as a reader makes it out.
fn planted() -> Vec<(usize, usize, String)> {
    let of = |number| {
        let shapes = shapes(&secret(number)).into_iter().enumerate();
        shapes.map(move |(shape, written)| (number, shape, made_out(&written)))
    };
    (0..PLANTED).flat_map(of).collect()
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
    let run = with_secrets(&[RUN, &["--keep-going", "--annotations", "github"]].concat()).exits(1);
    let mut texts = vec![("stdout".to_owned(), run.out), ("stderr".to_owned(), run.err)];
    for command in [&["report"][..], &["history"], &["report", "--format", "junit"], &["report", "--format", "html"]] {
        let shown = with_secrets(command).exits(0);
        texts.push((command.join(" "), shown.out + &shown.err));
    }
    for file in project.files("reports") {
        let bytes = std::fs::read(&file).expect("a file");
        texts.push((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    assert_nothing_stands_in(&texts);
}

/// No secret stands in a text, in any shape.
fn assert_nothing_stands_in(texts: &[(String, String)]) {
    assert!(texts.iter().any(|(_, text)| text.contains("[secret]")), "something was removed");
    let planted = planted();
    for (name, text) in texts {
        let plain = made_out(text);
        for (number, shape, written) in &planted {
            assert!(!plain.contains(written), "secret {number} stands in {name} in shape {shape}: {written}");
        }
    }
}

/// Everything that is printed or written besides the reports of a run that begins: what ends before there is a journal,
/// what only looks, and a run that is played again.
#[test]
fn secrets_stand_nowhere_in_messages_and_repros() {
    let all: String = (0..PLANTED)
        .flat_map(|number| shapes(&secret(number)))
        .map(|shape| format!("it is {shape} it was\n"))
        .collect();
    let quoted = serde_json::to_string(&all).expect("JSON");
    let project = suite(
        "case $1 in list) [ -e broken ] && { cat all; cat all >&2; exit 3; }; echo a; echo b;; \
         *) [ $1 = a ] && touch $TMPDIR/left; [ $1 = b ] && [ -e $TMPDIR/left ] && { cat all >&2; exit 1; }; exit 0;; esac",
    )
    .with("all", &all)
    .with("wrong.toml", format!("[run]\njobs = {quoted}\n"))
    .with("wrong.yaml", format!("system: mine\nextends: process\nprocess:\n  env: {{ A: {quoted}, B: [1] }}\n"))
    .with("wrong-scenario.yaml", format!("scenario: {quoted}\nsteps: [{{ chta: {quoted} }}]\n"));
    let with_secrets = |arguments: &[&str]| {
        let mut command = project.command(arguments);
        command.envs((0..PLANTED).map(|number| (variable(number), secret(number))));
        let ended = Running::of(command).wait();
        (arguments.join(" "), ended.out + &ended.err)
    };
    let listed = ["run", "--suite", "command:suite.yaml", "--rounds", "4", "--seed", "1", "--no-alone", "-v"];
    let mut texts = vec![with_secrets(&listed)];
    let repros: Vec<_> = project
        .files("reports")
        .into_iter()
        .filter(|file| file.parent().is_some_and(|folder| folder.ends_with("repros")))
        .collect();
    let repros: Vec<String> = repros.iter().map(|file| file.display().to_string()).collect();
    for repro in &repros {
        texts.push(with_secrets(&["repro", repro]));
    }
    texts.push(with_secrets(&[
        "providers",
        "doctor",
        "--",
        "sh",
        "-c",
        "curl -s \"http://$V0_API_KEY.invalid/\"; exit 1",
    ]));
    texts.push(with_secrets(&["check", "--system", "wrong.yaml"]));
    texts.push(with_secrets(&["check", "wrong-scenario.yaml"]));
    std::fs::rename(project.path("wrong.toml"), project.path("steadfast.toml")).expect("renamed");
    texts.push(with_secrets(&["check"]));
    std::fs::remove_file(project.path("steadfast.toml")).expect("removed");
    project.write("broken", "");
    texts.push(with_secrets(&["list", "--suite", "command:suite.yaml"]));
    texts.push(with_secrets(&listed));
    for file in project.files("reports") {
        let bytes = std::fs::read(&file).expect("a file");
        texts.push((file.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()));
    }
    assert_nothing_stands_in(&texts);
    assert!(!repros.is_empty(), "there was something to play again");
}

/// A message is often the last line of what was written.
#[test]
fn half_a_secret_does_not_stand_in_a_message() {
    let project = suite("case $1 in list) echo one;; *) cat text >&2; exit 1;; esac")
        .with("text", "it is Zq7vX+9/Lm\n      Tw4rK=aB2c\n");
    let mut command = project.command(RUN);
    command.env("DEPLOY_TOKEN", "Zq7vX+9/LmTw4rK=aB2c");
    let ended = Running::of(command).wait().exits(1);
    for file in project.files("reports") {
        let text = std::fs::read(&file).expect("a file");
        let text = String::from_utf8_lossy(&text) + ended.out.as_str() + ended.err.as_str();
        assert!(!text.contains("Zq7vX+9") && !text.contains("4rK=aB2c"), "{}: {text}", file.display());
    }
}

#[test]
fn what_a_profile_or_a_system_file_sets_is_a_secret_too() {
    let profile = "env: { DEPLOY_TOKEN: Kt8-set-by-the-profile, LAYOUT: a-layout-that-stays, DB_PASSWORD: postgres }\n\
                   list: { command: [sh, suite.sh, list] }\nrun: { command: [sh, suite.sh, '${case}'] }\n\
                   results: { exit_code: {} }\n";
    let project = suite("case $1 in list) echo one;; *) echo $DEPLOY_TOKEN $LAYOUT $DB_PASSWORD >&2; exit 1;; esac")
        .with("suite.yaml", profile);
    let ended = project.run(RUN).exits(1).says(&["a-layout-that-stays", "postgres"]);
    let journal = project.read("reports/latest/events.jsonl");
    assert!(!journal.contains("Kt8-set-by") && !ended.out.contains("Kt8-set-by"), "{}", ended.out);
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

/// A variable of the project whose value is a word of the journal, a runner, or a part of a note: none of that may decide
/// anything, or keep a run from being written and read again.
#[test]
fn a_secret_that_is_a_word_of_reports_changes_no_verdict() {
    let script = "case $1 in list) echo a; echo b;; a) echo 'the whole of it: passed' >&2; exit 1;; esac";
    for line in ["B_KEY=passed", "C_KEY=broken", "E_KEY=declared", "DEPLOY_KEY=\"as a whole\"", "SIGN_KEY=suite.yaml"] {
        let project = suite(script).with(".env", format!("{line}\n"));
        project.run(RUN).exits(1).says(&["FAILED"]);
        let report = project.report();
        assert_eq!(crate::cli::kit::case(&report, "b")["verdict"], "stable", "{line}: {report:#}");
        project.run(&["report", "latest"]).says(&["FAILED"]);
    }
    // One that the command line declares is kept out of every text, and the run can be read all the same.
    let project = suite(script).with("suite.env", "");
    let profile = "env: { WORD: passed }\nlist: { command: [sh, suite.sh, list] }\nrun: { command: [sh, suite.sh, '${case}'] }\n\
                   results: { exit_code: {} }\n";
    project.write("suite.yaml", profile);
    project.run(RUN).exits(1);
    assert_eq!(crate::cli::kit::case(&project.report(), "b")["verdict"], "stable");
}

/// What a profile or a runner says is a note like others, however it begins.
#[test]
fn no_note_of_a_suite_is_taken_for_one_of_the_fence_or_of_its_own_runner() {
    let profile = "notes: ['fence: the kernel: programs reached no other machine']\nlist: { command: [sh, suite.sh, list] }\n\
                   run: { command: [sh, suite.sh, '${case}'] }\nplain: { command: [sh, -c, 'exit 1'], told_as: '${id}', results: \
                   { json_lines: { file: plain } } }\nresults: { exit_code: {} }\n";
    let project = suite("case $1 in list) echo a;; esac").with(".env", "DEPLOY_KEY=\"as a whole\"\n");
    project.write("suite.yaml", profile);
    project.write("plain", "{\"id\":\"a\",\"outcome\":\"passed\"}\n");
    let ended = project.run(&["run", "--suite", "command:suite.yaml", "--rounds", "1", "--seed", "1"]).exits(3);
    assert!(
        ended.out.contains("UNPROVEN") && ended.out.contains("fails though none of its cases does"),
        "{}",
        ended.out
    );
    let notes: Vec<_> = project.journal().into_iter().filter_map(|fact| fact["event"].get("noted").cloned()).collect();
    assert!(notes.iter().all(|note| note["topic"] != "fence"), "{notes:#?}");
}
