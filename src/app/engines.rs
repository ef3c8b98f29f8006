//! The engine that runs the rounds of a run on this machine.

use crate::adapter::{LoadedSubject, SubjectSpec};
use crate::app::{AppError, ToolInfo};
use crate::engine::{Engine, EngineConfig, Leftovers, Prepared, Rounds};
use crate::event::Header;
use std::path::Path;
use std::time::Duration;

/// How much longer than its deadline a trial may take before its worker is killed.
const PATIENCE: Duration = Duration::from_secs(5);

/// What an engine needs besides the run's own facts.
pub(super) struct AtWork<'a> {
    pub jobs: usize,
    /// How long a worker may take to make the subject ready.
    pub start_within: Duration,
    /// Whether its programs are kept from other machines.
    pub is_fenced: bool,
    pub tool: &'a ToolInfo,
    pub folder: &'a Path,
}

impl<'a> AtWork<'a> {
    /// So many rounds side by side of a subject.
    pub fn of(subject: &dyn LoadedSubject, jobs: usize, tool: &'a ToolInfo, folder: &'a Path) -> Self {
        Self { jobs, start_within: subject.start_within(), is_fenced: subject.is_fenced(), tool, folder }
    }
}

/// The engine of a run of `spec`.
pub(super) fn engine(at_work: &AtWork<'_>, header: &Header, spec: &SubjectSpec) -> Result<Box<dyn Rounds>, AppError> {
    let tool = at_work.tool;
    let temporary = &tool.temporary;
    let leftovers = Leftovers::begin(at_work.folder, temporary, &header.run).map_err(AppError::io(temporary))?;
    let config = EngineConfig {
        program: tool.program.clone(),
        arguments: vec!["worker".to_owned()],
        is_fenced: at_work.is_fenced,
        jobs: at_work.jobs,
        spec: spec
            .clone()
            .meaning(&header.cases)
            .at(&tool.workplace())
            .hiding(&tool.secrets)
            .spending_in(at_work.folder)
            .to_json()?,
        secrets: tool.environment.clone(),
        expected: Prepared {
            cases: u32::try_from(header.cases.len()).unwrap_or(u32::MAX),
            hash: header.subject.hash.clone(),
        },
        start_within: at_work.start_within,
        patience: PATIENCE,
    };
    Ok(Box::new(Engine::new(config, leftovers)))
}
