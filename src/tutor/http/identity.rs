//! Who is asking: a learner or the administrator, by bearer token.

use super::super::auth::digest;
use super::super::defect::Defect;
use super::super::state::State;
use super::super::store::Session;
use super::problem::Problem;
use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use std::sync::Arc;

/// The learner whose token the request carries.
#[derive(Debug)]
pub(super) struct Learner(pub(super) Session);

/// The administrator, known by the token.
#[derive(Debug)]
pub(super) struct Administrator;

impl FromRequestParts<Arc<State>> for Learner {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Problem> {
        let session = state.store.session(&digest(bearer(parts)?))?;
        let session = session.ok_or_else(|| Problem::unauthorised("the token is unknown"))?;
        let never = state.defects.has(Defect::TokensNeverExpire);
        if session.expires_ms <= state.now().as_millisecond() && !never {
            return Err(Problem::unauthorised("the token has expired"));
        }
        Ok(Self(session))
    }
}

impl FromRequestParts<Arc<State>> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Problem> {
        if state.is_admin(bearer(parts)?) {
            Ok(Self)
        } else {
            Err(Problem::unauthorised("the token is not the administrator's"))
        }
    }
}

fn bearer(parts: &Parts) -> Result<&str, Problem> {
    let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token =
        header.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    token.map(|(_, token)| token.trim()).ok_or_else(|| Problem::unauthorised("a bearer token is missing"))
}
