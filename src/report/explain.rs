//! What a word of the reports means, at length: for a reader who met it for the first time.

use crate::model::FindingKind;
use crate::report::lexicon::{WORDS, Word};
use crate::report::recipe;
use crate::report::text::wrap;

/// Something that can be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// A kind of finding: what it means, and what usually helps.
    Finding(FindingKind),
    /// What a verdict says that is no finding.
    Unproven,
    /// Victim, polluter and the rest.
    Roles,
    /// What a run without a finding proves.
    Evidence,
    /// A word that takes a sentence and no advice.
    Word(Word),
}

const UNPROVEN: &str = "\
Evidence was asked for and is too thin, or a case was planned and never ran. Nothing wrong was seen.

Usual cause
  --max-flake-rate asks for more shuffled rounds than --max-time let run, or the system died before all had run.

What to do
  - Give more time, or more rounds side by side (--max-time, --jobs); `steadfast run --resume latest` goes on.
  - Ask for less: at 95 % confidence a rate of 5 % takes 59 shuffled rounds, one of 1 % takes 299.
";

const ROLES: &str = "\
An order-dependent case has a role, in the words of the literature (Shi et al., iFixFlakies).

  victim        passes alone, fails after a polluter
  polluter      leaves state behind that makes a victim fail
  cleaner       between polluter and victim, it hides the failure
  brittle       fails alone, passes after a state-setter
  state-setter  makes the state that a brittle case relies on

What to do
  - A victim: look at what the polluter changes and does not put back.
  - A brittle case: let it make the state itself that its state-setter makes for it.
";

const EVIDENCE: &str = "\
No failure in n shuffled rounds excludes, with confidence c, a failure in more than 1 - (1 - c)^(1/n) of rounds: 63 %
after 3 rounds, 5 % after 59, 1 % after 299 (c = 0.95). Only shuffled rounds with different seeds count; declared,
reverse and pair rounds find things and prove no rate.

What to do
  - Where chance must be excluded, ask for it: --max-flake-rate 0.01 plans what it takes, or says `unproven`.
";

impl Topic {
    /// Every topic that has advice, in the order of a list.
    pub const ALL: [Self; 13] = [
        Self::Finding(FindingKind::Broken),
        Self::Finding(FindingKind::OrderDependent),
        Self::Finding(FindingKind::EnvironmentDependent),
        Self::Finding(FindingKind::Intermittent),
        Self::Finding(FindingKind::Undiagnosed),
        Self::Finding(FindingKind::Disagrees),
        Self::Finding(FindingKind::NonIdempotent),
        Self::Finding(FindingKind::LoopBound),
        Self::Finding(FindingKind::Leak),
        Self::Finding(FindingKind::Skipped),
        Self::Unproven,
        Self::Roles,
        Self::Evidence,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Finding(kind) => kind.as_str(),
            Self::Unproven => "unproven",
            Self::Roles => "roles",
            Self::Evidence => "evidence",
            Self::Word(word) => word.name,
        }
    }

    /// The words that take a sentence and no advice, in the order of a list.
    pub fn words() -> impl Iterator<Item = Self> {
        WORDS.iter().map(|word| Self::Word(*word))
    }

    /// These words in lines, with commas between them.
    pub fn list_of_words(width: usize) -> String {
        let names: Vec<String> = Self::words().map(|word| word.name().replace('_', " ")).collect();
        wrapped(&names.join(", "), width, "", "")
    }

    /// The topic that a word names: itself, or one that stands for it.
    pub fn named(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase().replace(['-', ' '], "_");
        let word = match word.as_str() {
            "leaky" => "leak",
            "flaky" => "intermittent",
            "victim" | "polluter" | "cleaner" | "brittle" | "state_setter" => "roles",
            other => other,
        };
        Self::ALL.into_iter().find(|topic| topic.name() == word).or_else(|| Word::named(word).map(Self::Word))
    }

    /// What it means, in a line.
    pub fn summary(self) -> &'static str {
        match self {
            Self::Finding(kind) => recipe(kind).means,
            Self::Unproven => "Nothing is wrong, and less was run than was asked for.",
            Self::Roles => "Victim, polluter, cleaner, brittle, state-setter.",
            Self::Evidence => "What a run without a finding proves.",
            Self::Word(word) => word.means,
        }
    }

    /// The whole of it, for a terminal of any width from 60 columns, wrapped to at most `width`.
    pub fn text(self, width: usize) -> String {
        let kind = match self {
            Self::Finding(kind) => kind,
            Self::Unproven => return format!("unproven\n\n{UNPROVEN}"),
            Self::Roles => return format!("roles\n\n{ROLES}"),
            Self::Evidence => return format!("evidence\n\n{EVIDENCE}"),
            Self::Word(word) => {
                return format!("{}\n\n{}", word.name.replace('_', " "), wrapped(word.means, width, "", ""));
            }
        };
        let recipe = recipe(kind);
        let mut text = format!("{kind}\n\n{}", wrapped(recipe.means, width, "", ""));
        for (title, body) in [("Impact", recipe.impact), ("Usual cause", recipe.usual_cause)] {
            text.push_str(&format!("\n{title}\n{}", wrapped(body, width, "  ", "  ")));
        }
        text.push_str("\nWhat to do\n");
        for step in recipe.fix {
            text.push_str(&wrapped(step, width, "  - ", "    "));
        }
        text
    }
}

/// Words in lines of at most `width` columns; the first begins otherwise than the rest.
fn wrapped(text: &str, width: usize, first: &str, rest: &str) -> String {
    let lines = wrap(text, width.saturating_sub(rest.len()));
    lines
        .iter()
        .zip(std::iter::once(first).chain(std::iter::repeat(rest)))
        .map(|(line, start)| format!("{start}{line}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ResourceKind;

    #[test]
    fn every_topic_is_found_by_its_name_and_fits_the_screen() {
        for topic in Topic::ALL {
            assert_eq!(Topic::named(topic.name()), Some(topic));
            let text = topic.text(100);
            assert!(text.contains("What to do"), "{text}");
            for line in text.lines() {
                assert!(line.chars().count() <= 118, "{line}");
            }
        }
        assert_eq!(Topic::named("Order-Dependent"), Some(Topic::Finding(FindingKind::OrderDependent)));
        assert_eq!(Topic::named("leaky"), Some(Topic::Finding(FindingKind::Leak)));
        assert_eq!(Topic::named("nonsense"), None);
    }

    #[track_caller]
    fn is_known(word: &str) {
        let topic = Topic::named(word).unwrap_or_else(|| panic!("`{word}` is not explained"));
        assert!(!topic.text(80).is_empty());
    }

    #[test]
    fn every_word_that_is_printed_is_explained() {
        let labels = "cause where repeat sure remedy title or hidden also note command rounds history owner coverage unmeasured \
                      certainty files next skipped unproven gate quarantine seed forecast diagnosed probes new known gone warns FAILED \
                      PASSED ERROR INTERRUPTED UNPROVEN flips trial marks crashed errored failed";
        for word in labels.split_whitespace().chain(["before it", "held back", "timed out", "temporary file"]) {
            is_known(word);
        }
        for kind in ["declared", "reverse", "shuffle", "pairs", "permutation", "twice", "changed", "alone", "aftermath"]
            .into_iter()
            .chain(["given", "probe", "survey", "repeated", "walk"])
        {
            is_known(kind);
        }
        for kind in ResourceKind::ALL {
            is_known(&kind.to_string());
        }
    }

    #[test]
    fn every_word_of_the_glossary_is_explained() {
        let page = include_str!("../../docs/glossary.md");
        let words = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
        let words: Vec<&str> = words.filter(|word| *word != "word" && !word.starts_with('-')).collect();
        assert!(words.len() > 20, "{words:?}");
        words.into_iter().for_each(is_known);
    }

    #[test]
    fn no_word_is_explained_twice() {
        let mut names: Vec<&str> =
            WORDS.iter().flat_map(|word| word.forms.iter().copied().chain([word.name])).collect();
        names.extend(Topic::ALL.map(Topic::name));
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
