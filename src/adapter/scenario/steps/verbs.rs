//! The verbs of a system, and the tokens of its learners.

use super::player::{Played, Player, Spoken};
use super::problem::Problem;
use super::scene::Scene;
use crate::adapter::scenario::answer::Answer;
use crate::adapter::shared::template::{fill, plain};
use crate::model::Place;
use crate::provider::{Providers, Seq, recording};
use crate::scenario::{Audio, BindingAuth, DEFAULT_LEARNER, Reset, Verb};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The password of learners that name none.
const PASSWORD: &str = "correct horse battery staple";

impl Player<'_> {
    pub(super) fn learner<'s>(&'s self, named: Option<&'s str>) -> &'s str {
        named.or(self.case.given.learners.first().map(|learner| learner.name.as_str())).unwrap_or(DEFAULT_LEARNER)
    }

    /// The learner's name as the system knows it: their own in each case where that is all that keeps cases apart.
    fn known_name(&self, learner: &str) -> String {
        match self.system.reset {
            Reset::FreshLearner => format!("{learner}-{}", self.seed.derive(&format!("{}.{learner}", self.key))),
            _ => learner.to_owned(),
        }
    }

    /// The learner's token. A learner that has none yet registers, or logs in where the system has no registration.
    pub(super) async fn token(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        learner: &str,
    ) -> Result<Option<String>, Problem> {
        if let Some(token) = self.tokens.borrow().get(learner) {
            return Ok(Some(token.clone()));
        }
        let verb = [Verb::Register, Verb::Login].into_iter().find(|verb| self.system.verbs.contains_key(verb));
        let Some((verb, binding)) = verb.and_then(|verb| Some((verb, self.system.verbs.get(&verb)?))) else {
            return Ok(None);
        };
        let name = Value::from(self.known_name(learner));
        let variables = self.with(scene, [("name", name), ("password", Value::from(PASSWORD))]);
        let answer = self.ask(scene, place, binding, &variables, None, None).await?;
        match answer.field("token") {
            Some(token) => {
                let token = plain(&token);
                self.tokens.borrow_mut().insert(learner.to_owned(), token.clone());
                Ok(Some(token))
            }
            None => {
                let text = format!("{verb} of {learner} gave no token: {} {}", answer.status, answer.text);
                Err(Problem::errored(place, text))
            }
        }
    }

    /// Carries a verb out.
    pub(super) async fn act(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        verb: Verb,
        arguments: &BTreeMap<String, Value>,
        learner: Option<&str>,
    ) -> Result<Answer, Problem> {
        let learner = self.learner(learner);
        let arguments = self.arguments(place, verb, arguments, learner)?;
        let binding = match verb {
            Verb::Settings if arguments.keys().any(|name| name != "token") => self.system.change_settings.as_ref(),
            _ => self.system.verbs.get(&verb),
        };
        let Some(binding) = binding else {
            return Err(Problem::errored(place, format!("the system `{}` has no `{verb}`", self.system.name)));
        };
        let token = match (binding.auth, arguments.get("token")) {
            (_, Some(token)) => Some(plain(token)),
            (BindingAuth::Learner, None) => self.token(scene, place, learner).await?,
            (BindingAuth::Admin | BindingAuth::Nobody, None) => None,
        };
        let mut variables = self.with(scene, []);
        variables.extend(arguments.clone());
        if let Some(providers) = scene.providers {
            // Even without a message: from now on requests can be this case's own.
            providers.sent(&said_by(verb, &arguments));
        }
        let from = scene.providers.map(Providers::cursor);
        let hang_up = arguments.get("hang_up_after").and_then(Value::as_u64);
        let asked = self.ask(scene, place, binding, &variables, token, hang_up);
        let answer = match arguments.get("hang_up").and_then(Value::as_u64).map(Duration::from_millis) {
            None => asked.await?,
            // The learner hangs up: the request is dropped, and nobody sees an answer.
            Some(after) => tokio::time::timeout(after, asked).await.unwrap_or_else(|_| Ok(Answer::default()))?,
        };
        self.remember(scene, place, verb, &answer, learner, from);
        if verb == Verb::Synthesize {
            self.remember_speech(scene, place, &answer, from, &arguments);
        }
        Ok(answer)
    }

    /// The arguments with everything captured filled in, names of learners and default passwords included.
    fn arguments(
        &self,
        place: &Place,
        verb: Verb,
        arguments: &BTreeMap<String, Value>,
        learner: &str,
    ) -> Result<BTreeMap<String, Value>, Problem> {
        let variables = self.variables.borrow();
        let mut filled = BTreeMap::new();
        for (name, value) in arguments {
            let value = fill(value, &variables).map_err(|error| Problem::errored(place, error.to_string()))?;
            filled.extend(value.map(|value| (name.clone(), value)));
        }
        if matches!(verb, Verb::Register | Verb::Login) {
            filled.entry("name".into()).or_insert_with(|| Value::from(self.known_name(learner)));
            filled.entry("password".into()).or_insert_with(|| Value::from(PASSWORD));
        }
        Ok(filled)
    }

    /// Keeps audio whose truth is to be told at the end of the case.
    fn remember_speech(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        answer: &Answer,
        from: Option<Seq>,
        arguments: &BTreeMap<String, Value>,
    ) {
        if let (200, Some(from), Some(providers)) = (answer.status, from, scene.providers) {
            self.spoken.borrow_mut().push(Spoken {
                place: place.clone(),
                from,
                to: providers.cursor(),
                heard: answer.heard(),
                text: arguments.get("text").map(plain).unwrap_or_default(),
                voice: answer.field("voice").map(|voice| plain(&voice)),
                provider: answer.field("provider").map(|provider| plain(&provider)),
            });
        }
    }

    /// Keeps what later steps and the end of the case need: tokens, and answers whose truth is to be told.
    fn remember(
        &self,
        scene: &Scene<'_>,
        place: &Place,
        verb: Verb,
        answer: &Answer,
        learner: &str,
        from: Option<Seq>,
    ) {
        if matches!(verb, Verb::Register | Verb::Login)
            && let Some(token) = answer.field("token")
        {
            self.tokens.borrow_mut().insert(learner.to_owned(), plain(&token));
        }
        // The transcript of silence is empty, and nothing marks it.
        let is_silence = verb == Verb::Transcribe && answer.said().is_some_and(|said| said.is_empty());
        let is_told = matches!(verb, Verb::Chat | Verb::Transcribe) && !is_silence;
        let ended = answer.stream.as_ref().is_none_or(|stream| stream.names.last().is_some_and(|last| last == "done"));
        if let (true, 200, true, Some(from), Some(providers)) = (is_told, answer.status, ended, from, scene.providers) {
            self.played.borrow_mut().push(Played {
                place: place.clone(),
                from,
                to: providers.cursor(),
                said: answer.said().unwrap_or_default(),
                provider: answer.field("provider").map(|provider| plain(&provider)),
                cached: answer.field("cached") == Some(Value::Bool(true)),
            });
        }
    }
}

/// What a verb sends to the system, as its calls to providers will repeat it.
fn said_by(verb: Verb, arguments: &BTreeMap<String, Value>) -> String {
    let text = |name: &str| arguments.get(name).map(plain).unwrap_or_default();
    match verb {
        Verb::Transcribe => {
            let audio = arguments.get("audio").and_then(|audio| Audio::of(audio).ok());
            audio.map(|audio| recording(&audio.bytes())).unwrap_or_default()
        }
        Verb::Synthesize => text("text"),
        _ => text("message"),
    }
}
