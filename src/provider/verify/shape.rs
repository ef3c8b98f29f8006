//! The shape of JSON documents: which fields there are, and of which types.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Types by path. Items of lists share a path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shape(BTreeMap<String, BTreeSet<&'static str>>);

impl Shape {
    /// The shape of several documents together.
    pub(super) fn of<'a>(documents: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut shape = Self::default();
        documents.into_iter().for_each(|document| shape.add("$", document));
        shape
    }

    fn add(&mut self, path: &str, value: &Value) {
        self.0.entry(path.to_owned()).or_default().insert(kind(value));
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(name, value)| self.add(&format!("{path}.{name}"), value));
            }
            Value::Array(items) => items.iter().for_each(|item| self.add(&format!("{path}[]"), item)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Where two shapes differ: path, and the types on both sides. What lies below a field that is missing is not told.
    pub(super) fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let paths: BTreeSet<&String> = self.0.keys().chain(other.0.keys()).collect();
        let mut missing: Vec<&str> = Vec::new();
        let mut found = Vec::new();
        for path in paths {
            let is_below = |above: &&str| path.strip_prefix(*above).is_some_and(|rest| rest.starts_with(['.', '[']));
            let (own, others) = (self.0.get(path), other.0.get(path));
            let differ = match (own, others) {
                (Some(own), Some(others)) => own.is_disjoint(others),
                (None, _) | (_, None) => true,
            };
            if differ && !missing.iter().any(is_below) {
                missing.push(path);
                found.push((path.clone(), told(own), told(others)));
            }
        }
        found
    }
}

fn told(kinds: Option<&BTreeSet<&'static str>>) -> String {
    kinds.map_or_else(|| "nothing".to_owned(), |kinds| kinds.iter().copied().collect::<Vec<_>>().join(" or "))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(real: Value, mock: Value, expected: &[&str]) {
        let told = Shape::of([&real]).differences(&Shape::of([&mock]));
        let told: Vec<String> = told.into_iter().map(|(path, real, mock)| format!("{path}: {real}, {mock}")).collect();
        assert_eq!(told, expected);
    }

    #[test]
    fn fields_and_types_count_and_values_do_not() {
        check(json!({"a": 1, "b": ["x"]}), json!({"b": ["y", "z"], "a": 2}), &[]);
        check(json!({"a": 1}), json!({"a": "1"}), &["$.a: a number, a text"]);
        check(json!({"a": 1, "b": {"c": {"d": 1}}}), json!({"a": 1}), &["$.b: an object, nothing"]);
        check(json!({"a": [{"b": 1}]}), json!({"a": [{"b": 1, "c": null}]}), &["$.a[].c: nothing, null"]);
    }
}
