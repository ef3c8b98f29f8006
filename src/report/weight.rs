//! Whether a finding decides the gate.

/// Whether a finding decides the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    /// It fails the gate.
    Fails,
    /// It is told, and the gate does not look at it.
    Warns,
}
