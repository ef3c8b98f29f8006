//! The stream of facts about a run, and the journal that keeps it.
//!
//! Facts are emitted in sequence and never changed. What a verdict depends on besides (policy, date, the cases and
//! their hashes) stands in the [`Header`], so that every report is a function of the journal alone.

mod decoded;
mod dirt;
mod fact;
mod header;
mod identity;
mod journal;
mod machine;
mod note;
mod past;
mod question;
mod redact;
mod runner_line;
mod secret_forms;
mod secret_shapes;
mod seen;
mod shell_line;
mod words;

pub use dirt::{Dirt, StatePart};
pub use fact::{Conclusion, Diagnosis, Entry, Event, HashSeeds, RoundEnd, RunEnd, StateCause, TrialReport};
pub use header::{CaseInfo, Header, JOURNAL_VERSION, PlanPolicy, Policy, ShardInfo, SubjectInfo};
pub use identity::{Difference, Identity, Product};
pub use journal::{JournalError, JournalReader, JournalWriter, RunLock, compress};
pub use machine::Machine;
pub use note::{Note, Topic};
pub use past::{Background, EarlierRounds, KnownFinding, Past, Quarantine, QuarantineEntry, Revision};
pub use question::{Question, RecordedEnd, RecordedOrder};
pub use redact::Redactor;
pub use runner_line::RunnerLine;
pub(crate) use secret_shapes::REDACTED;
pub use shell_line::ShellLine;
pub use words::is_common;
