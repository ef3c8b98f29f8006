//! Asks a real provider what clients ask, so that there is something to compare its mock with.
//!
//! What it lists is asked first, then a short question for a whole answer, for a stream, without its text, and with a wrong
//! key. Each goes through the front of live mode: with the user's key, and only if its worst case is within the limit.

use crate::model::{Position, RoundId, Seed, TrialKey};
use crate::platform::http_client;
use crate::provider::decl::ProviderDecl;
use crate::provider::error::ProviderError;
use crate::provider::live::gateway::Live;
use crate::provider::providers::{Providers, ProvidersOptions};
use crate::provider::script::case::Script;
use crate::provider::tape::player::{Pace, Tape};
use crate::provider::tape::recorder::{Recorder, TAPE_EXTENSION};
use crate::provider::verify::rehearsal::{VerifyError, installed};
use reqwest::Method;
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How long a real provider may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// The fields in which a question's text stands.
const TEXTS: [&str; 3] = ["messages", "contents", "text"];

/// What came of asking a real provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inquired {
    /// The tape that holds what was answered, if anything was.
    pub tape: Option<PathBuf>,
    /// Why something was not asked, or not answered.
    pub unasked: Vec<String>,
}

/// Who asks a real provider, and where what it answers is kept.
#[derive(Debug)]
pub struct Inquiry<'a> {
    /// The provider as its system declares it.
    pub decl: &'a ProviderDecl,
    /// Where it is, and the money for it.
    pub live: &'a Live,
    /// The model to ask; the first one that has a price, or that is installed, without it.
    pub model: Option<&'a str>,
    /// What must not get onto the tape.
    pub secrets: &'a BTreeSet<String>,
    /// The folder for the tape.
    pub folder: &'a Path,
    /// A folder for what need not stay.
    pub scratch: &'a Path,
}

/// A request, and whose key goes with it.
struct Question {
    method: Method,
    target: String,
    body: Option<Value>,
    wrong_key: bool,
}

impl Inquiry<'_> {
    /// Asks, and records the answers.
    ///
    /// # Errors
    /// If the front can't be started, or files can't be had.
    pub fn ask(&self) -> Result<Inquired, VerifyError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(VerifyError::Io)?;
        let client = http_client().no_proxy().timeout(PATIENCE).build().map_err(VerifyError::Client)?;
        let mut inquired = Inquired::default();
        let mut number = 0;
        let mut ask = |inquired: &mut Inquired, question: Question| -> Result<(), VerifyError> {
            number += 1;
            let scratch = self.scratch.join(number.to_string());
            match runtime.block_on(self.ask_one(&client, &question, number, &scratch))? {
                Some(why) => inquired.unasked.push(format!("{}: {why}", self.decl.name)),
                None => inquired.tape = self.keep(&scratch)?.or(inquired.tape.take()),
            }
            Ok(())
        };
        let format = self.decl.wire.format();
        for path in format.routes().iter().filter_map(|route| route.list_path()) {
            ask(&mut inquired, Question { method: Method::GET, target: path.into(), body: None, wrong_key: false })?;
        }
        let Some(model) = self.model_to_ask(inquired.tape.as_deref())? else {
            let why = "no model is known that could be asked: say --model NAME=MODEL";
            inquired.unasked.push(format!("{}: {why}", self.decl.name));
            return Ok(inquired);
        };
        for question in self.questions(&model) {
            ask(&mut inquired, question)?;
        }
        Ok(inquired)
    }

    fn questions(&self, model: &str) -> Vec<Question> {
        let format = self.decl.wire.format();
        let (target, whole) = format.question(model, false);
        let streamed = format.question(model, true);
        let mut mute = whole.clone();
        if let Some(fields) = mute.as_object_mut() {
            fields.retain(|name, _| !TEXTS.contains(&name.as_str()));
        }
        let question = |(target, body): (String, Value), wrong_key| Question {
            method: Method::POST,
            target,
            body: Some(body),
            wrong_key,
        };
        let mut questions = vec![question((target.clone(), whole.clone()), false)];
        if streamed != (target.clone(), whole.clone()) {
            questions.push(question(streamed, false));
        }
        questions.push(question((target.clone(), mute), false));
        if format.needs_key() {
            questions.push(question((target, whole), true));
        }
        questions
    }

    /// The model that is asked: the one that was named, else one with a price, else one that is installed.
    fn model_to_ask(&self, tape: Option<&Path>) -> Result<Option<String>, VerifyError> {
        let priced = self.decl.prices.iter().filter(|(name, price)| !name.ends_with('*') && price.minute.nanos() == 0);
        let named = self.model.or(priced.map(|(name, _)| name.as_str()).next()).map(str::to_owned);
        let (None, Some(tape)) = (&named, tape) else { return Ok(named) };
        let bytes = std::fs::read(tape).map_err(VerifyError::Io)?;
        let (models, voices) = installed(&Tape::read("real", &bytes, None, Pace::Instant).map_err(VerifyError::Tape)?);
        Ok(models.into_iter().map(|model| model.name).chain(voices).next())
    }

    /// Asks once. What is answered is recorded into `scratch`; says why, if nothing was.
    async fn ask_one(
        &self,
        client: &reqwest::Client,
        question: &Question,
        number: u32,
        scratch: &Path,
    ) -> Result<Option<String>, VerifyError> {
        let recorder = Recorder::new(scratch, self.secrets.clone()).map_err(VerifyError::Io)?;
        let options = ProvidersOptions {
            recorder: Some(Arc::new(recorder)),
            live: Some(self.live.clone()),
            ..ProvidersOptions::default()
        };
        let providers = Providers::start(std::slice::from_ref(self.decl), options)?;
        let wrong_key = question.wrong_key.then(|| self.decl.name.clone()).into_iter().collect();
        let trial = TrialKey { round: RoundId(0), position: Position(number) };
        providers.begin(trial, Seed::new(0), Script { wrong_key, ..Script::default() });
        providers.sent("");
        let base = providers.url(&self.decl.name).unwrap_or_default();
        let mut request = client.request(question.method.clone(), format!("{base}{}", question.target));
        for (name, value) in self.decl.wire.format().credentials(&self.decl.key_of_the_system()) {
            request = request.header(name, value);
        }
        if let Some(body) = &question.body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        // Whatever the provider did stands on its tape, and why it did nothing in the journal.
        if let Ok(answer) = request.send().await {
            _ = answer.bytes().await;
        }
        providers.quiet(PATIENCE).await;
        let why = providers.end().calls.into_iter().find_map(|call| call.remark);
        tokio::task::spawn_blocking(move || providers.shutdown()).await.map_err(|_| ProviderError::Died)?;
        Ok(why)
    }

    /// Adds what was recorded of one question to the tape.
    fn keep(&self, scratch: &Path) -> Result<Option<PathBuf>, VerifyError> {
        let name = format!("{}.{TAPE_EXTENSION}", self.decl.name);
        let Ok(lines) = std::fs::read(scratch.join(&name)) else { return Ok(None) };
        let tape = self.folder.join(name);
        let file = OpenOptions::new().append(true).create(true).open(&tape);
        file.and_then(|mut file| file.write_all(&lines)).map_err(VerifyError::Io)?;
        Ok(Some(tape))
    }
}
