//! Gemini: `generateContent` and `streamGenerateContent`. The model stands in the path, and not in the body.

use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, Auth, Message, Sent, text_of};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::format::{Answering, Environment, Format, Known, QUESTION, SHORT, Said, known};
use crate::provider::wire::installed::Installed;
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::reading::fields_of;
use crate::provider::wire::told::{Told, number_at, text_at};
use serde_json::{Map, Value, json};

/// The format of the Gemini API.
pub(super) struct Gemini;

const STREAM: &str = "stream_generate_content";
const COUNT: &str = "count_tokens";
const MODELS: &str = "models";

const ROUTES: &[Route] = &[
    Route::model("generate_content", &["/v1beta/models/{model}:generateContent", "/v1/models/{model}:generateContent"]),
    Route::model(STREAM, &["/v1beta/models/{model}:streamGenerateContent", "/v1/models/{model}:streamGenerateContent"]),
    Route::service(COUNT, &["/v1beta/models/{model}:countTokens", "/v1/models/{model}:countTokens"]),
    Route::list(MODELS, &["/v1beta/models", "/v1/models", "/v1beta/models/{model}", "/v1/models/{model}"]),
];

/// The form of a stream without `alt=sse`: a list of JSON documents, of which each comes when it is ready.
const LIST: &str = "list";

impl Format for Gemini {
    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn environment(&self) -> Environment {
        Environment {
            base_url: Some(("GOOGLE_GEMINI_BASE_URL", "")),
            key: Some("GEMINI_API_KEY"),
            home: Some("https://generativelanguage.googleapis.com"),
        }
    }

    fn key<'a>(&self, sent: &Sent<'a>) -> Option<&'a str> {
        sent.header("x-goog-api-key").or(sent.bearer())
    }

    fn key_parameter(&self) -> Option<&'static str> {
        Some("key")
    }

    fn credentials(&self, key: &str) -> Vec<(&'static str, String)> {
        vec![("x-goog-api-key", key.to_owned())]
    }

    fn question(&self, model: &str, stream: bool) -> (String, Value) {
        let method = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
        let contents = json!([{"role": "user", "parts": [{"text": QUESTION}]}]);
        let body = json!({"contents": contents, "generationConfig": {"maxOutputTokens": SHORT}});
        (format!("/v1beta/models/{model}:{method}"), body)
    }

    fn wrong_key(&self, auth: Auth) -> (u16, &'static str) {
        match auth {
            Auth::Missing => (
                403,
                "Method doesn't allow unregistered callers (callers without established identity). Please use API Key \
                 or other form of API consumer identity to call this API.",
            ),
            Auth::Wrong | Auth::Accepted | Auth::NotNeeded => (400, WRONG_KEY),
        }
    }

    fn read(&self, sent: &Sent<'_>, endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>) {
        let unreadable = |error: &serde_json::Error| format!("Invalid JSON payload received. {error}");
        let fields = match fields_of(self, sent, stamp, unreadable) {
            Ok(fields) => fields,
            Err(page) => return (Ask::default(), Some(page)),
        };
        let refused = refusal(&fields).map(|message| plain_error(self, 400, message, stamp));
        let mut ask = conversation(&fields);
        ask.stream = endpoint.as_str() == STREAM;
        if ask.stream && sent.parameter("alt").as_deref() != Some("sse") {
            ask.form = LIST;
        }
        (ask, refused)
    }

    fn reply(&self, answering: &Answering<'_>) -> Page {
        if answering.ask.stream { stream(self, answering) } else { whole(self, answering) }
    }

    fn null_reply(&self, ask: &Ask, stamp: &Stamp) -> Value {
        json!({
            "candidates": [{"content": {"parts": [{"text": null}], "role": "model"}, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage((1, 1)), "modelVersion": ask.model, "responseId": stamp.id(""),
        })
    }

    fn finish_word(&self, finish: Finish) -> Option<&'static str> {
        match finish {
            Finish::Stop => Some("STOP"),
            Finish::Length => Some("MAX_TOKENS"),
            Finish::Refusal => Some("SAFETY"),
            Finish::Absent => None,
        }
    }

    fn builtin(&self, endpoint: &Endpoint, ask: &Ask, _: &Installed<'_>, _: &Stamp) -> Option<Page> {
        match endpoint.as_str() {
            COUNT => {
                let tokens = ask.characters().div_ceil(4).max(1);
                Some(Page::json(200, &json!({"totalTokens": tokens, "promptTokensDetails": details(tokens as u64)})))
            }
            MODELS if ask.model.is_empty() => Some(Page::json(200, &json!({"models": [model("gemini-2.5-flash")]}))),
            MODELS => Some(Page::json(200, &model(&ask.model))),
            _ => None,
        }
    }

    fn documented(&self, kind: FailureKind) -> Option<Known> {
        use FailureKind as K;
        match kind {
            K::BadRequest => known(400, "INVALID_ARGUMENT", None, "Request contains an invalid argument."),
            K::Unauthorized => known(400, "INVALID_ARGUMENT", None, WRONG_KEY),
            K::Forbidden => known(403, "PERMISSION_DENIED", None, "The caller does not have permission"),
            K::NotFound => known(404, "NOT_FOUND", None, "Requested entity was not found."),
            K::TooLarge => {
                known(400, "INVALID_ARGUMENT", None, "Request payload size exceeds the limit: 20971520 bytes.")
            }
            K::RateLimited => known(429, "RESOURCE_EXHAUSTED", None, "Resource has been exhausted (e.g. check quota)."),
            K::OutOfCredit => known(
                429,
                "RESOURCE_EXHAUSTED",
                None,
                "You exceeded your current quota, please check your plan and billing details.",
            ),
            K::ServerError => known(500, "INTERNAL", None, "An internal error has occurred. Please retry."),
            K::Unavailable => known(503, "UNAVAILABLE", None, "The service is currently unavailable."),
            K::Overloaded => known(503, "UNAVAILABLE", None, "The model is overloaded. Please try again later."),
            K::Timeout => known(504, "DEADLINE_EXCEEDED", None, "Deadline expired before operation could complete."),
            K::Unprocessable | K::SpendLimit | K::BadGateway => None,
        }
    }

    fn error(&self, said: &Said<'_>, _stamp: &Stamp) -> Value {
        json!({"error": {"code": said.status, "message": said.message, "status": said.kind}})
    }

    fn told(&self, document: &Value) -> Told {
        let parts = document.pointer("/candidates/0/content/parts").and_then(Value::as_array);
        Told {
            text: parts.map(|parts| parts.iter().filter_map(|part| text_at(part, "/text")).collect()),
            input: number_at(document, "/usageMetadata/promptTokenCount"),
            output: number_at(document, "/usageMetadata/candidatesTokenCount"),
            finish: text_at(document, "/candidates/0/finishReason"),
            ..Told::default()
        }
    }

    fn kind_of(&self, status: u16) -> (&'static str, Option<&'static str>) {
        let kind = match status {
            401 => "UNAUTHENTICATED",
            403 => "PERMISSION_DENIED",
            404 => "NOT_FOUND",
            501 => "UNIMPLEMENTED",
            503 => "UNAVAILABLE",
            500.. => "INTERNAL",
            _ => "INVALID_ARGUMENT",
        };
        (kind, None)
    }
}

const WRONG_KEY: &str = "API key not valid. Please pass a valid API key.";

/// Why a request is refused, if it is.
fn refusal(fields: &Map<String, Value>) -> Option<&'static str> {
    let contents = fields.get("contents").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let has_parts = |content: &Value| content["parts"].as_array().is_some_and(|parts| !parts.is_empty());
    let knows_role = |content: &Value| matches!(role_of(content), "user" | "model" | "function");
    match () {
        () if contents.is_empty() => Some("* GenerateContentRequest.contents: contents is not specified"),
        () if !contents.iter().all(has_parts) => {
            Some("* GenerateContentRequest.contents: contents.parts must not be empty.")
        }
        () if !contents.iter().all(knows_role) => Some("Please use a valid role: user, model."),
        () => None,
    }
}

/// A content without a role is the user's.
fn role_of(content: &Value) -> &str {
    content["role"].as_str().filter(|role| !role.is_empty()).unwrap_or("user")
}

fn conversation(fields: &Map<String, Value>) -> Ask {
    let mut ask = Ask::default();
    // The names of fields may be written in either way.
    let system = fields.get("systemInstruction").or_else(|| fields.get("system_instruction"));
    if let Some(parts) = system.and_then(|system| system.get("parts")) {
        ask.add_system(&text_of(parts));
    }
    for content in fields.get("contents").and_then(Value::as_array).into_iter().flatten() {
        let text = content.get("parts").map(text_of).unwrap_or_default();
        ask.messages.push(Message { role: role_of(content).to_owned(), text });
    }
    ask
}

fn model(name: &str) -> Value {
    json!({
        "name": format!("models/{name}"), "version": "001", "displayName": name, "inputTokenLimit": 1_048_576,
        "outputTokenLimit": 65_536, "supportedGenerationMethods": ["generateContent", "countTokens"],
    })
}

fn details(tokens: u64) -> Value {
    json!([{"modality": "TEXT", "tokenCount": tokens}])
}

fn usage((input, output): (u64, u64)) -> Value {
    json!({
        "promptTokenCount": input, "candidatesTokenCount": output, "totalTokenCount": input.saturating_add(output),
        "promptTokensDetails": details(input),
    })
}

fn whole(format: &Gemini, answering: &Answering<'_>) -> Page {
    Page::json(200, &document(format, answering, &answering.text(), true))
}

/// One document of an answer: the whole of it, or what a stream adds. A safety stop may come without any content.
fn document(format: &Gemini, answering: &Answering<'_>, text: &str, is_last: bool) -> Value {
    let mut candidate = Map::new();
    let is_blocked = answering.finish == Finish::Refusal;
    if !(is_blocked && text.is_empty()) {
        candidate.insert("content".into(), json!({"parts": [{"text": text}], "role": "model"}));
    }
    if let (true, Some(word)) = (is_last, format.finish_word(answering.finish)) {
        candidate.insert("finishReason".into(), word.into());
    }
    candidate.insert("index".into(), 0.into());
    if is_last && is_blocked {
        let rating = json!({"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": true});
        candidate.insert("safetyRatings".into(), json!([rating]));
    }
    let mut document = Map::new();
    document.insert("candidates".into(), json!([candidate]));
    match answering.tokens {
        Some(tokens) if is_last => _ = document.insert("usageMetadata".into(), usage(tokens)),
        Some((input, _)) => {
            let so_far = json!({"promptTokenCount": input, "totalTokenCount": input});
            document.insert("usageMetadata".into(), so_far);
        }
        None => {}
    }
    document.insert("modelVersion".into(), answering.model.into());
    document.insert("responseId".into(), answering.stamp.id("").into());
    Value::Object(document)
}

/// Each chunk is a document and a piece; the last one tells how the answer ends.
fn stream(format: &Gemini, answering: &Answering<'_>) -> Page {
    let is_list = answering.ask.form == LIST;
    let mut page = if is_list {
        Page::stream("application/json; charset=UTF-8")
    } else {
        Page::stream("text/event-stream").with("cache-control", "no-cache")
    };
    let last = answering.chunks.len().saturating_sub(1);
    let chunks = answering.chunks.iter().enumerate();
    let documents =
        chunks.map(|(at, chunk)| document(format, answering, chunk, at == last && answering.then.is_none()));
    for (at, document) in documents.chain(answering.then.clone()).enumerate() {
        if at > 0 {
            page.end_piece();
        }
        if is_list {
            let before = if at == 0 { "[" } else { ",\r\n" };
            page.body.extend_from_slice(format!("{before}{document}").as_bytes());
        } else {
            page.data(&document);
        }
    }
    if is_list {
        page.body.extend_from_slice(b"\n]\n");
    }
    page.end_piece();
    page
}
