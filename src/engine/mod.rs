//! Runs rounds and emits facts.
