//! Whether mocks are like the real providers: what was recorded is asked of the mocks again, and compared.
//!
//! Values are not compared: another model says another thing. Compared are the status, the headers that clients read, which fields
//! a document has and of which types, the order of a stream's events, and errors in the same way.

mod compare;
mod inquiry;
mod rehearsal;
mod shape;

pub use compare::Difference;
pub use inquiry::{Inquired, Inquiry};
pub use rehearsal::{Compared, VerifyError, verify};
