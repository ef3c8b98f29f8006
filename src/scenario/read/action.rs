//! The verbs' arguments and raw requests.

use crate::scenario::kinds::{self, ValueKind};
use crate::scenario::read::{Reader, quoted};
use crate::scenario::suggest::did_you_mean;
use crate::scenario::yaml::{Kind, Node, Span, Typed};
use crate::scenario::{Audio, Auth, HttpBody, HttpRequest, Verb};
use serde_json::Value;
use std::collections::BTreeMap;

/// The methods of raw requests, as written.
pub(crate) const METHODS: &[&str] = &["get", "post", "put", "patch", "delete", "head", "options"];
/// What goes with a method.
pub(crate) const HTTP_KEYS: &[&str] = &["headers", "json", "text", "auth"];

impl Reader<'_> {
    /// Reads a verb's arguments; none is `null`.
    pub(crate) fn arguments(&mut self, verb: Verb, node: &Node, key_span: Span) -> Option<BTreeMap<String, Value>> {
        let mut arguments = BTreeMap::new();
        let mut fine = true;
        if !node.is_null() {
            let Kind::Mapping(_) = &node.kind else {
                if self.is_settled(node) {
                    let arguments = verb.arguments().join(", ");
                    self.problem(
                        node.span,
                        format!("the arguments of `{verb}` are a mapping, not {}", node.describe()),
                    )
                    .help(format!("arguments: {arguments}"));
                }
                return None;
            };
            for entry in self.entries(node, "a mapping of arguments")? {
                if !verb.arguments().contains(&entry.key.as_str()) {
                    fine = false;
                    self.problem(entry.key_span, format!("unknown argument {}", quoted(&entry.key)))
                        .label(format!("`{verb}` takes no such argument"))
                        .help(did_you_mean(&entry.key, "arguments", verb.arguments().iter().copied()));
                    continue;
                }
                match self.argument(&entry.key, &entry.value) {
                    Some(value) => {
                        arguments.insert(entry.key.clone(), value);
                    }
                    None => fine = false,
                }
            }
        }
        for required in verb.required() {
            // A misspelt one is told already; that it is missing as well helps nobody who mends the spelling first.
            let misspelt = matches!(&node.kind, Kind::Mapping(entries) if entries.iter().any(|entry| {
                !verb.arguments().contains(&entry.key.as_str())
                    && crate::scenario::suggest::nearest(&entry.key, verb.arguments().iter().copied()) == Some(required)
            }));
            if node.get(required).is_none() && !misspelt {
                fine = false;
                self.problem(key_span, format!("`{verb}` needs `{required}`"));
            }
        }
        if let (Some(entry), None | Some(Value::Bool(false))) = (node.get("hang_up_after"), arguments.get("stream")) {
            self.problem(entry.key_span, "`hang_up_after` counts the events of a stream").help("add `stream: true`");
        }
        fine.then_some(arguments)
    }

    fn argument(&mut self, name: &str, node: &Node) -> Option<Value> {
        if let Some(scalar) = node.as_scalar()
            && scalar.typed() == Typed::Text
            && scalar.text.contains("${")
        {
            return self.value(node);
        }
        match kinds::argument(name) {
            ValueKind::Boolean => self.boolean(node).map(Value::Bool),
            ValueKind::Integer => self.count(node, 1).map(Value::from),
            ValueKind::Mapping => self.entries(node, "a mapping").and_then(|_| self.value(node)),
            ValueKind::Duration => {
                let duration = self.duration(node)?;
                Some(Value::from(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)))
            }
            ValueKind::Audio => self.audio(node),
            _ => self.template(node, "a text").map(Value::String),
        }
    }

    /// A recording. What is only known when the case runs is looked at then.
    fn audio(&mut self, node: &Node) -> Option<Value> {
        self.entries(node, "a recording")?;
        let value = self.value(node)?;
        if value.to_string().contains("${") {
            return Some(value);
        }
        match Audio::of(&value) {
            Ok(_) => Some(value),
            Err(error) => {
                self.problem(node.span, error.to_string()).help("audio: { tone: 440, seconds: 1.5 }");
                None
            }
        }
    }

    /// Reads a raw request.
    pub(crate) fn http(&mut self, node: &Node) -> Option<HttpRequest> {
        let keys = [METHODS, HTTP_KEYS].concat();
        let fields = self.fields(node, "a raw request", &keys)?;
        let given: Vec<_> = METHODS.iter().filter_map(|method| fields.get(method)).collect();
        if let [_, second, ..] = given.as_slice() {
            self.problem(second.key_span, "a request has one method");
        }
        let Some(method) = given.first() else {
            self.problem(fields.span, "the request has no method").help("http: { get: /path }");
            return None;
        };
        let path = self.template(&method.value, "a path");
        if let Some(path) = &path
            && !["/", "http://", "https://", "${"].iter().any(|start| path.starts_with(start))
        {
            self.problem(method.value.span, format!("{} is no path", quoted(path))).help("a path begins with `/`");
        }
        let headers = fields.value("headers").map(|node| self.headers(node)).unwrap_or_default();
        let auth = fields.value("auth").map_or(Some(Auth::Learner), |node| self.auth(node));
        let body = match (fields.get("json"), fields.get("text")) {
            (Some(_), Some(text)) => {
                self.problem(text.key_span, "a request has one body: `json` or `text`");
                None
            }
            (Some(json), None) => self.value(&json.value).map(HttpBody::Json),
            (None, Some(text)) => self.template(&text.value, "a text").map(HttpBody::Text),
            (None, None) => Some(HttpBody::Empty),
        };
        Some(HttpRequest { method: method.key.to_uppercase(), path: path?, headers, auth: auth?, body: body? })
    }

    fn headers(&mut self, node: &Node) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        for entry in self.entries(node, "a mapping of headers").unwrap_or_default() {
            self.header_name(&entry.key, entry.key_span);
            let value = self.text_or_number(&entry.value, "a header's value");
            headers.extend(value.map(|value| (entry.key.clone(), value)));
        }
        headers
    }

    fn auth(&mut self, node: &Node) -> Option<Auth> {
        Some(match self.template(node, "`learner`, `admin`, `none` or a token")?.as_str() {
            "learner" => Auth::Learner,
            "admin" => Auth::Admin,
            "none" => Auth::Nobody,
            token => Auth::Token(token.to_owned()),
        })
    }
}
