//! Folders and files of our own: made by us, and never taken over from somebody else.

use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// What only the owner may do with a folder.
const FOLDER: u32 = 0o700;

/// What others may do with a folder of reports.
const REPORTS: u32 = 0o755;

/// What only the owner may do with a file.
const FILE: u32 = 0o600;

/// How many random characters end the name of a private folder.
pub const RANDOM_LETTERS: usize = 6;

/// Makes a folder below `parent` whose name nobody can guess and that nobody else can enter. What exists is never
/// accepted: its maker could have left anything in it.
///
/// # Errors
/// If it can't be made.
pub fn private_folder(parent: &Path, prefix: &str) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix).rand_bytes(RANDOM_LETTERS).permissions(Permissions::from_mode(FOLDER));
    Ok(builder.tempdir_in(parent)?.keep())
}

/// A folder among the other temporary files of this process, which goes when it is dropped.
///
/// # Errors
/// If it can't be made.
pub fn temporary_folder() -> io::Result<tempfile::TempDir> {
    // A short name: the paths of sockets below it have 107 bytes at most.
    let mut builder = tempfile::Builder::new();
    builder.prefix("t").rand_bytes(RANDOM_LETTERS).permissions(Permissions::from_mode(FOLDER)).tempdir()
}

/// A number as part of a name below a temporary folder: three characters for each of the first 46,656 numbers, since the
/// paths of sockets below it have 107 bytes at most.
pub fn short_name(number: u64) -> String {
    const LEAST: usize = 3;
    let (mut digits, mut rest) = (Vec::new(), number);
    while rest > 0 || digits.len() < LEAST {
        digits.extend(u32::try_from(rest % 36).ok().and_then(|digit| char::from_digit(digit, 36)));
        rest /= 36;
    }
    digits.into_iter().rev().collect()
}

/// Makes a folder that only its owner can enter.
///
/// # Errors
/// If it exists, or can't be made.
pub fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER).create(path)
}

/// The same with those above it that are missing; one that is there stays as it is.
///
/// # Errors
/// If one can't be made.
pub fn make_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(FOLDER).recursive(true).create(path)
}

/// Makes a folder of reports with those above it that are missing: others may read them, if the user's mask lets them, and
/// never write them.
///
/// # Errors
/// If one can't be made.
pub fn make_report_folders(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(REPORTS).recursive(true).create(path)
}

/// Writes a file that only its owner can read. A link is not followed.
///
/// # Errors
/// If it can't be written, or a link has its name.
pub fn write_private(path: &Path, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(FILE).custom_flags(no_link());
    options.open(path)?.write_all(bytes.as_ref())
}

/// Writes a file that is not there yet. Where that fails half of it does not stay.
///
/// # Errors
/// If there is something of that name, or it can't be written.
pub fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| drop(std::fs::remove_file(path)))
}

/// The flag of `open` that refuses a link.
fn no_link() -> i32 {
    rustix::fs::OFlags::NOFOLLOW.bits().cast_signed()
}

/// Whether what a descriptor leads to is ours, and nobody else may change it.
pub fn is_private(of: &std::fs::Metadata) -> bool {
    of.uid() == rustix::process::geteuid().as_raw() && of.mode() & 0o022 == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_are_equally_long_and_different() {
        assert_eq!([short_name(0), short_name(35), short_name(36), short_name(46_655)], ["000", "00z", "010", "zzz"]);
        assert_eq!(short_name(46_656), "1000");
    }

    #[test]
    fn a_private_folder_is_new_and_closed_to_others() -> io::Result<()> {
        let parent = tempfile::tempdir()?;
        let (one, other) = (private_folder(parent.path(), "x-")?, private_folder(parent.path(), "x-")?);
        assert_ne!(one, other);
        let inner = one.join("a/b");
        make_folders(&inner)?;
        write_private(&inner.join("f"), "text")?;
        for (path, mode) in [(one.clone(), FOLDER), (one.join("a"), FOLDER), (inner.join("f"), FILE)] {
            assert_eq!(path.metadata()?.mode() & 0o777, mode, "{}", path.display());
        }
        assert!(make_folder(&one).is_err(), "what exists is not accepted");
        Ok(())
    }

    #[test]
    fn a_private_file_is_not_written_through_a_link() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let (precious, link) = (folder.path().join("precious"), folder.path().join("link"));
        std::fs::write(&precious, "mine")?;
        std::os::unix::fs::symlink(&precious, &link)?;
        assert!(write_private(&link, "theirs").is_err());
        assert_eq!(std::fs::read_to_string(&precious)?, "mine");
        Ok(())
    }
}
