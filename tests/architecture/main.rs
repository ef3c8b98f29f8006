//! Holds the layers: a module names modules of lower layers only, modules of one layer do not know each other, and a
//! few edges are forbidden besides. The files of one module lead to each other in few and short circles.
//! `docs/architecture.md` has the same table for people.

mod circles;
mod imports;
mod source;

use circles::Graph;
use imports::imports;
use source::{code, crate_sources, module_path, sources};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// How many circles of files there may be inside modules, all of them together. It may only fall.
const MOST_CIRCLES: usize = 6;

/// How many files one of them may have. It may only fall.
const LONGEST_CIRCLE: usize = 3;

/// Layers, lowest first.
const LAYERS: &[&[&str]] = &[
    &["model", "platform", "disk"],
    &["plan", "leak", "provider", "tutor"],
    &["scenario", "event", "minimise"],
    &["record", "engine"],
    &["verdict", "adapter"],
    &["report", "history"],
    &["diagnose", "fleet"],
    &["app"],
    &["cli"],
];

/// Edges that go down and are forbidden all the same.
const FORBIDDEN: &[(&str, &str)] = &[
    // The reference tutor is a guest: it must be possible to take it out.
    ("tutor", "model"),
    ("minimise", "engine"),
    ("minimise", "plan"),
    ("engine", "scenario"),
    ("engine", "provider"),
    ("engine", "minimise"),
    ("record", "scenario"),
    ("verdict", "engine"),
    ("verdict", "scenario"),
    ("report", "engine"),
    ("report", "scenario"),
    ("report", "adapter"),
    ("history", "engine"),
    ("history", "scenario"),
    ("history", "adapter"),
];

/// Who may name the tutor: `adapter` plays on it; `app` serves it alone and hands defects on.
const TUTOR_KNOWN_TO: &[&str] = &["adapter", "app"];

/// What only the command line may read.
const FOR_CLI_ONLY: &[&str] =
    &["std::env::", "env::var", "env::args", "io::stdin", "io::stdout", "io::stderr", "process::exit"];

/// Where the process may be asked all the same: each with its reason.
const READ_ELSEWHERE: &[(&str, &str)] = &[
    // A worker whose engine is gone must not outlive it.
    ("src/app/worker.rs", "process::exit"),
    // `--json /dev/stdout` goes to the same open file as everything else.
    ("src/disk/output.rs", "io::stdout"),
    ("src/disk/output.rs", "io::stderr"),
    // A served tutor logs to standard error.
    ("src/tutor/log.rs", "io::stderr"),
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The top-level modules of this crate that the code of a module names.
fn named(module: &[String], code: &str) -> BTreeSet<String> {
    let is_module = |path: &[String]| path.len() == 1 && layer(&path[0]).is_some();
    let imports = imports(code, module, &is_module);
    imports
        .into_iter()
        .filter_map(|import| import.path.into_iter().next())
        .filter(|name| layer(name).is_some())
        .collect()
}

/// What is wrong with one module naming others.
fn violations(module: &str, named: &BTreeSet<String>) -> Vec<String> {
    let own = layer(module).expect("every module of the crate has a layer");
    let wrong = named.iter().filter(|other| *other != module).filter_map(|other| {
        let theirs = layer(other)?;
        if theirs >= own {
            Some(format!("{module} (layer {own}) names {other} (layer {theirs})"))
        } else if FORBIDDEN.contains(&(module, other.as_str())) {
            Some(format!("{module} names {other}, which is forbidden"))
        } else if other == "tutor" && !TUTOR_KNOWN_TO.contains(&module) {
            Some(format!("{module} names tutor, which only {TUTOR_KNOWN_TO:?} may"))
        } else {
            None
        }
    });
    wrong.collect()
}

/// The top-level module that a file belongs to; none for the files that lie in no folder.
fn module_of(path: &Path) -> Option<String> {
    (path.components().count() > 2).then(|| module_path(path).into_iter().next()).flatten()
}

#[test]
fn modules_name_lower_layers_only() {
    let mut wrong = Vec::new();
    for (path, text) in crate_sources() {
        if let Some(module) = module_of(&path) {
            let found = violations(&module, &named(&module_path(&path), &code(&text)));
            wrong.extend(found.into_iter().map(|text| format!("{}: {text}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_has_a_layer() {
    let known: BTreeSet<String> = LAYERS.iter().copied().flatten().map(|name| (*name).to_owned()).collect();
    let found: BTreeSet<String> = crate_sources().keys().filter_map(|path| module_of(path)).collect();
    assert_eq!(found, known);
}

#[test]
fn only_the_command_line_reads_arguments_environment_and_terminal() {
    let mut wrong = Vec::new();
    for (path, text) in crate_sources() {
        if module_of(&path).is_none_or(|module| module == "cli") {
            continue;
        }
        let shown = path.display().to_string();
        let code = code(&text);
        for name in FOR_CLI_ONLY.iter().filter(|name| code.contains(**name)) {
            if !READ_ELSEWHERE.contains(&(shown.as_str(), name)) {
                wrong.push(format!("{shown}: {name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn properties_are_tested_with_the_same_inputs_each_time() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = Path::new(file!()).file_name();
    let mut seen = 0;
    for path in [sources(&root.join("src")), sources(&root.join("tests"))].concat() {
        let text = fs::read_to_string(&path).expect("a source file");
        for block in text.split("proptest! {").skip(1).filter(|_| path.file_name() != own) {
            seen += 1;
            let first = block.lines().nth(1).unwrap_or_default();
            assert!(first.contains("properties::same_inputs()"), "{}: {first}", path.display());
        }
    }
    assert!(seen > 0, "no properties are tested");
}

#[test]
fn only_the_platform_reads_what_the_system_tells_of_processes() {
    let reads = |text: &str| text.lines().any(|line| line.contains("\"/proc") && !line.trim_start().starts_with("//"));
    assert!(reads("fs::read(format!(\"/proc/{pid}/stat\"))") && !reads("/// See `/proc`."));
    let whole = crate_sources();
    let production = whole.iter().map(|(path, text)| (path, text.split("#[cfg(").next().unwrap_or_default()));
    let wrong: Vec<String> = production
        .filter(|(path, text)| !path.starts_with("src/platform") && reads(text))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "these read /proc themselves: {wrong:?}");
}

#[test]
fn circles_inside_modules_are_few_and_short() {
    let sources = crate_sources();
    let graph = Graph::of(&sources);
    let circles = graph.circles();
    let longest = circles.iter().map(Vec::len).max().unwrap_or(0);
    let list: Vec<String> = circles.iter().map(|circle| format!("{circle:?}")).collect();
    assert!(circles.len() <= MOST_CIRCLES && longest <= LONGEST_CIRCLE, "{} circles:\n{}", list.len(), list.join("\n"));
}

#[test]
fn what_is_forbidden_is_noticed() {
    let check = |module: &str, text: &str| violations(module, &named(&[module.to_owned()], &code(text)));
    assert!(!check("engine", "use crate::verdict::judge;").is_empty(), "an upper layer");
    assert!(!check("engine", "use crate::record::Record;").is_empty(), "a neighbour");
    assert!(!check("engine", "let x = crate::scenario::load();").is_empty(), "a forbidden edge");
    assert!(!check("tutor", "use crate::{model::Seed, tutor::Config};").is_empty(), "a guest that knows the house");
    assert!(!check("provider", "use crate::tutor::Tutor;").is_empty(), "the tutor, by a neighbour");
    assert!(!check("history", "use crate::scenario::Case;").is_empty(), "scenarios, by what remembers runs");
    assert!(
        !check("engine", "use crate::{\n    event::Event,\n    verdict::judge,\n};").is_empty(),
        "over several lines"
    );
    assert!(!check("engine", "use super::report::render;").is_empty(), "by a way up");
    assert!(
        !check("leak", "use crate::plan::Plan;").is_empty() && check("leak", "use crate::platform::tells;").is_empty()
    );
    assert!(check("engine", "use crate::event::Event;\n// crate::verdict is not named here").is_empty());
    assert!(check("app", "use crate::tutor::Defect;").is_empty());
}

/// The wire formats that a source text names, `Wire::ALL` aside.
fn wires_named(text: &str) -> Vec<&str> {
    let variants = text.match_indices("Wire::").map(|(at, start)| &text[at + start.len()..]);
    let word = |rest: &'_ str| rest.chars().take_while(char::is_ascii_alphanumeric).count();
    let names = variants.map(|rest| &rest[..word(rest)]);
    names.filter(|name| name.len() > 1 && name.starts_with(char::is_uppercase) && *name != "ALL").collect()
}

#[test]
fn only_the_folder_of_the_wire_formats_tells_one_from_another() {
    let mut wrong = Vec::new();
    for (path, text) in crate_sources() {
        if path.starts_with("src/provider/wire") {
            continue;
        }
        let code = code(&text);
        let names = wires_named(&code);
        wrong.extend(names.into_iter().map(|name| format!("{} names {name}", path.display())));
    }
    assert!(wrong.is_empty(), "ask `wire.format()` instead:\n{}", wrong.join("\n"));
}

#[test]
fn a_wire_format_that_is_named_is_found() {
    let text = "if wire == Wire::Ollama { for wire in Wire::ALL { Wire::as_str } }";
    assert_eq!(wires_named(text), ["Ollama"]);
}

/// Modules above `adapter`: they have subjects in hand and don't know which kind.
const ABOVE_SUBJECTS: &[&str] = &["report", "history", "diagnose", "app", "cli"];

/// The kinds of subject that code names, by their types and rooms. A program that is started is a `Command` too.
fn kinds_named(code: &str) -> Vec<String> {
    let words = code.split(|one: char| !(one.is_alphanumeric() || one == '_')).filter(|word| !word.is_empty());
    let of_command = ["CommandSpec", "CommandOptions", "CommandSuite", "CommandLook", "CommandSubject"];
    let is_kind = |word: &&str| {
        word.to_lowercase().contains("pytest")
            || word.contains("Embedded")
            || of_command.contains(word)
            || *word == "embedded"
    };
    words.filter(is_kind).map(str::to_owned).collect()
}

#[test]
fn nothing_above_the_subjects_asks_which_kind_it_has() {
    let mut wrong = Vec::new();
    for (path, text) in crate_sources() {
        let is_above = module_of(&path).is_some_and(|module| ABOVE_SUBJECTS.contains(&module.as_str()));
        if is_above {
            wrong.extend(kinds_named(&code(&text)).into_iter().map(|kind| format!("{}: {kind}", path.display())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_kind_of_subject_that_is_named_is_found() {
    assert_eq!(kinds_named("match spec { SubjectSpec::Pytest(_) => 1, _ => command::runs(x) }"), ["Pytest"]);
    assert_eq!(kinds_named("adapter::pytest::look(CommandSpec::new())"), ["pytest", "CommandSpec"]);
    assert_eq!(kinds_named("std::process::Command::new(program); subject.own_line(&finding)"), Vec::<String>::new());
}

/// The places where code hands on a text in place of an error.
fn texts_for_errors(code: &str) -> Vec<&str> {
    let of_functions = code.lines().filter(|line| line.contains("Result<") && line.contains(", String>"));
    let is_last = |line: &&str| line.rsplit("Result<").next().is_some_and(|rest| rest.contains(", String>"));
    of_functions.filter(is_last).chain(code.lines().filter(|line| line.contains("type Err = String"))).collect()
}

#[test]
fn errors_have_types() {
    assert_eq!(texts_for_errors("fn a() -> Result<u8, String> {\n    let x: BTreeMap<u8, String>;\n}").len(), 1);
    assert_eq!(texts_for_errors("fn a(b: BTreeMap<u8, String>) -> Result<u8, Error> {"), [""; 0]);
    let mut wrong = Vec::new();
    for (path, text) in crate_sources() {
        let code = code(&text);
        wrong.extend(texts_for_errors(&code).into_iter().map(|line| format!("{}: {}", path.display(), line.trim())));
    }
    assert!(wrong.is_empty(), "these need an error type of their module:\n{}", wrong.join("\n"));
}
