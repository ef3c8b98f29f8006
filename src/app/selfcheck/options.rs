//! What a self-check is asked for.

use crate::model::Seed;
use crate::tutor::Defect;
use std::path::PathBuf;

/// Where the scenarios come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScenarioSource {
    /// Those that this program carries inside.
    Shipped,
    /// Those of a project: the folder that has `scenarios/` in it.
    Project(PathBuf),
}

/// What a self-check is asked for.
#[derive(Debug, Clone)]
pub struct SelfCheckOptions {
    /// The scenarios that every defect is tried on.
    pub scenarios: ScenarioSource,
    /// Names of the defects to try; all of them where it is empty.
    pub only: Vec<String>,
    /// The root of all randomness.
    pub seed: Seed,
    /// Defects side by side.
    pub jobs: usize,
    /// Where runs are kept.
    pub report_dir: PathBuf,
    /// How many trials the healthy tutor must stand, in shuffled rounds of whole length.
    pub healthy_trials: u32,
}

/// A name that no defect has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownDefect(pub String);

impl SelfCheckOptions {
    /// The defects that are meant.
    ///
    /// # Errors
    /// The first name that no defect has.
    pub(super) fn defects(&self) -> Result<Vec<Defect>, UnknownDefect> {
        if self.only.is_empty() {
            return Ok(Defect::ALL.to_vec());
        }
        let named = |name: &String| {
            Defect::ALL.into_iter().find(|defect| defect.name() == name).ok_or_else(|| UnknownDefect(name.clone()))
        };
        self.only.iter().map(named).collect()
    }
}
