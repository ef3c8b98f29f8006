//! Light colours for code in a trial's details: texts, numbers, comments and the words that most languages share.

use crate::report::html::difference::Piece;

/// Words that carry a line of code, in the languages whose tests are run.
const KEYWORDS: [&str; 44] = [
    "and", "as", "assert", "async", "await", "break", "case", "catch", "class", "const", "continue", "def", "else",
    "except", "expect", "false", "False", "finally", "fn", "for", "from", "func", "function", "if", "import", "in",
    "is", "let", "match", "new", "nil", "None", "not", "null", "or", "raise", "return", "self", "this", "throw",
    "true", "True", "try", "with",
];

/// The text in pieces. Lines that pytest marks with `>` (where it failed) and `E` (why) are whole pieces.
pub(super) fn coloured(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with('>') {
            pieces.push(Piece::new(line, "at"));
        } else if line.starts_with("E  ") {
            pieces.push(Piece::new(line, "why"));
        } else {
            code(line, &mut pieces);
        }
    }
    pieces
}

fn code(line: &str, pieces: &mut Vec<Piece>) {
    let mut rest = line;
    let mut plain = 0;
    while plain < rest.len() {
        let (length, class) = token(&rest[plain..], &rest[..plain]);
        if class.is_empty() {
            plain += length;
            continue;
        }
        if plain > 0 {
            pieces.push(Piece::new(&rest[..plain], ""));
        }
        pieces.push(Piece::new(&rest[plain..plain + length], class));
        rest = &rest[plain + length..];
        plain = 0;
    }
    if !rest.is_empty() {
        pieces.push(Piece::new(rest, ""));
    }
}

/// How long the token is that the text begins with, and its class.
fn token(text: &str, before: &str) -> (usize, &'static str) {
    let Some(first) = text.chars().next() else { return (0, "") };
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    if first == '"' || (first == '\'' && !before.ends_with(is_word)) {
        // A text ends in its line; an apostrophe has no end.
        return match closing(text, first) {
            Some(length) => (length, "text"),
            None => (1, ""),
        };
    }
    if (first == '#' && (before.is_empty() || before.ends_with(' '))) || text.starts_with("// ") {
        return (text.trim_end_matches('\n').len(), "comment");
    }
    if is_word(first) {
        let length = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
        let word = &text[..length];
        let class = match first {
            _ if KEYWORDS.contains(&word) => "keyword",
            '0'..='9' => "digits",
            _ => "",
        };
        return (length, class);
    }
    (first.len_utf8(), "")
}

/// Where the text that begins with this quote ends.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '\n' => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return Some(at + c.len_utf8()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_stands_out_in_code_has_a_class() {
        let told: Vec<(String, &str)> =
            coloured("def f(x):  # why\n    return \"a'b\" + it's 12\n>   assert x\nE   no\n")
                .into_iter()
                .map(Piece::into_parts)
                .collect();
        let of = |class: &str| -> Vec<&str> {
            told.iter().filter(|(_, other)| *other == class).map(|(text, _)| text.as_str()).collect()
        };
        assert_eq!(of("keyword"), ["def", "return"]);
        assert_eq!(of("comment"), ["# why"]);
        assert_eq!(of("text"), ["\"a'b\""]);
        assert_eq!(of("digits"), ["12"]);
        assert_eq!(of("at"), [">   assert x\n"]);
        assert_eq!(of("why"), ["E   no\n"]);
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]
        #[test]
        fn no_letter_is_lost(text in any::<String>()) {
            let whole: String = coloured(&text).into_iter().map(|piece| piece.into_parts().0).collect();
            prop_assert_eq!(whole, text);
        }
    }
}
