//! The real program, as its users meet it: files in a folder, arguments, exit codes, and what is left afterwards.

mod config;
mod doctor;
mod errors;
mod fake;
mod first_minute;
mod hostile;
mod inputs;
mod interrupted;
mod kills;
pub mod kit;
mod leaks;
mod liars;
mod live;
mod mistakes;
mod orders;
mod processes;
mod reach;
mod reports;
mod repros;
mod sandboxes;
mod secrets;
mod selfchecks;
mod services;
mod start;
mod tapes;
