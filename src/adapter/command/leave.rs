//! What a suite with a runner of its own asks for that a file names.

use crate::adapter::SuiteOptions;
use crate::adapter::command::CommandSpec;
use crate::adapter::leave::{Asking, Leave};
use crate::adapter::shared::python::choose_python;
use std::path::Path;

impl Asking for CommandSpec {
    fn ask(&mut self, leave: &Leave<'_>) -> Vec<String> {
        self.python_path.clone_from(&leave.workplace.python_path);
        // A copy that somebody else made could hold anything.
        self.kept = None;
        // What stands for `${python}` is started: no file says what that is.
        let chosen = || choose_python(&self.root, None, leave.workplace.virtual_env.as_deref()).program;
        self.python = Some(leave.program(&leave.pythons.first().cloned().unwrap_or_else(chosen)));
        let mut wanted: Vec<String> = leave.root(&self.root).into_iter().collect();
        let is_file = self.profile.contains(['/', '.']);
        if is_file && !leave.holds(Path::new(&self.profile)) && !names_profile(leave, &self.profile) {
            wanted.push(format!("a profile outside the project: {}", self.profile));
        }
        if !self.arguments.is_empty() && !leave.arguments.contains(&self.arguments) {
            wanted.push(format!("a command: -- {}", self.arguments.join(" ")));
        }
        wanted.extend(self.providers.as_ref().and_then(|file| leave.providers(file)));
        wanted
    }
}

fn names_profile(leave: &Leave<'_>, profile: &str) -> bool {
    leave.suites.iter().any(|suite| match suite {
        SuiteOptions::Pytest(_) => false,
        SuiteOptions::Command(suite) => suite.profile == profile,
    })
}
