//! The beginning of a system file, guessed from an OpenAPI document.
//!
//! Paths are given to verbs by the words in them, bodies and fields by their names. What is guessed is marked for a look;
//! what can't be guessed is named. The text is read again by whoever finishes it, and by `steadfast system check`.

use crate::scenario::Verb;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// A system file that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The file's text.
    pub text: String,
    /// The verbs for which a request was found.
    pub found: Vec<Verb>,
}

/// Words that tell a verb's path, the most telling first, and the methods by which it is asked.
const WORDS: &[(Verb, &[&str], &[&str])] = &[
    (Verb::Register, &["register", "signup", "sign-up", "sign_up", "accounts", "users"], &["post"]),
    (Verb::Login, &["login", "token", "signin", "sign-in", "session"], &["post"]),
    (Verb::SpeechStatus, &["speech/status", "speech"], &["get"]),
    (Verb::Transcribe, &["transcri", "speech-to-text", "stt"], &["post"]),
    (Verb::Synthesize, &["synthes", "text-to-speech", "tts"], &["post"]),
    (Verb::Voices, &["voices"], &["get"]),
    (Verb::Estimate, &["estimate", "quote", "cost"], &["post", "get"]),
    (Verb::Chat, &["chat", "message", "lesson", "conversation", "ask"], &["post"]),
    (Verb::Budget, &["budget", "purse", "money", "spend"], &["get"]),
    (Verb::Settings, &["settings", "preferences", "wishes"], &["get"]),
    (Verb::Models, &["models", "shelf"], &["get"]),
    (Verb::Languages, &["languages"], &["get"]),
    (Verb::Health, &["providers", "health", "engines", "teachers"], &["get"]),
    (Verb::Conversation, &["conversations/{", "conversation/{", "history/{"], &["get"]),
    (Verb::History, &["conversations", "history"], &["get"]),
];

/// Names by which systems call the contract's arguments and fields.
const SYNONYMS: &[(&str, &[&str])] = &[
    ("name", &["name", "user", "username", "who", "email", "login"]),
    ("password", &["password", "secret", "pass"]),
    ("token", &["token", "access_token", "key", "session"]),
    ("message", &["message", "text", "said", "prompt", "content", "question"]),
    ("text", &["text", "reply", "response", "answer", "content"]),
    ("language", &["language", "lang", "tongue", "locale"]),
    ("provider", &["provider", "ai_provider", "model_provider", "engine", "teacher", "answered_by"]),
    ("use_case", &["use_case", "usecase", "purpose", "goal"]),
    ("local_only", &["local_only", "private", "privacy", "stay_home"]),
    ("model", &["model", "model_name"]),
    ("cost", &["cost", "price", "estimated_cost", "usd"]),
    ("reason", &["reason", "why", "because", "fallback_reason"]),
    ("cached", &["cached", "from_cache", "again"]),
    ("conversation", &["conversation", "conversation_id", "session_id"]),
    ("id", &["id", "conversation_id", "conversation"]),
    ("total_budget", &["total_budget", "limit", "monthly_limit", "budget"]),
    ("used_budget", &["used_budget", "spent", "used", "usage"]),
    ("remaining_budget", &["remaining_budget", "remaining", "left", "rest"]),
    ("percentage_used", &["percentage_used", "percent", "percentage"]),
    ("alert_level", &["alert_level", "level", "alert", "mood"]),
    ("is_over_budget", &["is_over_budget", "over", "over_budget", "broke"]),
    ("budget_enforcement", &["budget_enforcement", "strict", "enforce_budget", "keep_to_budget"]),
    ("may_override_budget", &["may_override_budget", "may_overspend", "allow_override"]),
    ("auto_fallback_to_ollama", &["auto_fallback_to_ollama", "auto_fallback", "go_local"]),
    ("models", &["models", "shelf", "installed"]),
    ("selected", &["selected", "pick", "recommended"]),
];

/// An operation of the document.
struct Operation<'d> {
    path: &'d str,
    method: &'d str,
    value: &'d Value,
}

/// Begins a system file; `None` if the document has no paths.
pub fn begin_system(document: &Value) -> Option<Begun> {
    let paths = document.get("paths")?.as_object()?;
    let operations: Vec<Operation<'_>> = paths
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().into_iter().flatten().map(move |(method, value)| (path, method, value))
        })
        .map(|(path, method, value)| Operation { path, method, value })
        .collect();
    let title = document.pointer("/info/title").and_then(Value::as_str).unwrap_or("my tutor");
    let mut text = format!("system: {}\n", Value::from(title));
    let header = token_header(document, &operations);
    let ready = SIGNS_OF_LIFE.iter().find(|sign| {
        operations.iter().any(|operation| operation.method == "get" && operation.path == format!("/{sign}"))
    });
    text.push_str(&PREAMBLE.replace("{ready}", ready.unwrap_or(&"")).replace("{header}", &header));
    let mut found = Vec::new();
    let mut verbs = String::new();
    for (verb, words, methods) in WORDS {
        let best = words.iter().find_map(|word| {
            operations.iter().find(|operation| {
                let is_one = operation.path.contains('{') == word.contains('{')
                    || *verb == Verb::Chat
                    || *verb == Verb::Estimate;
                methods.contains(&operation.method) && is_one && operation.path.to_lowercase().contains(word)
            })
        });
        let Some(operation) = best else { continue };
        found.push(*verb);
        verbs.push_str(&binding(document, *verb, operation));
    }
    let missing: Vec<&str> = Verb::ALL.iter().filter(|verb| !found.contains(verb)).map(|verb| verb.as_str()).collect();
    if found.is_empty() {
        text.push_str("# No path looks like one of a tutor's.\nverbs: {}\n");
    } else {
        let _ = write!(text, "verbs:\n{verbs}");
    }
    if !missing.is_empty() {
        let _ = writeln!(text, "# Not found in the document, and skipped: {}.", missing.join(", "));
    }
    Some(Begun { text, found })
}

const PREAMBLE: &str = "\
# Begun from an OpenAPI document. Look at each line with a `?`, then try it: steadfast system check FILE
process:
  # ? how it is started; `asgi: module:app` serves an ASGI application with an event loop for each case
  command: [python, -m, uvicorn, \"main:app\", --port, \"${port}\"]
  ready: /{ready}
  ready_within: 30s
# ? which variables carry the addresses and keys of its providers; or `hosts: [api.anthropic.com]` where they are in its code
providers:
  claude: { wire: anthropic, env: ANTHROPIC_BASE_URL, key_env: ANTHROPIC_API_KEY }
  mistral: { wire: mistral, hosts: [api.mistral.ai], key_env: MISTRAL_API_KEY }
  deepseek: { wire: deepseek, hosts: [api.deepseek.com], key_env: DEEPSEEK_API_KEY }
  ollama: { wire: ollama, env: OLLAMA_HOST }
# ? how a case starts from the same state: a request, statements for its database, or `restart`
reset: fresh_learner
auth:
  learner: {header}
";

/// Paths at which services say that they are there.
const SIGNS_OF_LIFE: &[&str] = &["health", "healthz", "ready", "alive", "ping", "status"];

/// Headers that clients send, and that carry no token.
const NO_TOKENS: &[&str] = &["accept", "accept-language", "content-type", "user-agent", "x-request-id"];

/// The header in which the token travels: as the document's security says, else the one that most operations take.
fn token_header(document: &Value, operations: &[Operation<'_>]) -> String {
    let schemes = document.pointer("/components/securitySchemes").and_then(Value::as_object);
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let by_key = schemes.into_iter().flat_map(|schemes| schemes.values());
    let by_key = by_key.filter(|scheme| text(scheme, "in") == "header").map(|scheme| text(scheme, "name")).next();
    let parameters = operations.iter().filter_map(|operation| operation.value.get("parameters")?.as_array()).flatten();
    let headers = parameters.filter(|parameter| text(parameter, "in") == "header").map(|header| text(header, "name"));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in headers.filter(|name| !NO_TOKENS.contains(&name.to_lowercase().as_str())) {
        *counts.entry(name).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name);
    match by_key.or(usual).filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("authorization")) {
        Some(name) => {
            format!("{{ header: {}, value: \"${{token}}\" }} # ? what stands before the token", Value::from(name))
        }
        None => "{ header: Authorization, value: \"Bearer ${token}\" }".to_owned(),
    }
}

fn binding(document: &Value, verb: Verb, operation: &Operation<'_>) -> String {
    let mut path = operation.path.to_owned();
    let parameters = operation.value.get("parameters").and_then(Value::as_array);
    let mut query = Vec::new();
    for parameter in parameters.into_iter().flatten() {
        let Some(name) = parameter.get("name").and_then(Value::as_str) else { continue };
        let argument = meant(name, verb.arguments());
        match (parameter.get("in").and_then(Value::as_str), argument) {
            (Some("path"), Some(argument)) => path = path.replace(&format!("{{{name}}}"), &format!("${{{argument}}}")),
            (Some("query"), Some(argument)) => query.push(format!("{name}=${{{argument}?}}")),
            _ => {}
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let request = operation.value.pointer("/requestBody/content/application~1json/schema");
    let body = properties(document, request).into_iter().map(|name| match meant(&name, verb.arguments()) {
        Some(argument) => {
            let mark = if verb.required().contains(&argument) || matches!(verb, Verb::Register | Verb::Login) {
                ""
            } else {
                "?"
            };
            format!("        {name}: \"${{{argument}{mark}}}\"\n")
        }
        None => format!("        # ? {name}\n"),
    });
    let body: String = body.collect();
    let responses = operation.value.get("responses").and_then(Value::as_object);
    let answer = responses.into_iter().flatten().find(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
    let schema = answer.and_then(|answer| answer.pointer("/content/application~1json/schema"));
    let mut fields = Vec::new();
    answer_fields(document, verb, schema, "$", &mut fields);
    let is_settings = verb == Verb::Settings;
    let indent = if is_settings { "  " } else { "" };
    let mut text = format!("  {verb}:\n");
    if is_settings {
        text.push_str("    read:\n");
    }
    let _ = writeln!(text, "{indent}    {}: {}", operation.method, Value::from(path));
    let has = |lines: &[String]| lines.iter().any(|line| !line.trim_start().starts_with('#'));
    for (key, lines) in [("body", body.lines().map(|line| format!("{line}\n")).collect::<Vec<_>>()), ("answer", fields)]
    {
        if key == "body" && operation.method == "get" {
            continue;
        }
        if has(&lines) {
            let _ = writeln!(text, "{indent}    {key}:");
            lines.iter().for_each(|line| text.push_str(&format!("{indent}{line}")));
        } else {
            // What the document leaves open, in the contract's words: an argument for the body, a field of the answer.
            let open: Vec<String> = match key {
                "body" => verb
                    .arguments()
                    .iter()
                    .filter(|word| !OF_THE_STEP.contains(word))
                    .map(|word| format!("…: \"${{{word}?}}\""))
                    .collect(),
                _ => verb.fields().iter().map(|word| format!("{word}: $.…")).collect(),
            };
            let _ = writeln!(text, "{indent}    # ? {key}: {{ {} }}", open.join(", "));
        }
    }
    text
}

/// How deep an answer is looked into.
const DEPTH: usize = 4;

/// The lines that say where an answer's fields are, those inside of others too.
fn answer_fields(document: &Value, verb: Verb, schema: Option<&Value>, path: &str, lines: &mut Vec<String>) {
    let Some(properties) = resolved(document, schema).and_then(|schema| schema.get("properties")?.as_object()) else {
        return;
    };
    for (name, inner) in properties {
        let path = format!("{path}.{name}");
        let is_object = resolved(document, Some(inner)).is_some_and(|inner| inner.get("properties").is_some());
        match meant(name, verb.fields()) {
            Some(field)
                if !is_object && !lines.iter().any(|line| line.trim_start().starts_with(&format!("{field}:"))) =>
            {
                lines.push(format!("        {field}: {path}\n"));
            }
            _ if is_object && path.matches('.').count() < DEPTH => {
                answer_fields(document, verb, Some(inner), &path, lines);
            }
            _ => lines.push(format!("        # ? {path}\n")),
        }
    }
}

/// Arguments that say how a step asks, and that no request carries.
const OF_THE_STEP: &[&str] = &["token", "hang_up", "hang_up_after"];

/// The contract's word for a name, of those that are wanted.
fn meant<'w>(name: &str, wanted: &[&'w str]) -> Option<&'w str> {
    let name = name.to_lowercase();
    if let Some(same) = wanted.iter().find(|word| **word == name) {
        return Some(same);
    }
    let by_synonym =
        |word: &&&str| SYNONYMS.iter().any(|(known, others)| known == *word && others.contains(&name.as_str()));
    wanted.iter().find(by_synonym).copied()
}

/// The names of a schema's properties.
fn properties(document: &Value, schema: Option<&Value>) -> Vec<String> {
    let schema = resolved(document, schema);
    let properties = schema.and_then(|schema| schema.get("properties")).and_then(Value::as_object);
    properties.map(|properties| properties.keys().cloned().collect()).unwrap_or_default()
}

/// A schema, where references lead to it; of several that a value may have, the first.
fn resolved<'d>(document: &'d Value, schema: Option<&'d Value>) -> Option<&'d Value> {
    let mut schema = schema?;
    // A reference leads to a schema, and perhaps to another reference; never round in a circle.
    for _ in 0..8 {
        let one_of = ["anyOf", "oneOf", "allOf"].iter().find_map(|key| schema.get(*key)?.get(0));
        schema = match (schema.get("$ref").and_then(Value::as_str), one_of) {
            (Some(reference), _) => document.pointer(reference.strip_prefix('#')?)?,
            (None, Some(first)) => first,
            (None, None) => break,
        };
    }
    Some(schema)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_inside_of_others_headers_and_signs_of_life_are_found() {
        let teacher = json!({"$ref": "#/components/schemas/Teacher"});
        let pupil = json!([{"in": "header", "name": "x-pupil"}, {"in": "header", "name": "user-agent"}]);
        let schema = json!({"properties": {"lesson": {"anyOf": [teacher, {"type": "null"}]}, "again": {}, "mood": {}}});
        let document = json!({
            "paths": {
                "/alive": {"get": {}},
                "/lessons": {"post": {"parameters": pupil.clone(), "responses": {"200": {"content": {"application/json": {"schema": schema}}}}}},
                "/purse": {"get": {"parameters": pupil}}
            },
            "components": {"schemas": {"Teacher": {"properties": {"text": {}, "teacher": {}}}}}
        });
        let begun = begin_system(&document).expect("a document");
        for line in [
            "  ready: /alive",
            "  learner: { header: \"x-pupil\", value: \"${token}\" } # ? what stands before the token",
            "        text: $.lesson.text",
            "        provider: $.lesson.teacher",
            "        cached: $.again",
            "        # ? $.mood",
        ] {
            assert!(begun.text.lines().any(|found| found == line), "{line}\n{}", begun.text);
        }
        assert!(!begun.text.contains("get: \"/purse\"\n    # ? body"), "{}", begun.text);
        let keyed = json!({"paths": {}, "components": {"securitySchemes": {"k": {"in": "header", "name": "X-Key"}}}});
        assert!(begin_system(&keyed).expect("a document").text.contains("header: \"X-Key\""));
    }

    #[test]
    fn a_file_is_begun_from_paths_and_names() {
        let document = json!({
            "info": {"title": "Lessons"},
            "paths": {
                "/signup": {"post": {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}},
                    "responses": {"201": {"content": {"application/json": {"schema": {"properties": {"access_token": {}}}}}}}}},
                "/chat/{lang}": {"post": {"parameters": [{"in": "path", "name": "lang"}],
                    "requestBody": {"content": {"application/json": {"schema": {"properties": {"text": {}, "purpose": {}, "mood": {}}}}}},
                    "responses": {"200": {"content": {"application/json": {"schema": {"properties": {"reply": {}, "answered_by": {}}}}}}}}},
                "/settings": {"get": {"responses": {}}}
            },
            "components": {"schemas": {"New": {"properties": {"username": {}, "password": {}}}}}
        });
        let begun = begin_system(&document).expect("a document");
        assert_eq!(begun.found, [Verb::Register, Verb::Chat, Verb::Settings]);
        for line in [
            "system: \"Lessons\"",
            "    post: \"/signup\"",
            "        username: \"${name}\"",
            "        token: $.access_token",
            "    post: \"/chat/${language}\"",
            "        text: \"${message}\"",
            "        purpose: \"${use_case?}\"",
            "        # ? mood",
            "        text: $.reply",
            "        provider: $.answered_by",
        ] {
            assert!(begun.text.lines().any(|found| found == line), "{line}\n{}", begun.text);
        }
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("s.yaml"), &begun.text).expect("a file");
        let system = crate::scenario::load_system("s.yaml", folder.path());
        let system = system.unwrap_or_else(|problems| panic!("{problems}\n{}", begun.text));
        assert_eq!(system.verbs.len(), 3);
        assert_eq!(begin_system(&json!({})), None);
    }
}
