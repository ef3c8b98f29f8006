//! The truth is on the wire: an answer counts only if a mock provider gave it.

use crate::adapter::scenario::calls::describe_calls;
use crate::adapter::scenario::steps::{Played, Spoken};
use crate::model::Place;
use crate::provider::{Call, Mark};

/// What is untrue about an answer to `chat`, if anything is. An answer with status 200 is true if it is marked cached
/// and an earlier answer of the same case carries its text, or if exactly one completed attempt in the step's window
/// does; its provider is the one whose mock was asked.
pub(in crate::adapter) fn check_truth(played: &Played, calls: &[Call]) -> Option<(Place, String)> {
    let wrong = |text: String| Some((played.place.clone(), text));
    let (_, marks) = Mark::strip(&played.said);
    let is_marked_here = marks.last().is_some_and(|mark| calls.iter().any(|call| call.mark.as_ref() == Some(mark)));
    if !is_marked_here && calls.iter().any(|call| call.said.is_some()) {
        return check_by_text(played, calls);
    }
    let Some(mark) = marks.last() else {
        let cut = calls.iter().any(|call| call.seq >= played.from && !call.is_answered());
        let more = if cut { "; a provider's answer was cut short in this case" } else { "" };
        return wrong(format!(
            "the answer's text {:?} came from no provider: it carries no mark of a mock's answer{more}",
            super::matching::shorten(&played.said)
        ));
    };
    let origins: Vec<&Call> = calls.iter().filter(|call| call.mark.as_ref() == Some(mark)).collect();
    let completed = |call: &&&Call| call.is_answered();
    let in_window = |call: &&&Call| call.seq >= played.from && call.seq < played.to;
    if played.cached {
        return match origins.iter().find(|call| call.seq < played.from) {
            Some(call) => wrong_provider(played, call),
            None => {
                wrong("the answer says that it is cached, and no earlier answer of this case has its text".to_owned())
            }
        };
    }
    let answered: Vec<&&Call> = origins.iter().filter(completed).filter(in_window).collect();
    match answered.as_slice() {
        [call] => wrong_provider(played, call),
        [] if origins.is_empty() => wrong(format!(
            "the answer's text {:?} was given by a mock provider, but in another case: state was carried over",
            super::matching::shorten(&Mark::strip(&played.said).0)
        )),
        [] => wrong(format!(
            "the answer's text was not given by a completed call of this step, and it does not say that it is cached; {}",
            describe_calls(calls).trim_end()
        )),
        many => wrong(format!("{} completed calls of this step carry the answer's text", many.len())),
    }
}

/// The same where a tape or a real provider answered, who know no marks: the answer's text must be that of a completed call.
fn check_by_text(played: &Played, calls: &[Call]) -> Option<(Place, String)> {
    let said = played.said.trim();
    let same = |call: &&Call| call.is_answered() && call.said.as_deref().is_some_and(|text| text.trim() == said);
    let in_window = |call: &&Call| call.seq >= played.from && call.seq < played.to;
    let origin = match played.cached {
        true => calls.iter().filter(same).find(|call| call.seq < played.from),
        false => calls.iter().filter(same).find(in_window),
    };
    match origin {
        Some(call) => wrong_provider(played, call),
        None => {
            let text = format!(
                "the answer's text {:?} was given by no completed call of this step; {}",
                super::matching::shorten(&played.said),
                describe_calls(calls).trim_end()
            );
            Some((played.place.clone(), text))
        }
    }
}

/// What is untrue about an answer to `synthesize`, if anything is. Its samples must carry the marks of completed calls of
/// the step, in the order of these calls, and these calls must have spoken the whole text, piece by piece, in the voice
/// that the answer names.
pub(in crate::adapter) fn check_speech(spoken: &Spoken, calls: &[Call]) -> Option<(Place, String)> {
    let wrong = |text: String| Some((spoken.place.clone(), text));
    if spoken.heard.is_empty() {
        return wrong("the audio came from no provider: its samples carry no mark of a mock's speech".to_owned());
    }
    let in_window = |call: &&Call| call.seq >= spoken.from && call.seq < spoken.to && call.is_answered();
    let call_of = |mark: &Mark| calls.iter().filter(in_window).find(|call| call.mark.as_ref() == Some(mark));
    let Some(heard) = spoken.heard.iter().map(call_of).collect::<Option<Vec<&Call>>>() else {
        return wrong("a piece of the audio was spoken by no completed call of this step".to_owned());
    };
    if !heard.is_sorted_by_key(|call| call.seq) {
        return wrong("the pieces of the audio are not in the order in which they were spoken".to_owned());
    }
    let letters = |text: &str| text.chars().filter(|character| !character.is_whitespace()).collect::<String>();
    let said: String = heard.iter().map(|call| letters(call.last_user_message())).collect();
    if said != letters(&spoken.text) {
        return wrong(format!(
            "the audio says {:?}, and the text is {:?}",
            super::matching::shorten(&said),
            super::matching::shorten(&spoken.text)
        ));
    }
    let other = |claimed: &Option<String>, real: &str| claimed.as_deref().is_some_and(|claimed| claimed != real);
    let call = heard
        .iter()
        .find(|call| other(&spoken.voice, &call.model) || other(&spoken.provider, call.provider.as_str()))?;
    wrong(format!(
        "voice: the answer says {} of {}, but {} was asked of {}",
        spoken.voice.as_deref().unwrap_or("-"),
        spoken.provider.as_deref().unwrap_or("-"),
        call.model,
        call.provider
    ))
}

fn wrong_provider(played: &Played, call: &Call) -> Option<(Place, String)> {
    let claimed = played.provider.as_deref()?;
    (claimed != call.provider.as_str()).then(|| {
        let text = format!(
            "provider: the answer says {claimed}, but its text was given by {}: on the wire, {claimed} did not answer this",
            call.provider
        );
        (played.place.clone(), text)
    })
}
