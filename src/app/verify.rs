//! `steadfast providers verify`: are the mocks like what was recorded of real providers?

use crate::app::AppError;
use crate::disk::{LONGEST_INPUT, read_text};
use crate::provider::{Compared, Pace, TAPE_EXTENSION, Tape, verify};
use crate::report::count;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Compares the tapes in a folder with the mocks, and tells each difference with both sides. Says whether there is none.
///
/// # Errors
/// If a tape can't be read, or the mocks can't be asked.
pub fn verify_recording(folder: &Path, temporary: &Path, out: &mut dyn Write) -> Result<bool, AppError> {
    let mut all = Compared::default();
    for path in tapes(folder)? {
        let name = path.display().to_string();
        let text = read_text(&path, LONGEST_INPUT).map_err(|error| AppError::Usage(format!("{name}: {error}")))?;
        let tape = Tape::read(&name, text.as_bytes(), None, Pace::Instant)
            .map_err(|error| AppError::Usage(format!("{name} is no tape: {error}")))?;
        let scratch = tempfile::tempdir_in(temporary).map_err(AppError::io(temporary))?;
        let compared = verify(&tape, scratch.path()).map_err(|error| AppError::Usage(error.to_string()))?;
        all.exchanges += compared.exchanges;
        all.differences.extend(compared.differences);
    }
    tell(&all, out).map_err(AppError::io("output"))?;
    Ok(all.differences.is_empty())
}

/// The tapes in a folder, by name.
fn tapes(folder: &Path) -> Result<Vec<PathBuf>, AppError> {
    let entries = std::fs::read_dir(folder).map_err(AppError::io(folder))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut tapes: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|ending| ending == TAPE_EXTENSION)).collect();
    tapes.sort();
    if tapes.is_empty() {
        let text = format!("{} holds no tape: `steadfast run --record DIR` writes some", folder.display());
        return Err(AppError::Usage(text));
    }
    Ok(tapes)
}

fn tell(compared: &Compared, out: &mut dyn Write) -> std::io::Result<()> {
    let mut told = "";
    for ((request, difference), times) in &compared.differences {
        if told != request {
            writeln!(out, "{request}")?;
            told = request;
        }
        let times = if *times > 1 { format!("  ({times} times)") } else { String::new() };
        writeln!(out, "  {}{times}", difference.what)?;
        writeln!(out, "    real  {}", difference.real)?;
        writeln!(out, "    mock  {}", difference.mock)?;
    }
    let exchanges = count(compared.exchanges, "exchange");
    match compared.differences.len() {
        0 => writeln!(out, "{exchanges} compared: the mocks answer as the real ones did"),
        some => writeln!(out, "{exchanges} compared, {}", count(some, "difference")),
    }
}
