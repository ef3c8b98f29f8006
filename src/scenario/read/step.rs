//! `steps`: what a case does.

use crate::scenario::read::expect::Answers;
use crate::scenario::read::reader::Fields;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::scope::Scope;
use crate::scenario::suggest::did_you_mean;
use crate::scenario::template::{TRIAL, is_name};
use crate::scenario::yaml::{Entry, Kind, Node, Span};
use crate::scenario::{Action, Capability, Step, Verb};
use std::time::Duration;

/// The actions besides the verbs.
pub(crate) const OTHER_ACTIONS: &[&str] = &["http", "restart", "look", "concurrently", "eventually", "for_each"];
/// What goes with an action.
pub(crate) const MODIFIERS: &[&str] = &["as", "expect", "capture", "within", "every", "steps", "times"];

/// How long `eventually` goes on where it does not say.
const EVENTUALLY_WITHIN: Duration = Duration::from_secs(5);
/// The pause between two of its tries.
const EVENTUALLY_EVERY: Duration = Duration::from_millis(20);
/// How often a lane can be there.
const MAX_TIMES: u32 = 1_000;
/// The shortest pause between two tries.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

/// Where steps stand, which decides what they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within {
    Case,
    Lane,
    Eventually,
}

impl Within {
    fn describe(self) -> &'static str {
        match self {
            Self::Case => "a case",
            Self::Lane => "`concurrently`",
            Self::Eventually => "`eventually`",
        }
    }
}

/// Every action's key.
pub(crate) fn action_keys() -> impl Iterator<Item = &'static str> {
    Verb::ALL.iter().map(|verb| verb.as_str()).chain(OTHER_ACTIONS.iter().copied())
}

impl Reader<'_> {
    /// Reads a list of steps.
    pub(crate) fn steps(&mut self, node: &Node, within: Within) -> Vec<Step> {
        let Some(items) = self.items(node, "a list of steps") else { return Vec::new() };
        if items.is_empty() {
            self.problem(node.span, "no step at all");
        }
        items.iter().flat_map(|item| self.step(item, within)).collect()
    }

    /// Reads one step; several where it is a loop, none where something is wrong with it.
    fn step(&mut self, node: &Node, within: Within) -> Vec<Step> {
        let Kind::Mapping(_) = &node.kind else {
            if self.is_settled(node) {
                let help = step_help(node);
                self.wrong(node, "a step").help(help);
            }
            return Vec::new();
        };
        let Some(entries) = self.entries(node, "a step") else { return Vec::new() };
        let fields = Fields { entries, span: node.span };
        let Some(action) = self.action_of(&fields) else { return Vec::new() };
        self.modifiers_fit(&fields, action, within);
        if action.key == "for_each" {
            return self
                .for_each(action, &fields, |reader, steps| reader.steps(steps, within))
                .into_iter()
                .flatten()
                .collect();
        }
        if !self.count_step(node.span) {
            return Vec::new();
        }
        self.one_step(node, &fields, action, within).into_iter().collect()
    }

    fn one_step(&mut self, node: &Node, fields: &Fields<'_>, entry: &Entry, within: Within) -> Option<Step> {
        let learner = fields.value("as").and_then(|node| self.learner(node));
        let limit = fields.value("within").and_then(|node| self.duration(node));
        let (action, answers) = self.action(entry, fields, limit, within);
        let expect = fields.value("expect").map(|node| self.expectations(node, &answers)).unwrap_or_default();
        let capture = fields.value("capture").map(|node| self.captures(node, &answers)).unwrap_or_default();
        let is_loop = entry.key == "eventually";
        let within = limit.filter(|_| !is_loop);
        Some(Step { place: self.place(node.span), action: action?, learner, expect, capture, within })
    }

    /// The one key that says what is done.
    fn action_of<'n>(&mut self, fields: &Fields<'n>) -> Option<&'n Entry> {
        let is_action = |key: &str| action_keys().any(|known| known == key);
        let mut action: Option<&Entry> = None;
        let mut unknown = false;
        for entry in fields.entries {
            if is_action(&entry.key) {
                match action {
                    None => action = Some(entry),
                    Some(first) => {
                        let message = format!("a step does one thing: `{}` or `{}`", first.key, entry.key);
                        self.problem(entry.key_span, message).help("begin another step with `- `");
                    }
                }
            } else if !MODIFIERS.contains(&entry.key.as_str()) {
                unknown = true;
                let known: Vec<&str> = action_keys().chain(MODIFIERS.iter().copied()).collect();
                self.problem(entry.key_span, format!("unknown key {}", quoted(&entry.key)))
                    .label("neither something to do nor something to say about it")
                    .help(did_you_mean(&entry.key, "keys", known));
            }
        }
        if action.is_none() && !unknown {
            let known: Vec<&str> = action_keys().collect();
            self.problem(fields.span, "the step does nothing").help(format!("one of: {}", known.join(", ")));
        }
        action
    }

    /// Notes modifiers that say nothing about this action.
    fn modifiers_fit(&mut self, fields: &Fields<'_>, action: &Entry, within: Within) {
        for entry in fields.entries {
            let fits = match entry.key.as_str() {
                "as" => !matches!(action.key.as_str(), "restart" | "look" | "concurrently" | "eventually" | "for_each"),
                "every" => action.key == "eventually",
                "steps" => action.key == "for_each",
                "times" => within == Within::Lane,
                "expect" => !matches!(action.key.as_str(), "eventually" | "for_each"),
                "capture" | "within" => action.key != "for_each",
                _ => true,
            };
            if !fits {
                let message = format!("`{}` has no meaning beside `{}`", entry.key, action.key);
                let problem = self.problem(entry.key_span, message);
                match (entry.key.as_str(), action.key.as_str()) {
                    ("times", _) => {
                        problem.help("`times` multiplies a lane of `concurrently`; `for_each` repeats steps")
                    }
                    ("expect" | "capture", _) => problem.help("put it on one of its steps"),
                    _ => problem,
                };
            }
        }
    }

    fn learner(&mut self, node: &Node) -> Option<String> {
        let name = self.text(node, "a learner's name")?;
        if self.learners.contains(&name) {
            return Some(name);
        }
        let known = self.learners.clone();
        self.problem(node.span, format!("unknown learner {}", quoted(&name)))
            .label("`given` has no such learner")
            .help(format!(
                "{}; others are named in `given: {{ learners: … }}`",
                did_you_mean(&name, "learners", known.iter().map(String::as_str))
            ));
        None
    }

    fn action(
        &mut self,
        entry: &Entry,
        fields: &Fields<'_>,
        limit: Option<Duration>,
        within: Within,
    ) -> (Option<Action>, Answers) {
        let silent = |of: &str| Answers { of: format!("`{of}`"), ..Answers::default() };
        let node = &entry.value;
        match entry.key.as_str() {
            "http" => (
                self.http(node).map(Action::Http),
                Answers { answered: true, of: "a raw request".into(), ..Answers::default() },
            ),
            "restart" => {
                self.needs.insert(Capability::Restart);
                self.nothing_or_true(node);
                if within != Within::Case {
                    self.problem(entry.key_span, format!("`restart` can't stand inside {}", within.describe()));
                }
                (Some(Action::Restart), silent("restart"))
            }
            "look" => {
                self.nothing_or_true(node);
                if fields.get("expect").is_none() {
                    self.problem(entry.key_span, "`look` only looks: `expect` says at what");
                }
                (Some(Action::Look), silent("look"))
            }
            "concurrently" => {
                if within != Within::Case {
                    self.problem(entry.key_span, format!("`concurrently` can't stand inside {}", within.describe()));
                }
                let lanes = self.lanes(node);
                let answers = answers_of(&lanes);
                (Some(Action::Concurrently(lanes)), answers)
            }
            "eventually" => {
                if within == Within::Eventually {
                    self.problem(entry.key_span, "`eventually` can't stand inside `eventually`");
                }
                let every = fields.value("every").map_or(Some(EVENTUALLY_EVERY), |node| self.duration(node));
                let steps = self.steps(node, Within::Eventually);
                let within = limit.unwrap_or(EVENTUALLY_WITHIN);
                let every = every.map(|every| every.max(SHORTEST_PAUSE));
                (every.map(|every| Action::Eventually { within, every, steps }), silent("eventually"))
            }
            name => {
                let verb = Verb::ALL.into_iter().find(|verb| verb.as_str() == name);
                let Some(verb) = verb else { return (None, silent(name)) };
                let arguments = self.arguments(verb, node, entry.key_span);
                let streamed = arguments.as_ref().is_some_and(|arguments| {
                    arguments.get("stream").is_some_and(|value| *value != serde_json::Value::Bool(false))
                });
                if streamed {
                    self.needs.insert(Capability::Stream);
                }
                let of = format!("`{verb}`");
                let answers = Answers { verbs: vec![verb], answered: true, streamed, several: false, of };
                (arguments.map(|arguments| Action::Verb(verb, arguments)), answers)
            }
        }
    }

    fn nothing_or_true(&mut self, node: &Node) {
        if !node.is_null() {
            self.only_true(node);
        }
    }

    /// Lanes that run side by side. What one captures is known to the others only when all are done.
    fn lanes(&mut self, node: &Node) -> Vec<Vec<Step>> {
        let Some(items) = self.items(node, "a list of lanes") else { return Vec::new() };
        let before = self.names.captured.clone();
        let mut after = before.clone();
        let mut lanes = Vec::new();
        for item in items {
            self.names.captured.clone_from(&before);
            lanes.append(&mut self.lane(item));
            after.append(&mut self.names.captured);
        }
        self.names.captured = after;
        if items.is_empty() {
            self.problem(node.span, "no lane at all");
        }
        lanes.retain(|lane| !lane.is_empty());
        lanes
    }

    /// A lane, as often as it is there. The turns of a `for_each` are lanes of their own.
    fn lane(&mut self, node: &Node) -> Vec<Vec<Step>> {
        if let Kind::List(_) = &node.kind {
            return vec![self.steps(node, Within::Lane)];
        }
        let times = node.get("times").map_or(Some(1), |entry| self.count(&entry.value, 1)).unwrap_or(1);
        if let Some(entry) = node.get("times").filter(|_| times > MAX_TIMES) {
            self.problem(entry.value.span, format!("{times} lanes are more than {MAX_TIMES}"));
            return Vec::new();
        }
        let lanes = if let Some(entry) = node.get("for_each") {
            let Some(fields) = self.fields(node, "a loop", &["for_each", "steps", "times"]) else { return Vec::new() };
            self.for_each(entry, &fields, |reader, steps| reader.steps(steps, Within::Lane))
        } else if let Some(steps) = node.get("steps") {
            self.fields(node, "a lane", &["steps", "times"]);
            vec![self.steps(&steps.value, Within::Lane)]
        } else {
            vec![self.step(node, Within::Lane)]
        };
        let mut repeated = Vec::new();
        for turn in 0..times {
            for lane in &lanes {
                // The first turn's steps were counted when they were read.
                if turn > 0 && !lane.iter().all(|_| self.count_step(node.span)) {
                    return repeated;
                }
                repeated.push(lane.clone());
            }
        }
        repeated
    }

    /// Reads the steps of a loop once for each combination of its variables' values.
    fn for_each<T>(&mut self, entry: &Entry, fields: &Fields<'_>, read: impl Fn(&mut Self, &Node) -> T) -> Vec<T> {
        let Some(steps) = fields.get("steps") else {
            self.problem(entry.key_span, "`for_each` without `steps`")
                .help("- for_each: { language: [en, fr] }\n  steps: [...]");
            return Vec::new();
        };
        let Some(variables) = self.loop_variables(entry) else { return Vec::new() };
        let names: Vec<(String, Span)> = variables.iter().map(|(name, span, _)| (name.clone(), *span)).collect();
        let used_elsewhere: Vec<&(String, Span)> =
            names.iter().filter(|(name, _)| self.filler.used.remove(name)).collect();
        let mut results = Vec::new();
        for turn in turns(&variables) {
            let filled = self.filler.fill(&steps.value, &Scope::new(turn));
            let mut problems = std::mem::take(&mut self.filler.problems);
            self.problems.append(&mut problems);
            if self.filler.is_exhausted() || self.is_full() {
                break;
            }
            results.push(read(self, &filled));
        }
        for (name, span) in &names {
            if !self.filler.used.contains(name) && !self.filler.is_exhausted() && !self.is_full() {
                self.problem(*span, format!("the variable `{name}` is never used"))
                    .help(format!("use `${{{name}}}` in `steps`"));
            }
        }
        for (name, _) in used_elsewhere {
            self.filler.used.insert(name.clone());
        }
        results
    }

    fn loop_variables<'n>(&mut self, entry: &'n Entry) -> Option<Vec<(String, Span, &'n [Node])>> {
        let entries = self.entries(&entry.value, "a mapping of variables")?;
        let mut variables = Vec::new();
        let mut turns = 1_usize;
        for variable in entries {
            let (name, span) = (&variable.key, variable.key_span);
            let values = self.items(&variable.value, "a list of values");
            if !is_name(name) || name.contains('.') || name == TRIAL {
                self.problem(span, format!("{} can't be a variable's name", quoted(name)));
                continue;
            }
            if self.names.variables.contains(name) || self.names.captured.contains(name) {
                self.problem(span, format!("the variable `{name}` is there already"));
                continue;
            }
            let Some(values) = values else { continue };
            if values.is_empty() {
                self.problem(variable.value.span, format!("`{name}` has no values, so that nothing is done"));
            }
            turns = turns.saturating_mul(values.len());
            variables.push((name.clone(), span, values));
        }
        if entries.is_empty() {
            self.problem(entry.value.span, "no variable to go through");
        }
        if turns > MAX_TIMES as usize {
            self.problem(entry.key_span, format!("the loop has more than {MAX_TIMES} turns"));
            return None;
        }
        (variables.len() == entries.len()).then_some(variables)
    }
}

/// Each combination of the variables' values, the first varying slowest.
fn turns(variables: &[(String, Span, &[Node])]) -> Vec<Vec<(String, Node)>> {
    let mut turns = vec![Vec::new()];
    for (name, _, values) in variables {
        let extended = |turn: &Vec<(String, Node)>, value: &Node| {
            let mut turn = turn.clone();
            turn.push((name.clone(), value.clone()));
            turn
        };
        turns = turns.iter().flat_map(|turn| values.iter().map(move |value| extended(turn, value))).collect();
    }
    if variables.is_empty() { Vec::new() } else { turns }
}

/// Of whose answers the expectations on lanes speak: of the last one of each lane.
fn answers_of(lanes: &[Vec<Step>]) -> Answers {
    let mut answers = Answers { several: true, of: "these lanes".to_owned(), ..Answers::default() };
    for step in lanes.iter().filter_map(|lane| lane.last()) {
        match &step.action {
            Action::Verb(verb, arguments) => {
                answers.answered = true;
                answers.streamed |=
                    arguments.get("stream").is_some_and(|value| *value != serde_json::Value::Bool(false));
                if !answers.verbs.contains(verb) {
                    answers.verbs.push(*verb);
                }
            }
            Action::Http(_) => answers.answered = true,
            Action::Restart | Action::Concurrently(_) | Action::Eventually { .. } | Action::Look => {}
        }
    }
    // A step that could not be read leaves no lane; that is told already.
    answers.answered |= lanes.is_empty();
    answers
}

fn step_help(node: &Node) -> String {
    match node.as_scalar() {
        Some(scalar) if action_keys().any(|key| key == scalar.text) => {
            format!("write `{}:`, with a colon", scalar.text)
        }
        _ => "- chat: { message: Hello, language: en }".to_owned(),
    }
}
