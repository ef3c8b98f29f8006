//! The kinds of subject there are: which spec makes what.

use crate::adapter::SubjectProblem;
use crate::adapter::command::{CommandSubject, CommandSuite};
use crate::adapter::pytest::{PytestSubject, PytestSuite};
use crate::adapter::scenario::loaded::LoadedScenarios;
use crate::adapter::scenario::subject::load_scenarios;
use crate::adapter::spec::SubjectSpec;
use crate::adapter::subject::LoadedSubject;
use crate::engine::{Prepare, Subject, SubjectError};

/// Loads what is to be run.
///
/// # Errors
/// All that is wrong with it, at once.
pub fn load_subject(spec: SubjectSpec) -> Result<Box<dyn LoadedSubject>, SubjectProblem> {
    Ok(match spec {
        SubjectSpec::Scenarios(spec) => Box::new(LoadedScenarios::load(spec)?),
        SubjectSpec::Pytest(spec) => Box::new(PytestSuite::load(spec)?),
        SubjectSpec::Command(spec) => Box::new(CommandSuite::load(spec)?),
    })
}

/// Makes what a worker runs.
///
/// # Errors
/// If it can't be understood, loaded or started.
pub fn subject_at_work(prepare: &Prepare) -> Result<Box<dyn Subject>, SubjectError> {
    let spec: SubjectSpec = serde_json::from_value(prepare.spec.clone())
        .map_err(|error| SubjectError(format!("the worker does not understand the subject: {error}")))?;
    match spec.with_secrets(&prepare.secrets) {
        SubjectSpec::Scenarios(spec) => {
            let subject = load_scenarios(spec).map_err(SubjectError::of)?;
            Ok(Box::new(subject.at_work(prepare)))
        }
        SubjectSpec::Pytest(spec) => Ok(Box::new(PytestSubject::new(spec, prepare)?)),
        SubjectSpec::Command(spec) => Ok(Box::new(CommandSubject::new(spec, prepare)?)),
    }
}
