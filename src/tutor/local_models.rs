//! Which local model answers: by capability, never by a fixed preference.

use super::defect::{Defect, Defects};
use super::language::Language;
use super::settings::PreferredModels;
use super::use_case::UseCase;
use std::collections::HashSet;

/// What a model is good at, told by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Code,
    Reasoning,
    Chat,
    Other,
}

/// The model for a task among the installed ones; `None` if there is none.
pub(super) fn select<'a>(
    installed: &'a [String],
    language: &Language,
    use_case: &UseCase,
    preferred: &PreferredModels,
    defects: Defects,
) -> Option<&'a str> {
    wished(installed, language, use_case, preferred).or_else(|| best(installed, language, use_case, defects))
}

/// The learner's own choice, where it is installed.
fn wished<'a>(
    installed: &'a [String],
    language: &Language,
    use_case: &UseCase,
    preferred: &PreferredModels,
) -> Option<&'a str> {
    let by_use_case = preferred.use_case.get(use_case.name());
    let by_language = preferred.language.get(language.tag());
    let wishes = [by_use_case, by_language, preferred.general.as_ref()];
    wishes.into_iter().flatten().find_map(|wish| find(installed, wish))
}

fn find<'a>(installed: &'a [String], wish: &str) -> Option<&'a str> {
    installed.iter().map(String::as_str).find(|name| full_name(name) == full_name(wish))
}

/// `x` is `x:latest`.
fn full_name(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("{name}:latest") }
}

/// The best score; among equals the name that sorts first, however they are listed.
fn best<'a>(installed: &'a [String], language: &Language, use_case: &UseCase, defects: Defects) -> Option<&'a str> {
    let mut names: Vec<&str> = installed.iter().map(String::as_str).collect();
    names.sort_unstable();
    if defects.has(Defect::LocalModelByHashMap) {
        let first_two: HashSet<&str> = names.drain(..names.len().min(2)).collect();
        names.splice(0..0, first_two);
    }
    names.into_iter().rev().max_by_key(|name| score(name, language, use_case))
}

fn score(name: &str, language: &Language, use_case: &UseCase) -> u32 {
    let name = name.to_lowercase();
    let class = class(&name);
    let extra = match use_case.name() {
        "technical" | "grammar" => size_bonus(size_in_billions(&name)),
        "conversation" if class == Class::Chat => 3,
        _ => 0,
    };
    2 * use_case_score(class, use_case) + language_bonus(&name, language) + extra
}

/// The first class that fits.
fn class(name: &str) -> Class {
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["code", "coder"]) {
        Class::Code
    } else if has(&["deepseek-r1", "thinking", "reasoning"]) {
        Class::Reasoning
    } else if has(&["chat", "instruct"]) {
        Class::Chat
    } else {
        Class::Other
    }
}

fn use_case_score(class: Class, use_case: &UseCase) -> u32 {
    match (class, use_case.name()) {
        (Class::Code, "technical") => 10,
        (Class::Code, "conversation") => 5,
        (Class::Code, "grammar") => 3,
        (Class::Reasoning, "technical") => 9,
        (Class::Reasoning, "grammar") => 8,
        (Class::Reasoning, "conversation") => 6,
        (Class::Chat, "conversation") => 10,
        (Class::Chat, "grammar") => 7,
        (Class::Chat, "technical") => 5,
        (Class::Other, "technical" | "grammar" | "conversation") => 7,
        (Class::Code, _) => 2,
        (Class::Reasoning | Class::Chat | Class::Other, _) => 5,
    }
}

fn language_bonus(name: &str, language: &Language) -> u32 {
    let families: [(&str, &[&str]); 3] = [
        ("mistral", &["fr", "en", "de", "es", "it"]),
        ("qwen", &["zh", "en"]),
        ("llama", &["en", "es", "fr", "de", "it", "pt"]),
    ];
    let multilingual = ["mistral", "qwen", "gemma", "llama"];
    if families.iter().any(|(family, languages)| name.contains(family) && languages.contains(&language.primary())) {
        5
    } else if multilingual.iter().any(|family| name.contains(family)) {
        2
    } else {
        0
    }
}

fn size_bonus(billions: Option<f64>) -> u32 {
    match billions {
        None => 1,
        Some(size) if size <= 4.0 => 0,
        Some(size) if size < 13.0 => 2,
        Some(size) if size < 30.0 => 4,
        Some(_) => 3,
    }
}

/// The size that a name tells, as in `mistral:7b`, `qwen2.5-coder:1.5b-instruct` or `mixtral:8x7b`.
fn size_in_billions(name: &str) -> Option<f64> {
    name.split([':', '-', '_', '/']).find_map(|part| {
        let (digits, unit) = match (part.strip_suffix('b'), part.strip_suffix('m')) {
            (Some(digits), _) => (digits, 1.0),
            (None, Some(digits)) => (digits, 0.001),
            (None, None) => return None,
        };
        let factors = digits.split('x').map(|factor| {
            let is_plain = factor.bytes().all(|b| b.is_ascii_digit() || b == b'.');
            if is_plain { factor.parse::<f64>().ok() } else { None }
        });
        factors.collect::<Option<Vec<f64>>>().map(|factors| unit * factors.into_iter().product::<f64>())
    })
}

#[cfg(test)]
mod tests {
    use super::super::language::LanguageChoice;
    use super::*;
    use proptest::prelude::*;

    fn language(tag: &str) -> Language {
        LanguageChoice::parse(tag).expect("a tag").language
    }

    fn check_score(name: &str, tag: &str, use_case: &str, expected: u32) {
        assert_eq!(score(name, &language(tag), &UseCase::new(use_case)), expected, "{name} {tag} {use_case}");
    }

    fn check(installed: &[&str], tag: &str, use_case: &str, expected: Option<&str>) {
        let installed: Vec<String> = installed.iter().map(|name| (*name).to_owned()).collect();
        let selected =
            select(&installed, &language(tag), &UseCase::new(use_case), &PreferredModels::default(), Defects::none());
        assert_eq!(selected, expected, "{installed:?} {tag} {use_case}");
    }

    #[test]
    fn scores_add_use_case_language_and_size() {
        check_score("codellama:7b", "en", "technical", 20 + 5 + 2);
        check_score("codellama:7b", "en", "conversation", 10 + 5);
        check_score("codellama:7b", "ja", "grammar", 6 + 2 + 2);
        check_score("codellama:7b", "en", "poetry", 4 + 5);
        check_score("deepseek-r1:32b", "en", "technical", 18 + 3);
        check_score("deepseek-r1:14b", "en", "grammar", 16 + 4);
        check_score("deepseek-r1:8b", "en", "conversation", 12);
        check_score("neural-chat:7b", "fr", "conversation", 20 + 3);
        check_score("neural-chat:latest", "fr", "grammar", 14 + 1);
        check_score("mistral:7b-instruct", "fr", "technical", 10 + 5 + 2);
        check_score("mistral:7b", "fr", "conversation", 14 + 5);
        check_score("mistral:7b", "ja", "poetry", 10 + 2);
        check_score("gemma:2b", "en", "grammar", 14 + 2);
        check_score("qwen2.5:7b", "zh-cn", "conversation", 14 + 5);
        check_score("phi:latest", "en", "conversation", 14);
        check_score("llama3:8b", "pt-br", "conversation", 14 + 5);
        check_score("llama3:8b", "zh", "conversation", 14 + 2);
    }

    #[test]
    fn the_size_boundaries_belong_where_the_contract_puts_them() {
        for (name, bonus) in [("a:4b", 0), ("a:4.1b", 2), ("a:12.9b", 2), ("a:13b", 4), ("a:29b", 4), ("a:30b", 3)] {
            assert_eq!(size_bonus(size_in_billions(name)), bonus, "{name}");
        }
        assert_eq!(size_in_billions("mixtral:8x7b"), Some(56.0));
        assert_eq!(size_in_billions("smollm:360m"), Some(0.36));
        assert_eq!(size_in_billions("gemma3n:e4b"), None);
        assert_eq!(size_in_billions("web:latest"), None);
        assert_eq!(size_in_billions("infb:x"), None);
    }

    #[test]
    fn a_tie_goes_to_the_name_that_sorts_first() {
        check(&["phi:7b", "orca:7b"], "en", "conversation", Some("orca:7b"));
        check(&["orca:7b", "phi:7b"], "en", "conversation", Some("orca:7b"));
        check(&[], "en", "conversation", None);
    }

    #[test]
    fn the_learners_choice_goes_first_where_it_is_installed() {
        let installed: Vec<String> = ["neural-chat:7b", "phi:latest", "gemma:2b", "orca:7b"].map(str::to_owned).into();
        let select = |preferred: &PreferredModels| {
            select(&installed, &language("fr"), &UseCase::new("conversation"), preferred, Defects::none())
                .map(str::to_owned)
        };
        let mut preferred = PreferredModels { general: Some("phi".into()), ..Default::default() };
        assert_eq!(select(&preferred).as_deref(), Some("phi:latest"));
        preferred.language.insert("fr".into(), "gemma:2b".into());
        assert_eq!(select(&preferred).as_deref(), Some("gemma:2b"));
        preferred.use_case.insert("conversation".into(), "orca:7b".into());
        assert_eq!(select(&preferred).as_deref(), Some("orca:7b"));
        preferred.use_case.insert("conversation".into(), "codellama:7b".into());
        assert_eq!(select(&preferred).as_deref(), Some("gemma:2b"));
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn the_order_of_listing_never_matters(mut names in prop::collection::vec("[a-z:0-9b-]{1,12}", 1..8), tag in "(en|fr|zh)") {
            let use_case = UseCase::new("grammar");
            let none = PreferredModels::default();
            let first = select(&names, &language(&tag), &use_case, &none, Defects::none()).map(str::to_owned);
            names.reverse();
            prop_assert_eq!(select(&names, &language(&tag), &use_case, &none, Defects::none()).map(str::to_owned), first);
        }
    }
}
