//! The ways in which a secret is written.

use serde_json::Value;

/// Secrets shorter than this are not searched for: they would eat half of every report.
pub(super) const SHORTEST: usize = 4;

/// So many characters an encoded form must have: of a shorter one, any text is full.
const SHORTEST_ENCODED: usize = 8;

/// A line of a secret of several lines is searched for by itself from this length on.
const SHORTEST_LINE: usize = 8;

/// How often a text may have been put into JSON: a body in a body in a message.
const NESTED: usize = 3;

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The ways in which a secret is written.
pub(super) fn forms(secret: &str) -> Vec<String> {
    let mut forms: Vec<String> = parts(secret).flat_map(forms_of_line).collect();
    forms.sort();
    forms.dedup();
    forms
}

/// A secret, and the lines of one that has several.
pub(super) fn parts(secret: &str) -> impl Iterator<Item = &str> {
    let lines = secret.lines().map(str::trim).filter(move |line| line.len() >= SHORTEST_LINE && *line != secret);
    // The lines that frame a key stand in texts about keys as well.
    std::iter::once(secret).chain(lines.filter(|line| !line.starts_with("-----")))
}

fn forms_of_line(secret: &str) -> Vec<String> {
    let mut forms = vec![secret.to_owned()];
    let (mut plain, mut ascii) = (secret.to_owned(), secret.to_owned());
    for _ in 0..NESTED {
        plain = escaped(&plain, Escapes::AsNeeded);
        ascii = escaped(&ascii, Escapes::AllButAscii);
        forms.extend([plain.clone(), ascii.clone(), plain.replace('/', "\\/")]);
    }
    let encoded = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
    let form_encoded = encoded.replace("%20", "+");
    // What most programs leave as it is in a query.
    let lenient = encoded.replace("%2D", "-").replace("%2E", ".").replace("%5F", "_").replace("%7E", "~");
    forms.extend([form_encoded, encoded.to_lowercase(), lenient, encoded.replace('%', "%25"), encoded]);
    let each = |form: &dyn Fn(u8) -> String| secret.bytes().map(form).collect::<String>();
    forms.extend([each(&|byte| format!("%{byte:02X}")), each(&|byte| format!("%{byte:02x}"))]);
    forms.extend([each(&|byte| format!("\\x{byte:02x}")), each(&|byte| format!("\\u{byte:04x}"))]);
    forms.retain(|form| form.len() >= SHORTEST);
    let mut encoded = vec![each(&|byte| format!("{byte:02x}")), each(&|byte| format!("{byte:02X}"))];
    encoded.extend((0..3).flat_map(|before| base64(secret.as_bytes(), before)));
    forms.extend(encoded.into_iter().filter(|form| form.len() >= SHORTEST_ENCODED));
    forms
}

/// What base64 of any text has in it where the secret stands after `before` bytes (modulo three), as both alphabets
/// write it: without the characters that what stands around it has a share in.
fn base64(secret: &[u8], before: usize) -> [String; 4] {
    let bytes: Vec<u8> = std::iter::repeat_n(0, before).chain(secret.iter().copied()).collect();
    let bit = |at: usize| bytes.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
    let first = (before * 8).div_ceil(6);
    let written = |last: usize| {
        let values = (first..last)
            .map(|character| (0..6).fold(0, |value, at| value << 1 | usize::from(bit(character * 6 + at))));
        values.filter_map(|value| BASE64.get(value).map(|byte| char::from(*byte))).collect::<String>()
    };
    // Whatever follows, and where nothing does.
    let (inside, at_the_end) = (written(bytes.len() * 8 / 6), written((bytes.len() * 8).div_ceil(6)));
    let in_urls = |text: &str| text.replace('+', "-").replace('/', "_");
    [in_urls(&inside), in_urls(&at_the_end), inside, at_the_end]
}

/// Which characters a writer of JSON escapes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Escapes {
    AsNeeded,
    AllButAscii,
}

/// A text as it stands between the quotes of a JSON string.
fn escaped(text: &str, escapes: Escapes) -> String {
    let quoted = Value::from(text).to_string();
    let inner = &quoted[1..quoted.len() - 1];
    if escapes == Escapes::AsNeeded || inner.is_ascii() {
        return inner.to_owned();
    }
    let mut out = String::new();
    for c in inner.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_known_wherever_the_secret_stands_in_it() {
        // base64 of "user:hunter2!x", "a:hunter2!" and "hunter2!".
        for text in ["dXNlcjpodW50ZXIyIXg=", "YTpodW50ZXIyIQ==", "aHVudGVyMiE="] {
            assert!(forms("hunter2!").iter().any(|form| text.contains(form.as_str())), "{text}");
        }
        assert!(forms("hunter2!").contains(&"68756e7465723221".to_owned()));
    }

    #[test]
    fn each_line_is_a_secret_by_itself() {
        let forms = forms("-----BEGIN KEY-----\nMIIEvQIBADANBg\nshort\n-----END KEY-----");
        assert!(forms.contains(&"MIIEvQIBADANBg".to_owned()));
        assert!(!forms.iter().any(|form| form == "short" || form == "-----BEGIN KEY-----"));
    }
}
