//! Which suite `--suite` and the project's files mean.

use crate::adapter::{NamedSuite, SuiteChoice, SuiteNameError, found_suites, the_suite};
use crate::app::AppError;
use std::path::Path;

/// The suite that is meant, if one is, and a sentence for the user where the project's files chose it: with `auto`, and
/// where nothing is named (`names_nothing`) in a project without scenarios.
///
/// # Errors
/// If the files show several suites, or none and one was asked for.
pub(super) fn meant(
    choice: Option<SuiteChoice>,
    names_nothing: bool,
    root: &Path,
) -> Result<(Option<NamedSuite>, Option<String>), AppError> {
    let found = match choice {
        Some(SuiteChoice::Named(suite)) => return Ok((Some(suite), None)),
        Some(SuiteChoice::Auto) => the_suite(root)?,
        None if names_nothing && !root.join("scenarios").exists() && !found_suites(root).is_empty() => the_suite(root)?,
        None => return Ok((None, None)),
    };
    let suite = found.suite.parse().map_err(|error: SuiteNameError| AppError::Usage(error.to_string()))?;
    Ok((Some(suite), Some(format!("the suite is {}: {}", found.suite, found.because))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenarios_come_before_what_else_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let meant = |names_nothing| meant(None, names_nothing, folder.path()).expect("at most one").0;
        assert_eq!(meant(true), None, "nothing is here");
        std::fs::write(folder.path().join("pytest.ini"), "[pytest]\n").expect("a file");
        assert_eq!(meant(true), Some("pytest".parse().expect("a suite")));
        assert_eq!(meant(false), None, "a path or a system is named");
        std::fs::create_dir(folder.path().join("scenarios")).expect("a folder");
        assert_eq!(meant(true), None);
    }
}
