//! What a `.env` file sets, as the libraries that read such files take it.
//!
//! They differ in where a value ends and what an escape stands for. Here each value counts as every one of them would
//! read it: a secret more costs nothing, and one less stands in a report.

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
        let Some((name, at)) = name(line) else { continue };
        let value = rest[at..].trim_start_matches([' ', '\t']);
        let quoted = QUOTES.into_iter().find_map(|quote| Some((quote, value.strip_prefix(quote)?)));
        match quoted.and_then(|(quote, value)| Some((quote, &value[..end(value, quote)?]))) {
            Some((quote, value)) => {
                found.push((name.to_owned(), value.replace("\r\n", "\n")));
                found.extend((quote == '"').then(|| expanded(value)).flatten().map(|value| (name.to_owned(), value)));
            }
            None => found.push((name.to_owned(), unquoted(value).to_owned())),
        }
    }
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

/// Where a value ends whose opening quote has been read: at the next one that no backslash escapes.
fn end(value: &str, quote: char) -> Option<usize> {
    let mut is_escaped = false;
    for (at, letter) in value.char_indices() {
        if letter == quote && !is_escaped {
            return Some(at);
        }
        is_escaped = letter == '\\' && !is_escaped && quote == '"';
    }
    None
}

/// A value without quotes: to the line's end, or to a comment.
fn unquoted(value: &str) -> &str {
    let line = value.split(['\r', '\n']).next().unwrap_or_default();
    let comment = [" #", "\t#"].into_iter().filter_map(|mark| line.find(mark)).min();
    line[..comment.unwrap_or(line.len())].trim()
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
        check(r#"KEY="a\"b""#, &[("KEY", r#"a\"b"#), ("KEY", "a\"b")]);
        check(r"KEY='a\nb'", &[("KEY", r"a\nb")]);
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
