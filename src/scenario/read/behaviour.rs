//! One scripted answer of a provider.

use crate::provider::{
    Answer, Barrier, Behaviour, Failing, FailureKind, Fault, Finish, Malformed, Reply, ResetAt, Usage, Wire,
};
use crate::scenario::read::reader::Fields;
use crate::scenario::read::{Reader, quoted};
use crate::scenario::suggest::did_you_mean;
use crate::scenario::yaml::{Kind, Node, Span};
use std::collections::BTreeMap;

/// What is answered: exactly one of these, or a fault alone.
pub(crate) const ANSWER_KEYS: &[&str] = &["reply", "stream", "fail", "hang", "malformed", "fixture"];
/// What happens to the connection: at most one of these.
pub(crate) const FAULT_KEYS: &[&str] = &["reset", "truncate", "trickle", "wrong_length"];
/// What goes with any answer.
const COMMON_KEYS: &[&str] = &["after", "hold_until", "headers", "times"];
/// What goes with a model's answer only.
const REPLY_KEYS: &[&str] = &["every", "usage", "finish", "model", "language", "then"];
/// What goes with a failure only.
pub(crate) const FAIL_KEYS: &[&str] = &["fail", "status", "message", "retry_after"];
/// What goes with a fixture only.
const FIXTURE_KEYS: &[&str] = &["status", "content_type"];

/// Every failure by its word.
pub(crate) const FAILURES: &[(&str, FailureKind)] = &[
    ("bad_request", FailureKind::BadRequest),
    ("unauthorized", FailureKind::Unauthorized),
    ("out_of_credit", FailureKind::OutOfCredit),
    ("forbidden", FailureKind::Forbidden),
    ("not_found", FailureKind::NotFound),
    ("too_large", FailureKind::TooLarge),
    ("unprocessable", FailureKind::Unprocessable),
    ("rate_limited", FailureKind::RateLimited),
    ("spend_limit", FailureKind::SpendLimit),
    ("server_error", FailureKind::ServerError),
    ("bad_gateway", FailureKind::BadGateway),
    ("unavailable", FailureKind::Unavailable),
    ("timeout", FailureKind::Timeout),
    ("overloaded", FailureKind::Overloaded),
];

/// Every malformed body by its word.
pub(crate) const MALFORMED: &[(&str, Malformed)] = &[
    ("json", Malformed::Json),
    ("empty", Malformed::Empty),
    ("html", Malformed::Html),
    ("shape", Malformed::Shape),
    ("utf8", Malformed::Utf8),
    ("null", Malformed::Null),
];

/// Every end of an answer by its word.
pub(crate) const FINISHES: &[(&str, Finish)] =
    &[("stop", Finish::Stop), ("length", Finish::Length), ("refusal", Finish::Refusal), ("none", Finish::Absent)];

/// The text of an answer that was given only a fault.
const DEFAULT_REPLY: &str = "This is a scripted answer.";

/// Where a behaviour stands, which decides whether `times` means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stands {
    /// Under a provider: it answers every attempt.
    Alone,
    /// In a list or a rule.
    Among,
}

/// All keys of a behaviour.
pub(crate) fn behaviour_keys() -> Vec<&'static str> {
    let mut keys: Vec<&str> = [ANSWER_KEYS, FAULT_KEYS, COMMON_KEYS, REPLY_KEYS, FAIL_KEYS, FIXTURE_KEYS].concat();
    let mut seen = std::collections::BTreeSet::new();
    keys.retain(|key| seen.insert(*key));
    keys
}

impl Reader<'_> {
    /// Reads one behaviour. `more` are keys that somebody else reads; `wires` are those that the answer is for.
    pub(crate) fn behaviour(
        &mut self,
        node: &Node,
        stands: Stands,
        wires: &[Wire],
        more: &[&str],
    ) -> Option<Behaviour> {
        let keys = [behaviour_keys().as_slice(), more].concat();
        let what = "a provider's answer";
        if matches!(node.kind, Kind::Scalar(_)) && !node.is_null() && self.is_settled(node) {
            self.wrong(node, "a mapping").help("{ reply: TEXT }, say");
            return None;
        }
        let fields = self.fields(node, what, &keys)?;
        let answer_key = self.answer_key(&fields)?;
        self.keys_fit(&fields, answer_key, more);
        let fault = self.fault(&fields);
        let answer = self.answer(&fields, answer_key, wires);
        let times = fields.value("times").and_then(|times| self.count(times, 1));
        if let Some(times) = fields.get("times").filter(|_| stands == Stands::Alone) {
            self.problem(times.key_span, "`times` has no meaning here: this answers every attempt")
                .help("write a list, [{ …, times: 2 }], to answer attempt by attempt");
        }
        Some(Behaviour {
            answer: answer?,
            after: fields.value("after").and_then(|node| self.duration(node)).unwrap_or_default(),
            every: fields.value("every").and_then(|node| self.duration(node)).unwrap_or_default(),
            hold_until: fields.value("hold_until").and_then(|node| self.barrier(node)),
            times,
            fault,
            headers: fields.value("headers").map(|node| self.fixed_headers(node)).unwrap_or_default(),
            line: node.span.line,
        })
    }

    /// Which key says what is answered; `reply` where there is only a fault.
    fn answer_key(&mut self, fields: &Fields<'_>) -> Option<&'static str> {
        let given: Vec<&&str> = ANSWER_KEYS.iter().filter(|key| fields.get(key).is_some()).collect();
        if let [_, second, ..] = given.as_slice() {
            let span = fields.get(second).map_or(fields.span, |entry| entry.key_span);
            self.problem(span, format!("`{}` and `{}` can't both be answered", given[0], second))
                .help("one answer has one of: reply, stream, fail, hang, malformed, fixture");
            return None;
        }
        match given.first() {
            Some(key) => Some(key),
            None if FAULT_KEYS.iter().any(|key| fields.get(key).is_some()) => Some("reply"),
            None => {
                // An unknown key is told already, and is probably what was meant to be the answer.
                let known = behaviour_keys();
                if fields.entries.iter().all(|entry| known.contains(&entry.key.as_str())) {
                    self.problem(fields.span, "nothing says what is answered").help(
                        "one of: reply, stream, fail, hang, malformed, fixture, reset, truncate, trickle, wrong_length",
                    );
                }
                None
            }
        }
    }

    /// Keys that say something about another kind of answer are mistakes.
    fn keys_fit(&mut self, fields: &Fields<'_>, answer: &str, more: &[&str]) {
        let own: &[&str] = match answer {
            "reply" | "stream" => REPLY_KEYS,
            "fail" => FAIL_KEYS,
            "fixture" => FIXTURE_KEYS,
            _ => &[],
        };
        let faulty = matches!(answer, "reply" | "stream" | "fixture");
        for entry in fields.entries {
            let key = entry.key.as_str();
            let fits = ANSWER_KEYS.contains(&key)
                || COMMON_KEYS.contains(&key)
                || own.contains(&key)
                || more.contains(&key)
                || (faulty && FAULT_KEYS.contains(&key))
                || !behaviour_keys().contains(&key);
            if !fits {
                self.problem(entry.key_span, format!("`{key}` has no meaning beside `{answer}`"));
            }
        }
    }

    fn answer(&mut self, fields: &Fields<'_>, key: &str, wires: &[Wire]) -> Option<Answer> {
        let value = fields.value(key);
        match (key, value) {
            ("fail", Some(_)) => self.failing(fields, wires).map(Answer::Fail),
            ("hang", Some(value)) => {
                self.only_true(value);
                Some(Answer::Hang)
            }
            ("malformed", Some(value)) => {
                // `null` is a word here, whatever YAML takes it for.
                if value.as_scalar().is_some_and(|scalar| scalar.text == "null") {
                    return Some(Answer::Malformed(Malformed::Null));
                }
                self.word(value, "a way to be malformed", MALFORMED).map(Answer::Malformed)
            }
            ("fixture", Some(value)) => self.fixture(fields, value),
            ("stream", Some(value)) => {
                let items = self.items(value, "a list of texts")?;
                if items.is_empty() {
                    self.problem(value.span, "a stream without any chunk").help("{ malformed: empty } answers nothing");
                }
                let chunks: Vec<_> = items.iter().map(|item| self.text(item, "a text")).collect();
                self.reply(fields, chunks.into_iter().collect::<Option<Vec<_>>>(), true, wires)
            }
            (_, Some(value)) => {
                let text = self.text(value, "a text");
                self.reply(fields, text.map(|text| vec![text]), false, wires)
            }
            (_, None) => self.reply(fields, Some(vec![DEFAULT_REPLY.to_owned()]), false, wires),
        }
    }

    fn reply(
        &mut self,
        fields: &Fields<'_>,
        chunks: Option<Vec<String>>,
        as_given: bool,
        wires: &[Wire],
    ) -> Option<Answer> {
        let usage = fields.value("usage").and_then(|node| self.usage(node)).unwrap_or_default();
        let finish = fields.value("finish").and_then(|node| self.finish(node, wires));
        let model = fields.value("model").and_then(|node| self.text(node, "a model's name"));
        let language = fields.value("language").and_then(|node| self.text(node, "a language"));
        let then = fields.value("then").and_then(|node| {
            let fields = self.fields(node, "`then`", FAIL_KEYS)?;
            if fields.get("fail").is_none() {
                self.problem(node.span, "`then` says how a stream goes on failing: `fail` is missing");
                return None;
            }
            self.failing(&fields, &[])
        });
        Some(Answer::Reply(Reply {
            chunks: chunks?,
            as_given,
            usage,
            finish: finish.unwrap_or_default(),
            model,
            language,
            then,
        }))
    }

    fn finish(&mut self, node: &Node, wires: &[Wire]) -> Option<Finish> {
        let finish = self.word(node, "an end of an answer", FINISHES)?;
        if let Some(wire) = wires.iter().find(|wire| !wire.can_end(finish)) {
            let known = FINISHES.iter().filter(|(_, known)| wire.can_end(*known)).map(|(word, _)| *word);
            let help = did_you_mean("", "it documents", known);
            self.problem(node.span, format!("{} documents no such end of an answer", wire.as_str())).help(help);
        }
        Some(finish)
    }

    fn usage(&mut self, node: &Node) -> Option<Usage> {
        if node.as_scalar().is_some_and(|scalar| scalar.text == "none") {
            return Some(Usage::Absent);
        }
        if matches!(node.kind, Kind::Scalar(_)) {
            self.wrong(node, "token numbers").help("{ input: 10, output: 20 }, { audio_seconds: 3 }, or none");
            return None;
        }
        let fields = self.fields(node, "`usage`", &["input", "output", "audio_seconds"])?;
        if let Some(seconds) = fields.value("audio_seconds") {
            for entry in fields.entries.iter().filter(|entry| entry.key != "audio_seconds") {
                self.problem(entry.key_span, format!("`{}` has no meaning beside `audio_seconds`", entry.key));
            }
            return self.count(seconds, 0).map(|seconds| Usage::AudioSeconds(seconds.into()));
        }
        let mut number = |key: &str| {
            let value = self.required(&fields, key)?;
            self.count(value, 0).map(u64::from)
        };
        let (input, output) = (number("input"), number("output"));
        Some(Usage::Given { input: input?, output: output? })
    }

    fn failing(&mut self, fields: &Fields<'_>, wires: &[Wire]) -> Option<Failing> {
        let node = fields.value("fail")?;
        let kind = self.word(node, "a known failure", FAILURES);
        let status = fields.value("status").and_then(|node| self.status(node));
        if let Some(value) = fields.value("status").filter(|_| status.is_some_and(|status| status < 400)) {
            self.problem(value.span, "a failure's status is 400 or above");
        }
        let message = fields.value("message").and_then(|node| self.text(node, "a text"));
        let retry_after = fields.value("retry_after").and_then(|node| self.duration(node));
        let kind = kind?;
        if let Some(wire) = wires.iter().find(|wire| !wire.documents(kind)) {
            let known = FAILURES.iter().filter(|(_, kind)| wire.documents(*kind)).map(|(word, _)| *word);
            let help = did_you_mean("", "it documents", known);
            let word = FAILURES.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word);
            self.problem(node.span, format!("{} documents no failure `{word}`", wire.as_str())).help(help);
        }
        Some(Failing { kind, status, message, retry_after })
    }

    fn fixture(&mut self, fields: &Fields<'_>, node: &Node) -> Option<Answer> {
        let name = self.text(node, "a file's name");
        let status = fields.value("status").map_or(Some(200), |node| self.status(node));
        let content_type = fields.value("content_type").map(|node| self.text(node, "a content type"));
        let name = name?;
        let body = match self.project.fixture(&name) {
            Ok(body) => body,
            Err(error) => {
                self.problem(node.span, format!("missing fixture: {error}")).help(
                    "a fixture is a file below the project's folder, named from there: fixtures/claude/reply.json",
                );
                return None;
            }
        };
        self.fixtures.push(body.clone());
        let content_type = content_type.unwrap_or_else(|| Some(content_type_of(&name).to_owned()))?;
        Some(Answer::Raw { status: status?, content_type, body })
    }

    fn fault(&mut self, fields: &Fields<'_>) -> Option<Fault> {
        let given: Vec<&&str> = FAULT_KEYS.iter().filter(|key| fields.get(key).is_some()).collect();
        if let [first, second, ..] = given.as_slice() {
            let span = fields.get(second).map_or(fields.span, |entry| entry.key_span);
            self.problem(span, format!("`{first}` and `{second}` can't both happen to one answer"));
        }
        let key = given.first()?;
        let node = fields.value(key)?;
        match **key {
            "reset" => self.strikes_at(node).map(Fault::Reset),
            "truncate" => self.strikes_at(node).map(Fault::Truncate),
            "trickle" => self.duration(node).map(Fault::Trickle),
            _ => {
                let more = self.integer(node, -1_000_000, 1_000_000)?;
                if more == 0 {
                    self.problem(node.span, "a length that is wrong by 0 is right").help("+10 or -10, say");
                }
                Some(Fault::WrongLength(more))
            }
        }
    }

    fn strikes_at(&mut self, node: &Node) -> Option<ResetAt> {
        let words = [("start", ResetAt::Start), ("headers", ResetAt::Headers), ("middle", ResetAt::Middle)];
        if let Some(scalar) = node.as_scalar()
            && let Ok(byte) = scalar.text.parse::<u64>()
        {
            return Some(ResetAt::Byte(byte));
        }
        self.word(node, "a place in an answer (start, headers, middle, or a number of bytes)", &words)
    }

    fn barrier(&mut self, node: &Node) -> Option<Barrier> {
        let fields = self.fields(node, "`hold_until`", &["calls"])?;
        let calls = self.required(&fields, "calls")?;
        self.count(calls, 1).map(|calls| Barrier { calls })
    }

    /// Headers that are known now.
    fn fixed_headers(&mut self, node: &Node) -> BTreeMap<String, String> {
        let mut headers = BTreeMap::new();
        for entry in self.entries(node, "a mapping of headers").unwrap_or_default() {
            self.header_name(&entry.key, entry.key_span);
            let value = self.text_or_number(&entry.value, "a header's value");
            headers.extend(value.map(|value| (entry.key.clone(), value)));
        }
        headers
    }

    /// A header's name must be one that HTTP knows.
    pub(crate) fn header_name(&mut self, name: &str, span: Span) {
        if name.parse::<http::HeaderName>().is_err() {
            self.problem(span, format!("{} can't be a header's name", quoted(name)));
        }
    }

    /// A text; a number stands for its own text.
    pub(crate) fn text_or_number(&mut self, node: &Node, wanted: &str) -> Option<String> {
        use crate::scenario::yaml::Typed;
        match node.as_scalar().map(|scalar| (scalar.typed(), &scalar.text)) {
            Some((Typed::Integer(_) | Typed::Float(_), text)) => Some(text.clone()),
            _ => self.template(node, wanted),
        }
    }

    /// The value of a key without which the rest makes no sense.
    pub(crate) fn required<'n>(&mut self, fields: &Fields<'n>, key: &str) -> Option<&'n Node> {
        let value = fields.value(key);
        if value.is_none() {
            self.problem(fields.span, format!("`{key}` is missing"));
        }
        value
    }
}

/// What a file is, by its name.
fn content_type_of(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "json" => "application/json",
        "ndjson" | "jsonl" => "application/x-ndjson",
        "sse" => "text/event-stream",
        "html" | "htm" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
