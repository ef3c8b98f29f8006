//! Arguments, environment, terminal; nothing else reads them.

mod arguments;
mod comment;
mod config;
mod demo;
#[cfg(test)]
mod documented;
mod door;
mod exit;
mod fleet_arguments;
mod history_place;
mod keywords;
mod leave;
mod leave_arguments;
mod live;
mod look;
mod main;
mod memory;
mod memory_arguments;
mod merge;
mod merge_arguments;
mod output_arguments;
mod providers;
mod run_arguments;
mod run_choices;
mod running;
mod selfcheck;
mod share;
mod signals;
mod stand_in;
mod start;
mod suite_arguments;
mod surroundings;
mod trouble;
mod values;
mod why;
mod why_arguments;
mod worker;

#[cfg(fuzzing)]
pub use config::fuzz_config;
pub use exit::Exit;
pub use main::main;
