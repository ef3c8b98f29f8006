//! What a call costs: tokens times the provider's price.

use super::provider::Provider;
use super::tokens::Tokens;
use super::usd::Usd;
use super::use_case::UseCase;
use std::time::Duration;

/// Nano-dollars per token, in and out: USD per thousand tokens times a million.
fn nanos_per_token(provider: Provider) -> (i64, i64) {
    match provider {
        Provider::Claude => (250, 1250),
        Provider::Mistral => (700, 2000),
        Provider::DeepSeek => (100, 200),
        Provider::Ollama => (0, 0),
    }
}

/// The price of some tokens.
pub(super) fn cost(provider: Provider, tokens: Tokens) -> Usd {
    let (input, output) = nanos_per_token(provider);
    let part = |tokens: u64, price: i64| i64::try_from(tokens).unwrap_or(i64::MAX).saturating_mul(price);
    Usd::from_nanos(part(tokens.input, input)) + Usd::from_nanos(part(tokens.output, output))
}

/// The price of a recording: 0.001 USD a minute, by the millisecond, rounded half up.
pub(super) fn transcription(duration: Duration) -> Usd {
    const MOST: i64 = i64::MAX / 100 - 1;
    let millis = i64::try_from(duration.as_millis()).unwrap_or(MOST).min(MOST);
    Usd::from_nanos((millis * 100 + 3) / 6)
}

/// The price that a call is expected to have.
pub(super) fn estimate(provider: Provider, use_case: &UseCase) -> Usd {
    cost(provider, use_case.estimated_tokens())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(provider: Provider, use_case: &str, nanos: i64) {
        assert_eq!(estimate(provider, &UseCase::new(use_case)), Usd::from_nanos(nanos), "{provider} {use_case}");
    }

    #[test]
    fn estimates_follow_tokens_and_prices() {
        check(Provider::Claude, "conversation", 137_500);
        check(Provider::Claude, "simple_qa", 137_500);
        check(Provider::Claude, "translation", 212_500);
        check(Provider::Claude, "analysis", 550_000);
        check(Provider::Mistral, "conversation", 235_000);
        check(Provider::Mistral, "translation", 370_000);
        check(Provider::Mistral, "anything", 940_000);
        check(Provider::DeepSeek, "conversation", 25_000);
        check(Provider::DeepSeek, "translation", 40_000);
        check(Provider::DeepSeek, "reasoning", 100_000);
        check(Provider::Ollama, "reasoning", 0);
    }

    #[test]
    fn a_recording_costs_by_the_millisecond_rounded_half_up() {
        let price = |millis| transcription(Duration::from_millis(millis)).nanos();
        assert_eq!([price(0), price(1), price(2), price(3), price(100)], [0, 17, 33, 50, 1_667]);
        assert_eq!((price(60_000), price(900_000)), (1_000_000, 15_000_000));
        assert!(transcription(Duration::MAX).nanos() > 0);
    }

    #[test]
    fn absurd_usage_is_dear_and_no_overflow() {
        let absurd = Tokens { input: u64::MAX, output: u64::MAX };
        assert_eq!(cost(Provider::Claude, absurd), Usd::from_nanos(i64::MAX));
    }
}
