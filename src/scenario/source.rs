//! A file's text, kept for as long as a problem may show a line of it.

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// A line longer than this is cut around the place that a problem shows.
const LONGEST_LINE: usize = 240;
/// How much of a long line stands before the place.
const BEFORE: usize = 80;

/// A file as it was read.
#[derive(Debug)]
pub struct SourceFile {
    /// Relative to the project's folder, with `/` between its parts.
    pub name: String,
    /// The text of the file.
    pub text: String,
}

impl SourceFile {
    /// A file's text under its name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into() }
    }

    /// The byte range of the line in which an offset lies, without its line break.
    fn line_around(&self, offset: usize) -> (usize, usize) {
        let bytes = self.text.as_bytes();
        let offset = offset.min(bytes.len());
        let start = bytes[..offset].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let end = bytes[offset..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |at| offset + at);
        (start, end)
    }

    /// The nearest character boundary at or before an offset.
    fn boundary(&self, mut offset: usize) -> usize {
        offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

impl SourceCode for SourceFile {
    /// The line in which a span begins; without lines around it, from where the span begins. Of a very long line only the part around the span is shown, so that a file of
    /// one huge line can't make a huge message.
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let offset = self.boundary(span.offset());
        let (start, end) = self.line_around(offset);
        let line = self.text[..start].bytes().filter(|b| *b == b'\n').count();
        let (mut from, mut to) = (if before == 0 { offset } else { start }, end);
        if end - start > LONGEST_LINE {
            from = self.boundary(offset.saturating_sub(BEFORE).max(start));
            to = self.boundary((from + LONGEST_LINE).min(end)).max(offset);
        }
        let column = self.text[start..from].chars().count();
        let data = &self.text.as_bytes()[from..to];
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, (from, to - from).into(), line, column, 1)))
    }
}

impl SourceFile {
    /// How much of a span can be underlined: what of it stands on the line that is shown.
    pub(crate) fn underlined(&self, offset: usize, length: usize) -> usize {
        let (_, end) = self.line_around(offset);
        let shown = self.boundary((offset + length.min(LONGEST_LINE - BEFORE)).min(end));
        shown.saturating_sub(offset)
    }
}
