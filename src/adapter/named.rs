//! `--suite`, as typed and as meant.

use crate::adapter::choice::{CommandOptions, PytestOptions, SuiteOptions};
use crate::adapter::command::{is_shipped_profile, shipped_profiles};
use crate::adapter::pytest::Start;
use crate::adapter::subject::Explain;
use crate::scenario::nearest;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A suite that is run instead of scenarios, as typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SuiteChoice {
    /// The one that the project's files show.
    Auto,
    /// The suite with this name.
    Named(NamedSuite),
}

/// A suite, as meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NamedSuite {
    /// pytest, started in this folder.
    Pytest(PathBuf),
    /// A runner that this profile describes: a shipped one, or a file.
    Command(String),
}

/// Why a text names no suite.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SuiteNameError {
    /// The folder of pytest is missing.
    #[error("`pytest:` names no folder: `pytest:.` is this one")]
    NoFolder,
    /// The profile is missing.
    #[error("`command:` names no profile: `command:libtest` or a file does")]
    NoProfile,
    /// It is none of the suites that there are.
    #[error("`{text}` is no suite: `pytest:DIR`, `command:FILE` and `auto` are{}", did_you_mean(meant.as_deref()))]
    Unknown {
        /// What was typed.
        text: String,
        /// The suite whose name is nearest, if one is near.
        meant: Option<String>,
    },
}

fn did_you_mean(meant: Option<&str>) -> String {
    meant.map_or_else(String::new, |meant| format!("; did you mean `{meant}`?"))
}

impl FromStr for SuiteChoice {
    type Err = SuiteNameError;

    fn from_str(text: &str) -> Result<Self, SuiteNameError> {
        if text == "auto" { Ok(Self::Auto) } else { text.parse().map(Self::Named) }
    }
}

impl FromStr for NamedSuite {
    type Err = SuiteNameError;

    fn from_str(text: &str) -> Result<Self, SuiteNameError> {
        match text.split_once(':') {
            None if text == "pytest" => Ok(Self::Pytest(PathBuf::from("."))),
            None if is_shipped_profile(text) => Ok(Self::Command(text.to_owned())),
            Some(("pytest", "")) => Err(SuiteNameError::NoFolder),
            Some(("pytest", folder)) => Ok(Self::Pytest(PathBuf::from(folder))),
            Some(("command", "")) => Err(SuiteNameError::NoProfile),
            Some(("command", profile)) => Ok(Self::Command(profile.to_owned())),
            _ => {
                let names = ["pytest", "auto"].into_iter().chain(shipped_profiles());
                Err(SuiteNameError::Unknown { text: text.to_owned(), meant: nearest(text, names).map(str::to_owned) })
            }
        }
    }
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
                    parallel: None,
                })
            }
            Self::Command(profile) => {
                SuiteOptions::Command(CommandOptions { profile, python, arguments, providers, parallel: None })
            }
        }
    }

    /// The folder that the files of its cases are relative to, itself relative to the project's.
    pub fn folder(&self) -> &Path {
        match self {
            Self::Pytest(folder) => folder,
            Self::Command(_) => Path::new(""),
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
        assert_eq!(named("pytest:"), Err(SuiteNameError::NoFolder));
        assert_eq!(named("command:"), Err(SuiteNameError::NoProfile));
        let told = named("jests").expect_err("no suite").to_string();
        assert!(told.ends_with("did you mean `jest`?"), "{told}");
    }
}
