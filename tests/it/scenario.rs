//! The scenario format, from files in a folder to cases.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing to unwrap has failed")]

mod cells;
mod docs;
mod hostile;
mod meaning;
mod mistakes;
pub mod schemas;
mod steps;
mod systems;

use std::fs;
use std::path::PathBuf;
use steadfast::provider::{ProviderDecl, ProviderName, Wire};
use steadfast::scenario::{Case, Loaded, Problems, load};
use tempfile::TempDir;

/// A project in a temporary folder.
struct Files(TempDir);

impl Files {
    fn new(files: &[(&str, &str)]) -> Self {
        let files: Vec<_> = files.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
        Self::of_bytes(&files)
    }

    fn of_bytes(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn load(&self) -> Result<Loaded, Problems> {
        self.load_paths(&[])
    }

    fn load_paths(&self, paths: &[&str]) -> Result<Loaded, Problems> {
        let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
        load(self.0.path(), &paths, &tutor_providers())
    }
}

/// The providers of the reference tutor.
fn tutor_providers() -> Vec<ProviderDecl> {
    let wires = [
        ("claude", Wire::Anthropic),
        ("mistral", Wire::Mistral),
        ("deepseek", Wire::Deepseek),
        ("ollama", Wire::Ollama),
        ("piper", Wire::Piper),
    ];
    let declared = |(name, wire)| ProviderDecl {
        name: ProviderName::new(name),
        wire,
        hosts: Vec::new(),
        key: None,
        replay: None,
        prices: Default::default(),
    };
    wires.map(declared).to_vec()
}

/// The cases of one good file.
fn cases(text: &str) -> Vec<Case> {
    Files::new(&[("scenarios/m/s.yaml", text)]).load().unwrap_or_else(|problems| panic!("{text}\n{problems}")).cases
}

/// The one case of a good file.
fn case(text: &str) -> Case {
    let mut cases = cases(text);
    assert_eq!(cases.len(), 1, "{text}");
    cases.remove(0)
}

/// `line:column message` of everything that is wrong with one file.
fn problems(text: &str) -> Vec<String> {
    match Files::new(&[("scenarios/m/s.yaml", text)]).load() {
        Ok(loaded) => panic!("nothing is wrong: {:?}\n{text}", loaded.cases.len()),
        Err(problems) => shown(&problems),
    }
}

fn shown(problems: &Problems) -> Vec<String> {
    let shown = |problem: &steadfast::scenario::Problem| {
        let place = problem.place();
        format!("{}:{} {}", place.line, place.column, problem.message())
    };
    problems.iter().map(shown).collect()
}

/// Steps in a file that is good but for them; they begin on line 3.
fn with_steps(steps: &str) -> String {
    format!("scenario: s\nsteps:\n{steps}")
}
