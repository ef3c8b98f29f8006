//! Which interpreter it is, and what is installed for it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// An interpreter with its packages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Installed {
    /// Implementation and version, as `CPython 3.12.1`.
    pub interpreter: String,
    /// Packages by name, with their versions.
    pub packages: BTreeMap<String, String>,
}

/// Asks the interpreter. The first of two packages of one name is the one that is imported.
const ASK: &str = "
import json, platform
try:
    from importlib import metadata
except ImportError:
    metadata = None
packages = {}
for one in metadata.distributions() if metadata else ():
    name = one.metadata['Name']
    if name:
        packages.setdefault(name, str(one.version))
print(json.dumps({'interpreter': platform.python_implementation() + ' ' + platform.python_version(), 'packages': packages}))
";

/// What an interpreter says of itself; nothing if it can't be asked.
pub(in crate::adapter) fn installed(python: &Path, folder: &Path, python_path: Option<&str>) -> Option<Installed> {
    let mut command = Command::new(python);
    command.args(["-c", ASK]).current_dir(folder).env("PYTHONDONTWRITEBYTECODE", "1");
    if let Some(path) = python_path {
        command.env("PYTHONPATH", path);
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    serde_json::from_slice(&output.stdout).ok()
}
