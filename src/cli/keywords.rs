//! `-k`: a filter in the words that pytest's users know.

/// Why words are no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum KeywordError {
    #[error("`{0}` is not expected there: {SHAPE}")]
    Misplaced(String),
    #[error("`and` or `or` is missing before `{0}`: {SHAPE}")]
    NoOperator(String),
    #[error("`{0}` has a bracket or comma: {SHAPE}; --filter can say more")]
    Bracket(String),
    #[error("a word is missing: {SHAPE}")]
    NoWord,
}

/// The filter that `WORDS` mean: `cart and not slow` has the ids with `cart` and without `slow` in them.
///
/// # Errors
/// If it is not words joined by `and`, `or` and `not`.
pub(super) fn keyword_filter(words: &str) -> Result<String, KeywordError> {
    let (mut filter, mut negated, mut expects_word) = (String::new(), false, true);
    for word in words.split_whitespace() {
        match word {
            "not" if expects_word => negated = !negated,
            "and" | "or" if !expects_word => {
                filter.push(if word == "or" { ',' } else { ' ' });
                expects_word = true;
            }
            "and" | "or" | "not" => return Err(KeywordError::Misplaced(word.to_owned())),
            _ if !expects_word => return Err(KeywordError::NoOperator(word.to_owned())),
            _ if word.contains(['(', ')', ',']) => {
                return Err(KeywordError::Bracket(word.to_owned()));
            }
            _ => {
                filter.push_str(if negated { "!*" } else { "*" });
                filter.push_str(word);
                filter.push('*');
                (negated, expects_word) = (false, false);
            }
        }
    }
    if expects_word { Err(KeywordError::NoWord) } else { Ok(filter) }
}

const SHAPE: &str = "parts of ids joined by `and`, `or` and `not` are expected, such as `cart and not slow`";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &str, expected: Option<&str>) {
        assert_eq!(keyword_filter(words).ok().as_deref(), expected, "{words}");
    }

    #[test]
    fn words_are_parts_of_ids() {
        check("cart", Some("*cart*"));
        check("cart and not slow", Some("*cart* !*slow*"));
        check("cart or test_sale.py", Some("*cart*,*test_sale.py*"));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for words in ["", "not", "and cart", "cart sale", "cart and", "(cart or sale) and slow"] {
            check(words, None);
        }
    }
}
