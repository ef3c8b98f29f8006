//! The data of each frame of a streamed body.

use super::lines::Lines;
use std::collections::VecDeque;
use std::str::Utf8Error;

/// How a body is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Framing {
    /// Server-sent events. Names, ids and comments say nothing that a provider's data doesn't.
    Events,
    /// A JSON object per line.
    Lines,
}

/// The frames of one body.
#[derive(Debug)]
pub(in super::super) struct Frames {
    framing: Framing,
    lines: Lines,
    data: Option<String>,
    ready: VecDeque<String>,
}

impl Frames {
    pub(in super::super) fn new(framing: Framing) -> Self {
        Self { framing, lines: Lines::default(), data: None, ready: VecDeque::new() }
    }

    /// Takes bytes as they arrive.
    pub(in super::super) fn push(&mut self, bytes: &[u8]) -> Result<(), Utf8Error> {
        self.lines.push(bytes);
        while let Some(line) = self.lines.next_line() {
            self.line(std::str::from_utf8(&line)?);
        }
        Ok(())
    }

    /// The body has ended: a last line or event without its end counts as well.
    pub(in super::super) fn end(&mut self) -> Result<(), Utf8Error> {
        let rest = self.lines.rest();
        self.line(std::str::from_utf8(&rest)?);
        self.ready.extend(self.data.take());
        Ok(())
    }

    /// The next frame's data.
    pub(in super::super) fn next_frame(&mut self) -> Option<String> {
        self.ready.pop_front()
    }

    fn line(&mut self, line: &str) {
        match self.framing {
            Framing::Lines if line.trim().is_empty() => {}
            Framing::Lines => self.ready.push_back(line.to_owned()),
            Framing::Events if line.is_empty() => self.ready.extend(self.data.take()),
            Framing::Events => {
                if let Some(value) = line.strip_prefix("data:") {
                    let value = value.strip_prefix(' ').unwrap_or(value);
                    match &mut self.data {
                        Some(data) => {
                            data.push('\n');
                            data.push_str(value);
                        }
                        None => self.data = Some(value.to_owned()),
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(framing: Framing, pieces: &[&[u8]]) -> Vec<String> {
        let mut frames = Frames::new(framing);
        for piece in pieces {
            frames.push(piece).expect("UTF-8");
        }
        frames.end().expect("UTF-8");
        std::iter::from_fn(|| frames.next_frame()).collect()
    }

    #[test]
    fn events_are_data_between_blank_lines_and_comments_are_nothing() {
        let body = b": keep-alive\r\n\r\nevent: ping\r\ndata: {\"a\":1}\r\n\r\ndata:x\ndata: y\n\ndata: [DONE]";
        assert_eq!(frames(Framing::Events, &[body]), ["{\"a\":1}", "x\ny", "[DONE]"]);
    }

    #[test]
    fn lines_are_frames_and_blank_ones_are_nothing() {
        assert_eq!(frames(Framing::Lines, &[b"{}\n\n{\"a\":", b"1}\r\n{\"b\":2}"]), ["{}", "{\"a\":1}", "{\"b\":2}"]);
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        assert!(Frames::new(Framing::Lines).push(b"\xff\n").is_err());
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn where_a_body_is_cut_never_matters(cut in 0usize..60) {
            let body = "event: a\ndata: {\"text\":\"h\u{e9}llo \u{4f60}\"}\n\ndata: 2\r\n\r\ndata: [DONE]\n\n".as_bytes();
            let cut = cut.min(body.len());
            prop_assert_eq!(frames(Framing::Events, &[&body[..cut], &body[cut..]]), frames(Framing::Events, &[body]));
        }
    }
}
