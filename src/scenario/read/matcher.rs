//! What must hold of a value: the value itself, or operators.

use crate::model::Money;
use crate::scenario::Matcher;
use crate::scenario::kinds::ValueKind;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::suggest::did_you_mean;
use crate::scenario::yaml::{Entry, Kind, Node, Typed};
use regex::RegexBuilder;
use serde_json::Value;
use std::collections::BTreeMap;

/// The operators of matchers.
pub(crate) const OPERATORS: &[&str] =
    &["equals", "contains", "matches", "at_least", "at_most", "one_of", "length", "is", "present", "absent", "not"];

/// The types that `is` knows.
pub(crate) const TYPES: &[&str] = &["string", "number", "integer", "boolean", "list", "mapping", "null"];

/// How large a compiled regular expression may be, in bytes.
const MAX_REGEX: usize = 1024 * 1024;

/// Whether a mapping consists of operators: one operator is enough, so that a misspelt second one is told.
pub(crate) fn has_operators(node: &Node) -> bool {
    match &node.kind {
        Kind::Mapping(entries) => entries.iter().any(|entry| OPERATORS.contains(&entry.key.as_str())),
        Kind::Scalar(_) | Kind::List(_) => false,
    }
}

impl Reader<'_> {
    /// A matcher for a value of some kind.
    pub(crate) fn matcher(&mut self, node: &Node, kind: ValueKind) -> Option<Matcher> {
        let Kind::Mapping(_) = &node.kind else { return self.equal(node, kind) };
        let entries = self.entries(node, "operators")?;
        if entries.is_empty() {
            self.problem(node.span, "an empty mapping expects nothing").help("{ equals: {} } if that is meant");
            return None;
        }
        let matchers: Vec<_> = entries.iter().map(|entry| self.operator(entry, kind)).collect();
        let mut matchers = matchers.into_iter().collect::<Option<Vec<_>>>()?;
        if matchers.len() == 1 { matchers.pop() } else { Some(Matcher::All(matchers)) }
    }

    /// A number, or a matcher for one.
    pub(crate) fn counted(&mut self, node: &Node) -> Option<Matcher> {
        if node.as_scalar().is_some_and(|scalar| matches!(scalar.typed(), Typed::Integer(_))) {
            return self.count(node, 0).map(|count| Matcher::Equals(count.into()));
        }
        self.matcher(node, ValueKind::Integer)
    }

    fn operator(&mut self, entry: &Entry, kind: ValueKind) -> Option<Matcher> {
        let node = &entry.value;
        match entry.key.as_str() {
            "equals" => match node.kind {
                Kind::Mapping(_) => self.value(node).map(Matcher::Equals),
                Kind::Scalar(_) | Kind::List(_) => self.equal(node, kind),
            },
            "contains" => self.contains(entry, kind),
            "matches" => self.regex(node).map(Matcher::Matches),
            "at_least" => self.bound(entry, kind).map(Matcher::AtLeast),
            "at_most" => self.bound(entry, kind).map(Matcher::AtMost),
            "one_of" => {
                let items = self.items(node, "a list of values")?;
                if items.is_empty() {
                    self.problem(node.span, "nothing is one of no values");
                }
                let values: Vec<_> = items
                    .iter()
                    .map(|item| {
                        let checked = self.equal(item, kind);
                        checked.and_then(|_| self.value(item))
                    })
                    .collect();
                values.into_iter().collect::<Option<Vec<_>>>().map(Matcher::OneOf)
            }
            "length" => self.counted(node).map(|matcher| Matcher::Length(Box::new(matcher))),
            "is" => {
                let words: Vec<(&str, &str)> = TYPES.iter().map(|word| (*word, *word)).collect();
                // `null` is a word here, whatever YAML takes it for.
                if node.as_scalar().is_some_and(|scalar| scalar.text == "null") {
                    return Some(Matcher::Type("null".to_owned()));
                }
                self.word(node, "a type", &words).map(|word| Matcher::Type(word.to_owned()))
            }
            "present" => self.boolean(node).map(Matcher::Present),
            "absent" => self.boolean(node).map(|absent| Matcher::Present(!absent)),
            "not" => self.matcher(node, kind).map(|matcher| Matcher::Not(Box::new(matcher))),
            other => {
                self.problem(entry.key_span, format!("unknown operator {}", quoted(other))).help(did_you_mean(
                    other,
                    "operators",
                    OPERATORS.iter().copied(),
                ));
                None
            }
        }
    }

    fn contains(&mut self, entry: &Entry, kind: ValueKind) -> Option<Matcher> {
        match kind {
            ValueKind::Text | ValueKind::Provider | ValueKind::Word(..) => {
                self.template(&entry.value, "a text").map(|text| Matcher::Contains(Value::String(text)))
            }
            ValueKind::List | ValueKind::Any | ValueKind::Mapping | ValueKind::Audio => {
                self.value(&entry.value).map(Matcher::Contains)
            }
            ValueKind::Boolean | ValueKind::Integer | ValueKind::Number | ValueKind::Money | ValueKind::Duration => {
                self.problem(entry.key_span, format!("{} contains nothing", kind.describe()));
                None
            }
        }
    }

    /// A regular expression.
    pub(crate) fn regex(&mut self, node: &Node) -> Option<regex::Regex> {
        let text = self.text(node, "a regular expression")?;
        match RegexBuilder::new(&text).size_limit(MAX_REGEX).build() {
            Ok(regex) => Some(regex),
            Err(error) => {
                // The last line says what is wrong; those before show the expression again.
                let error = error.to_string();
                let why = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
                self.problem(node.span, format!("not a regular expression: {why}"));
                None
            }
        }
    }

    fn bound(&mut self, entry: &Entry, kind: ValueKind) -> Option<Value> {
        let node = &entry.value;
        if !matches!(kind, ValueKind::Integer | ValueKind::Number | ValueKind::Money | ValueKind::Any) {
            self.problem(entry.key_span, format!("`{}` compares numbers; this is {}", entry.key, kind.describe()));
            return None;
        }
        if self.is_left_for_later(node)? {
            return self.value(node);
        }
        match node.as_scalar().map(|scalar| scalar.typed()) {
            Some(Typed::Integer(_) | Typed::Float(_)) => self.value(node),
            _ => {
                self.wrong(node, "a number");
                None
            }
        }
    }

    /// Whether a value is a template with names that are known only when the case runs; `None` if it is a wrong one.
    fn is_left_for_later(&mut self, node: &Node) -> Option<bool> {
        match node.as_scalar() {
            Some(scalar) if scalar.text.contains("${") && !scalar.text.contains("$${") => {
                self.check_template(&scalar.text, node.span).then_some(true)
            }
            _ => Some(false),
        }
    }

    /// Equality with a value of some kind.
    fn equal(&mut self, node: &Node, kind: ValueKind) -> Option<Matcher> {
        // `field: null` is a legal expectation of any field: what has no value is null.
        if node.is_null() || self.is_left_for_later(node)? {
            return self.value(node).map(Matcher::Equals);
        }
        let typed = node.as_scalar().map(|scalar| scalar.typed());
        let fits = match kind {
            ValueKind::Any => true,
            ValueKind::Text | ValueKind::Duration => typed == Some(Typed::Text),
            ValueKind::Boolean => matches!(typed, Some(Typed::Boolean(_))),
            ValueKind::Integer => matches!(typed, Some(Typed::Integer(_))),
            ValueKind::Number => matches!(typed, Some(Typed::Integer(_) | Typed::Float(_))),
            ValueKind::Money => return self.money(node).map(Matcher::Money),
            ValueKind::List => matches!(node.kind, Kind::List(_)),
            ValueKind::Mapping | ValueKind::Audio => matches!(node.kind, Kind::Mapping(_)),
            ValueKind::Provider => return self.known_provider(node),
            ValueKind::Word(what, words) => return self.known_word(node, what, words),
        };
        if fits {
            return self.value(node).map(Matcher::Equals);
        }
        let problem = self.wrong(node, kind.describe());
        if kind == ValueKind::Text && typed.is_some() {
            problem.help("put it in quotes if the text is meant");
        }
        None
    }

    fn known_provider(&mut self, node: &Node) -> Option<Matcher> {
        let name = self.text(node, "a provider's name")?;
        self.provider(&name, node.span).map(|known| Matcher::Equals(Value::String(known.name.to_string())))
    }

    fn known_word(&mut self, node: &Node, what: &str, words: &[&str]) -> Option<Matcher> {
        let word = self.text(node, what)?;
        if words.contains(&word.as_str()) {
            return Some(Matcher::Equals(Value::String(word)));
        }
        self.problem(node.span, format!("{} is no {what}", quoted(&word))).help(did_you_mean(
            &word,
            "one of",
            words.iter().copied(),
        ));
        None
    }

    /// How often each value came: a mapping from values to counts.
    pub(crate) fn tally(&mut self, node: &Node, kind: ValueKind) -> Option<Matcher> {
        let mut counts = BTreeMap::new();
        let mut fine = true;
        for entry in self.entries(node, "a mapping of values")? {
            fine &= self.tallied(entry, kind);
            match self.counted(&entry.value) {
                Some(count) => {
                    counts.insert(entry.key.clone(), count);
                }
                None => fine = false,
            }
        }
        fine.then_some(Matcher::Tally(counts))
    }

    /// Whether a value can come at all.
    fn tallied(&mut self, entry: &Entry, kind: ValueKind) -> bool {
        let (key, span) = (entry.key.as_str(), entry.key_span);
        if key.contains("${") {
            return self.check_template(key, span);
        }
        match kind {
            ValueKind::Provider => self.provider(key, span).is_some(),
            ValueKind::Word(what, words) if !words.contains(&key) => {
                self.problem(span, format!("{} is no {what}", quoted(key))).help(did_you_mean(
                    key,
                    "one of",
                    words.iter().copied(),
                ));
                false
            }
            ValueKind::Boolean if !matches!(key, "true" | "false") => {
                self.problem(span, format!("true or false is wanted, not {}", quoted(key)));
                false
            }
            ValueKind::Integer if key.parse::<i64>().is_err() => {
                self.problem(span, format!("an integer is wanted, not {}", quoted(key)));
                false
            }
            ValueKind::Money if key.parse::<Money>().is_err() => {
                self.problem(span, format!("an amount of money is wanted, not {}", quoted(key)));
                false
            }
            _ => true,
        }
    }
}
