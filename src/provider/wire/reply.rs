//! A model's answer, and answers that break the wire format.

use crate::provider::script::behaviour::Malformed;
use crate::provider::script::reply::{Reply, Usage};
use crate::provider::wire::ask::Ask;
use crate::provider::wire::endpoint::Endpoint;
use crate::provider::wire::failing::{failure, failure_in_stream};
use crate::provider::wire::format::{Answering, Format};
use crate::provider::wire::page::{Page, Stamp};
use serde_json::json;

/// A stream of more pieces than this is sent in bigger pieces.
const MAX_PIECES: usize = 4096;

const GATEWAY_PAGE: &str =
    "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";

/// The answer to a request, as a whole or as a stream, as the request asks.
pub(crate) fn reply(format: &dyn Format, endpoint: &Endpoint, ask: &Ask, reply: &Reply, stamp: &Stamp) -> Page {
    if let (Some(failing), false) = (&reply.then, ask.stream) {
        return failure(format, failing, stamp);
    }
    let text = reply.chunks.concat();
    let tokens = match reply.usage {
        Usage::Counted | Usage::AudioSeconds(_) => Some((count(ask.characters()), count(text.chars().count()))),
        Usage::Given { input, output } => Some((input, output)),
        Usage::Absent => None,
    };
    let mut chunks = if reply.as_given { reply.chunks.clone() } else { at_words(&text) };
    // An answer that fails on its way is no answer: it carries no mark. Neither does an empty one, which a mark would fill.
    let mark = (reply.then.is_none() && !text.is_empty()).then_some(stamp.mark);
    if let (Some(mark), Some(last)) = (mark, chunks.last_mut()) {
        last.push_str(&format!(" {mark}"));
    }
    let audio_seconds = match reply.usage {
        Usage::AudioSeconds(seconds) => Some(seconds),
        Usage::Counted | Usage::Given { .. } => ask.audio.map(|audio| audio.as_millis().div_ceil(1000) as u64),
        Usage::Absent => None,
    };
    let answering = Answering {
        endpoint,
        ask,
        stamp,
        model: reply.model.as_deref().unwrap_or(&ask.model),
        finish: reply.finish,
        tokens,
        audio_seconds,
        language: reply.language.as_deref().or(ask.language.as_deref()),
        chunks,
        then: reply.then.as_ref().map(|failing| failure_in_stream(format, failing, stamp)),
    };
    let mut page = format.reply(&answering);
    page.mark = mark;
    page.pieces = at_most(page.pieces, MAX_PIECES);
    format.sign(page, stamp)
}

/// A token per four characters, at least one.
fn count(characters: usize) -> u64 {
    characters.div_ceil(4).max(1) as u64
}

/// Cuts a text behind its blanks, and long words (a language may have no blanks) every eight characters.
fn at_words(text: &str) -> Vec<String> {
    let mut chunks = vec![String::new()];
    let mut length = 0;
    for character in text.chars() {
        let full = chunks.last().is_some_and(|last| last.ends_with(char::is_whitespace)) && !character.is_whitespace();
        if full || length >= 8 && !character.is_ascii() || length >= 64 {
            chunks.push(String::new());
            length = 0;
        }
        if let Some(last) = chunks.last_mut() {
            last.push(character);
        }
        length += 1;
    }
    chunks
}

/// Joins neighbours until there are few enough pieces.
fn at_most(pieces: Vec<u32>, most: usize) -> Vec<u32> {
    let together = pieces.len().div_ceil(most).max(1);
    pieces.chunks(together).map(|some| some.iter().copied().fold(0, u32::saturating_add)).collect()
}

/// A body that breaks the wire format.
pub(crate) fn malformed(format: &dyn Format, kind: Malformed, ask: &Ask, stamp: &Stamp) -> Page {
    let page = match kind {
        Malformed::Json => Page::text(200, r#"{"id": "sf", "content": [{"type": "te"#).of_type("application/json"),
        Malformed::Empty => Page::text(200, "").of_type("application/json"),
        Malformed::Html => Page::text(200, GATEWAY_PAGE).of_type("text/html"),
        Malformed::Shape => Page::json(200, &json!({"result": {"ok": true}, "answers": [1, 2, 3]})),
        Malformed::Utf8 => {
            let body = [b"{\"content\": \"".as_slice(), &[0xff, 0xfe, 0xc3, 0x28], b"\"}"].concat();
            Page::text(200, body).of_type("application/json")
        }
        Malformed::Null => Page::json(200, &format.null_reply(ask, stamp)),
    };
    format.sign(page, stamp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(crate::properties::same_inputs())]

        #[test]
        fn cutting_loses_nothing(text in "\\PC*") {
            prop_assert_eq!(at_words(&text).concat(), text);
        }

        #[test]
        fn joining_keeps_the_length(pieces in proptest::collection::vec(1_u32..100, 0..300), most in 1_usize..50) {
            let joined = at_most(pieces.clone(), most);
            prop_assert!(joined.len() <= most);
            prop_assert_eq!(joined.iter().sum::<u32>(), pieces.iter().sum::<u32>());
        }
    }

    #[test]
    fn a_text_is_cut_at_words_and_chinese_every_eight_characters() {
        assert_eq!(at_words("one two  three"), ["one ", "two  ", "three"]);
        assert_eq!(at_words("一二三四五六七八九十"), ["一二三四五六七八", "九十"]);
    }
}
