//! What the hosts of a run have to do with its outcomes: cases that fail on one of them more often than elsewhere, and
//! hosts that are slow.

use crate::event::Machine;
use crate::model::CaseIndex;
use crate::model::statistics::{LAME, Tally, fisher_one_sided, paces};
use crate::record::{Record, RoundRecord, is_failure};
use std::collections::{BTreeMap, BTreeSet};

/// How likely it may be at most that what is told of any case came about by chance.
const RISK: f64 = 0.01;

/// A host by its name in the journal; `None` is the one that kept it.
type HostName = Option<String>;

/// What a host came to.
#[derive(Debug, Clone, PartialEq)]
pub struct HostJudgement {
    /// Its name; the one that kept the journal is not named there.
    pub host: HostName,
    /// What is known of it.
    pub machine: Option<Machine>,
    /// How many rounds of the plan it ran to their end.
    pub rounds: u32,
    /// Failures and trials in rounds of the plan.
    pub rate: Tally,
    /// How many times as long as on the other hosts its rounds took, by the median of each; absent where there were too
    /// few of them.
    pub pace: Option<f64>,
    /// The cases that fail here more often than elsewhere.
    pub cases: Vec<CaseIndex>,
}

impl HostJudgement {
    /// Its name for people.
    pub fn shown(&self) -> &str {
        shown(&self.host)
    }

    /// Whether it is much slower than the others.
    pub fn is_lame(&self) -> bool {
        self.pace.is_some_and(|pace| pace >= LAME)
    }
}

fn shown(host: &HostName) -> &str {
    host.as_deref().unwrap_or("the coordinator's host")
}

/// Failures and trials of each case on each host.
pub(super) struct Hosts<'a> {
    record: &'a Record,
    tallies: BTreeMap<HostName, BTreeMap<CaseIndex, Tally>>,
    /// How many cases failed at all: so many chances there are for a coincidence.
    failing: usize,
}

impl<'a> Hosts<'a> {
    /// `None` where one host did everything and nothing is known of any.
    pub fn of(record: &'a Record) -> Option<Self> {
        let named = record.rounds.iter().any(|round| round.host.is_some());
        if !named && record.hosts.is_empty() {
            return None;
        }
        let mut tallies: BTreeMap<HostName, BTreeMap<CaseIndex, Tally>> = BTreeMap::new();
        let mut failing = BTreeSet::new();
        for round in of_the_plan(record) {
            let tallies = tallies.entry(round.host.clone()).or_default();
            for slot in &round.slots {
                let Some(outcome) = slot.outcome else { continue };
                tallies.entry(slot.case).or_default().count(is_failure(outcome));
                if is_failure(outcome) {
                    failing.insert(slot.case);
                }
            }
        }
        Some(Self { record, tallies, failing: failing.len() })
    }

    /// The host on which a case fails more often than elsewhere, with failures and trials there and elsewhere.
    fn suspect(&self, case: CaseIndex) -> Option<(&HostName, Tally, Tally)> {
        let of =
            |host: &HostName| self.tallies.get(host).and_then(|cases| cases.get(&case)).copied().unwrap_or_default();
        let chances = (self.failing * self.tallies.len()).max(1);
        let compared = self.tallies.keys().map(|host| {
            let elsewhere = self.tallies.keys().filter(|other| *other != host).map(of);
            (host, of(host), elsewhere.fold(Tally::default(), |sum, one| sum + one))
        });
        let chance = |(_, here, elsewhere): &(&HostName, Tally, Tally)| fisher_one_sided(*here, *elsewhere);
        let told = compared.filter(|(_, here, elsewhere)| here.failures() > 0 && elsewhere.trials() > 0);
        let (likeliest, least) = told.map(|one| (one, chance(&one))).min_by(|(_, a), (_, b)| a.total_cmp(b))?;
        (least <= RISK / chances as f64).then_some(likeliest)
    }

    /// That a case fails on one host only, or more often there, and what is different there.
    pub fn remark(&self, case: CaseIndex) -> Option<String> {
        let (host, here, elsewhere) = self.suspect(case)?;
        let name = shown(host);
        let (failed, trials) = (here.failures(), here.trials());
        let told = match elsewhere.failures() {
            0 => {
                format!("fails on {name} only: in {failed} of {trials} trials there, in none of {}", elsewhere.trials())
            }
            others => {
                format!(
                    "fails more often on {name}: in {failed} of {trials} trials there, in {others} of {}",
                    elsewhere.trials()
                )
            }
        };
        Some(format!("{told} elsewhere; {}", self.what_differs(host)))
    }

    /// What is different on a host, as far as it is known.
    fn what_differs(&self, host: &HostName) -> String {
        let Some(machine) = self.record.hosts.get(host) else {
            return "nothing is known of what differs there".to_owned();
        };
        let others: Vec<&Machine> = self
            .tallies
            .keys()
            .filter(|other| *other != host)
            .filter_map(|other| self.record.hosts.get(other))
            .collect();
        let differing = machine.properties().into_iter().enumerate().filter_map(|(at, (name, here))| {
            let elsewhere: BTreeSet<String> =
                others.iter().filter_map(|other| other.properties().get(at).map(|(_, value)| value.clone())).collect();
            let differs = !elsewhere.is_empty() && !elsewhere.contains(&here);
            differs
                .then(|| format!("{name} {here} (elsewhere {})", elsewhere.into_iter().collect::<Vec<_>>().join(", ")))
        });
        match differing.collect::<Vec<_>>() {
            differing if differing.is_empty() => {
                "kernel, processor, cores and memory are not what differs there".to_owned()
            }
            differing => format!("what differs there: {}", differing.join(", ")),
        }
    }

    /// What each host came to; `accused` are the cases of which something was told.
    pub fn judged(&self, accused: &[CaseIndex]) -> Vec<HostJudgement> {
        let paces = paces_of(self.record);
        let hosts: BTreeSet<&HostName> = self.tallies.keys().chain(self.record.hosts.keys()).collect();
        let judged = |host: &HostName| {
            let rounds = of_the_plan(self.record).filter(|round| round.host == *host && round.is_complete()).count();
            let tallies = self.tallies.get(host).into_iter().flat_map(BTreeMap::values);
            let is_here = |case: &&CaseIndex| self.suspect(**case).is_some_and(|(suspect, _, _)| suspect == host);
            HostJudgement {
                host: host.clone(),
                machine: self.record.hosts.get(host).cloned(),
                rounds: u32::try_from(rounds).unwrap_or(u32::MAX),
                rate: tallies.fold(Tally::default(), |sum, one| sum + *one),
                pace: paces.get(host).copied(),
                cases: accused.iter().filter(is_here).copied().collect(),
            }
        };
        hosts.into_iter().map(judged).collect()
    }
}

fn of_the_plan(record: &Record) -> impl Iterator<Item = &RoundRecord> {
    record.rounds.iter().filter(|round| round.is_planned())
}

/// How many times as long as on the other hosts the rounds of all cases took.
fn paces_of(record: &Record) -> BTreeMap<HostName, f64> {
    let cases = record.header.cases.len().max(2);
    let mut millis: BTreeMap<HostName, Vec<u64>> = BTreeMap::new();
    // Rounds of the same cases are alike; those of one alone are mostly start.
    for round in of_the_plan(record).filter(|round| round.is_complete() && round.slots.len() == cases) {
        millis.entry(round.host.clone()).or_default().push(round.millis);
    }
    let told = paces(millis.iter().map(|(host, seen)| (host.clone(), seen.as_slice())));
    told.into_iter().map(|(host, pace)| (host, pace.times)).collect()
}
