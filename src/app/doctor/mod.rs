//! `steadfast providers doctor`: which providers does a program reach, and how.

mod diagnosis;
mod examine;
mod sockets;

pub use diagnosis::{Diagnosis, Health};
pub use examine::{DoctorOptions, doctor};
