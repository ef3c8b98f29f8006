//! What every such provider answers without a script: its models, its version, the loading of a model.

use crate::provider::format::failure::with_ids;
use crate::provider::format::{Ask, Page, Stamp, plain_error};
use crate::provider::{Endpoint, Wire};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// The models that an Ollama has installed in a case.
pub(crate) struct Installed<'a>(pub(crate) &'a [String]);

impl Installed<'_> {
    /// Whether the case says what is installed.
    pub(crate) fn is_known(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether a model is installed: `x` is `x:latest`.
    pub(crate) fn has(&self, model: &str) -> bool {
        self.0.iter().any(|installed| full_name(installed) == full_name(model))
    }
}

fn full_name(model: &str) -> String {
    if model.contains(':') { model.to_owned() } else { format!("{model}:latest") }
}

/// The answer to a request that asks no model anything; `None` if the provider has no such endpoint.
pub(crate) fn builtin(
    wire: Wire,
    endpoint: &Endpoint,
    ask: &Ask,
    installed: &Installed<'_>,
    stamp: &Stamp,
) -> Option<Page> {
    let page = match endpoint {
        Endpoint::Root => Page::text(200, "Ollama is running"),
        Endpoint::Version => Page::json(200, &json!({"version": "0.12.6"})),
        Endpoint::Tags => Page::json(200, &json!({"models": tags(installed, stamp)})),
        Endpoint::Ps => Page::json(200, &json!({"models": []})),
        Endpoint::Show if ask.model.is_empty() => plain_error(wire, 400, "model is required", stamp),
        Endpoint::Show if installed.has(&ask.model) => Page::json(200, &show(&ask.model, stamp)),
        Endpoint::Show => plain_error(wire, 404, &format!("model '{}' not found", ask.model), stamp),
        Endpoint::Pull if ask.model.is_empty() => plain_error(wire, 400, "invalid model name", stamp),
        Endpoint::Pull => pull(ask),
        Endpoint::Generate | Endpoint::Chat => load(wire, endpoint, ask, installed, stamp),
        Endpoint::Models => Page::json(200, &models(wire)),
        Endpoint::Messages | Endpoint::Completions | Endpoint::Unknown(_) => return None,
    };
    Some(with_ids(wire, page, stamp))
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

/// A request without a message loads a model, or unloads it.
fn load(wire: Wire, endpoint: &Endpoint, ask: &Ask, installed: &Installed<'_>, stamp: &Stamp) -> Page {
    if installed.is_known() && !installed.has(&ask.model) {
        return plain_error(wire, 404, &format!("model '{}' not found", ask.model), stamp);
    }
    let mut loaded = json!({
        "model": ask.model, "created_at": stamp.now.to_string(), "done": true,
        "done_reason": if ask.unload { "unload" } else { "load" },
    });
    if let Some(fields) = loaded.as_object_mut() {
        match endpoint {
            Endpoint::Chat => fields.insert("message".into(), json!({"role": "assistant", "content": ""})),
            _ => fields.insert("response".into(), "".into()),
        };
    }
    Page::json(200, &loaded)
}

fn models(wire: Wire) -> Value {
    let known = match wire {
        Wire::Anthropic => {
            let model = json!({
                "type": "model", "id": "claude-3-haiku-20240307", "display_name": "Claude Haiku 3",
                "created_at": "2024-03-07T00:00:00Z",
            });
            return json!({"data": [model], "has_more": false, "first_id": model["id"], "last_id": model["id"]});
        }
        Wire::Mistral => ("mistral-small-latest", "mistralai"),
        Wire::Deepseek => ("deepseek-chat", "deepseek"),
        Wire::Openai | Wire::Ollama => ("gpt-4o-mini", "openai"),
    };
    json!({"object": "list", "data": [{"id": known.0, "object": "model", "created": 1_700_000_000, "owned_by": known.1}]})
}
