//! The effective configuration for a reader: TOML, with the origin of each value behind it.

use crate::cli::config::settable::Takes;
use crate::cli::config::setting::{Origin, Setting};
use crate::history::without_password;
use std::ffi::OsString;
use std::path::Path;

/// How wide a value may be before its origin loses its column.
const WIDEST: usize = 44;

/// Renders settings, a line each.
pub(super) fn show(settings: &[Setting], folder: Option<&Path>) -> String {
    let from = match folder {
        Some(folder) => format!("from {}", folder.join(crate::cli::config::FILE_NAME).display()),
        None => "there is no steadfast.toml in this folder or above it".to_owned(),
    };
    let mut text = format!("# {from}\n");
    let shown: Vec<(String, String)> =
        settings.iter().filter(|setting| setting.settable.is_for_environment()).map(line).collect();
    let width = shown.iter().map(|(value, _)| value.chars().count()).filter(|width| *width <= WIDEST).max();
    for (value, origin) in shown {
        text.push_str(&format!("{value:<width$}  # {origin}\n", width = width.unwrap_or(0)));
    }
    text
}

fn line(setting: &Setting) -> (String, String) {
    let key = &setting.settable.key;
    let origin = match &setting.origin {
        Origin::CommandLine => "command line".to_owned(),
        Origin::Environment(variable) => format!("environment: {variable}"),
        Origin::File(place, None) => place.to_string(),
        Origin::File(place, Some(profile)) => format!("{place}, profile {profile}"),
        Origin::Default if setting.values.is_empty() => {
            return (format!("# {key}"), format!("not set: {}", setting.settable.help));
        }
        Origin::Default => "default".to_owned(),
    };
    (format!("{key} = {}", value(setting)), origin)
}

fn value(setting: &Setting) -> String {
    let plain = |value: &OsString| {
        let text = without_password(&value.to_string_lossy());
        let is_number =
            text.parse::<f64>().is_ok_and(f64::is_finite) && !text.starts_with('+') && setting.settable.key != "seed";
        // JSON's strings are TOML's basic strings, but for what JSON leaves unescaped and nobody has in an argument.
        if is_number { text } else { serde_json::Value::from(text).to_string() }
    };
    match setting.settable.takes {
        Takes::Nothing => setting.values.first().map(|value| value.to_string_lossy().into_owned()).unwrap_or_default(),
        Takes::One => setting.values.first().map(plain).unwrap_or_default(),
        Takes::Many => format!("[{}]", setting.values.iter().map(plain).collect::<Vec<_>>().join(", ")),
    }
}
