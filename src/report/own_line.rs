//! The line with which a suite's own runner shows a finding. The diagnosis has tried it.

use crate::event::{Header, RunnerLine, ShellLine};
use crate::model::FindingKind;
use crate::report::text::visible;

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
    pub(super) fn of(own: &RunnerLine, kind: FindingKind, header: &Header) -> Self {
        let tried = visible(&own.line).into_owned();
        let line = typed(ShellLine::read(&tried), &own.runner, kind);
        Self { short: short(line, own, header).unwrap_or_else(|| tried.clone()), tried }
    }
}

/// The line without the interpreter that starts the runner, and without the hash seed and the time zone where they decide nothing.
fn typed(mut line: ShellLine, runner: &str, kind: FindingKind) -> ShellLine {
    if !matches!(kind, FindingKind::EnvironmentDependent | FindingKind::Intermittent) {
        line.variables.retain(|variable| !["PYTHONHASHSEED=", "TZ="].iter().any(|name| variable.starts_with(name)));
    }
    if let [python, module, name, ..] = line.words.as_slice() {
        let program = python.trim_matches('\'').rsplit('/').next().unwrap_or_default();
        if program.starts_with("python") && module == "-m" && name == runner {
            line.words.drain(..2);
        }
    }
    line
}

/// The line as it is typed in the project's folder; `None` if its own folder lies elsewhere.
fn short(line: ShellLine, own: &RunnerLine, header: &Header) -> Option<String> {
    let Some(folder) = &line.folder else { return Some(line.to_string()) };
    let whole = folder.trim_matches('\'');
    if !whole.starts_with('/') {
        return Some(line.to_string());
    }
    let below = match &own.folder {
        Some(below) if below.is_empty() => String::new(),
        Some(below) => ShellLine::quoted(below),
        None => within(whole, header)?.to_owned(),
    };
    Some(ShellLine { folder: (!below.is_empty()).then_some(below), ..line }.to_string())
}

/// The folder, relative to the project's; `None` where that is not known.
fn within<'a>(folder: &'a str, header: &'a Header) -> Option<&'a str> {
    let spec = &header.subject.spec;
    if let Some(root) = spec.get("root").and_then(|root| root.as_str()).filter(|root| root.starts_with('/')) {
        return Some(folder.strip_prefix(root)?.trim_matches('/'));
    }
    let given = header.subject.folder_of_modules()?.trim_start_matches("./").trim_end_matches('/');
    Some(if given == "." { "" } else { given })
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
        let runner = if line.contains("jest") { "jest" } else { "pytest" };
        let own = RunnerLine { runner: runner.to_owned(), line: line.to_owned(), folder: None };
        assert_eq!(OwnLine::of(&own, kind, &header(arguments, spec)).short, expected);
    }

    #[test]
    fn the_short_line_is_what_one_types_in_the_project() {
        use FindingKind::{EnvironmentDependent, Intermittent, OrderDependent};
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
        let zoned = "TZ=Pacific/Chatham PYTHONHASHSEED=7 python3 -m pytest a.py::b c.py::d";
        check(&["--suite", "pytest:."], none(), OrderDependent, zoned, "pytest a.py::b c.py::d");
        check(&["--suite", "pytest:."], none(), Intermittent, zoned, &zoned.replace("python3 -m ", ""));
        let spaced = "cd '/home/a shop' && '/v e/bin/python3' -m pytest a.py::b";
        check(&["pytest:."], none(), OrderDependent, spaced, "'/v e/bin/python3' -m pytest a.py::b");
    }

    #[test]
    fn a_runner_that_knows_its_place_in_the_project_needs_no_root() {
        let short = |folder: &str, line: &str| {
            let own = RunnerLine { runner: "ctest".to_owned(), line: line.to_owned(), folder: Some(folder.to_owned()) };
            let spec = serde_json::json!({"kind": "command", "root": "", "profile": "ctest"});
            OwnLine::of(&own, FindingKind::OrderDependent, &header(&["--suite", "command:ctest"], spec)).short
        };
        assert_eq!(short("", "cd /home/a/shop && npx jest -t a"), "npx jest -t a");
        assert_eq!(short("build", "cd /home/a/shop/build && ctest -R a"), "cd build && ctest -R a");
        assert_eq!(short("my build", "cd '/home/a/shop/my build' && ctest -R a"), "cd 'my build' && ctest -R a");
    }
}
