//! Looking without running: `check` and `list`.

use crate::adapter::{
    Reach, Sandbox, ScenarioSpec, SubjectSpec, SuiteOptions, load_subject, scenario_spec, suite_spec,
};
use crate::app::{AppError, ToolInfo};
use crate::model::{CaseId, Seed};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// A case as `list` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The id of the case.
    pub id: CaseId,
    /// The title of the case.
    pub title: String,
    /// The tags of the case.
    pub tags: BTreeSet<String>,
    /// Why it would be skipped.
    pub skip: Option<String>,
}

/// Loads everything and lists the cases.
///
/// # Errors
/// All that is wrong with the files.
pub fn list(
    root: &Path,
    paths: &[PathBuf],
    system: &str,
    filter: Option<&str>,
    tool: &ToolInfo,
) -> Result<Vec<Listed>, AppError> {
    let spec = ScenarioSpec {
        program: tool.program.clone(),
        // Nothing is asked of it.
        reach: Reach::Network,
        ..scenario_spec(root, paths, system, filter)
    };
    listed(SubjectSpec::Scenarios(spec))
}

/// Collects a suite and lists its cases.
///
/// # Errors
/// If it can't be collected.
pub fn list_suite(
    suite: &SuiteOptions,
    root: &Path,
    filter: Option<&str>,
    tool: &ToolInfo,
) -> Result<Vec<Listed>, AppError> {
    listed(suite_spec(suite, Sandbox::default(), root, filter, Seed::new(0), &tool.environment)?)
}

fn listed(spec: SubjectSpec) -> Result<Vec<Listed>, AppError> {
    let subject = load_subject(spec)?;
    let listed = subject.cases().iter().map(|case| Listed {
        id: case.id.clone(),
        title: case.title.clone(),
        tags: case.tags.clone(),
        skip: case.skip.clone(),
    });
    Ok(listed.collect())
}

/// Loads everything and counts files and cases.
///
/// # Errors
/// All that is wrong with the files.
pub fn check(root: &Path, paths: &[PathBuf], system: &str, tool: &ToolInfo) -> Result<(usize, usize), AppError> {
    let cases = list(root, paths, system, None, tool)?;
    let files: BTreeSet<&str> =
        cases.iter().map(|case| case.id.as_str().split('[').next().unwrap_or_default()).collect();
    Ok((files.len(), cases.len()))
}
