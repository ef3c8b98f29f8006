//! What a file names: the paths in its `use` items, over as many lines as they take, and those in its code.

/// A path that a file names, as it begins at the root of the crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// Its parts, without `crate`.
    pub path: Vec<String>,
    /// Whether the file hands the name on, by `pub use`.
    pub is_handed_on: bool,
}

/// Everything of this crate that the code of a module names. `is_module` tells of a path whether a module is there: a
/// path may begin with a child of the module.
pub fn imports(code: &str, module: &[String], is_module: &dyn Fn(&[String]) -> bool) -> Vec<Import> {
    let mut found = Vec::new();
    let mut outside = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = word(rest, "use") {
        let item = &rest[at..];
        let end = item.find(';').map_or(item.len(), |end| end + 1);
        let is_handed_on = is_public(&rest[..at]);
        for tree in flattened(item["use".len()..end].trim_end_matches(';')) {
            if let Some(path) = absolute(tree, module, is_module) {
                found.push(Import { path, is_handed_on });
            }
        }
        outside.push_str(&rest[..at]);
        outside.push(' ');
        rest = &item[end..];
    }
    outside.push_str(rest);
    let inline = inline_paths(&outside).into_iter().filter_map(|path| absolute(path, module, is_module));
    found.extend(inline.map(|path| Import { path, is_handed_on: false }));
    found
}

/// Where a word stands by itself.
fn word(text: &str, word: &str) -> Option<usize> {
    let is_part = |one: char| one.is_alphanumeric() || one == '_';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        !text[..*at].chars().next_back().is_some_and(is_part)
            && text[at + word.len()..].chars().next().is_some_and(char::is_whitespace)
    })
}

fn is_public(before: &str) -> bool {
    let item = before.trim_end();
    item.ends_with("pub") || (item.ends_with(')') && item.rfind("pub(").is_some_and(|at| !item[at..].contains(';')))
}

/// `a::{b, c::{d, e as f}}` as `a::b`, `a::c::d` and `a::c::e`.
fn flattened(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or_default();
        return vec![parts(path)];
    };
    let head = parts(&tree[..open]);
    let inside = tree[open + 1..].trim_end().strip_suffix('}').unwrap_or(&tree[open + 1..]);
    let tails = at_commas(inside).into_iter().filter(|part| !part.trim().is_empty()).flat_map(flattened);
    tails.map(|tail| head.iter().cloned().chain(tail).collect()).collect()
}

fn parts(path: &str) -> Vec<String> {
    path.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// What stands between the commas that are in no braces of their own.
fn at_commas(text: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut parts) = (0_usize, 0, Vec::new());
    for (at, one) in text.char_indices() {
        match one {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

/// Every `a::b::c` in code.
fn inline_paths(code: &str) -> Vec<Vec<String>> {
    let is_part = |one: char| one.is_alphanumeric() || one == '_' || one == ':';
    code.split(|one| !is_part(one)).filter(|path| path.contains("::")).map(parts).collect()
}

/// A path from the root of the crate; `None` if it is another crate's.
fn absolute(path: Vec<String>, module: &[String], is_module: &dyn Fn(&[String]) -> bool) -> Option<Vec<String>> {
    let (first, rest) = path.split_first()?;
    let mut whole = match first.as_str() {
        "crate" | "steadfast" => rest.to_vec(),
        "self" => [module, rest].concat(),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            [&module[..module.len().saturating_sub(ups)], &path[ups..]].concat()
        }
        _ => [module, &path].concat(),
    };
    let is_relative = !["crate", "steadfast", "self", "super"].contains(&first.as_str());
    if is_relative && !is_module(&whole[..=module.len()]) {
        return None;
    }
    if whole.last().is_some_and(|last| last == "self") {
        whole.pop();
    }
    Some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: &str, expected: &[&str]) {
        let module = ["engine".to_owned(), "dispatch".to_owned()];
        let is_module = |path: &[String]| path.join("::") == "engine::dispatch::child";
        let found = imports(code, &module, &is_module);
        let found: Vec<String> = found.iter().map(|import| import.path.join("::")).collect();
        assert_eq!(found, expected, "{code}");
    }

    #[test]
    fn a_group_over_several_lines_is_read_to_its_end() {
        check(
            "use crate::{\n    model::Seed,\n    verdict::{\n        judge,\n        Cause as Why,\n    },\n};",
            &["model::Seed", "verdict::judge", "verdict::Cause"],
        );
    }

    #[test]
    fn paths_from_here_are_told_from_the_root() {
        check("use super::{Owned, stop::Stop};", &["engine::Owned", "engine::stop::Stop"]);
        check("use super::super::verdict::judge;", &["verdict::judge"]);
        check("pub use child::Name; use other::Name;", &["engine::dispatch::child::Name"]);
    }

    #[test]
    fn paths_in_code_count_too() {
        check(
            "fn f() { crate::report::render(child::x, std::fs::read) }",
            &["report::render", "engine::dispatch::child::x"],
        );
    }

    #[test]
    fn names_that_are_handed_on_are_known() {
        let handed_on = |code: &str| imports(code, &[], &|_| false).iter().all(|import| import.is_handed_on);
        assert!(handed_on("pub use crate::a::B;") && handed_on("pub(super) use crate::a::B;"));
        assert!(!handed_on("pub(super) fn f();\nuse crate::a::B;"));
    }
}
