//! The cells of a scenario: `matrix` times `examples`, less `exclude`.

use crate::scenario::problem::Problem;
use crate::scenario::source::SourceFile;
use crate::scenario::suggest::did_you_mean;
use crate::scenario::template::{ENV, TRIAL, is_name};
use crate::scenario::yaml::{Entry, Kind, Node, Span};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How many cells one scenario may have.
const MAX_CELLS: usize = 10_000;

/// The keys that say what the cells are: they are no part of a case.
pub(crate) const CELL_KEYS: &[&str] = &["matrix", "examples", "exclude"];

/// One cell: the variables in the order in which they are written, with their values.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cell {
    pub(crate) values: Vec<(String, Node)>,
    /// Where the cell was written, if it was one row of `examples`.
    span: Span,
}

/// All cells, and where each variable was introduced.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    pub(crate) cells: Vec<Cell>,
    pub(crate) variables: Vec<(String, Span)>,
}

impl Cells {
    /// Variables that something is wrong with, so that they have no value to fill in.
    pub(crate) fn broken(&self) -> BTreeSet<String> {
        let has = |name: &str| self.cells.iter().any(|cell| cell.values.iter().any(|(known, _)| known == name));
        self.variables.iter().filter(|(name, _)| !has(name)).map(|(name, _)| name.clone()).collect()
    }
}

impl Cell {
    /// `[language=fr,provider=claude]`, or nothing where there are no variables.
    pub(crate) fn suffix(&self) -> String {
        if self.values.is_empty() {
            return String::new();
        }
        let values = self.values.iter().map(|(name, value)| format!("{name}={}", rendered(value)));
        format!("[{}]", values.collect::<Vec<_>>().join(","))
    }
}

/// A value as it stands in an id: plain, with what would be ambiguous there percent-encoded.
fn rendered(value: &Node) -> String {
    let text = match &value.kind {
        Kind::Scalar(scalar) => scalar.text.clone(),
        Kind::List(_) | Kind::Mapping(_) => value.to_json().to_string(),
    };
    let mut rendered = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, ',' | '[' | ']' | '=' | '%') || character.is_control() {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                rendered.push_str(&format!("%{byte:02X}"));
            }
        } else {
            rendered.push(character);
        }
    }
    rendered
}

/// The cells of a scenario; one without variables where it has neither `matrix` nor `examples`.
pub(crate) fn cells(source: &Arc<SourceFile>, root: &Node, problems: &mut Vec<Problem>) -> Cells {
    let before = problems.len();
    let mut reader = Reader { source, problems };
    let mut cells = vec![Cell::default()];
    let mut variables = Vec::new();
    if let Some(matrix) = root.get("matrix") {
        cells = reader.matrix(matrix, &mut variables);
    }
    if let Some(examples) = root.get("examples") {
        let rows = reader.examples(examples, &mut variables);
        cells = reader.product(cells, &rows, examples.key_span);
    }
    reader.no_cell_twice(&cells);
    if let Some(exclude) = root.get("exclude") {
        cells = reader.exclude(exclude, cells, &variables);
    }
    if cells.is_empty() && problems.len() == before {
        let entry = root.get("matrix").or_else(|| root.get("examples"));
        let span = entry.map_or(root.span, |entry| entry.key_span);
        let problem = Problem::new(source, span, "this expands to no case at all");
        problems
            .push(problem.with_help("`skip: REASON` says that a scenario does not run, and keeps it in every report"));
    }
    Cells { cells, variables }
}

struct Reader<'a> {
    source: &'a Arc<SourceFile>,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn problem(&mut self, span: Span, message: impl Into<String>) -> &mut Problem {
        self.problems.push(Problem::new(self.source, span, message));
        self.problems.last_mut().expect("one was just added")
    }

    fn variable(&mut self, entry: &Entry, variables: &mut Vec<(String, Span)>) {
        let name = &entry.key;
        if !is_name(name) || name.contains('.') {
            self.problem(entry.key_span, format!("`{name}` can't be a variable's name"))
                .help("a letter or `_`, then letters, digits, `_` and `-`");
        } else if name == TRIAL || name == ENV.trim_end_matches('.') {
            self.problem(entry.key_span, format!("`{name}` has a meaning of its own"));
        } else if variables.iter().any(|(known, _)| known == name) {
            self.problem(entry.key_span, format!("the variable `{name}` is there already"));
        } else {
            variables.push((name.clone(), entry.key_span));
        }
    }

    fn matrix(&mut self, matrix: &Entry, variables: &mut Vec<(String, Span)>) -> Vec<Cell> {
        let Kind::Mapping(axes) = &matrix.value.kind else {
            self.problem(
                matrix.value.span,
                format!("`matrix` is a mapping of variables, not {}", matrix.value.describe()),
            )
            .help("matrix: { language: [en, fr] }");
            return vec![Cell::default()];
        };
        let mut cells = vec![Cell::default()];
        for axis in axes {
            self.variable(axis, variables);
            let Kind::List(values) = &axis.value.kind else {
                self.problem(axis.value.span, format!("`{}` needs a list of values", axis.key))
                    .help(format!("{}: [...]", axis.key));
                continue;
            };
            if values.is_empty() {
                self.problem(axis.value.span, format!("`{}` has no values, so that there is no case at all", axis.key));
                continue;
            }
            let mut column: Vec<Cell> = Vec::new();
            let mut seen = BTreeSet::new();
            for value in values {
                if seen.insert(rendered(value)) {
                    column.push(Cell { values: vec![(axis.key.clone(), value.clone())], span: value.span });
                } else {
                    self.problem(value.span, format!("`{}` has this value twice", axis.key));
                }
            }
            cells = self.product(cells, &column, axis.key_span);
        }
        if axes.is_empty() {
            return Vec::new();
        }
        cells
    }

    fn examples(&mut self, examples: &Entry, variables: &mut Vec<(String, Span)>) -> Vec<Cell> {
        let Kind::List(rows) = &examples.value.kind else {
            self.problem(
                examples.value.span,
                format!("`examples` is a list of rows, not {}", examples.value.describe()),
            )
            .help("examples: [{ used: 14.99, alert: GREEN }]");
            return vec![Cell::default()];
        };
        let mut cells = Vec::new();
        let mut first: Option<BTreeSet<&str>> = None;
        for row in rows {
            let Kind::Mapping(entries) = &row.kind else {
                self.problem(row.span, format!("a row is a mapping of variables, not {}", row.describe()));
                continue;
            };
            let names: BTreeSet<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
            match &first {
                None => {
                    entries.iter().for_each(|entry| self.variable(entry, variables));
                    first = Some(names);
                }
                Some(first) => self.same_names(first, &names, row, entries),
            }
            let mut turns = vec![Cell { values: Vec::new(), span: row.span }];
            for entry in entries {
                let values = match &entry.value.kind {
                    Kind::List(values) => values.iter().collect::<Vec<_>>(),
                    Kind::Scalar(_) | Kind::Mapping(_) => vec![&entry.value],
                };
                let column: Vec<Cell> = values
                    .into_iter()
                    .map(|value| Cell { values: vec![(entry.key.clone(), value.clone())], span: row.span })
                    .collect();
                turns = self.product(turns, &column, entry.key_span);
            }
            cells.append(&mut turns);
            if cells.len() > MAX_CELLS {
                self.too_many(row.span);
                return vec![Cell::default()];
            }
        }
        cells
    }

    fn same_names(&mut self, first: &BTreeSet<&str>, names: &BTreeSet<&str>, row: &Node, entries: &[Entry]) {
        for missing in first.difference(names) {
            self.problem(row.span, format!("the row does not say `{missing}`"))
                .help("every row has the variables of the first one");
        }
        for entry in entries.iter().filter(|entry| !first.contains(entry.key.as_str())) {
            self.problem(entry.key_span, format!("the first row does not have `{}`", entry.key)).help(did_you_mean(
                &entry.key,
                "it has",
                first.iter().copied(),
            ));
        }
    }

    fn too_many(&mut self, span: Span) {
        self.problem(span, format!("this expands to more than {MAX_CELLS} cases"));
    }

    /// Each cell with each other one, the first varying slowest.
    fn product(&mut self, cells: Vec<Cell>, others: &[Cell], span: Span) -> Vec<Cell> {
        if cells.len().saturating_mul(others.len()) > MAX_CELLS {
            self.too_many(span);
            return cells;
        }
        let joined = |cell: &Cell, other: &Cell| Cell {
            values: cell.values.iter().chain(&other.values).cloned().collect(),
            span: other.span,
        };
        cells.iter().flat_map(|cell| others.iter().map(move |other| joined(cell, other))).collect()
    }

    fn no_cell_twice(&mut self, cells: &[Cell]) {
        let mut seen = BTreeSet::new();
        for cell in cells.iter().filter(|cell| !cell.values.is_empty()) {
            let mut values: Vec<String> =
                cell.values.iter().map(|(name, value)| format!("{name}={}", rendered(value))).collect();
            values.sort();
            if !seen.insert(values) {
                self.problem(cell.span, format!("the cell {} is there twice", cell.suffix()));
            }
        }
    }

    fn exclude(&mut self, exclude: &Entry, cells: Vec<Cell>, variables: &[(String, Span)]) -> Vec<Cell> {
        let Kind::List(rows) = &exclude.value.kind else {
            self.problem(exclude.value.span, format!("`exclude` is a list of cells, not {}", exclude.value.describe()))
                .help("exclude: [{ language: fr, provider: claude }]");
            return cells;
        };
        let mut kept = vec![true; cells.len()];
        for row in rows {
            let Kind::Mapping(entries) = &row.kind else {
                self.problem(row.span, format!("a cell is a mapping of variables, not {}", row.describe()));
                continue;
            };
            let known = |name: &str| variables.iter().any(|(known, _)| known == name);
            let mut wrong = entries.is_empty();
            if entries.is_empty() {
                self.problem(row.span, "an empty cell would exclude everything");
            }
            for entry in entries.iter().filter(|entry| !known(&entry.key)) {
                wrong = true;
                self.problem(entry.key_span, format!("there is no variable `{}`", entry.key)).help(did_you_mean(
                    &entry.key,
                    "variables",
                    variables.iter().map(|(name, _)| name.as_str()),
                ));
            }
            if wrong {
                continue;
            }
            let mut removed = false;
            for (cell, kept) in cells.iter().zip(&mut kept) {
                if entries.iter().all(|entry| covers(entry, cell)) {
                    removed = true;
                    *kept = false;
                }
            }
            if !removed {
                self.problem(row.span, "this excludes nothing")
                    .help("no cell has these values; check how they are written");
            }
        }
        cells.into_iter().zip(kept).filter_map(|(cell, kept)| kept.then_some(cell)).collect()
    }
}

/// Whether a cell has the excluded value, or one of them where a list is given.
fn covers(entry: &Entry, cell: &Cell) -> bool {
    let Some((_, value)) = cell.values.iter().find(|(name, _)| *name == entry.key) else { return false };
    let value = rendered(value);
    match &entry.value.kind {
        Kind::List(values) => rendered(&entry.value) == value || values.iter().any(|wanted| rendered(wanted) == value),
        Kind::Scalar(_) | Kind::Mapping(_) => rendered(&entry.value) == value,
    }
}
