//! Who owns which files: a `CODEOWNERS` file as GitHub and GitLab read it.

use globset::{GlobBuilder, GlobMatcher};
use serde::{Deserialize, Serialize};

/// The rules of a `CODEOWNERS` file, and where the project's folder lies below it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owners {
    /// The project's folder, relative to the repository's, with `/` at its end; empty where they are the same.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    prefix: String,
    /// In the file's order: within a section the last rule that matches counts.
    rules: Vec<OwnerRule>,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct OwnerRule {
    pattern: String,
    owners: Vec<String>,
    /// The section of GitLab that it stands in.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    section: String,
}

impl Owners {
    /// Reads a file. Lines that are no rule are passed over, as the services do.
    pub fn parse(text: &str, prefix: &str) -> Self {
        let (mut section, mut usual) = (String::new(), Vec::new());
        let mut rules = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((name, owners)) = heading(line) {
                (section, usual) = (name, owners);
                continue;
            }
            let mut words = words(line).into_iter();
            let Some(pattern) = words.next() else { continue };
            let mut owners: Vec<String> = words.collect();
            if owners.is_empty() {
                owners.clone_from(&usual);
            }
            rules.push(OwnerRule { pattern, owners, section: section.clone() });
        }
        Self { prefix: prefix.to_owned(), rules }
    }

    /// Whether nobody owns anything.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules, ready to be asked for many files.
    pub fn lookup(&self) -> OwnerLookup<'_> {
        OwnerLookup { owners: self, globs: self.rules.iter().map(|rule| globs(&rule.pattern)).collect() }
    }
}

/// [`Owners`] whose patterns are compiled.
#[derive(Debug)]
pub struct OwnerLookup<'a> {
    owners: &'a Owners,
    globs: Vec<Vec<GlobMatcher>>,
}

impl OwnerLookup<'_> {
    /// The owners of a file of the project: of each section those of the last rule that matches.
    pub fn of(&self, file: &str) -> Vec<String> {
        let file = format!("{}{}", self.owners.prefix, file.trim_start_matches("./"));
        let mut last: Vec<&OwnerRule> = Vec::new();
        for (rule, globs) in self.owners.rules.iter().zip(&self.globs) {
            if globs.iter().any(|glob| glob.is_match(&file)) {
                last.retain(|other| other.section != rule.section);
                last.push(rule);
            }
        }
        let mut owners: Vec<String> = Vec::new();
        for owner in last.into_iter().flat_map(|rule| &rule.owners) {
            if !owners.contains(owner) {
                owners.push(owner.clone());
            }
        }
        owners
    }
}

/// `[Name][2] @owner`, `^[Optional]`: a section of GitLab, with the owners of its rules that name none.
fn heading(line: &str) -> Option<(String, Vec<String>)> {
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (name, mut rest) = rest.split_once(']')?;
    if let Some(approvals) = rest.strip_prefix('[') {
        rest = approvals.split_once(']')?.1;
    }
    // Of a pattern that begins with a bracket more follows directly.
    let is_heading = rest.is_empty() || rest.starts_with(char::is_whitespace);
    is_heading.then(|| (name.to_lowercase(), words(rest)))
}

/// The words of a line up to a comment; `\ ` and `\#` are no ends.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), String::new());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.extend(chars.next()),
            '#' if word.is_empty() => break,
            c if c.is_whitespace() => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            c => word.push(c),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

/// A pattern of `.gitignore`'s kind as globs on whole paths; none where it is no pattern.
fn globs(pattern: &str) -> Vec<GlobMatcher> {
    let folder_only = pattern.ends_with('/');
    let base = pattern.trim_end_matches('/');
    let anchored = base.contains('/');
    let base = base.trim_start_matches('/');
    let start = if anchored || base.is_empty() { "" } else { "**/" };
    let mut forms = Vec::new();
    if !folder_only {
        forms.push(format!("{start}{base}"));
    }
    // `docs/*` is what lies in the folder itself; `*` alone is everything.
    if !(anchored && base.ends_with("/*")) {
        forms.push(if base.is_empty() { "**".to_owned() } else { format!("{start}{base}/**") });
    }
    let glob = |form: &String| GlobBuilder::new(form).literal_separator(true).build().ok();
    forms.iter().filter_map(glob).map(|glob| glob.compile_matcher()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, file: &str, expected: &[&str]) {
        assert_eq!(Owners::parse(text, "").lookup().of(file), expected, "{file} by\n{text}");
    }

    #[test]
    fn the_last_rule_that_matches_counts() {
        let text = "# ours\n* @all\n*.py @python # who knows it\n/tests/ @testers ana@example.org\ntests/slow/**\n";
        check(text, "README.md", &["@all"]);
        check(text, "src/shop/a.py", &["@python"]);
        check(text, "tests/deep/test_a.py", &["@testers", "ana@example.org"]);
        check(text, "src/tests/test_a.py", &["@python"]);
        check(text, "tests/slow/test_a.py", &[]);
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        check("docs/* @d", "docs/a.md", &["@d"]);
        check("docs/* @d", "docs/in/a.md", &[]);
        check("apps/ @a", "x/apps/y/z.py", &["@a"]);
        check("/apps/ @a", "x/apps/y.py", &[]);
        check("**/logs @l", "build/logs/a.txt", &["@l"]);
        check("with\\ space.py @s", "a/with space.py", &["@s"]);
        check("a[ @broken", "a[", &[]);
    }

    #[test]
    fn sections_add_up() {
        let text = "* @all\n[Database][2] @dba\nmodel/\n^[Docs]\n*.md @writers\n[database]\nmodel/cache/ @cache";
        check(text, "model/a.py", &["@all", "@dba"]);
        check(text, "model/cache/a.py", &["@all", "@cache"]);
        check(text, "model/a.md", &["@all", "@dba", "@writers"]);
    }

    #[test]
    fn a_project_can_lie_below_its_repository() {
        let owners = Owners::parse("/services/shop/ @shop", "services/shop/");
        assert_eq!(owners.lookup().of("tests/test_a.py"), ["@shop"]);
    }
}
