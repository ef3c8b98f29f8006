//! The use cases, composed of all below.
