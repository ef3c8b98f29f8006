//! What a suite of pytest asks for that a file names.

use crate::adapter::SuiteOptions;
use crate::adapter::leave::{Asking, Leave};
use crate::adapter::pytest::{ProvidersAround, PytestSpec};
use crate::adapter::shared::python::choose_python;
use std::path::Path;

/// Options of pytest that choose among tests or say how much is told: they start and load nothing.
const HARMLESS: &[&str] = &["-q", "-v", "-x", "-s", "-l", "-rA"];

/// The same with a value behind them.
const HARMLESS_WITH_VALUE: &[&str] = &["-k", "-m"];

impl Asking for PytestSpec {
    fn ask(&mut self, leave: &Leave<'_>) -> Vec<String> {
        let mut wanted = Vec::new();
        self.python_path.clone_from(&leave.workplace.python_path);
        // A copy that somebody else made could hold anything.
        self.kept = None;
        if !leave.holds(&self.folder) && !names_folder(leave, &self.folder) {
            wanted.push(format!("a suite outside the project: {}", self.folder.display()));
        }
        wanted.extend(self.interpreter(leave));
        if !are_harmless(&self.arguments) && !leave.arguments.contains(&self.arguments) {
            wanted.push(format!("arguments for pytest: -- {}", self.arguments.join(" ")));
        }
        if let Some(tree) = self.copied.as_ref().filter(|tree| **tree != self.folder && !leave.holds(tree)) {
            wanted.push(format!("copies of a folder outside the project: {}", tree.display()));
        }
        if let Some((_, zone)) = self.time_zones.iter().find(|(_, zone)| !is_zone(zone)) {
            wanted.push(format!("the time zone `{zone}`"));
        }
        if let Some(ProvidersAround { root, file }) = &self.providers {
            wanted.extend(leave.root(root));
            wanted.extend(leave.providers(file));
        }
        wanted
    }
}

impl PytestSpec {
    /// Chooses the interpreter where the file names none, and tells what its choice of one wants.
    fn interpreter(&mut self, leave: &Leave<'_>) -> Vec<String> {
        let mut wanted = Vec::new();
        let chosen = choose_python(&self.folder, None, leave.workplace.virtual_env.as_deref());
        if self.python.as_os_str().is_empty() {
            // The file names none: what is typed here, or what a run here would choose.
            match leave.pythons.first() {
                Some(python) => (self.python, self.python_from) = (leave.program(python), "--python".to_owned()),
                None if self.python_from == "--python" => {
                    wanted.push("an interpreter outside the project, as the run had one (--python EXE)".to_owned());
                    self.python = leave.program(&chosen.program);
                }
                None => (self.python, self.python_from) = (leave.program(&chosen.program), chosen.from.clone()),
            }
        }
        let chosen = chosen.program;
        let given = leave.pythons.iter().any(|python| *python == self.python || leave.root.join(python) == self.python);
        if chosen != self.python && leave.root.join(&chosen) != self.python && !given {
            wanted.push(format!("the interpreter {0} (--python {0})", self.python.display()));
        }
        wanted
    }
}

fn names_folder(leave: &Leave<'_>, folder: &Path) -> bool {
    leave.suites.iter().any(|suite| match suite {
        SuiteOptions::Pytest(suite) => leave.root.join(&suite.folder).canonicalize().is_ok_and(|named| named == folder),
        SuiteOptions::Command(_) => false,
    })
}

/// Whether it is the name of a time zone, and no file.
fn is_zone(zone: &str) -> bool {
    let is_part =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b));
    zone.split('/').all(is_part)
}

/// Whether arguments do no more than choose among the project's tests and say how much is told.
fn are_harmless(arguments: &[String]) -> bool {
    let mut arguments = arguments.iter().map(String::as_str);
    while let Some(argument) = arguments.next() {
        let is_harmless = match argument {
            option if HARMLESS.contains(&option) => true,
            option if HARMLESS_WITH_VALUE.contains(&option) => arguments.next().is_some(),
            option if option.starts_with('-') => false,
            test => {
                let file = test.split("::").next().unwrap_or_default();
                Path::new(file).is_relative() && !file.split('/').any(|part| part == "..")
            }
        };
        if !is_harmless {
            return false;
        }
    }
    true
}
