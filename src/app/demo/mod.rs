//! `steadfast demo`: a small project whose tests pass as they are written, and fail in another order.

use crate::app::AppError;
use crate::disk::write_new;
use std::path::Path;

/// The files of the project, each with what it is for.
pub const DEMO: [DemoFile; 5] = [
    DemoFile::new("shop.py", "a price list and a sum", include_str!("shop.py")),
    DemoFile::new("test_cart.py", "two tests of the sum", include_str!("test_cart.py")),
    DemoFile::new("test_sale.py", "a test that lowers a price and never puts it back", include_str!("test_sale.py")),
    DemoFile::new(
        "scenarios/greeting.yaml",
        "a scenario: an AI tutor answers, whatever its model says",
        include_str!("../init/greeting.yaml"),
    ),
    DemoFile::new("reports/.gitignore", "keeps reports out of the repository", include_str!("../init/gitignore")),
];

/// A file of the project.
#[derive(Debug, Clone, Copy)]
pub struct DemoFile {
    /// Its path in the project.
    pub path: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    text: &'static str,
}

impl DemoFile {
    const fn new(path: &'static str, purpose: &'static str, text: &'static str) -> Self {
        Self { path, purpose, text }
    }
}

/// Writes the project into a folder that is new or empty.
///
/// # Errors
/// If there is something in the folder, or a file can't be written.
pub fn write_demo(folder: &Path) -> Result<(), AppError> {
    if std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        let text =
            format!("{} is not empty; name a folder that is not there yet: steadfast demo FOLDER", folder.display());
        return Err(AppError::Usage(text));
    }
    let was_there = folder.exists();
    for (at, file) in DEMO.iter().enumerate() {
        let path = folder.join(file.path);
        let parent = path.parent().unwrap_or(folder);
        let written = crate::disk::make_report_folders(parent).and_then(|()| write_new(&path, file.text));
        if let Err(error) = written {
            take_back(folder, &DEMO[..=at]);
            // Only an empty one can be removed.
            let _ = if was_there { Ok(()) } else { std::fs::remove_dir(folder) };
            return Err(AppError::io(path)(error));
        }
    }
    Ok(())
}

/// Takes away what was written, so that the next try finds the folder as this one did.
fn take_back(folder: &Path, files: &[DemoFile]) {
    for file in files {
        let path = folder.join(file.path);
        let _ = std::fs::remove_file(&path);
        let inside = path.ancestors().skip(1).take_while(|ancestor| *ancestor != folder);
        // A folder with something in it stays.
        inside.for_each(|ancestor| drop(std::fs::remove_dir(ancestor)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_something_in_it_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("demo");
        write_demo(&inside).expect("a new folder");
        assert!(DEMO.iter().all(|file| inside.join(file.path).exists()));
        let error = write_demo(&inside).expect_err("it is full").to_string();
        assert!(error.contains("is not empty"), "{error}");
    }
}
