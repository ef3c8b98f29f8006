//! The reference tutoring system. A guest: it knows nothing of the harness.
