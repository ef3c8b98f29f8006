//! `--suite`, as typed and as meant.

use crate::adapter::{
    CommandOptions, Explain, PytestOptions, Start, SuiteOptions, found_suites, is_shipped_profile, shipped_profiles,
    the_suite,
};
use crate::app::AppError;
use crate::scenario::nearest;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A suite that is run instead of scenarios, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SuiteChoice {
    /// The one that the project's files show.
    Auto,
    /// The suite with this name.
    Named(NamedSuite),
}

/// A suite, as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NamedSuite {
    /// pytest, started in this folder.
    Pytest(PathBuf),
    /// A runner that this profile describes: a shipped one, or a file.
    Command(String),
}

impl FromStr for SuiteChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Named) }
    }
}

impl FromStr for NamedSuite {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "pytest" => Ok(Self::Pytest(PathBuf::from("."))),
            None if is_shipped_profile(text) => Ok(Self::Command(text.to_owned())),
            Some(("pytest", "")) => Err("`pytest:` names no folder: `pytest:.` is this one".to_owned()),
            Some(("pytest", folder)) => Ok(Self::Pytest(PathBuf::from(folder))),
            Some(("command", "")) => Err("`command:` names no profile: `command:libtest` or a file does".to_owned()),
            Some(("command", profile)) => Ok(Self::Command(profile.to_owned())),
            _ => {
                let names = ["pytest", "auto"].into_iter().chain(shipped_profiles());
                let meant = nearest(text, names).map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"));
                Err(format!("`{text}` is no suite: `pytest:DIR`, `command:FILE` and `auto` are{meant}"))
            }
        }
    }
}

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
    let suite = found.suite.parse().map_err(AppError::Usage)?;
    Ok((Some(suite), Some(format!("the suite is {}: {}", found.suite, found.because))))
}

impl NamedSuite {
    /// The options that are meant.
    pub fn options(
        self,
        python: Option<PathBuf>,
        arguments: Vec<String>,
        start: Start,
        explain: Explain,
        providers: Option<PathBuf>,
    ) -> SuiteOptions {
        match self {
            Self::Pytest(folder) => {
                let first_difference = false;
                SuiteOptions::Pytest(PytestOptions {
                    folder,
                    python,
                    arguments,
                    start,
                    explain,
                    providers,
                    first_difference,
                })
            }
            Self::Command(profile) => SuiteOptions::Command(CommandOptions { profile, python, arguments, providers }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_named_by_its_runner_or_found() {
        let named = |text: &str| text.parse::<SuiteChoice>();
        assert_eq!(named("auto"), Ok(SuiteChoice::Auto));
        assert_eq!(named("pytest"), named("pytest:."));
        assert_eq!(named("jest"), named("command:jest"));
        assert!(named("pytest:").is_err() && named("command:").is_err() && named("jests").is_err());
    }

    #[test]
    fn scenarios_come_before_what_else_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let meant = |names_nothing| meant(None, names_nothing, folder.path()).expect("at most one").0;
        assert_eq!(meant(true), None, "nothing is here");
        std::fs::write(folder.path().join("pytest.ini"), "[pytest]\n").expect("a file");
        assert_eq!(meant(true), Some(NamedSuite::Pytest(PathBuf::from("."))));
        assert_eq!(meant(false), None, "a path or a system is named");
        std::fs::create_dir(folder.path().join("scenarios")).expect("a folder");
        assert_eq!(meant(true), None);
    }
}
