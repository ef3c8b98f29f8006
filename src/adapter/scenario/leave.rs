//! What scenarios that a file names ask for.

use crate::adapter::leave::{Asking, Leave};
use crate::adapter::scenario::spec::ScenarioSpec;
use crate::adapter::shared::reach::Reach;
use std::collections::BTreeMap;
use std::path::Path;

impl Asking for ScenarioSpec {
    fn ask(&mut self, leave: &Leave<'_>) -> Vec<String> {
        // What this program and its environment are, no file says.
        self.program.clone_from(&leave.workplace.program);
        (self.secrets, self.python_path, self.virtual_env) = (BTreeMap::new(), None, None);
        let mut wanted: Vec<String> = leave.root(&self.root).into_iter().collect();
        if self.reach == Reach::Network && !leave.network {
            wanted.push("requests to other machines (--allow-network)".to_owned());
        }
        let is_shipped = ["embedded", "process"].contains(&self.system.as_str());
        if !is_shipped && !leave.systems.contains(&self.system) && !leave.holds(Path::new(&self.system)) {
            wanted.push(format!("the system `{0}` (--system {0})", self.system));
        }
        for path in self.paths.iter().filter(|path| !leave.holds(path)) {
            wanted.push(format!("scenarios outside the project: {}", path.display()));
        }
        if let Some(live) = &self.live {
            let names = live.hosts.keys().cloned().collect::<Vec<_>>().join(", ");
            wanted.push(format!("calls to real providers: {names}"));
        }
        if let Some(folder) = &self.record {
            wanted.push(format!("recording into a folder: {}", folder.display()));
        }
        if !self.defects.is_empty() {
            wanted.push(format!("defects of the tutor: {}", self.defects.join(", ")));
        }
        wanted
    }
}
