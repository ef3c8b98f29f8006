//! How the program's output looks: colour and width.

use crate::report::Style;
use clap::ValueEnum;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};

/// The widest that a summary gets: longer lines are hard to read.
const WIDEST: usize = 100;

/// The narrowest that a summary gets: below that, its columns have no room.
const NARROWEST: usize = 40;

/// When output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    Always,
    Never,
}

/// How a summary on standard output looks.
pub(super) fn style(color: Color) -> Style {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| value != OsStr::new(""));
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => io::stdout().is_terminal() && !is_set("NO_COLOR") || is_set("CLICOLOR_FORCE"),
    };
    Style { color, width: columns().unwrap_or(WIDEST).clamp(NARROWEST, WIDEST) }
}

/// What `COLUMNS` says, or else the terminal.
fn columns() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    said.or_else(|| rustix::termios::tcgetwinsize(io::stdout()).ok().map(|size| usize::from(size.ws_col)))
        .filter(|columns| *columns > 0)
}
