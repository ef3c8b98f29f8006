//! The mock providers over real sockets.

mod attribution;
mod failures;
mod faults;
mod foreign;
mod golden;
mod hostile;
mod kit;
mod lifetime;
mod live;
mod proxy;
mod scripts;
mod serve;
mod speech;
mod tapes;
mod verify;
mod wires;
