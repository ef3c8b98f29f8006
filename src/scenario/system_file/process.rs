//! How a program is started, found ready, and stopped.

use crate::scenario::Process;
use crate::scenario::read::Reader;
use crate::scenario::system_file::binding::Known;
use crate::scenario::yaml::Node;
use std::collections::BTreeMap;
use std::time::Duration;

/// The keys of `process`.
pub(crate) const PROCESS_KEYS: &[&str] =
    &["command", "directory", "env", "base_url", "ready", "ready_within", "stop_within"];

impl Reader<'_> {
    /// Reads `process` over what the file extends.
    pub(crate) fn process(&mut self, node: &Node, base: Option<Process>) -> Option<Process> {
        let fields = self.fields(node, "`process`", PROCESS_KEYS)?;
        let is_new = base.is_none();
        let mut process = base.unwrap_or_else(|| Process {
            command: Vec::new(),
            directory: None,
            env: BTreeMap::new(),
            base_url: "http://127.0.0.1:${port}".to_owned(),
            ready: "/".to_owned(),
            ready_within: Duration::from_secs(10),
            stop_within: Duration::from_secs(5),
        });
        if let Some(node) = fields.value("command") {
            let items = self.items(node, "a list: the program and its arguments").unwrap_or_default();
            process.command =
                items.iter().filter_map(|item| self.system_template(item, &Known::PROCESS, "a text")).collect();
            if items.is_empty() {
                self.problem(node.span, "the command has no program").help("command: [python, -m, tutor]");
            }
        } else if is_new {
            self.required(&fields, "command");
        }
        if let Some(node) = fields.value("directory") {
            process.directory = self.text(node, "a folder");
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
