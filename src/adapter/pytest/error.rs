//! Why a suite of pytest can't be collected or run.

use crate::adapter::shared::surroundings::SurroundingsError;
use crate::scenario::FilterError;
use std::io;
use std::path::PathBuf;

/// Why a suite of pytest can't be collected or run.
#[derive(Debug, thiserror::Error)]
pub enum PytestError {
    /// A file or folder that a pytest needs can't be made.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The suite's tree can't be copied.
    #[error("can't copy the suite's tree: {0}")]
    Copy(io::Error),
    /// The mock providers around the suite can't be started.
    #[error(transparent)]
    Surroundings(#[from] SurroundingsError),
    /// The interpreter can't be started.
    #[error(
        "can't start {}: {source}\nhelp: name an interpreter that has pytest: --python .venv/bin/python",
        python.display()
    )]
    Start {
        /// The interpreter that was chosen.
        python: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// Collection took too long.
    #[error("pytest did not collect the suite within {0} s")]
    Overdue(u64),
    /// The interpreter has no pytest.
    #[error(
        "{python} has no pytest\nhelp: `{python} -m pip install pytest`, or name an interpreter that has it with --python"
    )]
    NoPytest {
        /// The interpreter, as Python names it.
        python: String,
    },
    /// pytest ended before it had collected the suite.
    #[error(
        "pytest could not collect the suite ({how}):\n{wrote}\nhelp: see it by itself, and mend it there: {} -m pytest \
         --collect-only",
        python.display()
    )]
    Uncollected {
        /// How its process ended.
        how: String,
        /// What it wrote.
        wrote: String,
        /// The interpreter that was chosen.
        python: PathBuf,
    },
    /// The filter can't be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// The filter leaves nothing.
    #[error("the filter `{filter}` matches none of {all} tests; `steadfast list` shows their ids")]
    NothingChosen {
        /// The filter as it was given.
        filter: String,
        /// How many tests there are.
        all: usize,
    },
    /// There are no tests.
    #[error(
        "{}: pytest found no tests\nhelp: is this the project's folder? `steadfast run` in it says what it finds",
        folder.display()
    )]
    NoTests {
        /// The suite's folder.
        folder: PathBuf,
    },
    /// Too few of the run's tests are there.
    #[error(
        "most of the tests that were collected when the run began are not there now: what pytest collects depends on \
         chance, or the suite was changed"
    )]
    MostAreGone,
    /// The suite's files were changed while the run was under way.
    #[error("the suite's files are not what they were when the run began: start again")]
    Changed,
}
