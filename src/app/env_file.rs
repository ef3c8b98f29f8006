//! What a `.env` file sets, as the libraries that read such files take it.
//!
//! They differ in where a value ends and what an escape stands for. Here each value counts as every one of them would
//! read it: a secret more costs nothing, and one less stands in a report.

use std::collections::BTreeSet;

/// What only some readers take for a value counts from so many characters on.
const LONG: usize = 8;

/// The quotes in which a value can stand.
const QUOTES: [char; 3] = ['"', '\'', '`'];

/// The variables that a file sets, with every value that one of its readers gives them.
pub(super) fn variables(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut from = 0;
    // Lines within a value of several are read too: where a quote is missing, they are variables of their own.
    for line in text.split_inclusive('\n') {
        let rest = &text[from..];
        from += line.len();
        let first = name(line);
        if let Some((name, at)) = first {
            let value = rest[at..].trim_start_matches([' ', '\t']);
            found.extend(values(value).into_iter().map(|value| (name.to_owned(), value)));
        }
        if line.trim_start().starts_with('#') {
            continue;
        }
        // A shell takes several in a row: `export A=b C=d`. Only the first may have blanks around its sign, or in its value.
        for (blank, _) in line.match_indices([' ', '\t']) {
            let start = blank + 1;
            let word = line[start..].split([' ', '\t', '\r', '\n']).next().unwrap_or_default();
            let Some((name, at)) = name(word) else { continue };
            if first.is_some_and(|(_, first)| first == start + at) {
                continue;
            }
            let is_quoted = word[at..].starts_with(QUOTES);
            let value = if is_quoted { &rest[start + at..] } else { &word[at..] };
            found.extend(values(value).into_iter().map(|value| (name.to_owned(), value)));
        }
    }
    found
}

/// What a value is to each of those that read it.
fn values(value: &str) -> Vec<String> {
    let quoted = QUOTES.into_iter().find_map(|quote| Some((quote, value.strip_prefix(quote)?)));
    let mut found: Vec<String> = Vec::new();
    if let Some((quote, value)) = quoted {
        // Some take a quote behind a backslash for a part of the value, in each kind of quotes, and others in none.
        for is_escaping in [true, false] {
            let Some(end) = end(value, quote, is_escaping) else { continue };
            let value = &value[..end];
            found.push(value.replace("\r\n", "\n"));
            found.extend(is_escaping.then(|| expanded(value)).flatten());
        }
    }
    if found.is_empty() {
        found.extend(unquoted(value).into_iter().map(str::to_owned));
    }
    let mut seen = BTreeSet::new();
    found.retain(|value| seen.insert(value.clone()));
    found
}

/// A value with a line's end where a backslash and an `n` stand, and likewise for other escapes; `None` if there are none.
pub(super) fn expanded(value: &str) -> Option<String> {
    let mut out = String::with_capacity(value.len());
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some(other) => out.push(other),
                None => out.push('\\'),
            },
            (letter, false) => out.push(letter),
        }
    }
    (out != value).then_some(out)
}

/// The name that a line sets, and where in the line its value begins.
fn name(line: &str) -> Option<(&str, usize)> {
    let start = line.len() - line.trim_start().len();
    let at = start + line[start..].find(['=', ':'])?;
    // `NAME: value` is read by some; `a:b` by nobody.
    if line[at..].starts_with(':') && !line[at + 1..].starts_with([' ', '\t']) {
        return None;
    }
    let name = line[start..at].trim();
    let name = name.strip_prefix("export").filter(|rest| rest.starts_with([' ', '\t'])).map_or(name, str::trim_start);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, at + 1))
}

/// Where a value ends whose opening quote has been read: at the next one, or at the next one that no backslash escapes.
fn end(value: &str, quote: char, is_escaping: bool) -> Option<usize> {
    let mut is_escaped = false;
    for (at, letter) in value.char_indices() {
        if letter == quote && !is_escaped {
            return Some(at);
        }
        is_escaped = letter == '\\' && !is_escaped && is_escaping;
    }
    None
}

/// A value without quotes: to the line's end, or to what one of its readers takes for a comment or for the value's end.
fn unquoted(value: &str) -> Vec<&str> {
    let line = value.split(['\r', '\n']).next().unwrap_or_default();
    let comment = [" #", "\t#"].into_iter().filter_map(|mark| line.find(mark)).min();
    let whole = line[..comment.unwrap_or(line.len())].trim();
    // The rest of a value is as good as the value; a short begin of one may be any word.
    let cut = ['#', ';', '&'].into_iter().filter_map(|mark| Some(whole[..whole.find(mark)?].trim()));
    std::iter::once(whole).chain(cut.filter(|value| value.chars().count() >= LONG)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        assert_eq!(variables(text), expected);
    }

    #[test]
    fn values_end_where_shells_end_them() {
        check(
            "# A=b\nexport KEY='a b' # c\nTOKEN=plain # comment\nEMPTY=\nQ=\"x#y\"\n",
            &[("KEY", "a b"), ("TOKEN", "plain"), ("EMPTY", ""), ("Q", "x#y")],
        );
        check("A=it's\r\n B = b\tc\t# d\nC=`d'e`", &[("A", "it's"), ("B", "b\tc"), ("C", "d'e")]);
    }

    #[test]
    fn a_quoted_value_goes_on_over_lines() {
        check("KEY=\"first\nsecond\"\nB=c", &[("KEY", "first\nsecond"), ("B", "c")]);
        check("KEY='first\r\nsecond'\r\n", &[("KEY", "first\nsecond")]);
    }

    #[test]
    fn escapes_count_as_they_are_and_as_what_they_stand_for() {
        check(r#"KEY="first\nsecond""#, &[("KEY", r"first\nsecond"), ("KEY", "first\nsecond")]);
        check(r#"KEY="a\"b""#, &[("KEY", r#"a\"b"#), ("KEY", "a\"b"), ("KEY", r"a\")]);
        check(r"KEY='a\nb'", &[("KEY", r"a\nb"), ("KEY", "a\nb")]);
        check(r"KEY='a\'b'", &[("KEY", r"a\'b"), ("KEY", "a'b"), ("KEY", r"a\")]);
    }

    #[test]
    fn what_some_take_for_a_comment_or_another_command_may_be_one() {
        check("KEY=Zq7vX9kLm#Tw4r", &[("KEY", "Zq7vX9kLm#Tw4r"), ("KEY", "Zq7vX9kLm")]);
        check("KEY=Zq7vX9kLm; export KEY", &[("KEY", "Zq7vX9kLm; export KEY"), ("KEY", "Zq7vX9kLm")]);
        check("KEY=shop#1", &[("KEY", "shop#1")]);
        check("export A=one B=two", &[("A", "one B=two"), ("B", "two")]);
    }

    #[test]
    fn a_quote_that_is_missing_hides_no_other_variable() {
        check("A=\"one\nB=\"two\"\nC=three", &[("A", "one\nB="), ("B", "two"), ("C", "three")]);
        check("A='one\nB=two", &[("A", "'one"), ("B", "two")]);
    }

    #[test]
    fn other_forms_of_a_name_are_read() {
        check(
            "\u{feff}A=b\nruby.key: c\nexport\tD=e\nexported=f",
            &[("A", "b"), ("ruby.key", "c"), ("D", "e"), ("exported", "f")],
        );
        check("a sentence = with words\nhttp://host\n=x\n", &[]);
    }
}
