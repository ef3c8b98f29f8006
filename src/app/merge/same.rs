//! Whether shards are parts of one run: everything that decides how a trial ends must be the same.

use crate::app::AppError;
use crate::event::{Difference, Header, Identity, Policy};
use std::path::Path;

/// Refuses a shard that is no part of the same run as another one.
///
/// # Errors
/// If they differ: every difference, with both sides.
pub(super) fn refuse_strangers(one: (&Path, &Header), other: (&Path, &Header)) -> Result<(), AppError> {
    let differences = differences(one.1, other.1);
    if differences.is_empty() {
        return Ok(());
    }
    let name = |path: &Path| format!("in {}", path.parent().unwrap_or(path).display());
    Err(AppError::Usage(format!(
        "{} and {} are not parts of one run:\n{}\nmerge shards of one commit, plan and seed, run with the same program on \
         machines that are alike",
        one.0.display(),
        other.0.display(),
        Difference::lines(&differences, &name(one.0), &name(other.0))
    )))
}

fn differences(one: &Header, other: &Header) -> Vec<Difference> {
    let of = |header: &Header| header.shard.map_or_else(|| "none".to_owned(), |shard| shard.of.to_string());
    let found = [
        Difference::of("the seed", one.seed, other.seed),
        Difference::of("the number of shards", of(one), of(other)),
        Difference::of("the cases", one.subject.hash.short(), other.subject.hash.short()),
        Difference::of("the plan", one.plan.short(), other.plan.short()),
        Difference::of("the policy", policy(&one.policy), policy(&other.policy)),
        Difference::of("the program's version", &one.program, &other.program),
    ];
    let identities = match (&one.identity, &other.identity) {
        (Some(one), Some(other)) => one.differences(other),
        (None, None) => Vec::new(),
        (one, other) => {
            let is_known = |identity: &Option<Identity>| if identity.is_some() { "known" } else { "unknown" };
            Difference::of("what was tested", is_known(one), is_known(other)).into_iter().collect()
        }
    };
    found.into_iter().flatten().chain(identities).collect()
}

/// What is asked of the run, whatever the number of rounds side by side.
fn policy(policy: &Policy) -> String {
    let policy = Policy { jobs: 1, ..policy.clone() };
    serde_json::to_string(&policy).unwrap_or_default()
}
