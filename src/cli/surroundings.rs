//! What the program is called in: its own path, the environment, the current folder, chance.

use crate::app::ToolInfo;
use crate::cli::trouble::Trouble;
use crate::model::Seed;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;

/// The environment, as far as it is text.
pub(super) fn environment() -> BTreeMap<String, String> {
    let variables = std::env::vars_os();
    variables.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))).collect()
}

/// What is known of this program and its surroundings.
pub(super) fn tool() -> Result<ToolInfo, Trouble> {
    let program = std::env::current_exe()?;
    let called = std::env::args_os().next().map(PathBuf::from).unwrap_or_else(|| "steadfast".into());
    Ok(ToolInfo {
        program,
        called: called.display().to_string(),
        typed: Some(typed()),
        environment: environment(),
        system: std::env::consts::OS,
        architecture: std::env::consts::ARCH,
        temporary: temporary_place()?,
        python_path: std::env::var("PYTHONPATH").ok(),
        virtual_env: std::env::var_os("VIRTUAL_ENV").map(PathBuf::from),
        secrets: BTreeSet::new(),
        passwords: Vec::new(),
        kept: BTreeSet::new(),
    })
}

/// The folder for temporary files, as a whole path: what is started in other folders is told of it.
pub(super) fn temporary_place() -> io::Result<PathBuf> {
    std::path::absolute(std::env::temp_dir())
}

/// The command line as a shell reads it back, the program by its name.
fn typed() -> String {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_else(|| "steadfast".to_owned());
    let name = program.rsplit('/').next().unwrap_or_default().to_owned();
    let words: Vec<String> = std::iter::once(name).chain(words.map(|word| crate::report::quote(&word))).collect();
    crate::history::without_password(&words.join(" "))
}

/// The project's folder: the current one.
pub(super) fn project() -> Result<PathBuf, Trouble> {
    Ok(std::env::current_dir()?)
}

/// A seed that nobody chose: from the random keys that the standard library gives its hash maps.
pub(super) fn random_seed() -> Seed {
    use std::hash::{BuildHasher, RandomState};
    Seed::new(RandomState::new().hash_one("root seed"))
}
