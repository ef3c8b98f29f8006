//! Every report of a run, and any of them again from its journal.

use crate::app::{AppError, RunOptions, ToolInfo, files};
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
    Junit,
    /// `report.json`.
    Json,
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
    found.ok_or_else(|| {
        let text = format!(
            "there is no run `{run}`: neither a folder of that name nor one below {} has a journal",
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
        Rendered::Junit => report::junit(record, judgement, context, JunitDetail::Case),
        Rendered::Json => report::json(record, judgement, context),
        Rendered::Markdown => Ok(report::markdown(record, judgement, context)),
    }
}

/// Writes all reports into the run's folder, and where else they are wanted.
pub(super) fn write_reports(
    record: &Record,
    judgement: &Judgement,
    folder: &Path,
    options: &RunOptions,
    tool: &ToolInfo,
) -> Result<(), AppError> {
    let context = context(folder, tool);
    let wanted = [
        (Rendered::Junit, "junit.xml", &options.junit),
        (Rendered::Json, "report.json", &options.json),
        (Rendered::Markdown, "summary.md", &options.markdown),
    ];
    for (format, name, copy) in wanted {
        let text = rendered(record, judgement, format, &context)?;
        write(&folder.join(name), &text)?;
        if let Some(copy) = copy {
            write(copy, &text)?;
        }
    }
    Ok(())
}

/// Writes a file so that a reader sees all of it or what was there before.
fn write(path: &Path, text: &str) -> Result<(), AppError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(AppError::io(folder))?;
    }
    let fresh = path.with_extension("fresh");
    std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, path)).map_err(AppError::io(path))
}
