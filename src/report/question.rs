//! What is said of a run that was asked about one case.

use crate::model::RoundKind;
use crate::report::advice::Advice;
use crate::report::view::View;
use crate::report::words::{count, percent, rounds_to_exclude};
use crate::verdict::Tries;

/// The rate of failing tries that is worth asking for.
const TARGET: f64 = 0.01;

/// How it did, in a sentence without a full stop; `None` if the run was asked about all cases.
pub(super) fn evidence(view: &View<'_>) -> Option<String> {
    let tries = Tries::of(view.record)?;
    let kinds: Vec<String> = tries.by_kind.iter().map(|(kind, number)| format!("{number} {}", word(*kind))).collect();
    let (rate, kinds) = (tries.rate, kinds.join(", "));
    Some(match (rate.failures(), rate.trials()) {
        (_, 0) => "the case did not run to an end: nothing can be said of it".to_owned(),
        (0, trials) => format!(
            "it did not fail in {} of these kinds ({kinds}), so it fails in less than {} of such tries ({} confidence)",
            count(trials as usize, "try").replace("trys", "tries"),
            percent(tries.rate_upper),
            percent(tries.confidence)
        ),
        (_, _) => format!("it failed in {rate} tries ({kinds})"),
    })
}

/// What more certainty costs, where it did not fail.
pub(super) fn price(view: &View<'_>) -> Option<String> {
    let tries = Tries::of(view.record)?;
    let wanted = rounds_to_exclude(TARGET, tries.confidence);
    let missing = wanted.saturating_sub(tries.rate.trials());
    (tries.rate.failures() == 0).then(|| match missing {
        0 => format!("{wanted} tries without a failure exclude that it fails in more than {} of them", percent(TARGET)),
        _ => format!("to exclude that it fails in more than {} of such tries: {missing} more", percent(TARGET)),
    })
}

/// How to look further.
pub(super) fn next(view: &View<'_>) -> Option<Advice> {
    let header = &view.record.header;
    let question = header.question.as_ref()?;
    let id = header.cases.get(question.case.index())?.id.as_str();
    let told = question.recorded.iter().flat_map(|recorded| &recorded.arguments);
    let mut words = vec!["why", id, "--effort", "thorough"];
    words.extend(told.map(String::as_str));
    words.extend(header.subject.arguments.iter().map(String::as_str));
    Some(Advice::line("try it longer:", view.context.command(words)))
}

/// What a round of this kind is to a single case.
fn word(kind: RoundKind) -> &'static str {
    match kind {
        RoundKind::Given => "in the recorded order",
        RoundKind::Declared => "in declared order",
        RoundKind::Reverse => "in reverse order",
        RoundKind::Pairs => "right after another case",
        RoundKind::Shuffle => "shuffled",
        other => other.as_str(),
    }
}
