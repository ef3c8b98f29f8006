//! Secrets are removed before anything is written.

use crate::event::Header;
use regex::Regex;
use serde_json::Value;
use std::borrow::Cow;

/// Replaces known secrets, and what looks like a provider's key or a bearer token, by `[secret]`.
#[derive(Debug, Clone)]
pub struct Redactor {
    secrets: Vec<String>,
    shapes: Regex,
}

/// What stands where a secret stood.
const REDACTED: &str = "[secret]";

/// Secrets shorter than this are not searched for: they would eat half of every report.
const SHORTEST: usize = 4;

impl Redactor {
    /// A redactor of these secrets.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let shapes = r"(?i)\b(sk-ant-|sk-|xai-|gsk_|ghp_|glpat-)[A-Za-z0-9_\-]{8,}|\bbearer\s+[A-Za-z0-9._~+/\-]{8,}=*";
        let mut redactor = Self {
            secrets: Vec::new(),
            shapes: Regex::new(shapes).expect("a constant expression that a test compiles"),
        };
        for secret in secrets {
            redactor.add(secret);
        }
        redactor
    }

    /// One secret more. It is searched for as it is and as JSON escapes it.
    pub fn add(&mut self, secret: String) {
        if secret.len() < SHORTEST {
            return;
        }
        let escaped = serde_json::Value::from(secret.as_str()).to_string();
        let escaped = escaped.trim_matches('"').to_owned();
        for form in [escaped, secret] {
            if !self.secrets.contains(&form) {
                self.secrets.push(form);
            }
        }
        // A secret that is part of another must not leave the other's rest behind.
        self.secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }

    /// The text without secrets.
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for secret in &self.secrets {
            if out.contains(secret.as_str()) {
                out = Cow::Owned(out.replace(secret.as_str(), REDACTED));
            }
        }
        if self.shapes.is_match(&out) {
            out = Cow::Owned(self.shapes.replace_all(&out, REDACTED).into_owned());
        }
        out
    }
}

impl Redactor {
    /// JSON text with secrets removed from its string values, or `None` if there are none in it. Keys stay, so that what
    /// is written can be read again.
    pub fn apply_json(&self, text: &str) -> Option<String> {
        if let Cow::Borrowed(_) = self.apply(text) {
            return None;
        }
        let mut value: Value = serde_json::from_str(text).ok()?;
        self.apply_value(&mut value);
        Some(value.to_string())
    }

    /// A header as the journal has it.
    pub fn header(&self, header: &Header) -> Header {
        let clean = serde_json::to_string(header).ok().and_then(|text| self.apply_json(&text));
        clean.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_else(|| header.clone())
    }

    fn apply_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.apply(text) {
                    *text = clean;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.apply_value(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.apply_value(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new([])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Redactor::new(["hunter2!".to_owned(), "a\"b\\c".to_owned()]).apply(text), expected);
    }

    #[test]
    fn known_secrets_go_in_every_form() {
        check("password hunter2! it was", "password [secret] it was");
        check(r#"{"body":"a\"b\\c"}"#, r#"{"body":"[secret]"}"#);
        check(r#"raw a"b\c"#, "raw [secret]");
    }

    #[test]
    fn what_looks_like_a_key_goes() {
        check("x-api-key: sk-ant-api03-AbCdEf123456", "x-api-key: [secret]");
        check("Authorization: Bearer abcdefgh12345678==", "Authorization: [secret]");
    }

    #[test]
    fn a_secret_that_is_a_word_of_the_format_spoils_no_key() {
        let redactor = Redactor::new(["outcome".to_owned()]);
        let clean = redactor.apply_json(r#"{"outcome":{"message":"an outcome","n":1}}"#);
        assert_eq!(clean.as_deref(), Some(r#"{"outcome":{"message":"an [secret]","n":1}}"#));
        assert_eq!(redactor.apply_json(r#"{"a":"b"}"#), None);
    }

    #[test]
    fn plain_words_stay() {
        check("a task-based risk-averse sk-1 bearer of news", "a task-based risk-averse sk-1 bearer of news");
    }
}
