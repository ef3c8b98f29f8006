//! Which interpreter runs a suite.

use std::path::{Path, PathBuf};

/// An interpreter, and why it was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PythonChoice {
    /// The program that the user named or that was found.
    pub program: PathBuf,
    /// Where it was found, in a few words.
    pub from: String,
}

/// The interpreter of a suite: the one that was named, else the one of the active virtual environment, else of `.venv`
/// or `venv` in the suite's folder or a folder above it, else `python3`.
pub fn choose_python(folder: &Path, named: Option<&Path>, virtual_env: Option<&Path>) -> PythonChoice {
    if let Some(program) = named {
        return PythonChoice { program: program.to_owned(), from: "--python".to_owned() };
    }
    let inside = |environment: &Path| environment.join("bin").join("python");
    if let Some(program) = virtual_env.map(inside).filter(|program| program.exists()) {
        return PythonChoice { program, from: "VIRTUAL_ENV".to_owned() };
    }
    for above in folder.ancestors() {
        for name in [".venv", "venv"] {
            let program = inside(&above.join(name));
            if program.exists() {
                let place = if above == folder { "the suite's folder" } else { "a folder above the suite" };
                return PythonChoice { program, from: format!("{name} in {place}") };
            }
        }
    }
    PythonChoice { program: PathBuf::from("python3"), from: "PATH".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_nearest_hint_wins() {
        let folder = tempfile::tempdir().expect("a folder");
        let suite = folder.path().join("service/tests");
        fs::create_dir_all(&suite).expect("a folder");
        let from =
            |named: Option<&str>, active: Option<&Path>| choose_python(&suite, named.map(Path::new), active).from;
        assert_eq!(from(None, None), "PATH");
        let make = |name: &str| {
            let bin = folder.path().join(name).join("bin");
            fs::create_dir_all(&bin).expect("a folder");
            fs::write(bin.join("python"), "").expect("a file");
            folder.path().join(name)
        };
        make("venv");
        assert_eq!(from(None, None), "venv in a folder above the suite");
        let active = make("active");
        assert_eq!(from(None, Some(&active)), "VIRTUAL_ENV");
        assert_eq!(from(Some("python3.8"), Some(&active)), "--python");
    }
}
