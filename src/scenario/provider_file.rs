//! A file that says what the providers around a suite or a program do: the `providers` and `models` of a scenario.

use crate::provider::{ProviderDecl, Script};
use crate::scenario::problem::{Problem, Problems};
use crate::scenario::read::Reader;
use crate::scenario::scope::Scope;
use crate::scenario::yaml::parse;
use crate::scenario::{Project, load, load_system};
use std::path::Path;

/// The keys of such a file.
const KEYS: &[&str] = &["system", "models", "voices", "providers"];

/// The providers around a program, and what they do.
#[derive(Debug, Clone, PartialEq)]
pub struct ProviderFile {
    /// The providers that there are.
    pub decls: Vec<ProviderDecl>,
    /// How they answer, in each trial anew.
    pub script: Script,
}

/// Loads a file with `providers`, `models` and `system`, whose providers are meant (`embedded` by default); or a
/// scenario, of whose first case the providers are taken.
///
/// # Errors
/// Everything that is wrong with the file, at once.
pub fn load_providers(file: &Path, root: &Path) -> Result<ProviderFile, Problems> {
    let shown = file.display().to_string();
    let project =
        Project::new(root).map_err(|error| Problem::of_file(&root.display().to_string(), error.to_string()))?;
    let path = project.resolve(file).map_err(|error| Problem::of_file(&shown, error.to_string()))?;
    let source = project.yaml(&path)?;
    let mut problems = Vec::new();
    let Some(node) = parse(&source, &mut problems) else { return Err(Problems::new(problems)) };
    if node.get("scenario").is_some() {
        let decls = load_system("embedded", root)?.providers;
        let first = load(root, &[file.to_owned()], &decls)?.cases.into_iter().next();
        let script = first.map(|case| case.script).ok_or_else(|| Problem::of_file(&shown, "it has no case"))?;
        return Ok(ProviderFile { decls, script });
    }
    let system = node.get("system").and_then(|entry| entry.value.as_scalar()).map(|scalar| scalar.text.clone());
    let decls = load_system(system.as_deref().unwrap_or("embedded"), root)?.providers;
    let mut reader = Reader::new(&source, &project, &decls);
    let node = reader.filler.fill(&node, &Scope::new([]));
    let mut script = Script::default();
    if let Some(fields) = reader.fields(&node, "a file of providers", KEYS) {
        if let Some(system) = fields.value("system") {
            reader.text(system, "a system's name or file");
        }
        if let Some(models) = fields.value("models") {
            script.models = reader.models(models);
        }
        if let Some(voices) = fields.value("voices") {
            script.voices = reader.voices(voices);
        }
        match fields.value("providers") {
            Some(providers) => reader.scripts(providers, &mut script),
            None => {
                _ = reader.problem(node.span, "`providers` is missing").help("providers: { claude: { reply: Hello } }")
            }
        }
    }
    let mut problems = std::mem::take(&mut reader.filler.problems);
    problems.append(&mut reader.problems);
    if problems.is_empty() { Ok(ProviderFile { decls, script }) } else { Err(Problems::new(problems)) }
}
