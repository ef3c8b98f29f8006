//! What is wrong with a file, and where: all of it at once.

use crate::model::Place;
use crate::scenario::source::SourceFile;
use crate::scenario::yaml::Span;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// One thing that is wrong.
#[derive(Debug, Clone)]
pub struct Problem {
    message: String,
    label: Option<String>,
    help: Option<String>,
    span: Span,
    source: Arc<SourceFile>,
}

impl Problem {
    /// Something wrong at a place of a file.
    pub(crate) fn new(source: &Arc<SourceFile>, span: Span, message: impl Into<String>) -> Self {
        Self { message: message.into(), label: None, help: None, span, source: Arc::clone(source) }
    }

    /// Something wrong with a file as a whole.
    pub(crate) fn of_file(name: &str, message: impl Into<String>) -> Self {
        Self::new(&Arc::new(SourceFile::new(name, "")), Span::NONE, message)
    }

    /// What stands under the caret.
    pub(crate) fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// What to do about it.
    pub(crate) fn help(&mut self, help: impl Into<String>) -> &mut Self {
        let help = help.into();
        if !help.is_empty() {
            self.help = Some(help);
        }
        self
    }

    /// The same with help.
    pub(crate) fn with_help(mut self, help: impl Into<String>) -> Self {
        // By its path: `Diagnostic` has a method of the same name.
        Problem::help(&mut self, help);
        self
    }

    /// What is wrong, in one line.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, if that can be said.
    pub fn suggestion(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Where; line 0 is the file as a whole.
    pub fn place(&self) -> Place {
        Place { file: self.source.name.clone(), line: self.span.line, column: self.span.column }
    }

    pub(crate) fn offset(&self) -> usize {
        self.span.offset
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.span.line == 0 {
            return write!(f, "{}: {}", self.source.name, self.message);
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

impl Diagnostic for Problem {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        (self.span.line > 0).then_some(&*self.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.span.line == 0 {
            return None;
        }
        let label = self.label.clone();
        let length = self.source.underlined(self.span.offset, self.span.length.max(1));
        Some(Box::new(std::iter::once(LabeledSpan::new(label, self.span.offset, length))))
    }
}

/// Everything that is wrong, ordered by file and place.
#[derive(Debug, Clone)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Orders problems. There is at least one, or nothing would be wrong.
    pub(crate) fn new(mut problems: Vec<Problem>) -> Self {
        problems.sort_by(|a, b| (&a.source.name, a.span.offset).cmp(&(&b.source.name, b.span.offset)));
        Self(problems)
    }

    /// The problems, ordered by file and place.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them for a reader: message, file, line, column, source line with caret, help; and how many there are.
    pub fn render(&self, theme: GraphicalTheme) -> String {
        // Wide enough that a help which lists names stays on few lines, narrow enough for a CI log.
        let handler = GraphicalReportHandler::new_themed(theme).with_width(110).with_context_lines(1);
        let mut text = String::new();
        for problem in &self.0 {
            if handler.render_report(&mut text, problem).is_err() {
                text.push_str(&format!("{}: {problem}\n", problem.place()));
            }
            text.push('\n');
        }
        let files: BTreeSet<&str> = self.0.iter().map(|problem| problem.source.name.as_str()).collect();
        text.push_str(&format!("{} in {}\n", counted(self.0.len(), "problem"), counted(files.len(), "file")));
        text
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Self {
        Self(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(GraphicalTheme::unicode_nocolor()))
    }
}

impl std::error::Error for Problems {}

/// `1 file`, `2 files`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
