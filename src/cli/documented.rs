//! Holds that every command line in the README and in the docs is one that this program understands.

use crate::cli::arguments::Arguments;
use clap::CommandFactory;
use clap::error::ErrorKind;
use std::fs;
use std::path::{Path, PathBuf};

/// The documents, and their texts.
fn documents() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = fs::read_dir(root.join("docs")).expect("the docs").flatten().map(|entry| entry.path());
    let named = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "packaging/README.md"].map(|name| root.join(name));
    let pages = pages.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.chain(named).map(|path| (path.clone(), fs::read_to_string(path).expect("a document"))).collect()
}

/// The command lines that a document shows, in blocks and in spans of code, each with its line's number.
fn command_lines(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut in_block = false;
    for (number, line) in (1..).zip(text.lines()) {
        let is_fence = line.trim_start().starts_with("```");
        in_block ^= is_fence;
        let shown: Vec<&str> = match in_block {
            true => vec![line.trim_start().trim_start_matches("$ ")],
            false => line.split('`').skip(1).step_by(2).collect(),
        };
        let commands = shown.into_iter().filter(|shown| *shown == "steadfast" || shown.starts_with("steadfast "));
        found.extend(commands.map(|command| (number, command.to_owned())));
    }
    found
}

/// The words of a command line as a shell reads them, as far as documents need it: quotes, and a comment at the end.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            (None, '|' | '>' | '&' | ';') if word.is_none() => break,
            (None, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What is wrong with a command line. Capital words stand for values, `…` for what a reader adds, `a|b` for a choice.
fn wrong(line: &str) -> Option<String> {
    let stands_for = |word: &str| match word {
        "HEX" => "5eed".to_owned(),
        "N" => "3".to_owned(),
        "kind:name" => "pytest:.".to_owned(),
        _ => word.split('|').next().unwrap_or(word).to_owned(),
    };
    let line = words(line)
        .iter()
        .filter(|word| *word != "…" && *word != "...")
        .map(|word| stands_for(word))
        .collect::<Vec<_>>();
    let error = Arguments::command().try_get_matches_from(line).err()?;
    let is_answer = matches!(
        error.kind(),
        // Named alone, in a sentence, a command needs no arguments.
        ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
            | ErrorKind::MissingRequiredArgument
            | ErrorKind::MissingSubcommand
    );
    (!is_answer).then(|| error.to_string())
}

#[test]
fn every_command_line_in_the_documents_is_understood() {
    let mut problems = Vec::new();
    let mut lines = 0;
    for (path, text) in documents() {
        for (number, line) in command_lines(&text) {
            lines += 1;
            problems.extend(wrong(&line).map(|why| format!("{}:{number}: {line}\n{why}", path.display())));
        }
    }
    assert!(lines > 60, "only {lines} command lines were found");
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_command_line_that_is_not_understood_is_found() {
    let text = "`steadfast run --no-such` and `steadfast rum`\n```\n$ steadfast run -k 'a and b' # why\nsteadfast run --rounds x | head\n```\n";
    let found: Vec<(usize, bool)> =
        command_lines(text).into_iter().map(|(n, line)| (n, wrong(&line).is_some())).collect();
    assert_eq!(found, [(1, true), (1, true), (3, false), (4, true)]);
}
