//! Forms with files in them, as a binding describes them.

use crate::adapter::shared::template::{Unfilled, Variables, fill, plain};
use crate::scenario::{Audio, NotAudio};
use serde_json::Value;
use std::collections::BTreeMap;

/// No recording of ours holds it.
const BOUNDARY: &str = "------------------------steadfast-form";

/// A form that is about to be sent.
#[derive(Debug)]
pub(super) struct Form(Vec<Part>);

#[derive(Debug)]
struct Part {
    name: String,
    file: Option<String>,
    bytes: Vec<u8>,
}

/// Why there is no form.
#[derive(Debug, thiserror::Error)]
pub(super) enum FormError {
    #[error(transparent)]
    Unfilled(#[from] Unfilled),
    #[error(transparent)]
    NotAudio(#[from] NotAudio),
}

impl Form {
    /// The parts of a form: what is a mapping is a recording and becomes a file, what is not given is left out.
    pub(super) fn fill(template: &BTreeMap<String, Value>, variables: &Variables) -> Result<Self, FormError> {
        let mut parts = Vec::new();
        for (name, template) in template {
            let Some(value) = fill(template, variables)? else { continue };
            let (file, bytes) = match &value {
                Value::Object(_) => {
                    let audio = Audio::of(&value)?;
                    (Some(audio.file_name()), audio.bytes())
                }
                other => (None, plain(other).into_bytes()),
            };
            parts.push(Part { name: name.clone(), file, bytes });
        }
        Ok(Self(parts))
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={BOUNDARY}")
    }

    pub(super) fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for Part { name, file, bytes } in &self.0 {
            let file = file.as_ref().map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
            body.extend(
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
            );
            body.extend(bytes);
            body.extend(b"\r\n");
        }
        body.extend(format!("--{BOUNDARY}--\r\n").bytes());
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_recording_becomes_a_file_and_what_is_not_given_is_left_out() {
        let template = [("file", json!("${audio}")), ("language", json!("${language?}"))];
        let template = template.map(|(name, value)| (name.to_owned(), value)).into();
        let audio = json!({"text": "no audio"});
        let form = Form::fill(&template, &[("audio".to_owned(), audio)].into()).expect("a form");
        let body = String::from_utf8(form.body()).expect("a text");
        assert!(body.contains("name=\"file\"; filename=\"recording.txt\"\r\n\r\nno audio\r\n"), "{body}");
        assert!(!body.contains("language") && body.ends_with(&format!("{BOUNDARY}--\r\n")), "{body}");
        assert!(Form::fill(&template, &[("audio".to_owned(), json!({"sine": 1}))].into()).is_err());
    }
}
