//! Keeps keys out of tapes.
//!
//! A secret in a body is replaced by as many asterisks, so that lengths and the borders of chunks stay what they were.

use regex::bytes::Regex;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What stands for a value that is left out.
pub(crate) const REMOVED: &str = "[removed]";

/// A secret has at least so many bytes: shorter ones stand in every text.
const SHORTEST: usize = 4;

/// Words of a header's name or a query's parameter that say that its value is a secret.
const WORDS: &[&str] = &[
    "authorization",
    "auth",
    "key",
    "apikey",
    "token",
    "secret",
    "cookie",
    "password",
    "credential",
    "credentials",
    "signature",
    "session",
    "jwt",
    "organization",
    "account",
];

/// Keys whose form gives them away, and fields of JSON that are called as secrets are.
static SHAPES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let shapes = [
        r"(sk-[A-Za-z0-9_*.-]{8,})",
        r"(AIza[0-9A-Za-z_-]{20,})",
        r"(?i:bearer)\s+([A-Za-z0-9._~+/=-]{8,})",
        r#"(?i:"(?:[a-z_-]*api[_-]?key|access[_-]?token|auth[_-]?token|refresh[_-]?token|client[_-]?secret|secret|password|authorization)")\s*:\s*"((?:[^"\\]|\\.)*)""#,
    ];
    shapes.iter().filter_map(|shape| Regex::new(shape).ok()).collect()
});

/// The secrets of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mask {
    secrets: BTreeSet<Vec<u8>>,
}

impl Mask {
    /// Knows these secrets.
    pub(crate) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut mask = Self::default();
        secrets.into_iter().for_each(|secret| mask.add(&secret));
        mask
    }

    /// Learns another one, in every form in which JSON and URLs write it.
    pub(crate) fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.len() < SHORTEST {
            return;
        }
        let in_json = serde_json::to_string(secret).unwrap_or_default();
        let in_json = in_json.trim_matches('"');
        let in_url = percent_encoding::utf8_percent_encode(secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        for form in [secret, in_json, &in_json.replace('/', "\\/"), &in_url] {
            self.secrets.insert(form.as_bytes().to_vec());
        }
    }

    /// Replaces what is secret, byte by byte.
    pub(crate) fn cover(&self, bytes: &mut [u8]) {
        for secret in &self.secrets {
            let mut from = 0;
            while let Some(at) = find(&bytes[from..], secret) {
                bytes[from + at..from + at + secret.len()].fill(b'*');
                from += at + secret.len();
            }
        }
        for shape in SHAPES.iter() {
            let found: Vec<_> = shape.captures_iter(bytes).filter_map(|found| Some(found.get(1)?.range())).collect();
            found.into_iter().for_each(|range| bytes[range].fill(b'*'));
        }
    }

    /// A text without its secrets.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.cover(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The value of a header, unless its name says that it is a secret.
    pub(crate) fn header(&self, name: &str, value: &str) -> String {
        if says_secret(name) { REMOVED.to_owned() } else { self.text(value) }
    }

    /// Path and query without secrets.
    pub(crate) fn target(&self, target: &str) -> String {
        let Some((path, query)) = target.split_once('?') else { return self.text(target) };
        let parameters = query.split('&').map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if says_secret(name) => format!("{name}={REMOVED}"),
            Some(_) | None => self.text(parameter),
        });
        format!("{}?{}", self.text(path), parameters.collect::<Vec<_>>().join("&"))
    }
}

/// Whether a word of a name says that the value is a secret.
fn says_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| WORDS.contains(&word))
}

/// Where a pattern begins.
fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes.windows(pattern.len()).position(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mask: &Mask, text: &str, expected: &str) {
        assert_eq!(mask.text(text), expected);
        assert_eq!(text.len(), expected.len(), "a mask is as long as what it covers");
    }

    #[test]
    fn a_known_secret_is_covered_in_every_form() {
        let mask = Mask::new(["pa/ss\"word".to_owned(), "abc".to_owned()]);
        check(&mask, "x pa/ss\"word y", "x ********** y");
        check(&mask, r#"{"a": "pa/ss\"word"}"#, r#"{"a": "***********"}"#);
        check(&mask, "/v1?q=pa%2Fss%22word", "/v1?q=**************");
        check(&mask, "abc is too short to be a secret", "abc is too short to be a secret");
    }

    #[test]
    fn a_key_that_nobody_knows_is_known_by_its_form() {
        let mask = Mask::default();
        check(&mask, "Incorrect API key provided: sk-abcd****wxyz.", "Incorrect API key provided: ****************");
        check(&mask, "Bearer abcdefgh-1", "Bearer **********");
        check(&mask, r#"{"api_key": "hidden", "max_tokens": 5}"#, r#"{"api_key": "******", "max_tokens": 5}"#);
        check(&mask, r#"{"token": "Hello"}"#, r#"{"token": "Hello"}"#);
        check(&mask, r#"{"password": "a\"b", "x": "y"}"#, r#"{"password": "****", "x": "y"}"#);
    }

    #[test]
    fn headers_and_parameters_are_judged_by_their_names() {
        let mask = Mask::default();
        for name in
            ["authorization", "X-Api-Key", "x-goog-api-key", "set-cookie", "Proxy-Authorization", "x-litellm-key"]
        {
            assert_eq!(mask.header(name, "anything"), REMOVED, "{name}");
        }
        for name in ["content-type", "x-ratelimit-limit-tokens-minute", "retry-after", "x-stainless-retry-count"] {
            assert_eq!(mask.header(name, "anything"), "anything", "{name}");
        }
        assert_eq!(mask.target("/v1/m?alt=sse&key=abcdef"), "/v1/m?alt=sse&key=[removed]");
    }
}
