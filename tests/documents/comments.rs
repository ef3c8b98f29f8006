//! Comments that document an item.

use crate::{files, told};
use std::fs;

/// The fewest words that a line of such a comment has.
const FEWEST_WORDS: usize = 3;

/// The texts of neighbouring lines that document one item, each with the number of its line, counted from 1.
fn blocks(text: &str) -> Vec<Vec<(usize, &str)>> {
    let mut blocks: Vec<Vec<(usize, &str)>> = Vec::new();
    let mut last = None;
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start();
        let kind = ["//!", "///"].into_iter().find(|kind| line.starts_with(kind) && !line.starts_with("////"));
        if let Some(kind) = kind {
            let said = line[kind.len()..].trim();
            match blocks.last_mut() {
                Some(block) if last == Some(kind) => block.push((number, said)),
                _ => blocks.push(vec![(number, said)]),
            }
        }
        last = kind;
    }
    blocks
}

/// The lines that say too little. Code, headings, tables and lists are spared, and what ends a paragraph on a line of its
/// own is not.
fn short(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for block in blocks(text) {
        let mut in_code = false;
        for (number, said) in block {
            let fence = said.starts_with("```");
            in_code ^= fence;
            let spared = fence || in_code || said.is_empty() || said.starts_with(['#', '|', '-', '*', '[']);
            if !spared && said.split_whitespace().count() < FEWEST_WORDS {
                found.push((number, said));
            }
        }
    }
    found
}

#[test]
fn no_line_of_a_doc_comment_has_fewer_than_three_words() {
    let mut found = Vec::new();
    for path in ["src", "benches", "tests", "fuzz"].into_iter().flat_map(|folder| files(folder, "rs")) {
        let text = fs::read_to_string(&path).expect("a source file");
        found.extend(short(&text).into_iter().map(|(line, said)| format!("{}:{line}: {said}", told(&path))));
    }
    assert!(found.is_empty(), "these lines say too little:\n{}", found.join("\n"));
}

#[test]
fn a_short_line_is_found_and_code_is_spared() {
    let text =
        "/// Which.\nstruct A;\n//! Some words here,\n//! wrapped.\n//!\n//! ```\n//! a()\n//! ```\n/// # Errors\n";
    assert_eq!(short(text), [(1, "Which."), (4, "wrapped.")]);
}
