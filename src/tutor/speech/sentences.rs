//! Cuts a text for synthesis.

/// The most characters of a piece.
const MOST: usize = 500;

/// The text in pieces that can be spoken one after the other: whole sentences where they fit.
pub(super) fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut length = 0;
    for sentence in sentences(text).flat_map(bounded) {
        let more = sentence.chars().count();
        if length > 0 && length + more > MOST {
            pieces.push(String::new());
            length = 0;
        }
        if let Some(last) = pieces.last_mut() {
            last.push_str(sentence);
        }
        length += more;
    }
    let trimmed = pieces.into_iter().map(|piece| piece.trim().to_owned());
    trimmed.filter(|piece| !piece.is_empty()).collect()
}

/// Sentences with what separates them from the next.
fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (sentence, behind) = rest.split_at(end_of_sentence(rest));
        rest = behind;
        Some(sentence)
    })
}

/// Where the first sentence ends: behind its mark, or behind the blanks that follow a mark of the Latin script.
fn end_of_sentence(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let behind = at + character.len_utf8();
        match character {
            '。' | '！' | '？' => return behind,
            '.' | '!' | '?' if characters.peek().is_none_or(|(_, next)| next.is_whitespace()) => {
                let rest = &text[behind..];
                return behind + (rest.len() - rest.trim_start().len());
            }
            _ => {}
        }
    }
    text.len()
}

/// A sentence that is too long, cut at blanks where it has any.
fn bounded(sentence: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = sentence;
    while let Some((limit, _)) = rest.char_indices().nth(MOST) {
        let at = rest[..limit].rfind(char::is_whitespace).map_or(limit, |at| at + 1);
        // A blank of several bytes does not end behind its first.
        let at = if rest.is_char_boundary(at) { at } else { limit };
        let (part, behind) = rest.split_at(at);
        parts.push(part);
        rest = behind;
    }
    parts.push(rest);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_that_fits_is_one_piece() {
        let text = "x".repeat(499) + ".";
        assert_eq!(pieces(&text), std::slice::from_ref(&text));
        assert_eq!(pieces("One. Two! Three?"), ["One. Two! Three?"]);
    }

    #[test]
    fn a_longer_one_is_cut_at_ends_of_sentences() {
        let sentence = "a".repeat(299) + ".";
        assert_eq!(pieces(&format!("{sentence} {sentence}")), [sentence.clone(), sentence]);
        let chinese = "字".repeat(299) + "。";
        assert_eq!(pieces(&format!("{chinese}{chinese}")), [chinese.clone(), chinese]);
        let with_number = "a".repeat(300) + " 3.14 " + &"b".repeat(190) + ".";
        assert_eq!(pieces(&with_number).len(), 1);
    }

    #[test]
    fn a_sentence_that_is_too_long_is_cut_at_a_blank_or_anywhere() {
        let words = "word ".repeat(150);
        assert!(pieces(&words).iter().all(|piece| piece.ends_with("word") && piece.chars().count() <= MOST));
        let lengths: Vec<_> = pieces(&"y".repeat(1_001)).iter().map(|piece| piece.len()).collect();
        assert_eq!(lengths, [500, 500, 1]);
    }

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn nothing_is_lost_and_no_piece_is_too_long(text in "([a-z。？]{0,80}[.!? ]{0,3}){0,30}") {
            let whole = pieces(&text);
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&whole.concat()), letters(&text));
            prop_assert!(whole.iter().all(|piece| piece.chars().count() <= MOST && !piece.is_empty()));
        }
    }
}
