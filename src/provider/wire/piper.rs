//! Piper's HTTP server: synthesis of speech on this machine, and nothing else.

use crate::provider::audio::speak;
use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, Message, Sent, text};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::format::{Answering, Environment, Format, Known, QUESTION, Said, Stock, known};
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::reading::fields_of;
use crate::provider::wire::told::Told;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The format of `piper.http_server`.
pub(super) struct Piper;

const ROUTES: &[Route] = &[Route::model("synthesize", &["/synthesize", "/"]), Route::list("voices", &["/voices"])];

/// How long a character sounds: a mock is in a hurry.
const PER_CHARACTER: Duration = Duration::from_millis(2);
/// Room for a mark at the lowest rate.
const SHORTEST: Duration = Duration::from_millis(20);

impl Format for Piper {
    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn environment(&self) -> Environment {
        // It has no client of its own: programs are told its address in their own way.
        Environment { home: Some("http://127.0.0.1:5000"), ..Environment::default() }
    }

    fn is_local(&self) -> bool {
        true
    }

    fn stock(&self) -> Stock {
        Stock::Voices
    }

    fn needs_key(&self) -> bool {
        false
    }

    fn question(&self, voice: &str, _stream: bool) -> (String, Value) {
        ("/synthesize".to_owned(), json!({"text": QUESTION, "voice": voice}))
    }

    fn read(&self, sent: &Sent<'_>, _endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>) {
        let fields = match fields_of(self, sent, stamp, |_| BAD_REQUEST.to_owned()) {
            Ok(fields) => fields,
            Err(page) => return (Ask::default(), Some(page)),
        };
        let said = text(&fields, "text");
        let ask = Ask {
            model: text(&fields, "voice"),
            messages: vec![Message { role: "user".into(), text: said.clone() }],
            ..Ask::default()
        };
        // It raises an exception, of which Flask tells nothing.
        let refused = said.trim().is_empty().then(|| plain_error(self, 500, SERVER_ERROR, stamp));
        (ask, refused)
    }

    /// Audio in which the mark is heard. A voice that is not installed is silently replaced by the default one.
    fn reply(&self, answering: &Answering<'_>) -> Page {
        let characters: usize = answering.ask.messages.iter().map(|message| message.text.chars().count()).sum();
        let length = PER_CHARACTER.saturating_mul(u32::try_from(characters).unwrap_or(u32::MAX)).max(SHORTEST);
        let mark = (!answering.text().is_empty()).then_some(answering.stamp.mark);
        // Flask's own type for whatever a handler returns: the real server does not say that it is audio.
        Page::text(200, speak(mark, rate(answering.model), length)).of_type("text/html; charset=utf-8")
    }

    fn null_reply(&self, _ask: &Ask, _stamp: &Stamp) -> Value {
        Value::Null
    }

    fn finish_word(&self, finish: Finish) -> Option<&'static str> {
        // Audio ends with its last sample, and tells no reason.
        matches!(finish, Finish::Stop | Finish::Length).then_some("")
    }

    fn builtin(&self, endpoint: &Endpoint, _: &Ask, installed: &Installed<'_>, _: &Stamp) -> Option<Page> {
        let voices: Map<String, Value> = installed.0.iter().map(|name| (name.clone(), configuration(name))).collect();
        (endpoint.as_str() == "voices").then(|| Page::json(200, &Value::Object(voices)))
    }

    fn documented(&self, kind: FailureKind) -> Option<Known> {
        use FailureKind as K;
        match kind {
            K::BadRequest => known(400, "Bad Request", None, BAD_REQUEST),
            K::NotFound => known(404, "Not Found", None, "The requested URL was not found on the server."),
            K::ServerError => known(500, "Internal Server Error", None, SERVER_ERROR),
            // A server or proxy in front of it says so.
            K::Unavailable | K::Overloaded => known(503, "Service Unavailable", None, UNAVAILABLE),
            K::Unauthorized
            | K::OutOfCredit
            | K::Forbidden
            | K::TooLarge
            | K::Unprocessable
            | K::RateLimited
            | K::SpendLimit
            | K::BadGateway
            | K::Timeout => None,
        }
    }

    fn error(&self, said: &Said<'_>, _stamp: &Stamp) -> Value {
        let Said { status, kind, message, .. } = said;
        let head = format!("<!doctype html>\n<html lang=en>\n<title>{status} {kind}</title>\n");
        format!("{head}<h1>{kind}</h1>\n<p>{message}</p>\n").into()
    }

    /// Flask's own pages.
    fn page(&self, status: u16, body: &Value) -> Page {
        Page::text(status, body.as_str().unwrap_or_default()).of_type("text/html; charset=utf-8")
    }

    fn told(&self, _document: &Value) -> Told {
        Told::default()
    }

    fn kind_of(&self, status: u16) -> (&'static str, Option<&'static str>) {
        let kind = match status {
            404 => "Not Found",
            413 => "Request Entity Too Large",
            500.. => "Internal Server Error",
            _ => "Bad Request",
        };
        (kind, None)
    }
}

const UNAVAILABLE: &str = "The server is temporarily unable to service your request due to maintenance downtime or \
                           capacity problems. Please try again later.";
const BAD_REQUEST: &str = "The browser (or proxy) sent a request that this server could not understand.";
const SERVER_ERROR: &str = "The server encountered an internal error and was unable to complete your request. Either the \
                            server is overloaded or there is an error in the application.";

/// A name's parts: `en_US-lessac-medium` is code, data set and quality.
fn parts(name: &str) -> (&str, &str, &str) {
    let (code, rest) = name.split_once('-').unwrap_or((name, ""));
    let (dataset, quality) = rest.rsplit_once('-').unwrap_or((rest, "medium"));
    (code, dataset, quality)
}

/// The rate of a voice, as its quality has it.
fn rate(voice: &str) -> u32 {
    match parts(voice).2 {
        "x_low" | "low" => 16_000,
        _ => 22_050,
    }
}

fn configuration(name: &str) -> Value {
    let (code, dataset, quality) = parts(name);
    let (family, region) = code.split_once('_').unwrap_or((code, ""));
    json!({
        "audio": {"sample_rate": rate(name), "quality": quality}, "espeak": {"voice": code.to_lowercase().replace('_', "-")},
        "language": {"code": code, "family": family, "region": region}, "dataset": dataset, "num_speakers": 1,
        "speaker_id_map": {}, "inference": {"noise_scale": 0.667, "length_scale": 1.0, "noise_w": 0.8},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_voices_name_tells_language_and_rate() {
        assert_eq!(parts("en_US-lessac-medium"), ("en_US", "lessac", "medium"));
        assert_eq!(rate("fr_FR-siwis-x_low"), 16_000);
        assert_eq!(rate("zh_CN-huayan-medium"), 22_050);
        assert_eq!(configuration("de_DE-thorsten-high")["language"]["family"], "de");
    }
}
