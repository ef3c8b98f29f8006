//! What a system writes while it runs, kept for expectations on its log and for reports.

use std::io::{BufRead, BufReader, Read};
use std::sync::{Arc, Mutex, PoisonError};

/// How much of a system's output is kept, in bytes. What is older is dropped, and that is said.
const KEPT: usize = 1 << 20;

/// The longest line that is kept whole, in bytes.
const LONGEST_LINE: u64 = 64 << 10;

/// A bounded text that several writers append lines to.
#[derive(Debug, Clone, Default)]
pub(in crate::adapter) struct Output(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    text: String,
    /// How many bytes were dropped from its begin.
    dropped: u64,
}

/// A place in an output.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::adapter) struct Mark(u64);

impl Output {
    /// Appends a line.
    pub fn line(&self, line: &str) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.text.push_str(line);
        kept.text.push('\n');
        if kept.text.len() > 2 * KEPT {
            let mut cut = kept.text.len() - KEPT;
            while !kept.text.is_char_boundary(cut) {
                cut += 1;
            }
            kept.text.drain(..cut);
            kept.dropped += cut as u64;
        }
    }

    /// The present end.
    pub fn mark(&self) -> Mark {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Mark(kept.dropped + kept.text.len() as u64)
    }

    /// What was written since `mark`.
    pub fn since(&self, mark: Mark) -> String {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match mark.0.checked_sub(kept.dropped) {
            Some(from) => {
                let from = usize::try_from(from).unwrap_or(usize::MAX);
                kept.text.get(from..).unwrap_or_default().to_owned()
            }
            None => format!("[{} bytes of output were dropped]\n{}", kept.dropped - mark.0, kept.text),
        }
    }

    /// Appends all that comes out of a pipe, until its end. A line without end is cut into pieces.
    pub fn drain(&self, pipe: impl Read) {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        loop {
            line.clear();
            match pipe.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line) {
                Ok(0) | Err(_) => return,
                Ok(_) => self.line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r'])),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_since_a_mark_is_told() {
        let output = Output::default();
        output.line("before");
        let mark = output.mark();
        output.line("after");
        assert_eq!(output.since(mark), "after\n");
    }

    #[test]
    fn memory_is_bounded_and_what_is_lost_is_said() {
        let output = Output::default();
        let mark = output.mark();
        output.drain(std::io::repeat(b'x').take(5 << 20));
        let text = output.since(mark);
        assert!(text.len() < 3 << 20, "{}", text.len());
        assert!(text.starts_with("[") && text.contains("bytes of output were dropped"));
    }
}
