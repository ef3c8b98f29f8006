//! What steps are played on.

use crate::adapter::scenario::transport::Target;
use crate::adapter::shared::template::Variables;
use crate::adapter::system::output::{Mark, Output};
use crate::adapter::system::ready_system::ReadySystem;
use crate::provider::Providers;
use serde_json::Value;
use std::path::Path;

/// What a lane is played on. Lanes that run side by side share it.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub target: &'a Target,
    pub providers: Option<&'a Providers>,
    pub output: &'a Output,
    pub stage_variables: &'a Variables,
    pub begun: Mark,
}

impl<'s> Scene<'s> {
    /// The scene of a case that began when the stage's output was at `begun`.
    pub fn of(stage: &'s ReadySystem, target: &'s Target, begun: Mark) -> Self {
        let (providers, output) = (stage.providers.as_ref(), &stage.output);
        Self { target, providers, output, stage_variables: &stage.variables, begun }
    }

    /// The folders that a system file may name files in: the project's and the round's.
    pub fn folders(&self) -> [&'s Path; 2] {
        let folder = |name: &str| self.stage_variables.get(name).and_then(Value::as_str).unwrap_or_default();
        [Path::new(folder("root")), Path::new(folder("dir"))]
    }
}
