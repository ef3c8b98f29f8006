//! The scenario format: files in, checked cases out.
