//! What a case leaves changed in the state of its process, or beside it.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A part of the state that a case left other than it found it: `shop.CONFIG["currency"]`, from `'USD'` to `'EUR'`.
///
/// Values are texts, shortened by whoever took them; secrets are removed from them before they are written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StateMark {
    /// What kind of state it is.
    pub kind: MarkKind,
    /// The part, as the suite's own code would write it: `shop.CONFIG["currency"]`, `os.environ["RATE"]`.
    pub name: String,
    /// The value before the case; `None` where the part did not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The value after it; `None` where the part does not exist any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// From the part down to an event loop that is closed: `shop.POOL._idle[0]._loop -> closed loop`, where that is what
    /// the case leaves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<String>,
    /// Whether the case that was tried after it ended otherwise once the part was put back; `None` where nothing was tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decides: Option<bool>,
    /// Where that case reads the part, as `file:line`, as far as the lines that it ran tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
    /// Whether nobody but the code around it can put it back, such as a variable of a JavaScript module: it is seen and
    /// could not be tried.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub only_seen: bool,
    /// How the case can put it back, in the words of its runner; a clause with `it` or the part's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// The kinds of state that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// A variable of a module, a class, an object or a container of the project, or of a library's object that it holds.
    Variable,
    /// A function, method or class of the standard library or of a library that was replaced.
    Patch,
    /// An environment variable.
    Environment,
    /// The working directory.
    Directory,
    /// The list `sys.path`.
    Path,
    /// A module that was removed from `sys.modules` or replaced there.
    Module,
    /// A module that was loaded for the first time.
    Load,
    /// The level, the handlers or another setting of a logger.
    Logging,
    /// The filters of `warnings`.
    Warnings,
    /// The locale of the process.
    Locale,
    /// The time zone of the process.
    TimeZone,
    /// The state of a random generator that all code shares.
    Random,
    /// A context variable, or the context of `decimal`.
    Context,
    /// The current event loop, or the policy that makes event loops.
    EventLoop,
    /// Something that is bound to an event loop which was closed: [`StateMark::after`] says what it is, and
    /// [`StateMark::chain`] how it leads to the loop.
    LoopBound,
    /// A cache of results, such as the one of `functools.lru_cache`.
    Cache,
    /// A setting of the process: the recursion limit, a signal's handler, a default timeout.
    Process,
    /// A thread that still runs.
    Thread,
    /// A file or folder beside the tests or in TMPDIR.
    File,
    /// A kind that this version does not know.
    #[serde(other)]
    Other,
}

impl MarkKind {
    /// Whether a mark of this kind is likely to change what other cases see. Loaded modules, random states, filled caches
    /// and running threads are left by many cases and decide the results of few.
    pub fn is_strong(self) -> bool {
        match self {
            Self::Variable
            | Self::Patch
            | Self::Environment
            | Self::Directory
            | Self::Path
            | Self::Module
            | Self::Logging
            | Self::Warnings
            | Self::Locale
            | Self::TimeZone
            | Self::Context
            | Self::EventLoop
            | Self::LoopBound
            | Self::Process
            | Self::File => true,
            Self::Load | Self::Random | Self::Cache | Self::Thread | Self::Other => false,
        }
    }
}

impl StateMark {
    /// A part with its values before and after, of which nothing was tried.
    pub fn new(kind: MarkKind, name: impl Into<String>, before: Option<String>, after: Option<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            before,
            after,
            chain: None,
            decides: None,
            read_at: None,
            only_seen: false,
            remedy: None,
        }
    }
}

impl fmt::Display for StateMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind == MarkKind::LoopBound {
            write!(f, "{} bound to an event loop that is closed", self.name)?;
            let what = self.after.iter().chain(&self.chain).map(String::as_str).collect::<Vec<_>>().join("; ");
            return if what.is_empty() { Ok(()) } else { write!(f, " ({what})") };
        }
        let (name, is) = match self.kind {
            MarkKind::Module => (format!("sys.modules[\"{}\"]", self.name), " ="),
            MarkKind::File => (format!("the file {}", self.name), ","),
            _ => (self.name.clone(), " ="),
        };
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{name}{is} {after} (was {before})"),
            (None, Some(after)) => write!(f, "{name}{is} {after} (was not there)"),
            (Some(before), None) => write!(f, "{name} removed (was {before})"),
            (None, None) => f.write_str(&name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, shown: &str) {
        let mark: StateMark = serde_json::from_str(json).expect("a mark");
        assert_eq!(mark.to_string(), shown);
    }

    #[test]
    fn a_mark_shows_the_part_with_both_values() {
        check(
            r#"{"kind":"variable","name":"shop.CONFIG[\"currency\"]","before":"'USD'","after":"'EUR'"}"#,
            r#"shop.CONFIG["currency"] = 'EUR' (was 'USD')"#,
        );
        check(
            r#"{"kind":"environment","name":"os.environ[\"RATE\"]","after":"'2'"}"#,
            r#"os.environ["RATE"] = '2' (was not there)"#,
        );
        check(r#"{"kind":"module","name":"shop","before":"a module"}"#, "sys.modules[\"shop\"] removed (was a module)");
        check(
            r#"{"kind":"loop_bound","name":"shop.LOCK","after":"asyncio.locks.Lock","chain":"shop.LOCK._loop -> closed loop"}"#,
            "shop.LOCK bound to an event loop that is closed (asyncio.locks.Lock; shop.LOCK._loop -> closed loop)",
        );
    }

    #[test]
    fn a_kind_of_a_later_version_is_read() {
        check(r#"{"kind":"quantum","name":"x"}"#, "x");
    }
}
