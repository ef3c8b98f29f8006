//! The use cases, composed of all below: run, resume, repro, check, list, report, serve, self-check.

mod background;
mod comment;
mod course;
mod demo;
mod doctor;
mod effort;
mod engines;
mod env_file;
mod error;
mod evidence;
mod file_change;
mod files;
mod fleet;
mod forecast;
mod git;
mod identity;
mod imports;
mod init;
mod inspect;
mod join;
mod marks;
mod merge;
mod minimise_again;
mod options;
mod outline;
mod patch;
mod plans;
mod playable;
mod quarantine;
mod recorded;
mod reports;
mod repro;
mod resume;
mod run;
mod run_header;
mod run_history;
mod secrets;
mod selfcheck;
mod serve;
mod session;
mod shard;
mod since;
mod source_files;
mod split;
mod system_look;
mod trust;
mod under_way;
mod verify;
mod why;
mod worker;

pub use comment::{
    CommentError, CommentOptions, Commented, GivenPlace, Place, Service, WebhookFormat, comment_text, tell,
};
pub use demo::{DEMO, DemoFile, write_demo};
pub use doctor::{Diagnosis, DoctorOptions, Health, doctor};
pub use effort::{Effort, EffortError};
pub use error::AppError;
pub use imports::{ImportOptions, Imported, flips, forget, import};
pub use init::{CiService, Initialised, Written, init};
pub use inspect::{Listed, check, list, list_suite};
pub use join::{JoinOptions, join};
pub use merge::{MergeOptions, Missing, merge};
pub use minimise_again::{MinimiseLimits, minimise_again};
pub use options::{Accounting, AloneRounds, FleetOptions, RunOptions, ToolInfo};
pub use outline::{Outline, outline};
pub use patch::{Patches, write_patches};
pub use quarantine::{
    Growth, QuarantineRequest, quarantine_add, quarantine_list, quarantine_patch, quarantine_prune, quarantine_remove,
};
pub use reports::{render, run_folder};
pub use repro::{ReproOutcome, repro};
pub use resume::resume;
pub use run::run;
pub use run_history::{compare, snapshot, trends};
pub use secrets::secrets_of_environment;
pub use selfcheck::{
    Expectation, Healthy, Matrix, Progress, Row, ScenarioSource, SelfCheckOptions, Sentence, expectation, selfcheck,
    shipped_scenarios,
};
pub use serve::{ProvidersSettings, ServedLive, TutorSettings, serve_providers, serve_tutor};
pub use session::Watcher;
pub use shard::{ShardRun, run_shard, seed_of_ci};
pub use system_look::{begin_system_file, look_at_system};
pub use trust::Grants;
pub use under_way::Finished;
pub use verify::{Likeness, LiveComparison, verify_live, verify_recording};
pub use why::{ToldBy, WhyOptions};
pub use worker::worker;
