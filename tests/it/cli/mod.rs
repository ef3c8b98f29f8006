//! The real program, as its users meet it: files in a folder, arguments, exit codes, and what is left afterwards.

mod doctor;
mod fake;
mod hostile;
mod inputs;
mod interrupted;
mod kit;
mod liars;
mod orders;
mod processes;
mod reports;
mod repros;
mod sandboxes;
mod secrets;
mod services;
