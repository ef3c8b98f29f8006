//! Which case a name means: the runner's own id, a part of it, or what a JUnit file calls it.

use crate::app::AppError;
use crate::event::CaseInfo;
use crate::model::CaseIndex;
use std::collections::HashMap;

/// How many cases an error names.
const NAMED: usize = 5;

/// Endings of files that one dialect writes and another leaves out.
const ENDINGS: &[&str] = &[
    "cjs", "cs", "cts", "ex", "exs", "go", "java", "js", "jsx", "kt", "mjs", "mts", "php", "py", "rb", "rs", "scala",
    "ts", "tsx", "yaml", "yml",
];

/// The names of a suite's cases.
///
/// Names are compared as the words that they consist of: `tests/test_a.py::TestB::test_c`, `tests.test_a.TestB.test_c`
/// and `tests.test_a.TestB::test_c` are one name. What stands in round brackets, as a method's parameters, may be left out.
pub(super) struct Names<'a> {
    cases: &'a [CaseInfo],
    /// The cases by all words of their ids.
    whole: HashMap<String, Vec<CaseIndex>>,
    /// The cases by the last words of their ids, whatever their number.
    endings: HashMap<String, Vec<CaseIndex>>,
}

impl<'a> Names<'a> {
    pub fn of(cases: &'a [CaseInfo]) -> Self {
        let (mut whole, mut endings) = (HashMap::<_, Vec<CaseIndex>>::new(), HashMap::<_, Vec<CaseIndex>>::new());
        let forms = |id: &'a str| std::iter::once(id).chain(id.split_once('(').map(|(before, _)| before));
        for (case, number) in cases.iter().zip(CaseIndex::all()) {
            for form in forms(case.id.as_str()) {
                let words = words(form);
                for from in 0..words.len() {
                    add(&mut endings, joined(&words[from..]), number);
                }
                add(&mut whole, joined(&words), number);
            }
        }
        Self { cases, whole, endings }
    }

    /// The case that a name of a JUnit file or of a list means; `None` where no case or several could be meant.
    pub fn find(&self, name: &str) -> Option<CaseIndex> {
        match self.candidates(name).as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The case that somebody names, who may give a part of its id.
    ///
    /// # Errors
    /// If there is no such case, or several.
    pub fn meant(&self, name: &str) -> Result<CaseIndex, AppError> {
        let mut found = self.candidates(name);
        if found.is_empty() && !name.is_empty() {
            found = self.numbered().filter(|(_, id)| id.contains(name)).map(|(number, _)| number).collect();
        }
        match found.as_slice() {
            [only] => Ok(*only),
            [] => Err(AppError::Usage(format!("there is no case `{name}`{}", self.nearest(name)))),
            several => Err(AppError::Usage(format!(
                "`{name}` is part of the ids of {} cases: {}; give enough of an id to mean one",
                several.len(),
                self.listed(several)
            ))),
        }
    }

    /// The cases that a name can mean, by the closest reading that any case fits.
    fn candidates(&self, name: &str) -> Vec<CaseIndex> {
        if let Some((number, _)) = self.numbered().find(|(_, id)| *id == name) {
            return vec![number];
        }
        let words = words(name);
        if words.is_empty() {
            return Vec::new();
        }
        let of = |table: &HashMap<String, Vec<CaseIndex>>, words: &[&str]| table.get(&joined(words)).cloned();
        let whole = of(&self.whole, &words);
        let found = whole.or_else(|| of(&self.endings, &words));
        // A runner that was started further up writes more of the path.
        found.or_else(|| (1..words.len()).find_map(|from| of(&self.whole, &words[from..]))).unwrap_or_default()
    }

    fn numbered(&self) -> impl Iterator<Item = (CaseIndex, &'a str)> {
        CaseIndex::all().zip(self.cases.iter().map(|case| case.id.as_str()))
    }

    /// The ids that are most like the name, as part of a sentence.
    fn nearest(&self, name: &str) -> String {
        let wanted = name.to_lowercase();
        let last = |text: &str| words(text).last().map(|word| word.to_lowercase()).unwrap_or_default();
        let last_wanted = last(name);
        let distance = |id: &str| {
            let of_id = strsim::damerau_levenshtein(&wanted, &id.to_lowercase());
            of_id.min(strsim::damerau_levenshtein(&last_wanted, &last(id)))
        };
        let mut near: Vec<(usize, CaseIndex)> = self.numbered().map(|(number, id)| (distance(id), number)).collect();
        near.sort_unstable();
        let near: Vec<CaseIndex> = near.into_iter().take(NAMED).map(|(_, number)| number).collect();
        match near.len() {
            0 => String::new(),
            1 => format!("; the only one is {}", self.listed(&near)),
            _ => format!("; the nearest are {}", self.listed(&near)),
        }
    }

    fn listed(&self, cases: &[CaseIndex]) -> String {
        let ids = cases.iter().take(NAMED).filter_map(|case| self.cases.get(case.index()));
        let mut shown: Vec<String> = ids.map(|case| format!("`{}`", case.id)).collect();
        if cases.len() > NAMED {
            shown.push(format!("{} more", cases.len() - NAMED));
        }
        shown.join(", ")
    }
}

fn add(table: &mut HashMap<String, Vec<CaseIndex>>, words: String, case: CaseIndex) {
    let known = table.entry(words).or_default();
    if known.last() != Some(&case) {
        known.push(case);
    }
}

/// The words of a name, without the endings of files.
fn words(name: &str) -> Vec<&str> {
    let parts = name.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    parts.filter(|word| !ENDINGS.contains(word)).collect()
}

fn joined(words: &[&str]) -> String {
    words.join(" ")
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::model::{CaseId, ContentHash};
    use std::collections::BTreeSet;

    /// Cases of these ids, of which nothing else is known.
    pub(in crate::app::why) fn cases(ids: &[&str]) -> Vec<CaseInfo> {
        let case = |id: &&str| CaseInfo {
            id: CaseId::from(*id),
            title: String::new(),
            file: String::new(),
            line: 1,
            module: String::new(),
            tags: BTreeSet::new(),
            hash: ContentHash::of([*id]),
            skip: None,
            leaks: Vec::new(),
        };
        ids.iter().map(case).collect()
    }

    #[track_caller]
    fn check(ids: &[&str], name: &str, expected: Option<&str>) {
        let cases = cases(ids);
        let found = Names::of(&cases).meant(name).ok().map(|case| cases[case.index()].id.as_str());
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn each_dialect_names_the_same_case() {
        let pytest = ["tests/test_a.py::TestB::test_c[1-x]", "tests/test_a.py::test_c", "tests/test_b.py::test_d"];
        for name in [
            "tests/test_a.py::TestB::test_c[1-x]",
            "tests.test_a.TestB::test_c[1-x]",
            "TestB::test_c[1-x]",
            "backend/tests/test_a.py::TestB::test_c[1-x]",
            "TestB",
        ] {
            check(&pytest, name, Some(pytest[0]));
        }
        check(&pytest, "test_d", Some(pytest[2]));
        let jest = ["src/cart.test.js > cart adds", "src/cart.test.js > cart removes"];
        check(&jest, "cart adds", Some(jest[0]));
        check(&jest, "src/cart.test.js cart removes", Some(jest[1]));
        let go = ["example.com/shop/cart.TestAdd", "example.com/shop/cart.TestAddAll"];
        check(&go, "example.com/shop/cart::TestAdd", Some(go[0]));
        check(&go, "cart.TestAdd", Some(go[0]));
        check(&["shop tests::adds", "shop tests::adds_all"], "shop::tests::adds", Some("shop tests::adds"));
    }

    #[test]
    fn what_fits_several_cases_or_none_is_an_error_that_names_them() {
        let cases = cases(&["test_a.py::test_one[1]", "test_a.py::test_one[2]", "test_a.py::test_two"]);
        let names = Names::of(&cases);
        let said = |name: &str| names.meant(name).expect_err("not one case").to_string();
        assert_eq!(
            said("test_one"),
            "`test_one` is part of the ids of 2 cases: `test_a.py::test_one[1]`, `test_a.py::test_one[2]`; give enough of \
             an id to mean one"
        );
        assert!(said("test_tow").starts_with("there is no case `test_tow`; the nearest are `test_a.py::test_two`"));
        assert!(said("").contains("there is no case"));
        assert_eq!(names.find("test_one"), None);
    }
}
