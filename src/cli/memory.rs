//! `history`, `diff` and `quarantine`: what is remembered, printed and kept.

use crate::app::{self, Growth, ImportOptions, QuarantineRequest};
use crate::cli::Exit;
use crate::cli::door::{Colours, out};
use crate::cli::memory_arguments::{
    DiffArguments, DiffFormat, HistoryArguments, HistoryCommand, ImportArguments, QuarantineCommand, TrendFormat,
};
use crate::cli::trouble::Trouble;
use crate::model::{Clock, SystemClock};
use std::io::{self, Write};
use std::path::Path;

pub(super) fn history(arguments: &HistoryArguments) -> Result<Exit, Trouble> {
    match &arguments.command {
        None => trends(arguments),
        Some(HistoryCommand::Import(arguments)) => import(arguments),
        Some(HistoryCommand::Flaky { suite, format, memory }) => {
            let flips = app::flips(&memory.place(), suite.as_deref())?;
            match format {
                DiffFormat::Text => out(Colours::None).write_all(crate::history::flips_text(&flips).as_bytes())?,
                DiffFormat::Json => {
                    let text = serde_json::to_string_pretty(&flips).map_err(io::Error::other)? + "\n";
                    io::stdout().write_all(text.as_bytes())?;
                }
            }
            Ok(Exit::Good)
        }
        Some(HistoryCommand::Prune { keep_days, memory }) => {
            let gone = app::forget(&memory.place(), *keep_days, SystemClock.now())?;
            writeln!(
                out(Colours::None),
                "{} forgotten",
                crate::report::count(usize::try_from(gone).unwrap_or(usize::MAX), "run")
            )?;
            Ok(Exit::Good)
        }
    }
}

fn import(arguments: &ImportArguments) -> Result<Exit, Trouble> {
    let options = ImportOptions {
        files: arguments.files.clone(),
        suite: arguments.suite.clone(),
        commit: arguments.commit.clone(),
        branch: arguments.branch.clone(),
    };
    let place = arguments.memory.place();
    let imported = app::import(&place, &options)?;
    let mut out = out(Colours::None);
    for refused in &imported.refused {
        writeln!(out, "passed over: {refused}")?;
    }
    writeln!(out, "{} imported", crate::report::count(imported.runs, "run"))?;
    for suite in &imported.suites {
        write!(out, "\n{}", crate::history::flips_text(&app::flips(&place, Some(suite))?))?;
    }
    // Whoever named files and got none of them in has to know.
    Ok(if imported.runs == 0 { Exit::Usage } else { Exit::Good })
}

fn trends(arguments: &HistoryArguments) -> Result<Exit, Trouble> {
    let case = arguments.id.as_deref().or(arguments.case.as_deref());
    let trends = app::trends(&arguments.memory.place(), arguments.suite.as_deref(), case)?;
    let text = match arguments.format {
        TrendFormat::Text => crate::history::trends_text(&trends),
        TrendFormat::Json => crate::history::trends_json(&trends).map_err(io::Error::other)?,
        TrendFormat::Html => crate::history::trends_html(&trends).map_err(io::Error::other)?,
    };
    match arguments.format {
        TrendFormat::Text => out(Colours::None).write_all(text.as_bytes())?,
        // A file of its format, whose writer has cleaned it.
        TrendFormat::Json | TrendFormat::Html => io::stdout().write_all(text.as_bytes())?,
    }
    Ok(Exit::Good)
}

pub(super) fn diff(arguments: &DiffArguments) -> Result<Exit, Trouble> {
    let memory = &arguments.memory;
    let diff = app::compare(&arguments.before, &arguments.after, &memory.report_dir, &memory.place())?;
    let text = match arguments.format {
        DiffFormat::Text => diff.text(),
        DiffFormat::Json => serde_json::to_string_pretty(&diff).map_err(io::Error::other)? + "\n",
    };
    match arguments.format {
        DiffFormat::Text => out(Colours::None).write_all(text.as_bytes())?,
        DiffFormat::Json => io::stdout().write_all(text.as_bytes())?,
    }
    Ok(if diff.has_new() { Exit::Found } else { Exit::Good })
}

pub(super) fn quarantine(what: &QuarantineCommand, root: &Path) -> Result<Exit, Trouble> {
    let now = SystemClock.now();
    let mut out = out(Colours::None);
    match what {
        QuarantineCommand::Add(arguments) => {
            let request = QuarantineRequest {
                from: arguments.from.clone(),
                cases: arguments.case.clone(),
                owner: arguments.owner.clone(),
                until: arguments.until,
                issue: arguments.issue.clone(),
                growth: if arguments.grow { Growth::Wanted } else { Growth::Refused },
            };
            if arguments.patch {
                let patch = app::quarantine_patch(root, &arguments.report_dir, &request, now)?;
                write!(out, "{patch}")?;
                out.flush()?;
                return Ok(Exit::Good);
            }
            let added = app::quarantine_add(root, &arguments.report_dir, &request, now)?;
            for entry in &added {
                writeln!(out, "{}", entry.case)?;
            }
            match added.len() {
                0 => writeln!(
                    out,
                    "nothing to add: the run has no finding that fails, or each of them is held back already"
                )?,
                number => writeln!(out, "{number} added, until {}", arguments.until)?,
            }
        }
        QuarantineCommand::List => {
            let quarantine = app::quarantine_list(root, now)?;
            for entry in &quarantine.entries {
                let left = (entry.until - quarantine.today).get_days();
                let holds = if left < 0 { format!("expired {} days ago", -left) } else { format!("{left} days left") };
                let issue = entry.issue.as_deref().map_or_else(String::new, |issue| format!(", {issue}"));
                writeln!(out, "{}\n    {}, until {} ({holds}){issue}", entry.case, entry.owner, entry.until)?;
            }
            writeln!(out, "{} in {}", quarantine.entries.len(), quarantine.file)?;
        }
        QuarantineCommand::Remove { cases } => {
            let left = app::quarantine_remove(root, cases)?;
            writeln!(out, "{} removed, {left} left", cases.len())?;
        }
        QuarantineCommand::Prune { from, report_dir } => {
            let gone = app::quarantine_prune(root, report_dir, from, now)?;
            for (entry, why) in &gone {
                writeln!(out, "{}: {why}", entry.case)?;
            }
            writeln!(out, "{} removed", gone.len())?;
        }
    }
    Ok(Exit::Good)
}
