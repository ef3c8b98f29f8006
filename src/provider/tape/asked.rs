//! What a request asks, as far as a tape must know it again.

use crate::provider::wire::multipart::without_boundary;
use serde_json::Value;
use std::collections::BTreeMap;

/// How many differences are told.
const TOLD: usize = 3;
/// The longest value that is shown, in characters.
const SHOWN: usize = 60;

/// A request: method, path and query without keys, and a body of which neither the layout of its JSON nor the boundary
/// of its parts counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    line: String,
    body: Content,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Json(Value),
    Other(Vec<u8>),
}

impl Asked {
    /// A request whose target holds no key.
    pub(crate) fn new(method: &str, target: &str, content_type: Option<&str>, body: &[u8]) -> Self {
        let content = match serde_json::from_slice(body) {
            Ok(value) => Content::Json(value),
            Err(_) => {
                let upload = content_type.and_then(|content_type| without_boundary(content_type, body));
                Content::Other(upload.unwrap_or_else(|| body.to_vec()))
            }
        };
        Self { line: format!("{method} {target}"), body: content }
    }

    /// Whether this is what was recorded. What is masked there may be anything here.
    pub(crate) fn is(&self, recorded: &Self) -> bool {
        same(recorded.line.as_bytes(), self.line.as_bytes())
            && match (&self.body, &recorded.body) {
                (Content::Json(asked), Content::Json(recorded)) => same_json(recorded, asked),
                (Content::Other(asked), Content::Other(recorded)) => same(recorded, asked),
                (Content::Json(_), Content::Other(_)) | (Content::Other(_), Content::Json(_)) => false,
            }
    }

    /// How much two requests have in common, from 0 to 1, and how they differ.
    pub(crate) fn compare(&self, recorded: &Self) -> (f64, Vec<String>) {
        let (own, other) = (self.leaves(), recorded.leaves());
        let keys = own.keys().chain(other.keys().filter(|key| !own.contains_key(*key)));
        let (mut all, mut equal, mut differences) = (0_usize, 0_usize, Vec::new());
        for key in keys {
            all += 1;
            match (own.get(key), other.get(key)) {
                (Some(asked), Some(recorded)) if same(recorded.as_bytes(), asked.as_bytes()) => equal += 1,
                (asked, recorded) => {
                    let show = |side: Option<&String>| side.map_or_else(|| "nothing".to_owned(), |text| shorten(text));
                    differences.push(format!("{key}: asked {}, recorded {}", show(asked), show(recorded)));
                }
            }
        }
        let more = differences.len().saturating_sub(TOLD);
        differences.truncate(TOLD);
        if more > 0 {
            differences.push(format!("{more} more"));
        }
        // Another endpoint is further away than any body.
        let same_line = f64::from(u8::from(self.line == recorded.line));
        (same_line + equal as f64 / all.max(1) as f64, differences)
    }

    /// Each value of the request by its path.
    fn leaves(&self) -> BTreeMap<String, String> {
        let mut leaves = BTreeMap::from([("request".to_owned(), self.line.clone())]);
        match &self.body {
            Content::Json(value) => collect("$", value, &mut leaves),
            Content::Other(bytes) if bytes.is_empty() => {}
            Content::Other(bytes) => _ = leaves.insert("body".to_owned(), String::from_utf8_lossy(bytes).into_owned()),
        }
        leaves
    }
}

/// Whether bytes are those that were recorded; an asterisk there stands for anything.
fn same(recorded: &[u8], asked: &[u8]) -> bool {
    recorded.len() == asked.len() && recorded.iter().zip(asked).all(|(known, given)| known == given || *known == b'*')
}

fn same_json(recorded: &Value, asked: &Value) -> bool {
    match (recorded, asked) {
        (Value::String(recorded), Value::String(asked)) => same(recorded.as_bytes(), asked.as_bytes()),
        (Value::Array(recorded), Value::Array(asked)) => {
            recorded.len() == asked.len() && recorded.iter().zip(asked).all(|(one, other)| same_json(one, other))
        }
        (Value::Object(recorded), Value::Object(asked)) => {
            let same_field = |(name, value): (&String, &Value)| asked.get(name).is_some_and(|it| same_json(value, it));
            recorded.len() == asked.len() && recorded.iter().all(same_field)
        }
        (recorded, asked) => recorded == asked,
    }
}

fn collect(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            fields.iter().for_each(|(name, value)| collect(&format!("{path}.{name}"), value, into));
        }
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, value)| collect(&format!("{path}[{index}]"), value, into));
        }
        Value::Object(_) | Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            into.insert(path.to_owned(), value.to_string());
        }
    }
}

fn shorten(text: &str) -> String {
    let short: String = text.chars().take(SHOWN).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(target: &str, body: &str) -> Asked {
        Asked::new("POST", target, Some("application/json"), body.as_bytes())
    }

    #[test]
    fn the_layout_of_json_does_not_count() {
        assert_eq!(asked("/a", r#"{"x": 1, "y": [2]}"#), asked("/a", r#"{"y":[2],"x":1}"#));
        assert_ne!(asked("/a", r#"{"x": 1}"#), asked("/b", r#"{"x": 1}"#));
    }

    #[test]
    fn what_is_masked_may_be_anything_of_its_length() {
        let recorded = asked("/a?key=[removed]", r#"{"x": ["tell ****"]}"#);
        assert!(asked("/a?key=[removed]", r#"{"x": ["tell abcd"]}"#).is(&recorded));
        assert!(!asked("/a?key=[removed]", r#"{"x": ["tell abcde"]}"#).is(&recorded));
        assert!(!asked("/a?key=[removed]", r#"{"x": ["told abcd"]}"#).is(&recorded));
    }

    #[test]
    fn the_boundary_of_an_upload_does_not_count() {
        let upload = |boundary: &str| {
            let body = format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--{boundary}--\r\n"
            );
            Asked::new("POST", "/a", Some(&format!("multipart/form-data; boundary={boundary}")), body.as_bytes())
        };
        assert_eq!(upload("one"), upload("another"));
    }

    #[test]
    fn differences_are_told_with_both_sides() {
        let (near, told) = asked("/a", r#"{"m": "x", "t": "Hi"}"#).compare(&asked("/a", r#"{"m": "x", "t": "Hello"}"#));
        assert_eq!(told, [r#"$.t: asked "Hi", recorded "Hello""#]);
        let (far, _) = asked("/a", r#"{"m": "x", "t": "Hi"}"#).compare(&asked("/b", r#"{"m": "x", "t": "Hi"}"#));
        assert!(near > far);
    }
}
