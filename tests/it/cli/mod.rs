//! The real program, as its users meet it: files in a folder, arguments, exit codes, and what is left afterwards.

mod fake;
mod inputs;
mod interrupted;
pub mod kit;
mod liars;
mod orders;
mod processes;
mod reports;
mod repros;
mod sandboxes;
mod secrets;
