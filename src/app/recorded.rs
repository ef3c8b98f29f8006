//! The subject of a run, as a file recorded it.

use crate::adapter::SubjectSpec;
use crate::app::AppError;
use crate::event::{Redactor, SubjectInfo};
use std::path::Path;

/// Understands what `file` says of a subject, in the project's folder.
///
/// # Errors
/// If that is not understood.
pub(super) fn spec_in(file: &Path, subject: &SubjectInfo, root: &Path) -> Result<SubjectSpec, AppError> {
    let spec: SubjectSpec = serde_json::from_value(subject.spec.clone()).map_err(|error| {
        AppError::Usage(format!("{}: its subject is not understood: {error}; start a new run", file.display()))
    })?;
    Ok(spec.at_root(root))
}

/// Refuses a subject with a gap where one of its arguments was a secret: no file keeps those.
///
/// # Errors
/// If there is one.
pub(super) fn refuse_gaps(file: &Path, spec: &SubjectSpec) -> Result<(), AppError> {
    let text = spec.to_json()?.to_string();
    if !Redactor::has_removed(&text) {
        return Ok(());
    }
    Err(AppError::Usage(format!(
        "{}: an argument of the run was a secret, or looked like a provider's key, and no file keeps those: give it in an \
         environment variable, and start a new run",
        file.display()
    )))
}
