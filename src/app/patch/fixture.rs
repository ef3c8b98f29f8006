//! A fixture that puts one part of the state back after a test.

use crate::model::{MarkKind, StateMark, StatePart};

/// A fixture: its name and its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fixture {
    pub name: String,
    pub lines: Vec<String>,
}

/// The fixture for a part; `None` for kinds that a fixture can't put back, or whose name is no code. `is_module` says
/// whether a dotted name is a module of the project.
pub(super) fn fixture(mark: &StateMark, is_module: &dyn Fn(&str) -> bool) -> Option<Fixture> {
    let body = body(mark)?;
    let slug: String = mark.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' }).collect();
    let name = format!("restores_{}", slug.split_whitespace().collect::<Vec<_>>().join("_").to_lowercase());
    let arguments = if body.iter().any(|line| line.starts_with("monkeypatch.")) { "monkeypatch" } else { "" };
    let mut lines = vec!["@pytest.fixture".to_owned(), format!("def {name}({arguments}):")];
    lines.push(format!(
        "    \"\"\"Puts {} back after a test.\"\"\"",
        mark.name.replace('\\', "\\\\").replace("\"\"\"", "'''")
    ));
    let import = match mark.kind {
        MarkKind::Module => Some("sys".to_owned()),
        _ => module(&mark.name, is_module),
    };
    let more = (mark.kind == MarkKind::Directory).then(|| "os".to_owned());
    lines.extend(import.or(more).map(|module| format!("    import {module}")));
    lines.push(String::new());
    lines.extend(body.into_iter().map(|line| format!("    {line}")));
    Some(Fixture { name, lines })
}

/// What is imported for a name: the longest beginning that is a module of the project, else the first word of it.
fn module(name: &str, is_module: &dyn Fn(&str) -> bool) -> Option<String> {
    let dotted = name.split(['[', '(', ' ']).next()?.trim_end_matches('.');
    let parts: Vec<&str> = dotted.split('.').collect();
    let longest = (1..=parts.len()).rev().map(|count| parts[..count].join(".")).find(|module| is_module(module));
    longest.or_else(|| parts.first().map(|first| (*first).to_owned()).filter(|first| !first.is_empty()))
}

fn body(mark: &StateMark) -> Option<Vec<String>> {
    let name = mark.name.as_str();
    let lines = |lines: &[String]| Some(lines.to_vec());
    match (mark.kind, mark.part()) {
        (MarkKind::Environment, StatePart::Item { key, .. }) => match &mark.before {
            Some(_) => lines(&[format!("monkeypatch.setenv({key}, os.environ[{key}])")]),
            None => lines(&["yield".to_owned(), format!("os.environ.pop({key}, None)")]),
        },
        (MarkKind::Directory, _) => lines(&["monkeypatch.chdir(os.getcwd())".to_owned()]),
        (MarkKind::Path, _) => {
            lines(&["before = list(sys.path)".to_owned(), "yield".to_owned(), "sys.path[:] = before".to_owned()])
        }
        (MarkKind::Cache | MarkKind::LoopBound, StatePart::Cache { function }) => {
            lines(&["yield".to_owned(), format!("{function}.cache_clear()")])
        }
        (MarkKind::Module, _) => match &mark.before {
            Some(_) => lines(&[format!("monkeypatch.setitem(sys.modules, \"{name}\", sys.modules[\"{name}\"])")]),
            None => lines(&["yield".to_owned(), format!("sys.modules.pop(\"{name}\", None)")]),
        },
        (MarkKind::Warnings, _) => lines(&["with warnings.catch_warnings():".to_owned(), "    yield".to_owned()]),
        (MarkKind::Context, StatePart::ContextVariable { variable }) => lines(&[
            format!("token = {variable}.set({variable}.get(None))"),
            "yield".to_owned(),
            format!("{variable}.reset(token)"),
        ]),
        (MarkKind::Random | MarkKind::Process | MarkKind::Locale | MarkKind::Context, _) => of_the_process(name),
        // The call also empties what loggers remember of it, which an assignment would not.
        (MarkKind::Logging, StatePart::LoggingDisable) => {
            lines(&[format!("before = {name}"), "yield".to_owned(), "logging.disable(before)".to_owned()])
        }
        (MarkKind::Logging, StatePart::Attribute { owner, attribute: "level" }) => {
            lines(&[format!("before = {name}"), "yield".to_owned(), format!("{owner}.setLevel(before)")])
        }
        // The logger was made since: it is given what a new one has.
        (MarkKind::Logging, StatePart::Attribute { attribute, .. }) if mark.before.is_none() => {
            let fresh = match attribute {
                "disabled" => " = False",
                "propagate" => " = True",
                "handlers" => ".clear()",
                _ => return None,
            };
            lines(&["yield".to_owned(), format!("{name}{fresh}")])
        }
        (MarkKind::Variable | MarkKind::Logging | MarkKind::Patch | MarkKind::LoopBound, part) => {
            of_a_variable(mark, part)
        }
        (
            MarkKind::Environment
            | MarkKind::Cache
            | MarkKind::Load
            | MarkKind::TimeZone
            | MarkKind::EventLoop
            | MarkKind::Thread
            | MarkKind::File
            | MarkKind::Other,
            _,
        ) => None,
    }
}

/// What a call asks for, and the call that sets it to `before`.
const SETTERS: [(&str, &str); 7] = [
    ("random.getstate()", "random.setstate(before)"),
    ("locale.setlocale(locale.LC_ALL)", "locale.setlocale(locale.LC_ALL, before)"),
    ("decimal.getcontext()", "decimal.setcontext(before)"),
    ("sys.getrecursionlimit()", "sys.setrecursionlimit(before)"),
    ("sys.getswitchinterval()", "sys.setswitchinterval(before)"),
    ("gc.get_threshold()", "gc.set_threshold(*before)"),
    ("socket.getdefaulttimeout()", "socket.setdefaulttimeout(before)"),
];

fn of_the_process(name: &str) -> Option<Vec<String>> {
    let put_back = |value: &str, set: String| Some(vec![format!("before = {value}"), "yield".to_owned(), set]);
    if let Some((_, set)) = SETTERS.iter().find(|(ask, _)| *ask == name) {
        let copy = if name.starts_with("decimal.") { ".copy()" } else { "" };
        return put_back(&format!("{name}{copy}"), (*set).to_owned());
    }
    if let Some(number) = name.strip_prefix("signal.getsignal(").and_then(|rest| rest.strip_suffix(')')) {
        return put_back(name, format!("signal.signal({number}, before)"));
    }
    match name {
        "gc.isenabled()" => put_back(name, "(gc.enable if before else gc.disable)()".to_owned()),
        "sys.argv" => put_back("list(sys.argv)", "sys.argv[:] = before".to_owned()),
        "tempfile.tempdir" => put_back(name, "tempfile.tempdir = before".to_owned()),
        _ => None,
    }
}

fn of_a_variable(mark: &StateMark, part: StatePart<'_>) -> Option<Vec<String>> {
    if let (StatePart::Item { .. } | StatePart::Attribute { .. }, Some(lines)) = (part, of_a_container(mark)) {
        return Some(lines);
    }
    let name = &mark.name;
    let (owner, attribute) = match part {
        StatePart::Attribute { owner, attribute } => (owner, attribute),
        // An item of a list that the test made goes with the list.
        StatePart::Item { key, .. } if key.bytes().all(|byte| byte.is_ascii_digit()) => return None,
        StatePart::Item { owner, key } => {
            return Some(match &mark.before {
                Some(_) => vec![format!("monkeypatch.setitem({owner}, {key}, {owner}[{key}])")],
                None => vec!["yield".to_owned(), format!("{owner}.pop({key}, None)")],
            });
        }
        _ => return None,
    };
    Some(match &mark.before {
        Some(_) => vec![format!("monkeypatch.setattr({owner}, \"{attribute}\", {name})")],
        // What is bound to a loop may have stood there before, bound to none.
        None if mark.kind == MarkKind::LoopBound => vec![
            format!("before = vars({owner}).get(\"{attribute}\", {owner})"),
            "yield".to_owned(),
            format!("if before is not {owner}:"),
            format!("    {name} = before"),
            format!("elif \"{attribute}\" in vars({owner}):"),
            format!("    del {name}"),
        ],
        None => vec!["yield".to_owned(), format!("if \"{attribute}\" in vars({owner}):"), format!("    del {name}")],
    })
}

/// For a container whose content changed: the same container, with what it held.
fn of_a_container(mark: &StateMark) -> Option<Vec<String>> {
    let name = &mark.name;
    let (before, after) = (mark.before.as_deref()?, mark.after.as_deref()?);
    let fills = |text: &str| match text {
        _ if text.starts_with('[') || text.starts_with("deque(") => Some("extend"),
        _ if text.starts_with('{') || text.starts_with("set(") => Some("update"),
        _ => None,
    };
    let fill = fills(before)?;
    (fills(after) == Some(fill)).then(|| {
        vec![
            format!("before = {name}"),
            "content = before.copy()".to_owned(),
            "yield".to_owned(),
            format!("{name} = before"),
            "before.clear()".to_owned(),
            format!("before.{fill}(content)"),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: MarkKind, name: &str, before: Option<&str>, after: Option<&str>, expected: Option<&[&str]>) {
        let [before, after] = [before, after].map(|value| value.map(str::to_owned));
        let mark = StateMark::new(kind, name, before, after);
        assert_eq!(body(&mark), expected.map(|lines| lines.iter().map(|line| (*line).to_owned()).collect()), "{name}");
    }

    #[test]
    fn each_kind_of_part_is_put_back_in_the_words_of_pytest() {
        use MarkKind::{Cache, Environment, Logging, Module, Patch, Process, Thread, Variable, Warnings};
        let item = "monkeypatch.setitem(shop.CONFIG, \"a b\", shop.CONFIG[\"a b\"])";
        check(Variable, "shop.CONFIG[\"a b\"]", Some("1"), Some("2"), Some(&[item]));
        check(Variable, "shop.CONFIG[\"x\"]", None, Some("2"), Some(&["yield", "shop.CONFIG.pop(\"x\", None)"]));
        check(Patch, "time.sleep", Some("a"), Some("b"), Some(&["monkeypatch.setattr(time, \"sleep\", time.sleep)"]));
        let cleared = ["yield", "shop.rate.cache_clear()"];
        check(Cache, "shop.rate.cache_info().currsize", Some("0"), Some("1"), Some(&cleared));
        let removed = ["yield", "os.environ.pop(\"RATE\", None)"];
        check(Environment, "os.environ[\"RATE\"]", None, Some("\"2\""), Some(&removed));
        let enabled = ["yield", "logging.getLogger(\"shop\").disabled = False"];
        check(Logging, "logging.getLogger(\"shop\").disabled", None, Some("True"), Some(&enabled));
        let undone = ["before = logging.root.manager.disable", "yield", "logging.disable(before)"];
        check(Logging, "logging.root.manager.disable", Some("0"), Some("50"), Some(&undone));
        let unmade = ["yield", "sys.modules.pop(\"fast\", None)"];
        check(Module, "fast", None, Some("a module"), Some(&unmade));
        check(Warnings, "warnings.filters", None, None, Some(&["with warnings.catch_warnings():", "    yield"]));
        let handled = "signal.signal(signal.SIGINT, before)";
        let name = "signal.getsignal(signal.SIGINT)";
        let before = format!("before = {name}");
        check(Process, name, None, Some("f"), Some(&[before.as_str(), "yield", handled]));
        check(Process, "os.umask()", Some("18"), Some("63"), None);
        check(Thread, "Thread-1", None, Some("a thread"), None);
        check(Variable, "shop.f (variable n of its closure)", Some("1"), Some("2"), None);
    }

    #[test]
    fn what_is_imported_is_the_longest_module_of_the_project() {
        let is_module = |name: &str| matches!(name, "shop" | "shop.db");
        assert_eq!(module("shop.db.POOL.size", &is_module), Some("shop.db".to_owned()));
        assert_eq!(module("os.environ[\"X.Y\"]", &is_module), Some("os".to_owned()));
        assert_eq!(module("logging.getLogger(\"a\").level", &is_module), Some("logging".to_owned()));
    }
}
