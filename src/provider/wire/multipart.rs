//! Bodies of several parts (`multipart/form-data`, RFC 7578), as clients upload files.

use crate::provider::wire::ask::Sent;

/// A part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part<'a> {
    pub(crate) name: String,
    pub(crate) file_name: Option<String>,
    pub(crate) bytes: &'a [u8],
}

impl Part<'_> {
    /// The part's bytes as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(self.bytes).into_owned()
    }
}

/// The parts of a request's body; `None` if it has none, or one that is broken.
pub(crate) fn parts<'a>(sent: &Sent<'a>) -> Option<Vec<Part<'a>>> {
    let boundary = boundary(sent.header("content-type")?)?;
    let delimiter = format!("--{boundary}");
    let mut rest = sent.body.get(find(sent.body, delimiter.as_bytes())? + delimiter.len()..)?;
    let delimiter = format!("\r\n{delimiter}");
    let mut parts = Vec::new();
    while !rest.starts_with(b"--") {
        let inside = rest.strip_prefix(b"\r\n")?;
        let end = find(inside, delimiter.as_bytes())?;
        parts.extend(part(&inside[..end])?);
        rest = &inside[end + delimiter.len()..];
    }
    Some(parts)
}

/// The boundary of a body of several parts.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    let named =
        |parameter: &'_ str| parameter.trim().len() > 9 && parameter.trim()[..9].eq_ignore_ascii_case("boundary=");
    let parameter =
        parameters.split(';').filter(|parameter| parameter.is_ascii()).find(|parameter| named(parameter))?;
    let value = parameter.trim()[9..].trim_matches('"');
    (kind.trim().eq_ignore_ascii_case("multipart/form-data") && !value.is_empty()).then_some(value)
}

/// A body without its boundary, by which two uploads of the same parts are told for the same: clients choose another
/// boundary for each request.
pub(crate) fn without_boundary(content_type: &str, body: &[u8]) -> Option<Vec<u8>> {
    let delimiter = format!("--{}", boundary(content_type)?);
    let mut kept = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = find(rest, delimiter.as_bytes()) {
        kept.extend_from_slice(&rest[..at]);
        kept.extend_from_slice(b"--");
        rest = &rest[at + delimiter.len()..];
    }
    kept.extend_from_slice(rest);
    Some(kept)
}

/// A part with its name; nothing without one.
fn part(bytes: &[u8]) -> Option<Option<Part<'_>>> {
    let (head, body) = match bytes.strip_prefix(b"\r\n") {
        Some(body) => (&bytes[..0], body),
        None => {
            let end = find(bytes, b"\r\n\r\n")?;
            (&bytes[..end], &bytes[end + 4..])
        }
    };
    let head = String::from_utf8_lossy(head);
    let disposition = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"));
    let parameter = |name: &str| {
        let value = disposition?.split(';').find_map(|one| one.trim().strip_prefix(name)?.strip_prefix('='))?;
        Some(value.trim_matches('"').to_owned())
    };
    Some(parameter("name").map(|name| Part { name, file_name: parameter("filename"), bytes: body }))
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{HeaderMap, HeaderValue};

    const BODY: &str = "--x y\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nvoxtral\r\n--x y\r\n\
        content-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\ncontent-type: audio/wav\r\n\r\n\r\n--x\r\n\r\n--x y--\r\n";

    fn read(content_type: &'static str, body: &str) -> Option<Vec<(String, Option<String>, String)>> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(content_type));
        let sent = Sent { query: "", headers: &headers, body: body.as_bytes() };
        let parts = parts(&sent)?;
        Some(parts.into_iter().map(|part| (part.name.clone(), part.file_name.clone(), part.text())).collect())
    }

    #[test]
    fn parts_are_read_by_name_and_what_looks_like_a_boundary_stays_in_them() {
        let parts = read("multipart/form-data; boundary=\"x y\"", BODY).expect("two parts");
        assert_eq!(parts[0], ("model".into(), None, "voxtral".into()));
        assert_eq!(parts[1], ("file".into(), Some("a.wav".into()), "\r\n--x\r\n".into()));
    }

    #[test]
    fn what_is_no_body_of_parts_is_none() {
        for (content_type, body) in [
            ("application/json", "{}"),
            ("multipart/form-data", BODY),
            ("multipart/form-data; boundary=", BODY),
            ("multipart/form-data; boundary=z", BODY),
            (
                "multipart/form-data; boundary=\"x y\"",
                "--x y\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nno end",
            ),
            ("multipart/form-data; boundary=\"x y\"", ""),
        ] {
            assert_eq!(read(content_type, body), None, "{content_type}: {body}");
        }
    }

    #[test]
    fn the_same_parts_are_the_same_whatever_their_boundary() {
        let body = |boundary: &str| {
            let kind = format!("multipart/form-data; boundary={boundary}");
            without_boundary(&kind, format!("--{boundary}\r\n\r\none\r\n--{boundary}--\r\n").as_bytes())
        };
        assert_eq!(body("aaa"), body("bbbbb"));
        assert_ne!(body("aaa"), None);
    }
}
