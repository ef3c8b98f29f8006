//! A proxy that leads programs to the mock providers, also those whose addresses are written into their code, and
//! to nowhere else.
//!
//! A program is told of it by its environment. What it asks of a provider's host goes to that provider's front, over
//! TLS with a certificate of an authority that was made for the run; loopback addresses are reached as they are; every
//! other host is refused by name, and noted for the trial under way.
//!
//! # Rationale
//!
//! Behind the TLS the bytes are passed on as they are, so that a scripted fault (a reset in the middle of a body, a
//! length that is wrong) reaches the client as the front made it. Not every client honours a proxy: a Python program is
//! watched from within (`sitecustomize.py`), and what it tries to reach past the proxy is refused and told.

mod authority;
mod carry;
mod enclosure;
mod environment;
mod gate;
mod head;
mod proxy_log;
mod route;

pub use enclosure::{EnclosedTrial, Enclosure, EnclosureError};
pub use gate::{Proxy, ProxyError};
pub use proxy_log::{Reach, Stray, StrayKind, Strays};
