//! Which cloud providers a language has, and in which order they are tried.

use super::budget::Budget;
use super::defect::{Defect, Defects};
use super::language::Language;
use super::provider::Provider;
use super::usd::Usd;
use super::use_case::{UseCase, Weighing};

/// Below this the budget is low and price counts nearly alone.
const LOW_BUDGET: Usd = Usd::dollars(10);

/// A language's cloud providers in the table's order.
pub(super) fn candidates(language: &Language) -> &'static [Provider] {
    row(language.tag())
}

fn row(tag: &str) -> &'static [Provider] {
    match tag {
        "en" => &[Provider::Claude, Provider::Mistral],
        "fr" => &[Provider::Mistral, Provider::Claude],
        "zh" | "zh-cn" | "zh-tw" => &[Provider::DeepSeek, Provider::Claude],
        _ => &[Provider::Claude],
    }
}

/// The candidates, best first. The sort is stable: a tie keeps the table's order.
pub(super) fn ranked(language: &Language, use_case: &UseCase, budget: &Budget) -> Vec<Provider> {
    let weights = weights(use_case, budget);
    let mut providers = candidates(language).to_vec();
    misplace(&mut providers, language, budget.defects);
    providers.sort_by_key(|provider| score(*provider, weights));
    providers
}

/// What defects do to the table's rows.
fn misplace(providers: &mut Vec<Provider>, language: &Language, defects: Defects) {
    if defects.has(Defect::FrenchAsksClaudeFirst) && language.tag() == "fr" || defects.has(Defect::TieGoesToTheLast) {
        providers.reverse();
    }
    if defects.has(Defect::RegionRoutesAsLanguage) {
        *providers = row(language.primary()).to_vec();
    }
}

/// How much cost and quality count, in tenths.
fn weights(use_case: &UseCase, budget: &Budget) -> (u32, u32) {
    let is_ten = budget.defects.has(Defect::LowBudgetAtTenDollars) && budget.left() == LOW_BUDGET;
    if budget.left() < LOW_BUDGET || is_ten {
        return (9, 1);
    }
    match use_case.weighing() {
        Weighing::Everyday => (7, 3),
        Weighing::Demanding => (4, 6),
        Weighing::Balanced => (5, 5),
    }
}

/// In tenths; the lowest wins.
fn score(provider: Provider, (cost, quality): (u32, u32)) -> u32 {
    cost * cost_rank(provider) + quality * quality_rank(provider)
}

fn cost_rank(provider: Provider) -> u32 {
    match provider {
        Provider::Ollama => 0,
        Provider::DeepSeek => 1,
        Provider::Mistral => 2,
        Provider::Claude => 3,
    }
}

fn quality_rank(provider: Provider) -> u32 {
    match provider {
        Provider::Claude => 1,
        Provider::Mistral => 2,
        Provider::DeepSeek => 3,
        Provider::Ollama => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::LanguageChoice;
    use super::Provider::{Claude, DeepSeek, Mistral};
    use super::*;

    fn check(language: &str, use_case: &str, left: &str, expected: &[Provider]) {
        let language = LanguageChoice::parse(language).expect("a tag").language;
        let limit = Usd::parse(left).expect("an amount");
        let budget = Budget { limit, used: Usd::ZERO, reserved: Usd::ZERO, defects: Defects::none() };
        assert_eq!(ranked(&language, &UseCase::new(use_case), &budget), expected, "{language:?} {use_case} {left}");
    }

    #[test]
    fn everyday_use_cases_prefer_what_is_cheap() {
        for use_case in ["conversation", "translation", "simple_qa"] {
            check("en", use_case, "30", &[Mistral, Claude]);
            check("fr", use_case, "30", &[Mistral, Claude]);
            for chinese in ["zh", "zh-cn", "zh-tw"] {
                check(chinese, use_case, "30", &[DeepSeek, Claude]);
            }
        }
    }

    #[test]
    fn demanding_use_cases_prefer_quality() {
        for use_case in ["analysis", "reasoning", "content_generation", "educational"] {
            check("en", use_case, "30", &[Claude, Mistral]);
            check("fr", use_case, "30", &[Claude, Mistral]);
            check("zh-tw", use_case, "30", &[Claude, DeepSeek]);
        }
    }

    #[test]
    fn other_use_cases_tie_and_keep_the_tables_order() {
        check("en", "poetry", "30", &[Claude, Mistral]);
        check("fr", "poetry", "30", &[Mistral, Claude]);
        check("zh", "poetry", "30", &[DeepSeek, Claude]);
    }

    #[test]
    fn below_ten_dollars_price_decides_whatever_the_use_case() {
        check("en", "analysis", "9.999999999", &[Mistral, Claude]);
        check("en", "analysis", "10", &[Claude, Mistral]);
        check("zh", "analysis", "9.999999999", &[DeepSeek, Claude]);
        check("fr", "analysis", "0", &[Mistral, Claude]);
    }

    #[test]
    fn any_other_language_has_claude_alone() {
        for language in ["es", "de", "it", "pt", "ja", "ko", "sv", "en-us", "zh-hk", "fr-ca"] {
            check(language, "conversation", "30", &[Claude]);
        }
    }
}
