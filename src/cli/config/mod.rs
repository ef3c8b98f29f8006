//! What was asked for, over all places where it can be asked: the command line wins over the environment
//! (`STEADFAST_*`), the environment over the profile, the profile over the rest of `steadfast.toml`, all over defaults.
//!
//! What can be configured is read off the command line's own definition: an argument that is added can be set in the
//! file and in the environment too, without a line here. The layers are made into one effective command line, so that a
//! value means the same wherever it stands, and is checked by the same code.

mod file;
mod layers;
mod meant;
mod schema;
mod settable;
mod setting;
mod show;
mod slips;

pub(super) use file::FILE_NAME;
pub(super) use layers::{ConfigError, Surroundings, effective};
pub(super) use schema::schema;

/// The way in for the fuzzer, built with `--cfg fuzzing` only: the `steadfast.toml` of a folder, put below a command.
#[cfg(fuzzing)]
pub fn fuzz_config(folder: &std::path::Path) {
    use clap::CommandFactory;
    let around = Surroundings {
        typed: ["steadfast", "run", "--profile", "ci"].map(Into::into).to_vec(),
        environment: Default::default(),
        folder: folder.to_owned(),
    };
    if let Err(error) = effective(&crate::cli::arguments::Arguments::command(), &around) {
        let _ = error.to_string();
    }
}
