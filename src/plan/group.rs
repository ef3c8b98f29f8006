//! Which cases stay together when orders are changed.

use crate::model::CaseIndex;
use crate::plan::PlannedCase;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// What cases that stay together have in common.
///
/// A runner that interleaves modules wants [`Grouping::None`], the default: it reaches every order. One that finishes
/// a module before it starts the next never runs most of those; with a grouping, groups are shuffled, and cases
/// within their group, so that every order found is one that can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Nothing stays together.
    #[default]
    None,
    /// Cases of one file.
    File,
    /// Cases of one module.
    Module,
    /// Cases with the same first tag; cases without a tag are a group too.
    Tag,
}

/// Why a text names no grouping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing to group by: file, module, tag and none are known")]
pub struct GroupingError(String);

/// The cases of one group, in declared order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub name: String,
    pub cases: Vec<CaseIndex>,
}

impl Grouping {
    /// Every grouping that can be asked for.
    pub const ALL: [Self; 4] = [Self::None, Self::File, Self::Module, Self::Tag];

    /// The word used on the command line and in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::File => "file",
            Self::Module => "module",
            Self::Tag => "tag",
        }
    }

    /// The groups, in the order in which their first cases were declared. Without a grouping all cases are one.
    pub(super) fn groups(self, cases: &[PlannedCase]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: BTreeMap<&str, usize> = BTreeMap::new();
        for (index, case) in CaseIndex::all().zip(cases) {
            let name = self.name_of(case);
            let place = *known.entry(name).or_insert_with(|| {
                groups.push(Group { name: name.to_owned(), cases: Vec::new() });
                groups.len() - 1
            });
            groups[place].cases.push(index);
        }
        groups
    }

    fn name_of(self, case: &PlannedCase) -> &str {
        match self {
            Self::None => "",
            Self::File => &case.file,
            Self::Module => &case.module,
            Self::Tag => case.tags.first().map_or("", String::as_str),
        }
    }
}

impl fmt::Display for Grouping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Grouping {
    type Err = GroupingError;

    fn from_str(text: &str) -> Result<Self, GroupingError> {
        Self::ALL.into_iter().find(|known| known.as_str() == text).ok_or_else(|| GroupingError(text.to_owned()))
    }
}
