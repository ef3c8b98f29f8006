//! An order in stretches, each run by one process.

use crate::adapter::command::fields::{fill, names};
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::profile::{Profile, RunOrder};
use crate::model::{CaseIndex, Position};
use std::collections::BTreeSet;

/// Places of an order that one process runs.
pub(super) type Stretch = Vec<Position>;

/// Cuts an order, given as places among `cases`, where one process can't go on in it: where the runner would run the
/// next case earlier, where a case comes again, where the command names what the next case has not, or where it is full.
pub(super) fn stretches(profile: &Profile, cases: &[ListedCase], order: &[CaseIndex]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut held = BTreeSet::new();
    let mut last: Option<CaseIndex> = None;
    for (position, case) in Position::all().zip(order.iter().copied()) {
        let follows = last.is_some_and(|last| {
            !held.contains(&case)
                && (profile.run.order == RunOrder::AsGiven || last < case)
                && same_command(profile, cases, last, case)
                && rank(profile, cases, last) <= rank(profile, cases, case)
        });
        match stretches.last_mut() {
            Some(stretch) if follows && stretch.len() < profile.at_most() => stretch.push(position),
            _ => {
                stretches.push(vec![position]);
                held.clear();
            }
        }
        held.insert(case);
        last = Some(case);
    }
    stretches
}

/// Whether one process runs this order: nothing but its cases comes between them.
pub(super) fn runs_through(profile: &Profile, cases: &[ListedCase], order: &[CaseIndex]) -> bool {
    stretches(profile, cases, order).len() <= 1
}

/// The number by which cases are ordered within a process; 0 where there is none.
fn rank(profile: &Profile, cases: &[ListedCase], case: CaseIndex) -> i64 {
    let template = profile.run.rank.as_deref();
    let text = template.zip(cases.get(case.index())).and_then(|(rank, case)| fill(rank, &case.fields).ok());
    text.and_then(|text| text.parse().ok()).unwrap_or_default()
}

/// Whether the two agree in all that the command says of a case by itself, a package say.
fn same_command(profile: &Profile, cases: &[ListedCase], one: CaseIndex, other: CaseIndex) -> bool {
    let (Some(one), Some(other)) = (cases.get(one.index()), cases.get(other.index())) else { return false };
    let named = one.fields.keys().filter(|field| profile.run.command.iter().any(|word| names(word, field)));
    named.into_iter().all(|field| one.fields.get(field) == other.fields.get(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapter::command::fields::Fields;

    fn check(run: &str, order: &[u32], expected: &[&[u32]]) {
        let text = format!("{{ list: {{ command: [x] }}, run: {{ {run} }}, results: {{ tap: {{}} }} }}");
        let profile: Profile = serde_saphyr::from_str(&text).expect("a profile");
        let case = |n: usize| {
            let fields: Fields = [("p".to_owned(), (n / 3).to_string()), ("id".to_owned(), n.to_string())].into();
            ListedCase { id: n.to_string(), file: String::new(), line: 1, module: String::new(), fields }
        };
        let cases: Vec<ListedCase> = (0..6).map(case).collect();
        let found = stretches(&profile, &cases, &CaseIndex::list(order.iter().copied()));
        let found: Vec<Vec<u32>> =
            found.iter().map(|stretch| stretch.iter().map(|position| position.0).collect()).collect();
        assert_eq!(found, expected, "{run} {order:?}");
    }

    #[test]
    fn an_order_is_cut_where_a_process_can_not_go_on() {
        let given = "command: [x, '${cases}']";
        check(given, &[], &[]);
        check(given, &[3, 1, 2], &[&[0, 1, 2]]);
        check(given, &[3, 1, 3, 2], &[&[0, 1], &[2, 3]]);
        check("command: [x, '${cases}'], at_most: 2", &[3, 1, 2], &[&[0, 1], &[2]]);
        check("command: [x, '${case}']", &[3, 1], &[&[0], &[1]]);
        let listed = "command: [x, '${cases}'], order: as_listed";
        check(listed, &[0, 1, 2, 3, 4, 5], &[&[0, 1, 2, 3, 4, 5]]);
        check(listed, &[2, 4, 3, 5], &[&[0, 1], &[2, 3]]);
        check(listed, &[2, 2], &[&[0], &[1]]);
        check("command: [x, '${p}', '${cases}']", &[0, 2, 3, 1], &[&[0, 1], &[2], &[3]]);
        check("command: [x, '${cases}'], rank: '${p}'", &[2, 0, 4, 3, 1], &[&[0, 1, 2, 3], &[4]]);
    }
}
