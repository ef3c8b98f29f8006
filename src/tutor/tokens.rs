//! What a call uses.

use serde::Serialize;

/// Tokens of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub(super) struct Tokens {
    #[serde(rename = "input_tokens")]
    pub(super) input: u64,
    #[serde(rename = "output_tokens")]
    pub(super) output: u64,
}

/// What a provider said that a call used; it may say neither, or only one so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Usage {
    pub(super) input: Option<u64>,
    pub(super) output: Option<u64>,
}

impl Usage {
    /// Takes over what a later part of the answer says.
    pub(super) fn update(&mut self, later: Self) {
        self.input = later.input.or(self.input);
        self.output = later.output.or(self.output);
    }

    /// What is charged: what was said, and the estimate for what was not.
    pub(super) fn or_estimate(self, estimate: Tokens) -> Tokens {
        Tokens { input: self.input.unwrap_or(estimate.input), output: self.output.unwrap_or(estimate.output) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_reported_is_estimated() {
        let estimate = Tokens { input: 50, output: 100 };
        let mut usage = Usage { input: Some(7), output: None };
        assert_eq!(usage.or_estimate(estimate), Tokens { input: 7, output: 100 });
        usage.update(Usage { input: None, output: Some(9) });
        assert_eq!(usage.or_estimate(estimate), Tokens { input: 7, output: 9 });
    }
}
