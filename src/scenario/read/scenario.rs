//! A whole file: its cells, and each of them read as a case.

use crate::model::{CaseId, ContentHash, LEAK_KINDS, LeakAllowance};
use crate::provider::{ProviderDecl, ProviderName, Script};
use crate::scenario::cells::{CELL_KEYS, Cell, cells};
use crate::scenario::problem::Problem;
use crate::scenario::read::step::Within;
use crate::scenario::read::{Names, Reader, quoted};
use crate::scenario::scope::Scope;
use crate::scenario::source::SourceFile;
use crate::scenario::suggest::did_you_mean;
use crate::scenario::yaml::{Entry, Kind, Node, Span, parse};
use crate::scenario::{Answers, Case, Project};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The keys of a scenario file.
pub(crate) const SCENARIO_KEYS: &[&str] = &[
    "scenario",
    "tags",
    "needs",
    "skip",
    "matrix",
    "examples",
    "exclude",
    "given",
    "live",
    "answers",
    "providers",
    "steps",
    "calls",
    "attempts",
    "timeout",
    "leaks",
];

/// The keys of `answers`.
pub(crate) const ANSWERS_KEYS: &[&str] = &["of", "at_least"];

/// Reads the cases of one file; what is wrong with it goes to `problems`.
pub(crate) fn read_scenario(
    source: &Arc<SourceFile>,
    stem: &str,
    project: &Project,
    providers: &[ProviderDecl],
    problems: &mut Vec<Problem>,
) -> Vec<Case> {
    let before = problems.len();
    let Some(root) = parse(source, problems) else { return Vec::new() };
    let mut reader = Reader::new(source, project, providers);
    let cells = cells(source, &root, problems);
    let body = without_cells(&root);
    let variables: BTreeSet<String> = cells.variables.iter().map(|(name, _)| name.clone()).collect();
    let names = Names { broken: cells.broken(), variables, ..Names::default() };
    let mut cases = Vec::new();
    let mut told: BTreeSet<usize> = BTreeSet::new();
    // Where no cell is left, the rest of the file is read all the same, so that its mistakes are told as well.
    let one = [Cell::default()];
    let all = if cells.cells.is_empty() { &one[..] } else { &cells.cells };
    for cell in all {
        let filled = reader.filler.fill(&body, &Scope::new(cell.values.iter().cloned()));
        if reader.filler.is_exhausted() {
            problems.push(Problem::of_file(&source.name, "the cases of this file are too large, or too many"));
            return Vec::new();
        }
        reader.begin_case(names_of(&names, cell));
        let case = reader.case(&filled, cell, stem);
        let mut found = std::mem::take(&mut reader.filler.problems);
        found.append(&mut reader.problems);
        // What an earlier cell has shown at the same place is one mistake, not one for each cell; the same holds for
        // the turns of a loop.
        let mut here = BTreeSet::new();
        found.retain(|problem| {
            !told.contains(&problem.offset()) && here.insert((problem.offset(), problem.message().to_owned()))
        });
        told.extend(found.iter().map(Problem::offset));
        if !cell.values.is_empty() && cells.cells.len() > 1 && !found.is_empty() && !cases.is_empty() {
            found.iter_mut().for_each(|problem| {
                let cell = format!("in the case {}", cell.suffix());
                let help = problem.suggestion().map_or(cell.clone(), |help| format!("{help} ({cell})"));
                problem.help(help);
            });
        }
        problems.append(&mut found);
        cases.extend(case);
    }
    for (name, span) in &cells.variables {
        if !reader.filler.used.contains(name) && !names.broken.contains(name) && !cells.cells.is_empty() {
            let problem = Problem::new(source, *span, format!("the variable `{name}` is never used"));
            problems.push(problem.with_help(format!("use `${{{name}}}`, or leave the variable out")));
        }
    }
    if problems.len() > before { Vec::new() } else { cases }
}

/// The names of one cell. A variable that it has no value for is told already, where the cells are read.
fn names_of(names: &Names, cell: &Cell) -> Names {
    let has = |name: &str| cell.values.iter().any(|(known, _)| known == name);
    Names { broken: names.variables.iter().filter(|name| !has(name)).cloned().collect(), ..names.clone() }
}

/// The scenario without the keys that say what its cells are.
fn without_cells(root: &Node) -> Node {
    let kind = match &root.kind {
        Kind::Mapping(entries) => {
            Kind::Mapping(entries.iter().filter(|entry| !CELL_KEYS.contains(&entry.key.as_str())).cloned().collect())
        }
        other => other.clone(),
    };
    Node { span: root.span, kind }
}

impl Reader<'_> {
    fn case(&mut self, root: &Node, cell: &Cell, stem: &str) -> Option<Case> {
        let fields = self.fields(root, "a scenario", SCENARIO_KEYS)?;
        let title_entry = fields.get("scenario");
        if title_entry.is_none() {
            self.problem(Span { length: 1, ..root.span }, "`scenario` is missing")
                .help("scenario: what must hold, in a sentence");
        }
        let title = title_entry.and_then(|entry| self.text(&entry.value, "a title"));
        let tags = fields.get("tags").map(|entry| self.tags(entry)).unwrap_or_default();
        if let Some(needs) = fields.value("needs") {
            for need in self.items(needs, "a list").unwrap_or_default() {
                self.capability(need);
            }
        }
        let skip = fields.value("skip").and_then(|node| self.text(node, "a reason"));
        let start = self.given(fields.value("given"));
        let mut script = Script { models: start.models, voices: start.voices, down: start.down, ..Script::default() };
        if let Some(providers) = fields.value("providers") {
            self.scripts(providers, &mut script);
        }
        let live = fields.value("live").map(|node| self.live(node)).unwrap_or_default();
        let answers = fields.get("answers").and_then(|entry| {
            if live.is_empty() {
                self.problem(entry.key_span, "`answers` says how often a real provider is asked")
                    .help("live: [claude]");
            }
            self.answers(&entry.value)
        });
        let steps = match fields.value("steps") {
            Some(steps) => self.steps(steps, Within::Case),
            None => {
                let span = title_entry.map_or(root.span, |entry| entry.key_span);
                if fields.get("skip").is_none() {
                    self.problem(span, "`steps` is missing").help("a scenario without steps says why: `skip: REASON`");
                }
                Vec::new()
            }
        };
        let calls = self.call_expectations(fields.value("calls"), fields.value("attempts"));
        let timeout = fields.value("timeout").and_then(|node| self.duration(node));
        let leaks = fields.value("leaks").map(|node| self.leaks(node)).unwrap_or_default();
        self.unused_captures();
        let suffix = cell.suffix();
        let id = format!("{stem}{suffix}");
        let parts = [self.source.text.as_bytes(), suffix.as_bytes()];
        let hash = ContentHash::of(parts.into_iter().chain(self.fixtures.iter().map(Vec::as_slice)));
        Some(Case {
            id: CaseId::new(id),
            title: title?,
            place: self.place(title_entry.map_or(root.span, |entry| entry.key_span)),
            module: stem.split_once('/').map_or("", |(module, _)| module).to_owned(),
            tags,
            cell: cell.values.iter().map(|(name, value)| (name.clone(), value.to_json())).collect(),
            skip,
            live,
            answers: answers.unwrap_or_default(),
            needs: self.needs.clone(),
            given: start.given,
            script,
            steps,
            calls,
            timeout,
            leaks,
            hash,
        })
    }

    fn tags(&mut self, entry: &Entry) -> BTreeSet<String> {
        let mut tags = BTreeSet::new();
        for item in self.items(&entry.value, "a list of tags").unwrap_or_default() {
            let Some(tag) = self.text(item, "a tag") else { continue };
            let plain =
                !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'));
            if !plain {
                self.problem(item.span, format!("{} can't be a tag", quoted(&tag)))
                    .help("letters, digits, `_`, `-`, `.` and `/`");
            } else if !tags.insert(tag.clone()) {
                self.problem(item.span, format!("the tag {} is there twice", quoted(&tag)));
            }
        }
        tags
    }

    /// Providers that must be real.
    fn live(&mut self, node: &Node) -> BTreeSet<ProviderName> {
        let items = self.items(node, "a list of providers").unwrap_or_default();
        let named = items.iter().filter_map(|item| {
            let name = self.text(item, "a provider")?;
            self.provider(&name, item.span).map(|known| known.name.clone())
        });
        named.collect()
    }

    /// How often a real provider is asked.
    fn answers(&mut self, node: &Node) -> Option<Answers> {
        let fields = self.fields(node, "`answers`", ANSWERS_KEYS)?;
        let of = self.required(&fields, "of").and_then(|node| self.count(node, 1))?;
        let at_least = self.required(&fields, "at_least").and_then(|node| self.count(node, 1))?;
        if at_least > of {
            self.problem(node.span, format!("at least {at_least} of {of} answers can't be as expected"));
        }
        Some(Answers { of, at_least })
    }

    fn leaks(&mut self, node: &Node) -> Vec<LeakAllowance> {
        let mut leaks = Vec::new();
        for item in self.items(node, "a list of what may be left behind").unwrap_or_default() {
            let Some(fields) = self.fields(item, "what may be left behind", LEAK_KEYS) else { continue };
            let kind = self.required(&fields, "kind").and_then(|node| self.text(node, "a kind of resource"));
            let reason = self.required(&fields, "reason").and_then(|node| self.text(node, "a reason"));
            let count = fields.value("count").and_then(|node| self.count(node, 1));
            let name = fields.value("name").and_then(|node| self.text(node, "a glob"));
            if let (Some(kind), Some(node)) = (&kind, fields.value("kind"))
                && !LEAK_KINDS.contains(&kind.as_str())
            {
                let help = did_you_mean(kind, "these are known", LEAK_KINDS);
                self.problem(node.span, format!("there is no kind of resource {}", quoted(kind))).help(help);
            }
            if let (Some(kind), Some(reason)) = (kind, reason) {
                leaks.push(LeakAllowance { kind, count, name, reason });
            }
        }
        leaks
    }

    /// What is captured and never used is probably misspelt where it should be used.
    fn unused_captures(&mut self) {
        let unused: Vec<(String, Span)> = self
            .names
            .places
            .iter()
            .filter(|(name, _)| !self.names.used.contains(*name))
            .map(|(name, span)| (name.clone(), *span))
            .collect();
        for (name, span) in unused {
            self.problem(span, format!("what is captured as `{name}` is never used"))
                .help(format!("use `${{{name}}}` in a later step, or leave the capture out"));
        }
    }
}

/// The keys of an entry of `leaks`.
pub(crate) const LEAK_KEYS: &[&str] = &["kind", "count", "name", "reason"];
