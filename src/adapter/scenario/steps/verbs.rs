//! The verbs of a system, and the tokens of its learners.

use super::player::{Played, Player, Spoken};
use super::problem::Problem;
use super::scene::Scene;
use crate::adapter::scenario::answer::Answer;
use crate::adapter::scenario::needs::{binding_of, says_text};
use crate::adapter::shared::template::{fill, plain};
use crate::model::Place;
use crate::provider::{Mark, Providers, Seq, recording};
use crate::scenario::{Audio, Binding, BindingAuth, DEFAULT_LEARNER, Reset, Verb};
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
        let name = Value::from(self.known_name(learner));
        let variables = self.with(scene, [("name", name.clone()), ("password", Value::from(PASSWORD))]);
        let mut refused = Vec::new();
        // A registration that gives no token is followed by a login.
        for verb in [Verb::Register, Verb::Login] {
            let Some(binding) = self.system.verbs.get(&verb) else { continue };
            let answer = self.ask(scene, place, binding, &variables, None, None).await?;
            if let Some(token) = answer.field("token").map(|token| plain(&token)) {
                self.tokens.borrow_mut().insert(learner.to_owned(), token.clone());
                self.prepare(scene, place, name, &token).await?;
                return Ok(Some(token));
            }
            refused.push(format!("{verb} of {learner} gave no token: {} {}", answer.status, answer.text));
        }
        if refused.is_empty() { Ok(None) } else { Err(Problem::errored(place, refused.join("; "))) }
    }

    /// Makes the requests that prepare a learner.
    async fn prepare(&self, scene: &Scene<'_>, place: &Place, name: Value, token: &str) -> Result<(), Problem> {
        let variables = self.with(scene, [("name", name), ("token", Value::from(token))]);
        for binding in &self.system.prepare_learner {
            let token = (binding.auth == BindingAuth::Learner).then(|| token.to_owned());
            let answer = self.ask(scene, place, binding, &variables, token, None).await?;
            if !(200..300).contains(&answer.status) {
                let text =
                    format!("{} {} was answered with {}: {}", binding.method, binding.path, answer.status, answer.text);
                return Err(Problem::errored(place, format!("preparing a learner: {text}")));
            }
        }
        Ok(())
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
        let Some(binding) = binding_of(verb, &arguments, self.system) else {
            return Err(Problem::errored(place, format!("the system `{}` has no `{verb}`", self.system.name)));
        };
        let token = match (binding.auth, arguments.get("token")) {
            (_, Some(token)) => Some(plain(token)),
            (BindingAuth::Learner, None) => self.token(scene, place, learner).await?,
            (BindingAuth::Admin | BindingAuth::Nobody, None) => None,
        };
        let mut variables = self.with(scene, []);
        variables
            .extend(arguments.iter().map(|(name, value)| (name.clone(), self.system.own_word(name, value.clone()))));
        if let Some(providers) = scene.providers {
            // Even without a message: from now on requests can be this case's own.
            providers.sent(&said_by(verb, &arguments));
        }
        let from = scene.providers.map(Providers::cursor);
        let hang_up = arguments.get("hang_up_after").and_then(Value::as_u64);
        let asked = self.ask(scene, place, binding, &variables, token, hang_up);
        let mut answer = match arguments.get("hang_up").and_then(Value::as_u64).map(Duration::from_millis) {
            None => asked.await?,
            // The learner hangs up: the request is dropped, and nobody sees an answer.
            Some(after) => tokio::time::timeout(after, asked).await.unwrap_or_else(|_| Ok(Answer::default()))?,
        };
        self.read_off_the_wire(scene, verb, binding, &mut answer, from);
        if matches!(verb, Verb::Register | Verb::Login) || says_text(binding) {
            self.remember(scene, place, verb, &answer, learner, from);
        }
        if verb == Verb::Synthesize {
            self.remember_speech(scene, place, &answer, from, &arguments);
        }
        Ok(answer)
    }

    /// Fills in the fields that are not bound or not to be trusted from what is known on the wire: which mock gave the
    /// answer's text, and whether it did so for this step.
    fn read_off_the_wire(
        &self,
        scene: &Scene<'_>,
        verb: Verb,
        binding: &Binding,
        answer: &mut Answer,
        from: Option<Seq>,
    ) {
        let (Some(providers), Some(from), Verb::Chat | Verb::Transcribe) = (scene.providers, from, verb) else {
            return;
        };
        let reads = |field: &str| {
            let is_bound = binding.answer.contains_key(field) || binding.answer_headers.contains_key(field);
            says_text(binding) && (!is_bound || self.system.untrusted.contains(field))
        };
        for field in ["provider", "model", "cached"].into_iter().filter(|field| reads(field)) {
            answer.fields.remove(field);
            let said = answer.said().unwrap_or_default();
            let Some(mark) = Mark::strip(&said).1.last().copied() else { continue };
            let Some(call) = providers.calls_since(Seq(0)).into_iter().find(|call| call.mark == Some(mark)) else {
                continue;
            };
            let value = match field {
                "provider" => Value::from(call.provider.as_str()),
                "model" => Value::from(call.model.as_str()),
                _ => Value::from(call.seq < from),
            };
            answer.fields.insert(field.to_owned(), value);
        }
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
        let is_fine = self.system.statuses_of(answer.status).contains(&200);
        if let (true, true, true, Some(from), Some(providers)) = (is_told, is_fine, ended, from, scene.providers) {
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
