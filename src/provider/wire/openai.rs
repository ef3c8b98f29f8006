//! OpenAI chat completions.

use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::Auth;
use crate::provider::wire::ask::{Ask, Given, Sent};
use crate::provider::wire::completions::{self, Dialect, StreamUsage};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::format::{Answering, Environment, Format, Known, Said, known};
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::reading::fields_of;
use crate::provider::wire::told::Told;
use serde_json::{Map, Value};
use std::time::Duration;

/// The format of OpenAI's chat completions.
pub(super) struct Openai;

const ROUTES: &[Route] = &[
    Route::model("completions", &["/chat/completions", "/v1/chat/completions"]),
    Route::list("models", &["/models", "/v1/models"]),
];

const DIALECT: Dialect =
    Dialect { id: "chatcmpl-", tells_tool_calls: false, tells_cache: false, usage: StreamUsage::Apart };

/// What it says to a body that is no JSON.
const UNREADABLE: &str = "We could not parse the JSON body of your request. (HINT: This likely means you aren't using \
                          your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not \
                          valid JSON.)";

impl Format for Openai {
    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn environment(&self) -> Environment {
        Environment {
            base_url: Some(("OPENAI_BASE_URL", "/v1")),
            key: Some("OPENAI_API_KEY"),
            home: Some("https://api.openai.com"),
        }
    }

    fn wrong_key(&self, auth: Auth) -> (u16, &'static str) {
        let message = match auth {
            Auth::Missing => {
                "You didn't provide an API key. You need to provide your API key in an Authorization header using \
                 Bearer auth (i.e. Authorization: Bearer YOUR_KEY)."
            }
            Auth::Wrong | Auth::Accepted | Auth::NotNeeded => "Incorrect API key provided.",
        };
        (401, message)
    }

    fn read(&self, sent: &Sent<'_>, _endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>) {
        match fields_of(self, sent, stamp, |_| UNREADABLE.to_owned()) {
            Ok(fields) => {
                let refused = refusal(&fields).map(|message| plain_error(self, 400, message, stamp));
                (completions::conversation(&fields), refused)
            }
            Err(page) => (Ask::default(), Some(page)),
        }
    }

    fn reply(&self, answering: &Answering<'_>) -> Page {
        DIALECT.reply(answering)
    }

    fn null_reply(&self, ask: &Ask, stamp: &Stamp) -> Value {
        completions::null_reply(ask, stamp)
    }

    fn finish_word(&self, finish: Finish) -> Option<&'static str> {
        completions::finish_word(finish)
    }

    fn builtin(&self, endpoint: &Endpoint, _: &Ask, _: &Installed<'_>, _: &Stamp) -> Option<Page> {
        (endpoint.as_str() == "models").then(|| completions::models("gpt-4o-mini", "openai"))
    }

    fn documented(&self, kind: FailureKind) -> Option<Known> {
        use FailureKind as K;
        match kind {
            K::BadRequest => known(400, "invalid_request_error", None, "Invalid request"),
            K::Unauthorized => {
                known(401, "invalid_request_error", Some("invalid_api_key"), "Incorrect API key provided.")
            }
            K::OutOfCredit => known(
                429,
                "insufficient_quota",
                Some("insufficient_quota"),
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            K::Forbidden => known(
                403,
                "request_forbidden",
                Some("unsupported_country_region_territory"),
                "Country, region, or territory not supported",
            ),
            K::NotFound => known(
                404,
                "invalid_request_error",
                Some("model_not_found"),
                "The model does not exist or you do not have access to it.",
            ),
            K::RateLimited => known(429, "requests", Some("rate_limit_exceeded"), "Rate limit reached for requests"),
            K::ServerError => known(
                500,
                "server_error",
                None,
                "The server had an error while processing your request. Sorry about that!",
            ),
            K::Unavailable => known(503, "server_error", None, "Slow Down"),
            K::Overloaded => {
                known(503, "server_error", None, "The engine is currently overloaded, please try again later")
            }
            K::TooLarge | K::Unprocessable | K::SpendLimit | K::BadGateway | K::Timeout => None,
        }
    }

    fn error(&self, said: &Said<'_>, _stamp: &Stamp) -> Value {
        completions::error(said)
    }

    fn told(&self, document: &Value) -> Told {
        completions::told(document)
    }

    fn kind_of(&self, status: u16) -> (&'static str, Option<&'static str>) {
        match status {
            401 => ("invalid_request_error", Some("invalid_api_key")),
            500.. => ("server_error", None),
            _ => ("invalid_request_error", None),
        }
    }

    fn sign(&self, page: Page, stamp: &Stamp) -> Page {
        page.with("x-request-id", stamp.id("req_"))
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn rate_limited(&self, page: Page, wait: Duration, _stamp: &Stamp) -> Page {
        page.with("x-ratelimit-limit-requests", "60")
            .with("x-ratelimit-remaining-requests", "0")
            .with("x-ratelimit-reset-requests", format!("{}s", wait.as_secs_f64()))
    }
}

/// Why a request is refused, if it is.
fn refusal(fields: &Map<String, Value>) -> Option<&'static str> {
    let given = Given::of(fields);
    match () {
        () if !given.model => Some("you must provide a model parameter"),
        () if given.messages.is_none() => Some("Missing required parameter: 'messages'."),
        () if given.messages == Some(false) => Some(
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.",
        ),
        () => None,
    }
}
