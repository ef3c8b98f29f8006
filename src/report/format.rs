//! The formats by name.

use crate::record::Record;
use crate::report::{
    Context, JunitDetail, ReportError, Style, code_quality, html, json, junit, markdown, sarif, terminal,
};
use crate::verdict::Judgement;
use std::fmt;
use std::str::FromStr;

/// A format of report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The summary as a terminal shows it.
    Terminal,
    /// JUnit XML for CI systems.
    Junit,
    /// The HTML page for people.
    Html,
    /// The Markdown of `summary.md`.
    Markdown,
    /// The JSON of `report.json`.
    Json,
    /// SARIF, for code scanning.
    Sarif,
    /// GitLab's code quality report.
    CodeQuality,
}

/// What can be chosen of how a report is rendered. Each format takes what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenderOptions {
    /// How the terminal looks: 80 columns without colour by default.
    pub style: Style,
    /// What a testcase of JUnit is: a case by default.
    pub junit_detail: JunitDetail,
}

impl Default for RenderOptions {
    fn default() -> Self {
        Self { style: Style { color: false, width: 80 }, junit_detail: JunitDetail::default() }
    }
}

/// Why a word names no format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no format of a report: {known} are wanted", known = known())]
pub struct FormatError(String);

/// The words of all formats, as a sentence lists them.
fn known() -> String {
    let words = Format::ALL.map(Format::as_str);
    match words.split_last() {
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

impl Format {
    /// Every format that can be rendered.
    pub const ALL: [Self; 7] =
        [Self::Terminal, Self::Junit, Self::Html, Self::Markdown, Self::Json, Self::Sarif, Self::CodeQuality];

    /// The word on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Terminal => "terminal",
            Self::Junit => "junit",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Json => "json",
            Self::Sarif => "sarif",
            Self::CodeQuality => "code-quality",
        }
    }

    /// Its file in a run's folder; the terminal has none.
    pub fn file_name(self) -> Option<&'static str> {
        match self {
            Self::Terminal => None,
            Self::Junit => Some("junit.xml"),
            Self::Html => Some("report.html"),
            Self::Markdown => Some("summary.md"),
            Self::Json => Some("report.json"),
            Self::Sarif => Some("report.sarif"),
            Self::CodeQuality => Some("gl-code-quality-report.json"),
        }
    }

    /// Renders it as it is by default.
    ///
    /// # Errors
    /// If the format's own machinery is at fault; no run causes it.
    pub fn render(self, record: &Record, judgement: &Judgement, context: &Context) -> Result<String, ReportError> {
        self.render_with(record, judgement, context, RenderOptions::default())
    }

    /// Renders a judged record in this format.
    ///
    /// # Errors
    /// If the format's own machinery is at fault; no run causes it.
    pub fn render_with(
        self,
        record: &Record,
        judgement: &Judgement,
        context: &Context,
        options: RenderOptions,
    ) -> Result<String, ReportError> {
        match self {
            Self::Terminal => Ok(terminal(record, judgement, context, options.style)),
            Self::Junit => junit(record, judgement, context, options.junit_detail),
            Self::Html => html(record, judgement, context),
            Self::Markdown => Ok(markdown(record, judgement, context)),
            Self::Json => json(record, judgement, context),
            Self::Sarif => sarif(record, judgement, context),
            Self::CodeQuality => code_quality(record, judgement, context),
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Format {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        Self::ALL.into_iter().find(|format| format.as_str() == text).ok_or_else(|| FormatError(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_and_format_round_trip() {
        for format in Format::ALL {
            assert_eq!(format.to_string().parse(), Ok(format));
        }
        let wrong = "pdf".parse::<Format>().expect_err("no such format").to_string();
        assert!(wrong.contains("terminal, junit") && wrong.contains(" or code-quality are wanted"), "{wrong}");
    }
}
