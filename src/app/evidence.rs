//! What the journal keeps of a trial beside its outcome, so that a report can show a failure beside a pass: the lines
//! around the place of a failure, and what a pass of the same case wrote.

use crate::disk::read_text;
use crate::event::{Event, TrialReport};
use crate::model::{CaseIndex, Excerpt, Failure};
use crate::record::Fold;
use std::path::PathBuf;

/// How many lines before and after its own an excerpt has.
const AROUND: u32 = 4;

/// How many characters of a line an excerpt has: a bundle of a web page has all in one.
const LINE: usize = 400;

/// A larger file is not looked into.
const LARGEST_SOURCE: u64 = 4 << 20;

/// Decides what the journal keeps of trials.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// The folders that places of failures are relative to.
    folders: Vec<PathBuf>,
}

impl Evidence {
    pub fn below(folders: impl IntoIterator<Item = PathBuf>) -> Self {
        Self { folders: folders.into_iter().collect() }
    }

    /// Adds the source of a failure, and takes the output of a pass away unless the case has failed: of the passes of
    /// thousands of healthy cases nobody reads what they wrote.
    pub fn complete(&self, fold: &Fold, event: &mut Event) {
        let Event::TrialFinished { case, report, .. } = event else { return };
        if !fold.wants_output(*case) {
            report.output = None;
        }
        if report.excerpt.is_none() && fold.keeps_failures(*case) {
            report.excerpt = self.excerpt(fold, *case, report);
        }
    }

    /// The lines around the place where a trial failed.
    fn excerpt(&self, fold: &Fold, case: CaseIndex, report: &TrialReport) -> Option<Excerpt> {
        let failure = report.outcome.failure()?;
        let file = &failure.place.as_ref()?.file;
        // Some runners tell no more than a file's last name, which can be that of several files.
        let is_known = file.contains('/') || fold.file(case) == Some(file.as_str());
        is_known.then(|| around(&self.folders, failure))?
    }
}

/// The lines around the place of a failure, from the first folder that has its file. `None` if the details show them.
fn around(folders: &[PathBuf], failure: &Failure) -> Option<Excerpt> {
    let place = failure.place.as_ref().filter(|place| place.line > 0)?;
    let text = folders.iter().find_map(|folder| {
        let folder = folder.canonicalize().ok()?;
        let path = folder.join(&place.file).canonicalize().ok()?;
        path.starts_with(&folder).then(|| read_text(&path, LARGEST_SOURCE).ok())?
    })?;
    let first = place.line.saturating_sub(AROUND).max(1);
    let wanted = (place.line - first).saturating_add(AROUND + 1);
    let lines = text.lines().skip(first as usize - 1).take(wanted as usize);
    let lines: Vec<String> = lines.map(|line| line.chars().take(LINE).collect()).collect();
    let own = lines.get((place.line - first) as usize)?.trim();
    (!own.is_empty() && !is_shown(failure, own)).then_some(Excerpt { first, lines })
}

/// Whether the details quote the line: pytest's have the whole function.
fn is_shown(failure: &Failure, line: &str) -> bool {
    failure.details.lines().any(|told| told.trim_start_matches(['>', ' ', '\t']).trim_end() == line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;
    use std::fs;

    #[test]
    fn an_excerpt_has_the_lines_around_its_place_and_stays_within_the_project() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().join("project");
        fs::create_dir(&root).expect("a folder");
        fs::write(root.join("a.js"), (1..=20).map(|line| format!("line {line}\n")).collect::<String>())
            .expect("a file");
        fs::write(folder.path().join("out.js"), "secret\n").expect("a file");
        let folders = [folder.path().join("none"), root];
        let lines = |file: &str, line| {
            let failure = Failure::new("wrong", Some(Place { file: file.to_owned(), line, column: 1 }));
            around(&folders, &failure).map(|found| (found.first, found.lines.len()))
        };
        assert_eq!(lines("a.js", 10), Some((6, 9)));
        assert_eq!(lines("a.js", 1), Some((1, 5)));
        assert_eq!(lines("a.js", 20), Some((16, 5)));
        assert_eq!(lines("a.js", 21), None);
        assert_eq!(lines("a.js", 0), None);
        assert_eq!(lines("../out.js", 1), None);
        assert_eq!(lines("b.js", 1), None);
        let told = Failure::new("wrong", Some(Place { file: "a.js".to_owned(), line: 3, column: 1 }));
        assert_eq!(around(&folders, &told.with_details("  line 2\n> line 3\n")), None, "the details show it");
    }
}
