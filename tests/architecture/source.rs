//! The sources of the crate, and their text without what only people read.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Every source file below a folder, sorted.
pub fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder of the crate").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The files below `src` with their texts, but for modules that only a test build has.
pub fn crate_sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        (path.strip_prefix(root).expect("below the crate").to_owned(), text)
    };
    let all: BTreeMap<PathBuf, String> = sources(&root.join("src")).into_iter().map(read).collect();
    let is_for_tests = |file: &Path| {
        let (Some(folder), Some(name)) = (file.parent(), file.file_stem().and_then(|name| name.to_str())) else {
            return false;
        };
        all.get(&folder.join("mod.rs")).is_some_and(|parent| declares_for_tests(parent, name))
    };
    all.iter().filter(|(file, _)| !is_for_tests(file)).map(|(file, text)| (file.clone(), text.clone())).collect()
}

/// Whether a `mod.rs` has a module in test builds only.
fn declares_for_tests(parent: &str, name: &str) -> bool {
    parent.contains(&format!("#[cfg(test)]\nmod {name};"))
}

/// The path of the module that a file holds, without `crate`; empty for `lib.rs` and `main.rs`.
pub fn module_path(file: &Path) -> Vec<String> {
    let inside = file.strip_prefix("src").unwrap_or(file).with_extension("");
    let mut path: Vec<String> = inside.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_root = path.len() == 1 && path.last().is_some_and(|last| last == "lib" || last == "main");
    if is_root || path.last().is_some_and(|last| last == "mod") {
        path.pop();
    }
    path
}

/// A source text as the compiler sees it outside of tests: without comments, without what stands in literals, and
/// without the items that only a test build has.
pub fn code(text: &str) -> String {
    without_tests(&without_comments_and_literals(text))
}

fn without_comments_and_literals(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let skipped = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest, code.chars().last()) {
            code.push_str("\"\"");
            length
        } else {
            code.push(first);
            first.len_utf8()
        };
        rest = &rest[skipped..];
    }
    code
}

/// The length of the literal that a text begins with; `before` is the character before it.
fn literal(text: &str, before: Option<char>) -> Option<usize> {
    let raw = text.trim_start_matches(['b', 'c']).strip_prefix('r');
    let starts_a_word = before.is_none_or(|before| !before.is_alphanumeric() && before != '_');
    if let Some(raw) = raw.filter(|_| starts_a_word) {
        let inside = raw.trim_start_matches('#');
        let hashes = raw.len() - inside.len();
        if let Some(inside) = inside.strip_prefix('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let end = inside.find(&close).map_or(inside.len(), |end| end + close.len());
            return Some(text.len() - inside.len() + end);
        }
    }
    match text.chars().next()? {
        '"' => Some(quoted(text, '"')),
        // A lifetime is no literal: `'a` is not closed, `'a'` and `'\n'` are.
        '\'' if text[1..].starts_with('\\') || text.chars().nth(2) == Some('\'') => Some(quoted(text, '\'')),
        _ => None,
    }
}

fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, one) in text.char_indices().skip(1) {
        match one {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if one == quote => return at + one.len_utf8(),
            _ => {}
        }
    }
    text.len()
}

/// Takes away each item behind `#[cfg(test)]` or `#[cfg(all(test, …))]`.
fn without_tests(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = ["#[cfg(test)]", "#[cfg(all(test,"].iter().filter_map(|start| rest.find(start)).min() {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = &rest[end_of_item(rest)..];
    }
    kept + rest
}

/// Where the item ends that a text begins with: at its semicolon or its closing brace, attributes aside.
fn end_of_item(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, one) in text.char_indices() {
        match one {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && one == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[test]
fn comments_literals_and_tests_are_left_out() {
    let text = "a(\"crate::x // no\"); // crate::y\nb('\"'); c::<'a>(r#\"\"crate::z\"\"#);\n#[cfg(test)]\nmod tests { fn f() { crate::w(); } }\nd();";
    let code = code(text);
    assert!(!code.contains("crate"), "{code}");
    assert!(code.contains("a(") && code.contains("c::<'a>(") && code.trim_end().ends_with("d();"), "{code}");
}

#[test]
fn what_follows_a_test_only_import_is_still_read() {
    let code = code("#[cfg(test)]\nuse crate::model::Seed;\nuse crate::event::Fact;");
    assert!(!code.contains("Seed") && code.contains("Fact"), "{code}");
}

#[test]
fn a_module_that_only_tests_have_is_known() {
    let parent = "mod engine;\n#[cfg(test)]\nmod simulated;\nmod stop;\n";
    assert!(declares_for_tests(parent, "simulated"));
    assert!(!declares_for_tests(parent, "stop") && !declares_for_tests(parent, "engine"));
}
