//! Holds the layers: a module names modules of lower layers only, modules of one layer do not know each other, and a
//! few edges are forbidden besides. `docs/architecture.md` has the same table for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Layers, lowest first.
const LAYERS: &[&[&str]] = &[
    &["model"],
    &["plan", "leak", "provider", "tutor"],
    &["scenario", "event", "minimise"],
    &["record", "engine"],
    &["verdict", "adapter"],
    &["report", "history"],
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
    // A served tutor logs to standard error.
    ("src/tutor/log.rs", "io::stderr"),
];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The modules of this crate that a source text names.
fn named(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
        for start in ["crate::", "steadfast::"] {
            for (at, _) in line.match_indices(start) {
                let rest = &line[at + start.len()..];
                match rest.strip_prefix('{') {
                    None => names.extend(first_word(rest)),
                    Some(group) => names.extend(group.split(',').filter_map(first_word)),
                }
            }
        }
    }
    names
}

fn first_word(text: &str) -> Option<String> {
    let word: String = text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    layer(&word).map(|_| word)
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

fn sources(folder: &Path) -> Vec<PathBuf> {
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

fn crate_sources() -> BTreeMap<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        (path.strip_prefix(root).expect("below the crate").to_owned(), text)
    };
    sources(&root.join("src")).into_iter().map(read).collect()
}

/// The top-level module that a file belongs to; none for `lib.rs` and `main.rs`.
fn module_of(path: &Path) -> Option<String> {
    let inside = path.strip_prefix("src").ok()?;
    let first = inside.components().next()?.as_os_str().to_str()?;
    (inside.components().count() > 1).then(|| first.to_owned())
}

/// The part of a source text that is not its tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or(text)
}

#[test]
fn modules_name_lower_layers_only() {
    let mut wrong = Vec::new();
    for (path, text) in crate_sources() {
        if let Some(module) = module_of(&path) {
            let found = violations(&module, &named(without_tests(&text)));
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
        for name in FOR_CLI_ONLY.iter().filter(|name| without_tests(&text).contains(**name)) {
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
fn what_is_forbidden_is_noticed() {
    let check = |module: &str, text: &str| violations(module, &named(text));
    assert!(!check("engine", "use crate::verdict::judge;").is_empty(), "an upper layer");
    assert!(!check("engine", "use crate::record::Record;").is_empty(), "a neighbour");
    assert!(!check("engine", "let x = crate::scenario::load();").is_empty(), "a forbidden edge");
    assert!(!check("tutor", "use crate::{model::Seed, tutor::Config};").is_empty(), "a guest that knows the house");
    assert!(!check("provider", "use crate::tutor::Tutor;").is_empty(), "the tutor, by a neighbour");
    assert!(check("engine", "use crate::event::Event;\n// crate::verdict is not named here").is_empty());
    assert!(check("app", "use crate::tutor::Defect;").is_empty());
}
