//! `steadfast worker`: runs rounds for another steadfast.

use crate::adapter::{ScenarioSpec, load_subject};
use crate::engine::{Prepare, Subject, SubjectError, serve};
use std::io::{self, Read, Write};

/// Serves an engine over pipes until they end.
///
/// # Errors
/// If the engine speaks another protocol.
pub fn worker(input: impl Read + Send + 'static, output: impl Write) -> io::Result<()> {
    let mut make = |prepare: Prepare| -> Result<Box<dyn Subject>, SubjectError> {
        let spec: ScenarioSpec = serde_json::from_value(prepare.spec.clone())
            .map_err(|error| SubjectError(format!("the worker does not understand the subject: {error}")))?;
        let subject = load_subject(spec).map_err(|error| SubjectError(error.to_string()))?;
        std::fs::create_dir_all(&prepare.scratch).map_err(|error| SubjectError(error.to_string()))?;
        Ok(Box::new(subject.at_work(&prepare)))
    };
    serve(input, output, &mut make, || std::process::exit(1))
}
