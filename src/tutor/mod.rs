//! The reference tutoring system: an AI language tutor that routes learners' messages to four model providers within
//! a monthly budget. It is a guest here: it knows nothing of the harness and imports nothing of it.
//!
//! `docs/tutor.md` states its contract and its HTTP API. Each rule of the contract stands in one place, in the file
//! that is named after it, so that whoever breaks a rule breaks one line. A [`Tutor`] belongs to no event loop: its
//! store is called synchronously, its reservations release when they are dropped, and its provider clients make new
//! connections when the loop of the old ones is gone.

mod auth;
mod budget;
mod cache;
mod chat;
mod clock;
mod config;
mod defect;
mod generation;
mod health;
mod http;
mod language;
mod local_models;
mod log;
mod month;
mod open_error;
mod phrases;
mod price;
mod provider;
mod providers;
mod reason;
mod routing;
mod selection;
mod serve;
mod settings;
mod speech;
mod state;
mod store;
mod sync;
mod system;
mod tokens;
mod usd;
mod use_case;
mod wire;

pub use clock::{Clock, SystemClock};
pub use config::{Config, Endpoint, Endpoints};
pub use defect::{Defect, Defects};
pub use log::{Log, NoLog, StderrLog};
pub use open_error::OpenError;
pub use provider::{Provider, UnknownProvider};
pub use serve::{ServeError, serve};
pub use store::{Place, StoreError};
pub use system::Tutor;
pub use usd::{NotAnAmount, Usd};

use sync::lock;
