//! A node of the tree.

use crate::scenario::yaml::{Scalar, Typed};
use serde_json::{Map, Number, Value};

/// Where something stands in its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    /// Bytes before it.
    pub(crate) offset: usize,
    /// Its length in bytes.
    pub(crate) length: usize,
    /// Its line, from 1; 0 is the file as a whole.
    pub(crate) line: u32,
    /// Its column in characters, from 1.
    pub(crate) column: u32,
}

impl Span {
    /// A file as a whole.
    pub(crate) const NONE: Self = Self { offset: 0, length: 0, line: 0, column: 0 };
}

/// A value with its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Scalar(Scalar),
    List(Vec<Node>),
    Mapping(Vec<Entry>),
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) key_span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// How many nodes it is, itself included.
    pub(crate) fn count(&self) -> usize {
        match &self.kind {
            Kind::Scalar(_) => 1,
            Kind::List(items) => 1 + items.iter().map(Self::count).sum::<usize>(),
            Kind::Mapping(entries) => 1 + entries.iter().map(|entry| 1 + entry.value.count()).sum::<usize>(),
        }
    }

    /// The same node at another place: what stands where a variable is used points there.
    pub(crate) fn moved_to(mut self, span: Span) -> Self {
        self.span = span;
        match &mut self.kind {
            Kind::Scalar(_) => {}
            Kind::List(items) => {
                for item in items {
                    *item = std::mem::take(item).moved_to(span);
                }
            }
            Kind::Mapping(entries) => {
                for entry in entries {
                    entry.key_span = span;
                    entry.value = std::mem::take(&mut entry.value).moved_to(span);
                }
            }
        }
        self
    }

    /// What it is, for a message: `a text`, `a list`.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.typed().describe(),
            Kind::List(_) => "a list",
            Kind::Mapping(_) => "a mapping",
        }
    }

    /// The scalar, if it is one.
    pub(crate) fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            Kind::List(_) | Kind::Mapping(_) => None,
        }
    }

    /// Whether there is nothing: an empty value, `~` or `null`.
    pub(crate) fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(|scalar| scalar.typed() == Typed::Null)
    }

    /// The value of a key, if this is a mapping that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Mapping(entries) => entries.iter().find(|entry| entry.key == key),
            Kind::Scalar(_) | Kind::List(_) => None,
        }
    }

    /// The value as JSON.
    pub(crate) fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(scalar) => match scalar.typed() {
                Typed::Null => Value::Null,
                Typed::Boolean(value) => Value::Bool(value),
                Typed::Integer(value) => i64::try_from(value)
                    .map(Number::from)
                    .or_else(|_| u64::try_from(value).map(Number::from))
                    .map_or_else(|_| Value::String(scalar.text.clone()), Value::Number),
                Typed::Float(value) => {
                    Number::from_f64(value).map_or_else(|| Value::String(scalar.text.clone()), Value::Number)
                }
                Typed::Text => Value::String(scalar.text.clone()),
            },
            Kind::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Kind::Mapping(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect::<Map<_, _>>(),
            ),
        }
    }
}

impl Default for Node {
    /// A node of nothing, at no place.
    fn default() -> Self {
        Self { span: Span::NONE, kind: Kind::Scalar(Scalar::plain("")) }
    }
}
