//! The line with which a suite's own runner shows a finding. The diagnosis has tried it.

use crate::event::Header;
use crate::model::FindingKind;

/// The line of a suite's own runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnLine {
    /// As one types it in the project: `pytest tests/test_a.py::test_b`.
    pub(super) short: String,
    /// As it was tried: it works in the project's folder, and in any other one if it names the folder whole.
    pub(super) tried: String,
}

impl OwnLine {
    /// A line as it was tried, and in short.
    pub(super) fn of(tried: &str, kind: FindingKind, header: &Header) -> Self {
        Self { short: short(tried, kind, header), tried: tried.to_owned() }
    }
}

/// The line without what a reader in the project need not type: the folder, the interpreter, and the hash seed where
/// it decides nothing.
fn short(tried: &str, kind: FindingKind, header: &Header) -> String {
    let (folder, line) = match tried.strip_prefix("cd ").and_then(|rest| rest.split_once(" && ")) {
        Some((folder, line)) => (Some(folder), line),
        None => (None, tried),
    };
    let keeps_seed = matches!(kind, FindingKind::EnvironmentDependent | FindingKind::Intermittent);
    let mut words: Vec<&str> = line.split(' ').collect();
    if !keeps_seed {
        words.retain(|word| !word.starts_with("PYTHONHASHSEED="));
    }
    let python = words.iter().position(|word| !word.contains('=')).filter(|at| {
        let name = words[*at].trim_matches('\'').rsplit('/').next().unwrap_or_default();
        name.starts_with("python") && words.get(at + 1) == Some(&"-m") && words.get(at + 2) == Some(&"pytest")
    });
    if let Some(at) = python {
        words.drain(at..at + 2);
    }
    let line = words.join(" ");
    let Some(folder) = folder else { return line };
    let whole = folder.trim_matches('\'');
    if !whole.starts_with('/') {
        return format!("cd {folder} && {line}");
    }
    match within(whole, header) {
        Some("") => line,
        Some(below) => format!("cd {below} && {line}"),
        None => tried.to_owned(),
    }
}

/// The folder, relative to the project's; `None` where that is not known.
fn within<'a>(folder: &'a str, header: &'a Header) -> Option<&'a str> {
    let spec = &header.subject.spec;
    if let Some(root) = spec.get("root").and_then(|root| root.as_str()).filter(|root| root.starts_with('/')) {
        return Some(folder.strip_prefix(root)?.trim_matches('/'));
    }
    let mut suites = header.subject.arguments.iter().filter_map(|word| word.strip_prefix("pytest:"));
    Some(suites.next()?.trim_start_matches("./").trim_end_matches('/'))
        .map(|given| if given == "." { "" } else { given })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(arguments: &[&str], spec: serde_json::Value) -> Header {
        let journal = include_str!("../../fixtures/journals/sample.jsonl");
        let first: serde_json::Value = serde_json::from_str(journal.lines().next().expect("a line")).expect("JSON");
        let mut header: Header = serde_json::from_value(first["event"]["run_started"].clone()).expect("a header");
        header.subject.arguments = arguments.iter().map(|word| (*word).to_owned()).collect();
        header.subject.spec = spec;
        header
    }

    #[track_caller]
    fn check(arguments: &[&str], spec: serde_json::Value, kind: FindingKind, line: &str, expected: &str) {
        assert_eq!(OwnLine::of(line, kind, &header(arguments, spec)).short, expected);
    }

    #[test]
    fn the_short_line_is_what_one_types_in_the_project() {
        use FindingKind::{EnvironmentDependent, OrderDependent};
        let none = || serde_json::Value::Null;
        let line = "cd /home/a/shop && PYTHONHASHSEED=7 /v/bin/python -m pytest a.py::b c.py::d";
        check(&["--suite", "pytest:."], none(), OrderDependent, line, "pytest a.py::b c.py::d");
        check(&["--suite", "pytest:sub"], none(), OrderDependent, line, "cd sub && pytest a.py::b c.py::d");
        check(&["--suite", "pytest:."], none(), EnvironmentDependent, line, "PYTHONHASHSEED=7 pytest a.py::b c.py::d");
        let here = "PYTHONHASHSEED=7 /v/bin/python -m pytest a.py::b c.py::d";
        check(&["--suite", "pytest:."], none(), OrderDependent, here, "pytest a.py::b c.py::d");
        let below = "cd 'the suite' && python3 -m pytest a.py::b";
        check(&["--suite", "pytest:the suite"], none(), OrderDependent, below, "cd 'the suite' && pytest a.py::b");
        let jest = "cd /home/a/shop/web && npx jest -t '^(a b)$'";
        check(
            &[],
            serde_json::json!({"root": "/home/a/shop"}),
            OrderDependent,
            jest,
            "cd web && npx jest -t '^(a b)$'",
        );
        let spaced = "cd '/home/a shop' && '/v e/bin/python3' -m pytest a.py::b";
        check(&["pytest:."], none(), OrderDependent, spaced, "'/v e/bin/python3' -m pytest a.py::b");
    }
}
