//! What is asked for, and who is chosen to answer.

use super::super::defect::{Defect, Defects};
use super::super::generation::Generation;
use super::super::health::Unhealthy;
use super::super::language::Language;
use super::super::local_models;
use super::super::price::estimate;
use super::super::provider::Provider;
use super::super::providers::{Delivery, Prompt};
use super::super::reason::Reason;
use super::super::selection::{Choice, Tried, Warning, Wish, choose};
use super::super::settings::{PreferredModels, Settings};
use super::super::state::State;
use super::super::tokens::Tokens;
use super::super::usd::Usd;
use super::event::ChatFailure;
use jiff::Timestamp;
use serde::Serialize;

/// What a request says about who is to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Ask {
    pub(in super::super) language: Language,
    pub(in super::super) use_case: super::super::use_case::UseCase,
    pub(in super::super) preferred: Option<Provider>,
    pub(in super::super) local_only: bool,
}

/// One message with everything that its answer needs.
#[derive(Debug)]
pub(in super::super) struct Turn {
    pub(in super::super) learner: i64,
    pub(in super::super) settings: Settings,
    pub(in super::super) conversation: String,
    /// How many messages the conversation had before.
    pub(in super::super) conversation_length: usize,
    pub(in super::super) message: String,
    pub(in super::super) prompt: Prompt,
    pub(in super::super) ask: Ask,
    pub(in super::super) delivery: Delivery,
    pub(in super::super) begun: Timestamp,
    pub(in super::super) generation: Generation,
}

/// What an answer would come from and cost.
#[derive(Debug, Serialize)]
pub(in super::super) struct Estimate {
    provider: Provider,
    model: String,
    reason: Reason,
    cost: Usd,
    language: String,
    use_case: String,
    requires_budget_override: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<Warning>,
    usage: Tokens,
}

impl Ask {
    pub(super) fn wish<'a>(&'a self, settings: &'a Settings) -> Wish<'a> {
        Wish {
            language: &self.language,
            use_case: &self.use_case,
            preferred: self.preferred,
            local_only: self.local_only,
            settings,
        }
    }
}

impl State {
    /// What `POST /estimate` answers: nothing is reserved, no model is asked.
    pub(in super::super) async fn estimate(&self, ask: &Ask, settings: &Settings) -> Result<Estimate, ChatFailure> {
        let mut tried = Vec::new();
        let wish = ask.wish(settings);
        let now = self.now();
        let ollama = self.ollama_if_preferred(&wish).await;
        let budget = self.ledger.budget(self.month(now))?;
        let choice = choose(&wish, &budget, |provider| self.check_health(provider, now, ollama), &mut tried);
        let (provider, model, reason, overridden) = match choice {
            Choice::Refused(warning) => return Err(ChatFailure::BudgetExceeded(warning)),
            Choice::Local { reason } => {
                let model = self.local_model(&wish, reason, &mut tried).await?;
                (Provider::Ollama, model, reason, None)
            }
            Choice::Cloud { provider, reason, overridden, .. } => {
                (provider, default_model(provider, self.defects), reason, overridden)
            }
        };
        Ok(Estimate {
            provider,
            model,
            reason,
            cost: estimate(provider, &ask.use_case),
            language: ask.language.tag().to_owned(),
            use_case: ask.use_case.name().to_owned(),
            requires_budget_override: overridden.is_some(),
            warning: overridden,
            usage: ask.use_case.estimated_tokens(),
        })
    }

    /// Whether Ollama answers, asked only where somebody named it.
    pub(super) async fn ollama_if_preferred(&self, wish: &Wish<'_>) -> Result<(), Unhealthy> {
        if wish.preferred == Some(Provider::Ollama) && self.installed_models().await.is_err() {
            return Err(Unhealthy::Unreachable);
        }
        Ok(())
    }

    pub(super) fn check_health(
        &self,
        provider: Provider,
        now: Timestamp,
        ollama: Result<(), Unhealthy>,
    ) -> Result<(), Unhealthy> {
        if provider == Provider::Ollama { ollama } else { self.health.check(provider, now) }
    }

    /// The local model for a wish.
    pub(super) async fn local_model(
        &self,
        wish: &Wish<'_>,
        reason: Reason,
        tried: &mut Vec<Tried>,
    ) -> Result<String, ChatFailure> {
        match self.installed_models().await {
            Ok(installed) => {
                let nobodys = PreferredModels::default();
                let is_forgotten = self.defects.has(Defect::ArgumentNotMigrated);
                let preferred = if is_forgotten { &nobodys } else { &wish.settings.models };
                match local_models::select(&installed, wish.language, wish.use_case, preferred, self.defects) {
                    Some(model) => Ok(model.to_owned()),
                    None => Err(ChatFailure::NoLocalModel { reason, tried: std::mem::take(tried) }),
                }
            }
            Err(failure) => {
                tried.push(Tried::new(Provider::Ollama, failure));
                Err(ChatFailure::NoProvider { reason, tried: std::mem::take(tried) })
            }
        }
    }
}

/// A cloud provider's model.
pub(super) fn default_model(provider: Provider, defects: Defects) -> String {
    if provider == Provider::Claude && defects.has(Defect::RetiredModel) {
        return "claude-instant-1.2".to_owned();
    }
    provider.default_model().unwrap_or_default().to_owned()
}
