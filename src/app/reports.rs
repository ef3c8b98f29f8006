//! Every report of a run, and any of them again from its journal.

use crate::app::{AppError, RunOptions, ToolInfo, files};
use crate::disk::{LONGEST_RESULT, OutputKind, check_output, read_text, replace, write_output};
use crate::event::JournalError;
use crate::record::{self, Record};
use crate::report::{Context, Format, JunitDetail, RenderOptions};
use crate::verdict::{Judgement, judge};
use std::path::{Path, PathBuf};

/// The folder of a run: one that is named by its path, its name, or `latest`.
///
/// # Errors
/// If there is none.
pub fn run_folder(report_dir: &Path, run: &str) -> Result<PathBuf, AppError> {
    let candidates = [PathBuf::from(run), report_dir.join("runs").join(run), report_dir.join(run)];
    let found = candidates.iter().find(|folder| files::journal(folder).is_file()).cloned();
    // By its own name, whatever link led to it: reports name files, and must be the same however they are asked for.
    let itself = |folder: PathBuf| match (std::fs::read_link(&folder), folder.parent()) {
        (Ok(target), Some(parent)) => parent.join(target),
        _ => folder,
    };
    found.map(itself).ok_or_else(|| {
        let text = format!(
            "there is no run `{run}`: neither a folder of that name nor one below {} has a journal; `steadfast run` makes one",
            report_dir.join("runs").display()
        );
        AppError::Usage(text)
    })
}

/// Renders a run from its journal.
///
/// # Errors
/// If the journal can't be read.
pub fn render(folder: &Path, format: Format, options: RenderOptions, tool: &ToolInfo) -> Result<String, AppError> {
    let record = record::read(&files::journal(folder))?;
    let judgement = judge(&record);
    Ok(format.render_with(&record, &judgement, &context(folder, tool), options)?)
}

/// What reports say about where they are.
pub(super) fn context(folder: &Path, tool: &ToolInfo) -> Context {
    Context::new(tool.called.clone(), folder.display().to_string())
}

/// The reports that a run writes, with what another file must be to be replaced by one.
const REPORTS: [(Format, OutputKind); 4] = [
    (Format::Junit, OutputKind::Junit),
    (Format::Json, OutputKind::Json),
    (Format::Html, OutputKind::Html),
    (Format::Markdown, OutputKind::Markdown),
];

/// Where else reports are wanted, in the order of [`REPORTS`].
fn copies(options: &RunOptions) -> [Option<&PathBuf>; 4] {
    [&options.junit, &options.json, &options.html, &options.markdown].map(Option::as_ref)
}

/// Looks, before anything starts, whether the reports may go where they are wanted.
///
/// # Errors
/// If one would destroy something, or two are to go to one file.
pub(super) fn check_outputs(options: &RunOptions) -> Result<(), AppError> {
    let mut taken: Vec<PathBuf> = Vec::new();
    let named = REPORTS.into_iter().zip(copies(options));
    for (path, kind) in named.filter_map(|((_, kind), path)| Some((path?, kind))) {
        check_output(path, kind)?;
        let absolute = std::path::absolute(path).map_err(AppError::io(path))?;
        let file = absolute.canonicalize().unwrap_or(absolute);
        if taken.contains(&file) && file != Path::new("/dev/null") {
            return Err(AppError::Usage(format!("two reports are to go to {}: give each a file", path.display())));
        }
        taken.push(file);
    }
    Ok(())
}

/// Writes all reports into the run's folder.
pub(super) fn write_run_reports(
    record: &Record,
    judgement: &Judgement,
    folder: &Path,
    detail: JunitDetail,
    tool: &ToolInfo,
) -> Result<(), AppError> {
    let context = context(folder, tool);
    let journal = files::journal(folder);
    if !journal.is_file() {
        return Err(JournalError::Gone { path: journal }.into());
    }
    let options = RenderOptions { junit_detail: detail, ..RenderOptions::default() };
    for (format, _) in REPORTS {
        let Some(name) = format.file_name() else { continue };
        let path = folder.join(name);
        let text = format.render_with(record, judgement, &context, options)?;
        replace(&path, text).map_err(AppError::io(&path))?;
    }
    Ok(())
}

/// Writes all reports into the run's folder, and where else they are wanted.
pub(super) fn write_reports(
    record: &Record,
    judgement: &Judgement,
    folder: &Path,
    options: &RunOptions,
    tool: &ToolInfo,
) -> Result<(), AppError> {
    write_run_reports(record, judgement, folder, options.junit_detail, tool)?;
    for ((format, kind), copy) in REPORTS.into_iter().zip(copies(options)) {
        if let (Some(copy), Some(name)) = (copy, format.file_name()) {
            let path = folder.join(name);
            let text = read_text(&path, LONGEST_RESULT).map_err(|error| AppError::io(&path)(error.into()))?;
            write_output(copy, kind, &text)?;
        }
    }
    Ok(())
}
