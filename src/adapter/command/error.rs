//! Why a suite with a runner of its own can't be listed, run or understood.

use crate::adapter::command::profile::ProfileError;
use crate::adapter::shared::surroundings::SurroundingsError;
use crate::disk::Unreadable;
use crate::scenario::{FilterError, JsonPathError};
use std::io;
use std::path::PathBuf;

/// A name in a template that stands for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` stands for nothing")]
pub struct UnknownName(pub String);

/// Why a suite can't be listed, run or understood.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// There is no such profile, or something in it is wrong.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A pattern of the profile can't be read.
    #[error(transparent)]
    Pattern(#[from] regex::Error),
    /// A name of files with a `*` in it can't be read.
    #[error(transparent)]
    Glob(#[from] globset::Error),
    /// A template of the profile names what is not known where it is filled in.
    #[error("`{key}`: `${{{}}}` stands for nothing here; known are {known}", name.0)]
    Template {
        /// Where the template stands in the profile.
        key: String,
        /// What it names.
        name: UnknownName,
        /// The names that are known, separated by commas.
        known: String,
    },
    /// The arguments name no program, and the profile has none.
    #[error("{profile}: the program to run stands after `--`: `--suite command:{profile} -- PROGRAM`")]
    NoProgram {
        /// The name of the profile.
        profile: String,
    },
    /// The profile does not say how a user runs all cases.
    #[error("its profile has no `{0}`")]
    NoSuchRun(&'static str),

    /// There is no temporary folder.
    #[error(transparent)]
    Temporary(io::Error),
    /// A file or folder can't be made or removed.
    #[error("{}: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// A file can't be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file that was to be read.
        path: PathBuf,
        /// Why it can't be read.
        source: Unreadable,
    },
    /// A driver that the profile names can't be read.
    #[error("the driver {name}: {source}")]
    Driver {
        /// Its name in the profile.
        name: String,
        /// Why it can't be read.
        source: Unreadable,
    },
    /// The suite's tree can't be copied.
    #[error("can't copy the suite's tree: {0}")]
    Copy(io::Error),
    /// The copy of the suite's tree can't be put back between two rounds.
    #[error("can't make the copy of the suite's tree what it was: {0}")]
    Restore(io::Error),
    /// Nobody kept the suite's tree when the run began.
    #[error("the tree as it was before the rounds is not known")]
    NoTree,

    /// The mock providers around the suite can't be started.
    #[error(transparent)]
    Surroundings(#[from] SurroundingsError),
    /// The runner can't be started.
    #[error("can't start `{program}`: {source}")]
    Start {
        /// The program of the command.
        program: String,
        /// What the system answered.
        source: io::Error,
    },
    /// The runner alone took too long.
    #[error("it did not end within {0} s")]
    Overdue(u64),
    /// The runner alone reported no case.
    #[error("it told of no case how it ended ({how}); it wrote: {wrote}")]
    Silent {
        /// How its process ended.
        how: String,
        /// The end of what it wrote.
        wrote: String,
    },

    /// The filter can't be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The filter leaves nothing.
    #[error("the filter `{filter}` matches none of {all} cases; `steadfast list` shows their ids")]
    NothingChosen {
        /// The filter as it was given.
        filter: String,
        /// How many cases there are.
        all: usize,
    },
    /// The runner lists no cases.
    #[error(
        "{profile}: the runner lists no cases{}\nhelp: is this the project's folder? `steadfast run` in it says what it finds",
        said(wrote)
    )]
    NoCases {
        /// The name of the profile.
        profile: String,
        /// The first part of what it wrote.
        wrote: String,
    },
    /// The listing is too long to be read.
    #[error("the listing is longer than {0} bytes")]
    LongListing(usize),
    /// The runner took too long to list its cases.
    #[error("the cases were not listed within {0} s")]
    SlowListing(u64),
    /// The file with the list of cases can't be read.
    #[error("{}: the list of cases: {source}", path.display())]
    ListFile {
        /// The file that the profile names.
        path: PathBuf,
        /// Why it can't be read.
        source: Unreadable,
    },
    /// The runner failed to list its cases.
    #[error(
        "{profile}: the cases could not be listed ({how}):\n{wrote}\nhelp: start the runner by itself first: what it needs must be installed, \
         as by `npm ci`, `bundle install` or a build"
    )]
    Unlisted {
        /// The name of the profile.
        profile: String,
        /// How its process ended.
        how: String,
        /// What it says of the reasons, or the end of what it wrote.
        wrote: String,
    },
    /// The listing is not what the profile says.
    #[error("{profile}: {source}")]
    Listing {
        /// The name of the profile.
        profile: String,
        /// What is wrong with it.
        source: Box<CommandError>,
    },
    /// The listing is not JSON.
    #[error("the listing is no JSON: {0}")]
    ListingForm(serde_json::Error),
    /// The listing has no document.
    #[error("the listing is empty")]
    EmptyListing,
    /// An entry of the listing lacks what a template names.
    #[error("`list.{key}`: the listing has no `{}`", name.0)]
    NotListed {
        /// The key of the template, below `list`.
        key: &'static str,
        /// What it names.
        name: UnknownName,
    },
    /// The JSONPath of the items can't be read.
    #[error("`items: {path}`: {}", fault.message)]
    Items {
        /// The path as the profile has it.
        path: String,
        /// What is wrong with it.
        fault: JsonPathError,
    },

    /// The document of results is not JSON.
    #[error("the results are no JSON: {0}")]
    ResultsForm(serde_json::Error),
    /// A file of results can't be understood.
    #[error("{}: {source}", path.display())]
    ResultsFile {
        /// The file that the runner wrote.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<CommandError>,
    },
    /// A file of results is not XML.
    #[error("no XML at byte {at}: {source}")]
    Xml {
        /// Where the reader was.
        at: u64,
        /// What it says.
        source: quick_xml::Error,
    },
    /// A text of a file of results is in an encoding that can't be read.
    #[error(transparent)]
    XmlEncoding(#[from] quick_xml::encoding::EncodingError),
    /// An attribute of an element can't be read.
    #[error(transparent)]
    XmlAttribute(#[from] quick_xml::events::attributes::AttrError),
    /// The file of results ends before its last testcase does.
    #[error("it ends in the middle of the testcase {0}")]
    CutOff(String),
    /// A testcase lacks what the template of its id names.
    #[error("`results.id`: a testcase has no `{}`", .0.0)]
    NotInTestcase(UnknownName),
}

/// What a runner wrote, behind a sentence; nothing where it wrote nothing.
fn said(wrote: &str) -> String {
    if wrote.is_empty() { String::new() } else { format!("; it wrote: {wrote}") }
}

impl CommandError {
    /// For a file or folder that can't be made or removed.
    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Write { path: path.into(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::CommandError;

    #[test]
    fn a_runner_without_cases_is_told_with_what_it_wrote_and_where_to_look() {
        let told = |wrote: &str| CommandError::NoCases { profile: "rspec".into(), wrote: wrote.into() }.to_string();
        let help = "\nhelp: is this the project's folder? `steadfast run` in it says what it finds";
        assert_eq!(told(""), format!("rspec: the runner lists no cases{help}"));
        assert_eq!(told("no examples"), format!("rspec: the runner lists no cases; it wrote: no examples{help}"));
    }
}
