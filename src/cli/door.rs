//! The one door through which text leaves for a terminal or a CI service: without secrets, and with nothing in it that
//! either would take for a command.

use crate::app::secrets_of_environment;
use crate::event::Redactor;
use crate::report::{Style, visible};
use std::io::{self, Stderr, Stdout, Write};
use std::path::Path;

/// A line that is written no later than when it has so many bytes.
const LONGEST_LINE: usize = 1 << 20;

/// Whose sequences of a terminal are let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colours {
    /// There is no door: nobody reads this.
    None,
    /// Those that set a colour: the text has been cleaned, and these are our own.
    Ours,
}

impl Style {
    /// What a summary in this style has of its own.
    pub(super) fn colours(self) -> Colours {
        if self.color { Colours::Ours } else { Colours::None }
    }
}

/// A writer that looks at each line.
pub(super) struct Door<W: Write> {
    to: W,
    redactor: Redactor,
    colours: Colours,
    line: Vec<u8>,
}

/// Standard output, for text in which names must stay what they are: only what looks like a secret goes.
pub(super) fn out(colours: Colours) -> Door<Stdout> {
    Door::new(io::stdout(), Redactor::default(), colours)
}

/// Standard error, for messages: the secrets of the environment go as well.
pub(super) fn err() -> Door<Stderr> {
    Door::new(io::stderr(), of_environment(), Colours::None)
}

/// Keeps out what the environment and the project's `.env` files say is a secret.
pub(super) fn of_environment() -> Redactor {
    Redactor::new(secrets_of_environment(&crate::cli::surroundings::environment(), Path::new(".")))
}

impl<W: Write> Door<W> {
    pub fn new(to: W, redactor: Redactor, colours: Colours) -> Self {
        Self { to, redactor, colours, line: Vec::new() }
    }

    fn let_out(&mut self) -> io::Result<()> {
        let text = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let clean = self.redactor.apply(&text);
        self.to.write_all(guarded(&clean, self.colours).as_bytes())
    }
}

impl<W: Write> Write for Door<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if part.ends_with(b"\n") || self.line.len() >= LONGEST_LINE {
                self.let_out()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            self.let_out()?;
        }
        self.to.flush()
    }
}

impl<W: Write> Drop for Door<W> {
    fn drop(&mut self) {
        let _ = self.flush();
    }
}

/// A line as it may be printed.
fn guarded(line: &str, colours: Colours) -> String {
    let (body, end) = line.strip_suffix('\n').map_or((line, ""), |body| (body, "\n"));
    let seen = match colours {
        Colours::None => visible(body).replace('\r', "\\r"),
        Colours::Ours => body.replace('\r', "\\r"),
    };
    format!("{}{end}", no_command(&seen))
}

/// The line with nothing in it that a CI service reads as a command: GitHub's `::name::` at its beginning, and `##[name]`,
/// `##vso[` and the like wherever they stand.
fn no_command(line: &str) -> String {
    let blanks = line.len() - line.trim_start().len();
    let (indent, text) = line.split_at(blanks);
    let text = match text.strip_prefix("::") {
        Some(rest) => format!(": :{rest}"),
        None => text.to_owned(),
    };
    let mut out = indent.to_owned();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("##") {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let word = found[2..].find(|c: char| !c.is_ascii_alphanumeric()).map_or(found.len(), |length| length + 2);
        out.push_str(if found[word..].starts_with('[') { "# #" } else { "##" });
        rest = &found[2..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let mut out = Vec::new();
        Door::new(&mut out, Redactor::new(["hunter2!".to_owned()]), Colours::None)
            .write_all(text.as_bytes())
            .expect("written");
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn nothing_commands_a_terminal_or_a_ci_service() {
        check("\x1b[2Jred\x1b[0m\rover\x00\u{202e}\n", "red\\rover\\x00\\u{202e}\n");
        check(
            "::error::mine\n  ::stop-commands::x\nplain ::error:: here\na\u{2028}::error::mine\n\u{200b}::error::mine\n",
            ": :error::mine\n  : :stop-commands::x\nplain ::error:: here\na\\u{2028}::error::mine\n\\u{200b}::error::mine\n",
        );
        check(
            "a ##[group]b ##vso[task] ##teamcity[x] ## heading\n",
            "a # #[group]b # #vso[task] # #teamcity[x] ## heading\n",
        );
        check("a::b and #[test]", "a::b and #[test]");
    }

    #[test]
    fn a_secret_does_not_pass_in_pieces_of_a_line() {
        check("it is hun\x1b[1mter2! and more\nhunter2!", "it is [secret] and more\n[secret]");
    }
}
