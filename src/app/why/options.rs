//! What `why` is asked.

use std::path::PathBuf;

/// Which case, and what is known of the order in which it failed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhyOptions {
    /// The case: its id, a part of it, or its name in a JUnit file.
    pub case: String,
    /// Where an order was recorded.
    pub told: Option<ToldBy>,
}

/// What tells the order in which cases ran elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToldBy {
    /// JUnit files of one run, or folders of them.
    Junit(Vec<PathBuf>),
    /// A list of ids, one per line.
    List(PathBuf),
}
