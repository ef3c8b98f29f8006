//! Every report of a run, and any of them again from its journal.

use crate::app::{AppError, RunOptions, ToolInfo, files};
use crate::disk::{OutputKind, check_output, replace, write_output};
use crate::event::JournalError;
use crate::record::{self, Record};
use crate::report::{self, Context, JunitDetail, ReportError, Style};
use crate::verdict::{Judgement, judge};
use std::path::{Path, PathBuf};

/// A format that a run can be rendered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rendered {
    /// For a terminal.
    Terminal(Style),
    /// JUnit XML.
    Junit(JunitDetail),
    /// `report.json`.
    Json,
    /// One HTML page.
    Html,
    /// Markdown.
    Markdown,
}

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
pub fn render(folder: &Path, format: Rendered, tool: &ToolInfo) -> Result<String, AppError> {
    let record = record::read(&files::journal(folder))?;
    let judgement = judge(&record);
    Ok(rendered(&record, &judgement, format, &context(folder, tool))?)
}

/// What reports say about where they are.
pub(super) fn context(folder: &Path, tool: &ToolInfo) -> Context {
    Context::new(tool.called.clone(), folder.display().to_string())
}

fn rendered(
    record: &Record,
    judgement: &Judgement,
    format: Rendered,
    context: &Context,
) -> Result<String, ReportError> {
    match format {
        Rendered::Terminal(style) => Ok(report::terminal(record, judgement, context, style)),
        Rendered::Junit(detail) => report::junit(record, judgement, context, detail),
        Rendered::Json => report::json(record, judgement, context),
        Rendered::Html => report::html(record, judgement, context),
        Rendered::Markdown => Ok(report::markdown(record, judgement, context)),
    }
}

/// The files of a run's reports.
fn reports(detail: JunitDetail) -> [(Rendered, OutputKind, &'static str); 4] {
    [
        (Rendered::Junit(detail), OutputKind::Junit, "junit.xml"),
        (Rendered::Json, OutputKind::Json, "report.json"),
        (Rendered::Html, OutputKind::Html, "report.html"),
        (Rendered::Markdown, OutputKind::Markdown, "summary.md"),
    ]
}

/// Where else reports are wanted, in the order of [`reports`].
fn copies(options: &RunOptions) -> [Option<&PathBuf>; 4] {
    [&options.junit, &options.json, &options.html, &options.markdown].map(Option::as_ref)
}

/// Looks, before anything starts, whether the reports may go where they are wanted.
///
/// # Errors
/// If one would destroy something, or two are to go to one file.
pub(super) fn check_outputs(options: &RunOptions) -> Result<(), AppError> {
    let mut taken: Vec<PathBuf> = Vec::new();
    let named = reports(options.junit_detail).into_iter().zip(copies(options));
    for (path, kind) in named.filter_map(|((_, kind, _), path)| Some((path?, kind))) {
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
    for (format, _, name) in reports(detail) {
        let path = folder.join(name);
        replace(&path, rendered(record, judgement, format, &context)?).map_err(AppError::io(&path))?;
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
    for ((_, kind, name), copy) in reports(options.junit_detail).iter().zip(copies(options)) {
        if let Some(copy) = copy {
            let text = std::fs::read_to_string(folder.join(name)).map_err(AppError::io(folder.join(name)))?;
            write_output(copy, *kind, &text)?;
        }
    }
    Ok(())
}
