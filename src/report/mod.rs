//! Renders a judged record.
