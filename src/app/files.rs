//! Where a run's files are.

use crate::app::AppError;
use jiff::Timestamp;
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::model::Seed;
use crate::plan::Shard;

/// A journal's name, and that of one that is compressed.
const JOURNAL: &str = "events.jsonl";
const COMPRESSED: &str = "events.jsonl.gz";

/// The journal in a run's folder; that of a shard is compressed.
pub(super) fn journal(folder: &Path) -> PathBuf {
    let (plain, compressed) = (folder.join(JOURNAL), folder.join(COMPRESSED));
    if !plain.is_file() && compressed.is_file() { compressed } else { plain }
}

/// The folder of all runs.
pub(super) fn runs(report_dir: &Path) -> PathBuf {
    report_dir.join("runs")
}

/// Makes the folder of a new run and names it: time, then seed; a number more where that is taken.
pub(super) fn new_run(report_dir: &Path, started: Timestamp, seed: Seed) -> Result<(String, PathBuf), AppError> {
    let runs = runs(report_dir);
    make_folder().recursive(true).create(&runs).map_err(AppError::io(&runs))?;
    let seed = seed.to_string();
    new_folder(&runs, &format!("{}-{}", started.strftime("%Y%m%d-%H%M%S"), &seed[..6]))
}

/// Makes the folder of a shard: the same name on every machine for the same part of the same plan.
pub(super) fn new_shard(report_dir: &Path, key: &str, shard: Shard) -> Result<(String, PathBuf), AppError> {
    let runs = runs(report_dir);
    make_folder().recursive(true).create(&runs).map_err(AppError::io(&runs))?;
    new_folder(&runs, &format!("{key}-s{}of{}", shard.index(), shard.of()))
}

/// A new folder of this name; with a number more where that is taken.
fn new_folder(runs: &Path, name: &str) -> Result<(String, PathBuf), AppError> {
    for number in 1.. {
        let name = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
        let folder = runs.join(&name);
        match make_folder().create(&folder) {
            Ok(()) => return Ok((name, folder)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(AppError::io(folder)(error)),
        }
    }
    unreachable!("there is always another number")
}

/// A folder of reports: others may read it, if the user's mask lets them, and never write it.
fn make_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o755);
    builder
}

/// Lets `latest` lead to a run. Somebody else's file of that name is left alone.
pub(super) fn point_latest(report_dir: &Path, run: &str) -> Result<(), AppError> {
    let latest = report_dir.join("latest");
    if latest.symlink_metadata().is_ok_and(|found| !found.is_symlink()) {
        return Ok(());
    }
    let fresh = report_dir.join(format!(".latest-{run}"));
    let linked = std::os::unix::fs::symlink(Path::new("runs").join(run), &fresh);
    linked.and_then(|()| std::fs::rename(&fresh, &latest)).map_err(|error| {
        let _ = std::fs::remove_file(&fresh);
        AppError::io(latest)(error)
    })
}
