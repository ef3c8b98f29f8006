//! The place of a history, as typed: a URL of a database can hold a password, which no message repeats.

use crate::history::{HistoryPlace, PlaceError};
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use clap::{Arg, Command, Error};
use std::ffi::OsStr;
use std::path::PathBuf;

/// Where libpq looks for a password that no URL holds.
const PASSWORD: &str = "PGPASSWORD";

/// Reads the place of a history.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlaceParser;

impl TypedValueParser for PlaceParser {
    type Value = HistoryPlace;

    fn parse_ref(&self, command: &Command, _: Option<&Arg>, value: &OsStr) -> Result<HistoryPlace, Error> {
        // What is not Unicode is a path.
        let Some(text) = value.to_str() else { return Ok(PathBuf::from(value).into()) };
        // The usual message would repeat the value.
        let wrong =
            |what: PlaceError| Error::raw(ErrorKind::ValueValidation, format!("--history: {what}\n")).with_cmd(command);
        Ok(text.parse::<HistoryPlace>().map_err(wrong)?.with_password(std::env::var(PASSWORD).ok()))
    }
}
