//! Programs of our own that are loaded into a runner: they play an order in its process, and tell how each case ended
//! as it ends.
//!
//! A profile names those that it needs. They are written beside what a worker has in its scratch folder, `${drivers}`, and
//! stay there as long as it does: what a runner compiles of them is compiled once.

use crate::adapter::command::error::CommandError;
use crate::adapter::shared::python::write_state;
use crate::disk::{LONGEST_INPUT, read_bytes};
use std::path::Path;

/// The shipped drivers.
const SHIPPED: &[(&str, &str)] = &[
    ("SteadfastJUnit.java", include_str!("drivers/SteadfastJUnit.java")),
    ("bats-list.sh", include_str!("drivers/bats-list.sh")),
    ("bun.mjs", include_str!("drivers/bun.mjs")),
    ("bun.sh", include_str!("drivers/bun.sh")),
    ("cargo-list.sh", include_str!("drivers/cargo-list.sh")),
    ("cargo-plain.sh", include_str!("drivers/cargo-plain.sh")),
    ("cargo-run.sh", include_str!("drivers/cargo-run.sh")),
    ("cargo-rustdoc.sh", include_str!("drivers/cargo-rustdoc.sh")),
    ("exunit-formatter.exs", include_str!("drivers/exunit-formatter.exs")),
    ("exunit.exs", include_str!("drivers/exunit.exs")),
    ("go-list.sh", include_str!("drivers/go-list.sh")),
    ("go-order.txt", include_str!("drivers/go-order.txt")),
    ("go-run.sh", include_str!("drivers/go-run.sh")),
    ("jest-circus.js", include_str!("drivers/jest-circus.js")),
    ("jest-common.js", include_str!("drivers/jest-common.js")),
    ("jest-runner.js", include_str!("drivers/jest-runner.js")),
    ("junit5.sh", include_str!("drivers/junit5.sh")),
    ("minitest.rb", include_str!("drivers/minitest.rb")),
    ("minitest.sh", include_str!("drivers/minitest.sh")),
    ("mocha.js", include_str!("drivers/mocha.js")),
    ("node-drive.mjs", include_str!("drivers/node-drive.mjs")),
    ("node-launch.mjs", include_str!("drivers/node-launch.mjs")),
    ("node-plain.mjs", include_str!("drivers/node-plain.mjs")),
    ("node-report.mjs", include_str!("drivers/node-report.mjs")),
    ("phpunit.php", include_str!("drivers/phpunit.php")),
    ("playwright.js", include_str!("drivers/playwright.js")),
    ("python-unittest.py", include_str!("drivers/python-unittest.py")),
    ("python_state.py", include_str!("drivers/python_state.py")),
    ("rspec.rb", include_str!("drivers/rspec.rb")),
    ("rspec.sh", include_str!("drivers/rspec.sh")),
    ("state-functions.cjs", include_str!("drivers/state-functions.cjs")),
    ("state-handles.cjs", include_str!("drivers/state-handles.cjs")),
    ("state-snapshot.cjs", include_str!("drivers/state-snapshot.cjs")),
    ("state.cjs", include_str!("drivers/state.cjs")),
    ("vitest-launch.mjs", include_str!("drivers/vitest-launch.mjs")),
    ("vitest-runner.mjs", include_str!("drivers/vitest-runner.mjs")),
];

/// The name of the packages that know what the state of a Python process is.
const STATE_OF_PYTHON: &str = "steadfast_state";

/// Writes the drivers of these names into a folder: shipped ones, or files relative to the project's folder.
///
/// # Errors
/// If there is none of that name, or it can't be written: for people.
pub(super) fn write(names: &[String], root: &Path, folder: &Path) -> Result<(), CommandError> {
    crate::disk::make_folders(folder).map_err(CommandError::write(folder))?;
    for name in names {
        if name == STATE_OF_PYTHON {
            write_state(folder).map_err(CommandError::write(folder))?;
            continue;
        }
        let shipped = SHIPPED.iter().find(|(shipped, _)| shipped == name);
        let text = match shipped {
            Some((_, text)) => text.as_bytes().to_vec(),
            None => read_bytes(&root.join(name), LONGEST_INPUT)
                .map_err(|source| CommandError::Driver { name: name.clone(), source })?,
        };
        let file = folder.join(Path::new(name).file_name().unwrap_or_default());
        if read_bytes(&file, LONGEST_INPUT).is_ok_and(|there| there == text) {
            continue;
        }
        crate::disk::write_private(&file, text).map_err(CommandError::write(&file))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn drivers_are_written_once_and_one_that_is_not_there_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let names = ["jest-runner.js".to_owned()];
        write(&names, folder.path(), folder.path()).expect("a shipped driver");
        let written = || fs::metadata(folder.path().join("jest-runner.js")).and_then(|file| file.modified());
        let before = written().expect("a file");
        write(&names, folder.path(), folder.path()).expect("again");
        assert_eq!(written().expect("a file"), before);
        let error = write(&["nothing.js".to_owned()], folder.path(), folder.path()).expect_err("no such driver");
        assert!(error.to_string().contains("the driver nothing.js"), "{error}");
    }
}
