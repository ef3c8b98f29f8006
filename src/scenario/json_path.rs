//! JSONPaths (RFC 9535) whose evaluation ends soon, whatever document they are put to.

use serde_json_path::JsonPath;

/// The longest path, in bytes.
const LONGEST: usize = 500;

/// How deep brackets stand in each other.
const DEEPEST: usize = 16;

/// How often a path looks at everything below: each `..` multiplies the work by the depth of the document.
const DESCENTS: usize = 2;

/// How many commas a path has: `[0, 0]` after `[0, 0]` doubles what is found.
const COMMAS: usize = 8;

/// What is wrong with a path, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPathError {
    /// The place, in bytes from its beginning.
    pub at: usize,
    /// What is wrong there.
    pub message: String,
}

/// Reads a JSONPath.
///
/// # Errors
/// If it is not one, or could take very long.
pub fn parse_json_path(path: &str) -> Result<JsonPath, JsonPathError> {
    refuse_costly(path)?;
    JsonPath::parse(path).map_err(|error| JsonPathError { at: error.position(), message: error.message().to_owned() })
}

fn refuse_costly(path: &str) -> Result<(), JsonPathError> {
    let refused = |at: usize, message: String| Err(JsonPathError { at, message });
    if path.len() > LONGEST {
        return refused(LONGEST, format!("longer than {LONGEST} bytes, the most that a path may have"));
    }
    let (mut depth, mut descents, mut commas, mut roots) = (0_usize, 0, 0, 0);
    let (mut quote, mut is_escaped, mut before) = (None, false, ' ');
    for (at, character) in path.char_indices() {
        if let Some(open) = quote {
            (quote, is_escaped) = match character {
                _ if is_escaped => (quote, false),
                '\\' => (quote, true),
                _ => (quote.filter(|_| character != open), false),
            };
            continue;
        }
        match character {
            '"' | '\'' => quote = Some(character),
            '[' | '(' => depth += 1,
            ']' | ')' => depth = depth.saturating_sub(1),
            ',' => commas += 1,
            '$' => roots += 1,
            '.' if before == '.' => descents += 1,
            _ => {}
        }
        before = character;
        if depth > DEEPEST {
            return refused(at, format!("brackets stand in each other more than {DEEPEST} deep"));
        }
        if descents > DESCENTS {
            return refused(at, format!("more than {DESCENTS} `..` in one path"));
        }
        if commas > COMMAS {
            return refused(at, format!("more than {COMMAS} commas in one path"));
        }
        if roots > 1 {
            return refused(at, "`$` within a filter: it would be looked up anew for each item".to_owned());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_as_people_write_them_are_read() {
        for path in [
            "$",
            "$.choices[0].message.content",
            "$..items[?@.price < 10 && @['a,b..c'] != '$'].name",
            "$[?match(@.id, 'a.*')]",
            "$[*].tests[1:5]..name",
            "$[0, 1, 2, 3]",
        ] {
            assert!(parse_json_path(path).is_ok(), "{path}: {:?}", parse_json_path(path).err());
        }
    }

    #[test]
    fn paths_that_could_take_very_long_are_refused() {
        let (deep, filters) = ("(".repeat(100_000), "[?@".repeat(20));
        for (path, why) in [
            (format!("$[?{deep}"), "longer than 500"),
            (format!("$[?{}", "(".repeat(20)), "16 deep"),
            (format!("${filters}"), "16 deep"),
            ("$..*..*..*".to_owned(), "more than 2 `..`"),
            (format!("${}", "[0,0]".repeat(40)), "more than 8 commas"),
            ("$[?$..a == 1]".to_owned(), "`$` within a filter"),
        ] {
            let error = parse_json_path(&path).expect_err(&path);
            assert!(error.message.contains(why), "{}: {}", error.message, &path[..path.len().min(40)]);
        }
    }
}
