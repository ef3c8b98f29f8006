//! Names with values, filled into a tree before it is read.

use crate::scenario::problem::Problem;
use crate::scenario::source::SourceFile;
use crate::scenario::template::{Segment, segments, sole_name, write_segment};
use crate::scenario::yaml::{Entry, Kind, Node, Scalar, Span};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many nodes filling in may make for one file, over all of its cases and loops.
const MAX_FILLED: usize = 2_000_000;

/// So many bytes of a text that is filled in count as one value.
const PER_VALUE: usize = 64;

/// Names with values: a case's cell, or the variables of one turn of a `for_each`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Scope {
    values: BTreeMap<String, Node>,
}

impl Scope {
    pub(crate) fn new(values: impl IntoIterator<Item = (String, Node)>) -> Self {
        Self { values: values.into_iter().collect() }
    }
}

/// Fills scopes into the trees of one file; keeps which names were used, what went wrong, and how much was made.
#[derive(Debug)]
pub(crate) struct Filler<'a> {
    source: &'a Arc<SourceFile>,
    pub(crate) used: BTreeSet<String>,
    pub(crate) problems: Vec<Problem>,
    made: usize,
}

impl<'a> Filler<'a> {
    pub(crate) fn new(source: &'a Arc<SourceFile>) -> Self {
        Self { source, used: BTreeSet::new(), problems: Vec::new(), made: 0 }
    }

    /// Whether so much was made that the file is refused.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.made > MAX_FILLED
    }

    /// The tree with the scope's names filled in. Other names stay as they are: they may be known later.
    pub(crate) fn fill(&mut self, node: &Node, scope: &Scope) -> Node {
        self.made += 1;
        if self.is_exhausted() {
            return Node { span: node.span, ..Node::default() };
        }
        match &node.kind {
            Kind::Scalar(scalar) if !scalar.text.contains("${") => node.clone(),
            Kind::Scalar(scalar) => self.scalar(node, scalar, scope),
            Kind::List(items) => {
                Node { span: node.span, kind: Kind::List(items.iter().map(|item| self.fill(item, scope)).collect()) }
            }
            Kind::Mapping(entries) => {
                let entries = entries.iter().map(|entry| Entry {
                    key: self.text(&entry.key, entry.key_span, scope),
                    key_span: entry.key_span,
                    value: self.fill(&entry.value, scope),
                });
                Node { span: node.span, kind: Kind::Mapping(entries.collect()) }
            }
        }
    }

    fn scalar(&mut self, node: &Node, scalar: &Scalar, scope: &Scope) -> Node {
        if let Some((name, false)) = sole_name(&scalar.text)
            && let Some(value) = scope.values.get(name)
        {
            self.used.insert(name.to_owned());
            self.made += value.count();
            return value.clone().moved_to(node.span);
        }
        let text = self.text(&scalar.text, node.span, scope);
        // What was filled into a text is a text, even if it looks like a number.
        let plain = scalar.plain && text == scalar.text;
        Node { span: node.span, kind: Kind::Scalar(Scalar { text, plain }) }
    }

    fn text(&mut self, text: &str, span: Span, scope: &Scope) -> String {
        // What is no template is told by whoever reads the text.
        let Ok(segments) = segments(text) else { return text.to_owned() };
        let mut filled = String::with_capacity(text.len());
        for segment in &segments {
            if self.made + filled.len() / PER_VALUE > MAX_FILLED {
                break;
            }
            match segment {
                Segment::Name { name, optional: false } => match scope.values.get(*name) {
                    Some(value) => {
                        self.used.insert((*name).to_owned());
                        match &value.kind {
                            Kind::Scalar(value) => filled.push_str(&value.text),
                            Kind::List(_) | Kind::Mapping(_) => {
                                let message = format!("`{name}` is {} and can't stand inside a text", value.describe());
                                let problem = Problem::new(self.source, span, message);
                                self.problems
                                    .push(problem.with_help(format!("`\"${{{name}}}\"` alone keeps its type")));
                            }
                        }
                    }
                    None => write_segment(&mut filled, segment),
                },
                segment => write_segment(&mut filled, segment),
            }
        }
        self.made += filled.len() / PER_VALUE;
        filled
    }
}
