//! One round of a suite: what is heard of it, told on to the engine.

use crate::adapter::pytest::accounts::Accounts;
use crate::adapter::pytest::launch::Mode;
use crate::adapter::pytest::message::{Message, Request, RoundRequest};
use crate::adapter::pytest::server::{Server, Silence};
use crate::engine::{Reports, RoundUnit};
use crate::event::{Note, RoundEnd, TrialReport};
use crate::model::{Failure, Outcome, Position, RoundKind};
use std::path::Path;
use std::time::{Duration, Instant};

/// How much longer than the case's deadline the engine waits before it kills the worker: stacks are asked for first.
const AROUND: Duration = Duration::from_secs(10);

/// How long the stacks of a case that hangs may take.
const STACKS_WITHIN: Duration = Duration::from_secs(5);

/// How long tear-down between two cases may take that no case is running in.
const BETWEEN: Duration = Duration::from_secs(60);

/// What became of the round, and of the pytest that played it.
#[derive(Debug)]
pub(super) enum RoundDone {
    /// The pytest can play another.
    Whole(RoundEnd),
    /// The server is lost, so the round can't be played.
    ServerLost(RoundEnd),
}

impl RoundDone {
    /// A walk that died has no answer, and what is left of its order would give none either.
    pub fn without_more(self, unit: &RoundUnit) -> Self {
        match self {
            Self::Whole(RoundEnd::Died { .. }) if unit.walk.is_some() => Self::Whole(RoundEnd::Completed),
            Self::ServerLost(RoundEnd::Died { .. }) if unit.walk.is_some() => Self::ServerLost(RoundEnd::Completed),
            done => done,
        }
    }
}

/// Plays the round.
pub(super) fn play(
    server: &mut Server,
    mode: Mode,
    unit: &RoundUnit,
    order: &[Option<u32>],
    temporary: &Path,
    reports: &mut dyn Reports,
) -> RoundDone {
    let deadline = Duration::from_millis(unit.case_deadline_ms);
    let written = server.output.mark();
    let folder = server.folder.clone();
    let mut accounts = match Accounts::of(unit, temporary, &folder) {
        Ok(accounts) => accounts,
        Err(error) => return RoundDone::Whole(RoundEnd::NotStarted { reason: format!("can't make a gate: {error}") }),
    };
    server.send(&Request::Round(RoundRequest {
        order,
        from: unit.from,
        // Another for each round, also where the same order is repeated with one seed.
        seed: unit.seed.derive(&format!("suite round {}", unit.round)).value() >> 1,
        tmp: temporary,
        deadline: deadline.as_secs_f64(),
        marks: unit.kind == RoundKind::Alone,
        watch: unit.watch,
        follow: unit.follow_ms.map(|millis| f64::from(millis) / 1e3),
        walk: unit.walk,
        aftermath: unit.aftermath.as_ref(),
        ledger: accounts.as_ref().map(Accounts::request),
    }));
    // In an aftermath the process that forks watches the clock: only one fork of many is overdue.
    let allowed = if unit.aftermath.is_some() { deadline + AROUND } else { deadline };
    let mut course = Course { running: None, last: None };
    loop {
        let until = course.running.map_or(BETWEEN, |(_, began)| allowed.saturating_sub(began.elapsed()));
        match server.hear(until) {
            Ok(Message::Started { started }) => {
                course.running = Some((started, Instant::now()));
                reports.started(started, allowed + AROUND);
                server.let_pass();
            }
            Ok(Message::Playing { playing }) => accounts.iter_mut().for_each(|accounts| accounts.open(playing)),
            Ok(Message::Finished(mut finished)) => {
                let position = finished.finished;
                let stops = finished.stops();
                let held = finished.held.take();
                let report = finished.report(&server.folder);
                if let Some((accounts, held)) = accounts.as_mut().zip(held) {
                    accounts.enter(position, &report, held);
                }
                reports.finished(position, report);
                if let Some(accounts) = &mut accounts {
                    let left = accounts.close_after(position);
                    left.into_iter().for_each(|(position, report)| reports.finished(position, report));
                    accounts.let_pass();
                }
                (course.running, course.last) = (None, Some(position));
                if stops {
                    let reason = "a test brought pytest down".to_owned();
                    return course.server_is_gone(server, mode, RoundEnd::Died { reason });
                }
                if reports.stop_wanted() {
                    return RoundDone::ServerLost(RoundEnd::Interrupted);
                }
            }
            Ok(Message::Ended { swallowed, notes, .. }) => {
                server.untold(notes).into_iter().for_each(|text| reports.note(Note::of_run(text)));
                server.new_notes(&swallowed).into_iter().for_each(|text| reports.note(Note::of_run(text)));
                match mode {
                    Mode::Serve => return course.server_is_gone(server, mode, RoundEnd::Completed),
                    Mode::Once | Mode::Look | Mode::Plain => return RoundDone::Whole(RoundEnd::Completed),
                }
            }
            Ok(Message::Dead { dead, .. }) => {
                let wrote = server.output.since(written);
                return RoundDone::Whole(course.crashed(&dead, &wrote, reports));
            }
            Ok(Message::Collected { .. }) => {}
            Err(Silence::Overdue) => return course.hung(server, mode, deadline, reports),
            Err(Silence::Gone) => {
                let how = server.end();
                let wrote = server.output.since(written);
                return RoundDone::ServerLost(course.crashed(&how, &wrote, reports));
            }
        }
    }
}

/// How far a round has come.
struct Course {
    /// The trial that runs, and since when.
    running: Option<(Position, Instant)>,
    /// The one that ended last.
    last: Option<Position>,
}

impl Course {
    /// The process of the round ended before its time: the trial that ran, or else the one before, is to blame.
    fn crashed(&self, how: &str, wrote: &str, reports: &mut dyn Reports) -> RoundEnd {
        let reason = how.to_owned();
        let (position, text) = match (self.running, self.last) {
            (Some((position, _)), _) => (position, format!("the test ended its process: {how}")),
            (None, Some(last)) => (last, format!("the process ended after the test: {how}")),
            (None, None) => return RoundEnd::Died { reason },
        };
        let failure = Failure::new(text, None).with_details(tail(wrote));
        reports.finished(position, TrialReport::of(Outcome::Crashed(failure)));
        RoundEnd::Died { reason }
    }

    /// A test is overdue: asks where it is, ends its process, and tells.
    fn hung(&self, server: &mut Server, mode: Mode, deadline: Duration, reports: &mut dyn Reports) -> RoundDone {
        let mut stacks = String::new();
        let mut is_lost = true;
        if mode == Mode::Serve {
            server.send(&Request::Hang { hang: true });
            let until = Instant::now() + STACKS_WITHIN;
            while let Ok(message) = server.hear(until.saturating_duration_since(Instant::now())) {
                if let Message::Dead { stacks: found, .. } = message {
                    stacks = found.unwrap_or_default();
                    is_lost = false;
                    break;
                }
            }
        } else {
            server.kill();
        }
        let reason = format!("a test did not end within {} s", deadline.as_secs_f64());
        if let Some((position, _)) = self.running {
            let failure = Failure::new(format!("the test did not end within {} s", deadline.as_secs_f64()), None)
                .with_details(stacks);
            let outcome = Outcome::TimedOut(failure);
            reports.finished(position, TrialReport::of(outcome));
        }
        let end = RoundEnd::Died { reason };
        if is_lost { RoundDone::ServerLost(end) } else { RoundDone::Whole(end) }
    }

    /// Waits until the process of a round that is over has ended.
    fn server_is_gone(&self, server: &mut Server, mode: Mode, end: RoundEnd) -> RoundDone {
        if mode != Mode::Serve {
            return RoundDone::ServerLost(end);
        }
        loop {
            match server.hear(STACKS_WITHIN) {
                Ok(Message::Dead { .. }) => return RoundDone::Whole(end),
                Ok(_) => {}
                Err(_) => return RoundDone::ServerLost(end),
            }
        }
    }
}

/// The end of a long text.
fn tail(text: &str) -> String {
    let text = text.trim();
    let from = text.char_indices().rev().nth(8_000).map_or(0, |(at, _)| at);
    text.get(from..).unwrap_or_default().to_owned()
}
