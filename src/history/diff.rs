//! What is new, fixed or changed from one run to another.

use crate::history::{Seen, Snapshot};
use crate::model::statistics::{Confidence, Tally, upper_bound};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What is new, fixed or changed from one run to another, case by case, in the order of their ids.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diff {
    /// The run that is compared with.
    pub before: String,
    /// The run that is looked at.
    pub after: String,
    /// Cases with a finding that had none.
    pub new: Vec<Change>,
    /// Cases with findings in both runs that are not the same.
    pub changed: Vec<Change>,
    /// Cases whose findings are gone, with enough trials to say so.
    pub fixed: Vec<Change>,
    /// Cases whose findings were not seen again, in too few trials to say more.
    pub not_seen: Vec<Change>,
    /// Cases with findings that the later run does not have.
    pub removed: Vec<String>,
    /// How many cases have the same findings in both.
    pub same: usize,
}

/// A case in both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The id of the case.
    pub case: String,
    /// Its verdict before; none if it was not there.
    pub before: Option<&'static str>,
    /// Its verdict after.
    pub after: &'static str,
    /// How often it failed before.
    pub failed_before: Option<Tally>,
    /// How often it failed after.
    pub failed_after: Tally,
    /// Whether a kind of finding is there that was not.
    pub worse: bool,
}

impl Diff {
    /// Compares two runs.
    pub fn between(before: &Snapshot, after: &Snapshot) -> Self {
        let mut diff = Self {
            before: before.run.clone(),
            after: after.run.clone(),
            new: Vec::new(),
            changed: Vec::new(),
            fixed: Vec::new(),
            not_seen: Vec::new(),
            removed: Vec::new(),
            same: 0,
        };
        let ids: BTreeSet<&String> = before.cases.keys().chain(after.cases.keys()).collect();
        for id in ids {
            diff.add(id, before.cases.get(id), after.cases.get(id));
        }
        diff
    }

    fn add(&mut self, id: &str, before: Option<&Seen>, after: Option<&Seen>) {
        let found = before.is_some_and(|seen| !seen.findings.is_empty());
        let Some(after) = after else {
            if found {
                self.removed.push(id.to_owned());
            }
            return;
        };
        let worse = after.findings.keys().any(|kind| before.is_none_or(|seen| !seen.findings.contains_key(kind)));
        let change = Change {
            case: id.to_owned(),
            before: before.map(|seen| seen.verdict.as_str()),
            after: after.verdict.as_str(),
            failed_before: before.map(|seen| seen.rate),
            failed_after: after.rate,
            worse,
        };
        match (before.filter(|_| found), after.findings.is_empty()) {
            (None, true) => {}
            (None, false) => self.new.push(change),
            (Some(before), true) if is_gone(before.rate, after.rate) => self.fixed.push(change),
            (Some(_), true) => self.not_seen.push(change),
            (Some(before), false) if before.findings == after.findings => self.same += 1,
            (Some(_), false) => self.changed.push(change),
        }
    }

    /// Whether something is there that was not: what `steadfast diff` exits with 1 for.
    pub fn has_new(&self) -> bool {
        !self.new.is_empty() || self.changed.iter().any(|change| change.worse)
    }

    /// As text. It ends with a line feed.
    pub fn text(&self) -> String {
        let mut out = format!("{} → {}\n", self.before, self.after);
        let groups = [
            ("new", &self.new),
            ("changed", &self.changed),
            ("fixed", &self.fixed),
            ("not seen again, in too few trials to say more", &self.not_seen),
        ];
        for (name, changes) in groups.into_iter().filter(|(_, changes)| !changes.is_empty()) {
            let _ = writeln!(out, "\n{name} ({})", changes.len());
            for change in changes {
                let _ = writeln!(out, "  {}", change.text());
            }
        }
        if !self.removed.is_empty() {
            let _ = writeln!(out, "\nno longer a case ({})\n  {}", self.removed.len(), self.removed.join("\n  "));
        }
        let _ = writeln!(
            out,
            "\n{} new, {} changed, {} fixed, {} the same",
            self.new.len(),
            self.changed.len(),
            self.fixed.len(),
            self.same
        );
        out
    }
}

impl Change {
    fn text(&self) -> String {
        let was = self.failed_before.map_or_else(String::new, |rate| format!(" ({rate} failed)"));
        let before = self.before.unwrap_or("no case");
        format!("{}: {before}{was} → {} ({} failed)", self.case, self.after, self.failed_after)
    }
}

/// Whether so many trials without a failure exclude, with 95 % confidence, that it still fails as often as it did. What
/// fails no trial (a leak) is gone when it is not found.
fn is_gone(before: Tally, after: Tally) -> bool {
    if after.trials() == 0 || after.failures() > 0 {
        return false;
    }
    let rate = before.rate();
    before.failures() == 0 || upper_bound(after, Confidence::USUAL) < rate
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{FindingKind, Verdict};

    fn snapshot(run: &str, cases: &[(&str, Option<FindingKind>, u32, u32)]) -> Snapshot {
        let cases = cases.iter().map(|(id, kind, failures, trials)| {
            let seen = Seen {
                verdict: kind.map_or(Verdict::Stable, FindingKind::verdict),
                rate: Tally::new(*failures, *trials),
                findings: kind.iter().map(|kind| (*kind, None)).collect(),
            };
            ((*id).to_owned(), seen)
        });
        Snapshot {
            run: run.into(),
            started: "2026-11-01T00:00:00Z".parse().expect("a time"),
            suite: "s".into(),
            cases: cases.collect(),
        }
    }

    fn ids(changes: &[Change]) -> Vec<&str> {
        changes.iter().map(|change| change.case.as_str()).collect()
    }

    #[test]
    fn findings_are_new_fixed_changed_or_the_same() {
        use FindingKind::{Broken, Intermittent};
        let before = snapshot(
            "a",
            &[
                ("fine", None, 0, 8),
                ("fixed", Some(Broken), 8, 8),
                ("rare", Some(Intermittent), 1, 50),
                ("same", Some(Broken), 8, 8),
                ("worse", Some(Intermittent), 2, 8),
                ("gone", Some(Broken), 8, 8),
            ],
        );
        let after = snapshot(
            "b",
            &[
                ("fine", Some(Intermittent), 1, 8),
                ("fixed", None, 0, 8),
                ("rare", None, 0, 8),
                ("same", Some(Broken), 8, 8),
                ("worse", Some(Broken), 8, 8),
            ],
        );
        let diff = Diff::between(&before, &after);
        assert_eq!(ids(&diff.new), ["fine"]);
        assert_eq!(ids(&diff.fixed), ["fixed"]);
        assert_eq!(ids(&diff.not_seen), ["rare"], "8 trials say nothing of one in 50");
        assert_eq!(ids(&diff.changed), ["worse"]);
        assert_eq!((diff.removed.clone(), diff.same), (vec!["gone".to_owned()], 1));
        assert!(diff.has_new());
        assert!(!Diff::between(&before, &before).has_new());
        assert!(!Diff::between(&after, &after.clone()).has_new());
    }
}
