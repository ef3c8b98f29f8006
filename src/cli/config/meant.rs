//! What somebody meant who typed no command: a path, a runner or an option where a command's name belongs.

use crate::adapter::NamedSuite;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::ffi::OsString;
use std::path::Path;

/// Words of other programs for what `run` does.
const WORDS_FOR_RUN: [&str; 4] = ["test", "tests", "exec", "start"];

/// The error with a line that helps, where it is known what was meant by what was typed in the folder.
pub(super) fn with_help(mut error: clap::Error, typed: &[OsString], folder: &Path) -> clap::Error {
    let typed: Vec<String> = typed.iter().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    let Some(first) = typed.first() else { return error };
    let meant = match error.kind() {
        ErrorKind::InvalidSubcommand => of_word(first, folder).map(|command| {
            let rest = typed.get(1..).unwrap_or_default();
            std::iter::once(command).chain(rest.iter().cloned()).collect::<Vec<_>>().join(" ")
        }),
        ErrorKind::UnknownArgument if first.starts_with('-') => Some(format!("run {}", typed.join(" "))),
        _ => None,
    };
    if let Some(meant) = meant {
        let text = format!("`steadfast {meant}` runs tests");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![text.into()]));
    }
    error
}

/// The command that a word stands for which is none.
fn of_word(word: &str, folder: &Path) -> Option<String> {
    let file = word.split("::").next().unwrap_or(word);
    if folder.join(file).exists() {
        return Some(format!("run {word}"));
    }
    if WORDS_FOR_RUN.contains(&word) {
        return Some("run".to_owned());
    }
    word.parse::<NamedSuite>().is_ok().then(|| format!("run --suite {word}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Command;

    fn check(typed: &[&str], expected: Option<&str>) {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("test_x.py"), "").expect("a file");
        let program = Command::new("steadfast").subcommand_required(true).subcommand(Command::new("run"));
        let words: Vec<OsString> = std::iter::once("steadfast").chain(typed.iter().copied()).map(Into::into).collect();
        let error = program.try_get_matches_from(&words).expect_err("no command");
        let text = with_help(error, &words, folder.path()).to_string();
        match expected {
            Some(command) => assert!(text.contains(&format!("`steadfast {command}` runs tests")), "{text}"),
            None => assert!(!text.contains("runs tests"), "{text}"),
        }
    }

    #[test]
    fn what_stands_where_a_command_belongs_is_told_with_its_command() {
        check(&["test"], Some("run"));
        check(&["pytest", "-k", "cart"], Some("run --suite pytest -k cart"));
        check(&["test_x.py"], Some("run test_x.py"));
        check(&["test_x.py::test_a"], Some("run test_x.py::test_a"));
        check(&["--suite", "jest"], Some("run --suite jest"));
        check(&["rnu"], None);
        check(&["--help"], None);
    }
}
