//! Which suite, and how it is run.

use crate::adapter::Explain;
use crate::adapter::shared::kept::KeptTree;
use crate::adapter::shared::surroundings::Tapes;
use crate::event::CaseInfo;
use crate::model::CaseId;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A pytest suite, as it was chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PytestSpec {
    /// The folder that pytest is started in.
    pub folder: PathBuf,
    /// The folder as people read it: relative to the project, empty if it is the project's own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub place: String,
    /// The interpreter; empty in a file if the run's was chosen on that machine.
    pub python: PathBuf,
    /// Why this one, in a few words.
    pub python_from: String,
    /// `PYTHONPATH` as the suite is to see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python_path: Option<String>,
    /// Arguments for pytest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub arguments: Vec<String>,
    /// Which of the cases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// The hash seeds that rounds take turns with, the first one for whatever is asked once.
    #[serde(default)]
    pub hash_seeds: Vec<u32>,
    /// Time zones of rounds under one of the hash seeds; under the others it is the machine's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub time_zones: Vec<(u32, String)>,
    /// How rounds are started.
    #[serde(default)]
    pub start: Start,
    /// The file that says what the mock providers around it do, relative to the project's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<ProvidersAround>,
    /// Where exchanges with them are recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tapes: Option<Tapes>,
    /// The tree of which each round gets a fresh copy, and a fresh HOME; without one, tests run where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copied: Option<PathBuf>,
    /// The tree that would be copied, where each round got a copy.
    #[serde(skip)]
    pub tree: PathBuf,
    /// That tree as it was when the run began: rounds run in copies of it once one has left the tree other than it was. Only
    /// whoever runs them says where it is, and no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptTree>,
    /// Whether TMPDIR stays this machine's own, as nobody but plain pytest may have it.
    #[serde(skip)]
    pub own_temporary: bool,
    /// What is compared before and after polluters.
    #[serde(default)]
    pub explain: Explain,
    /// Whether the first difference of two runs is looked for at any length.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub first_difference: bool,
    /// The tests that are meant, as an earlier collection had them; without any, those that are collected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<KnownTest>,
}

/// A test of an earlier collection. A later one can give it another id, or lack it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KnownTest {
    /// The id that it is told by.
    pub id: CaseId,
    /// Its file, relative to the suite's folder.
    pub file: String,
}

impl From<&CaseInfo> for KnownTest {
    fn from(case: &CaseInfo) -> Self {
        Self { id: case.id.clone(), file: case.file.clone() }
    }
}

impl PytestSpec {
    /// The interpreter as people read it: relative to the suite's folder if it lies in there.
    pub fn shown_python(&self) -> String {
        self.python.strip_prefix(&self.folder).unwrap_or(&self.python).display().to_string()
    }

    /// The same in a fresh copy of what was kept of the tree; as it is where nothing was kept.
    pub fn in_a_copy(&self) -> Self {
        let copied = self.kept.as_ref().map(|kept| kept.copy.clone());
        Self { copied: self.copied.clone().or(copied), ..self.clone() }
    }

    /// What was kept of the tree, if that is what is copied.
    fn copied_of_kept(&self) -> Option<&KeptTree> {
        self.kept.as_ref().filter(|kept| self.copied.as_ref() == Some(&kept.copy))
    }

    /// The suite's own tree, of which a copy is made or what was kept of it is copied.
    pub fn original_tree(&self) -> Option<&Path> {
        self.copied_of_kept().map(|kept| kept.tree.as_path()).or(self.copied.as_deref())
    }

    /// The folder that pytest is started in, by its place in what is copied.
    pub fn folder_to_copy(&self) -> PathBuf {
        match self.copied_of_kept().and_then(|kept| Some((kept, self.folder.strip_prefix(&kept.tree).ok()?))) {
            Some((kept, inside)) => kept.copy.join(inside),
            None => self.folder.clone(),
        }
    }

    /// The time zone that goes with a hash seed, if it is not the machine's own.
    pub fn time_zone(&self, hash_seed: Option<u32>) -> Option<&str> {
        let (_, zone) = self.time_zones.iter().find(|(seed, _)| Some(*seed) == hash_seed)?;
        Some(zone)
    }
}

/// Mock providers around a suite, as they were chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProvidersAround {
    /// The project's folder.
    pub root: PathBuf,
    /// The file that says what they do, relative to it.
    pub file: PathBuf,
}

/// How rounds of a suite are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Start {
    /// Each in a fork of a process that has collected the suite; in a fresh process where forking is unsafe.
    #[default]
    Fork,
    /// Each in a fresh process, which collects the suite again.
    Fresh,
}
