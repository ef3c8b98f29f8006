//! What is remembered between runs.
//!
//! [`History`] is an SQLite file, a folder of files or a database of PostgreSQL with the verdicts of every run; what a new run takes from it (earlier trials of cases
//! that have not changed, findings that are known) goes into that run's header as [`crate::event::Past`], so that a
//! report needs no history. [`Diff`] compares two runs.

mod database;
mod diff;
mod entry;
mod error;
mod flips;
mod folder;
mod junit;
mod page;
mod past;
mod place;
mod postgres;
mod prune;
mod quarantine;
mod schema;
mod snapshot;
mod sqlite;
mod store;
mod stored;
mod tables;
mod text;
mod tls;
mod trend;

pub use diff::{Change, Diff};
pub use entry::{CaseEntry, Failed, RunEntry};
pub use error::HistoryError;
pub use flips::{Flaky, Flips, flips_text};
pub use junit::{JunitCase, JunitEnd, JunitError, JunitFile, read_junit, read_junit_cases};
pub use page::trends_html;
pub use past::Beginning;
pub use place::{HistoryPlace, PlaceError, PostgresUrl, is_postgres, with_stars, without_password};
pub use quarantine::{QuarantineFile, QuarantineProblem};
pub use snapshot::{Seen, Snapshot};
pub use store::History;
pub use text::{trends_json, trends_text};
pub use trend::{CaseTrend, PastRun, SuiteTrend, Week};
