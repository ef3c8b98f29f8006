//! A finding in six answers: what, cause, where, repeat, how sure, remedy. Every format gives them first, in this order.

use crate::model::statistics::Tally;
use crate::model::{CaseIndex, FindingKind, Position, RoundKind};
use crate::report::finding::{Finding, OrderStory, Role, polluters};
use crate::report::recipe;
use crate::report::text::visible;
use crate::report::view::View;
use crate::report::words::{count, percent, rounds_to_exclude};
use crate::verdict::Order;

/// A finding in six answers, each without a full stop.
#[derive(Debug, Clone)]
pub(super) struct Brief {
    /// What happens: `fails after tests/test_settings.py::test_set_currency`.
    pub(super) what: String,
    /// Who leaves what, or as much as is known.
    pub(super) cause: String,
    /// The place that failed.
    pub(super) place: String,
    /// What failed there, in one or more lines.
    pub(super) message: String,
    /// The shortest line that shows it: the runner's own where that was tried and shows it.
    pub(super) repeat: String,
    /// The runner's own line as it was tried, from any folder.
    pub(super) tried: Option<String>,
    /// The command of this program.
    pub(super) command: String,
    /// How often it failed under which conditions.
    pub(super) sure: String,
    /// What to change.
    pub(super) remedy: String,
}

impl Brief {
    /// The answers of a finding.
    pub(super) fn of(view: &View<'_>, finding: &Finding) -> Self {
        let command = finding.command.line().to_owned();
        Self {
            what: what(view, finding),
            cause: cause(view, finding),
            place: finding.place_text(),
            message: finding.message.clone(),
            repeat: finding.own.as_ref().map_or_else(|| command.clone(), |own| own.short.clone()),
            tried: finding.own.as_ref().map(|own| own.tried.clone()),
            command,
            sure: sure(view, finding),
            remedy: remedy(view, finding),
        }
    }

    /// The place with the first line of what failed there.
    pub(super) fn location(&self) -> String {
        let first = self.message.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        format!("{}   {first}", self.place)
    }
}

fn what(view: &View<'_>, finding: &Finding) -> String {
    if let Some(order) = &finding.order {
        return match order.role {
            Role::Victim => format!("fails after {}", accused(view, finding, order)),
            Role::Brittle => format!("fails unless {} ran before it", accused(view, finding, order)),
            Role::Unknown => match order.sequences.first().map_or(0, Vec::len) {
                1 => format!("fails where {} ran before it", accused(view, finding, order)),
                size => format!("fails after some of {} that ran before it", count(size, "case")),
            },
        };
    }
    match finding.kind {
        FindingKind::Broken => "fails every time".to_owned(),
        FindingKind::OrderDependent => "fails in some orders and passes in others".to_owned(),
        FindingKind::Intermittent if finding.hash_seeds.is_some() => {
            format!("fails under some hash seeds of Python, {} times", finding.rate)
        }
        FindingKind::Intermittent => format!("fails by chance, {}", how_often(finding.rate, finding.compared)),
        FindingKind::EnvironmentDependent => {
            format!("failed {}: something outside the process decides", how_often(finding.rate, finding.compared))
        }
        FindingKind::Undiagnosed => {
            format!("failed {}, and was not examined to the end", how_often(finding.rate, finding.compared))
        }
        FindingKind::Disagrees => "ends otherwise here than under its own runner".to_owned(),
        FindingKind::NonIdempotent => "fails when it runs a second time in the same process".to_owned(),
        FindingKind::LoopBound => "leaves something behind that belongs to an ended event loop".to_owned(),
        FindingKind::Leak => "leaves something behind with each trial".to_owned(),
        FindingKind::Skipped => "is skipped in some orders and runs in others".to_owned(),
    }
}

/// What decides over it, in the names of the cases.
fn accused(view: &View<'_>, finding: &Finding, order: &OrderStory) -> String {
    let sequences: Vec<String> =
        order.sequences.iter().map(|sequence| polluters(view, finding.case, sequence)).collect();
    match sequences.split_first() {
        None => "another case".to_owned(),
        Some((first, [])) => first.clone(),
        Some((first, [second])) => format!("{first}, or after {second}"),
        Some((first, others)) => format!("{first}, or after one of {} others", others.len()),
    }
}

fn cause(view: &View<'_>, finding: &Finding) -> String {
    if !finding.states.is_empty() {
        let parts: Vec<&str> = finding.states.iter().map(|state| state.leaves.as_str()).collect();
        return parts.join("; ");
    }
    if let Some(order) = &finding.order {
        let first = order.sequences.first().map(|sequence| polluters(view, finding.case, sequence));
        let first = first.unwrap_or_else(|| "another case".to_owned());
        return match order.role {
            Role::Victim if first == "itself" => "it leaves something that it does not expect itself".to_owned(),
            Role::Victim => format!("{first} leaves something that it does not expect; what that is was not found"),
            Role::Brittle => format!("it relies on something that {first} makes; what that is was not found"),
            Role::Unknown => "something that an earlier case leaves; no smaller order is known yet".to_owned(),
        };
    }
    let reason = |otherwise: &str| finding.reason.clone().unwrap_or_else(|| otherwise.to_owned());
    match finding.kind {
        FindingKind::Broken => "neither chance nor order: it fails alone, from a fresh start".to_owned(),
        FindingKind::OrderDependent => reason("the order; which case decides was not found"),
        FindingKind::Intermittent => {
            reason("not known: no order and no other case makes a difference that can be told")
        }
        FindingKind::Undiagnosed => reason("not known yet: it was not examined to the end"),
        FindingKind::EnvironmentDependent => reason("something outside the process decides"),
        FindingKind::Disagrees => reason("the suite's own runner comes to another result"),
        FindingKind::NonIdempotent => match left_alone(view, finding.case) {
            Some(left) => format!("it leaves {left}, which is there when it runs again"),
            None => "it leaves something that it does not expect itself".to_owned(),
        },
        FindingKind::LoopBound | FindingKind::Leak => {
            finding.leaks.first().map_or_else(|| finding.message.clone(), |(text, _)| text.clone())
        }
        FindingKind::Skipped => reason("what it needs depends on what ran before it"),
    }
}

/// What stands for the cases of the first sequence.
fn them(order: &OrderStory) -> &'static str {
    if order.sequences.first().is_some_and(|sequence| sequence.len() > 1) { "them" } else { "it" }
}

/// What the case leaves changed when it runs alone, at most two parts of it.
fn left_alone(view: &View<'_>, case: CaseIndex) -> Option<String> {
    let mut rounds = view.record.rounds.iter().filter(|round| round.kind == RoundKind::Alone);
    let round = rounds.find(|round| round.slots.first().is_some_and(|slot| slot.case == case))?;
    let marks = round.marks.get(&Position(0))?;
    let parts: Vec<String> = marks.iter().take(2).map(|mark| visible(&mark.to_string()).into_owned()).collect();
    let more = if marks.len() > parts.len() {
        format!(", and {} parts more", marks.len() - parts.len())
    } else {
        String::new()
    };
    (!parts.is_empty()).then(|| format!("{}{more}", parts.join("; ")))
}

/// The evidence of this one finding. Numbers come first: they are what a reader checks.
fn sure(view: &View<'_>, finding: &Finding) -> String {
    let whole = || format!("failed {}", how_often(finding.rate, finding.compared));
    match (&finding.order, finding.compared) {
        (Some(order), Some((alone, in_order))) => match order.role {
            Role::Victim => format!("failed {in_order} times after {}, {alone} alone", them(order)),
            Role::Brittle => format!("failed {alone} times alone, {in_order} after {}", them(order)),
            Role::Unknown => format!("failed {in_order} times in that order, {alone} alone"),
        },
        (Some(_), None) => whole(),
        (None, compared) => match finding.kind {
            FindingKind::Broken => match compared.filter(|(alone, _)| alone.trials() > 0) {
                Some((alone, _)) => format!("failed {alone} times alone, from a fresh start"),
                None => whole(),
            },
            FindingKind::Intermittent if finding.hash_seeds.is_some() => {
                let alone = compared.map_or_else(Tally::default, |(alone, _)| alone);
                format!("failed {alone} times alone with the one seed, 0 of {} with the other", alone.trials())
            }
            FindingKind::Intermittent if finding.rate.failures() == 0 => whole(),
            FindingKind::Intermittent => {
                let rate = finding.rate.rate();
                let again = match rounds_to_exclude(rate, view.record.header.policy.confidence) {
                    0 | 1 => String::new(),
                    tries => format!("; expect to see it again within {tries} tries"),
                };
                format!("failed {} times ({}){again}", finding.rate, percent(rate))
            }
            FindingKind::Undiagnosed => format!("{}; nothing more is sure yet", whole()),
            FindingKind::LoopBound | FindingKind::Leak => match finding.leaks.first() {
                Some((_, course)) if course.len() > 1 => {
                    format!("counted after each of {}", count(course.len(), "trial"))
                }
                _ => format!("seen in {}", count(finding.rate.trials() as usize, "trial")),
            },
            FindingKind::NonIdempotent if compared.is_some() => {
                let (alone, again) = compared.unwrap_or_default();
                format!("failed {again} times when it ran again, {alone} alone")
            }
            FindingKind::OrderDependent
            | FindingKind::EnvironmentDependent
            | FindingKind::Disagrees
            | FindingKind::NonIdempotent
            | FindingKind::Skipped => match finding.kinds() {
                kinds if kinds.is_empty() => whole(),
                kinds => format!("{} ({kinds})", whole()),
            },
        },
    }
}

/// How often a case failed: in the rounds of the plan, or where it passed in all of them, when it was tried again. A case
/// that failed is never told to have failed 0 times.
fn how_often(planned: Tally, compared: Option<(Tally, Tally)>) -> String {
    let again = compared.map_or_else(Tally::default, |(alone, in_order)| alone + in_order);
    match (planned.failures(), again.failures()) {
        (0, 0) => format!("once, outside the rounds of the plan ({planned} there)"),
        (0, _) => format!("{again} times when it was tried again ({planned} in the rounds of the plan)"),
        _ => format!("{planned} times"),
    }
}

fn remedy(view: &View<'_>, finding: &Finding) -> String {
    if !finding.states.is_empty() {
        let fixes: Vec<&str> = finding.states.iter().map(|state| state.fix.as_str()).collect();
        let tried = finding.states.first().map_or("", |state| state.tried.as_str());
        return format!("{} ({tried})", fixes.join("; "));
    }
    if finding.kind == FindingKind::Undiagnosed {
        let line = if finding.own.is_some() { "command" } else { "repeat line" };
        return format!("examine it to the end, which its {line} does");
    }
    if finding.hash_seeds.is_some() {
        return "let nothing depend on the order of a set or on hash(): sort what is compared, written or taken first"
            .to_owned();
    }
    let judged = view.judged(finding.case).and_then(|judged| judged.order.as_ref());
    let step = match (finding.kind, judged) {
        (FindingKind::OrderDependent, Some(Order::Brittle { .. })) => recipe(finding.kind).fix.get(1),
        // The first step is to run the command, which stands above.
        (FindingKind::Broken, _) => recipe(finding.kind).fix.last(),
        _ => recipe(finding.kind).fix.first(),
    };
    let step = step.map_or_else(String::new, |step| step.replace('`', ""));
    let mut letters = step.trim_end_matches('.').chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_failed_is_never_told_to_have_failed_no_time() {
        let never = Tally::new(0, 10);
        assert_eq!(how_often(Tally::new(3, 10), Some((never, never))), "3 of 10 times");
        assert_eq!(
            how_often(never, Some((Tally::new(1, 10), Tally::new(0, 4)))),
            "1 of 14 times when it was tried again (0 of 10 in the rounds of the plan)"
        );
        assert_eq!(how_often(never, Some((never, never))), "once, outside the rounds of the plan (0 of 10 there)");
        assert_eq!(how_often(never, None), "once, outside the rounds of the plan (0 of 10 there)");
    }
}
