//! A file that grows while a runner works, read line by line.

use crate::disk::open_regular;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// The most that is read at one look, in bytes.
const AT_ONCE: u64 = 16 << 20;

/// A longer line is no result, in bytes.
const LONGEST_LINE: usize = 64 << 20;

/// How far a file was read.
#[derive(Debug, Default)]
pub(in crate::adapter::command) struct Tail {
    offset: u64,
    /// The beginning of a line whose end is not there yet.
    begun: Vec<u8>,
}

impl Tail {
    /// The lines that have come to their ends since the last look; none while there is no file.
    pub fn lines(&mut self, file: &Path) -> Vec<Vec<u8>> {
        let Ok(mut file) = open_regular(file) else { return Vec::new() };
        let mut text = std::mem::take(&mut self.begun);
        if file.seek(SeekFrom::Start(self.offset)).is_ok()
            && let Ok(read) = file.take(AT_ONCE).read_to_end(&mut text)
        {
            self.offset += read as u64;
        }
        let mut lines: Vec<Vec<u8>> = text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        if let Some(last) = lines.pop_if(|last| !last.ends_with(b"\n")) {
            // One that is longer is no result: what is kept of it must end somewhere.
            self.begun = if last.len() > LONGEST_LINE { Vec::new() } else { last };
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Write;

    #[test]
    fn a_line_is_read_once_it_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("results");
        let mut tail = Tail::default();
        assert!(tail.lines(&path).is_empty());
        let mut file = File::create(&path).expect("a file");
        file.write_all(b"one\ntw").expect("written");
        assert_eq!(tail.lines(&path), [b"one\n".to_vec()]);
        assert!(tail.lines(&path).is_empty());
        file.write_all(b"o\n\n").expect("written");
        assert_eq!(tail.lines(&path), [b"two\n".to_vec(), b"\n".to_vec()]);
    }
}
