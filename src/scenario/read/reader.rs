//! What reading one case of one file goes by: where problems go, which names are known, what has been inferred.

use crate::model::Place;
use crate::provider::ProviderDecl;
use crate::scenario::problem::Problem;
use crate::scenario::scope::Filler;
use crate::scenario::source::SourceFile;
use crate::scenario::suggest::did_you_mean;
use crate::scenario::yaml::{Entry, Kind, Node, Span};
use crate::scenario::{Capability, Project};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How many problems of one file are told; beyond that, they would hide each other.
const MAX_PROBLEMS: usize = 100;
/// How many steps one case may have once its loops and lanes are expanded.
const MAX_STEPS: usize = 10_000;

/// The names that are filled in when the case runs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Names {
    /// What steps captured so far.
    pub(crate) captured: BTreeSet<String>,
    /// Where each was captured first.
    pub(crate) places: BTreeMap<String, Span>,
    /// Which of them were used.
    pub(crate) used: BTreeSet<String>,
    /// Variables that something is wrong with: told already, so that no use of them is a problem of its own.
    pub(crate) broken: BTreeSet<String>,
    /// The case's own variables: a capture can't take their names.
    pub(crate) variables: BTreeSet<String>,
}

/// Reads the cases of one file, one after the other.
pub(crate) struct Reader<'a> {
    pub(crate) source: &'a Arc<SourceFile>,
    pub(crate) project: &'a Project,
    pub(crate) providers: &'a [ProviderDecl],
    pub(crate) filler: Filler<'a>,
    pub(crate) names: Names,
    pub(crate) needs: BTreeSet<Capability>,
    pub(crate) learners: Vec<String>,
    /// What the case's meaning also depends on, for its hash.
    pub(crate) fixtures: Vec<Vec<u8>>,
    pub(crate) problems: Vec<Problem>,
    pub(crate) steps: usize,
}

/// A mapping whose keys have been checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'n> {
    pub(crate) entries: &'n [Entry],
    pub(crate) span: Span,
}

impl<'n> Fields<'n> {
    /// The entry of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key == key)
    }

    /// The value of a key.
    pub(crate) fn value(&self, key: &str) -> Option<&'n Node> {
        self.get(key).map(|entry| &entry.value)
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a Arc<SourceFile>, project: &'a Project, providers: &'a [ProviderDecl]) -> Self {
        Self {
            source,
            project,
            providers,
            filler: Filler::new(source),
            names: Names::default(),
            needs: BTreeSet::new(),
            learners: Vec::new(),
            fixtures: Vec::new(),
            problems: Vec::new(),
            steps: 0,
        }
    }

    /// Forgets what belongs to the case before.
    pub(crate) fn begin_case(&mut self, names: Names) {
        self.names = names;
        self.needs.clear();
        self.learners.clear();
        self.fixtures.clear();
        self.steps = 0;
    }

    /// Notes a problem. Label and help can be added to what it returns.
    pub(crate) fn problem(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        if self.problems.len() > MAX_PROBLEMS {
            self.problems.truncate(MAX_PROBLEMS);
        }
        self.problems.push(Problem::new(self.source, span, message));
        self.problems.last_mut().expect("one was just added")
    }

    /// Notes that a value is of the wrong type, unless it is a template that explains itself.
    pub(crate) fn wrong(&mut self, node: &Node, wanted: &str) -> &mut Problem {
        let message = format!("{wanted} is wanted, not {}", node.describe());
        self.problem(node.span, message).label(format!("this is {}", node.describe()))
    }

    /// Where something stands.
    pub(crate) fn place(&self, span: Span) -> Place {
        Place { file: self.source.name.clone(), line: span.line, column: span.column }
    }

    /// Counts one more step; `false` once there are too many.
    pub(crate) fn count_step(&mut self, span: Span) -> bool {
        self.steps += 1;
        if self.steps == MAX_STEPS + 1 {
            self.problem(span, format!("the case has more than {MAX_STEPS} steps once it is expanded"));
        }
        self.steps <= MAX_STEPS
    }

    /// Whether the case has so many steps already that it is refused.
    pub(crate) fn is_full(&self) -> bool {
        self.steps > MAX_STEPS
    }

    /// The entries of a mapping, each key once. A key can turn out to be there twice only when names are filled in.
    pub(crate) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Entry]> {
        let Kind::Mapping(entries) = &node.kind else {
            if self.is_settled(node) {
                self.wrong(node, what);
            }
            return None;
        };
        let mut seen = BTreeSet::new();
        for entry in entries {
            if !seen.insert(entry.key.as_str()) {
                self.problem(entry.key_span, format!("the key {} is given twice", quoted(&entry.key)))
                    .help("once the case's values are filled in, two keys are the same");
            }
        }
        Some(entries)
    }

    /// The entries of a mapping that may have these keys and no others.
    pub(crate) fn fields<'n>(&mut self, node: &'n Node, what: &str, known: &[&str]) -> Option<Fields<'n>> {
        if !matches!(node.kind, Kind::Mapping(_)) {
            if self.is_settled(node) {
                let message = format!("{what} is a mapping, not {}", node.describe());
                self.problem(node.span, message).label(format!("this is {}", node.describe()));
            }
            return None;
        }
        let entries = self.entries(node, what)?;
        for entry in entries {
            if !known.contains(&entry.key.as_str()) {
                self.unknown_key(entry, what, known);
            }
        }
        Some(Fields { entries, span: node.span })
    }

    /// Notes that a key is not known.
    pub(crate) fn unknown_key(&mut self, entry: &Entry, what: &str, known: &[&str]) {
        self.problem(entry.key_span, format!("unknown key {}", quoted(&entry.key)))
            .label(format!("not a key of {what}"))
            .help(did_you_mean(&entry.key, "keys", known.iter().copied()));
    }

    /// The items of a list.
    pub(crate) fn items<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Node]> {
        match &node.kind {
            Kind::List(items) => Some(items),
            Kind::Scalar(_) | Kind::Mapping(_) => {
                if self.is_settled(node) {
                    self.wrong(node, what);
                }
                None
            }
        }
    }

    /// The declaration of a provider that is named somewhere.
    pub(crate) fn provider(&mut self, name: &str, span: Span) -> Option<&'a ProviderDecl> {
        let providers = self.providers;
        let found = providers.iter().find(|known| known.name.as_str() == name);
        if found.is_none() && self.is_settled_text(name, span) {
            self.problem(span, format!("unknown provider {}", quoted(name)))
                .label("no provider of the system has this name")
                .help(did_you_mean(name, "providers", providers.iter().map(|known| known.name.as_str())));
        }
        found
    }
}

/// A user's text inside a message: on one line, and not too long.
pub(crate) fn quoted(text: &str) -> String {
    let mut shown: String = text.chars().take(60).flat_map(char::escape_debug).collect();
    if text.chars().nth(60).is_some() {
        shown.push('…');
    }
    // `escape_debug` also escapes quotes, which need none between backticks.
    format!("`{}`", shown.replace("\\'", "'").replace("\\\"", "\""))
}
