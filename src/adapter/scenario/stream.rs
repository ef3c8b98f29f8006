//! A stream of server-sent events, read as it comes, with times.

use serde_json::Value;
use std::time::Duration;

/// An event, and when it came, since the request was sent.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::adapter) struct StreamEvent {
    pub name: String,
    pub data: Value,
    pub at: Duration,
}

/// Cuts bytes into events as the HTML standard says (section 9.2.6): lines end with CR, LF or both, a blank line ends
/// an event, lines that begin with a colon are comments.
#[derive(Debug, Default)]
pub(in crate::adapter) struct EventReader {
    pending: Vec<u8>,
    name: String,
    data: String,
    has_data: bool,
    after_cr: bool,
}

impl EventReader {
    /// Takes bytes in and gives the events that they complete.
    pub fn feed(&mut self, bytes: &[u8], at: Duration) -> Vec<StreamEvent> {
        let mut events = Vec::new();
        for &byte in bytes {
            let swallowed = self.after_cr && byte == b'\n';
            self.after_cr = byte == b'\r';
            if swallowed {
                continue;
            }
            if byte == b'\n' || byte == b'\r' {
                let line = String::from_utf8_lossy(&std::mem::take(&mut self.pending)).into_owned();
                events.extend(self.line(&line, at));
            } else {
                self.pending.push(byte);
            }
        }
        events
    }

    fn line(&mut self, line: &str, at: Duration) -> Option<StreamEvent> {
        if line.is_empty() {
            let (name, data) = (std::mem::take(&mut self.name), std::mem::take(&mut self.data));
            if !std::mem::take(&mut self.has_data) {
                return None;
            }
            let name = if name.is_empty() { "message".to_owned() } else { name };
            let data = serde_json::from_str(&data).unwrap_or(Value::String(data));
            return Some(StreamEvent { name, data, at });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.name = value.to_owned(),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.data.push('\n');
                }
                self.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn read(text: &str) -> Vec<(String, Value)> {
        let events = EventReader::default().feed(text.as_bytes(), Duration::ZERO);
        events.into_iter().map(|event| (event.name, event.data)).collect()
    }

    #[test]
    fn events_have_names_and_data() {
        let text = ": hi\nevent: delta\ndata: {\"text\":\"a\"}\n\nevent: empty\n\ndata: x\ndata:y\r\n\r\n";
        let expected = [("delta".to_owned(), json!({"text": "a"})), ("message".to_owned(), json!("x\ny"))];
        assert_eq!(read(text), expected);
    }

    #[test]
    fn an_event_without_its_blank_line_is_none() {
        assert_eq!(read("event: done\ndata: {}\n"), []);
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn how_the_bytes_are_cut_makes_no_difference(cut in 0_usize..60) {
            let text = "event: a\r\ndata: 1\r\n\r\nevent: é\rdata: \"ü\"\r\r: c\n\ndata: x\n\n";
            let (head, tail) = text.as_bytes().split_at(cut.min(text.len()));
            let mut reader = EventReader::default();
            let mut events = reader.feed(head, Duration::ZERO);
            events.extend(reader.feed(tail, Duration::ZERO));
            prop_assert_eq!(events, EventReader::default().feed(text.as_bytes(), Duration::ZERO));
        }
    }
}
