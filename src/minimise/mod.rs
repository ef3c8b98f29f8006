//! The search for the smallest order that shows a failure.
