//! Requests and the fields of their answers; templates with the names that are known where they stand.

use crate::scenario::read::{HTTP_METHODS, Reader, quoted};
use crate::scenario::suggest::did_you_mean;
use crate::scenario::template::{Part, Segment, segments};
use crate::scenario::yaml::{Kind, Node, Span, Typed};
use crate::scenario::{
    Binding, BindingAuth, Capability, CarriedForm, FieldPath, REFUSAL_FIELDS, RESET_NAMES, Reset, StreamBinding, Verb,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a binding has besides its method.
pub(crate) const BINDING_KEYS: &[&str] = &["headers", "auth", "body", "form", "answer", "stream"];

/// The names that a template may use, and what names may begin with.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    names: &'static [&'static str],
    prefixes: &'static [&'static str],
}

impl Known {
    /// None at all.
    pub(crate) const NONE: Self = Self { names: &[], prefixes: &["env."] };
    /// Those of a command line and its environment.
    pub(crate) const PROCESS: Self =
        Self { names: &["steadfast", "port", "dir", "admin_token"], prefixes: &["url.", "key.", "env."] };
    /// Those of the address of a process.
    pub(crate) const ADDRESS: Self = Self { names: &["port"], prefixes: &[] };
    /// Those of a reset.
    pub(crate) const RESET: Self = Self { names: RESET_NAMES, prefixes: &["env."] };
    /// Those of a request that prepares a run.
    pub(crate) const RUN: Self = Self { names: &["admin_token", "dir"], prefixes: &["url.", "key.", "env."] };
    /// Those of a request that prepares a learner.
    pub(crate) const LEARNER: Self = Self { names: &["name", "token"], prefixes: &["env."] };

    /// Those of a verb: its arguments.
    pub(crate) fn verb(verb: Verb) -> Self {
        Self { names: verb.arguments(), prefixes: &["env."] }
    }

    fn knows(&self, name: &str) -> bool {
        self.names.contains(&name) || self.prefixes.iter().any(|prefix| name.starts_with(prefix) && name != *prefix)
    }
}

impl Reader<'_> {
    /// A text whose names are known.
    pub(crate) fn system_template(&mut self, node: &Node, known: &Known, wanted: &str) -> Option<String> {
        match node.as_scalar() {
            Some(scalar) if scalar.typed() != Typed::Null => {
                let text = scalar.text.clone();
                self.check_system_template(&text, node.span, known).then_some(text)
            }
            _ => {
                self.wrong(node, wanted);
                None
            }
        }
    }

    fn check_system_template(&mut self, text: &str, span: Span, known: &Known) -> bool {
        let segments = match segments(text) {
            Ok(segments) => segments,
            Err(error) => {
                self.problem(span, error.to_string()).help("`$${` stands for the two characters `${`");
                return false;
            }
        };
        let mut fine = true;
        for segment in segments {
            if let Segment::Name { name, .. } | Segment::Part(Part { name, .. }) = segment
                && !known.knows(name)
            {
                fine = false;
                self.problem(span, format!("nothing is known by the name {}", quoted(name))).help(did_you_mean(
                    name,
                    "known here",
                    known.names.iter().chain(known.prefixes).copied(),
                ));
            }
        }
        fine
    }

    /// A mapping of texts whose names are known.
    pub(crate) fn templates(&mut self, node: &Node, known: &Known) -> BTreeMap<String, String> {
        let mut texts = BTreeMap::new();
        for entry in self.entries(node, "a mapping of texts").unwrap_or_default() {
            let text = self.system_template(&entry.value, known, "a text");
            texts.extend(text.map(|text| (entry.key.clone(), text)));
        }
        texts
    }

    /// A URL of a server, without a path's last slash.
    pub(crate) fn base_url(&mut self, node: &Node, known: &Known) -> Option<String> {
        let url = self.system_template(node, known, "a URL")?;
        if !url.starts_with("http://") && !url.starts_with("https://") {
            self.problem(node.span, format!("{} is no URL", quoted(&url))).help("http://127.0.0.1:8000");
            return None;
        }
        Some(url.trim_end_matches('/').to_owned())
    }

    /// The header that carries a token.
    pub(crate) fn auth_header(&mut self, node: &Node, name: &'static str) -> Option<(String, String)> {
        let fields = self.fields(node, "a header with a token", &["header", "value"])?;
        let header = self.required(&fields, "header").and_then(|node| {
            let header = self.text(node, "a header's name")?;
            self.header_name(&header, node.span);
            Some(header)
        });
        let known = if name == "token" { Known { names: &["token"], prefixes: &[] } } else { ADMIN };
        let value = self.required(&fields, "value").and_then(|node| self.system_template(node, &known, "a text"));
        Some((header?, value?))
    }

    /// Capabilities by name.
    pub(crate) fn capabilities(&mut self, node: &Node) -> BTreeSet<Capability> {
        let words: Vec<(&str, Capability)> = Capability::ALL.iter().map(|known| (known.as_str(), *known)).collect();
        let items = self.items(node, "a list of what the system can do").unwrap_or_default();
        items.iter().filter_map(|item| self.word(item, "something that a system can do", &words)).collect()
    }

    /// How each case starts from the same state.
    pub(crate) fn reset(&mut self, node: &Node) -> Option<Reset> {
        if let Kind::Scalar(scalar) = &node.kind {
            return match scalar.text.as_str() {
                "restart" => Some(Reset::Restart),
                "fresh_learner" => Some(Reset::FreshLearner),
                "none" => Some(Reset::None),
                text => {
                    let help = did_you_mean(text, "one of", ["restart", "fresh_learner", "none"]);
                    let help = format!("{help}; or a request, {{ post: /reset }}, or {{ sql: … }}");
                    self.problem(node.span, format!("{} is no way to reset", quoted(text))).help(help);
                    None
                }
            };
        }
        let Some(sql) = node.get("sql") else {
            return self.request(node, &Known::RESET, BindingAuth::Admin, None).map(Reset::Http);
        };
        self.fields(node, "`reset`", &["sql"]);
        let fields = self.fields(&sql.value, "`sql`", &["file", "statements"])?;
        let file = self
            .required(&fields, "file")
            .and_then(|node| self.system_template(node, &Known::PROCESS, "a file's name"));
        let statements = self.required(&fields, "statements").and_then(|node| {
            let items = self.items(node, "a list of statements")?;
            let statements = items.iter().map(|item| self.system_template(item, &Known::RESET, "a statement"));
            statements.collect::<Option<Vec<_>>>()
        });
        Some(Reset::Sql { file: file?, statements: statements? })
    }

    /// The request of a verb.
    pub(crate) fn binding(&mut self, node: &Node, verb: Verb) -> Option<Binding> {
        let auth = match verb {
            Verb::Register | Verb::Login => BindingAuth::Nobody,
            _ => BindingAuth::Learner,
        };
        self.request(node, &Known::verb(verb), auth, Some(verb))
    }

    /// The requests that prepare a run, or a learner.
    pub(crate) fn preparations(&mut self, node: &Node, known: &Known, auth: BindingAuth) -> Vec<Binding> {
        let items = self.items(node, "a list of requests").unwrap_or_default();
        items.iter().filter_map(|item| self.request(item, known, auth, None)).collect()
    }

    /// What requests can carry of an argument: a regular expression for the whole text.
    pub(crate) fn carried_forms(&mut self, node: &Node) -> BTreeMap<String, CarriedForm> {
        let mut forms = BTreeMap::new();
        for entry in self.entries(node, "a mapping from arguments to regular expressions").unwrap_or_default() {
            let arguments = Verb::ALL.map(Verb::arguments).concat();
            if !arguments.contains(&entry.key.as_str()) {
                self.unknown_key(entry, "`carries`", &arguments);
            } else if let Some(form) = self.regex(&entry.value) {
                let text = form.as_str().to_owned();
                // It was a regular expression a moment ago, and is one in a group.
                let whole = regex::Regex::new(&format!(r"\A(?:{text})\z"));
                forms.extend(whole.ok().map(|whole| (entry.key.clone(), CarriedForm { text, whole })));
            }
        }
        forms
    }

    /// By which statuses a system says those of the contract: one, or a list.
    pub(crate) fn statuses(&mut self, node: &Node) -> BTreeMap<u16, Vec<u16>> {
        let status = |text: &str| text.parse::<u16>().ok().filter(|status| (100..600).contains(status));
        let mut statuses = BTreeMap::new();
        for entry in self.entries(node, "a mapping from statuses to statuses").unwrap_or_default() {
            let items = match &entry.value.kind {
                Kind::List(items) => items.as_slice(),
                Kind::Scalar(_) | Kind::Mapping(_) => std::slice::from_ref(&entry.value),
            };
            let texts = std::iter::once((entry.key.as_str(), entry.key_span))
                .chain(items.iter().map(|item| (item.as_scalar().map_or("", |scalar| &scalar.text), item.span)));
            let mut read = Vec::new();
            for (text, span) in texts {
                match status(text) {
                    Some(status) => read.push(status),
                    None => {
                        self.problem(span, format!("{} is no HTTP status", quoted(text))).help("{ 422: [400, 422] }");
                    }
                }
            }
            if let Some((contract, own)) = read.split_first() {
                statuses.insert(*contract, own.to_vec());
            }
        }
        statuses
    }

    fn request(&mut self, node: &Node, known: &Known, auth: BindingAuth, verb: Option<Verb>) -> Option<Binding> {
        let keys = [HTTP_METHODS, BINDING_KEYS].concat();
        let fields = self.fields(node, "a request", &keys)?;
        let given: Vec<_> = HTTP_METHODS.iter().filter_map(|method| fields.get(method)).collect();
        if let [_, second, ..] = given.as_slice() {
            self.problem(second.key_span, "a request has one method");
        }
        let Some(method) = given.first() else {
            self.problem(fields.span, "the request has no method").help("{ post: /path }");
            return None;
        };
        let path = self.system_template(&method.value, known, "a path");
        if let Some(path) = path.as_ref().filter(|path| !path.starts_with('/')) {
            self.problem(method.value.span, format!("{} is no path", quoted(path))).help("a path begins with `/`");
        }
        let words = [("learner", BindingAuth::Learner), ("admin", BindingAuth::Admin), ("none", BindingAuth::Nobody)];
        let auth = fields.value("auth").map_or(Some(auth), |node| self.word(node, "whose token goes along", &words));
        let body = fields.value("body");
        let body = body.filter(|node| self.body_is_known(node, known)).map(Node::to_json);
        let form = fields.value("form").filter(|node| self.body_is_known(node, known)).and_then(|node| {
            let entries = self.entries(node, "a mapping of a form's parts")?;
            Some(entries.iter().map(|entry| (entry.key.clone(), entry.value.to_json())).collect())
        });
        if let (Some(_), Some(entry)) = (&form, fields.get("body")) {
            self.problem(entry.key_span, "a request has one body: `body` or `form`");
        }
        let headers = fields.value("headers").map(|node| self.templates(node, known)).unwrap_or_default();
        let answer_headers = fields.value("answer").map(header_fields).unwrap_or_default();
        let answer = fields.value("answer").map(|node| match verb {
            Some(verb) => {
                let has = |field: &str| verb.fields().contains(&field) || REFUSAL_FIELDS.contains(&field);
                self.paths(node, &format!("the answer to `{verb}`"), &has)
            }
            None => self.paths(node, "the answer to a reset", &|_| false),
        });
        let stream = fields.value("stream").and_then(|node| self.stream_binding(node));
        Some(Binding {
            method: method.key.to_uppercase(),
            path: path?,
            headers,
            auth: auth?,
            body,
            form,
            answer: answer.unwrap_or_default(),
            answer_headers,
            stream,
        })
    }

    /// Whether every name in a body is known. All of it is looked at, so that every mistake is told.
    fn body_is_known(&mut self, node: &Node, known: &Known) -> bool {
        match &node.kind {
            Kind::Scalar(scalar) => self.check_system_template(&scalar.text, node.span, known),
            Kind::List(items) => items.iter().filter(|item| !self.body_is_known(item, known)).count() == 0,
            Kind::Mapping(entries) => {
                entries.iter().filter(|entry| !self.body_is_known(&entry.value, known)).count() == 0
            }
        }
    }

    /// Where fields are: a mapping from fields to JSONPaths, or a list of fields that have the same name there.
    pub(crate) fn paths(&mut self, node: &Node, of: &str, has: &dyn Fn(&str) -> bool) -> BTreeMap<String, FieldPath> {
        let mut paths = BTreeMap::new();
        let mut add = |reader: &mut Self, field: &str, span: Span, path: Option<FieldPath>| {
            if has(field.split('.').next().unwrap_or(field)) {
                paths.extend(path.map(|path| (field.to_owned(), path)));
            } else {
                reader
                    .problem(span, format!("unknown field {}", quoted(field)))
                    .label(format!("{of} has no such field"));
            }
        };
        if let Kind::List(items) = &node.kind {
            for item in items {
                if let Some(field) = self.text(item, "a field") {
                    let path = self.json_path(&format!("$.{field}"), item.span);
                    let path = path.map(|path| FieldPath { paths: vec![path], default: None });
                    add(self, &field, item.span, path);
                }
            }
            return paths;
        }
        let entries = self.entries(node, "a mapping from fields to JSONPaths").unwrap_or_default();
        for entry in entries.iter().filter(|entry| header_of(&entry.value).is_none()) {
            let path = self.field_path(&entry.value);
            add(self, &entry.key, entry.key_span, path);
        }
        paths
    }

    /// Where one field is: a JSONPath, a list of them, or `{ path: …, default: … }`.
    fn field_path(&mut self, node: &Node) -> Option<FieldPath> {
        match &node.kind {
            Kind::Scalar(_) => {
                let path = self.text(node, "a JSONPath")?;
                Some(FieldPath { paths: vec![self.json_path(&path, node.span)?], default: None })
            }
            Kind::List(items) => {
                let mut paths = Vec::new();
                for item in items {
                    let path = self.text(item, "a JSONPath")?;
                    paths.push(self.json_path(&path, item.span)?);
                }
                Some(FieldPath { paths, default: None })
            }
            Kind::Mapping(_) => {
                let fields = self.fields(node, "a field", &["path", "default"])?;
                let path = fields.value("path").map(|node| self.field_path(node));
                let default = fields.value("default").map(Node::to_json);
                if path.is_none() && default.is_none() {
                    self.problem(node.span, "nothing says where the field is").help("{ path: $.cost, default: 0 }");
                }
                Some(FieldPath { default, ..path.unwrap_or_else(|| Some(FieldPath::default()))? })
            }
        }
    }

    fn stream_binding(&mut self, node: &Node) -> Option<StreamBinding> {
        let fields = self.fields(node, "`stream`", &["delta", "restart", "done", "error"])?;
        let delta = self.required(&fields, "delta").and_then(|node| {
            let fields = self.fields(node, "`delta`", &["event", "text"])?;
            let event = self.required(&fields, "event").and_then(|node| self.text(node, "an event's name"));
            let text = self.required(&fields, "text").and_then(|node| {
                let path = self.text(node, "a JSONPath")?;
                self.json_path(&path, node.span)
            });
            Some((event?, text?))
        });
        let mut event = |key: &str| fields.value(key).and_then(|node| self.text(node, "an event's name"));
        let (restart, error) = (event("restart"), event("error"));
        let done = self.required(&fields, "done").and_then(|node| self.text(node, "an event's name"));
        Some(StreamBinding { delta: delta?, restart, done: done?, error })
    }
}

/// What the place of a field in a header begins with.
const HEADER: &str = "header.";

/// The header that a field is in, if it is in one.
fn header_of(node: &Node) -> Option<&str> {
    node.as_scalar()?.text.strip_prefix(HEADER).filter(|name| name.parse::<http::HeaderName>().is_ok())
}

/// The fields of an answer that are in headers.
fn header_fields(node: &Node) -> BTreeMap<String, String> {
    let Kind::Mapping(entries) = &node.kind else { return BTreeMap::new() };
    let in_headers = entries.iter().filter_map(|entry| Some((entry.key.clone(), header_of(&entry.value)?.to_owned())));
    in_headers.collect()
}

/// The names of the administrator's header.
const ADMIN: Known = Known { names: &["admin_token"], prefixes: &["env."] };
