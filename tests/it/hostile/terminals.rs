//! A subject whose texts command a terminal or a CI service.

use crate::cli::kit::Project;
use crate::hostile::kit::{RUN, suite};

/// Characters that a terminal acts on, and the beginnings of lines that CI services act on.
#[track_caller]
fn assert_no_command(text: &str) {
    for letter in ['\u{1b}', '\r', '\0', '\u{7}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{2028}', '\u{200b}'] {
        assert!(!text.contains(letter), "{letter:?} is in {text:?}");
    }
    for line in text.lines() {
        assert!(!line.trim_start().starts_with("::") && !line.contains("##[") && !line.contains("##vso["), "{line}");
    }
}

#[test]
fn what_a_runner_writes_is_made_visible() {
    let evil = "printf '::error::mine\\n##[group]mine\\n\\033[2J\\033]0;title\\007\\rover\\342\\200\\256rtl\\342\\200\\250::error::x\\n' >&2";
    let project = suite(&format!("case $1 in list) echo one; echo two;; *) {evil}; exit 1;; esac"));
    let ended = project.run(RUN).exits(1);
    assert_no_command(&ended.out);
    assert_no_command(&ended.err);
    let shown = project.run(&["report"]).exits(0);
    assert_no_command(&shown.out);
    let history = project.run(&["history"]).exits(0);
    assert_no_command(&history.out);
}

#[test]
fn what_a_listing_names_is_made_visible() {
    let list =
        "printf '::stop-commands::x\\nplain\\033[31m\\342\\200\\256\\n\\342\\200\\213::error::x\\n##[error]x\\n'";
    let project = suite(&format!("case $1 in list) {list};; *) true;; esac"));
    let listed = project.run(&["list", "--suite", "command:suite.yaml"]);
    assert_no_command(&listed.out);
    assert_no_command(&listed.err);
    assert!(listed.out.contains("plain"), "{}", listed.out);
    let ended = project.run(RUN);
    assert_no_command(&ended.out);
    assert_no_command(&ended.err);
}

#[test]
fn errors_show_what_they_quote_and_keep_secrets() {
    let key = "correct-horse-battery";
    let project = Project::new().with("scenarios/one.yaml", format!("scenario: one\n\"\\e[2J::x {key}\": 1\n"));
    let mut command = project.command(&["check"]);
    command.env("MY_TOKEN", key);
    let ended = crate::cli::kit::Running::of(command).wait().exits(2);
    assert_no_command(&ended.err);
    assert!(!ended.err.contains(key), "{}", ended.err);
}
