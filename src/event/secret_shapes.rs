//! What looks like a secret though nobody said so: keys of providers and forges, tokens in headers.
//!
//! The shapes are those that the services document for their keys. They are written by hand: the rule sets that are
//! maintained (gitleaks, trufflehog, detect-secrets) are made to find candidates for people to look at, come as programs
//! in other languages, and name plain words as well, which must stay in a report.

use crate::event::words::is_common;
use regex::{Captures, Regex};
use std::ops::Range;

/// What stands where a secret stood.
pub(crate) const REDACTED: &str = "[secret]";

/// Keys whose beginning nothing else has: found wherever they stand, whatever follows.
const DISTINCT: &str = r"(?:AKIA|ASIA|ABIA|ACCA)[0-9A-Z]{16}|AIza[A-Za-z0-9_\-]{30,}|eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}(?:\.[A-Za-z0-9_\-]*)?|SG\.[A-Za-z0-9_\-]{16,}\.[A-Za-z0-9_\-]{16,}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/]{24,}=*|dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,}|hooks\.slack\.com/services/[A-Za-z0-9/]{20,}|ya29\.[A-Za-z0-9_\-]{20,}|pypi-AgE[A-Za-z0-9_\-]{30,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|do[opr]_v1_[a-f0-9]{40,}|AGE-SECRET-KEY-1[A-Z0-9]{40,}|lin_api_[A-Za-z0-9]{32,}|hvs\.[A-Za-z0-9_\-]{24,}|sq0(?:atp|csp)-[A-Za-z0-9_\-]{20,}|nvapi-[A-Za-z0-9_\-]{30,}";

/// A private key, to its end or to the text's; escaped line ends and all.
const PEM: &str =
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|$)";

/// A password in a URL.
const IN_URL: &str = r"[a-z][a-z0-9+.\-]*://[^\s/:@'\x22<>]*:([^\s/@'\x22<>\[]{3,})@";

/// Keys whose beginning may end a word ("risk-or-", "highs_"): found wherever they stand if what follows is no word.
const MARKED: &str = r"sk-ant-[A-Za-z0-9_\-]{6,}|sk-(?:proj|or-v[0-9]+|svcacct)-[A-Za-z0-9_\-]{8,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}|gl(?:pat|ptt|dt|rt)-[A-Za-z0-9_\-]{12,}|xapp-[0-9]-[A-Za-z0-9\-]{10,}|xox[abeoprs]-[A-Za-z0-9\-]{10,}";

/// Keys whose beginning could be a word's: only where a word begins (or behind an escape), and with a digit in them.
const WORDLIKE: &str = r"(?:^|[^A-Za-z0-9_\-\\]|\\+(?:[nrtbf]|u[0-9a-fA-F]{4})?)((?:sk|xai|pplx)-[A-Za-z0-9_\-]{12,}|(?:gsk|hf|npm|r8)_[A-Za-z0-9]{16,})";

/// A token behind its scheme.
const SCHEME: &str = r"(?i:\b(?:bearer|basic))(?:\s|\\+[nrt]|%20|\+)+([A-Za-z0-9._~+/\-]{8,}=*)";

/// A value behind the name of a header or field that holds nothing but secrets.
const NAMED: &str = r#"(?i:(?:proxy-)?authorization|x-api-key|api[_-]key|x-goog-api-key|x-auth-token|access[_-]token)["'\\]*\s*[:=]\s*["'\\]*((?i:(?:bearer|basic|token)\s+)?[A-Za-z0-9._~+/\-]{8,}=*)"#;

/// A value behind a variable whose name says that it is secret, as in a dump of an environment, and behind the names that
/// AWS and Azure give theirs.
const ASSIGNED: &str = r#"(?:\b[A-Z0-9_]*(?:API_?KEY|SECRET(?:_[A-Z]+)?_KEY|ACCESS_KEY|SECRET|TOKEN|PASSWORD|PASSPHRASE)|aws_secret_access_key|AccountKey)["'\\]*\s*[:=]\s*["'\\]*([^\s"'\\,;&<>(){}$]{10,})"#;

/// What a text has that any of these could be in. It finds too much: only a text without any of this is passed over.
const TRACE: &str = r"(?i)sk-|xai-|pplx-|://|-----BEGIN|_live_|_test_|SG\.|whsec_|dckr_|hooks\.slack|ya29\.|gsk_|hf_|npm_|r8_|pypi-|shp(?:at|ca|pa|ss)_|_v1_|SECRET|TOKEN|PASS|_KEY|lin_api|hvs\.|sq0|nvapi|AccountKey|gh[pousr]_|github_pat_|gl(?:pat|ptt|dt|rt)-|xapp-|xox[a-z]-|akia|asia|aiza|eyJ|bearer|basic|authorization|api[_-]key|auth-token|access[_-]token";

/// Whether what stands where a secret would stand is one.
type IsSecret = fn(&str) -> bool;

/// Recognises what looks like a secret.
#[derive(Debug, Clone)]
pub(super) struct Shapes {
    trace: Regex,
    shapes: [(Regex, IsSecret); 8],
}

impl Shapes {
    pub(super) fn new() -> Self {
        let regex = |text: &str| Regex::new(text).expect("a constant expression that a test compiles");
        Self {
            trace: regex(TRACE),
            shapes: [
                (regex(DISTINCT), |_| true),
                (regex(PEM), |_| true),
                (regex(IN_URL), is_no_default),
                (regex(MARKED), is_mixed),
                (regex(NAMED), is_no_word),
                (regex(SCHEME), is_no_word),
                (regex(WORDLIKE), has_digit),
                (regex(ASSIGNED), is_random),
            ],
        }
    }

    /// Whether there may be one, in text of any encoding.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        self.trace.is_match(text)
    }

    /// Where something that looks like a secret stands in a text.
    pub(super) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let shapes = self.shapes.iter().filter(|_| self.may_be_in(text));
        shapes.flat_map(|shape| found(shape, text)).collect()
    }

    /// The same of those only that no plain text can be taken for, however it is put together.
    pub(super) fn distinct_places(&self, text: &str) -> Vec<Range<usize>> {
        let shapes = self.shapes.iter().take(1).filter(|_| self.may_be_in(text));
        shapes.flat_map(|shape| found(shape, text)).collect()
    }

    /// The text without what looks like a secret, if there is any.
    pub(super) fn remove(&self, text: &str) -> Option<String> {
        if !self.may_be_in(text) {
            return None;
        }
        let mut out = text.to_owned();
        for (shape, is_secret) in &self.shapes {
            let replace = |found: &Captures<'_>| {
                let whole = &found[0];
                let value = found.get(1).map_or(whole, |group| group.as_str());
                if is_secret(value) { whole.replace(value, REDACTED) } else { whole.to_owned() }
            };
            out = shape.replace_all(&out, replace).into_owned();
        }
        (out != text).then_some(out)
    }
}

fn found((shape, is_secret): &(Regex, IsSecret), text: &str) -> Vec<Range<usize>> {
    let value =
        |found: Captures<'_>| found.get(1).or(found.get(0)).map(|value| (value.range(), is_secret(value.as_str())));
    let values = shape.captures_iter(text).filter_map(value);
    values.filter_map(|(range, is_secret)| is_secret.then_some(range)).collect()
}

/// Whether a password is none that everybody has.
fn is_no_default(value: &str) -> bool {
    !is_common(value) && value != REDACTED && !value.starts_with("${")
}

fn has_digit(value: &str) -> bool {
    value.chars().any(|c| c.is_ascii_digit())
}

/// Whether it is no path and no word, and has letters and digits.
fn is_random(value: &str) -> bool {
    let is_path = value.starts_with(['/', '.', '~']) || value.contains("://");
    !is_path && !value.contains(REDACTED) && has_digit(value) && value.chars().any(|c| c.is_ascii_alphabetic())
}

/// Whether there are digits in it or capitals within, as in random letters.
pub(super) fn is_mixed(value: &str) -> bool {
    let is_camel =
        value.chars().skip(1).any(|c| c.is_ascii_uppercase()) && value.chars().any(|c| c.is_ascii_lowercase());
    has_digit(value) || is_camel
}

/// Whether it is a token and no word of a sentence ("basic understanding", "authorization: required").
fn is_no_word(value: &str) -> bool {
    is_mixed(value) || value.len() >= 24 || value.ends_with('=') || value.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(Shapes::new().remove(text).unwrap_or_else(|| text.to_owned()), expected);
    }

    #[test]
    fn what_looks_like_a_key_goes() {
        check("key sk-ant-api03-AbCdEf123456.", "key [secret].");
        check("xsk-ant-api03-AbCdEf123456", "x[secret]");
        check("a sk-0123456789abcdef0123 b", "a [secret] b");
        check("sk-or-v1-0123456789abcdef and sk-proj-AbCdEfGhIjKl", "[secret] and [secret]");
        check("\\nsk-0123456789abcdef0123", "\\n[secret]");
        check("ghp_0123456789abcdefABCDEF0123456789abcd", "[secret]");
        check("AIzaSyA-0123456789abcdefghijklmnopqrstu", "[secret]");
        check("gsk_0123456789abcdefghij and hf_abcdefghijklmnopqrs7", "[secret] and [secret]");
        check("AKIAIOSFODNN7EXAMPLE xoxb-1234567890-abc", "[secret] [secret]");
        check("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "[secret]");
    }

    #[test]
    fn what_stands_in_a_header_goes() {
        check("Authorization: Bearer abcdefgh12345678==", "Authorization: [secret]");
        check("authorization: Basic dXNlcjpwYXNzd29yZA==", "authorization: [secret]");
        check("x-api-key: 0123456789abcdef", "x-api-key: [secret]");
        check(r#"{\"api_key\": \"qwertzui12\"}"#, r#"{\"api_key\": \"[secret]\"}"#);
        check("with bearer 8c1d3b2aff00aa11 it", "with bearer [secret] it");
    }

    #[test]
    fn what_services_give_out_goes() {
        let long = "0123456789abcdefABCDEF01";
        for key in [
            format!("sk_live_{long}"),
            format!("SG.{long}.{long}"),
            format!("whsec_{long}"),
            format!("dckr_pat_{long}"),
            format!("glrt-{long}"),
            format!("pypi-AgEIcHlwaS5vcmc{long}"),
            format!("hvs.{long}"),
            "ASIAIOSFODNN7EXAMPLE".to_owned(),
            format!("hooks.slack.com/services/T0000/B0000/{long}"),
        ] {
            check(&format!("it is {key} here"), "it is [secret] here");
        }
        check("a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b", "a [secret] b");
        check("-----BEGIN PRIVATE KEY-----\\nMIIE", "[secret]");
        check("postgres://ana:s3cr3t-of-ana@db/x", "postgres://ana:[secret]@db/x");
        check("postgres://postgres:postgres@db/x", "postgres://postgres:postgres@db/x");
    }

    #[test]
    fn what_stands_behind_a_telling_name_goes() {
        check("DEPLOY_TOKEN=a1b2c3d4e5f6 HOME=/root", "DEPLOY_TOKEN=[secret] HOME=/root");
        check("'MY_PASSWORD': 'tr0ub4dor-and-3', 'A': 1", "'MY_PASSWORD': '[secret]', 'A': 1");
        check("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE1", "aws_secret_access_key = [secret]");
    }

    #[test]
    fn plain_words_stay() {
        for text in [
            "a task-based risk-averse sk-1 bearer of news",
            "sk-learning-to-swim-in-summer",
            "a basic understanding of bearer securities",
            "DB_PASSWORD=postgres SSH_ASKPASS=/usr/lib/ssh/askpass2 KEYBOARD_LAYOUT=us-intl-0123456",
            "GH_TOKEN=${{ secrets.GH_TOKEN_2 }} TOKENIZERS_PARALLELISM=false2345678 SECRET: not-set-here",
            "authorization: required",
            "the api key is missing; api_key: optional",
            "hf_models_are_downloaded_from_there",
            "a risk-or-reward decision, task-ant-build-file, desk-proj-management",
            "highs_internationalisation and xoxo-with-love-from-me",
            "github_pat_is_read_from_the_environment",
            "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            "auth/settings-are-kept[setting=auto_fallback_to_ollama,value=true]",
        ] {
            check(text, text);
        }
    }
}
