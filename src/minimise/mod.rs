//! The search for the smallest order that shows a failure.
//!
//! A suspect failed in some order. This module asks an oracle to run chosen orders and shrinks that one to the cases
//! that it takes: the polluters of a victim, or the state-setters of a brittle case. It knows no engine: [`minimise`]
//! asks an [`Oracle`] question by question, and [`Search`] is the same search turned inside out, which hands out
//! questions and takes answers, several at once, and can be stopped and resumed at any point.
//!
//! The steps, each a file of its own: *reproduce* (does it show at all, more often than alone?), *search* (by
//! prefixes where answers are certain, by a posterior where they are not), *confirm* (shows with all members,
//! vanishes without each), *alternatives* (what else pollutes?), *cleaners*. `docs/minimising.md` explains
//! and cites them.

mod alternatives;
mod bayes;
mod cleaners;
mod cluster;
mod confirm;
mod confirmed;
mod ddmin;
mod frame;
mod hunt;
mod limits;
mod noisy;
mod oracle;
mod prefix;
mod probes;
mod problem;
mod rates;
mod reproduce;
mod result;
mod search;
mod session;
pub mod simulated;

pub use cluster::{Cluster, Verification, Verified, clusters};
pub use confirm::coincidence;
pub use hunt::minimise;
pub use limits::{Limit, Limits};
pub use oracle::{Answer, Oracle, Question, Reply};
pub use probes::{Phase, Probes};
pub use problem::{Costs, Problem};
pub use result::{Conclusion, Minimised, Role, Sequence};
pub use search::{Search, Step};
