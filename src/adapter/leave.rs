//! What a subject that a file names asks for, and what whoever runs it gives leave for.
//!
//! Each kind of subject judges its own spec: it knows what in it starts, reads or reaches something.

use crate::adapter::{SubjectSpec, SuiteOptions, Workplace};
use std::path::{Path, PathBuf};

/// Where a subject from a file is to run, and what was said beside the file.
#[derive(Debug, Clone, Copy)]
pub struct Leave<'a> {
    /// The project's folder.
    pub root: &'a Path,
    /// What no file says: this program and its environment.
    pub workplace: &'a Workplace,
    /// Whether requests may leave this machine.
    pub network: bool,
    /// The interpreters that were named.
    pub pythons: &'a [PathBuf],
    /// The system files that were named.
    pub systems: &'a [String],
    /// Arguments for the suite's own runner, each list as it was given.
    pub arguments: &'a [Vec<String>],
    /// The suites that were named.
    pub suites: &'a [SuiteOptions],
}

/// A spec whose wishes are judged.
pub(in crate::adapter) trait Asking {
    /// Puts what no file says in its place, and tells in words what the spec asks for without leave.
    fn ask(&mut self, leave: &Leave<'_>) -> Vec<String>;
}

impl SubjectSpec {
    /// The subject as it may be run here, and in words what of it needs a leave that was not given.
    pub fn asking(mut self, leave: &Leave<'_>) -> (Self, Vec<String>) {
        let wanted = match &mut self {
            Self::Scenarios(spec) => spec.ask(leave),
            Self::Pytest(spec) => spec.ask(leave),
            Self::Command(spec) => spec.ask(leave),
        };
        (self, wanted)
    }
}

impl Leave<'_> {
    /// What is wanted by a spec that is read from and started in this folder.
    pub(in crate::adapter) fn root(&self, root: &Path) -> Option<String> {
        let is_ours =
            matches!((root.canonicalize(), self.root.canonicalize()), (Ok(theirs), Ok(ours)) if theirs == ours);
        (!is_ours).then(|| format!("another project's folder (run it there): {}", root.display()))
    }

    /// What is wanted by a suite among mock providers that this file describes.
    pub(in crate::adapter) fn providers(&self, file: &Path) -> Option<String> {
        (!self.holds(file)).then(|| format!("a file of providers outside the project: {}", file.display()))
    }

    /// A program as it is started: a path is relative to the project, a bare name is looked for in PATH.
    pub(in crate::adapter) fn program(&self, python: &Path) -> PathBuf {
        if python.components().count() > 1 { self.root.join(python) } else { python.to_owned() }
    }

    /// Whether a path leads to something in the project, links followed.
    pub(in crate::adapter) fn holds(&self, path: &Path) -> bool {
        let Ok(root) = self.root.canonicalize() else { return false };
        root.join(path).canonicalize().is_ok_and(|path| path.starts_with(&root))
    }
}
