//! Runs rounds and emits facts.
//!
//! A round is a self-contained unit of work: it goes to a worker process over a pipe, and its facts come back. Workers
//! keep descriptors, threads and memory of rounds apart, and a subject that aborts takes only its round along. The
//! engine is the one owner of a run's state; what scenarios, suites, verdicts and reports are it does not know.

mod dispatch;
mod earlier;
mod fence;
mod leftovers;
mod orphans;
mod outlook;
mod owned;
mod progress;
mod protocol;
mod relay;
mod rounds;
mod scratch;
mod stop;
mod subject;
mod worker;
mod worker_process;

pub use dispatch::{Engine, EngineConfig};
pub use earlier::{Earlier, Resumed};
pub use fence::Fence;
pub use leftovers::{Leftovers, clean_up};
pub use orphans::{end_orphans, has_children};
pub use outlook::{EngineError, Outlook, RoundResult, Standing};
pub use owned::{Children, Family, Owned};
pub use protocol::{Prepare, Prepared, RoundUnit};
pub use rounds::{Ran, Rounds, collect};
pub use scratch::{Scratch, Whose, sweep};
pub use stop::{Stop, StopHandle, Stopped};
pub use subject::{Reports, Subject, SubjectError, TEMPORARY};
pub use worker::serve;
