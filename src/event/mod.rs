//! The stream of facts about a run, and the journal that keeps it.
