//! Which collected test is which known one. Collecting a suite again can give other ids, or the same in another order:
//! parameters from a set, from the clock, from a generator of random numbers.

use std::collections::{BTreeMap, HashMap};

/// For each known id the place of its test among those found, each place once; `None` where none is it.
///
/// A test is known by its id. Where ids of a function are gone and as many are new, they are the same tests: first those
/// that are alike but for their numbers, then the others, both in their order.
pub(super) fn places(known: &[&str], found: &[&str]) -> Vec<Option<u32>> {
    let by_id: HashMap<&str, u32> = found.iter().copied().zip(0..).collect();
    let mut places: Vec<Option<u32>> = known.iter().map(|id| by_id.get(id).copied()).collect();
    let mut taken = vec![false; found.len()];
    for place in places.iter().flatten() {
        taken[*place as usize] = true;
    }
    pair(&mut places, &mut taken, known, found, |id| (function(id).to_owned(), shape(id)));
    pair(&mut places, &mut taken, known, found, |id| function(id).to_owned());
    places
}

/// Pairs, in their order, the known ids without a place and the found ones that are not taken, where as many of either
/// have the same key.
fn pair<K: Ord>(
    places: &mut [Option<u32>],
    taken: &mut [bool],
    known: &[&str],
    found: &[&str],
    key: impl Fn(&str) -> K,
) {
    let mut groups: BTreeMap<K, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (at, id) in known.iter().enumerate().filter(|(at, _)| places[*at].is_none()) {
        groups.entry(key(id)).or_default().0.push(at);
    }
    if groups.is_empty() {
        return;
    }
    for (place, id) in found.iter().enumerate().filter(|(place, _)| !taken[*place]) {
        if let Some(group) = groups.get_mut(&key(id)) {
            group.1.push(place);
        }
    }
    for (gone, new) in groups.into_values().filter(|(gone, new)| gone.len() == new.len()) {
        for (at, place) in gone.into_iter().zip(new) {
            places[at] = u32::try_from(place).ok();
            taken[place] = true;
        }
    }
}

/// The id without the parameters: `tests/test_a.py::test_b` of `tests/test_a.py::test_b[1::2]`.
pub(super) fn function(id: &str) -> &str {
    let Some(names) = id.find("::") else { return id };
    id[names..].find('[').map_or(id, |at| &id[..names + at])
}

/// The id, with every word that has a digit left out.
fn shape(id: &str) -> String {
    let mut shape = String::with_capacity(id.len());
    for word in id.split_inclusive(|c: char| !c.is_alphanumeric()) {
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            shape.extend(word.chars().last().filter(|c| !c.is_alphanumeric()));
        } else {
            shape.push_str(word);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(known: &[&str], found: &[&str], expected: &[Option<u32>]) {
        assert_eq!(places(known, found), expected, "{known:?} in {found:?}");
    }

    #[test]
    fn the_same_ids_in_another_order_are_the_same_tests() {
        check(
            &["t.py::a[x]", "t.py::a[y]", "t.py::b"],
            &["t.py::b", "t.py::a[y]", "t.py::a[x]"],
            &[Some(2), Some(1), Some(0)],
        );
    }

    #[test]
    fn ids_with_the_time_in_them_are_known_by_what_stays() {
        let known = ["t.py::a[21:52:43 2026-11-23]", "t.py::a[11-23-2026 21:52:43]", "t.py::a[invalid]"];
        let found = ["t.py::a[invalid]", "t.py::a[21:52:46 2026-11-23]", "t.py::a[11-23-2026 21:52:46]"];
        check(&known, &found, &[Some(1), Some(2), Some(0)]);
        // One of them alone, as a repro has it.
        check(&known[1..2], &found, &[Some(2)]);
    }

    #[test]
    fn ids_of_chance_are_known_by_their_place_if_as_many_are_gone_as_are_new() {
        check(
            &["t.py::a[fox]", "t.py::a[1]", "t.py::a[owl]"],
            &["t.py::a[cat]", "t.py::a[1]", "t.py::a[dog]"],
            &[Some(0), Some(1), Some(2)],
        );
        check(&["t.py::a[fox]", "t.py::a[owl]"], &["t.py::a[cat]"], &[None, None]);
        check(&["t.py::a[fox]"], &["t.py::b[fox]", "u.py::a[fox]"], &[None]);
    }

    #[test]
    fn the_function_is_what_stands_before_the_parameters() {
        assert_eq!(function("a[1]/t.py::A::b[c::d[e]]"), "a[1]/t.py::A::b");
        assert_eq!(function("t.py"), "t.py");
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn each_place_is_given_once_and_what_is_there_is_found(
            known in prop::collection::btree_set("t::[ab]\\[[a-c0-9]{1,3}\\]", 0..12),
            found in prop::collection::btree_set("t::[ab]\\[[a-c0-9]{1,3}\\]", 0..12),
        ) {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let found: Vec<&str> = found.iter().rev().map(String::as_str).collect();
            let places = places(&known, &found);
            let mut given: Vec<u32> = places.iter().flatten().copied().collect();
            given.sort_unstable();
            given.dedup();
            prop_assert_eq!(given.len(), places.iter().flatten().count());
            for (id, place) in known.iter().zip(&places) {
                if found.contains(id) {
                    prop_assert_eq!(place.map(|place| found[place as usize]), Some(*id));
                } else if let Some(place) = place {
                    prop_assert_eq!(function(found[*place as usize]), function(id));
                }
            }
        }
    }
}
