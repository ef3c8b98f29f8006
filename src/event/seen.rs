//! A text as a reader sees it: what a terminal or a browser swallows is taken out before secrets are looked for.

use regex::Regex;
use std::ops::Range;

/// What nobody sees: escape sequences of terminals, raw or written with a backslash, control characters, characters
/// without width, and characters written as HTML entities.
const HIDDEN: &str = r"(?x)
    \u{9b} [0-9;:<=>?]* [\x20-/]* [@-~]
  | \x1b (?:
        \[ [0-9;:<=>?]* [\x20-/]* [@-~]
      | \] [^\x07\x1b]* (?: \x07 | \x1b\\ )?
      | [\x20-/]* [0-~]
    )?
  | \\+ (?: u001[bB] | x1[bB] | 033 | e ) \[ [0-9;:<=>?]* [\x20-/]* [@-~]
  | [^\n\x08] \x08
  | [\x00-\x08\x0b-\x1f\x7f\u{80}-\u{9f}]
  | [\u{ad}\u{34f}\u{61c}\u{115f}\u{1160}\u{17b4}\u{17b5}\u{180b}-\u{180f}\u{200b}-\u{200f}\u{202a}-\u{202e}]
  | [\u{2060}-\u{206f}\u{2800}\u{3164}\u{fe00}-\u{fe0f}\u{feff}\u{ffa0}\u{fff9}-\u{fffb}]
  | [\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]
  | & (?: \#[0-9]{1,7} | \#[xX][0-9a-fA-F]{1,6} ) ;?
  | & [a-zA-Z]{2,8} ;
  | [\u{ff01}-\u{ff5e}]
";

/// An end of a line with the blanks around it, also as JSON writes it.
const LINE_END: &str = r"[ \t]*(?:\\?\r?\n|\\+(?:r\\+)?n)[ \t]*";

/// Entities with a name that stand for what can be part of a secret.
const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("sol", '/'),
    ("plus", '+'),
    ("equals", '='),
    ("lowbar", '_'),
    ("hyphen", '-'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("commat", '@'),
    ("colon", ':'),
    ("semi", ';'),
    ("period", '.'),
];

/// Finds what is hidden in texts.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    hidden: Regex,
    line_end: Regex,
}

/// A text as it is seen, and where each part of it stands in the original.
#[derive(Debug)]
pub(super) struct Seen {
    pub text: String,
    /// For each byte of the text, the bytes of the original that it comes from.
    places: Vec<Range<usize>>,
}

impl Sight {
    pub fn new() -> Self {
        let regex = |text: &str| Regex::new(text).expect("a constant expression that a test compiles");
        Self { hidden: regex(HIDDEN), line_end: regex(LINE_END) }
    }

    /// Whether a JSON text can have something hidden in it: rather too often than too seldom.
    pub fn may_hide(&self, json: &str) -> bool {
        let signs = ["\\u", "\\r", "\\n", "\\x", "\\0", "\\e", "\\b", "\\f", "&"];
        !json.is_ascii() || signs.iter().any(|sign| json.contains(sign))
    }

    /// The text without what nobody sees; `None` if that is all of it.
    pub fn seen(&self, text: &str) -> Option<Seen> {
        without(text, &self.hidden)
    }

    /// The same with its lines joined; `None` if it is one line.
    pub fn joined(&self, text: &str) -> Option<Seen> {
        let seen = self.seen(text);
        let lines = seen.as_ref().map_or(text, |seen| seen.text.as_str());
        let joined = without(lines, &self.line_end)?;
        let Some(seen) = seen else { return Some(joined) };
        let places = joined.places.iter().map(|place| seen.original(place.clone())).collect();
        Some(Seen { text: joined.text, places })
    }
}

impl Seen {
    /// What of the original a part of the text comes from.
    pub fn original(&self, part: Range<usize>) -> Range<usize> {
        let (first, last) = (self.places.get(part.start), self.places.get(part.end.saturating_sub(1)));
        first.map_or(0, |place| place.start)..last.map_or(0, |place| place.end)
    }
}

fn without(text: &str, hidden: &Regex) -> Option<Seen> {
    let mut seen = Seen { text: String::with_capacity(text.len()), places: Vec::with_capacity(text.len()) };
    let mut from = 0;
    for found in hidden.find_iter(text) {
        let shown = shown(found.as_str());
        // An ampersand that begins no entity is what it is.
        if shown.is_none() && found.as_str().starts_with('&') {
            continue;
        }
        seen.take(text, from..found.start());
        if let Some(shown) = shown {
            seen.text.push(shown);
            seen.places.extend(std::iter::repeat_n(found.range(), shown.len_utf8()));
        }
        from = found.end();
    }
    if from == 0 {
        return None;
    }
    seen.take(text, from..text.len());
    Some(seen)
}

impl Seen {
    fn take(&mut self, text: &str, range: Range<usize>) {
        let Some(part) = text.get(range.clone()) else { return };
        self.text.push_str(part);
        for (at, letter) in part.char_indices() {
            let start = range.start + at;
            let place = start..start + letter.len_utf8();
            self.places.extend(std::iter::repeat_n(place, letter.len_utf8()));
        }
    }
}

/// What is seen in place of something hidden.
fn shown(hidden: &str) -> Option<char> {
    let Some(entity) = hidden.strip_prefix('&') else { return of_full_width(hidden) };
    let entity = entity.strip_suffix(';').unwrap_or(entity);
    let number = match entity.strip_prefix('#') {
        None => return ENTITIES.iter().find(|(name, _)| *name == entity).map(|(_, shown)| *shown),
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
            None => number.parse(),
        },
    };
    number.ok().and_then(char::from_u32)
}

/// The letter that one of the same width as a Chinese one stands for.
fn of_full_width(letter: &str) -> Option<char> {
    let code = u32::from(letter.chars().next()?);
    (0xff01..=0xff5e).contains(&code).then(|| char::from_u32(code - 0xff01 + 0x21)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let sight = Sight::new();
        let seen = sight.seen(text).map_or_else(|| text.to_owned(), |seen| seen.text);
        assert_eq!(seen, expected);
    }

    #[test]
    fn what_nobody_sees_is_taken_out() {
        check("hun\x1b[31mter2\x1b[0m", "hunter2");
        check("hun\\u001b[31mter2 \\x1b[1m\\033[0m", "hunter2 ");
        check("hun\x1b]8;;http://x\x07ter2", "hunter2");
        check("hun\rter\u{200b}\u{ad}2\u{202e}", "hunter2");
        check("&#104;&#x75;nter2 &amp; &unknown; & so", "hunter2 & &unknown; & so");
        check("hx\x08ux\x08nter2 and h\x08hu\x08un", "hunter2 and hun");
        check("hun\u{e0061}t\u{3164}er2 \u{9b}31mhunter2", "hunter2 hunter2");
        check("\u{ff48}\u{ff55}nter\u{ff12} &#104&#117nter2", "hunter2 hunter2");
        check("plain\ntext\tstays", "plain\ntext\tstays");
    }

    #[test]
    fn places_lead_back_to_the_original() {
        let sight = Sight::new();
        let text = "é hun\x1b[31mter\r\n  2 end";
        let seen = sight.joined(text).expect("something is hidden");
        assert_eq!(seen.text, "é hunter2 end");
        let at = seen.text.find("hunter2").expect("it is seen");
        assert_eq!(&text[seen.original(at..at + 7)], "hun\x1b[31mter\r\n  2");
        assert!(sight.seen("plain").is_none() && sight.joined("plain").is_none());
    }
}
