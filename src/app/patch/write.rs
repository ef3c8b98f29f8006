//! Which patches a run has, and where they go.

use super::diff::{Addition, unified};
use super::fixture::{Fixture, fixture};
use crate::app::AppError;
use crate::disk::{LONGEST_RESULT, make_report_folders, read_text, replace};
use crate::event::{Conclusion, StateCause};
use crate::record::Record;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// What came of the patches of a run.
#[derive(Debug, Default)]
pub struct Patches {
    /// The files that were written, one for each file of tests.
    pub written: Vec<PathBuf>,
    /// Parts of the state for which there is no patch, with the test that leaves them.
    pub without: Vec<String>,
}

/// Writes the patches of a run into a folder: for each test that leaves a part of the state on which another fails, a
/// fixture that puts it back. Nothing of the project is changed. The files of cases are relative to the folder `suite` of the
/// project at `root`, where the patches apply.
///
/// # Errors
/// If the folder can't be written.
pub fn write_patches(record: &Record, root: &Path, suite: &Path, folder: &Path) -> Result<Patches, AppError> {
    let mut patches = Patches::default();
    make_report_folders(folder).map_err(AppError::io(folder))?;
    for (file, causes) in by_file(record, suite) {
        match patch(record, root, &file, &causes, &mut patches.without) {
            Some(text) => {
                let name: String = file.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
                let path = folder.join(format!("{name}.patch"));
                replace(&path, text).map_err(AppError::io(&path))?;
                patches.written.push(path);
            }
            None => patches.without.extend(causes.iter().map(|cause| told(record, cause))),
        }
    }
    patches.without.sort();
    patches.without.dedup();
    Ok(patches)
}

/// What victims fail on, by the file of the test that leaves it.
fn by_file<'a>(record: &'a Record, suite: &Path) -> BTreeMap<String, Vec<&'a StateCause>> {
    let mut files: BTreeMap<String, Vec<&'a StateCause>> = BTreeMap::new();
    let victims = record.diagnoses.values().filter(|diagnosis| {
        matches!(diagnosis.conclusion, Conclusion::Victim { .. } | Conclusion::NonIdempotent { .. })
    });
    for cause in victims.flat_map(|diagnosis| &diagnosis.causes) {
        if let Some(info) = record.case(cause.case) {
            // As `git` writes it: without `.` parts.
            let path: PathBuf = suite.join(&info.file).components().filter(|part| *part != Component::CurDir).collect();
            files.entry(path.display().to_string()).or_default().push(cause);
        }
    }
    files
}

fn told(record: &Record, cause: &StateCause) -> String {
    let id = record.case(cause.case).map_or_else(String::new, |info| info.id.to_string());
    format!("{} ({id})", cause.mark.name)
}

/// The patch of one file; `None` if it can't be read or nothing in it can be mended.
fn patch(
    record: &Record,
    root: &Path,
    file: &str,
    causes: &[&StateCause],
    without: &mut Vec<String>,
) -> Option<String> {
    let path = root.join(file);
    let text = read_text(&path, LONGEST_RESULT).ok().filter(|text| !text.contains('\r'))?;
    let lines: Vec<&str> = text.lines().collect();
    let is_module = |name: &str| is_module(root, &path, name);
    let mut fixtures: BTreeMap<String, Fixture> = BTreeMap::new();
    let mut uses: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for cause in causes {
        let line = record.case(cause.case).and_then(|info| usize::try_from(info.line).ok()?.checked_sub(1));
        let made = fixture(&cause.mark, &is_module);
        match (made, line.filter(|line| lines.get(*line).is_some_and(|line| is_function(line)))) {
            (Some(made), Some(line)) => {
                uses.entry(line).or_default().insert(made.name.clone());
                fixtures.insert(made.name.clone(), made);
            }
            _ => without.push(told(record, cause)),
        }
    }
    if fixtures.is_empty() {
        return None;
    }
    let top = lines.iter().position(|line| is_function(line) || line.starts_with("class "))?;
    let mut block: Vec<String> = Vec::new();
    if !lines.iter().any(|line| line.trim_end() == "import pytest") {
        block.extend(["import pytest".to_owned(), String::new(), String::new()]);
    }
    for fixture in fixtures.into_values() {
        block.extend(fixture.lines);
        block.extend([String::new(), String::new()]);
    }
    let mut additions = vec![Addition { before: top, lines: block }];
    additions.extend(uses.into_iter().map(|(line, names)| {
        let indent: String = lines[line].chars().take_while(|c| c.is_whitespace()).collect();
        let names: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
        Addition { before: line, lines: vec![format!("{indent}@pytest.mark.usefixtures({})", names.join(", "))] }
    }));
    additions.sort_by_key(|addition| addition.before);
    Some(unified(file, &lines, &additions))
}

/// Whether a line begins a function, or its first decorator.
fn is_function(line: &str) -> bool {
    let text = line.trim_start();
    ["def ", "async def ", "@"].iter().any(|start| text.starts_with(start))
}

/// Whether a dotted name is a module of the project, found from the root, its `src`, or the folder of the tests upward.
fn is_module(root: &Path, file: &Path, name: &str) -> bool {
    let below = name.replace('.', "/");
    let above = file.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
    let folders = above.map(Path::to_owned).chain([root.to_owned(), root.join("src")]);
    let is_one = |folder: PathBuf| {
        folder.join(format!("{below}.py")).is_file() || folder.join(&below).join("__init__.py").is_file()
    };
    folders.into_iter().any(is_one)
}
