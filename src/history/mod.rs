//! The memory of every run.
