//! Links between documents.

use crate::{files, root, told};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// The text of a document outside of blocks and spans of code, line by line.
fn prose(text: &str) -> Vec<String> {
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let fence = line.trim_start().starts_with("```");
        in_code ^= fence;
        // Every second part of a line lies between backquotes.
        let said = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        lines.push(if fence || in_code { String::new() } else { said });
    }
    lines
}

/// The targets of a document's links, each with the number of its line.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(prose(text)) {
        let mut rest = line.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, behind)) = after.split_once(')') else { break };
            found.push((number, target.split_whitespace().next().unwrap_or_default().to_owned()));
            rest = behind;
        }
    }
    found
}

/// The names by which headings can be linked to, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut in_code = false;
    for line in text.lines() {
        in_code ^= line.trim_start().starts_with("```");
        let title = line.trim_start_matches('#');
        if in_code || title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let kept = title.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        let name: String = kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect();
        let again = (1..).map(|n| format!("{name}-{n}"));
        let free = std::iter::once(name.clone()).chain(again).find(|name| !found.contains(name));
        found.extend(free);
    }
    found
}

/// The path without `..` in it, which need not exist.
fn joined(folder: &Path, relative: &str) -> PathBuf {
    let mut path = folder.to_owned();
    for part in Path::new(relative).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            Component::Normal(name) => path.push(name),
            _ => (),
        }
    }
    path
}

/// What is wrong with the links of a document at this path.
fn broken(path: &Path, documents: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut wrong = Vec::new();
    let folder = path.parent().expect("a document lies in a folder");
    for (line, target) in targets(&documents[path]) {
        if target.contains("://") || target.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
        let to = if file.is_empty() { path.to_owned() } else { joined(folder, file) };
        let here = format!("{}:{line}: {target}", told(path));
        if !documents.contains_key(&to) && !to.exists() {
            wrong.push(format!("{here} leads nowhere"));
        } else if !anchor.is_empty() && documents.get(&to).is_some_and(|text| !anchors(text).contains(anchor)) {
            wrong.push(format!("{here}: there is no such heading"));
        }
    }
    wrong
}

fn documents() -> BTreeMap<PathBuf, String> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a document");
        (path, text)
    };
    files(".", "md").into_iter().map(|path| joined(root(), &told(&path))).map(read).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    assert!(documents.len() > 20, "only {} documents were found", documents.len());
    let wrong: Vec<String> = documents.keys().flat_map(|path| broken(path, &documents)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_book_has_every_page() {
    let documents = documents();
    let docs = root().join("docs");
    let contents = docs.join("SUMMARY.md");
    let listed: BTreeSet<PathBuf> =
        targets(&documents[&contents]).into_iter().map(|(_, target)| joined(&docs, &target)).collect();
    let pages = documents.keys().filter(|path| path.parent() == Some(&docs) && **path != contents);
    let missing: Vec<String> = pages.filter(|path| !listed.contains(*path)).map(|path| told(path)).collect();
    assert!(missing.is_empty(), "docs/SUMMARY.md does not list {missing:?}");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = root().join("docs/page.md");
    let text = "# One two\n[a](#one-two) [b](#three) [c](nowhere.md) `[d](code.md)` [e](https://example.com/x)\n```\n[f](g)\n```\n";
    let documents = BTreeMap::from([(page.clone(), text.to_owned())]);
    let wrong = broken(&page, &documents);
    assert_eq!(wrong, ["docs/page.md:2: #three: there is no such heading", "docs/page.md:2: nowhere.md leads nowhere"]);
}
