//! `-k`: a filter in the words that pytest's users know.

/// The filter that `WORDS` mean: `cart and not slow` has the ids with `cart` and without `slow` in them.
///
/// # Errors
/// If it is not words joined by `and`, `or` and `not`.
pub(super) fn keyword_filter(words: &str) -> Result<String, String> {
    let (mut filter, mut negated, mut expects_word) = (String::new(), false, true);
    for word in words.split_whitespace() {
        match word {
            "not" if expects_word => negated = !negated,
            "and" | "or" if !expects_word => {
                filter.push(if word == "or" { ',' } else { ' ' });
                expects_word = true;
            }
            "and" | "or" | "not" => return Err(format!("`{word}` is not expected there: {SHAPE}")),
            _ if !expects_word => return Err(format!("`and` or `or` is missing before `{word}`: {SHAPE}")),
            _ if word.contains(['(', ')', ',']) => {
                return Err(format!("`{word}` has a bracket or comma: {SHAPE}; --filter can say more"));
            }
            _ => {
                filter.push_str(if negated { "!*" } else { "*" });
                filter.push_str(word);
                filter.push('*');
                (negated, expects_word) = (false, false);
            }
        }
    }
    if expects_word { Err(format!("a word is missing: {SHAPE}")) } else { Ok(filter) }
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
