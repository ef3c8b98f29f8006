//! `expect` and `capture`: what is looked at in an answer, and what must hold of it.

use crate::scenario::json_path::parse_json_path;
use crate::scenario::kinds::{self, ValueKind, WARNING_FIELDS};
use crate::scenario::read::matcher::has_operators;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::suggest::{did_you_mean, nearest};
use crate::scenario::template::{ENV, TRIAL, is_name};
use crate::scenario::yaml::{Entry, Kind, Node, Span, Typed};
use crate::scenario::{Capability, Capture, Expectation, Matcher, REFUSAL_FIELDS, StreamSubject, Subject, Verb};
use serde_json_path::JsonPath;

/// What every answer can be asked for, besides `$…` and `header.NAME`.
pub(crate) const EXPECT_KEYS: &[&str] = &["status", "body", "stream", "log"];

/// The keys of `stream` inside `expect`.
pub(crate) const STREAM_KEYS: &[&str] = &["events", "text", "chunks", "first_within", "max_gap"];

/// Of whose answer expectations speak.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers {
    /// The verbs; none for a raw request or where nothing is asked.
    pub(crate) verbs: Vec<Verb>,
    /// Whether there is an answer at all.
    pub(crate) answered: bool,
    /// Whether it is a stream of events.
    pub(crate) streamed: bool,
    /// Whether there are several, so that expectations speak of the set.
    pub(crate) several: bool,
    /// What these answers are, for messages: "`chat`", "a raw request".
    pub(crate) of: String,
}

impl Reader<'_> {
    /// Reads the key `expect`.
    pub(crate) fn expectations(&mut self, node: &Node, answers: &Answers) -> Vec<Expectation> {
        let mut expectations = Vec::new();
        for entry in self.entries(node, "a mapping of expectations").unwrap_or_default() {
            self.expectation(entry, answers, &mut expectations);
        }
        expectations
    }

    fn expectation(&mut self, entry: &Entry, answers: &Answers, into: &mut Vec<Expectation>) {
        let node = &entry.value;
        if entry.key == "stream" {
            self.stream(entry, answers, into);
            return;
        }
        let Some(subject) = self.subject(&entry.key, entry.key_span, answers) else { return };
        let kind = kind_of(&subject, answers);
        if let Subject::Field(name) = &subject
            && matches!(kind, ValueKind::Mapping | ValueKind::Any)
            && matches!(&node.kind, Kind::Mapping(entries) if !entries.is_empty())
            && !has_operators(node)
            && !answers.several
        {
            self.sub_fields(name, node, answers, into);
            return;
        }
        let tallied = answers.several && matches!(node.kind, Kind::Mapping(_)) && !has_operators(node);
        let matcher = match &subject {
            Subject::Log if node.as_scalar().is_some_and(|scalar| scalar.typed() == Typed::Text) => {
                // Nobody means the whole log to be one text.
                self.template(node, "a text").map(|text| Matcher::Contains(text.into()))
            }
            Subject::Log => self.matcher(node, kind),
            _ if tallied => self.tally(node, kind),
            _ => self.matcher(node, kind),
        };
        if matches!(subject, Subject::Status) && !tallied {
            self.status_in_range(node);
        }
        let Some(matcher) = matcher else { return };
        let subject = match subject {
            Subject::Log => Subject::Log,
            subject if answers.several => Subject::Tally(Box::new(subject)),
            subject => subject,
        };
        into.push(Expectation { place: self.place(entry.key_span), subject, matcher });
    }

    fn sub_fields(&mut self, name: &str, node: &Node, answers: &Answers, into: &mut Vec<Expectation>) {
        for entry in self.entries(node, "a mapping of fields").unwrap_or_default() {
            let inner = Entry { key: format!("{name}.{}", entry.key), ..entry.clone() };
            self.expectation(&inner, answers, into);
        }
    }

    fn status_in_range(&mut self, node: &Node) {
        if let Some(Typed::Integer(status)) = node.as_scalar().map(|scalar| scalar.typed())
            && !(100..=599).contains(&status)
        {
            self.problem(node.span, format!("{status} is no HTTP status")).help("a status is between 100 and 599");
        }
    }

    /// What a key of `expect` or a value of `capture` speaks of.
    pub(crate) fn subject(&mut self, key: &str, span: Span, answers: &Answers) -> Option<Subject> {
        let key = &self.settled(key, span)?;
        if key == "log" {
            self.needs.insert(Capability::Log);
            return Some(Subject::Log);
        }
        if !answers.answered {
            self.problem(span, format!("there is no answer of which {} could be asked", quoted(key)))
                .label(format!("{} has no answer", answers.of))
                .help("`log` can be expected here; anything else in a step of its own");
            return None;
        }
        if key.starts_with('$') {
            return self.json_path(key, span).map(|path| Subject::Path(key.clone(), Box::new(path)));
        }
        if let Some(name) = key.strip_prefix("header.") {
            self.header_name(name, span);
            return Some(Subject::Header(name.to_ascii_lowercase()));
        }
        match key.as_str() {
            "status" => Some(Subject::Status),
            "body" => Some(Subject::Body),
            field => self.field(field, span, answers).then(|| Subject::Field(field.to_owned())),
        }
    }

    /// A JSONPath; what is wrong with it is shown where it is.
    pub(crate) fn json_path(&mut self, path: &str, span: Span) -> Option<JsonPath> {
        match parse_json_path(path) {
            Ok(path) => Some(path),
            Err(error) => {
                let at = error.at;
                let inner = Span {
                    offset: span.offset + at.min(span.length.saturating_sub(1)),
                    length: 1,
                    column: span.column.saturating_add(u32::try_from(at).unwrap_or(0)),
                    ..span
                };
                self.problem(inner, format!("not a JSONPath (RFC 9535): {}", error.message));
                None
            }
        }
    }

    /// Whether the answers have a field of this name; if not, that is noted.
    fn field(&mut self, field: &str, span: Span, answers: &Answers) -> bool {
        let (first, rest) = field.split_once('.').map_or((field, None), |(first, rest)| (first, Some(rest)));
        if answers.verbs.is_empty() {
            let problem = self.problem(span, format!("unknown expectation {}", quoted(field)));
            problem.label("a raw request's answer has no fields in the domain's words");
            match nearest(field, EXPECT_KEYS.iter().copied()) {
                Some(known) => problem.help(format!("did you mean `{known}`?")),
                None => problem.help(format!("look into the body by a JSONPath, such as `$.{field}`")),
            };
            return false;
        }
        let mut known: Vec<&str> = answers.verbs.iter().flat_map(|verb| verb.fields().iter().copied()).collect();
        known.extend(REFUSAL_FIELDS);
        if !known.contains(&first) {
            known.extend(EXPECT_KEYS);
            self.problem(span, format!("unknown field {}", quoted(field)))
                .label(format!("the answer to {} has no such field", answers.of))
                .help(did_you_mean(first, "fields", known));
            return false;
        }
        if let ("warning", Some(rest)) = (first, rest)
            && !WARNING_FIELDS.contains(&rest)
        {
            self.problem(span, format!("unknown field {}", quoted(field)))
                .label("a warning has no such field")
                .help(did_you_mean(rest, "fields", WARNING_FIELDS.iter().copied()));
            return false;
        }
        if rest.is_some_and(|rest| rest.split('.').any(str::is_empty)) {
            self.problem(span, format!("{} is no field: a name is missing beside a dot", quoted(field)));
            return false;
        }
        true
    }

    fn stream(&mut self, entry: &Entry, answers: &Answers, into: &mut Vec<Expectation>) {
        self.needs.insert(Capability::Stream);
        if !answers.streamed {
            self.problem(entry.key_span, "there is no stream here")
                .help("only `chat: { stream: true, … }` is streamed");
        }
        for entry in self.fields(&entry.value, "`stream`", STREAM_KEYS).map(|fields| fields.entries).unwrap_or_default()
        {
            let node = &entry.value;
            let read = match entry.key.as_str() {
                "events" => self.matcher(node, ValueKind::List).map(|matcher| (StreamSubject::Events, matcher)),
                "text" => self.matcher(node, ValueKind::Text).map(|matcher| (StreamSubject::Text, matcher)),
                "chunks" => self.counted(node).map(|matcher| (StreamSubject::Chunks, matcher)),
                "first_within" => self.at_most_millis(node).map(|matcher| (StreamSubject::FirstWithin, matcher)),
                "max_gap" => self.at_most_millis(node).map(|matcher| (StreamSubject::MaxGap, matcher)),
                _ => None,
            };
            let Some((subject, matcher)) = read else { continue };
            let subject = Subject::Stream(subject);
            let subject = if answers.several { Subject::Tally(Box::new(subject)) } else { subject };
            into.push(Expectation { place: self.place(entry.key_span), subject, matcher });
        }
    }

    fn at_most_millis(&mut self, node: &Node) -> Option<Matcher> {
        let limit = self.duration(node)?;
        let millis = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        Some(Matcher::AtMost(millis.into()))
    }

    /// Reads `capture`. What is captured can be used from the next step on.
    pub(crate) fn captures(&mut self, node: &Node, answers: &Answers) -> Vec<Capture> {
        let mut captures = Vec::new();
        for entry in self.entries(node, "a mapping of names").unwrap_or_default() {
            let (name, span) = (&entry.key, entry.key_span);
            if !is_name(name) || name.contains('.') {
                self.problem(span, format!("{} can't be a name", quoted(name)))
                    .help("a letter or `_`, then letters, digits, `_` and `-`");
                continue;
            }
            if self.names.variables.contains(name) || name == TRIAL || name == ENV.trim_end_matches('.') {
                self.problem(span, format!("{} is known already", quoted(name))).help("capture it under another name");
                continue;
            }
            if answers.several {
                self.problem(span, "several answers can't be captured under one name")
                    .help("capture inside a lane instead");
                continue;
            }
            let from = self
                .text(&entry.value, "a field or a JSONPath")
                .and_then(|from| self.subject(&from, entry.value.span, answers));
            self.names.captured.insert(name.clone());
            self.names.places.entry(name.clone()).or_insert(span);
            captures.extend(from.map(|from| Capture { name: name.clone(), from, place: self.place(span) }));
        }
        captures
    }
}

/// What the values of a subject are.
fn kind_of(subject: &Subject, answers: &Answers) -> ValueKind {
    match subject {
        Subject::Status => ValueKind::Integer,
        Subject::Field(name) => match answers.verbs.as_slice() {
            [verb] => kinds::field(Some(*verb), name),
            // Where several verbs are answered side by side, one field can be several things.
            _ => kinds::field(None, name),
        },
        Subject::Header(_) | Subject::Body | Subject::Log => ValueKind::Text,
        Subject::Path(..) | Subject::Stream(_) | Subject::Tally(_) => ValueKind::Any,
    }
}
