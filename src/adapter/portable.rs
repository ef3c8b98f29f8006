//! Subjects as files keep them: without a path of this machine, so that they can be run in another checkout.

use crate::adapter::SubjectSpec;
use std::path::{Path, PathBuf};

impl SubjectSpec {
    /// The same as a file keeps it: what lies in the project is named relative to it, and interpreters and search paths of
    /// this machine are left out.
    pub fn portable(self, root: &Path) -> Self {
        let mut spec = self.without_program();
        let inside = |path: &mut PathBuf| {
            if let Some(relative) = relative(path, root) {
                *path = relative;
            }
        };
        match &mut spec {
            Self::Scenarios(spec) => {
                inside(&mut spec.root);
                spec.paths.iter_mut().for_each(inside);
                (spec.python_path, spec.virtual_env) = (None, None);
            }
            Self::Pytest(spec) => {
                inside(&mut spec.folder);
                spec.copied.iter_mut().for_each(inside);
                spec.providers.iter_mut().for_each(|providers| inside(&mut providers.root));
                spec.python_path = None;
                spec.python = interpreter(&spec.python, root).unwrap_or_default();
                // Where it was found on this machine says nothing on another.
                if spec.python_from != "--python" {
                    (spec.python, spec.python_from) = (PathBuf::new(), "PATH".to_owned());
                }
            }
            Self::Command(spec) => {
                inside(&mut spec.root);
                spec.python_path = None;
                spec.python = spec.python.take().and_then(|python| interpreter(&python, root));
            }
        }
        spec
    }

    /// The same in this project's folder. What an older file names by its whole path stays as it is.
    pub fn at_root(mut self, root: &Path) -> Self {
        let place = |path: &mut PathBuf| *path = joined(root, path);
        match &mut self {
            Self::Scenarios(spec) => place(&mut spec.root),
            Self::Pytest(spec) => {
                place(&mut spec.folder);
                // No file says it: where the suite stands in the project, rounds need a copy of all of that.
                if let (Ok(project), Ok(folder)) = (root.canonicalize(), spec.folder.canonicalize())
                    && folder.starts_with(&project)
                {
                    (spec.tree, spec.folder) = (project, folder);
                }
                spec.copied.iter_mut().for_each(place);
                spec.providers.iter_mut().for_each(|providers| place(&mut providers.root));
                if spec.python.components().count() > 1 {
                    place(&mut spec.python);
                }
            }
            Self::Command(spec) => {
                place(&mut spec.root);
                spec.python.iter_mut().filter(|python| python.components().count() > 1).for_each(place);
            }
        }
        self
    }
}

/// A path relative to the project, links followed; `None` if it leads out of it.
pub(super) fn relative(path: &Path, root: &Path) -> Option<PathBuf> {
    if let Ok(inside) = path.strip_prefix(root) {
        return Some(inside.to_owned());
    }
    let root = root.canonicalize().ok()?;
    path.strip_prefix(&root).map(Path::to_owned).ok()
}

/// An interpreter that other machines may have in the same place: one in the project, or one that PATH leads to.
fn interpreter(python: &Path, root: &Path) -> Option<PathBuf> {
    if python.components().count() == 1 {
        return Some(python.to_owned());
    }
    // A single name would be looked for in PATH.
    relative(python, root).filter(|inside| inside.components().count() > 1)
}

fn joined(root: &Path, path: &Path) -> PathBuf {
    if path.as_os_str().is_empty() { root.to_owned() } else { root.join(path) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[track_caller]
    fn check(spec: Value, kept: Value, elsewhere: Value) {
        let spec: SubjectSpec = serde_json::from_value(spec).expect("a subject");
        let portable = spec.portable(Path::new("/here")).to_json().expect("JSON");
        for (key, value) in kept.as_object().expect("fields") {
            assert_eq!(portable.get(key).unwrap_or(&Value::Null), value, "{key} of {portable}");
        }
        let text = portable.to_string();
        assert!(!text.contains("/here") && !text.contains("/opt"), "{text}");
        let again: SubjectSpec = serde_json::from_value(portable).expect("a subject");
        let there = again.at_root(Path::new("/there")).to_json().expect("JSON");
        for (key, value) in elsewhere.as_object().expect("fields") {
            assert_eq!(there.get(key).unwrap_or(&Value::Null), value, "{key} of {there}");
        }
    }

    #[test]
    fn a_file_names_no_path_of_this_machine() {
        let pytest = |python: &str, from: &str| {
            json!({ "kind": "suite", "folder": "/here/tests", "python": python, "python_from": from,
                "python_path": "/opt/lib", "copied": "/here" })
        };
        let there = |python: &str| json!({ "folder": "/there/tests", "copied": "/there/", "python": python });
        let kept = |python: &str| json!({ "folder": "tests", "copied": "", "python": python, "python_path": null });
        let mut at_there = there("/there/.venv/bin/python");
        at_there["copied"] = json!("/there");
        check(pytest("/here/.venv/bin/python", "--python"), kept(".venv/bin/python"), at_there);
        check(pytest("/opt/python", "--python"), kept(""), json!({ "folder": "/there/tests", "python": "" }));
        check(pytest("/opt/bin/python", "VIRTUAL_ENV"), kept(""), json!({ "python": "" }));
        check(pytest("python3", "--python"), kept("python3"), json!({ "python": "python3" }));
        check(
            json!({ "kind": "command", "root": "/here", "profile": "go", "arguments": [], "python": "/opt/python" }),
            json!({ "root": "", "python": null }),
            json!({ "root": "/there" }),
        );
        check(
            json!({ "kind": "scenarios", "root": "/here", "paths": ["scenarios", "/here/more"], "system": "embedded",
                "filter": null, "program": "/opt/steadfast", "secrets": {} }),
            json!({ "root": "", "paths": ["scenarios", "more"] }),
            json!({ "root": "/there" }),
        );
    }
}
