//! `history` and `diff`: what is remembered, printed.

use crate::app;
use crate::cli::Exit;
use crate::cli::main::Trouble;
use crate::cli::memory_arguments::{DiffArguments, DiffFormat, HistoryArguments, TrendFormat};
use std::io::{self, Write};

pub(super) fn history(arguments: &HistoryArguments) -> Result<Exit, Trouble> {
    let case = arguments.id.as_deref().or(arguments.case.as_deref());
    let trends = app::trends(&arguments.memory.file(), arguments.suite.as_deref(), case)?;
    let text = match arguments.format {
        TrendFormat::Text => crate::history::trends_text(&trends),
        TrendFormat::Json => crate::history::trends_json(&trends).map_err(io::Error::other)?,
        TrendFormat::Html => crate::history::trends_html(&trends).map_err(io::Error::other)?,
    };
    write!(io::stdout(), "{text}")?;
    Ok(Exit::Good)
}

pub(super) fn diff(arguments: &DiffArguments) -> Result<Exit, Trouble> {
    let memory = &arguments.memory;
    let diff = app::compare(&arguments.before, &arguments.after, &memory.report_dir, &memory.file())?;
    let text = match arguments.format {
        DiffFormat::Text => diff.text(),
        DiffFormat::Json => serde_json::to_string_pretty(&diff).map_err(io::Error::other)? + "\n",
    };
    write!(io::stdout(), "{text}")?;
    Ok(if diff.has_new() { Exit::Found } else { Exit::Good })
}
