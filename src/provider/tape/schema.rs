//! The JSON Schema of a line of a tape.

use crate::provider::wire::table::Wire;
use serde_json::{Value, json};

/// The JSON Schema (draft 2020-12) of a line of a tape.
pub fn tape_schema() -> Value {
    let micros = "microseconds since the request was read to its end";
    let bytes = json!([
        {"required": ["text"], "not": {"required": ["hex"]}},
        {"required": ["hex"], "not": {"required": ["text"]}},
    ]);
    let text = json!({"type": "string", "description": "bytes that are UTF-8"});
    let hex = json!({"type": "string", "pattern": "^([0-9a-f]{2})*$", "description": "any other bytes"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "steadfast tape: one line of it",
        "type": "object",
        "required": ["version", "provider", "wire", "request", "ended"],
        "properties": {
            "version": {"const": 1},
            "provider": {"type": "string"},
            "wire": {"enum": Wire::ALL.map(Wire::as_str)},
            "request": {
                "type": "object",
                "required": ["method", "target", "headers", "body"],
                "properties": {
                    "method": {"type": "string"},
                    "target": {"type": "string", "description": "path and query, keys masked"},
                    "headers": {"$ref": "#/$defs/headers"},
                    "body": {"type": "object", "properties": {"text": text, "hex": hex}, "oneOf": bytes},
                },
            },
            "answer": {
                "type": "object",
                "description": "absent if not even a status line came",
                "required": ["status", "headers", "at_us", "chunks"],
                "properties": {
                    "status": {"type": "integer", "minimum": 100, "maximum": 999},
                    "headers": {"$ref": "#/$defs/headers"},
                    "content_length": {"type": "integer", "minimum": 0, "description": "as the head promised; without it the body came in chunks"},
                    "at_us": {"type": "integer", "minimum": 0, "description": micros},
                    "chunks": {"type": "array", "items": {
                        "type": "object",
                        "required": ["at_us"],
                        "properties": {
                            "at_us": {"type": "integer", "minimum": 0, "description": micros},
                            "text": text,
                            "hex": hex,
                            "promised": {"type": "integer", "description": "the chunk's announced length, where less went out"},
                        },
                        "oneOf": bytes,
                    }},
                },
            },
            "ended": {"enum": ["completed", "cut", "reset", "client_gone", "hung"]},
        },
        "$defs": {
            "headers": {"type": "array", "items": {
                "type": "array", "prefixItems": [{"type": "string"}, {"type": "string"}], "minItems": 2, "maxItems": 2,
            }},
        },
    })
}
