//! What keeps a command from being carried out.

use crate::app::AppError;
use crate::cli::config::ConfigError;
use std::io;

/// What keeps a command from being carried out.
pub(super) enum Trouble {
    Config(ConfigError),
    App(AppError),
    Output(io::Error),
}

impl From<ConfigError> for Trouble {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<AppError> for Trouble {
    fn from(error: AppError) -> Self {
        Self::App(error)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
