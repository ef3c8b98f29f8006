//! `--suite`, as typed and as meant.

use crate::adapter::{CommandOptions, Explain, PytestOptions, Start, SuiteOptions};

use std::path::PathBuf;
use std::str::FromStr;

/// A suite that is run instead of scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SuiteChoice {
    /// pytest, started in this folder.
    Pytest(PathBuf),
    /// A runner that this profile describes: a shipped one, or a file.
    Command(String),
}

impl FromStr for SuiteChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("pytest", "")) => Err("`pytest:` names no folder: `pytest:.` is this one".to_owned()),
            Some(("pytest", folder)) => Ok(Self::Pytest(PathBuf::from(folder))),
            Some(("command", "")) => Err("`command:` names no profile: `command:libtest` or a file does".to_owned()),
            Some(("command", profile)) => Ok(Self::Command(profile.to_owned())),
            _ => Err(format!("`{text}` is no suite: `pytest:DIR` is, and `command:FILE`")),
        }
    }
}

impl SuiteChoice {
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
                SuiteOptions::Pytest(PytestOptions { folder, python, arguments, start, explain, providers })
            }
            Self::Command(profile) => SuiteOptions::Command(CommandOptions { profile, arguments, providers }),
        }
    }
}
