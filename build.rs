//! The program carries the shipped scenarios inside: a table of their paths and contents, made anew when one of them
//! comes, goes or changes.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

const FOLDER: &str = "scenarios";

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed={FOLDER}");
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let mut files = Vec::new();
    collect(&root.join(FOLDER), &mut files)?;
    files.sort();
    let table = table(&root.join(FOLDER), &files)?;
    fs::write(Path::new(&variable("OUT_DIR")?).join("shipped_scenarios.rs"), table)
}

fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(|error| io::Error::other(format!("{name}: {error}")))
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// An expression: each file's path below the folder, and its contents.
fn table(folder: &Path, files: &[PathBuf]) -> io::Result<String> {
    let text =
        |path: &Path| path.to_str().map(str::to_owned).ok_or_else(|| io::Error::other("a name that is not UTF-8"));
    let mut table = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(folder).map_err(io::Error::other)?;
        let (name, file) = (text(name)?, text(file)?);
        writeln!(table, "    ({name:?}, include_bytes!({file:?})),").map_err(io::Error::other)?;
    }
    table.push_str("]\n");
    Ok(table)
}
