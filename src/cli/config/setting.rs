//! A setting with what it is and where that comes from.

use crate::cli::config::settable::Settable;
use crate::model::Place;
use std::ffi::OsString;

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origin {
    /// The command line.
    CommandLine,
    /// A variable of the environment.
    Environment(String),
    /// A configuration file, and the profile in it.
    File(Place, Option<String>),
    /// It is so if nobody says anything; without values it is not set.
    Default,
}

impl Origin {
    /// Which layer lies above which.
    pub(super) fn strength(&self) -> u8 {
        match self {
            Self::CommandLine => 4,
            Self::Environment(_) => 3,
            Self::File(_, Some(_)) => 2,
            Self::File(_, None) => 1,
            Self::Default => 0,
        }
    }
}

/// A setting with its values and their origin.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub settable: Settable,
    pub values: Vec<OsString>,
    pub origin: Origin,
}
