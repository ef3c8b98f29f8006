//! What a run shows while it goes on: a bar where somebody looks, plain lines in CI.

use crate::app::Watcher;
use crate::cli::share::Share;
use crate::engine::Standing;
use crate::event::{CaseInfo, Entry, Event, RoundEnd};
use crate::model::{CaseIndex, Outcome, RoundId, RoundKind};
use crate::report::count;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::time::Duration;

/// How many failures are told as they come; all of them stand in the reports.
const TOLD: usize = 10;

/// How often lines tell how a fleet stands, where no bar does.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// How much is told while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telling {
    Nothing,
    Usual,
    Everything,
}

/// Tells of a run while it goes on.
pub(super) struct Live<'o> {
    out: &'o mut dyn Write,
    bar: ProgressBar,
    cases: Vec<CaseInfo>,
    /// The one case that the run is about, if it is.
    asked: Option<CaseIndex>,
    rounds: u32,
    done: u32,
    probes: u32,
    alone: u32,
    changed: u32,
    share: Share,
    /// Whether a forecast was told.
    has_forecast: bool,
    told: usize,
    failed: BTreeMap<CaseIndex, u32>,
    kinds: BTreeMap<RoundId, RoundKind>,
    /// Rounds beyond the plan, which are told by their number at the end, and those of them that have ended.
    added: BTreeSet<RoundId>,
    added_done: u32,
    telling: Telling,
    /// How the fleet stands, if the run has one.
    standing: Option<Standing>,
    /// When that was last told in a line.
    stood: Duration,
}

impl<'o> Live<'o> {
    /// Writes lines to `out`, and draws a bar if somebody looks.
    pub fn new(out: &'o mut dyn Write, is_watched: bool, telling: Telling) -> Self {
        let target = if is_watched && telling != Telling::Nothing {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        Self {
            out,
            bar,
            cases: Vec::new(),
            asked: None,
            rounds: 0,
            done: 0,
            probes: 0,
            alone: 0,
            changed: 0,
            share: Share::default(),
            has_forecast: false,
            told: 0,
            failed: BTreeMap::new(),
            kinds: BTreeMap::new(),
            added: BTreeSet::new(),
            added_done: 0,
            telling,
            standing: None,
            stood: Duration::ZERO,
        }
    }

    /// Takes the bar away, so that the summary has the screen.
    pub fn finish(self) {
        self.bar.finish_and_clear();
    }

    fn line(&mut self, text: &str) {
        if self.telling == Telling::Nothing {
            return;
        }
        let out = &mut *self.out;
        // A terminal that is gone does not stop the run: the journal has everything.
        self.bar.suspend(|| {
            let _ = writeln!(out, "{text}").and_then(|()| out.flush());
        });
    }

    fn began(&mut self, header: &crate::event::Header) {
        self.cases.clone_from(&header.cases);
        self.asked = header.question.as_ref().map(|question| question.case);
        self.rounds = header.planned.values().sum();
        let kinds: Vec<String> = header.planned.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        let (cases, subject) = (header.cases.len(), &header.subject.name);
        self.line(&format!(
            "{}, {subject}; {} ({}); seed {}",
            count(cases, "case"),
            count(self.rounds as usize, "round"),
            kinds.join(", "),
            header.seed
        ));
        let style = ProgressStyle::with_template("{bar:30} {msg}");
        if let Ok(style) = style {
            self.bar.set_style(style);
        }
        self.bar.set_length(1000);
    }

    /// Shows how much is done after so many milliseconds.
    fn show(&mut self, millis: u64) {
        let rounds = (u64::from(self.done), u64::from(self.rounds));
        self.bar.set_position(self.share.at(millis, rounds));
        let failing = self.failed.len();
        let left = match self.left_of_the_fleet().or_else(|| self.share.left(millis)) {
            None => String::new(),
            Some(0) => ", nearly done".to_owned(),
            Some(left) => format!(", about {} left", HumanDuration(Duration::from_millis(left))),
        };
        let doing = match (self.probes, self.done < self.rounds) {
            (0, true) => format!("round {} of {}", self.done + 1, self.rounds),
            (0, false) => "what else there is time for".to_owned(),
            (_, _) => "examining what failed".to_owned(),
        };
        let fleet = self.standing.as_ref().map(|standing| format!("; {}", of_the_fleet(standing)));
        self.bar.set_message(format!("{doing}, {failing} failing{left}{}", fleet.unwrap_or_default()));
    }

    /// In how many milliseconds a fleet has played the rest of the plan, at the pace that it has.
    fn left_of_the_fleet(&self) -> Option<u64> {
        let pace = self.standing.as_ref()?.per_second.filter(|pace| *pace > 0.0)?;
        let left = f64::from(self.rounds.checked_sub(self.done)?);
        (left > 0.0).then(|| (left / pace * 1e3) as u64)
    }

    fn trial(&mut self, case: CaseIndex, outcome: &Outcome, round: RoundId) {
        let Some(failure) = outcome.failure().filter(|_| self.asked.is_none_or(|asked| asked == case)) else { return };
        let count = self.failed.entry(case).or_insert(0);
        *count += 1;
        let first = *count == 1;
        if !first {
            return;
        }
        self.told += 1;
        let is_brief = self.telling != Telling::Everything;
        if is_brief && self.told == TOLD + 1 {
            self.line("more failures are told in the summary");
        }
        if is_brief && self.told > TOLD {
            return;
        }
        let id = self.cases.get(case.index()).map(|case| case.id.to_string()).unwrap_or_default();
        let message = failure.message.lines().next().unwrap_or_default().to_owned();
        self.line(&format!("{}: {id} (round {}): {message}", outcome.kind(), round.ordinal()));
    }

    fn round(&mut self, kind: Option<RoundKind>, end: &RoundEnd, millis: u64) {
        match (kind, end) {
            (Some(RoundKind::Probe | RoundKind::Walk), _) => self.probes += 1,
            (_, RoundEnd::Died { reason } | RoundEnd::NotStarted { reason }) => {
                self.line(&format!("the subject ended within a round and is started again: {reason}"));
            }
            (_, RoundEnd::Interrupted) => {}
            (Some(kind @ (RoundKind::Survey | RoundKind::Repeated)), RoundEnd::Completed) => {
                self.line(&format!("what cases leave behind: {kind}, {:.1} s", millis as f64 / 1e3));
            }
            (Some(kind @ (RoundKind::Alone | RoundKind::Changed)), RoundEnd::Completed) => {
                match kind {
                    RoundKind::Alone => self.alone += 1,
                    _ => self.changed += 1,
                }
                self.done += 1;
                if self.telling == Telling::Everything {
                    self.line(&format!("round {} of {}: {kind}, {:.1} s", self.done, self.rounds, millis as f64 / 1e3));
                }
            }
            (kind, RoundEnd::Completed) => {
                self.done += 1;
                let (done, rounds) = (self.done, self.rounds);
                let kind = kind.map_or("", RoundKind::as_str);
                self.line(&format!("round {done} of {rounds}: {kind}, {:.1} s", millis as f64 / 1e3));
            }
        }
    }
}

impl Watcher for Live<'_> {
    fn fact(&mut self, entry: &Entry) {
        self.tell(entry);
        self.show(entry.at);
    }

    fn say(&mut self, line: &str) {
        self.line(line);
    }

    fn standing(&mut self, standing: &Standing) {
        self.standing = Some(*standing);
        // Where a bar is drawn, it shows this all the time.
        if self.bar.is_hidden() && standing.elapsed >= self.stood + TOLD_EVERY {
            self.stood = standing.elapsed;
            let left = self.left_of_the_fleet().map(|left| HumanDuration(Duration::from_millis(left)));
            let left = left.map_or_else(String::new, |left| format!(", about {left} left"));
            let (done, rounds) = (self.done, self.rounds);
            self.line(&format!("fleet: {}; {done} of {rounds} rounds{left}", of_the_fleet(standing)));
        }
    }
}

/// How a fleet stands, in a few words.
fn of_the_fleet(standing: &Standing) -> String {
    let workers = count(standing.workers, "worker");
    let hosts = if standing.hosts > 1 { format!(" on {} hosts", standing.hosts) } else { String::new() };
    let pace = standing.per_second.map_or_else(String::new, |pace| format!(", {pace:.1} rounds a second"));
    format!("{workers}{hosts}{pace}, {} offered", count(standing.offered, "round"))
}

impl Live<'_> {
    fn tell(&mut self, entry: &Entry) {
        match &entry.event {
            Event::RunStarted(header) => self.began(header),
            Event::RunResumed => self.line("going on where the run stopped"),
            Event::RoundStarted { kind, round, added, .. } => {
                self.kinds.insert(*round, *kind);
                if *added {
                    self.added.insert(*round);
                }
            }
            Event::TrialStarted { .. } => {}
            Event::TrialFinished { round, case, report, .. } => self.trial(*case, &report.outcome, *round),
            Event::RoundFinished { round, end, millis, .. } => {
                let kind = self.kinds.get(round).copied();
                match end {
                    RoundEnd::Completed if self.added.contains(round) => self.added_done += 1,
                    _ => self.round(kind, end, *millis),
                }
            }
            Event::Forecast { round_millis, plan_millis, rounds } => {
                self.share.expect(*plan_millis);
                let whole = HumanDuration(Duration::from_millis(*plan_millis));
                let text = if self.has_forecast {
                    let failing = count(self.failed.len(), "failing case");
                    format!("forecast: with {failing} to be examined, the run takes about {whole} in all")
                } else {
                    let round = *round_millis as f64 / 1e3;
                    format!(
                        "forecast: a round takes about {round:.1} s, the run with {rounds} planned rounds about {whole}"
                    )
                };
                self.has_forecast = true;
                self.line(&text);
            }
            Event::Noted(note) if note.case.is_none() => self.line(&format!("note: {}", note.text)),
            Event::Noted(_) | Event::HostSeen { .. } => {}
            Event::Diagnosed(diagnosis) => {
                let id = self.cases.get(diagnosis.case.index()).map(|case| case.id.to_string()).unwrap_or_default();
                self.line(&format!("diagnosed {id} with {}", count(diagnosis.probes as usize, "probe")));
            }
            Event::RunFinished { .. } => {
                if self.added_done > 0 {
                    let added = count(self.added_done as usize, "more round");
                    self.line(&format!("{added} while there was time"));
                }
                if self.changed > 0 {
                    let changed = count(self.changed as usize, "round");
                    self.line(&format!("{changed} of what changed"));
                }
                if self.alone > 0 {
                    let alone = count(self.alone as usize, "round");
                    self.line(&format!("{alone} of one case alone"));
                }
            }
        }
    }
}
