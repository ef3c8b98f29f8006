//! `steadfast worker`: runs rounds for another steadfast.

use crate::adapter::subject_at_work;
use crate::disk::make_folders;
use crate::engine::{Fence, Prepare, Subject, SubjectError, serve};
use crate::event::Note;
use std::io::{self, Read, Write};

/// Serves an engine over pipes until they end. `fence` is what stands around this process, if one is to.
///
/// # Errors
/// If the engine speaks another protocol.
pub fn worker(input: impl Read + Send + 'static, output: impl Write, fence: Option<Fence>) -> io::Result<()> {
    let mut make = |prepare: Prepare| -> Result<Box<dyn Subject>, SubjectError> {
        make_folders(&prepare.scratch).map_err(|error| SubjectError(error.to_string()))?;
        subject_at_work(&prepare)
    };
    let notes = fence.map(Note::of_fence);
    serve(input, output, notes.into_iter().collect(), &mut make, || std::process::exit(1))
}
