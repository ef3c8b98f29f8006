//! Whether a value is what was expected, and if not, in which words to say so.

use crate::adapter::shared::template::{Variables, fill, plain};
use crate::model::Money;
use crate::scenario::Matcher;
use serde_json::Value;
use std::collections::BTreeMap;
use std::str::FromStr;

/// The longest piece of a value that a message shows, in characters.
const SHOWN: usize = 400;

/// What was found where something was expected; `None` where there is nothing.
pub(in crate::adapter) type Found<'a> = Option<&'a Value>;

/// What is wrong: what was expected, in words. `None` if nothing is.
pub(in crate::adapter) fn mismatch(matcher: &Matcher, found: Found<'_>, variables: &Variables) -> Option<String> {
    let holds = match matcher {
        Matcher::Equals(expected) => found.is_some_and(|found| equal(&filled(expected, variables), found)),
        Matcher::Money(expected) => found.and_then(money) == Some(*expected),
        Matcher::Contains(part) => found.is_some_and(|found| contains(found, &filled(part, variables))),
        Matcher::Matches(pattern) => found.is_some_and(|found| pattern.is_match(&plain(found))),
        Matcher::AtLeast(bound) => compare(found, &filled(bound, variables)).is_some_and(|order| order.is_ge()),
        Matcher::AtMost(bound) => compare(found, &filled(bound, variables)).is_some_and(|order| order.is_le()),
        Matcher::OneOf(values) => {
            found.is_some_and(|found| values.iter().any(|value| equal(&filled(value, variables), found)))
        }
        Matcher::Length(inner) => {
            return match found.and_then(length) {
                Some(length) => mismatch(inner, Some(&Value::from(length)), variables)
                    .map(|expected| format!("a length of {expected} (it is {length})")),
                None => Some("something that has a length".to_owned()),
            };
        }
        Matcher::Type(name) => found.is_some_and(|found| has_type(found, name)),
        Matcher::Present(wanted) => found.is_some_and(|found| !found.is_null()) == *wanted,
        Matcher::Not(inner) => mismatch(inner, found, variables).is_some(),
        Matcher::All(all) => return all.iter().find_map(|matcher| mismatch(matcher, found, variables)),
        Matcher::Tally(counts) => return tally_mismatch(counts, found, variables),
    };
    (!holds).then(|| describe(matcher, variables))
}

/// A value as a message shows it.
pub(in crate::adapter) fn show(found: Found<'_>) -> String {
    match found {
        None => "nothing".to_owned(),
        Some(value) => shorten(&value.to_string()),
    }
}

/// A text that fits a message.
pub(in crate::adapter) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.to_owned(),
        Some((cut, _)) => format!("{}… ({} bytes)", &text[..cut], text.len()),
    }
}

/// An expected value with what earlier steps captured filled in. What stands for nothing is left as it is written, and
/// shows in the message.
fn filled(value: &Value, variables: &Variables) -> Value {
    fill(value, variables).ok().flatten().unwrap_or_else(|| value.clone())
}

fn describe(matcher: &Matcher, variables: &Variables) -> String {
    let show = |value: &Value| shorten(&filled(value, variables).to_string());
    match matcher {
        Matcher::Equals(value) => show(value),
        Matcher::Money(money) => format!("{money} (money)"),
        Matcher::Contains(part) => format!("something that contains {}", show(part)),
        Matcher::Matches(pattern) => format!("something that matches /{}/", pattern.as_str()),
        Matcher::AtLeast(bound) => format!("at least {}", show(bound)),
        Matcher::AtMost(bound) => format!("at most {}", show(bound)),
        Matcher::OneOf(values) => format!("one of {}", values.iter().map(show).collect::<Vec<_>>().join(", ")),
        Matcher::Length(inner) => format!("a length of {}", describe(inner, variables)),
        Matcher::Type(name) => format!("something of type {name}"),
        Matcher::Present(true) => "something".to_owned(),
        Matcher::Present(false) => "nothing".to_owned(),
        Matcher::Not(inner) => format!("not {}", describe(inner, variables)),
        Matcher::All(all) => all.iter().map(|matcher| describe(matcher, variables)).collect::<Vec<_>>().join(" and "),
        Matcher::Tally(counts) => {
            let count = |(value, count): (&String, &Matcher)| format!("{value}: {}", describe(count, variables));
            counts.iter().map(count).collect::<Vec<_>>().join(", ")
        }
    }
}

/// Equal values; numbers by what they are worth, whatever their text.
pub(in crate::adapter) fn equal(expected: &Value, found: &Value) -> bool {
    match (expected, found) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => expected == found,
    }
}

fn contains(found: &Value, part: &Value) -> bool {
    match found {
        Value::String(text) => text.contains(&plain(part)),
        Value::Array(values) => values.iter().any(|value| equal(part, value)),
        Value::Object(fields) => part.as_str().is_some_and(|key| fields.contains_key(key)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Money by its decimal text.
fn money(value: &Value) -> Option<Money> {
    match value {
        Value::Number(number) => Money::from_str(&number.to_string()).ok(),
        Value::String(text) => Money::from_str(text).ok(),
        _ => None,
    }
}

fn compare(found: Found<'_>, bound: &Value) -> Option<std::cmp::Ordering> {
    let found = found?;
    match (money(found), money(bound)) {
        (Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => found.as_f64()?.partial_cmp(&bound.as_f64()?),
    }
}

fn length(value: &Value) -> Option<usize> {
    match value {
        Value::String(text) => Some(text.chars().count()),
        Value::Array(values) => Some(values.len()),
        Value::Object(fields) => Some(fields.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(number) => name == "number" || (name == "integer" && (number.is_i64() || number.is_u64())),
        Value::String(_) => name == "string",
        Value::Array(_) => name == "list",
        Value::Object(_) => name == "mapping",
    }
}

/// Compares how often each value came with how often it should have.
fn tally_mismatch(expected: &BTreeMap<String, Matcher>, found: Found<'_>, variables: &Variables) -> Option<String> {
    let counted = tally(found);
    let wrong = expected.iter().any(|(value, matcher)| {
        let count = counted.get(value).copied().unwrap_or(0);
        mismatch(matcher, Some(&Value::from(count)), variables).is_some()
    });
    let unexpected = counted.keys().any(|value| !expected.contains_key(value));
    (wrong || unexpected).then(|| describe(&Matcher::Tally(expected.clone()), variables))
}

/// How often each value of a list is in it.
pub(in crate::adapter) fn tally(found: Found<'_>) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for value in found.and_then(Value::as_array).into_iter().flatten() {
        *counts.entry(plain(value)).or_insert(0) += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(matcher: Matcher, holds: &[Value], fails: &[Value]) {
        let none = Variables::new();
        for value in holds {
            assert_eq!(mismatch(&matcher, Some(value), &none), None, "{matcher:?} on {value}");
        }
        for value in fails {
            assert!(mismatch(&matcher, Some(value), &none).is_some(), "{matcher:?} on {value}");
        }
    }

    #[test]
    fn numbers_are_equal_by_what_they_are_worth() {
        check(Matcher::Equals(json!(30)), &[json!(30.0), json!(30)], &[json!("30"), json!(30.5), json!(null)]);
    }

    #[test]
    fn money_is_read_from_its_text() {
        let thirty = Matcher::Money("0.3".parse().expect("money"));
        check(thirty, &[json!(0.3), json!("0.30"), json!(0.1 + 0.2)], &[json!(0.31), json!(null), json!([])]);
    }

    #[test]
    fn bounds_include_themselves() {
        check(Matcher::AtLeast(json!(2)), &[json!(2), json!(3.5)], &[json!(1.999), json!(null), json!("x")]);
        check(Matcher::AtMost(json!(2)), &[json!(2)], &[json!(2.001)]);
    }

    #[test]
    fn texts_lists_and_mappings_contain() {
        check(Matcher::Contains(json!("b")), &[json!("abc"), json!(["b"]), json!({"b": 1})], &[json!("x"), json!(1)]);
    }

    #[test]
    fn a_tally_allows_nothing_besides() {
        let count = |n: u64| Matcher::Equals(json!(n));
        let tally = Matcher::Tally([("claude".to_owned(), count(2)), ("ollama".to_owned(), count(0))].into());
        check(tally, &[json!(["claude", "claude"])], &[json!(["claude"]), json!(["claude", "claude", "ollama"])]);
        let tally = Matcher::Tally([("claude".to_owned(), count(1))].into());
        check(tally, &[json!(["claude"])], &[json!(["claude", "mistral"]), json!([])]);
    }

    #[test]
    fn presence_and_absence() {
        check(Matcher::Present(true), &[json!(0), json!("")], &[json!(null)]);
        assert_eq!(mismatch(&Matcher::Present(false), None, &Variables::new()), None);
        assert!(mismatch(&Matcher::Equals(json!(null)), None, &Variables::new()).is_some());
    }

    #[test]
    fn not_and_length_and_types() {
        check(Matcher::Not(Box::new(Matcher::Equals(json!("a")))), &[json!("b"), json!(null)], &[json!("a")]);
        check(Matcher::Length(Box::new(Matcher::AtLeast(json!(2)))), &[json!([1, 2]), json!("né")], &[json!([1])]);
        check(Matcher::Type("integer".into()), &[json!(1)], &[json!(1.5), json!("1")]);
    }
}
