//! The quarantine in words: its size, what it holds back, and which entries fail the gate.

use crate::event::QuarantineEntry;
use crate::report::text::visible;
use crate::report::view::View;
use crate::report::words::count;
use crate::verdict::EntryStatus;

/// The quarantine in words.
#[derive(Debug)]
pub(super) struct QuarantineStory {
    /// `12 entries: 10 hold a finding back, 2 wait`.
    pub(super) size: String,
    /// The entries that fail the gate: file, line, and what to do.
    pub(super) failing: Vec<String>,
    /// The file, and the line of each entry that fails the gate.
    pub(super) places: Vec<(String, u32)>,
}

impl QuarantineStory {
    /// Nothing where there is no quarantine.
    pub(super) fn new(view: &View<'_>) -> Option<Self> {
        let quarantine = view.record.header.background.quarantine.as_ref().filter(|file| !file.entries.is_empty())?;
        let statuses = &view.judgement.quarantine.entries;
        let number = |word: &str| statuses.iter().filter(|status| status.as_str() == word).count();
        let words = [
            ("excuses", "held back"),
            ("exceeded", "with more than it says"),
            ("waits", "without a finding so far"),
            ("not_in_run", "not in this run"),
            ("expired", "expired"),
            ("unneeded", "no longer needed"),
        ];
        let parts: Vec<String> = words
            .into_iter()
            .map(|(word, text)| (number(word), text))
            .filter(|(number, _)| *number > 0)
            .map(|(number, text)| format!("{number} {text}"))
            .collect();
        let cases = count(quarantine.entries.len(), "case");
        let failing: Vec<(&QuarantineEntry, &EntryStatus)> =
            quarantine.entries.iter().zip(statuses).filter(|(_, status)| status.fails()).collect();
        Some(Self {
            size: format!("{cases} in quarantine: {}", parts.join(", ")),
            places: failing.iter().map(|(entry, _)| (quarantine.file.clone(), entry.line)).collect(),
            failing: failing
                .into_iter()
                .map(|(entry, status)| failing_text(&quarantine.file, entry, *status))
                .collect(),
        })
    }
}

fn failing_text(file: &str, entry: &QuarantineEntry, status: EntryStatus) -> String {
    let (case, owner) = (visible(entry.case.as_str()), visible(&entry.owner));
    let place = format!("{file}:{}: `{case}`", entry.line);
    match status {
        EntryStatus::Unneeded { trials } => {
            let trials = count(trials as usize, "trial");
            format!("{place} no longer fails ({trials}): remove the entry, `steadfast quarantine prune` does it")
        }
        _ => format!("{place} expired on {}: ask {owner}, mend the case, or agree on another day", entry.until),
    }
}
