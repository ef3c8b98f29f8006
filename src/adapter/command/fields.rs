//! What is known of a case by name, and texts that name it.

use crate::adapter::command::error::UnknownName;
use serde_json::Value;
use std::collections::BTreeMap;

/// Names and what they stand for.
pub(super) type Fields = BTreeMap<String, String>;

/// The text with `${name}` filled in; `${name|regex}` is written so that a pattern means it literally, `${name|spaced}`
/// has ` ` for each ` > `, `${name|titles}` is a pattern that means it with either of them between words,
/// `${name|trimmed}` has no blanks around it, `${name|json}` is a text of JSON, and `$$` is `$`.
///
/// # Errors
/// The name that stands for nothing.
pub(super) fn fill(template: &str, fields: &Fields) -> Result<String, UnknownName> {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('$') {
        let (before, tail) = rest.split_at(at);
        text.push_str(before);
        if let Some(tail) = tail.strip_prefix("$$") {
            text.push('$');
            rest = tail;
        } else if let Some((name, after)) = tail.strip_prefix("${").and_then(|tail| tail.split_once('}')) {
            text.push_str(&value(name, fields)?);
            rest = after;
        } else {
            text.push('$');
            rest = tail.get(1..).unwrap_or_default();
        }
    }
    text.push_str(rest);
    Ok(text)
}

fn value(named: &str, fields: &Fields) -> Result<String, UnknownName> {
    let mut words = named.split('|');
    let name = words.next().unwrap_or_default();
    let value = fields.get(name).ok_or_else(|| UnknownName(name.to_owned()))?.clone();
    words.try_fold(value, |value, word| match word {
        "regex" => Ok(regex::escape(&value)),
        "spaced" => Ok(value.replace(" > ", " ")),
        "titles" => Ok(regex::escape(&value.replace(" > ", " ")).replace(' ', "( > | )")),
        "json" => Ok(serde_json::Value::from(value).to_string()),
        "trimmed" => Ok(value.trim().to_owned()),
        _ => Err(UnknownName(named.to_owned())),
    })
}

/// Whether the text names this field.
pub(super) fn names(template: &str, field: &str) -> bool {
    template.contains(&format!("${{{field}}}")) || template.contains(&format!("${{{field}|"))
}

/// Every text, number and truth value of a JSON object, by its path: `a.b`, `list.0`; a list of texts is also one text,
/// its parts parted by a blank.
pub(super) fn of_json(value: &Value) -> Fields {
    let mut fields = Fields::new();
    enter(value, "", &mut fields);
    fields
}

fn enter(value: &Value, path: &str, fields: &mut Fields) {
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) => _ = fields.insert(path.to_owned(), value.to_string()),
        Value::String(text) => _ = fields.insert(path.to_owned(), text.clone()),
        Value::Array(items) => {
            let texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            if texts.len() == items.len() && !texts.is_empty() {
                fields.insert(path.to_owned(), texts.join(" "));
            }
            for (at, item) in items.iter().enumerate() {
                enter(item, &below(&at.to_string()), fields);
            }
        }
        Value::Object(entries) => entries.iter().for_each(|(name, entry)| enter(entry, &below(name), fields)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(template: &str, expected: Result<&str, &str>) {
        let fields = of_json(&json!({ "name": "a+b", "in": { "file": "x" }, "n": 3, "path": ["p", "q"] }));
        assert_eq!(
            fill(template, &fields),
            expected.map(str::to_owned).map_err(|name| UnknownName(name.to_owned())),
            "{template}"
        );
    }

    #[test]
    fn names_are_filled_in() {
        check("${name} ${in.file}:${n}", Ok("a+b x:3"));
        check("^(${name|regex})$", Ok("^(a\\+b)$"));
        check("${name}$$${n}", Ok("a+b$3"));
        check("$ {", Ok("$ {"));
        check("${path} ${path.1}", Ok("p q q"));
        check("{\"n\": ${name|json}}", Ok("{\"n\": \"a+b\"}"));
        check("${nothing}", Err("nothing"));
        check("${name|loud}", Err("name|loud"));
    }

    #[test]
    fn a_path_of_titles_is_written_with_blanks_between() {
        let fields = of_json(&json!({ "name": "cart > fills (once)" }));
        assert_eq!(fill("${name|spaced}", &fields).as_deref(), Ok("cart fills (once)"));
        assert_eq!(fill("^${name|titles}$", &fields).as_deref(), Ok("^cart( > | )fills( > | )\\(once\\)$"));
        assert_eq!(fill("${name|trimmed|spaced}", &of_json(&json!({ "name": " a > b" }))).as_deref(), Ok("a b"));
    }
}
