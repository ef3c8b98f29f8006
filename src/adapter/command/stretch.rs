//! An order in stretches, each run by one process.

use crate::adapter::command::fields::{fill, names};
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::profile::{Profile, RunOrder};
use crate::adapter::command::shuffle::{Deck, EVERY_ORDER, Fixed};
use crate::model::{CaseIndex, Position};
use std::collections::BTreeSet;

/// Places of an order that one process runs.
pub(super) type Stretch = Vec<Position>;

/// An order, and what is known of how a runner runs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cutter<'a> {
    pub profile: &'a Profile,
    pub cases: &'a [ListedCase],
    pub order: &'a [CaseIndex],
    /// Programs that do not shuffle as it is known of their runner.
    pub unshuffled: &'a BTreeSet<String>,
}

impl Cutter<'_> {
    /// Cuts these places of the order where one process can't go on: where the command names what the next case has not,
    /// where a case comes again and only another process runs it, where the process is full, or where the runner would run the next case earlier and
    /// no seed of its shuffle changes that.
    pub fn stretches(&self, positions: impl IntoIterator<Item = Position>) -> Vec<Stretch> {
        self.runs(positions).into_iter().flat_map(|run| self.cut(run)).collect()
    }

    /// The order that is played in place of this one, the nearest that its processes can play. This one, where each can be
    /// played or none is nearer.
    pub fn playable(&self, fixed: Fixed) -> Vec<CaseIndex> {
        let runs = self.runs(Position::all().take(self.order.len()));
        let last = runs.len();
        let played = (1..).zip(runs).flat_map(|(number, run)| {
            let cases: Vec<CaseIndex> = run.iter().filter_map(|position| self.case(*position)).collect();
            let fixed = if number == last { fixed } else { Fixed::Nothing };
            self.nearest(&cases, fixed).unwrap_or(cases)
        });
        played.collect()
    }

    /// The seed with which one process runs these cases in this order. `None` where it needs none, or there is none.
    pub fn seed_of(&self, cases: &[CaseIndex]) -> Option<u64> {
        if self.profile.run.shuffled.is_none() || is_ascending(cases) {
            return None;
        }
        let (deck, order) = self.deck(cases)?;
        deck.seed_of(&order)
    }

    fn nearest(&self, cases: &[CaseIndex], fixed: Fixed) -> Option<Vec<CaseIndex>> {
        if self.profile.run.shuffled.is_none() || is_ascending(cases) || self.seed_of(cases).is_some() {
            return None;
        }
        let (deck, order) = self.deck(cases)?;
        let nearest = deck.nearest(&order, fixed)?;
        let listed = sorted(cases);
        Some(nearest.into_iter().filter_map(|card| listed.get(card).copied()).collect())
    }

    /// The cases as their program lists them, and the order as places among them.
    fn deck(&self, cases: &[CaseIndex]) -> Option<(Deck, Vec<usize>)> {
        let listed = sorted(cases);
        let order = cases.iter().map(|case| listed.binary_search(case).ok()).collect::<Option<_>>()?;
        let asked: Vec<&ListedCase> = listed.iter().map(|case| self.cases.get(case.index())).collect::<Option<_>>()?;
        if self.unshuffled.contains(&program(self.profile, asked.first()?)) {
            return None;
        }
        Some((Deck::of(self.profile, &asked, self.cases)?, order))
    }

    /// Cuts where no process can go on, in whatever order it runs its cases.
    fn runs(&self, positions: impl IntoIterator<Item = Position>) -> Vec<Stretch> {
        let (profile, cases) = (self.profile, self.cases);
        let mut runs: Vec<Stretch> = Vec::new();
        let mut held = BTreeSet::new();
        let mut last: Option<CaseIndex> = None;
        for position in positions {
            let Some(case) = self.case(position) else { continue };
            let follows = last.is_some_and(|last| {
                (profile.run.repeats || !held.contains(&case))
                    && same_command(profile, cases, last, case)
                    && rank(profile, cases, last) <= rank(profile, cases, case)
            });
            match runs.last_mut() {
                Some(run) if follows && run.len() < profile.at_most() => run.push(position),
                _ => {
                    runs.push(vec![position]);
                    held.clear();
                }
            }
            held.insert(case);
            last = Some(case);
        }
        runs
    }

    /// Cuts a run where its runner would run the next case earlier.
    fn cut(&self, run: Stretch) -> Vec<Stretch> {
        let cases: Vec<CaseIndex> = run.iter().filter_map(|position| self.case(*position)).collect();
        if self.profile.run.order == RunOrder::AsGiven || is_ascending(&cases) || self.seed_of(&cases).is_some() {
            return vec![run];
        }
        let mut stretches = Vec::new();
        let mut from = 0;
        while let Some(rest) = cases.get(from..).filter(|rest| !rest.is_empty()) {
            let ascending = 1 + rest.windows(2).take_while(|pair| pair[0] < pair[1]).count();
            let most = self.any_order_up_to(rest);
            let is_played = |count: &usize| rest.get(..*count).is_some_and(|some| self.seed_of(some).is_some());
            let count = (ascending + 1..=most).rev().find(is_played).unwrap_or(ascending);
            stretches.extend(run.get(from..from + count).map(<[Position]>::to_vec));
            from += count;
        }
        stretches
    }

    /// How many of these cases may come in any order, in one process.
    fn any_order_up_to(&self, cases: &[CaseIndex]) -> usize {
        let some = cases.get(..EVERY_ORDER).unwrap_or(cases);
        self.deck(some).map_or(1, |(deck, _)| deck.any_order_up_to().min(some.len()))
    }

    fn case(&self, position: Position) -> Option<CaseIndex> {
        self.order.get(position.index()).copied()
    }
}

/// Whether one process runs this order: nothing but its cases comes between them.
pub(super) fn runs_through(profile: &Profile, cases: &[ListedCase], order: &[CaseIndex]) -> bool {
    let cutter = Cutter { profile, cases, order, unshuffled: &BTreeSet::new() };
    cutter.stretches(Position::all().take(order.len())).len() <= 1
}

/// What of a case the command names by itself: cases that agree in it are run by one program.
pub(super) fn program(profile: &Profile, case: &ListedCase) -> String {
    let named = case.fields.iter().filter(|(field, _)| profile.run.command.iter().any(|word| names(word, field)));
    named.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(" ")
}

fn is_ascending(cases: &[CaseIndex]) -> bool {
    cases.is_sorted_by(|one, other| one < other)
}

fn sorted(cases: &[CaseIndex]) -> Vec<CaseIndex> {
    let mut sorted = cases.to_vec();
    sorted.sort_unstable();
    sorted
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
        let order = CaseIndex::list(order.iter().copied());
        let cutter = Cutter { profile: &profile, cases: &cases, order: &order, unshuffled: &BTreeSet::new() };
        let found = cutter.stretches(Position::all().take(order.len()));
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
        check("command: [x, '${cases}'], repeats: true", &[3, 1, 3, 3, 2], &[&[0, 1, 2, 3, 4]]);
        check("command: [x, '${cases}'], at_most: 2", &[3, 1, 2], &[&[0, 1], &[2]]);
        check("command: [x, '${case}']", &[3, 1], &[&[0], &[1]]);
        let listed = "command: [x, '${cases}'], order: as_listed";
        check(listed, &[0, 1, 2, 3, 4, 5], &[&[0, 1, 2, 3, 4, 5]]);
        check(listed, &[2, 4, 3, 5], &[&[0, 1], &[2, 3]]);
        check(listed, &[2, 2], &[&[0], &[1]]);
        check("command: [x, '${p}', '${cases}']", &[0, 2, 3, 1], &[&[0, 1], &[2], &[3]]);
        let shuffled = "command: [x, '${cases}'], order: as_listed, shuffled: { by: libtest, words: [] }";
        check(shuffled, &[5, 1, 3, 0], &[&[0, 1, 2, 3]]);
        check(shuffled, &[2, 2], &[&[0], &[1]]);
        let except = shuffled.replace("words", "except: { p: '1' }, words");
        check(&except, &[2, 1, 0], &[&[0, 1, 2]]);
        check(&except, &[5, 4], &[&[0], &[1]]);
        check("command: [x, '${cases}'], rank: '${p}'", &[2, 0, 4, 3, 1], &[&[0, 1, 2, 3], &[4]]);
    }
}
