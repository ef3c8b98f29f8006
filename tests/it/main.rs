//! The integration tests, as one program.

mod claims;
mod cli;
mod command;
mod comment;
mod defects;
mod editor;
mod fleet;
mod folder_history;
mod history;
mod hostile;
mod imports;
mod known_truth;
mod leaks;
mod minimise;
mod plan;
mod portable;
#[path = "../../src/properties.rs"]
mod properties;
mod provider;
mod pytest;
mod python;
mod quarantine;
mod record;
mod report;
mod samples;
mod scenario;
mod selfcheck;
mod shards;
mod team_history;
mod tutor;
