//! `--suite`, as typed and as meant.

use crate::adapter::{Explain, Start};
use crate::app::SuiteOptions;
use std::path::PathBuf;
use std::str::FromStr;

/// A suite that is run instead of scenarios.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SuiteChoice {
    /// pytest, started in this folder.
    Pytest(PathBuf),
}

impl FromStr for SuiteChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("pytest", "")) => Err("`pytest:` names no folder: `pytest:.` is this one".to_owned()),
            Some(("pytest", folder)) => Ok(Self::Pytest(PathBuf::from(folder))),
            _ => Err(format!("`{text}` is no suite: `pytest:DIR` is")),
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
    ) -> SuiteOptions {
        match self {
            Self::Pytest(folder) => SuiteOptions { folder, python, arguments, start, explain },
        }
    }
}
