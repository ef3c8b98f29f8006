//! From text to tree, within bounds.

use crate::scenario::problem::Problem;
use crate::scenario::source::SourceFile;
use crate::scenario::yaml::{Entry, Kind, Node, Scalar, Span};
use serde_saphyr::granit_parser::{
    Event, Marker, Parser, ScalarStyle, ScanError, Span as RawSpan, StructureStyle, options,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The largest file that is read, in bytes.
pub(crate) const MAX_BYTES: usize = 1024 * 1024;
/// How deep lists and mappings may stand in each other.
const MAX_DEPTH: usize = 48;
/// How many nodes a file may have once its aliases are followed.
const MAX_NODES: usize = 100_000;
/// How many problems of one file are told.
const MAX_PROBLEMS: usize = 100;

/// Reads a file's one document. What is wrong is added to `problems`; `None` where there is no tree to go on with.
pub(crate) fn parse(source: &Arc<SourceFile>, problems: &mut Vec<Problem>) -> Option<Node> {
    if source.text.len() > MAX_BYTES {
        problems.push(Problem::of_file(&source.name, format!("the file is larger than {MAX_BYTES} bytes")));
        return None;
    }
    let mut options = options! { flow_nesting_limit: MAX_DEPTH, block_nesting_limit: MAX_DEPTH };
    options.set_emit_comments(false);
    let mut builder = Builder::new(source, problems);
    let mut parser = Parser::new_from_str_with_options(&source.text, options);
    while let Some(next) = parser.next_event() {
        match next {
            Ok((event, span)) => {
                if builder.take(event, span).is_err() {
                    return None;
                }
            }
            Err(error) => {
                builder.syntax(&error);
                return None;
            }
        }
    }
    builder.finish()
}

/// The file can't be read any further; why is among the problems.
struct Stop;

/// A collection whose end has not come.
enum Open {
    List {
        span: Span,
        anchor: usize,
        items: Vec<Node>,
    },
    Mapping {
        span: Span,
        anchor: usize,
        entries: Vec<Entry>,
        lines: BTreeMap<String, u32>,
        key: Option<(String, Span)>,
    },
}

struct Builder<'a> {
    source: &'a Arc<SourceFile>,
    problems: &'a mut Vec<Problem>,
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    documents: usize,
    nodes: usize,
}

impl<'a> Builder<'a> {
    fn new(source: &'a Arc<SourceFile>, problems: &'a mut Vec<Problem>) -> Self {
        Self { source, problems, open: Vec::new(), anchors: BTreeMap::new(), root: None, documents: 0, nodes: 0 }
    }

    fn problem(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(self.source, span, message));
        self.problems.last_mut().expect("one was just added")
    }

    fn take(&mut self, event: Event<'_>, raw: RawSpan) -> Result<(), Stop> {
        let span = span(raw);
        match event {
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.problem(span, "the file has more than one document")
                        .help("one scenario or system per file: put the second one into a file of its own");
                    return Err(Stop);
                }
            }
            Event::Scalar(text, style, anchor, tag) => {
                let plain = match tag.as_deref().and_then(|tag| tag.core_suffix()) {
                    Some("str") => false,
                    Some(_) => style == ScalarStyle::Plain,
                    None => {
                        self.no_foreign_tag(span, tag.is_some());
                        style == ScalarStyle::Plain
                    }
                };
                let node = Node { span, kind: Kind::Scalar(Scalar { text: text.into_owned(), plain }) };
                self.anchor(anchor, &node);
                self.add(node, 1)?;
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.no_foreign_tag(span, tag.is_some());
                self.open.push(Open::List { span: opening(span, style), anchor, items: Vec::new() });
                self.check_depth(span)?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.no_foreign_tag(span, tag.is_some());
                self.open.push(Open::Mapping {
                    span: opening(span, style),
                    anchor,
                    entries: Vec::new(),
                    lines: BTreeMap::new(),
                    key: None,
                });
                self.check_depth(span)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close()?,
            Event::Alias(id) => self.alias(id, span)?,
            // `StreamStart`, `DocumentEnd` and the like carry nothing; the enum may grow, by metadata only.
            _ => {}
        }
        Ok(())
    }

    fn no_foreign_tag(&mut self, span: Span, tagged: bool) {
        if tagged {
            self.problem(span, "tags are not used here").help("leave out what begins with `!`");
        }
    }

    fn check_depth(&mut self, span: Span) -> Result<(), Stop> {
        if self.open.len() > MAX_DEPTH {
            self.problem(span, too_deep());
            return Err(Stop);
        }
        Ok(())
    }

    fn anchor(&mut self, id: usize, node: &Node) {
        if id > 0 {
            self.anchors.insert(id, node.clone());
        }
    }

    fn alias(&mut self, id: usize, span: Span) -> Result<(), Stop> {
        let Some(node) = self.anchors.get(&id) else {
            self.problem(span, "an alias can't stand inside what it stands for");
            return Err(Stop);
        };
        // Counted before it is copied: an alias of an alias of an alias grows by powers.
        let count = node.count();
        if self.nodes + count > MAX_NODES {
            self.too_much(span);
            return Err(Stop);
        }
        let node = node.clone();
        if depth(&node) + self.open.len() > MAX_DEPTH {
            self.problem(span, too_deep());
            return Err(Stop);
        }
        self.add(node, count)
    }

    fn too_much(&mut self, span: Span) {
        self.problem(span, format!("the file holds more than {MAX_NODES} values once its aliases are followed"));
    }

    fn close(&mut self) -> Result<(), Stop> {
        let (node, anchor) = match self.open.pop() {
            Some(Open::List { span, anchor, items }) => (Node { span, kind: Kind::List(items) }, anchor),
            Some(Open::Mapping { span, anchor, entries, .. }) => (Node { span, kind: Kind::Mapping(entries) }, anchor),
            None => return Ok(()),
        };
        self.anchor(anchor, &node);
        self.add(node, 1)
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, count: usize) -> Result<(), Stop> {
        self.nodes += count;
        if self.nodes > MAX_NODES {
            self.too_much(node.span);
            return Err(Stop);
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, lines, key, .. }) => match key.take() {
                None => {
                    let Kind::Scalar(scalar) = node.kind else {
                        self.problem(node.span, "a key must be a text");
                        return Err(Stop);
                    };
                    *key = Some((scalar.text, node.span));
                }
                Some((key, key_span)) => {
                    if key == "<<" {
                        self.problem(key_span, "merge keys are not part of the format")
                            .help("an alias (`*name`) may stand for a whole value");
                    } else if let Some(line) = lines.get(&key).copied() {
                        self.problem(key_span, format!("the key `{}` is given twice", short(&key)))
                            .help(format!("it is given on line {line} already"));
                        if self.problems.len() > MAX_PROBLEMS {
                            return Err(Stop);
                        }
                    } else {
                        lines.insert(key.clone(), key_span.line);
                        entries.push(Entry { key, key_span, value: node });
                    }
                }
            },
        }
        Ok(())
    }

    fn syntax(&mut self, error: &ScanError) {
        let span = at(error.marker());
        let tab = error.info().contains("tab");
        // The commonest slip of all: a JSONPath's bracket ends the text in which it stands.
        let word = self.source.text.get(..span.offset).and_then(|before| before.rsplit([' ', '{', ',']).next());
        let path = word.is_some_and(|word| word.starts_with('$'));
        let message = if error.info().contains("recursion limit") || error.info().contains("nesting") {
            too_deep()
        } else {
            format!("not valid YAML: {}", error.info())
        };
        let problem = self.problem(span, message);
        if tab {
            problem.help("YAML is indented by spaces, never by tabs");
        } else if path {
            problem.help("a JSONPath with brackets stands in quotes inside `{ }`: { \"$.messages[0].text\": hello }");
        } else {
            problem.help("mend what stands at the caret or before it: a bracket, a quote, a colon, an indent");
        }
    }

    fn finish(self) -> Option<Node> {
        if self.root.as_ref().is_none_or(Node::is_null) {
            self.problems.push(
                Problem::of_file(&self.source.name, "the file is empty")
                    .with_help("`steadfast init` writes an example"),
            );
            return None;
        }
        self.root
    }
}

fn too_deep() -> String {
    format!("lists and mappings stand in each other more than {MAX_DEPTH} deep")
}

fn depth(node: &Node) -> usize {
    match &node.kind {
        Kind::Scalar(_) => 0,
        Kind::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Kind::Mapping(entries) => 1 + entries.iter().map(|entry| depth(&entry.value)).max().unwrap_or(0),
    }
}

/// A key for a message.
fn short(key: &str) -> String {
    key.chars().take(60).collect()
}

/// A collection is shown by how it begins.
fn opening(span: Span, style: StructureStyle) -> Span {
    Span { length: usize::from(style == StructureStyle::Flow), ..span }
}

fn span(raw: RawSpan) -> Span {
    let start = at(&raw.start);
    let end = raw.end.byte_offset().unwrap_or(start.offset);
    Span { length: end.saturating_sub(start.offset), ..start }
}

fn at(marker: &Marker) -> Span {
    Span {
        offset: marker.byte_offset().unwrap_or(0),
        length: 0,
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col() + 1).unwrap_or(u32::MAX),
    }
}
