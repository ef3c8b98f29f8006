//! A suite of the fixtures in a project of its own, and the Python that runs it.

use crate::cli::kit::{Ended, Project};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// After this a test gives up waiting: a suite starts interpreters, which takes long on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(900);

/// A Python that has pytest. Where there is none, says so: the test has nothing to run.
#[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
pub fn python() -> Option<PathBuf> {
    let named = std::env::var_os("STEADFAST_PYTEST_PYTHON").map(PathBuf::from);
    let python = named.unwrap_or_else(|| PathBuf::from("python3"));
    let has_pytest = Command::new(&python).args(["-c", "import pytest"]).output().is_ok_and(|run| run.status.success());
    if !has_pytest {
        eprintln!("skipped: {} has no pytest; STEADFAST_PYTEST_PYTHON names one that has", python.display());
    }
    has_pytest.then_some(python)
}

/// A suite at work.
pub struct Suite {
    pub project: Project,
    python: String,
}

impl Suite {
    /// A copy of a fixture suite; nothing where no pytest is.
    pub fn of_fixture(name: &str) -> Option<Self> {
        let suite = Self::empty()?;
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/suites").join(name);
        for entry in std::fs::read_dir(folder).expect("the fixture is there").flatten() {
            if entry.path().is_file() {
                let name = entry.file_name().into_string().expect("a plain name");
                suite.project.write(&format!("suite/{name}"), std::fs::read(entry.path()).expect("a file"));
            }
        }
        Some(suite)
    }

    /// A suite without tests; nothing where no pytest is.
    pub fn empty() -> Option<Self> {
        let python = python()?.display().to_string();
        Some(Self { project: Project::new(), python })
    }

    /// The interpreter that has pytest.
    pub fn python(&self) -> &str {
        &self.python
    }

    /// A suite without tests, beside the packages of `tests/plugins/requirements.txt`; nothing where these are not.
    #[allow(clippy::print_stderr, reason = "a test that does nothing says so")]
    pub fn with_plugins() -> Option<Self> {
        let Ok(python) = std::env::var("STEADFAST_PLUGINS_PYTHON") else {
            eprintln!("skipped: STEADFAST_PLUGINS_PYTHON names no Python with tests/plugins/requirements.txt");
            return None;
        };
        Some(Self { project: Project::new(), python })
    }

    /// The same with a file more.
    pub fn with(self, path: &str, text: &str) -> Self {
        self.project.write(&format!("suite/{path}"), text);
        self
    }

    /// A command on the suite, `run` say, with more arguments. Of runs the plan is run and no more, if nothing else is said.
    pub fn command(&self, command: &str, more: &[&str]) -> Ended {
        let mut arguments = vec![command, "--suite", "pytest:suite", "--python", self.python.as_str()];
        if command == "run" && !more.contains(&"--effort") {
            arguments.extend(["--effort", "quick"]);
        }
        self.project.start(&[&arguments[..], more].concat()).wait_within(PATIENCE)
    }

    /// A command that goes on from a file of a run. The file gives no leave for the interpreter: it is named again.
    pub fn again(&self, arguments: &[&str]) -> Ended {
        self.project.start(&[arguments, &["--python", self.python.as_str()]].concat()).wait_within(PATIENCE)
    }

    /// Every file of the suite, by its name.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = self.project.files("suite");
        files.sort();
        files
    }
}

/// What the notes of the latest run's journal say.
pub fn notes(project: &Project) -> Vec<String> {
    let noted = project.journal().into_iter().filter_map(|entry| entry["event"].get("noted").cloned());
    noted.map(|note| note["text"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The parts of the state that decide how a case ends.
pub fn names_of_causes(case: &Value) -> Vec<String> {
    let causes = case["causes"].as_array().into_iter().flatten();
    causes.map(|cause| cause["name"].as_str().unwrap_or_default().to_owned()).collect()
}

/// Minimal sequences, without the file's name.
pub fn sequences(case: &Value, key: &str) -> Vec<Vec<String>> {
    let name = |id: &Value| id.as_str().unwrap_or_default().rsplit("::").next().unwrap_or_default().to_owned();
    let sequences = case[key].as_array().into_iter().flatten();
    sequences.map(|sequence| sequence.as_array().into_iter().flatten().map(name).collect()).collect()
}
