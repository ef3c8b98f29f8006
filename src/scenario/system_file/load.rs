//! A system by its name or its file, with what it extends.

use crate::model::ContentHash;
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::read::{Reader, quoted};
use crate::scenario::source::SourceFile;
use crate::scenario::suggest::did_you_mean;
use crate::scenario::system_file::draft::Draft;
use crate::scenario::template::environment_names;
use crate::scenario::yaml::{Span, parse};
use crate::scenario::{Project, System};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The shipped system files, by name.
pub const BUILT_IN: [(&str, &str); 2] =
    [("embedded", include_str!("../systems/embedded.yaml")), ("process", include_str!("../systems/process.yaml"))];

/// How many files may extend one another.
const MAX_CHAIN: usize = 8;

/// Loads a system: a shipped one by its name, or a file of the project.
///
/// # Errors
/// Everything that is wrong with the file, at once, or with a file that it extends.
pub fn load_system(name_or_file: &str, root: &Path) -> Result<System, Problems> {
    let project =
        Project::new(root).map_err(|error| Problem::of_file(&root.display().to_string(), error.to_string()))?;
    let found = match find(&project, Path::new(""), name_or_file) {
        Ok(Some(found)) => found?,
        Ok(None) => {
            let help = did_you_mean(name_or_file, "shipped systems", BUILT_IN.map(|(name, _)| name));
            let problem = Problem::of_file(name_or_file, "there is no system of this name and no such file");
            return Err(problem.with_help(help).into());
        }
        Err(error) => return Err(Problem::of_file(name_or_file, error.to_string()).into()),
    };
    let mut problems = Vec::new();
    let mut texts = Vec::new();
    let draft = read(&project, &found, &mut texts, &mut problems);
    // What is missing can be said only once what is there has been understood.
    let draft = draft.filter(|_| problems.is_empty());
    let system = draft.and_then(|(draft, span)| {
        let hash = ContentHash::of(&texts);
        let environment = texts.iter().flat_map(|text| environment_names(text)).collect();
        draft.finish(&found.source, span, environment, hash, &mut problems)
    });
    match system {
        Some(system) if problems.is_empty() => Ok(system),
        _ => Err(Problems::new(problems)),
    }
}

/// A system file and the folder from which it names others.
struct Found {
    source: Arc<SourceFile>,
    folder: PathBuf,
}

/// A shipped system, or a file that stands beside `folder`; `None` if there is neither.
fn find(
    project: &Project,
    folder: &Path,
    name: &str,
) -> Result<Option<Result<Found, Problem>>, crate::scenario::ProjectError> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        let source = Arc::new(SourceFile::new(format!("<steadfast>/{name}.yaml"), *text));
        return Ok(Some(Ok(Found { source, folder: PathBuf::new() })));
    }
    if let Some(application) = name.strip_prefix("asgi:") {
        let text = format!("system: {name:?}\nextends: process\nprocess: {{ asgi: {application:?}, ready: / }}\n");
        let source = Arc::new(SourceFile::new(format!("<steadfast>/{name}"), text));
        return Ok(Some(Ok(Found { source, folder: PathBuf::new() })));
    }
    let path = match project.resolve(&folder.join(name)) {
        Ok(path) => path,
        Err(crate::scenario::ProjectError::Missing(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
    Ok(Some(project.yaml(&path).map(|source| Found { source, folder })))
}

/// Reads a file onto what it extends.
fn read(
    project: &Project,
    found: &Found,
    texts: &mut Vec<String>,
    problems: &mut Vec<Problem>,
) -> Option<(Draft, Span)> {
    let source = &found.source;
    texts.push(source.text.clone());
    let root = parse(source, problems)?;
    let mut reader = Reader::new(source, project, &[]);
    let mut draft = Draft::default();
    if let Some(entry) = root.get("extends") {
        let base = reader.text(&entry.value, "a system's name or file");
        problems.append(&mut reader.problems);
        let base = base?;
        let mut wrong = |message: String, help: String| {
            problems.push(Problem::new(source, entry.value.span, message).with_help(help));
        };
        if texts.len() >= MAX_CHAIN {
            wrong(format!("more than {MAX_CHAIN} system files extend one another"), String::new());
            return None;
        }
        match find(project, &found.folder, &base) {
            Ok(Some(Ok(base))) => draft = read(project, &base, texts, problems)?.0,
            Ok(Some(Err(problem))) => {
                problems.push(problem);
                return None;
            }
            Ok(None) => {
                let help = did_you_mean(&base, "shipped systems", BUILT_IN.map(|(name, _)| name));
                wrong(format!("there is no system {}", quoted(&base)), help);
            }
            Err(error) => wrong(error.to_string(), String::new()),
        }
    }
    draft.apply(&mut reader, &root, &found.folder);
    texts.extend(reader.fixtures.iter().map(|tape| ContentHash::of([tape]).to_string()));
    problems.append(&mut reader.problems);
    let span = root.get("system").map_or(root.span, |entry| entry.key_span);
    Some((draft, span))
}
