//! The mock providers over real sockets.

mod attribution;
mod failures;
mod faults;
mod golden;
mod hostile;
mod kit;
mod lifetime;
mod proxy;
mod scripts;
mod serve;
mod speech;
mod tapes;
mod wires;
