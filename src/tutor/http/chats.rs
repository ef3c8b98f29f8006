//! Chats and estimates.

use super::super::auth::random_hex;
use super::super::chat::{Ask, Estimate, LiveChat, Turn};
use super::super::defect::{Defect, Defects};
use super::super::language::LanguageChoice;
use super::super::provider::{Provider, UnknownProvider};
use super::super::providers::{Delivery, Exchange, Prompt};
use super::super::state::State as Tutor;
use super::super::store::{Message, Session};
use super::super::use_case::UseCase;
use super::events;
use super::fields::Fields;
use super::identity::Learner;
use super::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// `POST /chat`. A streamed chat that fails before its first text is answered like a plain one.
pub(super) async fn chat(
    State(tutor): State<Arc<Tutor>>,
    Learner(session): Learner,
    mut fields: Fields,
) -> Result<Response, Problem> {
    let message = fields.text("message")?;
    let conversation = fields.optional_text("conversation")?;
    let delivery = if fields.switch("stream")? { Delivery::Streamed } else { Delivery::Whole };
    let ask = read_ask(fields, tutor.defects)?;
    let turn = turn(&tutor, session, ask, message, conversation, delivery)?;
    let mut chat = LiveChat::new(tutor, turn);
    match delivery {
        Delivery::Whole => match chat.reply().await? {
            Some(reply) => Ok(Json(reply).into_response()),
            None => Err(Problem::internal()),
        },
        Delivery::Streamed => {
            chat.advance().await?;
            Ok(events::stream(chat).into_response())
        }
    }
}

/// Answers `POST /estimate`: what a chat would cost.
pub(super) async fn estimate(
    State(tutor): State<Arc<Tutor>>,
    Learner(session): Learner,
    fields: Fields,
) -> Result<Json<Estimate>, Problem> {
    let ask = read_ask(fields, tutor.defects)?;
    Ok(Json(tutor.estimate(&ask, &session.settings).await?))
}

/// What is asked for; a provider that is named beats one that the language carries.
fn read_ask(mut fields: Fields, defects: Defects) -> Result<Ask, Problem> {
    let LanguageChoice { language, provider: carried } = LanguageChoice::parse(&fields.text("language")?)?;
    let named = fields.optional_text("provider")?.map(|name| provider(&name, defects)).transpose()?;
    let use_case = fields.optional_text("use_case")?.map(UseCase::new).unwrap_or_default();
    let local_only = fields.switch("local_only")?;
    fields.finish()?;
    Ok(Ask { language, use_case, preferred: named.or(carried), local_only })
}

fn provider(name: &str, defects: Defects) -> Result<Provider, UnknownProvider> {
    Provider::parse(name).or_else(|unknown| match unknown.hint {
        Some(successor) if defects.has(Defect::RetiredProviderAccepted) => Ok(successor),
        _ => Err(unknown),
    })
}

fn turn(
    tutor: &Tutor,
    session: Session,
    ask: Ask,
    message: String,
    conversation: Option<String>,
    delivery: Delivery,
) -> Result<Turn, Problem> {
    let (conversation, messages) = match conversation {
        Some(id) => {
            let messages = tutor.store.conversation(session.learner, &id, tutor.defects)?;
            (id, messages.ok_or_else(|| Problem::not_found("there is no such conversation of yours"))?)
        }
        None => (random_hex::<16>()?, Vec::new()),
    };
    let conversation_length = messages.len();
    let prompt = Prompt::new(&ask.language, &ask.use_case, exchanges(messages), message.clone());
    Ok(Turn {
        learner: session.learner,
        settings: session.settings,
        conversation,
        conversation_length,
        message,
        prompt,
        ask,
        delivery,
        begun: tutor.now(),
        generation: tutor.generations.current(),
    })
}

/// Questions with their answers: messages are kept in pairs.
fn exchanges(messages: Vec<Message>) -> Vec<Exchange> {
    let mut texts = messages.into_iter().map(|message| message.text);
    std::iter::from_fn(|| Some(Exchange { question: texts.next()?, answer: texts.next()? })).collect()
}
