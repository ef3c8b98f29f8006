//! A case as a plan sees it.

use crate::model::{CaseId, CaseIndex};
use std::collections::BTreeMap;

/// What a plan knows of a case: its id, and what it can be grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedCase {
    /// The case's id.
    pub id: CaseId,
    /// The file that it stands in.
    pub file: String,
    /// The module or folder that it belongs to.
    pub module: String,
    /// Its tags; the first is the one it is grouped by.
    pub tags: Vec<String>,
}

/// An order of ids, as far as the cases still exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResolvedOrder {
    /// The cases by their number in declared order.
    pub order: Vec<CaseIndex>,
    /// The ids that no case has, in the order in which they were named.
    pub missing: Vec<CaseId>,
}

/// Looks up an order that was written down, say in a repro file. Cases that no longer exist are left out and told; an
/// id may be named several times.
pub fn resolve_order(ids: &[CaseId], cases: &[PlannedCase]) -> ResolvedOrder {
    let numbers: BTreeMap<&CaseId, CaseIndex> = cases.iter().map(|case| &case.id).zip(CaseIndex::all()).collect();
    let mut resolved = ResolvedOrder { order: Vec::with_capacity(ids.len()), missing: Vec::new() };
    for id in ids {
        match numbers.get(id) {
            Some(number) => resolved.order.push(*number),
            None => resolved.missing.push(id.clone()),
        }
    }
    resolved
}
