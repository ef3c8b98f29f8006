//! A system while it is being read: what a file says is laid over what it extends.

use crate::model::ContentHash;
use crate::provider::{ProviderDecl, ProviderName, Wire};
use crate::scenario::problem::Problem;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::source::SourceFile;
use crate::scenario::system_file::binding::Known;
use crate::scenario::template::is_name;
use crate::scenario::yaml::{Entry, Kind, Node, Span};
use crate::scenario::{
    Binding, BindingAuth, Capability, CarriedForm, FieldPath, Process, REFUSAL_FIELDS, Reset, System, SystemKind, Verb,
};
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// The keys of a system file.
pub(crate) const SYSTEM_KEYS: &[&str] = &[
    "system",
    "extends",
    "kind",
    "url",
    "process",
    "providers",
    "can",
    "reset",
    "auth",
    "refusal",
    "verbs",
    "names",
    "untrusted",
    "carries",
    "statuses",
    "prepare",
    "call_language",
    "call_message",
];

/// The keys of a provider's declaration.
pub(crate) const PROVIDER_KEYS: &[&str] = &["wire", "hosts", "key", "env", "key_env", "replay", "speed", "prices"];

/// How a system is run, before what goes with it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunBy {
    Embedded,
    Process,
    Url,
}

/// A provider with the environment that leads a program to it.
#[derive(Debug, Clone)]
struct Declared {
    provider: ProviderDecl,
    env: BTreeMap<String, String>,
}

/// A system while it is being read.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    name: Option<String>,
    run_by: Option<RunBy>,
    url: Option<String>,
    process: Option<Process>,
    providers: Vec<Declared>,
    /// None as long as no file says.
    can: Option<BTreeSet<Capability>>,
    reset: Option<Reset>,
    learner_auth: Option<(String, String)>,
    admin_auth: Option<(String, String)>,
    refusal: BTreeMap<String, FieldPath>,
    verbs: BTreeMap<Verb, Binding>,
    change_settings: Option<Binding>,
    names: BTreeMap<String, BTreeMap<String, String>>,
    untrusted: BTreeSet<String>,
    carries: BTreeMap<String, CarriedForm>,
    statuses: BTreeMap<u16, Vec<u16>>,
    prepare_run: Vec<Binding>,
    prepare_learner: Vec<Binding>,
    call_language: Option<Regex>,
    call_message: Option<Regex>,
}

impl Draft {
    /// Lays a file, which stands in `folder`, over what is there: a verb, provider or name that it gives replaces the one that was there.
    pub(crate) fn apply(&mut self, reader: &mut Reader<'_>, root: &Node, folder: &Path) {
        let Some(fields) = reader.fields(root, "a system", SYSTEM_KEYS) else { return };
        // What this file does not name is somebody else's system under a name of its own.
        self.name = fields.value("system").and_then(|node| reader.text(node, "a name"));
        if fields.get("system").is_none() {
            reader.problem(root.span, "`system` is missing").help("system: the name that reports show");
        }
        if let Some(node) = fields.value("process") {
            let base = self.process.take();
            self.process = reader.process(node, base, folder);
            self.run_by = Some(RunBy::Process);
        }
        if let Some(node) = fields.value("url") {
            self.url = reader.base_url(node, &Known::NONE);
            self.run_by = Some(RunBy::Url);
        }
        if let Some(node) = fields.value("kind") {
            let words = [("embedded", RunBy::Embedded), ("process", RunBy::Process), ("url", RunBy::Url)];
            self.run_by = reader.word(node, "a way to run a system", &words).or(self.run_by);
        }
        if let Some(node) = fields.value("providers") {
            self.read_providers(reader, node);
        }
        if let Some(node) = fields.value("can") {
            self.can = Some(reader.capabilities(node));
        } else if ["verbs", "reset", "auth", "refusal"].iter().any(|key| fields.get(key).is_some())
            && let Some(can) = &mut self.can
        {
            // Whoever is asked in another way has not the reference tutor's own paths.
            can.remove(&Capability::ReferenceApi);
        }
        if let Some(node) = fields.value("auth") {
            self.read_auth(reader, node);
        }
        if let Some(node) = fields.value("reset") {
            self.reset = reader.reset(node);
        }
        if let Some(node) = fields.value("refusal") {
            self.refusal = reader.paths(node, "a refusal", &|field| REFUSAL_FIELDS.contains(&field));
        }
        if let Some(node) = fields.value("verbs") {
            self.read_verbs(reader, node);
        }
        if let Some(node) = fields.value("names") {
            self.read_names(reader, node);
        }
        if let Some(node) = fields.value("untrusted") {
            let items = reader.items(node, "a list of fields").unwrap_or_default();
            self.untrusted = items.iter().filter_map(|item| reader.text(item, "a field")).collect();
        }
        if let Some(node) = fields.value("carries") {
            self.carries = reader.carried_forms(node);
        }
        if let Some(node) = fields.value("statuses") {
            self.statuses = reader.statuses(node);
        }
        if let Some(fields) =
            fields.value("prepare").and_then(|node| reader.fields(node, "`prepare`", &["run", "learner"]))
        {
            let run = fields.value("run").map(|node| reader.preparations(node, &Known::RUN, BindingAuth::Admin));
            self.prepare_run = run.unwrap_or_default();
            let learner =
                fields.value("learner").map(|node| reader.preparations(node, &Known::LEARNER, BindingAuth::Learner));
            self.prepare_learner = learner.unwrap_or_default();
        }
        for (key, regex) in [("call_language", &mut self.call_language), ("call_message", &mut self.call_message)] {
            let Some(node) = fields.value(key) else { continue };
            *regex = reader.regex(node);
            if regex.as_ref().is_some_and(|regex| regex.captures_len() < 2) {
                let what = key.trim_start_matches("call_");
                reader
                    .problem(node.span, "the expression has no group")
                    .help(format!("its first group is the {what}: 'Reply in language: (\\S+)\\.'"));
            }
        }
    }

    fn read_providers(&mut self, reader: &mut Reader<'_>, node: &Node) {
        for entry in reader.entries(node, "a mapping of providers").unwrap_or_default() {
            if !is_name(&entry.key) || entry.key.contains('.') || matches!(entry.key.as_str(), "any" | "order") {
                reader.problem(entry.key_span, format!("{} can't be a provider's name", quoted(&entry.key)));
                continue;
            }
            self.providers.retain(|known| known.provider.name.as_str() != entry.key);
            if !entry.value.is_null() {
                self.providers.extend(declared(reader, entry));
            }
        }
    }

    fn read_auth(&mut self, reader: &mut Reader<'_>, node: &Node) {
        let Some(fields) = reader.fields(node, "`auth`", &["learner", "admin"]) else { return };
        if let Some(node) = fields.value("learner") {
            self.learner_auth = reader.auth_header(node, "token");
        }
        if let Some(node) = fields.value("admin") {
            self.admin_auth = reader.auth_header(node, "admin_token");
        }
    }

    fn read_verbs(&mut self, reader: &mut Reader<'_>, node: &Node) {
        for entry in reader.entries(node, "a mapping of verbs").unwrap_or_default() {
            let Some(verb) = Verb::ALL.into_iter().find(|verb| verb.as_str() == entry.key) else {
                let known: Vec<&str> = Verb::ALL.iter().map(|verb| verb.as_str()).collect();
                reader.unknown_key(entry, "`verbs`", &known);
                continue;
            };
            if entry.value.is_null() {
                self.verbs.remove(&verb);
                if verb == Verb::Settings {
                    self.change_settings = None;
                }
                continue;
            }
            let has_two =
                verb == Verb::Settings && (entry.value.get("read").is_some() || entry.value.get("change").is_some());
            if has_two {
                let Some(fields) = reader.fields(&entry.value, "`settings`", &["read", "change"]) else { continue };
                let mut read = |key: &str| fields.value(key).and_then(|node| reader.binding(node, verb));
                let (to_read, to_change) = (read("read"), read("change"));
                self.verbs.extend(to_read.map(|binding| (verb, binding)));
                self.change_settings = to_change.or(self.change_settings.take());
            } else {
                self.verbs.extend(reader.binding(&entry.value, verb).map(|binding| (verb, binding)));
            }
        }
    }

    fn read_names(&mut self, reader: &mut Reader<'_>, node: &Node) {
        for entry in reader.entries(node, "a mapping of fields").unwrap_or_default() {
            let mut names = BTreeMap::new();
            for name in reader.entries(&entry.value, "a mapping of names").unwrap_or_default() {
                let meaning = reader.text(&name.value, "a name");
                names.extend(meaning.map(|meaning| (name.key.clone(), meaning)));
            }
            self.names.insert(entry.key.clone(), names);
        }
    }

    /// The system, if nothing is missing.
    pub(crate) fn finish(
        mut self,
        source: &Arc<SourceFile>,
        span: Span,
        environment: BTreeSet<String>,
        hash: ContentHash,
        problems: &mut Vec<Problem>,
    ) -> Option<System> {
        let mut wrong = |message: &str, help: &str| {
            problems.push(Problem::new(source, span, message).with_help(help));
        };
        let kind = match self.run_by {
            Some(RunBy::Embedded) => Some(SystemKind::Embedded),
            Some(RunBy::Process) => {
                if self.process.is_none() {
                    wrong("`process` is missing", "process: { command: [...] }");
                }
                self.process.take().map(|process| SystemKind::Process(self.with_provider_env(process)))
            }
            Some(RunBy::Url) => {
                if self.url.is_none() {
                    wrong("`url` is missing", "url: http://127.0.0.1:8000");
                }
                self.url.take().map(SystemKind::Url)
            }
            None => {
                wrong("nothing says how the system is run", "`process`, `url`, or `extends: embedded`");
                None
            }
        };
        let reset = self.reset.take().unwrap_or(Reset::None);
        let resets = matches!(reset, Reset::Http(_) | Reset::Sql { .. } | Reset::Restart);
        let mut can = self.can.take().unwrap_or_else(|| self.bound_capabilities(&reset, kind.as_ref()));
        if can.contains(&Capability::Reset) && !resets {
            wrong("a system that can `reset` says how", "reset: http, sql or restart");
        }
        if resets {
            can.insert(Capability::Reset);
        }
        let uses = |auth: BindingAuth| {
            let by_reset = matches!(&reset, Reset::Http(binding) if binding.auth == auth);
            by_reset || self.verbs.values().chain(&self.change_settings).any(|binding| binding.auth == auth)
        };
        if uses(BindingAuth::Learner) && self.learner_auth.is_none() {
            wrong("requests carry a learner's token, and nothing says in which header", AUTH_HELP);
        }
        if uses(BindingAuth::Admin) && self.admin_auth.is_none() {
            wrong("requests carry the administrator's token, and nothing says in which header", AUTH_HELP);
        }
        for binding in self.verbs.values_mut().chain(self.change_settings.as_mut()) {
            for (field, path) in &self.refusal {
                binding.answer.entry(field.clone()).or_insert_with(|| path.clone());
            }
        }
        Some(System {
            name: self.name?,
            kind: kind?,
            providers: self.providers.into_iter().map(|declared| declared.provider).collect(),
            can,
            reset,
            verbs: self.verbs,
            change_settings: self.change_settings,
            learner_auth: self.learner_auth,
            admin_auth: self.admin_auth,
            names: self.names,
            untrusted: self.untrusted,
            carries: self.carries,
            statuses: self.statuses,
            prepare_run: self.prepare_run,
            prepare_learner: self.prepare_learner,
            call_language: self.call_language,
            call_message: self.call_message,
            environment,
            hash,
        })
    }

    /// What a system can do, by what its file binds: for a file that does not say.
    fn bound_capabilities(&self, reset: &Reset, kind: Option<&SystemKind>) -> BTreeSet<Capability> {
        let told: String = match reset {
            Reset::Http(binding) => format!("{} {:?} {:?}", binding.path, binding.body, binding.form),
            Reset::Sql { statements, .. } => statements.join("\n"),
            Reset::Restart | Reset::FreshLearner | Reset::None => String::new(),
        };
        let names = |name: &str| told.contains(&format!("${{{name}")) || told.contains(&format!("+{name}"));
        let is_process = matches!(kind, Some(SystemKind::Process(_)));
        let is_mocked = !matches!(kind, Some(SystemKind::Url(_)) | None) && !self.providers.is_empty();
        let streams = self.verbs.get(&Verb::Chat).is_some_and(|chat| chat.stream.is_some());
        let bound = [
            (Capability::Budget, names("limit") || names("used")),
            (Capability::Clock, names("now")),
            (Capability::ProviderTimeout, names("provider_timeout_ms")),
            (Capability::Health, names("unhealthy")),
            (Capability::Restart, is_process),
            (Capability::Log, is_process),
            (Capability::Journal, is_mocked),
            (Capability::Stream, streams),
        ];
        bound.into_iter().filter_map(|(capability, is_bound)| is_bound.then_some(capability)).collect()
    }

    fn with_provider_env(&self, mut process: Process) -> Process {
        for (name, value) in self.providers.iter().flat_map(|declared| &declared.env) {
            process.env.entry(name.clone()).or_insert_with(|| value.clone());
        }
        process
    }
}

const AUTH_HELP: &str = "auth: { learner: { header: Authorization, value: \"Bearer ${token}\" } }";

fn declared(reader: &mut Reader<'_>, entry: &Entry) -> Option<Declared> {
    let fields = reader.fields(&entry.value, "a provider", PROVIDER_KEYS)?;
    let wires: Vec<(&str, Wire)> = Wire::ALL.iter().map(|wire| (wire.as_str(), *wire)).collect();
    let wire = reader.required(&fields, "wire").and_then(|node| reader.word(node, "a wire format", &wires));
    let mut hosts = Vec::new();
    if let Some(node) = fields.value("hosts") {
        for item in reader.items(node, "a list of host names").unwrap_or_default() {
            hosts.extend(reader.text(item, "a host name"));
        }
    }
    let key = fields.value("key").and_then(|node| reader.text(node, "a key"));
    let mut env = BTreeMap::new();
    for (from, what) in [("env", "url"), ("key_env", "key")] {
        let Some(node) = fields.value(from) else { continue };
        match &node.kind {
            Kind::Mapping(_) => env.append(&mut reader.templates(node, &Known::PROCESS)),
            Kind::Scalar(_) | Kind::List(_) => {
                let name = reader.text(node, "a variable's name");
                env.extend(name.map(|name| (name, format!("${{{what}.{}}}", entry.key))));
            }
        }
    }
    let prices = fields.value("prices").map(|node| reader.prices(node)).unwrap_or_default();
    let replay = fields.value("replay").and_then(|node| reader.tape(node, fields.value("speed"), wire));
    let provider = ProviderDecl { name: ProviderName::new(&entry.key), wire: wire?, hosts, key, replay, prices };
    Some(Declared { provider, env })
}
