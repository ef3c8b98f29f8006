//! A chat as it happens: chosen, asked, read piece by piece, settled; or failed over to Ollama, once.
//!
//! Plain and streamed chats are the same: a plain one waits for the last event. Dropped at any moment, a chat cancels
//! its call, and its reservation charges what was used or releases itself.

use super::super::budget::Reservation;
use super::super::cache::{CacheKey, CachedAnswer};
use super::super::defect::Defect;
use super::super::price;
use super::super::provider::Provider;
use super::super::providers::{Call, CallFailure, Delivery};
use super::super::reason::Reason;
use super::super::selection::{Choice, Tried, Warning, choose};
use super::super::state::State;
use super::super::store::FinishedTurn;
use super::super::tokens::Tokens;
use super::super::usd::Usd;
use super::event::{Announcement, ChatEvent, ChatFailure, Reply};
use super::request::{Turn, default_model};
use std::collections::VecDeque;
use std::mem;
use std::sync::Arc;

/// One chat under way.
#[derive(Debug)]
pub(in super::super) struct LiveChat {
    state: Arc<State>,
    turn: Turn,
    stage: Stage,
    events: VecDeque<ChatEvent>,
    has_begun: bool,
    tried: Vec<Tried>,
}

#[derive(Debug)]
enum Stage {
    Choosing,
    /// A cloud provider is to be asked.
    Cloud(Route, Reservation),
    /// Ollama is to be asked.
    Local(Reason),
    Answering(Box<Answering>),
    Over,
}

/// Who answers and why.
#[derive(Debug)]
struct Route {
    provider: Provider,
    model: String,
    reason: Reason,
    overridden: Option<Warning>,
}

#[derive(Debug)]
struct Answering {
    route: Route,
    call: Call,
    reservation: Option<Reservation>,
    text: String,
    /// What a defect keeps from the learner.
    held_back: String,
    is_announced: bool,
}

impl LiveChat {
    pub(in super::super) fn new(state: Arc<State>, turn: Turn) -> Self {
        Self { state, turn, stage: Stage::Choosing, events: VecDeque::new(), has_begun: false, tried: Vec::new() }
    }

    /// Goes on until there is an event to tell.
    pub(in super::super) async fn advance(&mut self) -> Result<(), ChatFailure> {
        while self.events.is_empty() {
            match mem::replace(&mut self.stage, Stage::Over) {
                Stage::Choosing => self.choose().await?,
                Stage::Cloud(route, reservation) => self.ask_cloud(route, reservation).await?,
                Stage::Local(reason) => self.ask_local(reason).await?,
                Stage::Answering(answering) => self.read(answering).await?,
                Stage::Over => return Ok(()),
            }
        }
        Ok(())
    }

    /// The next event; `None` after the last.
    pub(in super::super) async fn next(&mut self) -> Result<Option<ChatEvent>, ChatFailure> {
        self.advance().await?;
        Ok(self.events.pop_front())
    }

    /// The complete answer. `None` can't happen: a chat ends with an answer or a failure.
    pub(in super::super) async fn reply(mut self) -> Result<Option<Reply>, ChatFailure> {
        while let Some(event) = self.next().await? {
            if let ChatEvent::Done(reply) = event {
                return Ok(Some(*reply));
            }
        }
        Ok(None)
    }

    /// Selects a provider and reserves its estimate, without a wait between the look at the budget and the act.
    async fn choose(&mut self) -> Result<(), ChatFailure> {
        let Self { state, turn, tried, .. } = self;
        let wish = turn.ask.wish(&turn.settings);
        let ollama = state.ollama_if_preferred(&wish).await;
        let mut seen = None;
        if state.defects.has(Defect::BudgetCheckedThenTaken) {
            seen = Some(state.ledger.budget(state.month(turn.begun))?);
            for _ in 0..64 {
                tokio::task::yield_now().await;
            }
        }
        self.stage = state.ledger.admit(state.month(turn.begun), |desk| {
            let health = |provider| state.check_health(provider, turn.begun, ollama);
            match choose(&wish, seen.as_ref().unwrap_or(desk.budget()), health, tried) {
                Choice::Refused(warning) => Err(ChatFailure::BudgetExceeded(warning)),
                Choice::Local { reason } => Ok(Stage::Local(reason)),
                Choice::Cloud { provider, reason, estimate, overridden } => {
                    let route = Route { provider, model: default_model(provider, state.defects), reason, overridden };
                    Ok(Stage::Cloud(route, desk.reserve(estimate)))
                }
            }
        })??;
        Ok(())
    }

    async fn ask_cloud(&mut self, route: Route, reservation: Reservation) -> Result<(), ChatFailure> {
        if let Some(answer) = self.cached(route.provider) {
            drop(reservation);
            return self.finish_cached(route, answer);
        }
        let mut called = self.call(&route).await;
        if let Err(CallFailure::Status { status: 429, .. }) = called
            && self.state.defects.has(Defect::RateLimitRetried)
        {
            called = self.call(&route).await;
        }
        match called {
            Ok(call) => self.stage = answering(route, call, Some(reservation)),
            Err(failure) => self.failed(&route, Some(reservation), failure)?,
        }
        Ok(())
    }

    async fn ask_local(&mut self, reason: Reason) -> Result<(), ChatFailure> {
        let route = |model| Route { provider: Provider::Ollama, model, reason, overridden: None };
        if reason == Reason::UserPreference
            && self.state.defects.has(Defect::CacheIgnoresPrivacy)
            && let Some(answer) = Provider::CLOUD.into_iter().find_map(|provider| self.cached(provider))
        {
            return self.finish_cached(route(answer.model.clone()), answer);
        }
        if let Some(answer) = self.cached(Provider::Ollama) {
            return self.finish_cached(route(answer.model.clone()), answer);
        }
        let wish = self.turn.ask.wish(&self.turn.settings);
        let model = self.state.local_model(&wish, reason, &mut self.tried).await?;
        let route = route(model);
        match self.call(&route).await {
            Ok(call) => self.stage = answering(route, call, None),
            Err(failure) => self.failed(&route, None, failure)?,
        }
        Ok(())
    }

    async fn call(&self, route: &Route) -> Result<Call, CallFailure> {
        let Self { state, turn, .. } = self;
        let timeout = state.provider_timeout();
        state.clients.ask(route.provider, &route.model, &turn.prompt, turn.delivery, timeout).await
    }

    /// Takes the next piece of an answer.
    async fn read(&mut self, mut answering: Box<Answering>) -> Result<(), ChatFailure> {
        match answering.call.next().await {
            Ok(Some(mut piece)) => {
                if self.turn.delivery == Delivery::Streamed && self.state.defects.has(Defect::LastChunkLost) {
                    piece = mem::replace(&mut answering.held_back, piece);
                }
                let used_so_far = price::cost(answering.route.provider, self.tokens(&answering.call));
                if let Some(reservation) = &mut answering.reservation {
                    reservation.note(used_so_far);
                }
                self.announce(&mut answering);
                answering.text.push_str(&piece);
                self.events.push_back(ChatEvent::Delta(piece));
                self.stage = Stage::Answering(answering);
                Ok(())
            }
            Ok(None) => {
                self.announce(&mut answering);
                self.finish(*answering)
            }
            Err(failure) => self.failed(&answering.route, answering.reservation, failure),
        }
    }

    /// Marks a provider that failed. After a cloud provider Ollama is tried, after Ollama nobody.
    fn failed(
        &mut self,
        route: &Route,
        reservation: Option<Reservation>,
        failure: CallFailure,
    ) -> Result<(), ChatFailure> {
        if let Some(mut reservation) = reservation {
            if self.state.defects.has(Defect::FailedAnswersAreCharged) {
                reservation.note(price::estimate(route.provider, &self.turn.ask.use_case));
                drop(reservation);
            } else {
                reservation.release();
            }
        }
        self.state.log_failure(route.provider, &failure);
        self.state.health.failed(route.provider, self.state.now(), self.turn.generation);
        self.tried.push(Tried::new(route.provider, &failure));
        if route.provider == Provider::Ollama && self.state.defects.has(Defect::CannedAnswer) {
            let text = "I am sorry, I can't answer that right now.".to_owned();
            let route =
                Route { provider: route.provider, model: route.model.clone(), reason: route.reason, overridden: None };
            self.done(route, text, Usd::ZERO, Source::Model, Tokens::default());
            return Ok(());
        }
        if route.provider == Provider::Ollama || self.state.defects.has(Defect::NoFallback) {
            return Err(ChatFailure::NoProvider { reason: route.reason, tried: mem::take(&mut self.tried) });
        }
        self.stage = Stage::Local(failure.fallback_reason(self.state.defects));
        Ok(())
    }

    /// Settles and keeps a complete answer.
    fn finish(&mut self, answering: Answering) -> Result<(), ChatFailure> {
        let Answering { route, call, reservation, text, .. } = answering;
        let usage = self.tokens(&call);
        let cost = self.cost(route.provider, usage);
        let turn = self.finished(&route, &text, cost, Source::Model);
        match reservation {
            Some(reservation) => {
                let is_free =
                    self.turn.delivery == Delivery::Streamed && self.state.defects.has(Defect::StreamedAnswersAreFree);
                reservation.settle(if is_free { Usd::ZERO } else { cost }, &turn)?;
            }
            None => self.record(&turn)?,
        }
        if let Some(key) = self.cache_key(route.provider) {
            let answer = CachedAnswer { text: text.clone(), model: route.model.clone() };
            self.state.cache.keep(key, answer, self.state.now(), self.turn.generation);
        }
        self.done(route, text, cost, Source::Model, usage);
        Ok(())
    }

    /// An answer that was given before: no call, no cost.
    fn finish_cached(&mut self, route: Route, answer: CachedAnswer) -> Result<(), ChatFailure> {
        self.record(&self.finished(&route, &answer.text, Usd::ZERO, Source::Cache))?;
        self.announce_route(&route);
        self.events.push_back(ChatEvent::Delta(answer.text.clone()));
        self.done(route, answer.text, Usd::ZERO, Source::Cache, Tokens::default());
        Ok(())
    }

    /// Keeps a turn that costs nothing.
    fn record(&self, turn: &FinishedTurn<'_>) -> Result<(), ChatFailure> {
        if self.state.generations.is_current(self.turn.generation) {
            self.state.store.record_turn(turn, None)?;
        }
        Ok(())
    }

    fn finished<'a>(&'a self, route: &'a Route, answer: &'a str, cost: Usd, source: Source) -> FinishedTurn<'a> {
        FinishedTurn {
            learner: self.turn.learner,
            conversation: &self.turn.conversation,
            at: self.turn.begun,
            language: &self.turn.ask.language,
            use_case: &self.turn.ask.use_case,
            question: &self.turn.message,
            answer,
            provider: route.provider,
            model: &route.model,
            reason: route.reason,
            cost,
            cached: source == Source::Cache,
        }
    }

    fn cost(&self, provider: Provider, usage: Tokens) -> Usd {
        const CENT: i64 = 10_000_000;
        let cost = price::cost(provider, usage);
        if self.state.defects.has(Defect::EstimatesAreCharged) {
            price::estimate(provider, &self.turn.ask.use_case)
        } else if self.state.defects.has(Defect::CostsRoundedToCents) {
            Usd::from_nanos((cost.nanos() + CENT / 2) / CENT * CENT)
        } else {
            cost
        }
    }

    fn done(&mut self, route: Route, text: String, cost: Usd, source: Source, usage: Tokens) {
        let first = self.tried.first().filter(|_| self.state.defects.has(Defect::WrongProviderNamed));
        let provider = first.map_or(route.provider, |tried| tried.provider);
        self.events.push_back(ChatEvent::Done(Box::new(Reply {
            conversation: self.turn.conversation.clone(),
            text,
            provider,
            model: route.model,
            reason: route.reason,
            cost,
            cached: source == Source::Cache,
            language: self.turn.ask.language.tag().to_owned(),
            use_case: self.turn.ask.use_case.name().to_owned(),
            requires_budget_override: route.overridden.is_some(),
            warning: route.overridden,
            usage,
        })));
    }

    /// Tells once who answers: at the start, or again after a provider that had begun has failed.
    fn announce(&mut self, answering: &mut Answering) {
        if !mem::replace(&mut answering.is_announced, true) {
            self.announce_route(&answering.route);
        }
    }

    fn announce_route(&mut self, route: &Route) {
        let announcement = Announcement {
            conversation: self.turn.conversation.clone(),
            provider: route.provider,
            model: route.model.clone(),
            reason: route.reason,
            requires_budget_override: route.overridden.is_some(),
            warning: route.overridden.clone(),
        };
        let is_restart = mem::replace(&mut self.has_begun, true);
        if is_restart && self.state.defects.has(Defect::RestartToldTwice) {
            self.events.push_back(ChatEvent::Restart(announcement.clone()));
        }
        self.events.push_back(match is_restart {
            true => ChatEvent::Restart(announcement),
            false => ChatEvent::Start(announcement),
        });
    }

    /// What a call used, estimated where its provider has not said.
    fn tokens(&self, call: &Call) -> Tokens {
        let used = call.usage().or_estimate(self.turn.ask.use_case.estimated_tokens());
        if self.state.defects.has(Defect::TokensSwapped) {
            return Tokens { input: used.output, output: used.input };
        }
        used
    }

    fn cached(&self, provider: Provider) -> Option<CachedAnswer> {
        self.state.cache.get(&self.cache_key(provider)?, self.turn.begun)
    }

    fn cache_key(&self, provider: Provider) -> Option<CacheKey> {
        let Turn { learner, message, ask, conversation_length, .. } = &self.turn;
        self.state.cache.key(*learner, message, &ask.language, provider, *conversation_length)
    }
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Model,
    Cache,
}

fn answering(route: Route, call: Call, reservation: Option<Reservation>) -> Stage {
    Stage::Answering(Box::new(Answering {
        route,
        call,
        reservation,
        text: String::new(),
        held_back: String::new(),
        is_announced: false,
    }))
}
