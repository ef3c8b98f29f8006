//! `steadfast providers verify`: are the mocks like what was recorded of real providers?

use crate::adapter::SubjectProblem;
use crate::app::{AppError, ServedLive};
use crate::disk::{LONGEST_INPUT, read_text};
use crate::provider::{Compared, Inquiry, Pace, Recorder, TAPE_EXTENSION, Tape, verify};
use crate::report::count;
use crate::scenario::load_system;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What is to be asked of real providers, to compare their mocks with what they answer.
#[derive(Debug)]
pub struct LiveComparison {
    /// Which providers, and what they may cost.
    pub live: ServedLive,
    /// The system that declares them.
    pub system: String,
    /// The model to ask, by provider.
    pub models: BTreeMap<String, String>,
    /// Where the tapes are kept, if they are.
    pub record: Option<PathBuf>,
    /// What must not get onto them.
    pub secrets: BTreeSet<String>,
}

/// What a comparison came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// The mocks answered as the real providers did.
    Alike,
    /// At least one of them answered otherwise.
    Different,
    /// No difference was seen, and not everything was asked.
    Unproven,
}

/// Asks real providers within a limit of money, and compares the mocks with what they answer. `root` is the project's folder.
///
/// # Errors
/// If the system or its providers are not what the arguments say, or files can't be had.
pub fn verify_live(
    comparison: &LiveComparison,
    root: &Path,
    temporary: &Path,
    out: &mut dyn Write,
) -> Result<Likeness, AppError> {
    let usage = |error: &dyn std::fmt::Display| AppError::Usage(error.to_string());
    let system = load_system(&comparison.system, root).map_err(SubjectProblem::from)?;
    let live = comparison.live.providers(&system.providers)?;
    if let Some(unknown) = comparison.models.keys().find(|name| !comparison.live.spec.hosts.contains_key(*name)) {
        return Err(AppError::Usage(format!("--model {unknown}=…: {unknown} is none of the providers of --live")));
    }
    let scratch = tempfile::tempdir_in(temporary).map_err(AppError::io(temporary))?;
    let folder = comparison.record.clone().unwrap_or_else(|| scratch.path().join("tapes"));
    if Recorder::is_used(&folder) {
        return Err(AppError::Usage(format!("{} holds tapes already: name another folder", folder.display())));
    }
    crate::disk::make_report_folders(&folder).map_err(AppError::io(&folder))?;
    let (mut all, mut unasked) = (Compared::default(), Vec::new());
    for decl in system.providers.iter().filter(|decl| live.hosts.contains_key(&decl.name)) {
        let inquiry = Inquiry {
            decl,
            live: &live,
            model: comparison.models.get(decl.name.as_str()).map(String::as_str),
            secrets: &comparison.secrets,
            folder: &folder,
            scratch: &scratch.path().join(decl.name.as_str()),
        };
        let inquired = inquiry.ask().map_err(|error| usage(&error))?;
        unasked.extend(inquired.unasked);
        if let Some(tape) = &inquired.tape {
            all.add(compared(tape, temporary)?);
        }
    }
    let spent = live.purse.spent().map_err(AppError::io("spending"))?;
    tell(&all, out)
        .and_then(|()| unasked.iter().try_for_each(|why| writeln!(out, "not asked: {why}")))
        .and_then(|()| writeln!(out, "spent {} of {} USD", spent.settled, live.purse.limit()))
        .map_err(AppError::io("output"))?;
    Ok(match (all.differences.is_empty(), unasked.is_empty()) {
        (false, _) => Likeness::Different,
        (true, true) => Likeness::Alike,
        (true, false) => Likeness::Unproven,
    })
}

/// Compares the tapes in a folder with the mocks, and tells each difference with both sides. Says whether there is none.
///
/// # Errors
/// If a tape can't be read, or the mocks can't be asked.
pub fn verify_recording(folder: &Path, temporary: &Path, out: &mut dyn Write) -> Result<bool, AppError> {
    let mut all = Compared::default();
    for path in tapes(folder)? {
        all.add(compared(&path, temporary)?);
    }
    tell(&all, out).map_err(AppError::io("output"))?;
    Ok(all.differences.is_empty())
}

/// Compares one tape with its mock.
fn compared(path: &Path, temporary: &Path) -> Result<Compared, AppError> {
    let name = path.display().to_string();
    let text = read_text(path, LONGEST_INPUT).map_err(|error| AppError::Usage(format!("{name}: {error}")))?;
    let tape = Tape::read(&name, text.as_bytes(), None, Pace::Instant)
        .map_err(|error| AppError::Usage(format!("{name} is no tape: {error}")))?;
    let scratch = tempfile::tempdir_in(temporary).map_err(AppError::io(temporary))?;
    verify(&tape, scratch.path()).map_err(|error| AppError::Usage(error.to_string()))
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
