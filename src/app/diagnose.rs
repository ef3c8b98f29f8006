//! From suspects to conclusions: alone, again in the order that failed, then smaller.

use crate::app::AppError;
use crate::app::repro::{Expected, ReproFile};
use crate::app::run::Setting;
use crate::app::session::{Deadlines, Session};
use crate::engine::{Engine, RoundUnit, Stopped};
use crate::event::{Conclusion, Diagnosis, Event, Header, Rate};
use crate::model::{EventLoop, Outcome, RoundId, RoundKind, Seed};
use crate::record::{FailureSeen, Record};
use std::collections::BTreeMap;

/// Asks the engine whether a case fails at the end of an order.
pub(super) struct Prober<'a, 's, 'w> {
    pub engine: &'a mut Engine,
    pub session: &'s mut Session<'w>,
    pub deadlines: Deadlines,
    pub seed: Seed,
    pub event_loop: EventLoop,
    pub next_round: u32,
    pub case_deadline_ms: u64,
    /// What stopped the engine, if something did: no probe is run any more.
    pub stopped: Stopped,
    pub probes: u32,
}

impl Prober<'_, '_, '_> {
    /// Runs orders side by side, and gives the outcome of the last case of each; `None` where a probe did not run to
    /// its end.
    pub fn probe(&mut self, orders: &[Vec<u32>]) -> Result<Vec<Option<Outcome>>, AppError> {
        if self.stopped != Stopped::Not {
            return Ok(vec![None; orders.len()]);
        }
        let first = self.next_round;
        let units: Vec<RoundUnit> = (first..).zip(orders).map(|(number, order)| self.unit(number, order)).collect();
        self.next_round += u32::try_from(orders.len()).unwrap_or(0);
        self.probes += u32::try_from(orders.len()).unwrap_or(0);
        self.stopped = self.engine.run(units, self.deadlines.diagnosis, self.session)?;
        let last = |number: u32| self.session.results.remove(&RoundId(number))?.outcomes.pop().flatten();
        Ok((first..self.next_round).map(last).collect())
    }

    fn unit(&self, number: u32, order: &[u32]) -> RoundUnit {
        RoundUnit {
            round: RoundId(number),
            attempt: 0,
            kind: RoundKind::Probe,
            seed: self.seed.derive(&format!("probe {number}")),
            event_loop: self.event_loop,
            order: order.to_vec(),
            from: 0,
            case_deadline_ms: self.case_deadline_ms,
        }
    }
}

/// Diagnoses the suspects of the run, as far as the deadline allows.
pub(super) fn diagnose(
    engine: &mut Engine,
    setting: &Setting<'_>,
    header: &Header,
    deadlines: Deadlines,
    session: &mut Session<'_>,
) -> Result<Stopped, AppError> {
    let record = session.record();
    let suspects = suspects(&record);
    if suspects.is_empty() {
        return Ok(Stopped::Not);
    }
    session.keep_results();
    let next_round = record.rounds.iter().map(|round| round.id.0 + 1).max().unwrap_or(0);
    let mut prober = Prober {
        engine,
        session,
        deadlines,
        seed: header.seed,
        event_loop: EventLoop::Case,
        next_round,
        case_deadline_ms: u64::try_from(setting.case_timeout.as_millis()).unwrap_or(u64::MAX),
        stopped: Stopped::Not,
        probes: 0,
    };
    for (case, seen) in suspects {
        if prober.stopped != Stopped::Not {
            break;
        }
        one(&mut prober, &record, header, setting, case, &seen)?;
    }
    Ok(prober.stopped)
}

/// The cases that failed in a planned round, each with its first failure.
fn suspects(record: &Record) -> BTreeMap<u32, FailureSeen> {
    let first = |seen: &Vec<FailureSeen>| seen.first().cloned();
    record.failures.iter().filter_map(|(case, seen)| Some((*case, first(seen)?))).collect()
}

fn one(
    prober: &mut Prober<'_, '_, '_>,
    record: &Record,
    header: &Header,
    setting: &Setting<'_>,
    case: u32,
    seen: &FailureSeen,
) -> Result<(), AppError> {
    let mut order = record.before(seen);
    order.push(case);
    prober.event_loop = record.round(seen.round).map_or(EventLoop::Case, |round| round.event_loop);
    prober.probes = 0;
    let rate = |outcomes: Vec<Option<Outcome>>| {
        let mut rate = Rate::default();
        outcomes.iter().flatten().for_each(|outcome| rate.count(outcome.is_failure()));
        rate
    };
    let alone = rate(prober.probe(&vec![vec![case]; 3])?);
    let in_order = rate(prober.probe(&vec![order.clone(); 3])?);
    let conclusion = if alone.trials > 0 && alone.failures == alone.trials && in_order.failures == in_order.trials {
        Conclusion::Broken
    } else if in_order.failures == 0 && alone.failures == 0 {
        Conclusion::DoesNotReproduce
    } else if alone.failures == 0 && in_order.failures == in_order.trials {
        Conclusion::NotMinimised { order: order.clone() }
    } else {
        Conclusion::Intermittent
    };
    let order = if conclusion == Conclusion::Broken { vec![case] } else { order };
    let repro = write_repro(header, setting, seen, &order, in_order, prober)?;
    let diagnosis = Diagnosis {
        case,
        cluster: None,
        conclusion,
        alone,
        in_order,
        probes: prober.probes,
        repro: Some(repro),
        remarks: Vec::new(),
    };
    prober.session.emit(Event::Diagnosed(diagnosis)).map_err(AppError::io(setting.folder))
}

fn write_repro(
    header: &Header,
    setting: &Setting<'_>,
    seen: &FailureSeen,
    order: &[u32],
    rate: Rate,
    prober: &Prober<'_, '_, '_>,
) -> Result<String, AppError> {
    let failure = seen.outcome.failure();
    let file = ReproFile {
        version: ReproFile::VERSION,
        run: header.run.clone(),
        subject: header.subject.clone(),
        seed: header.seed,
        event_loop: prober.event_loop,
        order: order.iter().filter_map(|case| header.cases.get(*case as usize)).map(|case| case.id.clone()).collect(),
        expected: Expected {
            outcome: seen.outcome.kind(),
            fingerprint: failure.map(|failure| failure.fingerprint.clone()).unwrap_or_default(),
            message: failure.map(|failure| failure.message.clone()).unwrap_or_default(),
        },
        rate,
        case_deadline_ms: prober.case_deadline_ms,
    };
    let name = format!("repros/{}", file.file_name());
    let path = setting.folder.join(&name);
    let folder = setting.folder.join("repros");
    std::fs::create_dir_all(&folder).map_err(AppError::io(&folder))?;
    let text = serde_json::to_string_pretty(&file).unwrap_or_default();
    std::fs::write(&path, text).map_err(AppError::io(&path))?;
    Ok(name)
}
