//! Judges facts.
