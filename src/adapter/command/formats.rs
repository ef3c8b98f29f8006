//! How outcomes are read: the formats of results that a profile can name.

use serde::Deserialize;
use std::collections::BTreeMap;

/// Where outcomes are read.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Results {
    /// JUnit files, when the process has ended.
    Junit(JunitResults),
    /// TAP on standard output, as it comes.
    Tap(TapResults),
    /// A JSON object per line of standard output, as it comes.
    JsonLines(JsonResults),
    /// Lines of text, as they come.
    Lines(LineResults),
    /// A JSON document, when the process has ended.
    Json(JsonResults),
    /// How the process ended: for one case per process.
    ExitCode(ExitResults),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JunitResults {
    /// Files or globs, relative to the folder that commands run in.
    pub files: Vec<String>,
    /// A case's id, of the attributes of `testcase`, and `suite`, the name of its `testsuite`.
    #[serde(default = "junit_id")]
    pub id: String,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TapResults {
    /// A pattern that takes the id, a named group, out of a description. Without it the description is the id.
    #[serde(rename = "match")]
    pub pattern: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct JsonResults {
    /// The file of the document or of the lines, relative to the folder that commands run in; standard output by default.
    pub file: Option<String>,
    /// Where the cases are in a document: a JSONPath.
    pub items: Option<String>,
    /// Only objects with these fields and values count.
    #[serde(rename = "where")]
    pub only: BTreeMap<String, String>,
    /// A case's id, of the fields of an object.
    pub id: String,
    /// A pattern that takes the id, a named group, out of what `id` gives.
    #[serde(rename = "match")]
    pub pattern: Option<String>,
    /// Ids that this pattern finds are parts of cases, and not looked at.
    pub except: Option<String>,
    /// The field that says how it ended, or that it begins.
    pub outcome: String,
    /// What words of that field mean, besides those that are known.
    pub words: BTreeMap<String, Word>,
    /// The fields that may hold a message, the first that has one counts.
    pub message: Vec<String>,
    /// The fields that may hold more to read.
    pub details: Vec<String>,
    /// The field with its duration.
    pub seconds: Option<String>,
    /// The same in milliseconds.
    pub millis: Option<String>,
    /// The field that says how often the case was run: one that passed at last has failed before.
    pub tries: Option<String>,
    /// An object with these fields and values that names no case says that every case that began has passed.
    pub all_passed: BTreeMap<String, String>,
    /// A pattern tried on the last line, indented ones apart, that a case wrote of which no end was told: its group `word`
    /// says how it ended.
    pub last_line: Option<String>,
    /// A pattern tried on the details; its groups `message`, `file` and `line` are what they are named.
    pub failure: Option<String>,
    /// The field that says where it failed, as `file:line`, where that is known better than the details tell it: these may
    /// end in a library.
    pub at: Option<String>,
    /// A file in which a driver says how cases ended: of these, what standard output says is only why they failed.
    pub verdicts: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LineResults {
    /// Patterns tried on each line, the first that fits counts. Their groups: `word` and what `id` is made of; perhaps
    /// `message`, `seconds`, `millis`. Lines that none fits are what the case under way writes.
    #[serde(rename = "match")]
    pub patterns: Vec<String>,
    /// The file of the lines, relative to the folder that commands run in; standard output by default.
    #[serde(default)]
    pub file: Option<String>,
    /// A case's id, of the groups.
    #[serde(default = "id")]
    pub id: String,
    /// What words mean, besides those that are known.
    #[serde(default)]
    pub words: BTreeMap<String, Word>,
    /// A pattern tried on what a case wrote; its groups `message`, `file` and `line` are what they are named.
    #[serde(default)]
    pub failure: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ExitResults {
    /// The codes that mean that the case did not run.
    pub skipped: Vec<i32>,
    /// A pattern tried on what a case wrote that failed; its groups `message`, `file` and `line` are what they are named.
    pub failure: Option<String>,
    /// A pattern that finds in what it wrote that it was skipped; its group `message` says why.
    pub skip: Option<String>,
}

/// What a runner says of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    Started,
    Passed,
    Failed,
    Errored,
    Skipped,
    /// Something written by the case.
    Output,
    /// Something that a driver wants to be known.
    #[serde(skip)]
    Note,
    /// What a case left changed, as a driver in its process sees it.
    #[serde(skip)]
    Marks,
    /// Every case that began has passed.
    #[serde(skip)]
    AllPassed,
    /// It is another case's, which the runner was not asked for; said of one that it was asked for, it was skipped.
    Unasked,
}

impl Default for JsonResults {
    fn default() -> Self {
        Self {
            file: None,
            items: None,
            only: BTreeMap::new(),
            id: id(),
            pattern: None,
            except: None,
            outcome: "outcome".to_owned(),
            words: BTreeMap::new(),
            message: vec!["message".to_owned()],
            details: vec!["details".to_owned()],
            seconds: Some("seconds".to_owned()),
            millis: None,
            tries: None,
            at: None,
            all_passed: BTreeMap::new(),
            last_line: None,
            failure: None,
            verdicts: None,
        }
    }
}

/// The usual template of a case's id.
pub(super) fn id() -> String {
    "${id}".to_owned()
}

fn junit_id() -> String {
    "${classname}::${name}".to_owned()
}

impl Word {
    /// What runners usually mean by a word.
    pub fn usual(word: &str) -> Option<Self> {
        Some(match word.to_lowercase().as_str() {
            "started" | "start" | "run" | "running" | "begin" => Self::Started,
            "passed" | "pass" | "ok" | "success" => Self::Passed,
            "failed" | "fail" | "failure" => Self::Failed,
            "errored" | "error" => Self::Errored,
            "skipped" | "skip" | "ignored" | "pending" | "todo" | "disabled" => Self::Skipped,
            "output" => Self::Output,
            _ => return None,
        })
    }
}
