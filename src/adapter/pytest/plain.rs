//! pytest by itself, watched: its own loop, its own order of the arguments, one process.

use crate::adapter::pytest::PytestSpec;
use crate::adapter::pytest::error::PytestError;
use crate::adapter::pytest::launch::Mode;
use crate::adapter::pytest::look::{PytestLook, around};
use crate::adapter::pytest::message::Message;
use crate::adapter::pytest::server::{Server, Silence};
use crate::model::{CaseId, Outcome, Position};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Duration;

/// What plain pytest came to.
#[derive(Debug, Clone)]
pub struct PlainRun {
    /// How each test ended, in the order in which they were run.
    pub outcomes: Vec<(CaseId, Outcome)>,
    /// Why it did not come to its end, if it did not: which test it ended under, and how.
    pub cut_short: Option<String>,
    /// The exit code of one that came to its end.
    pub code: Option<i32>,
    /// What switches off on pytest's command line what was switched off: shuffling, reruns and the like.
    pub switches: Vec<String>,
}

/// Runs pytest once, as `python -m pytest` does. A test that takes longer than `case_deadline` ends it.
///
/// # Errors
/// If nothing can be collected: for people.
pub fn plain_run(spec: &PytestSpec, hash_seed: Option<u32>, case_deadline: Duration) -> Result<PlainRun, PytestError> {
    let scratch = crate::disk::temporary_folder()?;
    let mut around = around(spec)?;
    let mut server = Server::start(spec, Mode::Plain, hash_seed, scratch.path(), "", around.as_ref())?;
    let mut collected = server.collected()?;
    let switches = std::mem::take(&mut collected.switches);
    let look = PytestLook::of(spec, collected)?;
    let mut places: BTreeMap<Position, usize> = BTreeMap::new();
    // It plays what it collected, in that order: a position is the place of what was collected.
    let place = |found: Position| look.places.iter().position(|place| *place == Some(found.0));
    let id = |found: Position| place(found).and_then(|index| look.cases.get(index)).map(|case| case.id.clone());
    let mut plain = PlainRun { outcomes: Vec::new(), cut_short: None, code: None, switches };
    let mut running: Option<Position> = None;
    loop {
        match server.hear(case_deadline) {
            Ok(Message::Started { started }) => {
                if let Some(around) = &mut around {
                    around.end();
                    around.begin_alone(started);
                }
                running = Some(started);
                server.let_pass();
            }
            Ok(Message::Finished(finished)) => {
                running = None;
                let place = finished.finished;
                if let Some(id) = id(place) {
                    // A fixture that fails when it is torn down is told of the tests before as well.
                    let told = (id, finished.report(&server.folder).outcome);
                    match places.entry(place) {
                        Entry::Occupied(known) => {
                            plain.outcomes.get_mut(*known.get()).into_iter().for_each(|old| *old = told.clone())
                        }
                        Entry::Vacant(new) => {
                            new.insert(plain.outcomes.len());
                            plain.outcomes.push(told);
                        }
                    }
                }
            }
            Ok(Message::Collected { .. } | Message::Playing { .. } | Message::Ended { .. } | Message::Dead { .. }) => {}
            Err(silence) => {
                if silence == Silence::Overdue {
                    server.kill();
                }
                let how = server.end();
                let under = running.and_then(id);
                plain.code = server.code.filter(|_| running.is_none());
                plain.cut_short = under.map(|id| format!("it ended under {id} ({how})"));
                return Ok(plain);
            }
        }
    }
}
