//! Test files named where scenarios are expected: `steadfast run tests/test_cart.py`.

use crate::adapter::detect::found_suites;
use crate::adapter::named::NamedSuite;
use crate::scenario::nearest;
use std::path::{Component, Path, PathBuf};

/// How deep a folder is searched for scenarios.
const DEEPEST: usize = 8;

/// What a runner calls its test files, by their ending.
const RUNNERS: &[(&[&str], &str)] = &[
    (&["js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts"], "jest"),
    (&["go"], "go-test"),
    (&["rs"], "cargo"),
    (&["rb"], "rspec"),
];

/// Why paths that are no scenarios can't be run as they were named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TestPathProblem {
    /// They belong to a runner that must be named.
    #[error("{path} is not a scenario; to run it with its runner: steadfast run --suite {suite} -- {path}", path = path.display())]
    OfAnotherRunner {
        /// The file that was named.
        path: PathBuf,
        /// The runner's suite, as one types it.
        suite: String,
    },
    /// There is no such file.
    #[error("there is no file {}; {}", file.display(), instead(meant.as_deref()))]
    Missing {
        /// The file that was named.
        file: PathBuf,
        /// The test file beside it whose name is nearest, if one is near.
        meant: Option<String>,
    },
}

fn instead(meant: Option<&str>) -> String {
    match meant {
        Some(meant) => format!("did you mean {meant}?"),
        None => "`steadfast list` shows the tests that there are".to_owned(),
    }
}

/// If paths where scenarios are expected are tests of a runner that needs no name, the suite, as one types it, and what
/// the runner is to be given; `None` if they may be scenarios.
///
/// # Errors
/// If they belong to a runner that must be named, or are not there.
pub fn tests_named(paths: &[PathBuf], root: &Path) -> Result<Option<(NamedSuite, Vec<String>)>, TestPathProblem> {
    let tests = tests_of_pytest(paths, root)?;
    Ok(tests.map(|tests| (NamedSuite::Pytest(PathBuf::from(".")), tests)))
}

fn tests_of_pytest(paths: &[PathBuf], root: &Path) -> Result<Option<Vec<String>>, TestPathProblem> {
    if paths.is_empty() {
        return Ok(None);
    }
    for path in paths {
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if let Some((_, usual)) = RUNNERS.iter().find(|(endings, _)| endings.contains(&ending)) {
            let suite = found_suites(root).into_iter().map(|found| found.suite).find(|suite| suite != "pytest:.");
            let suite = suite.unwrap_or_else(|| (*usual).to_owned());
            return Err(TestPathProblem::OfAnotherRunner { path: path.clone(), suite });
        }
    }
    for path in paths {
        let file = file_of(path);
        if file.extension().is_some_and(|ending| ending == "py") && !root.join(&file).exists() {
            let meant = nearest_test(&file, root);
            return Err(TestPathProblem::Missing { file, meant });
        }
    }
    let shown = paths.iter().map(|path| path.display().to_string());
    Ok(paths.iter().all(|path| is_of_pytest(path, root)).then(|| shown.collect()))
}

/// Whether it is a Python file, a test in one, or a folder with Python files and without scenarios.
fn is_of_pytest(path: &Path, root: &Path) -> bool {
    let text = path.to_string_lossy();
    let file = text.split("::").next().unwrap_or_default();
    if file.ends_with(".py") {
        return true;
    }
    // A folder elsewhere is another project's.
    let is_inside = path.is_relative() && path.components().all(|part| part != Component::ParentDir);
    let folder = root.join(path);
    is_inside && folder.is_dir() && holds(&folder, &["py"], DEEPEST) && !holds(&folder, &["yaml", "yml"], DEEPEST)
}

/// The file of a test's id.
fn file_of(path: &Path) -> PathBuf {
    PathBuf::from(path.to_string_lossy().split("::").next().unwrap_or_default())
}

/// The test file beside one that is not there whose name is nearest.
fn nearest_test(file: &Path, root: &Path) -> Option<String> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let entries = std::fs::read_dir(root.join(folder)).into_iter().flatten().flatten();
    let beside: Vec<String> = entries.map(|entry| folder.join(entry.file_name()).display().to_string()).collect();
    let tests = beside.iter().map(String::as_str).filter(|path| path.ends_with(".py"));
    nearest(&file.display().to_string(), tests).map(str::to_owned)
}

/// Whether a file with such an ending is in a folder.
fn holds(folder: &Path, endings: &[&str], deepest: usize) -> bool {
    let mut entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.any(|entry| {
        let path = entry.path();
        let is_meant = |ending: &std::ffi::OsStr| ending.to_str().is_some_and(|ending| endings.contains(&ending));
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => deepest > 0 && holds(&path, endings, deepest - 1),
            _ => path.extension().is_some_and(is_meant),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn python_files_and_their_folders_are_tests_and_scenarios_are_not() {
        let project = tempfile::tempdir().expect("a folder");
        let write = |path: &str| {
            let path = project.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a folder around it")).expect("a folder");
            std::fs::write(path, "").expect("a file");
        };
        write("tests/unit/test_a.py");
        write("scenarios/a.yaml");
        write("mixed/a.yaml");
        write("mixed/conftest.py");
        let check = |paths: &[&str], expected: bool| {
            let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
            let found = tests_of_pytest(&paths, project.path()).expect("nothing of another runner");
            assert_eq!(found.is_some(), expected, "{paths:?}");
        };
        check(&["tests/unit/test_a.py"], true);
        check(&["tests/unit/test_a.py::test_one[1]"], true);
        check(&["tests"], true);
        check(&["scenarios"], false);
        check(&["mixed"], false);
        check(&["tests", "scenarios"], false);
        check(&["missing"], false);
        check(&["tests/../tests"], false);
        check(&[], false);
    }

    #[test]
    fn a_test_file_that_is_not_there_is_told_with_the_one_that_is() {
        let project = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(project.path().join("tests")).expect("a folder");
        std::fs::write(project.path().join("tests/test_cart.py"), "").expect("a file");
        let told = |path: &str| tests_of_pytest(&[path.into()], project.path()).expect_err("not there").to_string();
        assert!(told("tests/test_card.py").contains("did you mean tests/test_cart.py?"));
        assert!(told("tests/test_card.py::test_a").contains("there is no file tests/test_card.py;"));
        assert!(told("elsewhere/test_x.py").contains("steadfast list"));
    }

    #[test]
    fn tests_of_other_runners_are_told_how_to_run() {
        let project = tempfile::tempdir().expect("a folder");
        let told = |path: &str| tests_of_pytest(&[path.into()], project.path()).expect_err("not pytest's").to_string();
        assert!(told("src/cart.test.ts").contains("steadfast run --suite jest -- src/cart.test.ts"));
        std::fs::write(project.path().join("package.json"), r#"{"devDependencies": {"vitest": "4"}}"#).expect("a file");
        assert!(told("src/cart.test.ts").contains("--suite command:vitest"));
    }
}
