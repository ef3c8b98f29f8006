//! Who answers: the contract's rules, in their order, as a pure function of the wish and of the world.

use super::budget::{Budget, percentage};
use super::health::Unhealthy;
use super::language::Language;
use super::price::estimate;
use super::provider::Provider;
use super::reason::Reason;
use super::routing::ranked;
use super::settings::Settings;
use super::usd::Usd;
use super::use_case::UseCase;
use serde::Serialize;

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wish<'a> {
    pub(super) language: &'a Language,
    pub(super) use_case: &'a UseCase,
    pub(super) preferred: Option<Provider>,
    pub(super) local_only: bool,
    pub(super) settings: &'a Settings,
}

/// Who is to answer, or that nobody may.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Choice {
    Local { reason: Reason },
    Cloud { provider: Provider, reason: Reason, estimate: Usd, overridden: Option<Warning> },
    Refused(Warning),
}

/// What a learner is told when a named provider is beyond the budget.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Warning {
    message: String,
    used: Usd,
    limit: Usd,
    percentage: f64,
    requested_provider: Provider,
    estimate: Usd,
    free_alternative: Provider,
}

/// A provider that was not taken, or failed, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Tried {
    pub(super) provider: Provider,
    pub(super) why: String,
}

impl Tried {
    pub(super) fn new(provider: Provider, why: impl ToString) -> Self {
        Self { provider, why: why.to_string() }
    }
}

/// Chooses, and notes in `tried` who was passed over.
pub(super) fn choose(
    wish: &Wish<'_>,
    budget: &Budget,
    health: impl Fn(Provider) -> Result<(), Unhealthy>,
    tried: &mut Vec<Tried>,
) -> Choice {
    if wish.local_only || wish.settings.local_only {
        return Choice::Local { reason: Reason::UserPreference };
    }
    if let Some(provider) = wish.preferred {
        match health(provider) {
            Ok(()) => return preferred(wish, provider, budget),
            Err(why) => tried.push(Tried::new(provider, why)),
        }
    }
    if wish.settings.budget_enforcement && budget.alert().is_local_only() {
        return Choice::Local { reason: Reason::BudgetExceeded };
    }
    routed(wish, budget, health, tried)
}

/// A healthy provider that was named.
fn preferred(wish: &Wish<'_>, provider: Provider, budget: &Budget) -> Choice {
    if provider == Provider::Ollama {
        return Choice::Local { reason: Reason::Preferred };
    }
    let estimate = estimate(provider, wish.use_case);
    let take = |overridden| Choice::Cloud { provider, reason: Reason::Preferred, estimate, overridden };
    if is_affordable(wish, budget, estimate) {
        return take(None);
    }
    let warning = Warning::new(provider, estimate, budget);
    if wish.settings.may_override_budget {
        take(Some(warning))
    } else if wish.settings.auto_fallback_to_ollama {
        Choice::Local { reason: Reason::BudgetExceededAutoFallback }
    } else {
        Choice::Refused(warning)
    }
}

/// The first candidate that is healthy and affordable, else local.
fn routed(
    wish: &Wish<'_>,
    budget: &Budget,
    health: impl Fn(Provider) -> Result<(), Unhealthy>,
    tried: &mut Vec<Tried>,
) -> Choice {
    let mut reason = Reason::ApiUnavailable;
    for provider in ranked(wish.language, wish.use_case, budget) {
        let estimate = estimate(provider, wish.use_case);
        match health(provider) {
            Err(why) => tried.push(Tried::new(provider, why)),
            Ok(()) if is_affordable(wish, budget, estimate) => {
                return Choice::Cloud { provider, reason: Reason::Routed, estimate, overridden: None };
            }
            Ok(()) => {
                tried.push(Tried::new(provider, format!("its estimate of {estimate} USD exceeds what is left")));
                reason = Reason::BudgetExceeded;
            }
        }
    }
    Choice::Local { reason }
}

/// A learner without budget enforcement affords everything.
fn is_affordable(wish: &Wish<'_>, budget: &Budget, estimate: Usd) -> bool {
    !wish.settings.budget_enforcement || budget.fits(estimate)
}

impl Warning {
    pub(super) fn requested_provider(&self) -> Provider {
        self.requested_provider
    }

    pub(super) fn new(requested_provider: Provider, estimate: Usd, budget: &Budget) -> Self {
        Self {
            message: format!(
                "{requested_provider} is estimated at {estimate} USD, and {} of {} USD are used; ollama is free",
                budget.used, budget.limit
            ),
            used: budget.used,
            limit: budget.limit,
            percentage: percentage(budget.used, budget.limit),
            requested_provider,
            estimate,
            free_alternative: Provider::Ollama,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::language::LanguageChoice;
    use super::*;

    struct World {
        settings: Settings,
        budget: Budget,
        down: Vec<Provider>,
        preferred: Option<Provider>,
        local_only: bool,
    }

    fn world(used: &str) -> World {
        let used = Usd::parse(used).expect("an amount");
        World {
            settings: Settings::default(),
            budget: Budget { limit: Usd::dollars(30), used, reserved: Usd::ZERO, defects: Default::default() },
            down: Vec::new(),
            preferred: None,
            local_only: false,
        }
    }

    impl World {
        fn choose(&self) -> (Choice, Vec<Tried>) {
            let language = LanguageChoice::parse("en").expect("a tag").language;
            let wish = Wish {
                language: &language,
                use_case: &UseCase::default(),
                preferred: self.preferred,
                local_only: self.local_only,
                settings: &self.settings,
            };
            let mut tried = Vec::new();
            let health = |provider| if self.down.contains(&provider) { Err(Unhealthy::RecentFailure) } else { Ok(()) };
            let choice = choose(&wish, &self.budget, health, &mut tried);
            (choice, tried)
        }

        fn check_cloud(&self, provider: Provider, reason: Reason) {
            match self.choose().0 {
                Choice::Cloud { provider: taken, reason: why, overridden: None, .. } => {
                    assert_eq!((taken, why), (provider, reason));
                }
                other => panic!("{other:?}"),
            }
        }

        fn check_local(&self, reason: Reason) {
            assert_eq!(self.choose().0, Choice::Local { reason });
        }
    }

    #[test]
    fn privacy_comes_before_a_named_provider() {
        let mut world = world("0");
        world.preferred = Some(Provider::Claude);
        world.local_only = true;
        world.check_local(Reason::UserPreference);
        world.local_only = false;
        world.settings.local_only = true;
        world.check_local(Reason::UserPreference);
    }

    #[test]
    fn a_named_healthy_provider_is_taken_also_where_routing_has_it_not() {
        let mut world = world("0");
        world.preferred = Some(Provider::DeepSeek);
        world.check_cloud(Provider::DeepSeek, Reason::Preferred);
        world.down.push(Provider::DeepSeek);
        world.check_cloud(Provider::Mistral, Reason::Routed);
        world.preferred = Some(Provider::Ollama);
        world.check_local(Reason::Preferred);
    }

    #[test]
    fn a_named_provider_beyond_the_budget_is_refused_overridden_or_replaced() {
        let mut world = world("30");
        world.preferred = Some(Provider::Claude);
        assert!(matches!(world.choose().0, Choice::Refused(_)));
        world.settings.auto_fallback_to_ollama = true;
        world.check_local(Reason::BudgetExceededAutoFallback);
        world.settings.may_override_budget = true;
        assert!(matches!(world.choose().0, Choice::Cloud { overridden: Some(_), .. }));
        world.settings.budget_enforcement = false;
        world.check_cloud(Provider::Claude, Reason::Preferred);
    }

    #[test]
    fn a_named_provider_that_fits_is_taken_in_the_red() {
        let mut world = world("29.9");
        world.preferred = Some(Provider::Claude);
        world.check_cloud(Provider::Claude, Reason::Preferred);
    }

    #[test]
    fn from_red_on_routing_is_local() {
        world("26.999").check_cloud(Provider::Mistral, Reason::Routed);
        world("27").check_local(Reason::BudgetExceeded);
        let mut world = world("31");
        world.settings.budget_enforcement = false;
        world.check_cloud(Provider::Mistral, Reason::Routed);
    }

    #[test]
    fn the_next_candidate_is_taken_when_the_first_is_down_or_too_dear() {
        let mut world = world("0");
        world.down.push(Provider::Mistral);
        world.check_cloud(Provider::Claude, Reason::Routed);
        world.down.clear();
        // Between claude's estimate of 137,500 and mistral's of 235,000 nano-dollars.
        world.budget.reserved = Usd::dollars(30) - Usd::from_nanos(200_000);
        world.check_cloud(Provider::Claude, Reason::Routed);
    }

    #[test]
    fn without_a_candidate_the_reason_tells_whether_money_was_the_obstacle() {
        let mut world = world("0");
        world.budget.reserved = Usd::dollars(30);
        world.check_local(Reason::BudgetExceeded);
        world.down = vec![Provider::Claude];
        world.check_local(Reason::BudgetExceeded);
        world.down.push(Provider::Mistral);
        world.check_local(Reason::ApiUnavailable);
        assert_eq!(world.choose().1.len(), 2);
    }
}
