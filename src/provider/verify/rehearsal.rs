//! Asks the mocks what was asked of the real providers.

use crate::disk::{LONGEST_RESULT, read_bytes};
use crate::model::{Position, RoundId, Seed, TrialKey};
use crate::platform::http_client;
use crate::provider::decl::ProviderDecl;
use crate::provider::error::ProviderError;
use crate::provider::providers::{Providers, ProvidersOptions};
use crate::provider::script::behaviour::{Answer, Behaviour};
use crate::provider::script::case::{LocalModel, ProviderScript, Script};
use crate::provider::script::failing::{Failing, FailureKind};
use crate::provider::script::reply::{Finish, Reply, Usage};
use crate::provider::tape::exchange::{Answer as Taped, Exchange};
use crate::provider::tape::mask::REMOVED;
use crate::provider::tape::player::Tape;
use crate::provider::tape::recorder::{Recorder, TAPE_EXTENSION};
use crate::provider::verify::compare::{Difference, compare};
use crate::provider::wire::format::Known;
use crate::provider::wire::parsed_answer::parse_answer;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// The key that the mocks accept.
const KEY: &str = "the-right-key";

/// How long a mock may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a comparison came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Compared {
    /// How many exchanges were compared.
    pub exchanges: usize,
    /// How often each difference was seen, by request and difference.
    pub differences: BTreeMap<(String, Difference), usize>,
}

impl Compared {
    /// Adds what another comparison came to.
    pub fn add(&mut self, other: Self) {
        self.exchanges += other.exchanges;
        for (difference, times) in other.differences {
            *self.differences.entry(difference).or_default() += times;
        }
    }
}

/// Compares what a tape holds with what the mocks answer. `scratch` is a folder for what the mocks answer.
///
/// # Errors
/// If the mocks can't be started or asked.
pub fn verify(tape: &Tape, scratch: &Path) -> Result<Compared, VerifyError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(VerifyError::Io)?;
    let client = http_client().no_proxy().timeout(PATIENCE).build().map_err(VerifyError::Client)?;
    let mut compared = Compared::default();
    let installed = installed(tape);
    for (number, exchange) in (0_u32..).zip(tape.exchanges()) {
        let folder = scratch.join(number.to_string());
        runtime.block_on(ask(&client, exchange, number, &installed, &folder))?;
        let path = folder.join(format!("{}.{TAPE_EXTENSION}", exchange.provider));
        let bytes = read_bytes(&path, LONGEST_RESULT).map_err(|error| VerifyError::Io(error.into()))?;
        let mocked = Tape::read("mock", &bytes, None, tape.pace()).map_err(VerifyError::Tape)?;
        let Some(mocked) = mocked.exchanges().next() else { continue };
        compared.exchanges += 1;
        let path = exchange.request.target.split('?').next().unwrap_or_default();
        let status = exchange.answer.as_ref().map_or("no answer".to_owned(), |answer| answer.status.to_string());
        let name = format!("{} {} {path} ({status})", exchange.provider, exchange.request.method);
        for difference in compare(exchange, mocked) {
            *compared.differences.entry((name.clone(), difference)).or_default() += 1;
        }
    }
    Ok(compared)
}

/// Why nothing could be compared.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The mocks can't be started.
    #[error(transparent)]
    Providers(#[from] ProviderError),
    /// There is no client to ask them.
    #[error("no client for the mocks")]
    Client(#[source] reqwest::Error),
    /// What they answered can't be read.
    #[error("what the mock answered can't be read")]
    Tape(#[source] crate::provider::tape::player::TapeError),
    /// Files can't be had.
    #[error("what the mock answered can't be kept")]
    Io(#[source] std::io::Error),
}

/// Asks a mock once, and records what it answers.
async fn ask(
    client: &reqwest::Client,
    exchange: &Exchange,
    number: u32,
    installed: &(Vec<LocalModel>, Vec<String>),
    folder: &Path,
) -> Result<(), VerifyError> {
    let decl = ProviderDecl {
        name: exchange.provider.clone(),
        wire: exchange.wire,
        hosts: Vec::new(),
        key: Some(KEY.to_owned()),
        replay: None,
        prices: BTreeMap::new(),
    };
    let recorder = Arc::new(Recorder::new(folder, BTreeSet::new()).map_err(VerifyError::Io)?);
    let options = ProvidersOptions { recorder: Some(recorder), ..ProvidersOptions::default() };
    let providers = Providers::start(std::slice::from_ref(&decl), options)?;
    let behaviours = BTreeMap::from([(decl.name.clone(), ProviderScript::Always(behaviour(exchange)))]);
    let (models, voices) = installed.clone();
    let script = Script { providers: behaviours, models, voices, ..Script::default() };
    providers.begin(TrialKey { round: RoundId(0), position: Position(number) }, Seed::new(0), script);
    providers.sent("");
    let base = providers.url(&decl.name).unwrap_or_default();
    let request = request(client, exchange, &base);
    // A mock that breaks off has answered as well: what it did stands on its tape.
    if let Ok(answer) = request.send().await {
        _ = answer.bytes().await;
    }
    providers.quiet(PATIENCE).await;
    providers.end();
    // Its threads end while nothing else happens here.
    tokio::task::spawn_blocking(move || providers.shutdown()).await.map_err(|_| ProviderError::Died)?;
    Ok(())
}

/// The request as it was recorded, with a key for the mock: the right one, unless the real provider refused it.
fn request(client: &reqwest::Client, exchange: &Exchange, base: &str) -> reqwest::RequestBuilder {
    let recorded = &exchange.request;
    let was_refused = exchange.answer.as_ref().is_some_and(|answer| says_wrong_key(exchange, answer));
    let key = if was_refused { "a-wrong-key" } else { KEY };
    let method = reqwest::Method::from_bytes(recorded.method.as_bytes()).unwrap_or(reqwest::Method::GET);
    let target = recorded.target.replace(REMOVED, key);
    let mut request = client.request(method, format!("{base}{target}")).body(recorded.body.0.clone());
    for (name, value) in recorded.headers.iter().filter(|(name, _)| name != "accept-encoding") {
        let value = match (name.as_str(), value.as_str()) {
            ("authorization", REMOVED) => format!("Bearer {key}"),
            (_, REMOVED) => key.to_owned(),
            (_, value) => value.to_owned(),
        };
        request = request.header(name, value);
    }
    request
}

fn says_wrong_key(exchange: &Exchange, answer: &Taped) -> bool {
    let wrong = exchange.wire.format().documented(FailureKind::Unauthorized);
    answer.status == 401 || wrong.is_some_and(|known| known.status == answer.status && says_key(answer))
}

fn says_key(answer: &Taped) -> bool {
    String::from_utf8_lossy(&answer.body()).to_ascii_lowercase().contains("api key")
}

/// The behaviour that should answer as the real provider did.
fn behaviour(exchange: &Exchange) -> Behaviour {
    let format = exchange.wire.format();
    let Some(answer) = &exchange.answer else { return Behaviour::plain(Answer::Hang) };
    if let Some(kind) = failure(exchange, answer) {
        return Behaviour::plain(Answer::Fail(Failing::new(kind)));
    }
    let heard = parse_answer(format, answer.header("content-type").unwrap_or_default(), &answer.body());
    let ends = [Finish::Stop, Finish::Length, Finish::Refusal];
    let finish = ends.into_iter().find(|finish| format.finish_word(*finish) == heard.finish.as_deref());
    let is_stream = heard.pieces.len() > 1;
    let chunks = if heard.pieces.is_empty() { vec!["Hello".to_owned()] } else { heard.pieces.clone() };
    let usage = match (heard.tokens(), heard.audio_seconds) {
        (_, Some(seconds)) => Usage::AudioSeconds(seconds),
        (Some((input, output)), None) => Usage::Given { input, output },
        (None, None) => Usage::Counted,
    };
    let reply = Reply { chunks, as_given: is_stream, usage, finish: finish.unwrap_or_default(), ..Reply::text("") };
    Behaviour::plain(Answer::Reply(reply))
}

/// The failure that has to be scripted for a mock to answer so: the documented one of that status whose words the answer has. What is
/// wrong with the request itself the mock must see by itself.
fn failure(exchange: &Exchange, answer: &Taped) -> Option<FailureKind> {
    if answer.status < 400 || matches!(answer.status, 400 | 413 | 422) {
        return None;
    }
    let body = String::from_utf8_lossy(&answer.body()).into_owned();
    let has = |word: &str| !word.is_empty() && body.contains(word);
    let known = FailureKind::ALL.into_iter().filter_map(|kind| Some((kind, exchange.wire.format().documented(kind)?)));
    let fitting = known.filter(|(_, known)| known.status == answer.status);
    // The first of those that fit equally well.
    let fit = |(_, known): &(FailureKind, Known)| u8::from(known.code.is_some_and(has)) * 2 + u8::from(has(known.kind));
    fitting.rev().max_by_key(fit).map(|(kind, _)| kind)
}

/// What the real provider had installed, as far as the tape tells.
pub(super) fn installed(tape: &Tape) -> (Vec<LocalModel>, Vec<String>) {
    let (mut models, mut voices) = (Vec::new(), Vec::new());
    for exchange in tape.exchanges().filter(|exchange| exchange.request.method == "GET") {
        let body = exchange.answer.as_ref().map(Taped::body).unwrap_or_default();
        let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(&body) else { continue };
        if exchange.wire.installs_voices() {
            voices.extend(fields.keys().cloned());
        } else if exchange.wire.installs_models() {
            let listed = fields.get("models").and_then(Value::as_array).into_iter().flatten();
            let names = listed.filter_map(|model| model.get("name")?.as_str());
            models.extend(names.map(|name| LocalModel { name: name.to_owned() }));
        }
    }
    (models, voices)
}
