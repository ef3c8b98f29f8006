//! Text for people: cleaned of what would disturb a terminal or a file, measured in columns, wrapped and shortened.

use std::borrow::Cow;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text without terminal sequences, and with every other character that can't be seen or that XML can't hold
/// (controls but for tab, line feed and carriage return; direction overrides; U+FFFE and U+FFFF) as a visible escape.
///
/// Failure messages come from outside: without this, one could recolour the terminal or break a file.
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(is_hidden) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(length) = sequence_length(rest) {
            rest = &rest[length..];
            continue;
        }
        let mut chars = rest.chars();
        if let Some(hidden) = chars.next() {
            out.push_str(&escape(hidden));
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The first line of a text, cleaned, cut to `columns` with an ellipsis.
pub(super) fn one_line(text: &str, columns: usize) -> String {
    let clean = visible(text);
    let mut lines = clean.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().replace('\t', " ");
    match lines.next() {
        Some(_) if width(&first) < columns => format!("{first} …"),
        _ => shorten(&first, columns),
    }
}

/// The text cut to `columns`, with an ellipsis if something was cut.
pub(super) fn shorten(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    format!("{}…", &text[..fitting(text, columns.saturating_sub(1))])
}

/// The text as lines of at most `columns`, broken between words where that is possible.
pub(super) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            push_word(&mut lines, &mut line, word, columns);
        }
        lines.push(line);
    }
    lines
}

/// A text whose spaces mean something, such as the difference of two values with carets below it: as lines of at most
/// `columns`, whose own indent is kept, broken where they are too long.
pub(super) fn fold(text: &str, columns: usize) -> Vec<String> {
    let columns = columns.max(8);
    let mut lines = Vec::new();
    for line in text.lines() {
        let line = line.trim_end().replace('\t', "    ");
        let mut rest = line.as_str();
        while width(rest) > columns {
            let cut = prefix(rest, columns);
            // Between words, unless that leaves too little of the line.
            let at = rest[..cut].rfind(' ').filter(|at| width(rest[..*at].trim_start()) > columns / 2).unwrap_or(cut);
            lines.push(rest[..at].to_owned());
            rest = rest[at..].trim_start();
        }
        lines.push(rest.to_owned());
    }
    lines
}

/// How many columns of a terminal the text takes.
pub(super) fn width(text: &str) -> usize {
    text.width()
}

/// At most `bytes` of the text, cut between characters, and how many bytes were left out.
pub(super) fn bounded(text: &str, bytes: usize) -> (&str, usize) {
    let mut end = bytes.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (&text[..end], text.len() - end)
}

fn push_word(lines: &mut Vec<String>, line: &mut String, word: &str, columns: usize) {
    let mut word = word;
    loop {
        let gap = usize::from(!line.is_empty());
        if width(line) + gap + width(word) <= columns {
            line.push_str(&" "[..gap]);
            line.push_str(word);
            return;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(line));
            continue;
        }
        let cut = prefix(word, columns);
        lines.push(word[..cut].to_owned());
        word = &word[cut..];
    }
}

/// How many bytes of a word fill `columns`; at least one character.
fn prefix(word: &str, columns: usize) -> usize {
    fitting(word, columns).max(word.chars().next().map_or(0, char::len_utf8))
}

/// How many bytes of a text fit into `columns`. A text may be wider than its characters are one by one (an emoji
/// selector widens what it follows), so what they promise is measured.
fn fitting(text: &str, columns: usize) -> usize {
    let mut used = 0;
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            end = at;
            break;
        }
    }
    while width(&text[..end]) > columns {
        // Marks go with the character that bears them.
        end = text[..end].char_indices().rfind(|(_, c)| c.width() > Some(0)).map_or(0, |(at, _)| at);
    }
    end
}

fn is_hidden(c: char) -> bool {
    let plain = matches!(c, '\t' | '\n' | '\r');
    let directs = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let ends_line = matches!(c, '\u{2028}' | '\u{2029}');
    // What joins the parts of an emoji, or chooses how one looks, stays.
    let has_no_width = matches!(
        c,
        '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    (c.is_control() && !plain) || directs || ends_line || has_no_width || matches!(c, '\u{fffe}' | '\u{ffff}')
}

fn escape(c: char) -> String {
    match u32::from(c) {
        code @ ..=0xff => format!("\\x{code:02x}"),
        code => format!("\\u{{{code:x}}}"),
    }
}

/// How many bytes a terminal sequence takes at the text's begin (ECMA-48: CSI, OSC and its like, two-byte escapes).
fn sequence_length(text: &str) -> Option<usize> {
    let (body, start) = match text.strip_prefix('\u{1b}') {
        Some(rest) => (rest, 1),
        None => (text.strip_prefix('\u{9b}').map(|_| text)?, 0),
    };
    let mut chars = body.char_indices();
    match chars.next()?.1 {
        '[' | '\u{9b}' => {
            let end = chars.find(|(_, c)| !matches!(c, '\u{20}'..='\u{3f}'))?;
            matches!(end.1, '\u{40}'..='\u{7e}').then_some(start + end.0 + 1)
        }
        ']' | 'P' | 'X' | '^' | '_' => {
            let end = body.find(['\u{7}', '\u{9c}', '\u{1b}', '\n'])?;
            match &body[end..] {
                rest if rest.starts_with("\u{1b}\\") => Some(start + end + 2),
                rest if rest.starts_with('\u{7}') => Some(start + end + 1),
                rest if rest.starts_with('\u{9c}') => Some(start + end + '\u{9c}'.len_utf8()),
                _ => None,
            }
        }
        c @ '\u{30}'..='\u{7e}' => Some(start + c.len_utf8()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(visible(text), expected, "{text:?}");
    }

    #[test]
    fn terminal_sequences_go() {
        check("\u{1b}[1;31mred\u{1b}[0m", "red");
        check("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{7}", "link");
        check("\u{9b}2Jcleared", "cleared");
        check("\u{1b}c", "");
    }

    #[test]
    fn what_can_not_be_seen_is_shown() {
        check("a\u{0}b\u{b}c", r"a\x00b\x0bc");
        check("\u{1b}", r"\x1b");
        check("\u{1b}]never ends", r"\x1b]never ends");
        check("\u{fffe}\u{ffff}\u{202e}", r"\u{fffe}\u{ffff}\u{202e}");
        check("a\u{2028}b\u{200b}c\u{feff}d\u{e0041}", r"a\u{2028}b\u{200b}c\u{feff}d\u{e0041}");
        check("\u{1f469}\u{200d}\u{1f4bb} \u{2764}\u{fe0f}", "\u{1f469}\u{200d}\u{1f4bb} \u{2764}\u{fe0f}");
        check("tab\tline\nreturn\r", "tab\tline\nreturn\r");
    }

    #[test]
    fn wide_characters_count_as_two_columns() {
        assert_eq!(shorten("你好世界", 5), "你好…");
        assert_eq!(wrap("你好世界 ok", 8), ["你好世界", "ok"]);
        assert_eq!(wrap("1234560\u{fe0f}7", 8), ["1234560\u{fe0f}", "7"]);
        assert_eq!(wrap("12345670\u{fe0f}", 8), ["1234567", "0\u{fe0f}"]);
        assert_eq!(shorten("1230\u{fe0f}4567", 5), "123…");
    }

    #[test]
    fn lines_break_between_words_and_long_words_anywhere() {
        assert_eq!(wrap("one two three", 8), ["one two", "three"]);
        assert_eq!(wrap("abcdefghijkl", 8), ["abcdefgh", "ijkl"]);
        assert_eq!(one_line("first\nsecond", 20), "first …");
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn nothing_hidden_is_left(text in any::<String>()) {
            prop_assert!(!visible(&text).chars().any(is_hidden));
        }

        #[test]
        fn no_line_is_too_wide(text in any::<String>(), columns in 8_usize..100) {
            let clean = visible(&text).replace(['\t', '\r'], " ");
            for line in wrap(&clean, columns) {
                prop_assert!(width(&line) <= columns, "{line:?}");
            }
            prop_assert!(width(&shorten(&clean.replace('\n', " "), columns)) <= columns);
        }
    }
}
