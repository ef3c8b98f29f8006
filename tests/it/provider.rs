//! The mock providers over real sockets.

mod faults;
mod kit;
mod serve;
mod wires;
