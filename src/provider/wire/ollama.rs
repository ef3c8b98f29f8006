//! Ollama's own API: generate and chat, and what it tells of its models.

use crate::provider::script::failing::FailureKind;
use crate::provider::script::reply::Finish;
use crate::provider::wire::ask::{Ask, Given, Message, Purpose, Sent, text};
use crate::provider::wire::endpoint::{Endpoint, Route};
use crate::provider::wire::failing::plain_error;
use crate::provider::wire::format::{Answering, Environment, Format, Known, QUESTION, SHORT, Said, known};
use crate::provider::wire::installed::{Installed, full_name};
use crate::provider::wire::page::{Page, Stamp};
use crate::provider::wire::reading::fields_of;
use crate::provider::wire::told::{Told, number_at, text_at};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// The format of Ollama's API.
pub(super) struct Ollama;

const GENERATE: &str = "generate";
const CHAT: &str = "chat";
const PULL: &str = "pull";

const ROUTES: &[Route] = &[
    Route::model(GENERATE, &["/api/generate"]),
    Route::model(CHAT, &["/api/chat"]),
    Route::list("tags", &["/api/tags"]),
    Route::list("version", &["/api/version"]),
    Route::service("show", &["/api/show"]),
    Route::list("ps", &["/api/ps"]),
    Route::service(PULL, &["/api/pull"]),
    Route::sign_of_life("root", &["/"]),
];

impl Format for Ollama {
    fn routes(&self) -> &'static [Route] {
        ROUTES
    }

    fn environment(&self) -> Environment {
        Environment { base_url: Some(("OLLAMA_HOST", "")), key: None, home: Some("http://127.0.0.1:11434") }
    }

    fn is_local(&self) -> bool {
        true
    }

    fn needs_key(&self) -> bool {
        false
    }

    fn question(&self, model: &str, stream: bool) -> (String, Value) {
        let messages = json!([{"role": "user", "content": QUESTION}]);
        let body = json!({"model": model, "messages": messages, "stream": stream, "options": {"num_predict": SHORT}});
        ("/api/chat".to_owned(), body)
    }

    fn read(&self, sent: &Sent<'_>, endpoint: &Endpoint, stamp: &Stamp) -> (Ask, Option<Page>) {
        let unreadable = |error: &serde_json::Error| {
            if sent.body.is_empty() { "missing request body".to_owned() } else { format!("invalid JSON: {error}") }
        };
        match fields_of(self, sent, stamp, unreadable) {
            Ok(fields) => (understand(endpoint, &fields), refusal(self, endpoint, &fields, stamp)),
            Err(page) => (Ask::default(), Some(page)),
        }
    }

    fn reply(&self, answering: &Answering<'_>) -> Page {
        if answering.ask.stream { stream(self, answering) } else { whole(self, answering) }
    }

    fn null_reply(&self, ask: &Ask, stamp: &Stamp) -> Value {
        json!({
            "model": ask.model, "created_at": stamp.now.to_string(), "response": null,
            "message": {"role": "assistant", "content": null}, "done": true, "done_reason": "stop",
        })
    }

    fn finish_word(&self, finish: Finish) -> Option<&'static str> {
        match finish {
            Finish::Stop => Some("stop"),
            Finish::Length => Some("length"),
            Finish::Refusal | Finish::Absent => None,
        }
    }

    fn builtin(&self, endpoint: &Endpoint, ask: &Ask, installed: &Installed<'_>, stamp: &Stamp) -> Option<Page> {
        let page = match endpoint.as_str() {
            "root" => Page::text(200, "Ollama is running"),
            "version" => Page::json(200, &json!({"version": "0.12.6"})),
            "tags" => Page::json(200, &json!({"models": tags(installed, stamp)})),
            "ps" => Page::json(200, &json!({"models": []})),
            "show" if ask.model.is_empty() => plain_error(self, 400, "model is required", stamp),
            "show" if installed.has(&ask.model) => Page::json(200, &show(&ask.model, stamp)),
            "show" => no_model(self, ask, stamp),
            PULL if ask.model.is_empty() => plain_error(self, 400, "invalid model name", stamp),
            PULL => pull(ask),
            GENERATE | CHAT => self.lacks_model(ask, installed, stamp).unwrap_or_else(|| loaded(endpoint, ask, stamp)),
            _ => return None,
        };
        Some(page)
    }

    fn lacks_model(&self, ask: &Ask, installed: &Installed<'_>, stamp: &Stamp) -> Option<Page> {
        (installed.is_known() && !installed.has(&ask.model)).then(|| no_model(self, ask, stamp))
    }

    fn documented(&self, kind: FailureKind) -> Option<Known> {
        use FailureKind as K;
        let busy = "server busy, please try again.  maximum pending requests exceeded";
        match kind {
            K::BadRequest => known(400, "", None, "invalid request"),
            K::NotFound => known(404, "", None, "model not found"),
            K::ServerError => known(500, "", None, "llama runner process has terminated: signal: killed"),
            K::Unavailable | K::Overloaded => known(503, "", None, busy),
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
        json!({"error": said.message})
    }

    fn told(&self, document: &Value) -> Told {
        Told {
            text: text_at(document, "/message/content").or_else(|| text_at(document, "/response")),
            input: number_at(document, "/prompt_eval_count"),
            output: number_at(document, "/eval_count"),
            finish: text_at(document, "/done_reason"),
            ..Told::default()
        }
    }

    fn kind_of(&self, _status: u16) -> (&'static str, Option<&'static str>) {
        ("", None)
    }
}

/// A stream is the default; `model` was once called `name`; a request without a message loads a model.
fn understand(endpoint: &Endpoint, fields: &Map<String, Value>) -> Ask {
    let mut ask = Ask::conversation(fields);
    ask.stream = fields.get("stream").and_then(Value::as_bool).unwrap_or(true);
    if !fields.contains_key("model") {
        ask.model = text(fields, "name");
    }
    match endpoint.as_str() {
        PULL => ask.purpose = Purpose::Install,
        GENERATE => {
            let prompt = text(fields, "prompt");
            ask.system = text(fields, "system");
            ask.messages.clear();
            if !prompt.is_empty() {
                ask.messages.push(Message { role: "user".into(), text: prompt });
            }
        }
        _ => {}
    }
    if endpoint.is_model_call() && ask.messages.is_empty() {
        let unloads = fields.get("keep_alive").is_some_and(|value| value == &json!(0) || value == &json!("0"));
        ask.purpose = if unloads { Purpose::Unload } else { Purpose::Load };
    }
    ask
}

fn refusal(format: &Ollama, endpoint: &Endpoint, fields: &Map<String, Value>, stamp: &Stamp) -> Option<Page> {
    if !endpoint.is_model_call() || Given::of(fields).model {
        return None;
    }
    let page = match endpoint.as_str() {
        GENERATE => plain_error(format, 404, "model '' not found", stamp),
        _ => plain_error(format, 400, "model is required", stamp),
    };
    Some(page)
}

fn no_model(format: &Ollama, ask: &Ask, stamp: &Stamp) -> Page {
    plain_error(format, 404, &format!("model '{}' not found", ask.model), stamp)
}

fn whole(format: &Ollama, answering: &Answering<'_>) -> Page {
    let mut object = object(answering, &answering.text());
    finish(format, answering, &mut object);
    Page::json(200, &Value::Object(object))
}

/// Each chunk is a line and a piece; the last line, without text, says that it is done.
fn stream(format: &Ollama, answering: &Answering<'_>) -> Page {
    let mut page = Page::stream("application/x-ndjson");
    for (index, chunk) in answering.chunks.iter().enumerate() {
        if index > 0 {
            page.end_piece();
        }
        let mut object = object(answering, chunk);
        object.insert("done".into(), false.into());
        page.line(&Value::Object(object));
    }
    if let Some(failure) = &answering.then {
        page.end_piece();
        page.line(failure);
    } else if answering.finish != Finish::Absent {
        let mut object = object(answering, "");
        finish(format, answering, &mut object);
        page.line(&Value::Object(object));
    }
    page.end_piece();
    page
}

fn object(answering: &Answering<'_>, text: &str) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("model".into(), answering.model.into());
    object.insert("created_at".into(), answering.stamp.now.to_string().into());
    say(answering.endpoint, text, &mut object);
    object
}

/// Adds the text where the endpoint has it.
fn say(endpoint: &Endpoint, text: &str, object: &mut Map<String, Value>) {
    match endpoint.as_str() {
        CHAT => object.insert("message".into(), json!({"role": "assistant", "content": text})),
        _ => object.insert("response".into(), text.into()),
    };
}

fn finish(format: &Ollama, answering: &Answering<'_>, object: &mut Map<String, Value>) {
    let Some(reason) = format.finish_word(answering.finish) else {
        object.insert("done".into(), false.into());
        return;
    };
    object.insert("done".into(), true.into());
    object.insert("done_reason".into(), reason.into());
    if answering.endpoint.as_str() == GENERATE {
        object.insert("context".into(), json!([1, 2, 3]));
    }
    if let Some((input, output)) = answering.tokens {
        let durations = [
            ("total_duration", 5_000_000 + output.saturating_mul(1_000_000)),
            ("load_duration", 1_000_000),
            ("prompt_eval_count", input),
            ("prompt_eval_duration", 4_000_000),
            ("eval_count", output),
            ("eval_duration", output.saturating_mul(1_000_000)),
        ];
        object.extend(durations.into_iter().map(|(name, value)| (name.to_owned(), value.into())));
    }
}

/// The answer to a request without a message.
fn loaded(endpoint: &Endpoint, ask: &Ask, stamp: &Stamp) -> Page {
    let reason = if ask.purpose == Purpose::Unload { "unload" } else { "load" };
    let mut loaded = Map::new();
    loaded.insert("model".into(), ask.model.as_str().into());
    loaded.insert("created_at".into(), stamp.now.to_string().into());
    loaded.insert("done".into(), true.into());
    loaded.insert("done_reason".into(), reason.into());
    say(endpoint, "", &mut loaded);
    Page::json(200, &Value::Object(loaded))
}

fn tags(installed: &Installed<'_>, stamp: &Stamp) -> Vec<Value> {
    let tag = |name: &String| {
        json!({
            "name": full_name(name), "model": full_name(name), "modified_at": stamp.now.to_string(),
            "size": 4_109_865_159_u64, "digest": digest(name), "details": details(name),
        })
    };
    installed.0.iter().map(tag).collect()
}

fn digest(name: &str) -> String {
    Sha256::digest(full_name(name)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Family and size as the model's name tells them.
fn details(name: &str) -> Value {
    let full = full_name(name);
    let (base, tag) = full.split_once(':').unwrap_or((&full, "latest"));
    let families = ["mistral", "qwen", "gemma", "deepseek", "phi", "llama"];
    let family = families.into_iter().find(|family| base.contains(family)).unwrap_or("llama");
    let size = tag.split('-').find(|part| part.ends_with('b') && part.starts_with(|c: char| c.is_ascii_digit()));
    json!({
        "parent_model": "", "format": "gguf", "family": family, "families": [family],
        "parameter_size": size.map_or_else(|| "7B".to_owned(), str::to_uppercase), "quantization_level": "Q4_0",
    })
}

fn show(name: &str, stamp: &Stamp) -> Value {
    json!({
        "modelfile": format!("FROM {name}"), "parameters": "", "template": "{{ .Prompt }}", "details": details(name),
        "model_info": {"general.architecture": "llama"}, "capabilities": ["completion"],
        "modified_at": stamp.now.to_string(),
    })
}

fn pull(ask: &Ask) -> Page {
    let layer = digest(&ask.model);
    let pulling = format!("pulling {}", &layer[..12]);
    let layer = format!("sha256:{layer}");
    let statuses = [
        json!({"status": "pulling manifest"}),
        json!({"status": pulling, "digest": layer, "total": 4096}),
        json!({"status": pulling, "digest": layer, "total": 4096, "completed": 2048}),
        json!({"status": pulling, "digest": layer, "total": 4096, "completed": 4096}),
        json!({"status": "verifying sha256 digest"}),
        json!({"status": "writing manifest"}),
        json!({"status": "success"}),
    ];
    if !ask.stream {
        return Page::json(200, &json!({"status": "success"}));
    }
    let mut page = Page::stream("application/x-ndjson");
    for status in &statuses {
        page.line(status);
        page.end_piece();
    }
    page
}
