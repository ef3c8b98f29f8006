//! Orders, and the rounds that run them: what a run will do, derived from one root seed.
