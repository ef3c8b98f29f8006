//! A folder in memory with one file in it, which each try writes anew.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder for the fuzzer")
});

/// Writes the file, and gives the folder.
pub fn with_file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = FOLDER.path().join(name);
    std::fs::create_dir_all(path.parent().expect("it stands in the folder")).expect("a folder for the file");
    std::fs::write(path, bytes).expect("a file for the reader");
    FOLDER.path().to_owned()
}
