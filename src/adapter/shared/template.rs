//! `${name}` in texts, filled in while a case runs.

use crate::scenario::{Part, closing_brace};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;

/// What the names of the environment begin with.
const ENV: &str = "env.";

/// What names stand for.
pub(in crate::adapter) type Variables = BTreeMap<String, Value>;

/// What the names of the environment stand for, as templates write them.
pub(in crate::adapter) fn environment(secrets: &BTreeMap<String, String>) -> Variables {
    secrets.iter().map(|(name, value)| (format!("{ENV}{name}"), Value::from(value.as_str()))).collect()
}

/// The most that is made of one template, in bytes: what a system answered may be filled in many times.
const LONGEST: usize = 16 << 20;

/// Why a template is not filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::adapter) enum Unfilled {
    /// A name that stands for nothing.
    Unknown(String),
    /// With its names filled in, it is longer than anything that is sent.
    TooLong,
}

impl std::error::Error for Unfilled {}

impl fmt::Display for Unfilled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => match name.strip_prefix(ENV) {
                Some(name) => write!(f, "the environment variable `{name}` is not set"),
                None => write!(f, "`${{{name}}}` stands for nothing here"),
            },
            Self::TooLong => {
                write!(f, "with its names filled in, this is longer than {} MB, the most that is made", LONGEST >> 20)
            }
        }
    }
}

/// How many bytes may still be made.
#[derive(Debug)]
struct Room(usize);

impl Room {
    fn take(&mut self, bytes: usize) -> Result<(), Unfilled> {
        self.0 = self.0.checked_sub(bytes).ok_or(Unfilled::TooLong)?;
        Ok(())
    }
}

/// How much memory a value takes, roughly.
fn size(value: &Value) -> usize {
    const EACH: usize = 16;
    match value {
        Value::String(text) => EACH + text.len(),
        Value::Array(values) => EACH + values.iter().map(size).sum::<usize>(),
        Value::Object(fields) => EACH + fields.iter().map(|(key, value)| key.len() + size(value)).sum::<usize>(),
        Value::Null | Value::Bool(_) | Value::Number(_) => EACH,
    }
}

/// A piece of a template.
#[derive(Debug, PartialEq)]
pub(in crate::adapter) enum Piece<'a> {
    Text(&'a str),
    Name { name: &'a str, optional: bool },
    Part(Part<'a>),
}

/// Cuts a template at its names; `$${` is a plain `${`.
pub(in crate::adapter) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(at) = rest.find("${") {
        let (before, tail) = rest.split_at(at);
        if let Some(text) = before.strip_suffix('$') {
            pieces.push(Piece::Text(text));
            pieces.push(Piece::Text("${"));
            rest = tail.get(2..).unwrap_or_default();
            continue;
        }
        let Some(end) = tail.find('}') else { break };
        pieces.push(Piece::Text(before));
        let inner = tail.get(2..).unwrap_or_default();
        let part = closing_brace(inner).and_then(|end| Some((end, Part::read(inner.get(..end)?)?)));
        if let Some((end, part)) = part {
            pieces.push(Piece::Part(part));
            rest = inner.get(end + 1..).unwrap_or_default();
            continue;
        }
        let name = tail.get(2..end).unwrap_or_default();
        let optional = name.ends_with('?');
        pieces.push(Piece::Name { name: name.trim_end_matches('?'), optional });
        rest = tail.get(end + 1..).unwrap_or_default();
    }
    pieces.push(Piece::Text(rest));
    pieces.retain(|piece| *piece != Piece::Text(""));
    pieces
}

/// The names that a template uses.
pub(in crate::adapter) fn names_in(template: &str) -> impl Iterator<Item = &str> {
    pieces(template).into_iter().filter_map(|piece| match piece {
        Piece::Text(_) => None,
        Piece::Name { name, .. } | Piece::Part(Part { name, .. }) => Some(name),
    })
}

/// How a value stands inside a text.
pub(in crate::adapter) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A text with its names filled in, each put through `encode`.
fn fill_with(
    template: &str,
    variables: &Variables,
    room: &mut Room,
    encode: impl Fn(String) -> String,
) -> Result<Option<String>, Unfilled> {
    let mut out = String::with_capacity(template.len());
    let mut add = |text: &str| {
        room.take(text.len())?;
        out.push_str(text);
        Ok(())
    };
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => add(text)?,
            Piece::Name { name, optional } => match (variables.get(name), optional) {
                (Some(value), _) => add(&encode(plain(value)))?,
                (None, true) => return Ok(None),
                (None, false) => return Err(Unfilled::Unknown(name.to_owned())),
            },
            Piece::Part(part) => match variables.get(part.name) {
                Some(value) => [part.before, &encode(plain(value)), part.after].into_iter().try_for_each(&mut add)?,
                None if part.optional => {}
                None => return Err(Unfilled::Unknown(part.name.to_owned())),
            },
        }
    }
    Ok(Some(out))
}

/// A text with its names filled in. `${x?}` without a value leaves nothing.
pub(in crate::adapter) fn fill_text(template: &str, variables: &Variables) -> Result<String, Unfilled> {
    Ok(fill_with(template, variables, &mut Room(LONGEST), |text| text)?.unwrap_or_default())
}

/// Where the query begins: the first question mark that is none of a `${x?}`'s.
fn query_mark(template: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = template.get(from..)?;
        let mark = rest.find('?')?;
        match rest.find("${").filter(|open| *open < mark) {
            None => return Some(from + mark),
            Some(open) => from += open + 2 + closing_brace(rest.get(open + 2..)?)? + 1,
        }
    }
}

/// A path without its query.
pub(in crate::adapter) fn path_alone(template: &str) -> &str {
    query_mark(template).and_then(|at| template.get(..at)).unwrap_or(template)
}

/// A path with a query: values are percent-encoded, and a parameter whose `${x?}` has no value is left out.
pub(in crate::adapter) fn fill_path(template: &str, variables: &Variables) -> Result<String, Unfilled> {
    let encode =
        |text: String| percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let mut room = Room(LONGEST);
    let path = path_alone(template);
    let query = template.get(path.len() + 1..);
    let mut out = fill_with(path, variables, &mut room, encode)?.unwrap_or_default();
    let mut parameters = Vec::new();
    for parameter in query.into_iter().flat_map(|query| query.split('&')) {
        parameters.extend(fill_with(parameter, variables, &mut room, encode)?);
    }
    if !parameters.is_empty() {
        out.push('?');
        out.push_str(&parameters.join("&"));
    }
    Ok(out)
}

/// A value with the names in its texts filled in. A text that is one name becomes that value, with its type; one that
/// is `${x?}` without a value is left out of the mapping or list that holds it.
pub(in crate::adapter) fn fill(value: &Value, variables: &Variables) -> Result<Option<Value>, Unfilled> {
    fill_within(value, variables, &mut Room(LONGEST))
}

fn fill_within(value: &Value, variables: &Variables, room: &mut Room) -> Result<Option<Value>, Unfilled> {
    match value {
        Value::String(template) => match pieces(template).as_slice() {
            [Piece::Name { name, optional }] => match (variables.get(*name), optional) {
                (Some(value), _) => room.take(size(value)).map(|()| Some(value.clone())),
                (None, true) => Ok(None),
                (None, false) => Err(Unfilled::Unknown((*name).to_owned())),
            },
            _ => Ok(fill_with(template, variables, room, |text| text)?.map(Value::String)),
        },
        Value::Array(values) => {
            let mut filled = Vec::with_capacity(values.len());
            for value in values {
                filled.extend(fill_within(value, variables, room)?);
            }
            Ok(Some(Value::Array(filled)))
        }
        Value::Object(fields) => {
            let mut filled = Map::new();
            for (key, value) in fields {
                if let Some(value) = fill_within(value, variables, room)? {
                    filled.insert(key.clone(), value);
                }
            }
            Ok(Some(Value::Object(filled)))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Some(value.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables() -> Variables {
        [("a".to_owned(), json!(1.5)), ("b".to_owned(), json!("x y/z"))].into()
    }

    fn check(template: Value, expected: Value) {
        assert_eq!(fill(&template, &variables()), Ok(Some(expected)), "{template}");
    }

    #[test]
    fn a_name_alone_keeps_its_type() {
        check(json!({"n": "${a}", "t": "n=${a}"}), json!({"n": 1.5, "t": "n=1.5"}));
    }

    #[test]
    fn what_is_not_given_leaves_no_key() {
        check(json!({"n": "${none?}", "l": ["${none?}", "${b}"]}), json!({"l": ["x y/z"]}));
    }

    #[test]
    fn a_doubled_dollar_is_plain() {
        check(json!("$${a} and ${a}"), json!("${a} and 1.5"));
        check(json!("${unclosed"), json!("${unclosed"));
    }

    #[test]
    fn a_part_without_a_value_is_left_out_alone() {
        check(json!("l${\"-\"+none?}"), json!("l"));
        check(json!("l${\"-\"+a?}${\" (\"+b?+\")\"}"), json!("l-1.5 (x y/z)"));
        assert_eq!(fill(&json!("${\"-\"+nobody}"), &variables()), Err(Unfilled::Unknown("nobody".into())));
        let path = |template| fill_path(template, &variables()).expect("known names");
        assert_eq!(path("/m/l${\"-\"+none?}"), "/m/l");
    }

    #[test]
    fn an_unknown_name_is_an_error() {
        assert_eq!(fill(&json!("${nobody}"), &variables()), Err(Unfilled::Unknown("nobody".into())));
    }

    #[test]
    fn paths_are_encoded_and_lose_parameters_without_a_value() {
        let path = |template| fill_path(template, &variables()).expect("known names");
        assert_eq!(path("/m/${b}?l=${b}&u=${none?}"), "/m/x%20y%2Fz?l=x%20y%2Fz");
        assert_eq!(path("/m?u=${none?}"), "/m");
        assert_eq!(path("/m/${none?}"), "");
    }

    #[test]
    fn what_is_made_of_a_template_has_a_limit() {
        let variables = Variables::from([("long".to_owned(), json!("x".repeat(1 << 20)))]);
        for times in [15, 17] {
            let (many, fits) = ("${long} ".repeat(times), times == 15);
            assert_eq!(fill_text(&many, &variables).is_ok(), fits, "{times} in a text");
            assert_eq!(fill_path(&format!("/?a={many}"), &variables).is_ok(), fits, "{times} in a query");
            assert_eq!(fill(&json!(vec!["${long}"; times]), &variables).is_ok(), fits, "{times} values");
        }
        assert_eq!(fill_text(&"${long} ".repeat(100_000), &variables), Err(Unfilled::TooLong));
    }
}
