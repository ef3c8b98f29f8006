//! What is remembered of trials that have ended, so that their late requests are known for theirs. Bounded.

use crate::model::TrialKey;
use crate::provider::exchange::call::Call;
use crate::provider::hash::BodyHash;
use crate::provider::mark::Mark;
use crate::provider::name::ProviderName;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::time::Duration;

const MARKS: usize = 16_384;
const BODIES: usize = 16_384;
const TRIALS: usize = 256;

/// Who a request of an earlier trial was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Before {
    pub(crate) trial: TrialKey,
    /// Whether its last attempt ended in a way after which clients try again.
    pub(crate) may_come_again: bool,
    /// When that attempt ended, or arrived if it has not, since the start of the providers.
    pub(crate) ended: Duration,
}

/// The marks, request bodies and sent texts of earlier trials.
#[derive(Debug)]
pub(crate) struct Past {
    marks: Recent<Mark, TrialKey>,
    bodies: Recent<(ProviderName, BodyHash), Before>,
    sent: VecDeque<(TrialKey, Vec<String>)>,
}

impl Default for Past {
    fn default() -> Self {
        Self { marks: Recent::new(MARKS), bodies: Recent::new(BODIES), sent: VecDeque::new() }
    }
}

impl Past {
    /// Remembers a trial that is over.
    pub(crate) fn add(&mut self, trial: TrialKey, calls: &[Call], sent: Vec<String>) {
        for call in calls.iter().filter(|call| call.endpoint.is_model_call()) {
            if let Some(mark) = call.mark {
                self.marks.put(mark, trial);
            }
            // What is still in flight will be given up by its client, which may then try again.
            let may_come_again = call.may_be_tried_again() || call.answered.is_none();
            let ended = call.answered.unwrap_or(call.arrived);
            self.bodies.put((call.provider.clone(), call.body), Before { trial, may_come_again, ended });
        }
        if !sent.is_empty() {
            self.sent.push_back((trial, sent));
        }
        if self.sent.len() > TRIALS {
            self.sent.pop_front();
        }
    }

    /// The trial to whose answer a mark belongs.
    pub(crate) fn trial_of_mark(&self, mark: Mark) -> Option<TrialKey> {
        self.marks.get(&mark).copied()
    }

    /// The earlier attempt with the same body at the same provider.
    pub(crate) fn attempt(&self, provider: &ProviderName, body: BodyHash) -> Option<Before> {
        self.bodies.get(&(provider.clone(), body)).copied()
    }

    /// The latest trial that sent this very message.
    pub(crate) fn trial_of_message(&self, message: &str) -> Option<TrialKey> {
        let sent_it = |(_, sent): &&(TrialKey, Vec<String>)| says_exactly(sent, message);
        self.sent.iter().rev().find(sent_it).map(|(trial, _)| *trial)
    }
}

/// Texts below this many bytes say nothing as a part of another: a language's code is part of most texts.
const TELLING: usize = 4;

/// Whether a message is among the texts that a trial sent: the same, or one a telling part of the other.
pub(crate) fn says(sent: &[String], message: &str) -> bool {
    let message = message.trim();
    let part = |of: &str, part: &str| part.len() >= TELLING && of.contains(part);
    sent.iter().any(|sent| sent == message || part(message, sent) || part(sent, message))
}

/// Whether a message is one of the texts that a trial sent.
pub(crate) fn says_exactly(sent: &[String], message: &str) -> bool {
    let message = message.trim();
    sent.iter().any(|sent| sent == message)
}

/// A map that forgets its oldest entries.
#[derive(Debug)]
struct Recent<K, V> {
    entries: HashMap<K, V>,
    order: VecDeque<K>,
    most: usize,
}

impl<K: Hash + Eq + Clone, V> Recent<K, V> {
    fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), most }
    }

    fn put(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.entries.remove(&oldest);
            }
        }
    }

    fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }
}
