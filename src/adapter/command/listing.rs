//! What a runner lists.

use crate::adapter::command::error::CommandError;
use crate::adapter::command::fields::{Fields, fill, of_json};
use crate::adapter::command::profile::{ListFormat, Listing, Problems, Sorting};
use crate::scenario::parse_json_path;
use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A case as the runner lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedCase {
    /// The id by which the runner knows it.
    pub id: String,
    /// Its file, relative to the folder that commands run in; empty where the listing names none.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
    /// What it belongs to.
    pub module: String,
    /// All that the listing says of it; empty for a case that is known by its id alone.
    pub fields: Fields,
}

impl ListedCase {
    /// A case of which no more than that is known.
    pub fn by_name(id: &str, file: &str) -> Self {
        Self { id: id.to_owned(), file: file.to_owned(), line: 1, module: file.to_owned(), fields: Fields::new() }
    }

    /// Whether the runner listed it: only then it can be asked for it.
    pub(super) fn is_listed(&self) -> bool {
        !self.fields.is_empty()
    }
}

/// All cases, each once, and what is to be known of the listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Listed {
    pub cases: Vec<ListedCase>,
    pub notes: Vec<String>,
}

/// How many ids or reasons are named.
const NAMED: usize = 5;

/// Reads a listing.
///
/// # Errors
/// If it is not what the profile says: for people.
pub(super) fn read(listing: &Listing, text: &[u8], folder: &Path) -> Result<Listed, CommandError> {
    let pattern = listing.pattern.as_deref().map(Regex::new).transpose()?;
    let mut found = Vec::new();
    for mut fields in entries(listing, text)? {
        if listing.format == ListFormat::Lines || listing.field.is_some() {
            let name = listing.field.as_deref().unwrap_or("id");
            let line = fields.get(name).cloned().unwrap_or_default();
            match &pattern {
                None if line.trim().is_empty() => continue,
                None => {}
                Some(pattern) => {
                    let Some(groups) = pattern.captures(&line) else { continue };
                    if listing.format == ListFormat::Lines {
                        fields.clear();
                    }
                    for name in pattern.capture_names().flatten() {
                        let text = groups.name(name).map_or("", |group| group.as_str());
                        fields.insert(name.to_owned(), text.to_owned());
                    }
                }
            }
        }
        let fields = with_relative(fields, folder);
        let is_problem = |problems: &Problems| fill(&problems.text, &fields).is_ok();
        if listing.format == ListFormat::JsonLines && listing.problems.as_ref().is_some_and(is_problem) {
            continue;
        }
        found.push(case(listing, fields)?);
    }
    let mut listed = each_once(found, String::from_utf8_lossy(text).contains('\u{fffd}'));
    match listing.sort {
        Sorting::None => {}
        Sorting::Module => listed.cases.sort_by(|one, other| one.module.cmp(&other.module)),
        Sorting::Line => listed
            .cases
            .sort_by(|one, other| (&one.module, &one.file, one.line).cmp(&(&other.module, &other.file, other.line))),
    }
    Ok(listed)
}

/// What may be a case, each with its fields.
fn entries(listing: &Listing, text: &[u8]) -> Result<Vec<Fields>, CommandError> {
    let lossy = String::from_utf8_lossy(text);
    let lines = || lossy.split('\n').map(|line| line.trim_end_matches('\r'));
    Ok(match listing.format {
        ListFormat::Lines => lines().map(|line| Fields::from([("id".to_owned(), line.to_owned())])).collect(),
        ListFormat::JsonLines => {
            let objects = lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            objects.filter(Value::is_object).map(|object| of_json(&object)).collect()
        }
        ListFormat::Json => items(&document(&lossy)?, listing.items.as_deref())?,
    })
}

fn document(text: &str) -> Result<Value, CommandError> {
    // Runners write a line or two before the document.
    let from = text.find(['{', '[']).unwrap_or_default();
    let mut documents = serde_json::Deserializer::from_str(text.get(from..).unwrap_or_default()).into_iter();
    match documents.next() {
        Some(document) => document.map_err(CommandError::ListingForm),
        None => Err(CommandError::EmptyListing),
    }
}

/// Why a listing failed, a line or more for each reason, if it says so itself.
pub(super) fn problems(listing: &Listing, text: &[u8], folder: &Path) -> Option<String> {
    let problems = listing.problems.as_ref()?;
    let found = match listing.format {
        // A line each: whatever has what the text is made of.
        ListFormat::Lines | ListFormat::JsonLines => entries(listing, text).ok()?,
        ListFormat::Json => items(&document(&String::from_utf8_lossy(text)).ok()?, Some(&problems.items)).ok()?,
    };
    let said: Vec<String> =
        found.into_iter().filter_map(|fields| fill(&problems.text, &with_relative(fields, folder)).ok()).collect();
    let more = said.len().saturating_sub(NAMED);
    let shown = said.into_iter().take(NAMED).chain((more > 0).then(|| format!("and {more} more"))).collect::<Vec<_>>();
    (!shown.is_empty()).then(|| shown.join("\n"))
}

/// The fields, and for each path below `folder` one more with `.relative` after its name.
fn with_relative(mut fields: Fields, folder: &Path) -> Fields {
    let relative = |(name, value): (&String, &String)| {
        let inside = Path::new(value).strip_prefix(folder).ok().filter(|_| Path::new(value).is_absolute())?;
        Some((format!("{name}.relative"), inside.display().to_string()))
    };
    let inside: Vec<(String, String)> = fields.iter().filter_map(relative).collect();
    fields.extend(inside);
    fields
}

/// The items of a document that a JSONPath names, each with its fields, and with texts, numbers and truth values of the
/// object around it as `parent.name`.
pub(super) fn items(document: &Value, path: Option<&str>) -> Result<Vec<Fields>, CommandError> {
    let path = path.unwrap_or("$[*]");
    let parsed = parse_json_path(path).map_err(|fault| CommandError::Items { path: path.to_owned(), fault })?;
    let located = parsed.query_located(document);
    let with_parent = located.iter().map(|item| {
        let mut fields = of_json(item.node());
        for (name, value) in object_around(document, &item.location().to_json_pointer()).into_iter().flatten() {
            if !value.is_object() && !value.is_array() {
                fields.extend(of_json(value).into_values().map(|value| (format!("parent.{name}"), value)));
            }
        }
        fields
    });
    Ok(with_parent.collect())
}

/// The innermost object that holds what a JSON pointer (RFC 6901) names.
fn object_around<'d>(document: &'d Value, pointer: &str) -> Option<&'d serde_json::Map<String, Value>> {
    let ends = pointer.rmatch_indices('/').map(|(end, _)| end);
    ends.filter_map(|end| document.pointer(&pointer[..end])).find_map(Value::as_object)
}

fn case(listing: &Listing, fields: Fields) -> Result<ListedCase, CommandError> {
    let filled = |key: &'static str, template: &str| {
        fill(template, &fields).map_err(|name| CommandError::NotListed { key, name })
    };
    let optional =
        |key: &'static str, template: Option<&str>| template.map(|template| filled(key, template)).transpose();
    let id = filled("id", &listing.id)?;
    let file = optional("file", listing.file.as_deref())?.unwrap_or_default();
    let line = optional("line", listing.line.as_deref())?.and_then(|line| line.parse().ok()).unwrap_or(1);
    let module = optional("module", listing.module.as_deref())?.unwrap_or_else(|| {
        let begin = id.rsplit_once("::").map_or("", |(begin, _)| begin);
        if file.is_empty() { begin.to_owned() } else { file.clone() }
    });
    Ok(ListedCase { id, file, line, module, fields })
}

/// The known cases in their order, each as it was listed now; and what became of others, in a sentence each.
pub(super) fn arranged(known: &[ListedCase], listed: Vec<ListedCase>) -> Listed {
    let mut found: BTreeMap<String, ListedCase> = listed.into_iter().map(|case| (case.id.clone(), case)).collect();
    let cases: Vec<ListedCase> =
        known.iter().map(|case| found.remove(&case.id).unwrap_or_else(|| case.clone())).collect();
    let gone: Vec<&str> = cases.iter().filter(|case| !case.is_listed()).map(|case| case.id.as_str()).collect();
    let mut notes = Vec::new();
    if !gone.is_empty() {
        notes.push(format!("the runner lists {} of the cases no more, which are skipped: {}", gone.len(), some(&gone)));
    }
    if !found.is_empty() {
        let new: Vec<&str> = found.keys().map(String::as_str).collect();
        notes.push(format!("the runner lists {} cases that the run began without: {}", new.len(), some(&new)));
    }
    Listed { cases, notes }
}

/// Leaves out what no program can be given as an argument, and says so.
pub(super) fn without_nul(listed: Listed) -> Listed {
    let is_sound = |case: &ListedCase| !case.fields.values().any(|field| field.contains('\0'));
    let (cases, left_out): (Vec<_>, Vec<_>) = listed.cases.into_iter().partition(is_sound);
    let mut notes = listed.notes;
    if !left_out.is_empty() {
        let ids: Vec<String> = left_out.iter().map(|case| case.id.escape_debug().to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        notes.push(format!(
            "left out, since no program can be given a name that holds a NUL: {} ({} in all)",
            some(&ids),
            left_out.len()
        ));
    }
    Listed { cases, notes }
}

/// Some of these, separated by commas.
fn some(ids: &[&str]) -> String {
    let more = if ids.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", ids.iter().take(NAMED).copied().collect::<Vec<_>>().join(", "))
}

/// Leaves out what is listed again, and says so: two cases of one id can't be told apart, nor run apart.
fn each_once(found: Vec<ListedCase>, is_lossy: bool) -> Listed {
    let mut known = BTreeSet::new();
    let mut again = Vec::new();
    let mut cases = Vec::new();
    for case in found {
        if known.insert(case.id.clone()) {
            cases.push(case);
        } else {
            again.push(case.id);
        }
    }
    let mut notes = Vec::new();
    if !again.is_empty() {
        let named: Vec<&str> = again.iter().map(String::as_str).collect();
        notes.push(format!(
            "the runner lists {} cases under an id that it has listed before, and they can't be told apart: {}",
            again.len(),
            some(&named)
        ));
    }
    if is_lossy {
        notes.push("the listing is not all UTF-8: cases whose ids are not can't be run by name".to_owned());
    }
    Listed { cases, notes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_nul_is_left_out_where_it_would_be_an_argument() {
        let text = b"a\nb\0c\nd\n";
        let listed = read(&listing("command: [x]"), text, Path::new("/project")).expect("a listing");
        assert_eq!(listed.cases.len(), 3);
        let listed = without_nul(listed);
        assert_eq!(listed.cases.iter().map(|case| case.id.as_str()).collect::<Vec<_>>(), ["a", "d"]);
        assert!(listed.notes[0].contains(r"b\0c (1 in all)"), "{:?}", listed.notes);
    }

    #[test]
    fn a_path_below_the_folder_is_known_relative_to_it_too() {
        let text = r#"[{"name": "a", "file": "/project/spec/a.js"}, {"name": "b", "file": "/elsewhere/b.js"}]"#;
        let error = read(
            &listing("{ command: [x], format: json, id: '${file.relative} ${name}' }"),
            text.as_bytes(),
            Path::new("/project"),
        );
        assert!(error.expect_err("the second has none").to_string().contains("file.relative"));
        let inside = r#"[{"name": "a", "file": "/project/spec/a.js"}]"#;
        assert_eq!(ids("{ command: [x], format: json, id: '${file.relative} ${name}' }", inside), ["spec/a.js a"]);
    }

    fn listing(yaml: &str) -> Listing {
        serde_saphyr::from_str(yaml).expect("a listing")
    }

    fn ids(yaml: &str, text: &str) -> Vec<String> {
        let listed =
            read(&listing(yaml), text.as_bytes(), Path::new("/project")).unwrap_or_else(|error| panic!("{error}"));
        listed.cases.into_iter().map(|case| case.id).collect()
    }

    #[test]
    fn a_line_is_an_id_or_has_one() {
        assert_eq!(ids("command: [x]", "a\n\nb c\r\n"), ["a", "b c"]);
        assert_eq!(ids("command: [x]\nmatch: '^(?<id>.+): test$'", "a: b: test\nx: benchmark\n"), ["a: b"]);
    }

    #[test]
    fn documents_have_cases_where_a_path_says() {
        let yaml = "{ command: [x], format: json, items: '$.tests[*]', id: '${file} > ${name}', file: '${file}' }";
        let text = "a word before\n{\"tests\": [{\"name\": \"new\\nline\", \"file\": \"f\"}]}\nand one behind";
        assert_eq!(ids(yaml, text), ["f > new\nline"]);
        assert_eq!(
            ids(
                "{ command: [x], format: json_lines, field: Output, match: '^(?<n>T\\w+)$', id: '${P}.${n}' }",
                concat!("{\"P\":\"p\",\"Output\":\"TestA\"}\n", "nonsense\n", "{\"P\":\"p\",\"Output\":\"ok\"}\n")
            ),
            ["p.TestA"]
        );
        let error = read(&listing(yaml), b"{\"tests\": [{}]}", Path::new("/project")).expect_err("no name");
        assert!(error.to_string().contains("no `file`"), "{error}");
    }

    #[test]
    fn a_case_knows_the_object_around_it() {
        let text = r#"{"files": [{"name": "/project/a.js", "size": 3, "tests": [{"name": "x"}, {"name": "y"}]},
                                 {"name": "/project/b/c.js", "tests": [{"name": "x"}]}], "version": 1}"#;
        let yaml =
            "{ command: [x], format: json, items: '$.files[*].tests[*]', id: '${parent.name.relative} > ${name}' }";
        assert_eq!(ids(yaml, text), ["a.js > x", "a.js > y", "b/c.js > x"]);
        let yaml = "{ command: [x], format: json, items: '$.files[*]', id: '${parent.version} ${name}' }";
        assert_eq!(ids(yaml, text), ["1 /project/a.js", "1 /project/b/c.js"]);
    }

    #[test]
    fn a_listing_that_failed_says_why_where_it_knows() {
        let yaml = "{ command: [x], format: json,
                      problems: { items: \"$.files[?@.bad]\", text: '${name.relative}: ${why}' } }";
        let said = |text: &str| problems(&listing(yaml), text.as_bytes(), Path::new("/project"));
        let bad = r#"{"files": [{"name": "/project/a.js", "bad": true, "why": "no such module"}, {"name": "/project/b.js"}]}"#;
        assert_eq!(said(bad).as_deref(), Some("a.js: no such module"));
        assert_eq!(said(r#"{"files": [{"name": "/project/b.js"}]}"#), None);
        assert_eq!(said("killed"), None);
    }

    #[test]
    fn a_listing_in_another_order_is_brought_into_the_known_one() {
        let listed =
            |text: &str| read(&listing("command: [x]"), text.as_bytes(), Path::new("/project")).expect("lines");
        let known: Vec<ListedCase> = ["a", "b", "c"].map(|id| ListedCase::by_name(id, "f")).into();
        let same = arranged(&known, listed("c\na\nb\n").cases);
        assert_eq!(same.cases, listed("a\nb\nc\n").cases);
        assert!(same.notes.is_empty(), "{:?}", same.notes);
        let other = arranged(&known, listed("d\nc\na\n").cases);
        let ids: Vec<&str> = other.cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!((ids, other.cases[1].is_listed()), (vec!["a", "b", "c"], false));
        assert!(other.notes[0].contains("no more, which are skipped: b"), "{:?}", other.notes);
        assert!(other.notes[1].contains("began without: d"), "{:?}", other.notes);
    }

    #[test]
    fn a_listing_is_sorted_where_it_has_no_order_of_its_own() {
        let yaml =
            "{ command: [x], match: '^(?<m>\\w) (?<l>\\d) (?<id>\\w)$', line: '${l}', module: '${m}', sort: WAY }";
        let text = "q 2 a\np 3 b\nq 1 c\np 1 d\n";
        assert_eq!(ids(&yaml.replace("WAY", "module"), text), ["b", "d", "a", "c"]);
        assert_eq!(ids(&yaml.replace("WAY", "line"), text), ["d", "b", "c", "a"]);
        assert_eq!(ids(&yaml.replace("WAY", "none"), text), ["a", "b", "c", "d"]);
    }

    #[test]
    fn an_id_that_is_listed_twice_is_told() {
        let listed = read(&listing("command: [x]"), b"a\nb\na\n", Path::new("/project")).expect("a listing");
        assert_eq!(listed.cases.len(), 2);
        assert!(listed.notes[0].contains("can't be told apart: a"), "{:?}", listed.notes);
    }
}
