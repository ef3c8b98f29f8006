//! Which file imports which, read from their text: Python's and JavaScript's imports of the project's own files.
//!
//! The text tells what may be imported, and not what is: an import within a function, or behind a condition, counts; one
//! whose name is computed is not seen.

use crate::disk::{LONGEST_INPUT, read_text};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Endings that JavaScript's imports leave out.
const ENDINGS: [&str; 8] = ["js", "ts", "jsx", "tsx", "mjs", "cjs", "mts", "cts"];

/// More files than these are not followed.
const MOST_FILES: usize = 50_000;

/// The imports of some files, and of the files that they import.
pub(super) struct Imports {
    /// For each file of the project those that import it.
    importers: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

/// What reads the imports of one file.
struct Reader<'a> {
    root: &'a Path,
    /// The folders that imports of Python may start from, relative to the project.
    starts: Vec<PathBuf>,
    python: Option<Regex>,
    javascript: Option<Regex>,
}

impl Imports {
    /// Follows the imports of these files, relative to the project's folder `root`. Python's may also start
    /// in the suite's folder.
    pub fn of<'f>(root: &Path, suite: &Path, files: impl Iterator<Item = &'f PathBuf>) -> Self {
        let inside = |folder: &Path| folder.strip_prefix(root).map(Path::to_owned).unwrap_or_default();
        let suite = inside(suite);
        let starts = BTreeSet::from([PathBuf::new(), "src".into(), "lib".into(), suite.join("src"), suite]);
        let reader = Reader {
            root,
            starts: starts.into_iter().collect(),
            python: Regex::new(
                r"(?m)^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]*(\([^)]*\)|[^\n]*)|import[ \t]+([^\n]+))",
            )
            .ok(),
            javascript: Regex::new(
                r#"(?:\bfrom|\bimport|\brequire|\bmock)\s*\(?\s*["'](\.{1,2}/[^"'\n]*|\.{1,2})["']"#,
            )
            .ok(),
        };
        let mut importers: BTreeMap<PathBuf, BTreeSet<PathBuf>> = BTreeMap::new();
        let mut waiting: Vec<PathBuf> = files.cloned().collect();
        let mut seen: BTreeSet<PathBuf> = waiting.iter().cloned().collect();
        while let Some(file) = waiting.pop() {
            for imported in reader.imports_of(&file) {
                if seen.len() < MOST_FILES && seen.insert(imported.clone()) {
                    waiting.push(imported.clone());
                }
                importers.entry(imported).or_default().insert(file.clone());
            }
        }
        Self { importers }
    }

    /// The files from which imports lead to one of these, and these themselves.
    pub fn leading_to(&self, files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
        let mut found = files.clone();
        let mut waiting: Vec<&PathBuf> = files.iter().collect();
        while let Some(file) = waiting.pop() {
            for importer in self.importers.get(file).into_iter().flatten() {
                if found.insert(importer.clone()) {
                    waiting.push(importer);
                }
            }
        }
        found
    }
}

impl Reader<'_> {
    fn imports_of(&self, file: &Path) -> BTreeSet<PathBuf> {
        let ending = file.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let is_python = ending == "py";
        if !is_python && !ENDINGS.contains(&ending) {
            return BTreeSet::new();
        }
        let Ok(text) = read_text(&self.root.join(file), LONGEST_INPUT) else { return BTreeSet::new() };
        let folder = file.parent().unwrap_or(Path::new(""));
        if is_python { self.of_python(folder, &text) } else { self.of_javascript(folder, &text) }
    }

    fn of_python(&self, folder: &Path, text: &str) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        for groups in self.python.iter().flat_map(|python| python.captures_iter(text)) {
            let group = |number| groups.get(number).map_or("", |group| group.as_str());
            if let Some(module) = groups.get(1) {
                // Each name may be a module of its own.
                found.extend(self.module(folder, module.as_str(), None));
                found.extend(names(group(2)).flat_map(|name| self.module(folder, module.as_str(), Some(name))));
            } else {
                found.extend(names(group(3)).flat_map(|name| self.module(folder, name, None)));
            }
        }
        found
    }

    /// The files of a module and of the packages around it, as seen from a folder.
    fn module(&self, folder: &Path, module: &str, name: Option<&str>) -> Vec<PathBuf> {
        let dots = module.chars().take_while(|c| *c == '.').count();
        let parts: Vec<&str> = module[dots..].split('.').filter(|part| !part.is_empty()).chain(name).collect();
        // pytest puts a test file's folder, or the one above its package, before all others.
        let starts: Vec<PathBuf> = match dots {
            0 => folder.ancestors().map(Path::to_owned).chain(self.starts.iter().cloned()).collect(),
            _ => folder.ancestors().nth(dots - 1).map(Path::to_owned).into_iter().collect(),
        };
        let files = |start: &PathBuf| -> Vec<PathBuf> {
            let path = start.join(parts.iter().collect::<PathBuf>());
            let around = (1..=parts.len()).map(|length| start.join(parts[..length].iter().collect::<PathBuf>()));
            let packages = around.map(|package| package.join("__init__.py"));
            packages
                .chain((!parts.is_empty()).then(|| path.with_extension("py")))
                .filter(|file| self.is_file(file))
                .collect()
        };
        starts.iter().map(files).find(|files| !files.is_empty()).unwrap_or_default()
    }

    fn of_javascript(&self, folder: &Path, text: &str) -> BTreeSet<PathBuf> {
        let found = self.javascript.iter().flat_map(|javascript| javascript.captures_iter(text));
        found.filter_map(|groups| self.javascript_file(folder, groups.get(1)?.as_str())).collect()
    }

    fn javascript_file(&self, folder: &Path, named: &str) -> Option<PathBuf> {
        let mut path = folder.to_owned();
        for part in named.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    path.pop();
                }
                part => path.push(part),
            }
        }
        let with = |ending: &&str| PathBuf::from(format!("{}.{ending}", path.display()));
        // TypeScript's imports name the file that it will be compiled to.
        let compiled = ENDINGS.iter().map(|ending| path.with_extension(ending));
        let candidates = std::iter::once(path.clone())
            .chain(ENDINGS.iter().map(with))
            .chain(ENDINGS.iter().map(|ending| path.join(format!("index.{ending}"))))
            .chain(compiled);
        candidates.into_iter().find(|file| self.is_file(file))
    }

    fn is_file(&self, file: &Path) -> bool {
        self.root.join(file).is_file()
    }
}

/// The names of a list such as `a as b, c.d  # why`, in brackets or not.
fn names(list: &str) -> impl Iterator<Item = &str> {
    let lines = list.trim_matches(['(', ')']).lines().map(|line| line.split('#').next().unwrap_or_default());
    let parts = lines.flat_map(|line| line.split([',', ';', '\\']));
    parts
        .filter_map(|part| part.split_whitespace().next())
        .filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}
