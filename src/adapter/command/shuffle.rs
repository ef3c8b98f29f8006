//! The shuffles of runners that otherwise keep to their own list: which order each seed gives.
//!
//! # Rationale
//!
//! Rust's own harness and GoogleTest run what they are asked for as they list it, however it is named. Both can shuffle by a
//! seed, and which order a seed gives follows from the seed and the tests alone. So a seed is looked for that gives the
//! order that is wanted: any order of a few tests has one, and of many tests some orders have. A version that shuffles
//! otherwise is found out when its process plays another order ([`Reported`](super::reported::Reported)).

use crate::adapter::command::fields::fill;
use crate::adapter::command::listing::ListedCase;
use crate::adapter::command::profile::Profile;
use crate::adapter::command::running::ShuffleKind;
use siphasher::sip::SipHasher13;
use std::collections::BTreeMap;
use std::hash::Hasher;

/// Up to so many tests of Rust's harness every order has a seed that is soon found.
pub(super) const EVERY_ORDER: usize = 8;

/// So many times the number of orders is searched: a seed that is not found then is one in a hundred thousand.
const TIMES: u64 = 12;

/// How many seeds are searched besides, and the most of GoogleTest.
const SEEDS: u64 = 256;
const GOOGLETEST_SEEDS: u64 = 99_999;

/// The most numbers that GoogleTest's generator draws in one search.
const DRAWS: u64 = 4_000_000;

/// Of so many orders the nearest to the wanted one is taken; of fewer where there are many tests.
const COMPARED: usize = 64;
const COMPARED_OF_MANY: usize = 4;
const MANY: usize = 200;

/// A field of each case of GoogleTest: its suite and its place in it. A field of one case: the sizes of all suites.
const PLACE: &str = "shuffle.place";
const SIZES: &str = "shuffle.sizes";

/// Which case of an order has to stay where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    Nothing,
    Last,
}

/// The tests of one process as the runner lists them, by their places from 0, ready to be shuffled.
#[derive(Debug)]
pub(super) enum Deck {
    Libtest {
        names: u64,
        count: usize,
    },
    Googletest {
        suites: Vec<usize>,
        /// How many suites stand before all others: those of death tests.
        death: usize,
        chosen: BTreeMap<(usize, usize), usize>,
    },
}

impl Deck {
    /// `None` where nothing is known of a shuffle of these. `cases` stand as they are listed; one of `all` knows the whole
    /// list of a program.
    pub fn of(profile: &Profile, cases: &[&ListedCase], all: &[ListedCase]) -> Option<Self> {
        let shuffled = profile.run.shuffled.as_ref()?;
        let is_left_out = |case: &ListedCase| {
            shuffled.except.iter().any(|(field, value)| case.fields.get(field).is_some_and(|found| found == value))
        };
        if cases.iter().any(|case| !case.is_listed() || is_left_out(case)) {
            return None;
        }
        match shuffled.by {
            ShuffleKind::Libtest => {
                let names = cases.iter().map(|case| fill(&profile.run.case, &case.fields).ok());
                let names: Vec<String> = names.collect::<Option<_>>()?;
                Some(Self::Libtest { names: hash_of_names(&names), count: names.len() })
            }
            ShuffleKind::Googletest => {
                let sizes = all.iter().find_map(|case| case.fields.get(SIZES))?;
                let (death, sizes) = sizes.split_once(' ')?;
                let suites = sizes.split(',').map(|size| size.parse().ok()).collect::<Option<_>>()?;
                let place = |case: &ListedCase| {
                    let (suite, at) = case.fields.get(PLACE)?.split_once(' ')?;
                    Some((suite.parse().ok()?, at.parse().ok()?))
                };
                let chosen = cases.iter().enumerate().map(|(card, case)| Some((place(case)?, card)));
                Some(Self::Googletest { suites, death: death.parse().ok()?, chosen: chosen.collect::<Option<_>>()? })
            }
        }
    }

    /// The smallest seed that gives this order, of those that are searched.
    pub fn seed_of(&self, order: &[usize]) -> Option<u64> {
        if self.leaves_a_suite_and_comes_again(order) {
            return None;
        }
        (1..=self.searched(order.len())).find(|seed| self.dealt(*seed, Some(order)).is_some())
    }

    /// Of the orders of a few seeds, the one in which the tests stand nearest to their places in this one.
    pub fn nearest(&self, order: &[usize], fixed: Fixed) -> Option<Vec<usize>> {
        let mut places = vec![0_i64; order.len()];
        for (place, card) in (0_i64..).zip(order) {
            *places.get_mut(*card)? = place;
        }
        let is_right = |dealt: &Vec<usize>| fixed == Fixed::Nothing || dealt.last() == order.last();
        let distance = |dealt: &Vec<usize>| -> i64 {
            (0_i64..).zip(dealt).map(|(place, card)| (places.get(*card).map_or(0, |wanted| wanted - place)).abs()).sum()
        };
        let seeds = 1..=self.searched(order.len()).min(most_of_many(order.len()));
        let compared = if order.len() > MANY { COMPARED_OF_MANY } else { COMPARED };
        let dealt = seeds.filter_map(|seed| self.dealt(seed, None)).filter(is_right).take(compared);
        dealt.min_by_key(distance)
    }

    /// Up to so many tests it is worth searching for a seed of any order.
    pub fn any_order_up_to(&self) -> usize {
        match self {
            Self::Libtest { .. } => EVERY_ORDER,
            Self::Googletest { .. } => {
                let is_likely = |count: &usize| TIMES * (1..=*count as u64).product::<u64>() <= self.searched(*count);
                (2..=EVERY_ORDER).rev().find(is_likely).unwrap_or(1)
            }
        }
    }

    /// Whether the tests of a suite of GoogleTest do not stand together.
    fn leaves_a_suite_and_comes_again(&self, order: &[usize]) -> bool {
        let Self::Googletest { chosen, .. } = self else { return false };
        let suites: BTreeMap<usize, usize> = chosen.iter().map(|((suite, _), card)| (*card, *suite)).collect();
        let mut visits: Vec<usize> = order.iter().filter_map(|card| suites.get(card).copied()).collect();
        visits.dedup();
        let visited = visits.len();
        visits.sort_unstable();
        visits.dedup();
        visits.len() < visited
    }

    /// How many seeds are searched for an order of so many tests.
    fn searched(&self, count: usize) -> u64 {
        match self {
            Self::Libtest { .. } if count <= EVERY_ORDER => TIMES * (1..=count as u64).product::<u64>(),
            Self::Libtest { .. } => most_of_many(count),
            Self::Googletest { suites, .. } => {
                let draws = suites.iter().sum::<usize>() + suites.len();
                (DRAWS / (draws as u64).max(1)).min(GOOGLETEST_SEEDS)
            }
        }
    }

    /// The order of a seed; `None` as soon as it is not the wanted one, where one is.
    fn dealt(&self, seed: u64, wanted: Option<&[usize]>) -> Option<Vec<usize>> {
        match self {
            Self::Libtest { names, count } => libtest(*names, *count, seed, wanted),
            Self::Googletest { suites, death, chosen } => {
                let dealt = googletest(suites, *death, chosen, u32::try_from(seed).ok()?);
                wanted.is_none_or(|wanted| wanted == dealt).then_some(dealt)
            }
        }
    }
}

/// How many seeds are searched where not every order can be found: enough for the last test to be any.
fn most_of_many(count: usize) -> u64 {
    TIMES * count as u64 + SEEDS
}

/// Enters what GoogleTest shuffles by, which is its whole list, into the cases that are left of it.
pub(super) fn remember_suites(profile: &Profile, all: &[ListedCase], left: &mut [ListedCase]) {
    if profile.run.shuffled.as_ref().is_none_or(|shuffled| shuffled.by != ShuffleKind::Googletest) {
        return;
    }
    let mut sizes: Vec<usize> = Vec::new();
    let mut places: BTreeMap<&str, String> = BTreeMap::new();
    let mut suite = None;
    let mut death = 0;
    for case in all {
        if suite != Some(case.module.as_str()) {
            suite = Some(&case.module);
            sizes.push(0);
            let is_death = case.module.ends_with("DeathTest") || case.module.contains("DeathTest/");
            death += usize::from(is_death && death + 1 == sizes.len());
        }
        let at = sizes.len() - 1;
        let size = &mut sizes[at];
        places.insert(&case.id, format!("{at} {size}"));
        *size += 1;
    }
    for case in left.iter_mut() {
        case.fields.extend(places.remove(case.id.as_str()).map(|place| (PLACE.to_owned(), place)));
    }
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    if let Some(first) = left.first_mut() {
        first.fields.insert(SIZES.to_owned(), format!("{death} {}", sizes.join(",")));
    }
}

/// What Rust's harness hashes of the names of its tests, in which no column is padded.
fn hash_of_names(names: &[String]) -> u64 {
    const ALIGNED: u64 = 2;
    const NOT_PADDED: u64 = 0;
    let mut hasher = SipHasher13::new();
    hasher.write(&(names.len() as u64).to_le_bytes());
    for name in names {
        hasher.write(&ALIGNED.to_le_bytes());
        hasher.write(name.as_bytes());
        hasher.write(&[0xff]);
        hasher.write(&NOT_PADDED.to_le_bytes());
    }
    hasher.finish()
}

fn libtest(names: u64, count: usize, seed: u64, wanted: Option<&[usize]>) -> Option<Vec<usize>> {
    let mut state = seed;
    let mut dealt: Vec<usize> = (0..count).collect();
    for place in 0..count {
        let mut hasher = SipHasher13::new();
        hasher.write(&state.to_le_bytes());
        hasher.write(&names.to_le_bytes());
        state = hasher.finish();
        let drawn = usize::try_from(state % (count - place) as u64).ok()?;
        dealt.swap(place, place + drawn);
        if wanted.is_some_and(|wanted| wanted.get(place) != dealt.get(place)) {
            return None;
        }
    }
    Some(dealt)
}

/// GoogleTest shuffles its suites, those of death tests among themselves, and then the tests of each suite.
fn googletest(suites: &[usize], death: usize, chosen: &BTreeMap<(usize, usize), usize>, seed: u32) -> Vec<usize> {
    let mut state = seed;
    let mut shuffle = |range: &mut [usize]| {
        for width in (2..=range.len()).rev() {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
            range.swap(state as usize % width, width - 1);
        }
    };
    let mut order: Vec<usize> = (0..suites.len()).collect();
    let (first, others) = order.split_at_mut(death.min(suites.len()));
    shuffle(first);
    shuffle(others);
    let tests: Vec<Vec<usize>> = suites
        .iter()
        .map(|size| {
            let mut tests: Vec<usize> = (0..*size).collect();
            shuffle(&mut tests);
            tests
        })
        .collect();
    let run = order.into_iter().flat_map(|suite| tests[suite].iter().map(move |test| (suite, *test)));
    run.filter_map(|place| chosen.get(&place).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn libtest_deck(names: &[&str]) -> Deck {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Deck::Libtest { names: hash_of_names(&names), count: names.len() }
    }

    #[test]
    fn a_seed_gives_the_order_that_rusts_harness_plays() {
        // As played by the harness of Rust 1.95.
        let deck = libtest_deck(&["a_victim", "c", "m", "z_polluter"]);
        assert_eq!(deck.dealt(1, None), Some(vec![3, 2, 1, 0]));
        assert_eq!(deck.dealt(2, None), Some(vec![2, 0, 3, 1]));
        assert_eq!(deck.seed_of(&[3, 2, 1, 0]), Some(1));
    }

    #[test]
    fn every_order_of_a_few_tests_has_a_seed() {
        let names: Vec<String> = (0..EVERY_ORDER).map(|number| format!("tests::t{number}")).collect();
        let deck = libtest_deck(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let reverse: Vec<usize> = (0..EVERY_ORDER).rev().collect();
        let seed = deck.seed_of(&reverse).expect("a seed");
        assert_eq!(deck.dealt(seed, None), Some(reverse));
    }

    #[test]
    fn the_nearest_order_of_many_keeps_its_last_and_has_a_seed() {
        let names: Vec<String> = (0..60).map(|number| format!("t{number:02}")).collect();
        let deck = libtest_deck(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let wanted: Vec<usize> = (0..60).rev().collect();
        assert_eq!(deck.seed_of(&wanted), None);
        let nearest = deck.nearest(&wanted, Fixed::Last).expect("an order");
        assert_eq!(nearest.last(), Some(&0));
        assert!(deck.seed_of(&nearest).is_some());
        let discordant = (0..60).flat_map(|a| (0..a).map(move |b| (a, b)));
        let place = |card: usize| nearest.iter().position(|dealt| *dealt == card);
        let as_wanted = discordant.filter(|(a, b)| place(*a) < place(*b)).count();
        assert!(as_wanted > 60 * 59 / 4, "{as_wanted} of {} pairs", 60 * 59 / 2);
    }

    #[test]
    fn a_seed_gives_the_order_that_googletest_plays() {
        // As played by GoogleTest 1.12: a suite of death tests, and five others; a test that is disabled takes part.
        let suites = vec![1, 6, 4, 2, 1, 3];
        let places = suites.iter().enumerate().flat_map(|(suite, size)| (0..*size).map(move |test| (suite, test)));
        let chosen: BTreeMap<(usize, usize), usize> = places.filter(|place| *place != (2, 2)).zip(0..).collect();
        let deck = Deck::Googletest { suites, death: 1, chosen };
        assert_eq!(deck.dealt(1, None), Some(vec![0, 14, 13, 15, 11, 10, 7, 8, 9, 12, 2, 3, 4, 1, 6, 5]));
        assert_eq!(deck.dealt(99_999, None), Some(vec![0, 15, 13, 14, 12, 11, 10, 7, 9, 8, 5, 6, 4, 3, 2, 1]));
    }

    #[test]
    fn a_suite_of_googletest_stays_together_and_those_of_death_tests_come_first() {
        let places = [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1)];
        let chosen = places.into_iter().zip(0..).collect();
        let deck = Deck::Googletest { suites: vec![1, 2, 3], death: 1, chosen };
        assert!(deck.seed_of(&[0, 4, 3, 1, 2]).is_some());
        // The numbers of its generator are odd and even by turns, so that two shuffles of two are never both turned round.
        assert_eq!(deck.seed_of(&[0, 4, 3, 2, 1]), None);
        assert_eq!(deck.nearest(&[0, 4, 3, 2, 1], Fixed::Last), None);
        assert!(deck.nearest(&[0, 4, 3, 2, 1], Fixed::Nothing).is_some());
        assert_eq!(deck.seed_of(&[0, 1, 3, 2, 4]), None, "two suites take turns");
        assert_eq!(deck.seed_of(&[1, 2, 0, 3, 4]), None, "death tests come late");
    }
}
