//! Answers that are held until calls that race with theirs have arrived.
//!
//! # Rationale
//!
//! Calls of a race are made at once, but a system that is slow, or a machine with too much to do, takes its time to make
//! them: a clock alone would accuse whoever is slow. So an answer is held as long as a request to the system is under way
//! that has no held call to show for itself. Once all of them have one, nobody is left who could make another call.

use crate::provider::shared::Shared;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;

/// How long an answer is held for calls that don't come.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// When each request to the system has a call that is held: one request can make several calls.
    all_held: Duration,
    /// When others may still make theirs: less than a step's deadline, so that the reason is told.
    some_to_come: Duration,
}

const PATIENCE: Patience = Patience { all_held: Duration::from_secs(2), some_to_come: Duration::from_secs(8) };

/// Waits until so many model calls have arrived in the trial, or the trial is over. Says whether the answer may go out.
pub(crate) async fn hold(shared: &Shared, calls: u32, over: impl Future<Output = ()>) -> bool {
    let _held = Counted::one_more(&shared.held);
    let enough = wait(PATIENCE, calls, shared.arrived.subscribe(), shared.asked.subscribe(), shared.held.subscribe());
    tokio::select! {
        is_enough = enough => is_enough,
        () = over => true,
    }
}

/// Waits for calls as long as some can be expected, each wait beginning anew when something has changed.
async fn wait(
    patience: Patience,
    calls: u32,
    mut arrived: watch::Receiver<u32>,
    mut asked: watch::Receiver<usize>,
    mut held: watch::Receiver<usize>,
) -> bool {
    loop {
        if *arrived.borrow_and_update() >= calls {
            return true;
        }
        let (asked_now, held_now) = (*asked.borrow_and_update(), *held.borrow_and_update());
        // Where nobody tells of requests, as in a suite, any number of them may be under way.
        let all_held = asked_now > 0 && asked_now <= held_now;
        let longest = if all_held { patience.all_held } else { patience.some_to_come };
        let has_changed = tokio::select! {
            changed = arrived.changed() => changed.is_ok(),
            changed = asked.changed() => changed.is_ok(),
            changed = held.changed() => changed.is_ok(),
            () = sleep(longest) => false,
        };
        if !has_changed {
            return false;
        }
    }
}

/// One more of something, as long as it lives.
#[derive(Debug)]
pub struct Counted(watch::Sender<usize>);

impl Counted {
    pub(crate) fn one_more(count: &watch::Sender<usize>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who waits for others waits "for ever", and who waits for nobody not at all.
    const EXTREME: Patience = Patience { all_held: Duration::ZERO, some_to_come: Duration::from_secs(3600) };

    #[tokio::test]
    async fn an_answer_is_held_while_another_request_may_still_make_its_call() {
        let (arrived, asked, held) = (watch::Sender::new(1), watch::Sender::new(2), watch::Sender::new(1));
        let waiting = wait(EXTREME, 2, arrived.subscribe(), asked.subscribe(), held.subscribe());
        let slow = async {
            // The system takes its time: it asks for its models first, say.
            tokio::task::yield_now().await;
            asked.send_modify(|asked| *asked += 1);
            tokio::task::yield_now().await;
            arrived.send_replace(2);
        };
        assert!(tokio::join!(waiting, slow).0);
    }

    #[tokio::test]
    async fn nothing_is_waited_for_once_every_request_has_a_held_call() {
        let (arrived, asked, held) = (watch::Sender::new(2), watch::Sender::new(3), watch::Sender::new(2));
        let waiting = wait(EXTREME, 3, arrived.subscribe(), asked.subscribe(), held.subscribe());
        let answered = async {
            tokio::task::yield_now().await;
            asked.send_replace(2);
        };
        assert!(!tokio::join!(waiting, answered).0, "the third was answered without a call");
        let (arrived, asked) = (arrived.subscribe(), asked.subscribe());
        assert!(!wait(EXTREME, 3, arrived, asked, held.subscribe()).await);
    }

    #[test]
    fn a_count_ends_with_whoever_is_counted() {
        let count = watch::Sender::new(0);
        let one = Counted::one_more(&count);
        assert_eq!(*count.borrow(), 1);
        drop(one);
        assert_eq!(*count.borrow(), 0);
    }
}
