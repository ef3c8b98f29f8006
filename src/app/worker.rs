//! `steadfast worker`: runs rounds for another steadfast.

use crate::adapter::subject_at_work;
use crate::disk::make_folders;
use crate::engine::{Prepare, Subject, SubjectError, serve};
use std::io::{self, Read, Write};

/// Serves an engine over pipes until they end.
///
/// # Errors
/// If the engine speaks another protocol.
pub fn worker(input: impl Read + Send + 'static, output: impl Write) -> io::Result<()> {
    let mut make = |prepare: Prepare| -> Result<Box<dyn Subject>, SubjectError> {
        make_folders(&prepare.scratch).map_err(|error| SubjectError(error.to_string()))?;
        subject_at_work(&prepare)
    };
    serve(input, output, &mut make, || std::process::exit(1))
}
