//! Secrets are removed before anything is written.

use crate::event::Header;
use crate::event::decoded::Decoder;
use crate::event::secret_forms::{SHORTEST, forms, parts};
use crate::event::secret_shapes::{REDACTED, Shapes, is_mixed};
use crate::event::seen::Sight;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

/// Replaces known secrets, and what looks like a provider's key or a bearer token, by `[secret]`.
#[derive(Debug, Clone)]
pub struct Redactor {
    /// Every form in which a known secret is written, longest first.
    forms: Vec<String>,
    /// The secrets themselves, and the lines of those that have several.
    plain: Vec<String>,
    shapes: Shapes,
    sight: Sight,
    decoder: Decoder,
}

/// So many characters of a secret are taken for the whole where a text was cut within it. Backslashes do not count: of
/// those, JSON in JSON is full.
const PART: usize = 8;

/// Shorter forms are not looked for over the end of a line: any text has them.
const SHORTEST_JOINED: usize = 8;

impl Redactor {
    /// A redactor of these secrets.
    pub fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut redactor = Self {
            forms: Vec::new(),
            plain: Vec::new(),
            shapes: Shapes::new(),
            sight: Sight::new(),
            decoder: Decoder::new(),
        };
        let mut known = BTreeSet::new();
        for secret in secrets {
            redactor.take_in(&secret, &mut known);
        }
        redactor.sort();
        redactor
    }

    /// One secret more. It is searched for as it is, as JSON escapes it (also within JSON), and as URLs do.
    pub fn add(&mut self, secret: String) {
        let mut known = self.forms.iter().cloned().collect();
        self.take_in(&secret, &mut known);
        self.sort();
    }

    fn take_in(&mut self, secret: &str, known: &mut BTreeSet<String>) {
        if secret.len() < SHORTEST {
            return;
        }
        self.plain.extend(parts(secret).map(str::to_owned));
        for form in forms(secret) {
            if known.insert(form.clone()) {
                self.forms.push(form);
            }
        }
    }

    /// A secret that is part of another must not leave the other's rest behind.
    fn sort(&mut self) {
        self.forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    }

    /// The text without secrets: those that stand in it, and those that a reader sees in it, whatever stands
    /// between their letters.
    pub fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let clean = self.without_plain(text);
        match self.without_seen(&clean) {
            Some(clean) => Cow::Owned(clean),
            None => clean,
        }
    }

    fn without_seen(&self, text: &str) -> Option<String> {
        let mut found: Vec<Range<usize>> = Vec::new();
        if !self.plain.is_empty() {
            let has_secret = |text: &str| self.forms.iter().any(|form| text.contains(form.as_str()));
            found.extend(self.decoder.places(text, &self.plain, &has_secret));
        }
        if let Some(seen) = self.sight.seen(text) {
            let forms = self.forms.iter().flat_map(|form| places(&seen.text, form));
            found.extend(forms.chain(self.shapes.places(&seen.text)).map(|place| seen.original(place)));
        }
        if let Some(seen) = self.sight.joined(text) {
            let forms = self.forms.iter().filter(|form| form.len() >= SHORTEST_JOINED);
            let forms = forms.flat_map(|form| places(&seen.text, form));
            found.extend(forms.chain(self.shapes.distinct_places(&seen.text)).map(|place| seen.original(place)));
        }
        found.retain(|place| text.get(place.clone()).is_some_and(|part| !part.contains(REDACTED)));
        found.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
        replaced(text, found)
    }

    fn without_plain<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = Cow::Borrowed(text);
        for form in &self.forms {
            if out.contains(form.as_str()) {
                out = Cow::Owned(out.replace(form.as_str(), REDACTED));
            }
            if let Some(clean) = without_parts(&out, form) {
                out = Cow::Owned(clean);
            }
        }
        match self.shapes.remove(&out) {
            Some(clean) => Cow::Owned(clean),
            None => out,
        }
    }

    /// JSON text with secrets removed from its string values, or `None` if there are none in it. Keys stay, so that what
    /// is written can be read again.
    pub fn apply_json(&self, text: &str) -> Option<String> {
        // A look that finds too much rather than too little: in JSON, an escape may stand where a word begins or ends.
        let part = |form: &String| text.contains(head(form)) || text.contains(tail(form));
        let may_be_decoded = || !self.plain.is_empty() && self.decoder.may_be_in(text);
        if !self.sight.may_hide(text)
            && !self.forms.iter().any(part)
            && !self.shapes.may_be_in(text)
            && !may_be_decoded()
        {
            return None;
        }
        let mut value: Value = serde_json::from_str(text).ok()?;
        self.apply_value(&mut value).then(|| value.to_string())
    }

    /// A fact without secrets, with its text, or `None` if there are none in it. A word of the format itself stays, whatever is
    /// secret: without it the fact could not be read again.
    ///
    /// # Errors
    /// If the text is no such fact.
    pub fn apply_fact<T: DeserializeOwned>(&self, text: &str) -> Result<Option<(String, T)>, serde_json::Error> {
        let Some(clean) = self.apply_json(text) else { return Ok(None) };
        if let Ok(fact) = serde_json::from_str(&clean) {
            return Ok(Some((clean, fact)));
        }
        let mut value: Value = serde_json::from_str(text)?;
        let mut changes = Vec::new();
        self.changes(&value, String::new(), &mut changes);
        for (place, clean) in changes {
            let Some(was) = value.pointer_mut(&place).map(|text| std::mem::replace(text, Value::String(clean))) else {
                continue;
            };
            if T::deserialize(&value).is_err()
                && let Some(word) = value.pointer_mut(&place)
            {
                *word = was;
            }
        }
        Ok(Some((value.to_string(), T::deserialize(&value)?)))
    }

    /// The strings of a value in which there are secrets: where they stand, and what they are without them.
    fn changes(&self, value: &Value, place: String, found: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(clean) = self.apply(text) {
                    found.push((place, clean));
                }
            }
            Value::Array(values) => {
                values.iter().enumerate().for_each(|(at, value)| self.changes(value, format!("{place}/{at}"), found));
            }
            Value::Object(fields) => fields.iter().for_each(|(key, value)| {
                let key = key.replace('~', "~0").replace('/', "~1");
                self.changes(value, format!("{place}/{key}"), found);
            }),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Whether something was removed from a text that was written earlier.
    pub fn has_removed(text: &str) -> bool {
        text.contains(REDACTED)
    }

    /// A header as the journal has it.
    pub fn header(&self, header: &Header) -> Header {
        let clean = serde_json::to_string(header).ok().and_then(|text| self.apply_fact(&text).ok()).flatten();
        clean.map_or_else(|| header.clone(), |(_, header)| header)
    }

    /// Says whether anything was removed.
    fn apply_value(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => match self.apply(text) {
                Cow::Owned(clean) => {
                    *text = clean;
                    true
                }
                Cow::Borrowed(_) => false,
            },
            Value::Array(values) => values.iter_mut().fold(false, |found, value| self.apply_value(value) | found),
            Value::Object(fields) => fields.values_mut().fold(false, |found, value| self.apply_value(value) | found),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}

impl Default for Redactor {
    fn default() -> Self {
        Self::new([])
    }
}

/// Where a form stands in a text.
fn places<'t>(text: &'t str, form: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    text.match_indices(form).map(|(at, found)| at..at + found.len())
}

/// The characters that tell a form from others, with their places.
fn telling(form: &str) -> impl DoubleEndedIterator<Item = (usize, char)> {
    form.char_indices().filter(|(_, c)| *c != '\\')
}

/// The first [`PART`] of a form; all of a short one.
fn head(form: &str) -> &str {
    let end = telling(form).nth(PART - 1).map_or(form.len(), |(at, c)| at + c.len_utf8());
    &form[..end]
}

/// The last [`PART`] of a form, likewise.
fn tail(form: &str) -> &str {
    let start = telling(form).rev().nth(PART - 1).map_or(0, |(at, _)| at);
    &form[start..]
}

/// The text without what is left of a secret where the text was cut within it: a head before the cut, a tail behind it.
/// A line's end is a cut too, since a message is often one line of what was written.
fn without_parts(text: &str, form: &str) -> Option<String> {
    if telling(form).count() < 2 * PART {
        return None;
    }
    let heads = text.match_indices(head(form)).map(|(at, _)| {
        let end = at + common_bytes(text[at..].chars(), form.chars());
        (at..end, Cut::behind(&text[end..]))
    });
    let tails = text.match_indices(tail(form)).map(|(at, found)| {
        let end = at + found.len();
        let start = end - common_bytes(text[..end].chars().rev(), form.chars().rev());
        (start..end, Cut::before(&text[..start]))
    });
    let is_left = |part: &str, cut: Cut| match cut {
        Cut::OfText => true,
        // At the end of any line a word may stand that a secret begins or ends with.
        Cut::OfLine => is_mixed(part),
        Cut::None => false,
    };
    let mut found: Vec<Range<usize>> =
        heads.chain(tails).filter_map(|(place, cut)| is_left(&text[place.clone()], cut).then_some(place)).collect();
    found.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    replaced(text, found)
}

/// Where a text was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    OfText,
    OfLine,
    None,
}

impl Cut {
    /// What a text that goes on like this shows of a cut.
    fn behind(rest: &str) -> Self {
        let line = rest.lines().next().unwrap_or_default();
        match line.trim() {
            "" if rest.trim().is_empty() => Self::OfText,
            shown if shown.starts_with('…') || shown.starts_with("...") => Self::OfText,
            shown if !shown.contains(char::is_alphanumeric) => Self::OfLine,
            _ => Self::None,
        }
    }

    /// What a text that begins like this shows of one. What a runner puts before each line, as pytest its `E`, belongs
    /// to no line.
    fn before(text: &str) -> Self {
        let line = text.rsplit('\n').next().unwrap_or_default();
        match line.trim() {
            "" if text.trim().is_empty() => Self::OfText,
            shown if shown.ends_with('…') || shown.ends_with("...") => Self::OfText,
            shown if shown == "E" || !shown.contains(char::is_alphanumeric) => Self::OfLine,
            _ => Self::None,
        }
    }
}

/// The text with a sign in each of these places, which are sorted by where they begin; `None` if there are none.
fn replaced(text: &str, places: Vec<Range<usize>>) -> Option<String> {
    let (mut out, mut from) = (String::new(), 0);
    for place in places.into_iter().filter(|place| !place.is_empty()) {
        if place.start >= from {
            out.push_str(&text[from..place.start]);
            out.push_str(REDACTED);
            from = place.end;
        } else {
            // It goes on from one that was taken away already.
            from = from.max(place.end);
        }
    }
    (from > 0).then(|| out + &text[from..])
}

/// How many bytes two texts have in common from where they begin.
fn common_bytes(a: impl Iterator<Item = char>, b: impl Iterator<Item = char>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).map(|(c, _)| c.len_utf8()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// Made once: expressions take long to compile where nothing is optimised.
    static DEFAULT: std::sync::LazyLock<Redactor> = std::sync::LazyLock::new(Redactor::default);

    fn redactor() -> Redactor {
        Redactor::new(["hunter2!".to_owned(), "a\"b\\c".to_owned(), "Grüße-an-alle/Köche".to_owned()])
    }

    fn check(text: &str, expected: &str) {
        assert_eq!(redactor().apply(text), expected);
    }

    #[test]
    fn known_secrets_go_in_every_form() {
        check("password hunter2! it was", "password [secret] it was");
        check(r#"{"body":"a\"b\\c"}"#, r#"{"body":"[secret]"}"#);
        check(r#"raw a"b\c"#, "raw [secret]");
        check(r#"{"body":"Gr\u00fc\u00dfe-an-alle/K\u00f6che"}"#, r#"{"body":"[secret]"}"#);
        check(r#"{"body":"Grüße-an-alle\/Köche"}"#, r#"{"body":"[secret]"}"#);
        check("?q=Gr%C3%BC%C3%9Fe-an-alle%2FK%C3%B6che&x", "?q=[secret]&x");
        check("?password=hunter2%21", "?password=[secret]");
    }

    #[test]
    fn what_a_reader_sees_goes_whatever_stands_between() {
        check("hun\x1b[31mter2!\x1b[0m it was", "[secret]\x1b[0m it was");
        check("hun\rter\u{200b}2! it was", "[secret] it was");
        check("&#104;unter2&#x21; it was", "[secret] it was");
        check("hunt\r\n  er2! it was", "[secret] it was");
        check("Authorization: Bea\x1b[1mrer abcdefgh12345678==", "Authorization: [secret]");
        check("AKIAIOSF\nODNN7EXAMPLE it was", "[secret] it was");
        check("basic aHVudGVyMiE= and 68756e7465723221", "basic [secret]= and [secret]");
        check("a line\nof plain\x1b[1m text & so on", "a line\nof plain\x1b[1m text & so on");
    }

    #[test]
    fn what_is_left_of_a_secret_at_a_cut_goes() {
        check("it was Grüße-an-al…", "it was [secret]…");
        check("it was Grüße-an-al", "it was [secret]");
        check("…an-alle/Köche was it", "…[secret] was it");
        check("Grüße-an-alle Leute", "Grüße-an-alle Leute");
        check("    -an-alle/Köche it was", "    [secret] it was");
        check("a\n    Grüße-an-al", "a\n    [secret]");
    }

    #[test]
    fn what_one_line_has_of_a_secret_of_two_goes() {
        let redactor = Redactor::new(["Zq7vX+9/LmTw4rK=aB2c".to_owned(), "deploy-production".to_owned()]);
        let check = |text: &str, expected: &str| assert_eq!(redactor.apply(text), expected);
        check("first\nE     LmTw4rK=aB2c it was", "first\nE     [secret] it was");
        check("it is Zq7vX+9/Lm\n| TW: w4rK=aB2c", "it is [secret]\n| TW: w4rK=aB2c");
        check("it is Zq7vX+9/Lm\"\nand more", "it is [secret]\"\nand more");
        check(r#"{"body":"Zq7vX+9/Lm\n  Tw4rK=aB2c"}"#, r#"{"body":"[secret]"}"#);
        check("first\nproduction is down", "first\nproduction is down");
    }

    #[test]
    fn a_secret_that_is_a_word_of_the_format_spoils_no_key() {
        let redactor = Redactor::new(["outcome".to_owned()]);
        let clean = redactor.apply_json(r#"{"outcome":{"message":"an outcome","n":1}}"#);
        assert_eq!(clean.as_deref(), Some(r#"{"outcome":{"message":"an [secret]","n":1}}"#));
        assert_eq!(redactor.apply_json(r#"{"a":"b"}"#), None);
        assert_eq!(redactor.apply_json(r#"{"outcome":"b"}"#), None);
    }

    #[test]
    fn a_secret_that_is_a_word_of_the_format_spoils_no_fact() {
        #[derive(serde::Deserialize, PartialEq, Debug)]
        #[serde(rename_all = "snake_case")]
        enum End {
            Passed,
        }
        #[derive(serde::Deserialize, PartialEq, Debug)]
        struct Fact {
            end: End,
            message: String,
        }
        let redactor = Redactor::new(["passed".to_owned(), "hunter2!".to_owned()]);
        let text = r#"{"end":"passed","message":"passed with hunter2!"}"#;
        let (clean, fact) = redactor.apply_fact::<Fact>(text).expect("a fact").expect("there are secrets in it");
        assert_eq!(fact, Fact { end: End::Passed, message: "[secret] with [secret]".to_owned() });
        assert_eq!(clean, r#"{"end":"passed","message":"[secret] with [secret]"}"#);
        assert_eq!(redactor.apply_fact::<Fact>(r#"{"end":"skipped","message":"hunter2!"}"#).ok(), None);
    }

    #[test]
    fn a_key_behind_an_escape_is_found() {
        let key = "sk-ant-api03-AbCdEfGh0123456789";
        let body = json!({ "error": format!("bad key:\n{key}\tand more") }).to_string();
        for text in [format!("line\n{key}"), body.clone(), json!({ "body": body }).to_string()] {
            let line = json!({ "message": text }).to_string();
            let clean = Redactor::default().apply_json(&line).expect("a secret is in it");
            assert!(!clean.contains("AbCdEfGh"), "{clean}");
            assert!(serde_json::from_str::<Value>(&clean).is_ok(), "{clean}");
        }
    }

    #[test]
    fn backslashes_are_no_part_of_a_secret_that_was_cut() {
        let secret = "n\"Aa0A\n\\";
        let inner = json!({ "body": format!("{secret}\"…") }).to_string();
        let clean = Redactor::new([secret.to_owned()]).apply(&json!({ "body": inner }).to_string()).into_owned();
        assert_eq!(clean, r#"{"body":"{\"body\":\"[secret]\\\"…\"}"}"#);
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn no_secret_survives_however_deep_it_stands_in_json(
            secret in "[a-zA-Z0-9\"\\\\/ é\n!-]{8,40}",
            before in "[a-z \"\n…]{0,20}",
            after in "[a-z \"\n…]{0,20}",
            depth in 0_usize..3,
        ) {
            let mut text = format!("{before}{secret}{after}");
            for _ in 0..depth {
                text = json!({ "body": text }).to_string();
            }
            let line = json!({ "message": text, "list": [text] }).to_string();
            let mut redactor = DEFAULT.clone();
            redactor.add(secret.clone());
            let clean = redactor.apply_json(&line).expect("the secret is in it");
            let clean: Value = serde_json::from_str(&clean).expect("still JSON");
            let mut text = clean["message"].as_str().expect("a text").to_owned();
            prop_assert!(!text.contains(&secret));
            for _ in 0..depth {
                let inner: Value = serde_json::from_str(&text).expect("what was JSON is JSON");
                text = inner["body"].as_str().expect("a text").to_owned();
                prop_assert!(!text.contains(&secret));
            }
        }

        #[test]
        fn text_without_secrets_stays_and_what_is_clean_stays_clean(text in "\\PC{0,200}") {
            let mut redactor = DEFAULT.clone();
            redactor.add("a-known-secret-of-some-length".to_owned());
            let once = redactor.apply(&text).into_owned();
            prop_assert_eq!(redactor.apply(&once), once.as_str());
        }

        #[test]
        fn plain_prose_is_left_alone(words in prop::collection::vec("[a-z]{1,12}", 0..30)) {
            for joint in [" ", "-", "_", ". "] {
                let text = words.join(joint);
                let clean = DEFAULT.apply(&text).into_owned();
                prop_assert_eq!(&clean, &text);
            }
        }
    }
}
