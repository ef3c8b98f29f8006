//! Scalars: texts and templates, numbers, durations, money, instants, and JSON values.

use crate::model::Money;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::suggest::{did_you_mean, nearest};
use crate::scenario::template::{ENV, Segment, TRIAL, fill, segments};
use crate::scenario::yaml::{Kind, Node, Span, Typed};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::time::Duration;

/// The longest duration that can be asked for.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

impl Reader<'_> {
    /// A text that is known now: no name in it is left for later.
    pub(crate) fn text(&mut self, node: &Node, wanted: &str) -> Option<String> {
        let text = self.plain_text(node, wanted)?;
        self.settled(text, node.span)
    }

    /// A text in which names that are known only when the case runs may be left.
    pub(crate) fn template(&mut self, node: &Node, wanted: &str) -> Option<String> {
        let text = self.plain_text(node, wanted)?;
        self.check_template(text, node.span).then(|| text.to_owned())
    }

    fn plain_text<'n>(&mut self, node: &'n Node, wanted: &str) -> Option<&'n str> {
        match node.as_scalar() {
            Some(scalar) if scalar.typed() == Typed::Text => Some(&scalar.text),
            Some(scalar) if scalar.typed() != Typed::Null => {
                let text = scalar.text.clone();
                self.wrong(node, wanted).help(format!("put it in quotes if the text is meant: \"{text}\""));
                None
            }
            _ => {
                self.wrong(node, wanted);
                None
            }
        }
    }

    /// The text with `$${` resolved, if no name is left in it.
    pub(crate) fn settled(&mut self, text: &str, span: Span) -> Option<String> {
        if !self.is_settled_text(text, span) {
            return None;
        }
        fill(text, |_| None).ok()
    }

    /// Whether a node is no template that stands for something else; if it is a wrong one, that is noted.
    pub(crate) fn is_settled(&mut self, node: &Node) -> bool {
        match node.as_scalar() {
            Some(scalar) if scalar.typed() == Typed::Text => self.is_settled_text(&scalar.text, node.span),
            _ => true,
        }
    }

    /// Whether no name is left in a text; if one is, that is noted.
    pub(crate) fn is_settled_text(&mut self, text: &str, span: Span) -> bool {
        if !text.contains("${") {
            return true;
        }
        if !self.check_template(text, span) {
            return false;
        }
        let names = segments(text).unwrap_or_default();
        let left = names.iter().find_map(|segment| match segment {
            Segment::Name { name, .. } if !self.names.broken.contains(*name) => Some(*name),
            _ => None,
        });
        if let Some(name) = left {
            self.problem(span, format!("`${{{name}}}` is known only when the case runs"))
                .help("here, only the variables of `matrix`, `examples` and `for_each` can be used");
        }
        !names.iter().any(|segment| matches!(segment, Segment::Name { .. }))
    }

    /// Whether every name in a text will be known when the case runs; what is wrong is noted.
    pub(crate) fn check_template(&mut self, text: &str, span: Span) -> bool {
        if !text.contains("${") {
            return true;
        }
        let found = match segments(text) {
            Ok(found) => found,
            Err(error) => {
                self.problem(span, error.to_string()).help("`$${` stands for the two characters `${`");
                return false;
            }
        };
        let mut fine = true;
        for segment in &found {
            if let Segment::Part(part) = segment {
                fine = false;
                self.problem(
                    span,
                    format!("a part that may be missing, as that of `{}`, is for system files", part.name),
                );
                continue;
            }
            let Segment::Name { name, optional } = segment else { continue };
            if *optional {
                fine = false;
                self.problem(span, format!("`${{{name}?}}` is for system files")).help(format!("write `${{{name}}}`"));
            } else if !self.knows(name) {
                fine = false;
                self.unknown_name(name, span);
            }
        }
        fine
    }

    fn knows(&mut self, name: &str) -> bool {
        if self.names.captured.contains(name) {
            self.names.used.insert(name.to_owned());
            return true;
        }
        name == TRIAL || name.strip_prefix(ENV).is_some_and(|name| !name.is_empty()) || self.names.broken.contains(name)
    }

    fn unknown_name(&mut self, name: &str, span: Span) {
        let known: Vec<String> =
            self.names.variables.iter().chain(&self.names.captured).cloned().chain([TRIAL.to_owned()]).collect();
        if let Some(meant) = nearest(name, known.iter().map(String::as_str)) {
            // A variable that was meant here is not unused as well.
            self.filler.used.insert(meant.to_owned());
            self.names.used.insert(meant.to_owned());
        }
        let help = if self.names.places.contains_key(name) {
            "it is captured in another lane, and lanes run side by side".to_owned()
        } else {
            did_you_mean(name, "known here", known.iter().map(String::as_str))
        };
        self.problem(span, format!("nothing is known by the name {}", quoted(name))).help(help);
    }

    /// True or false.
    pub(crate) fn boolean(&mut self, node: &Node) -> Option<bool> {
        match node.as_scalar().map(|scalar| scalar.typed()) {
            Some(Typed::Boolean(value)) => Some(value),
            _ => {
                if self.is_settled(node) {
                    self.wrong(node, "true or false");
                }
                None
            }
        }
    }

    /// `true` and nothing else, where a key alone says what is meant.
    pub(crate) fn only_true(&mut self, node: &Node) {
        if self.boolean(node) == Some(false) {
            self.problem(node.span, "only `true` makes sense here").help("leave the key out instead");
        }
    }

    /// A whole number within bounds.
    pub(crate) fn integer(&mut self, node: &Node, least: i64, most: i64) -> Option<i64> {
        match node.as_scalar().map(|scalar| scalar.typed()) {
            Some(Typed::Integer(value)) => match i64::try_from(value).ok().filter(|v| (least..=most).contains(v)) {
                Some(value) => Some(value),
                None => {
                    self.problem(node.span, format!("{value} is not between {least} and {most}"));
                    None
                }
            },
            _ => {
                if self.is_settled(node) {
                    self.wrong(node, "an integer");
                }
                None
            }
        }
    }

    /// A whole number from `least` up that fits into 32 bits.
    pub(crate) fn count(&mut self, node: &Node, least: u32) -> Option<u32> {
        self.integer(node, i64::from(least), i64::from(u32::MAX)).and_then(|value| u32::try_from(value).ok())
    }

    /// An HTTP status.
    pub(crate) fn status(&mut self, node: &Node) -> Option<u16> {
        self.integer(node, 100, 599).and_then(|value| u16::try_from(value).ok())
    }

    /// Money, from the number's text.
    pub(crate) fn money(&mut self, node: &Node) -> Option<Money> {
        let Some(scalar) = node.as_scalar().filter(|scalar| scalar.typed() != Typed::Null) else {
            self.wrong(node, "an amount of money");
            return None;
        };
        match scalar.text.parse() {
            Ok(money) => Some(money),
            Err(error) => {
                let error: crate::model::MoneyError = error;
                if self.is_settled(node) {
                    self.problem(node.span, format!("an amount of money is wanted: {error}"))
                        .help("dollars as a decimal number, such as 30.50");
                }
                None
            }
        }
    }

    /// A duration: `20ms`, `1.5s`, `2m`.
    pub(crate) fn duration(&mut self, node: &Node) -> Option<Duration> {
        let text = match node.as_scalar() {
            Some(scalar) if scalar.typed() != Typed::Null => scalar.text.as_str(),
            _ => {
                self.wrong(node, "a duration").help(DURATION_HELP);
                return None;
            }
        };
        match parse_duration(text) {
            Some(duration) if duration <= LONGEST => Some(duration),
            Some(_) => {
                self.problem(node.span, format!("{} is longer than a day", quoted(text)));
                None
            }
            None => {
                if self.is_settled(node) {
                    self.problem(node.span, format!("{} is no duration", quoted(text))).help(DURATION_HELP);
                }
                None
            }
        }
    }

    /// An instant, RFC 3339.
    pub(crate) fn timestamp(&mut self, node: &Node) -> Option<Timestamp> {
        let text = self.text(node, "an instant")?;
        match text.parse() {
            Ok(instant) => Some(instant),
            Err(_) => {
                self.problem(node.span, format!("{} is no instant", quoted(&text)))
                    .help("RFC 3339 with an offset, such as 2025-01-31T23:59:59Z");
                None
            }
        }
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(&mut self, node: &Node, what: &str, words: &[(&str, T)]) -> Option<T> {
        let Some(scalar) = node.as_scalar().filter(|scalar| scalar.typed() != Typed::Null) else {
            self.wrong(node, what);
            return None;
        };
        let found = words.iter().find(|(word, _)| *word == scalar.text).map(|(_, meaning)| *meaning);
        if found.is_none() && self.is_settled(node) {
            self.problem(node.span, format!("{} is not {what}", quoted(&scalar.text))).help(did_you_mean(
                &scalar.text,
                "one of",
                words.iter().map(|(word, _)| *word),
            ));
        }
        found
    }

    /// A value with its type, as JSON. Names that are known only when the case runs may be left in its texts.
    pub(crate) fn value(&mut self, node: &Node) -> Option<Value> {
        match &node.kind {
            Kind::Scalar(scalar) => {
                if scalar.typed() == Typed::Text && !self.check_template(&scalar.text, node.span) {
                    return None;
                }
                Some(node.to_json())
            }
            Kind::List(items) => {
                let values: Vec<_> = items.iter().map(|item| self.value(item)).collect();
                values.into_iter().collect::<Option<Vec<_>>>().map(Value::Array)
            }
            Kind::Mapping(_) => {
                let entries = self.entries(node, "a mapping")?;
                let mut values = Map::new();
                let mut fine = true;
                for entry in entries {
                    fine &= self.check_template(&entry.key, entry.key_span);
                    match self.value(&entry.value) {
                        Some(value) => {
                            values.insert(entry.key.clone(), value);
                        }
                        None => fine = false,
                    }
                }
                fine.then_some(Value::Object(values))
            }
        }
    }
}

const DURATION_HELP: &str = "a number with its unit: 20ms, 1.5s, 2m, 1h";

/// A duration from its text.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let nanos: u64 = match unit {
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" => 60_000_000_000,
        "h" => 3_600_000_000_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || number.ends_with('.') || fraction.len() > 9 || fraction.contains('.') {
        return None;
    }
    let whole = whole.parse::<u64>().ok()?.checked_mul(nanos)?;
    let part = if fraction.is_empty() {
        0
    } else {
        let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
        u64::try_from(u128::from(fraction.parse::<u64>().ok()?) * u128::from(nanos) / scale).ok()?
    };
    Some(Duration::from_nanos(whole.checked_add(part)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, millis: Option<u64>) {
        assert_eq!(parse_duration(text), millis.map(Duration::from_millis), "{text}");
    }

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        check("20ms", Some(20));
        check("1.5s", Some(1500));
        check("2m", Some(120_000));
        check("0.25m", Some(15_000));
        check("0s", Some(0));
        for wrong in ["", "5", "ms", "1.s", ".5s", "1.2.3s", "-1s", "1 s", "1d", "99999999999999999999h"] {
            check(wrong, None);
        }
    }
}
