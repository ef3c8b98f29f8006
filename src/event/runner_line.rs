//! The line with which a suite's own runner shows a finding.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What stands in the sentence between the runner and its line.
const ALONE_SHOWS: &str = " alone shows it: ";

/// The line of a suite's own runner that was tried, and showed a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerLine {
    /// The runner: `pytest`.
    pub runner: String,
    /// The line, as it was tried.
    pub line: String,
    /// The folder that the line enters, relative to the project's and empty for that itself; `None` where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

impl RunnerLine {
    /// The line of a remark: so journals had it before there was a field for it.
    pub(super) fn of_remark(remark: &str) -> Option<Self> {
        let (runner, line) = remark.split_once(ALONE_SHOWS).filter(|(runner, _)| !runner.contains(' '))?;
        Some(Self { runner: runner.to_owned(), line: line.to_owned(), folder: None })
    }
}

impl fmt::Display for RunnerLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{ALONE_SHOWS}{}", self.runner, self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::RunnerLine;

    #[test]
    fn a_line_and_its_sentence_are_one() {
        let line = RunnerLine { runner: "jest".into(), line: "cd web && npx jest -t '^(a b)$'".into(), folder: None };
        assert_eq!(RunnerLine::of_remark(&line.to_string()), Some(line));
        assert_eq!(RunnerLine::of_remark("pytest alone, started with these tests only, behaves differently"), None);
    }
}
