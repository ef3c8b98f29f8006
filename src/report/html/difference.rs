//! Marks what differs between an expected and an actual value in a failure's message.

use serde::Serialize;

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Piece {
    /// The text of this part.
    text: String,
    /// Which kind it is, as a class of the style sheet; empty for plain text.
    class: &'static str,
}

impl Piece {
    /// A piece of this class.
    pub(super) fn new(text: &str, class: &'static str) -> Self {
        Self { text: text.to_owned(), class }
    }

    /// Text and class.
    #[cfg(test)]
    pub(super) fn into_parts(self) -> (String, &'static str) {
        (self.text, self.class)
    }
}

/// The words between which an expected and an actual value stand in one line.
const PAIRS: [(&str, &str); 4] =
    [("expected ", ", was "), ("expected ", ", got "), ("expected ", " but was "), ("assert ", " == ")];

/// How much of a message is looked at.
const LONGEST: usize = 20_000;

/// A message in pieces: in lines that name an expected and an actual value, what differs is marked.
pub(super) fn pieces(message: &str) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    for line in message.split_inclusive('\n') {
        match split(line) {
            Some([before, expected, between, actual, after]) if message.len() <= LONGEST => {
                let (start, end) = common(expected, actual);
                pieces.push(before, "");
                // Python asserts that what was there equals what was expected.
                let asserted = before.ends_with("assert ");
                let (first, second) = if asserted { ("actual", "expected") } else { ("expected", "actual") };
                pieces.value(expected, start, end, first);
                pieces.push(between, "");
                pieces.value(actual, start, end, second);
                pieces.push(after, "");
            }
            _ => pieces.push(line, ""),
        }
    }
    pieces.0
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, text: &str, class: &'static str) {
        match self.0.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.class == class => last.text.push_str(text),
            _ => self.0.push(Piece { text: text.to_owned(), class }),
        }
    }

    fn value(&mut self, value: &str, start: usize, end: usize, class: &'static str) {
        self.push(&value[..start], "");
        self.push(&value[start..value.len() - end], class);
        self.push(&value[value.len() - end..], "");
    }
}

/// Before, expected, between, actual, after.
fn split(line: &str) -> Option<[&str; 5]> {
    PAIRS.iter().find_map(|(first, second)| {
        let expected = line.find(first)? + first.len();
        let between = expected + line[expected..].find(second)?;
        let actual = between + second.len();
        let end = line.trim_end().len().max(actual);
        Some([&line[..expected], &line[expected..between], &line[between..actual], &line[actual..end], &line[end..]])
    })
}

/// How many bytes two values share at their begin and, beyond that, at their end. Words are not cut in two, or a reader
/// would see `3` and `2` marked in `230` and `220`.
fn common(a: &str, b: &str) -> (usize, usize) {
    let inside = |c: char| c.is_alphanumeric() || c == '.' || c == '_';
    let same = |(x, y): &((usize, char), (usize, char))| x.1 == y.1;
    let mut start = 0;
    for ((at, c), _) in a.char_indices().zip(b.char_indices()).take_while(same) {
        if !inside(c) {
            start = at + c.len_utf8();
        }
    }
    let mut end = 0;
    let (rest_a, rest_b) = (&a[start..], &b[start..]);
    for ((at, c), _) in rest_a.char_indices().rev().zip(rest_b.char_indices().rev()).take_while(same) {
        if !inside(c) {
            end = rest_a.len() - at;
        }
    }
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(message: &str, marked: &[(&str, &str)]) {
        let pieces = pieces(message);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), message);
        let found: Vec<(&str, &str)> = pieces
            .iter()
            .filter(|piece| !piece.class.is_empty())
            .map(|piece| (piece.class, piece.text.as_str()))
            .collect();
        assert_eq!(found, marked, "{message}");
    }

    #[test]
    fn what_differs_is_marked() {
        check("level: expected HIGH, was CRITICAL", &[("expected", "HIGH"), ("actual", "CRITICAL")]);
        check("expected {\"a\":1,\"b\":2}, was {\"a\":1,\"b\":3}\n", &[("expected", "2"), ("actual", "3")]);
        check("assert 'ab c' == 'ab d'", &[("actual", "c"), ("expected", "d")]);
        check("cost: expected 230, was 220", &[("expected", "230"), ("actual", "220")]);
        check("expected a b, was a b c", &[("expected", "b"), ("actual", "b c")]);
    }

    #[test]
    fn other_messages_stay_plain() {
        check("connection refused", &[]);
        check("", &[]);
        check("expected nothing", &[]);
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn no_text_is_lost(message in "(expected |, was |assert | == |[a-c .\n日é]){0,12}") {
            let text: String = pieces(&message).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(text, message);
        }
    }
}
