//! Bytes and letters that a text writes one by one, as dumps, buffers and lists do, and what is put into base64 as a
//! whole. Joined again, secrets can be looked for in them.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, alphabet};
use regex::{Captures, Regex};
use std::ops::Range;
use std::sync::LazyLock;

/// How a text writes many bytes, or letters, one after another.
const WRITINGS: [(&str, &str, Token); 5] = [
    // 73:65:73, \x73\x65, 0x73, 0x65, =73=65, <Buffer 73 65 73>, 7365 7361.
    (
        r"(?:(?:0[xX]|\\+x|\\+u00|%(?:25)*|=|&\#x)?[0-9a-fA-F]{2}(?:[\s:,;'_|-]|\\+n){0,6}){4,}",
        r"(?:0[xX]|\\+x|\\+u00|%(?:25)*|=|&\#x)?([0-9a-fA-F]{2})",
        Token::Hex,
    ),
    // A dump with places before its lines and letters behind them.
    (
        r"(?m)(?:^[ \t]*[0-9a-fA-F]{4,16}:?[ \t]+(?:[0-9a-fA-F]{2,8}[ \t-]{1,3}){1,16}[^\n]*\n?)+",
        r"(?m)^[ \t]*[0-9a-fA-F]{4,16}:?[ \t]+((?:[0-9a-fA-F]{2,8}[ \t-]{1,2}){1,16})[^\n]*",
        Token::LineOfHex,
    ),
    // [115, 101, 115], {115 101 115}.
    (r"[0-9]{1,3}(?:(?:[ \t]*,\s*|\s+)[0-9]{1,3}){3,}", r"([0-9]{1,3})", Token::Decimal),
    (r"(?:\\+[0-7]{3}){4,}", r"\\+([0-7]{3})", Token::Octal),
    // ['s', 'e', 's'], s e s.
    (r#"['"]?\S['"]?(?:[ \t]*,\s*['"]?\S['"]?|[ \t]\S){7,}"#, r#"(?:^|[,\s])\s*['"]?(\S)['"]?"#, Token::Letter),
];

/// A word that can be base64.
const BASE64: &str = r"[A-Za-z0-9+/_-]{16,}";

/// How often a text may have been put into base64.
const NESTED: u32 = 3;

/// The one that is cloned: expressions take long to compile.
static DECODER: LazyLock<Decoder> = LazyLock::new(|| {
    let regex = |text: &str| Regex::new(text).expect("a constant expression that a test compiles");
    let writings = WRITINGS.iter().map(|(run, token, of)| (regex(run), regex(token), *of));
    Decoder { writings: writings.collect(), base64: regex(BASE64) }
});

/// How base64 is read: without padding, which is no part of a word.
const UNPADDED: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::RequireNone)
    .with_decode_allow_trailing_bits(true);
static STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, UNPADDED);
static URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, UNPADDED);

/// The most bytes in a line of a dump: more hexadecimal digits than that are letters that stand behind.
const WIDEST: usize = 16;

/// So many bytes of a secret are taken for the whole where a writing was cut within it.
const PART: usize = 8;

/// What a part of a writing stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    /// A byte in two hexadecimal digits.
    Hex,
    /// The bytes of a line, which goes as a whole: it shows them once more behind.
    LineOfHex,
    Decimal,
    Octal,
    Letter,
}

/// Finds secrets in what texts write byte by byte, or encode as a whole.
#[derive(Debug, Clone)]
pub(super) struct Decoder {
    writings: Vec<(Regex, Regex, Token)>,
    base64: Regex,
}

impl Decoder {
    pub fn new() -> Self {
        DECODER.clone()
    }

    /// Whether there can be anything of the kind in a text: rather too often than too seldom.
    pub fn may_be_in(&self, text: &str) -> bool {
        // Paths and long names have the letters of base64 as well, and stand for no text.
        self.base64.find_iter(text).any(|word| decoded(word.as_str()).is_some())
            || self.writings.iter().any(|(run, ..)| run.is_match(text))
    }

    /// The parts of a text that write something in which `is_secret` finds a secret's place.
    pub fn places(&self, text: &str, secrets: &[String], has_secret: &dyn Fn(&str) -> bool) -> Vec<Range<usize>> {
        let mut places = Vec::new();
        for (run, token, of) in &self.writings {
            for run in run.find_iter(text) {
                let written = Written::read(run.as_str(), run.start(), token, *of);
                places.extend(secrets.iter().flat_map(|secret| written.places(secret.as_bytes())));
            }
        }
        let words = self.base64.find_iter(text);
        places.extend(words.filter(|word| self.is_encoded(word.as_str(), NESTED, has_secret)).map(|word| word.range()));
        places
    }

    /// Whether a word is base64 of a text with a secret, or of one that is base64 itself.
    fn is_encoded(&self, word: &str, depth: u32, has_secret: &dyn Fn(&str) -> bool) -> bool {
        let Some(text) = decoded(word) else { return false };
        has_secret(&text)
            || depth > 1
                && self.base64.find_iter(&text).any(|word| self.is_encoded(word.as_str(), depth - 1, has_secret))
    }
}

/// What a run of tokens stands for, and where each byte of it is written.
#[derive(Debug, Default)]
struct Written {
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Written {
    fn read(run: &str, start: usize, token: &Regex, of: Token) -> Self {
        let mut written = Self::default();
        for found in token.captures_iter(run) {
            written.take(&found, start, of);
        }
        written
    }

    fn take(&mut self, found: &Captures<'_>, start: usize, of: Token) {
        let (Some(whole), Some(part)) = (found.get(0), found.get(1)) else { return };
        let place = start + whole.start()..start + whole.end();
        let bytes: Vec<u8> = match of {
            Token::Hex => u8::from_str_radix(part.as_str(), 16).into_iter().collect(),
            Token::Decimal => part.as_str().parse().into_iter().collect(),
            Token::Octal => u8::from_str_radix(part.as_str(), 8).into_iter().collect(),
            Token::Letter => part.as_str().bytes().collect(),
            Token::LineOfHex => {
                let digits: Vec<char> = part.as_str().chars().filter(char::is_ascii_hexdigit).collect();
                digits
                    .chunks(2)
                    .take(WIDEST)
                    .filter_map(|pair| u8::from_str_radix(&String::from_iter(pair), 16).ok())
                    .collect()
            }
        };
        self.places.extend(std::iter::repeat_n(place, bytes.len()));
        self.bytes.extend(bytes);
    }

    /// Where a secret is written, or what is left of it where the writing begins or ends within it.
    fn places(&self, secret: &[u8]) -> Vec<Range<usize>> {
        let windows = self.bytes.windows(secret.len().max(1)).enumerate();
        let mut found: Vec<(usize, usize)> =
            windows.filter(|(_, bytes)| *bytes == secret).map(|(at, bytes)| (at, bytes.len())).collect();
        if secret.len() >= 2 * PART {
            let parts = || (PART..secret.len()).rev();
            let head = parts().find(|length| self.bytes.ends_with(&secret[..*length]));
            let tail = parts().find(|length| self.bytes.starts_with(&secret[secret.len() - length..]));
            found.extend(head.map(|length| (self.bytes.len() - length, length)));
            found.extend(tail.map(|length| (0, length)));
        }
        let place = |(at, length): (usize, usize)| {
            let (first, last) = (self.places.get(at)?, self.places.get(at + length - 1)?);
            Some(first.start..last.end)
        };
        found.into_iter().filter_map(place).collect()
    }
}

/// The text that base64 of it is this word, in either alphabet, or its beginning where the word ends within four letters;
/// `None` if it is not one.
fn decoded(word: &str) -> Option<String> {
    let engine = if word.contains(['-', '_']) { &URL_SAFE } else { &STANDARD };
    // A single letter at the end holds no whole byte.
    let whole = if word.len() % 4 == 1 { word.get(..word.len() - 1)? } else { word };
    String::from_utf8(engine.decode(whole).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "Zq7vX+9/LmTw4rK=";

    /// Each letter of the secret written so, with something between.
    fn each(form: impl Fn(u8) -> String, between: &str) -> String {
        SECRET.bytes().map(form).collect::<Vec<_>>().join(between)
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let decoder = Decoder::new();
        let places = decoder.places(text, &[SECRET.to_owned()], &|text| text.contains(SECRET));
        assert!(places.is_empty() || decoder.may_be_in(text), "{text}");
        let mut left = text.to_owned();
        for place in places.into_iter().rev().take(1) {
            left.replace_range(place, "-");
        }
        assert_eq!(left, expected, "{text}");
    }

    #[test]
    fn bytes_that_are_written_one_by_one_are_found() {
        for between in [":", " ", ", ", "-", "\n", " \n  "] {
            let text = each(|byte| format!("{byte:02x}"), between);
            check(&format!("key: {text} so"), "key: - so");
        }
        for text in [
            each(|byte| format!("0x{byte:02X}"), ", "),
            each(|byte| format!("\\x{byte:02x}"), ""),
            each(|byte| format!("={byte:02X}"), ""),
            each(|byte| format!("%25{byte:02X}"), ""),
            each(|byte| format!("\\u{byte:04x}"), ""),
            each(|byte| format!("\\{byte:03o}"), ""),
            each(|byte| byte.to_string(), " "),
            each(|byte| byte.to_string(), ",\n  "),
        ] {
            check(&format!("[ {text} ]"), "[ - ]");
        }
        check(&format!("<Buffer 00 01 {} 02 ff>", each(|byte| format!("{byte:02x}"), " ")), "<Buffer 00 01 - 02 ff>");
    }

    #[test]
    fn letters_that_are_written_one_by_one_are_found() {
        let listed = each(|byte| format!("'{}'", char::from(byte)), ", ");
        check(&format!("[{listed}]"), "[-]");
        check(&each(|byte| char::from(byte).to_string(), " "), "-");
    }

    #[test]
    fn a_dump_goes_with_the_letters_behind_it() {
        let bytes: Vec<String> = format!("key {SECRET} end").bytes().map(|byte| format!("{byte:02x}")).collect();
        let lines: Vec<String> =
            bytes.chunks(16).enumerate().map(|(at, of)| format!("{:08x}  {}  |ABC|", at * 16, of.join(" "))).collect();
        check(&format!("before\n{}\nafter", lines.join("\n")), "before\n-\nafter");
        // A message is often one line of what was written.
        check(&format!("{}\nafter", lines[0]), "-\nafter");
    }

    #[test]
    fn what_is_encoded_more_than_once_goes_as_a_whole() {
        // base64 of base64 of "a Zq7vX+9/LmTw4rK=".
        check("data: WVNCYWNUZDJXQ3M1TDB4dFZIYzBja3M5 so", "data: - so");
    }

    #[test]
    fn what_looks_like_it_and_is_none_stays() {
        for text in [
            "at 12:34:56.789 on 2026-11-28, 1 2 3 4 5 6 7 8 9",
            "[0, 1, 2, 3, 255, 256, 999]",
            "00000000  de ad be ef  |....|",
            "a b c d e f g h i j",
            "sha256:0123456789abcdef0123456789abcdef",
            "ThisIsALongIdentifierThatLooksLikeBase64AndIsNone",
        ] {
            check(text, text);
        }
    }
}
