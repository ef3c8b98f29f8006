//! Bytes that arrive in any pieces, cut into lines.

/// Collects bytes until a line is complete. A line ends with LF or CRLF.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pending: Vec<u8>,
    /// How much of `pending` is known to hold no line end.
    searched: usize,
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next complete line without its end.
    pub(super) fn next_line(&mut self) -> Option<Vec<u8>> {
        let found = self.pending[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(offset) = found else {
            self.searched = self.pending.len();
            return None;
        };
        let mut line: Vec<u8> = self.pending.drain(..=self.searched + offset).collect();
        self.searched = 0;
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Some(line)
    }

    /// What stands behind the last line end once the body has ended.
    pub(super) fn rest(&mut self) -> Vec<u8> {
        self.searched = 0;
        std::mem::take(&mut self.pending)
    }
}
