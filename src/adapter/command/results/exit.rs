//! What the end of a process says of its one case.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::process::{in_words, is_killed};
use crate::adapter::command::profile::ExitResults;
use crate::model::{Failure, Outcome, Place};
use regex::Regex;
use std::process::ExitStatus;

/// Judges a case by how its process ended.
#[derive(Debug)]
pub(in crate::adapter::command) struct ExitReader {
    skipped: Vec<i32>,
    failure: Option<Regex>,
    skip: Option<Regex>,
}

impl ExitReader {
    pub fn new(exit: &ExitResults) -> Result<Self, CommandError> {
        let pattern = |text: &Option<String>| text.as_deref().map(Regex::new).transpose();
        Ok(Self { skipped: exit.skipped.clone(), failure: pattern(&exit.failure)?, skip: pattern(&exit.skip)? })
    }

    /// How the case ended, by its process and the end of what this wrote.
    pub fn outcome(&self, status: Option<ExitStatus>, tail: &str) -> Outcome {
        let last = tail.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or_default();
        let how = in_words(status);
        let failure = |text: String, place: Option<Place>| Failure::new(text, place).with_details(tail);
        match status.and_then(|status| status.code()) {
            Some(0) => match self.skip.as_ref().and_then(|skip| skip.captures(tail)) {
                None => Outcome::Passed,
                Some(groups) => {
                    let reason = groups.name("message").map(|text| text.as_str().trim().to_owned());
                    Outcome::Skipped { reason: reason.unwrap_or_else(|| "the runner skips it".to_owned()) }
                }
            },
            Some(code) if self.skipped.contains(&code) => {
                Outcome::Skipped { reason: if last.is_empty() { how } else { last.to_owned() } }
            }
            _ if is_killed(status) => Outcome::Crashed(failure(how, None)),
            _ => match self.failure.as_ref().and_then(|pattern| pattern.captures(tail)) {
                Some(groups) => {
                    let text = |name: &str| groups.name(name).map(|text| text.as_str().trim().to_owned());
                    let line = text("line").and_then(|line| line.parse().ok());
                    let place = text("file").zip(line).map(|(file, line)| Place { file, line, column: 1 });
                    Outcome::Failed(failure(text("message").unwrap_or(how), place))
                }
                None if last.is_empty() => Outcome::Failed(failure(how, None)),
                None => Outcome::Failed(failure(format!("{last} ({how})"), None)),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    #[test]
    fn patterns_find_why_a_case_failed_or_was_skipped() {
        let yaml = "{ failure: '# +Failed test (?<message>.*)\\n# +at (?<file>\\S+) line (?<line>\\d+)', skip: 'skipped: (?<message>.*)' }";
        let reader = ExitReader::new(&serde_saphyr::from_str(yaml).expect("exit")).expect("a reader");
        let outcome = |code: i32, tail: &str| reader.outcome(Some(ExitStatus::from_raw(code << 8)), tail);
        let failed = outcome(1, "#   Failed test 'adds'\n#   at t/a.t line 3.\nResult: FAIL");
        let failure = failed.failure().expect("it failed");
        assert_eq!((failure.message.as_str(), failure.place.as_ref().map(|place| place.line)), ("'adds'", Some(3)));
        assert_eq!(outcome(0, "skipped: no net"), Outcome::Skipped { reason: "no net".to_owned() });
        assert_eq!(outcome(0, "ok"), Outcome::Passed);
        assert!(matches!(outcome(2, "no"), Outcome::Failed(failure) if failure.message == "no (exit code 2)"));
    }
}
