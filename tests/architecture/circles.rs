//! Files of one module that lead to each other in a circle.

use crate::imports::{Import, imports};
use crate::source::{code, module_path};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Which file of the crate names which. A name that a `mod.rs` only hands on counts as named where it stands, so that
/// a folder is not one big circle through its `mod.rs`.
pub struct Graph {
    modules: BTreeMap<Vec<String>, PathBuf>,
    handed_on: BTreeMap<Vec<String>, BTreeMap<String, Vec<String>>>,
    imports: BTreeMap<PathBuf, Vec<Import>>,
}

impl Graph {
    pub fn of(sources: &BTreeMap<PathBuf, String>) -> Self {
        let files: Vec<&PathBuf> =
            sources.keys().filter(|path| !path.ends_with("main.rs") || path.iter().count() > 2).collect();
        let modules: BTreeMap<Vec<String>, PathBuf> =
            files.iter().map(|file| (module_path(file), (*file).clone())).collect();
        let (mut named, mut handed_on) = (BTreeMap::new(), BTreeMap::new());
        for file in files {
            let module = module_path(file);
            let imports = imports(&code(&sources[file]), &module, &|path| modules.contains_key(path));
            let names = imports.iter().filter(|import| import.is_handed_on);
            let names = names.filter_map(|import| Some((import.path.last()?.clone(), import.path.clone())));
            handed_on.insert(module, names.collect::<BTreeMap<_, _>>());
            named.insert(file.clone(), imports);
        }
        Self { modules, handed_on, imports: named }
    }

    /// What leads from each file to others of the same top-level module.
    fn inside(&self) -> BTreeMap<&PathBuf, BTreeSet<&PathBuf>> {
        let room = |file: &PathBuf| module_path(file).first().cloned();
        let edges = self.imports.iter().map(|(file, imports)| {
            let counted = imports.iter().filter(|import| !(import.is_handed_on && file.ends_with("mod.rs")));
            let targets = counted.filter_map(|import| self.file_of(&import.path, 0));
            (file, targets.filter(|target| *target != file && room(target) == room(file)).collect())
        });
        edges.collect()
    }

    /// The file in which a path ends, once names that are handed on are followed to where they stand.
    fn file_of(&self, path: &[String], hops: usize) -> Option<&PathBuf> {
        let length = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]))?;
        let (module, rest) = path.split_at(length);
        let next = rest.first().and_then(|name| self.handed_on.get(module)?.get(name));
        match next {
            Some(next) if next != path && hops < 8 => self.file_of(&[next, &rest[1..]].concat(), hops + 1),
            _ => self.modules.get(module),
        }
    }

    /// Each set of files of which every one leads to every other.
    pub fn circles(&self) -> Vec<Vec<&PathBuf>> {
        let edges = self.inside();
        let reached: BTreeMap<&PathBuf, BTreeSet<&PathBuf>> =
            edges.keys().map(|file| (*file, reached_from(file, &edges))).collect();
        let mut circles = BTreeSet::new();
        for (file, there) in &reached {
            if there.contains(file) {
                let circle: Vec<&PathBuf> =
                    there.iter().filter(|other| reached[*other].contains(file)).copied().collect();
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }
}

fn reached_from<'a>(file: &'a PathBuf, edges: &BTreeMap<&'a PathBuf, BTreeSet<&'a PathBuf>>) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut next = vec![file];
    while let Some(one) = next.pop() {
        next.extend(edges[one].iter().filter(|other| reached.insert(**other)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(files: &[(&str, &str)], expected: &[&[&str]]) {
        let sources = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        let graph = Graph::of(&sources);
        let found: Vec<Vec<String>> = graph
            .circles()
            .iter()
            .map(|circle| circle.iter().map(|file| file.display().to_string()).collect())
            .collect();
        assert_eq!(found, expected);
    }

    const HANDED_ON: (&str, &str) = ("src/a/mod.rs", "mod b;\nmod c;\npub use b::B;\npub use c::C;");

    #[test]
    fn two_files_that_name_each_other_are_a_circle_also_by_what_their_folder_hands_on() {
        check(
            &[HANDED_ON, ("src/a/b.rs", "use crate::{\n    a::C,\n};"), ("src/a/c.rs", "use super::B;")],
            &[&["src/a/b.rs", "src/a/c.rs"]],
        );
    }

    #[test]
    fn what_goes_one_way_is_not() {
        check(&[HANDED_ON, ("src/a/b.rs", "use crate::a::C;"), ("src/a/c.rs", "use std::fs;")], &[]);
    }

    #[test]
    fn a_file_that_needs_what_its_mod_rs_holds_is_in_a_circle_with_it() {
        check(
            &[("src/a/mod.rs", "mod b;\npub fn f() { b::g() }"), ("src/a/b.rs", "pub fn g() { super::f() }")],
            &[&["src/a/b.rs", "src/a/mod.rs"]],
        );
    }

    #[test]
    fn files_of_different_modules_are_left_to_the_layers() {
        check(&[("src/a/mod.rs", "use crate::b::B;"), ("src/b/mod.rs", "use crate::a::A;")], &[]);
    }
}
