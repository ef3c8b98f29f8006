//! The part that a case plays in an order.

/// The part that a case plays in an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Victim,
    Brittle,
    /// Depends on the order, and nobody knows yet how.
    Unknown,
}
