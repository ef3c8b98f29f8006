//! How a program is started, found ready, and stopped.

use crate::scenario::Process;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::system_file::binding::Known;
use crate::scenario::template::is_name;
use crate::scenario::yaml::Node;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The keys of `process`.
pub(crate) const PROCESS_KEYS: &[&str] =
    &["asgi", "python", "command", "directory", "env", "base_url", "ready", "ready_within", "stop_within"];

/// Whether a text is a module's dotted name and an attribute's.
fn is_application(name: &str) -> bool {
    let is_dotted = |text: &str| text.split('.').all(is_name);
    name.split_once(':').is_some_and(|(module, attribute)| is_dotted(module) && is_dotted(attribute))
}

impl Reader<'_> {
    /// A folder, named from the system file's; so that it does not matter from where the harness is started.
    fn directory(&mut self, node: &Node, folder: &Path) -> Option<String> {
        let directory = self.system_template(node, &Known::PROCESS, "a folder")?;
        if directory.contains("${") {
            return Some(directory);
        }
        match self.project.resolve(&folder.join(&directory)) {
            Ok(path) if path.is_dir() => Some(path.display().to_string()),
            Ok(_) => {
                self.problem(node.span, format!("{} is no folder", quoted(&directory)));
                None
            }
            Err(error) => {
                self.problem(node.span, error.to_string());
                None
            }
        }
    }

    /// Reads `process` over what the file extends.
    pub(crate) fn process(&mut self, node: &Node, base: Option<Process>, folder: &Path) -> Option<Process> {
        let fields = self.fields(node, "`process`", PROCESS_KEYS)?;
        let is_new = base.is_none();
        let mut process = base.unwrap_or_else(|| Process {
            asgi: None,
            python: None,
            command: Vec::new(),
            directory: None,
            env: BTreeMap::new(),
            base_url: "http://127.0.0.1:${port}".to_owned(),
            ready: "/".to_owned(),
            ready_within: Duration::from_secs(10),
            stop_within: Duration::from_secs(5),
        });
        if let Some(node) = fields.value("asgi") {
            process.asgi = self.text(node, "an application, `module:attribute`");
            if process.asgi.as_ref().is_some_and(|name| !is_application(name)) {
                self.problem(node.span, "this names no application").help("asgi: app.main:app");
            }
            process.command.clear();
        }
        if let Some(node) = fields.value("python") {
            process.python = self.system_template(node, &Known::PROCESS, "a program");
        }
        if let Some(node) = fields.value("command") {
            process.asgi = None;
            let items = self.items(node, "a list: the program and its arguments").unwrap_or_default();
            process.command =
                items.iter().filter_map(|item| self.system_template(item, &Known::PROCESS, "a text")).collect();
            if items.is_empty() {
                self.problem(node.span, "the command has no program").help("command: [python, -m, tutor]");
            }
        } else if is_new && process.asgi.is_none() && fields.get("asgi").is_none() {
            self.required(&fields, "command");
        }
        if let Some(node) = fields.value("directory") {
            process.directory = self.directory(node, folder);
        }
        if let Some(node) = fields.value("env") {
            process.env.append(&mut self.templates(node, &Known::PROCESS));
        }
        if let Some(node) = fields.value("base_url") {
            process.base_url = self.base_url(node, &Known::ADDRESS).unwrap_or(process.base_url);
        }
        if let Some(node) = fields.value("ready") {
            process.ready = self.text(node, "a path").unwrap_or(process.ready);
        }
        for (key, limit) in [("ready_within", &mut process.ready_within), ("stop_within", &mut process.stop_within)] {
            if let Some(duration) = fields.value(key).and_then(|node| self.duration(node)) {
                *limit = duration;
            }
        }
        Some(process)
    }
}
