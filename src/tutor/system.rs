//! The tutor as its host holds it.

use super::config::Config;
use super::defect::Defects;
use super::http;
use super::open_error::OpenError;
use super::state::State;
use axum::Router;
use std::fmt;
use std::sync::Arc;

/// A tutor. Clones are the same tutor.
#[derive(Clone)]
pub struct Tutor {
    router: Router,
}

impl Tutor {
    /// Opens a tutor. Needs no event loop, and binds nothing to one.
    ///
    /// # Errors
    /// If the store, a base URL or the HTTP client is unusable.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        Self::open_with(config, Defects::none())
    }

    /// Opens a tutor with bugs on purpose, to see whether they are noticed.
    ///
    /// # Errors
    /// The same as of [`Tutor::open`].
    pub fn open_with(config: Config, defects: Defects) -> Result<Self, OpenError> {
        let state = Arc::new(State::open(config, defects)?);
        Ok(Self { router: http::router(state) })
    }

    /// The tutor's handlers. They may be served on any number of event loops, one after the other or side by side.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}

impl fmt::Debug for Tutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tutor").finish_non_exhaustive()
    }
}
